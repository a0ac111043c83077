//! The requests as they go out, and every shape that an answer may have.

use koppel::{Cursor, ErrorKind, Freshness, Reference};
use serde_json::{Value, json};
use wiremock::matchers::{body_string, header, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Mocked, NOORD, UUID, answer, create, delete, jan, reference, update, with};

#[tokio::test]
async fn the_token_is_asked_for_in_a_form_with_the_scope_all() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": []}))).await;
    mocked.target.check(&mocked.ctx).await.unwrap();
    let requests = mocked.server.received_requests().await.unwrap();
    let body = String::from_utf8(requests[0].body.clone()).unwrap();
    let mut pairs: Vec<&str> = body.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        ["client_id=me", "client_secret=secret-of-the-test", "grant_type=client_credentials", "scope=all"]
    );
    assert_eq!(requests[1].headers["authorization"], "Bearer token-of-the-test");
    assert_eq!(requests[1].url.query(), Some("limit=50&offset=0"));
}

#[tokio::test]
async fn a_cursor_is_sent_back_as_it_came_whatever_it_is() {
    for (cursor, sent) in [(json!(50), "50"), (json!("a/b =&"), "a/b =&"), (json!("007"), "007")] {
        let mocked = Mocked::new().await;
        Mock::given(query_param("offset", "0"))
            .respond_with(answer(200, &json!({"data": [jan(&json!({}))], "next_cursor": cursor})))
            .mount(&mocked.server)
            .await;
        Mock::given(query_param("offset", sent))
            .respond_with(answer(200, &json!({"data": []})))
            .mount(&mocked.server)
            .await;
        let first = mocked.target.accounts(&mocked.ctx, None).await.unwrap();
        assert_eq!(first.next, Some(Cursor(sent.to_owned())));
        let second = mocked.target.accounts(&mocked.ctx, first.next).await.unwrap();
        assert!(second.items.is_empty() && second.next.is_none());
    }
}

#[tokio::test]
async fn a_list_ends_by_null_by_absence_and_by_an_empty_cursor_and_an_empty_page_does_not_end_it() {
    for end in [json!({"data": [], "next_cursor": null}), json!({"data": []}), json!({"data": [], "next_cursor": ""})] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::list(), answer(200, &end)).await;
        assert_eq!(mocked.target.accounts(&mocked.ctx, None).await.unwrap().next, None);
    }
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": [], "next_cursor": 50}))).await;
    assert!(mocked.target.accounts(&mocked.ctx, None).await.unwrap().next.is_some());
}

#[tokio::test]
async fn what_is_no_list_of_persons_is_never_an_empty_one() {
    for (status, body, kind) in [
        (200, json!({}), ErrorKind::Protocol),
        (200, json!([]), ErrorKind::Protocol),
        (200, json!({"data": null}), ErrorKind::Protocol),
        (200, json!({"data": {}}), ErrorKind::Protocol),
        (200, json!({"data": [], "next_cursor": {}}), ErrorKind::Protocol),
        (200, json!({"data": [{"lastname": "x"}]}), ErrorKind::Protocol),
        (200, json!({"data": ["x"]}), ErrorKind::Protocol),
        (200, json!({"data": [], "error": {"message": "half"}}), ErrorKind::Protocol),
        (404, json!({"error": {"message": "no such site"}}), ErrorKind::NotFound),
        (403, json!({"error": {"message": "Access Denied"}}), ErrorKind::Denied),
    ] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::list(), answer(status, &body)).await;
        for error in [
            mocked.target.accounts(&mocked.ctx, None).await.unwrap_err(),
            mocked.target.find(&mocked.ctx, "number", "7", Freshness::Run).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), kind, "{body}: {error:?}");
        }
    }
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), ResponseTemplate::new(200)).await;
    assert_eq!(mocked.target.check(&mocked.ctx).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_create_is_a_form_with_every_field_and_null_as_empty_text() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": []}))).await;
    Mock::given(method("POST"))
        .and(path(Mocked::list()))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("address%5Bcity%5D=Gouda&firstname=J%C3%BC&lastname=Jansen&mail=&number=7&other=a+%26+b%3Dc+100%25&phone=%2B31+30&type=2"))
        .respond_with(answer(201, &jan(&json!({"address": {"city": "Gouda"}}))))
        .expect(1)
        .mount(&mocked.server)
        .await;
    let data = json!({"firstname": "Jü", "phone": "+31 30", "mail": null, "type": "2", "other": "a & b=c 100%", "address": {"city": "Gouda"}});
    let report = mocked.run(create("7", &data)).await;
    assert_eq!(report.reference, Some(reference()), "{report:#?}");
}

