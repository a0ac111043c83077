//! Create and correlate.

use koppel::ErrorKind;
use koppel::lifecycle::{Action, AuditAction, Outcome};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, ResponseTemplate};

use crate::fake::{Fake, audit, create, jan, record};

fn data() -> Value {
    json!({"username": "1001", "firstName": "Jan", "lastName": "Jansen", "email": "j@x.nl", "active": "True", "userGroup": "Root", "resource": "1001"})
}

#[tokio::test]
async fn i14_the_reference_is_the_username_of_the_user_that_was_made() {
    let fake = Fake::start().await;
    let report = fake.run(create(&data(), None)).await;
    assert!(report.success, "{report:?}");
    assert_eq!((report.outcome, report.reference.unwrap().to_string().as_str()), (Outcome::Created, "1001"));

    let answer = ResponseTemplate::new(200).set_body_json(json!({"username": "j.jansen"}));
    Mock::given(method("POST"))
        .and(wiremock::matchers::path("/rest/api/users"))
        .respond_with(answer)
        .with_priority(1)
        .mount(&fake.server)
        .await;
    let mut other = data();
    other["resource"] = json!("77");
    let report = fake.run(create(&other, Some(("resource", "77")))).await;
    assert_eq!(report.reference.unwrap().to_string(), "j.jansen");
    // What the answer leaves out is what was sent.
    assert_eq!(report.data.unwrap().text("email").as_deref(), Some("j@x.nl"));
}

#[tokio::test]
async fn i14_an_answer_that_is_no_user_is_success_only_where_inplanning_shows_the_user() {
    for odd in ["<html>Log in</html>", "null", "[]", "\"ok\"", "{}", "0", "{\"username\":", "", "{\"username\":null}"] {
        let fake = Fake::start().await;
        fake.fail("POST", 200, odd, 9).await;
        let report = fake.run(create(&data(), None)).await;
        let error = report.error.as_ref().unwrap();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{odd}: {report:?}");
        assert!(error.message().contains("no user, and does not show the user [1001]"), "{odd}: {error}");
        // It was made all the same.
        fake.put(&jan());
        let report = fake.run(create(&data(), None)).await;
        assert_eq!(
            (&report.outcome, report.reference.unwrap().to_string()),
            (&Outcome::Created, "1001".into()),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn i14_a_create_that_cannot_be_looked_at_is_not_known_to_have_failed() {
    let fake = Fake::start().await;
    fake.fail("POST", 200, "created", 1).await;
    fake.fail("GET", 403, "{}", 1).await;
    let report = fake.run(create(&data(), None)).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Ambiguous, "{report:?}");
}

#[tokio::test]
async fn i14_without_a_username_nothing_is_made() {
    let fake = Fake::start().await;
    let report = fake.run(create(&json!({"firstName": "Jan", "username": " "}), None)).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Invalid);
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i22_active_is_sent_as_a_boolean() {
    let fake = Fake::start().await;
    fake.run(create(&data(), None)).await;
    assert_eq!(fake.user("1001")["active"], json!(true));
    let report = fake.run(create(&json!({"username": "2", "active": "perhaps"}), None)).await;
    assert!(!report.success && audit(&report).contains("active"), "{report:?}");
}

#[tokio::test]
async fn i30_a_person_without_a_mail_account_gets_a_user_without_an_address() {
    let fake = Fake::start().await;
    let report = fake.run(create(&json!({"username": "7", "firstName": "Jan", "email": null}), None)).await;
    assert!(report.success, "{report:?}");
    assert_eq!(fake.user("7")["email"], json!(null));
    let again = Action::Update { reference: report.reference.unwrap(), data: record(&json!({"email": ""})) };
    assert_eq!(fake.run(again).await.outcome, Outcome::NoChange);
}

#[tokio::test]
async fn i31_a_user_can_be_made_inactive_whatever_the_mapping_says() {
    let fake = Fake::with(json!({"createDisabled": true})).await;
    let report = fake.run(create(&data(), None)).await;
    assert_eq!(fake.user("1001")["active"], json!(false));
    assert_eq!(report.data.unwrap().get("active"), Some(&json!(false)));
}

#[tokio::test]
async fn an_account_that_correlates_is_linked_and_not_made() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(create(&data(), Some(("username", " 1001 ")))).await;
    assert_eq!((&report.outcome, report.audit[0].action), (&Outcome::Correlated, Some(AuditAction::CorrelateAccount)));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn a_user_that_is_there_already_is_a_conflict() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(create(&data(), None)).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Conflict);
    assert!(audit(&report).contains("110 - The object already exists"));
}

#[tokio::test]
async fn i18_a_preview_of_create_says_what_it_would_be() {
    let fake = Fake::start().await;
    let report = fake.dry_run(create(&data(), Some(("username", "1001")))).await;
    assert!(report.success && audit(&report).contains("Create account was successful"), "{report:?}");
    assert_eq!(report.outcome, Outcome::Planned(Box::new(Outcome::Created)));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_looked_up() {
    let fake = Fake::start().await;
    // The user is there when the answer fails.
    fake.put(&json!({"username": "1001", "resource": "R9"}));
    fake.fail("POST", 502, "bad gateway", 1).await;
    let report = fake.run(create(&data(), Some(("email", "j@x.nl")))).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Ambiguous);
    fake.fail("POST", 502, "bad gateway", 1).await;
    fake.put(&jan());
    let report = fake.run(create(&data(), Some(("email", "j@x.nl")))).await;
    assert_eq!(report.outcome, Outcome::Correlated, "the next attempt finds it: {report:?}");
}
