//! A good status is not believed: what became of the person is read.

use koppel::ErrorKind;
use koppel::lifecycle::{Action, Outcome, Report};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::{
    Mocked, NOORD, World, answer, create, delete, disable, enable, jan, key, record, reference, update, with,
};

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><h1>Log in</h1></html>", "text/html")
}

/// An update of Jan, who is `after` the PUT with this answer.
async fn updated(data: &Value, put: ResponseTemplate, after: &Value) -> Report {
    let mocked = Mocked::new().await;
    mocked.then(&jan(&json!({})), &jan(after)).await.on("PUT", &Mocked::one(), put).await;
    mocked.run(update(&reference(), data)).await
}

#[tokio::test]
async fn a_put_that_changed_nothing_is_an_error_whatever_it_was_answered_with() {
    let answers =
        [page(200), ResponseTemplate::new(200).set_body_string("{\"uuid\":"), answer(200, &jan(&json!({}))), page(204)];
    for put in answers {
        let error = updated(&json!({"lastname": "New"}), put, &json!({})).await.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert_eq!(error.message(), "IPassan answered with success but changed nothing of [lastname]");
    }
    let both = json!({"lastname": "New", "mail": "a@x.nl"});
    assert!(!updated(&both, page(200), &json!({})).await.success);
    let world = World::new().await;
    let jan = world.person("7", None);
    world.faults("ipassan:PUT person:html");
    assert_eq!(world.run(update(&jan, &json!({"lastname": "New"}))).await.error.unwrap().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_put_that_did_its_work_is_a_success_whatever_it_was_answered_with() {
    for put in [page(200), ResponseTemplate::new(200).set_body_string("{\"uuid\":"), answer(200, &json!("ok"))] {
        let report = updated(&json!({"lastname": "New"}), put, &json!({"lastname": "New"})).await;
        assert_eq!((report.outcome, report.warnings), (Outcome::Updated, vec![]));
    }
}

#[tokio::test]
async fn fields_that_ipassan_did_not_keep_as_sent_are_named_in_a_warning() {
    for (data, after, named) in [
        (json!({"phone": "+31 30"}), json!({"phone": "0031 30"}), "[phone]"),
        (json!({"lastname": " Jansen "}), json!({}), "[lastname]"),
        (json!({"lastname": "JANSEN"}), json!({}), "[lastname]"),
        (json!({"mail": " "}), json!({}), "[mail]"),
        (json!({"lastname": "New", "mail": "a@x.nl"}), json!({"lastname": "New"}), "[mail]"),
        // Whether it was kept cannot be seen.
        (json!({"pin": "1234"}), json!({}), "[pin]"),
    ] {
        let report = updated(&data, answer(200, &json!({})), &after).await;
        assert_eq!(report.outcome, Outcome::Updated, "{data}: {report:#?}");
        assert!(report.warnings.len() == 1 && report.warnings[0].contains(named), "{data}: {:?}", report.warnings);
    }
}

#[tokio::test]
async fn a_profile_that_was_given_is_a_success_where_a_field_was_not_kept() {
    let mocked = Mocked::new().await;
    let after = jan(&json!({"accessType": {"doorPermanent": NOORD}}));
    mocked.then(&jan(&json!({})), &after).await.on("PUT", &Mocked::one(), answer(200, &json!({}))).await;
    let data = record(&with(key("Noord"), &json!({"mail": "a@x.nl"})));
    let report = mocked.run(Action::Enable { reference: reference(), data }).await;
    assert_eq!((report.outcome, report.warnings.len()), (Outcome::Enabled, 1));
}

#[tokio::test]
async fn a_page_of_a_proxy_or_a_bare_value_is_not_a_missing_person() {
    let texts = ["ok", "{\"uuid\":", "\"ok\"", "0", "true", "[{}]", "{\"uuid\": 7}"];
    let good = texts.map(|text| ResponseTemplate::new(200).set_body_string(text));
    let bad = [page(200), page(404), page(410), ResponseTemplate::new(404).set_body_string("not found")];
    for nonsense in good.into_iter().chain(bad) {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), nonsense).await;
        for action in [update(&reference(), &json!({"mail": "x"})), disable(&reference()), delete(&reference())] {
            let error = mocked.run(action).await.error.unwrap();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        }
    }
}

#[tokio::test]
async fn a_404_with_an_empty_body_or_json_is_a_missing_person() {
    for missing in [ResponseTemplate::new(404), answer(404, &json!("gone")), answer(410, &json!({}))] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), missing).await;
        assert_eq!(mocked.run(delete(&reference())).await.outcome, Outcome::NotFound);
    }
}

#[tokio::test]
async fn a_delete_with_a_strange_answer_is_what_the_person_says() {
    for strange in [page(200), ResponseTemplate::new(200).set_body_string("{\"uu"), answer(200, &json!(false))] {
        let mocked = Mocked::new().await;
        mocked.then(&jan(&json!({})), &json!({})).await.on("DELETE", &Mocked::one(), strange.clone()).await;
        assert_eq!(mocked.run(delete(&reference())).await.outcome, Outcome::Deleted);

        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({})))).await;
        mocked.on("DELETE", &Mocked::one(), strange).await;
        let error = mocked.run(delete(&reference())).await.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.message().contains("is still there"), "{error}");
    }
    // A 404 of a proxy is no proof either.
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({})))).await.on("DELETE", &Mocked::one(), page(404)).await;
    assert_eq!(mocked.run(delete(&reference())).await.error.unwrap().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_needed_field_is_not_emptied_and_a_uuid_is_not_mapped() {
    let world = World::new().await;
    let jan = world.person("7", Some("Noord"));
    for empty in [json!(""), json!(null), json!("  ")] {
        let data = json!({"lastname": empty, "mail": "a@x.nl"});
        for action in [
            update(&jan, &data),
            Action::Enable { reference: jan.clone(), data: record(&data) },
            Action::Disable { reference: jan.clone(), data: record(&data) },
        ] {
            let error = world.run(action).await.error.unwrap();
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (ErrorKind::Invalid, "lastname: is empty; IPassan needs it")
            );
        }
    }
    let error = world.run(create("8", &json!({"uuid": "x"}))).await.error.unwrap();
    assert_eq!(error.to_string(), "uuid: IPassan gives it, so it cannot be mapped");
    assert_eq!(world.writes(), 0);
}

#[tokio::test]
async fn a_message_with_its_hint_fits_in_an_audit_line() {
    let with_door = jan(&json!({"accessType": {"doorPermanent": NOORD}}));
    let denied = answer(403, &json!({"error": {"message": "Access Denied"}}));
    let unknown = key(&"Medewerker ".repeat(5));
    for (write, action) in [
        (denied.clone(), delete(&reference())),
        (denied, update(&reference(), &json!({"mail": "a@x.nl"}))),
        (page(200), delete(&reference())),
        (page(200), update(&reference(), &json!({"lastname": "New", "firstname": "N", "phone": "1", "number": "8"}))),
        (page(200), disable(&reference())),
        (page(200), enable(&reference(), Some("Zuid"))),
        (page(200), update(&reference(), &unknown)),
        (page(200), update(&reference(), &json!({"accessType": {"doorPermanent": NOORD.to_uppercase()}, "uuid": "x"}))),
    ] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), answer(200, &with_door)).await;
        mocked.on("PUT", &Mocked::one(), write.clone()).await.on("DELETE", &Mocked::one(), write).await;
        let text = mocked.run(action).await.error.unwrap().to_string();
        assert!(text.encode_utf16().count() <= 254, "{}: {text}", text.len());
    }
}