#[tokio::test]
async fn an_answer_to_a_create_that_shows_little_is_completed_by_reading() {
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": []}))).await;
    mocked.on("POST", &Mocked::list(), answer(200, &json!({"uuid": UUID}))).await;
    mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({})))).await;
    let report = mocked.run(create("7", &json!({"firstname": "Jan"}))).await;
    assert_eq!(report.data.unwrap().text("firstname").as_deref(), Some("Jan"));
    // The person is made, even where it cannot be read.
    let mocked = Mocked::new().await;
    mocked.on("GET", &Mocked::list(), answer(200, &json!({"data": []}))).await;
    mocked.on("POST", &Mocked::list(), answer(200, &json!({"uuid": UUID}))).await;
    mocked.on("GET", &Mocked::one(), answer(400, &json!({}))).await;
    assert_eq!(mocked.run(create("7", &json!({}))).await.reference, Some(reference()));
}

#[tokio::test]
async fn an_update_names_only_what_differs() {
    let mocked = Mocked::new().await;
    let before = jan(&json!({"accessType": {"doorPermanent": NOORD}}));
    mocked.then(&before, &with(before.clone(), &json!({"firstname": "Piet"}))).await;
    mocked.on("PUT", &Mocked::one(), answer(200, &json!({}))).await;
    let data = json!({"lastname": "Jansen", "firstname": "Piet", "number": "7", "type": "2", "mail": "", "_extension": {"accessProfileLookupKey": "noord"}});
    assert!(mocked.run(update(&reference(), &data)).await.success);
    assert_eq!(mocked.bodies("PUT").await, ["firstname=Piet"]);
}

#[tokio::test]
async fn every_error_shape_is_read_and_none_shows_a_secret() {
    for (status, body, kind, text) in [
        (400, json!({"error": {"message": "type is wrong"}}), ErrorKind::Invalid, "type is wrong"),
        (422, json!({"error": "bad", "error_description": "mail is wrong"}), ErrorKind::Invalid, "mail is wrong"),
        (403, json!({"error": {"message": "Access Denied"}}), ErrorKind::Denied, "check siteId"),
        (403, json!({}), ErrorKind::Denied, "check siteId"),
        (409, json!({"message": "exists"}), ErrorKind::Conflict, "exists"),
        (404, json!({"error": {"message": "gone"}}), ErrorKind::NotFound, "gone"),
        (200, json!({"error": {"message": "refused"}}), ErrorKind::Invalid, "refused"),
        (200, json!({"error": "refused", "error_description": "in words"}), ErrorKind::Invalid, "in words"),
        (302, Value::Null, ErrorKind::Protocol, "redirects"),
        (400, json!({"error": {"message": "token-of-the-test secret-of-the-test"}}), ErrorKind::Invalid, "*** ***"),
    ] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({})))).await;
        mocked.on("PUT", &Mocked::one(), answer(status, &body)).await;
        let error = mocked.run(update(&reference(), &json!({"mail": "a@x.nl"}))).await.error.unwrap();
        assert_eq!(error.kind(), kind, "{status} {body}: {error:?}");
        assert!(error.to_string().contains(text), "{status} {body}: {error}");
        assert!(!format!("{error:?}").contains("-of-the-test"), "{error:?}");
    }
}

#[tokio::test]
async fn a_delete_of_what_is_gone_is_done_and_one_that_is_refused_is_not() {
    for (status, body, done) in [
        (204, Value::Null, true),
        (200, json!({}), true),
        (404, json!({"error": {"message": "Not Found"}}), true),
        (200, json!({"error": {"message": "person not found"}}), true),
        (200, json!({"error": {"message": "still has cards"}}), false),
        (403, json!({"error": {"message": "Access Denied"}}), false),
    ] {
        let mocked = Mocked::new().await;
        mocked.on("GET", &Mocked::one(), answer(200, &jan(&json!({})))).await;
        mocked.on("DELETE", &Mocked::one(), answer(status, &body)).await;
        assert_eq!(mocked.run(delete(&reference())).await.success, done, "{status} {body}");
    }
}

#[tokio::test]
async fn a_reference_stays_inside_its_segment() {
    let mocked = Mocked::new().await;
    let odd = Reference::new("A/B ü?&%").unwrap();
    mocked
        .on(
            "GET",
            &format!("{}/A%2FB%20%C3%BC%3F%26%25", Mocked::list()),
            answer(200, &json!({"uuid": "A/B ü?&%", "lastname": "x"})),
        )
        .await;
    assert!(mocked.target.get(&mocked.ctx, &odd).await.unwrap().is_some());
    let error = mocked.target.get(&mocked.ctx, &Reference::new("..").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = mocked.target.get(&mocked.ctx, &Reference::new(json!({"a": 1})).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
