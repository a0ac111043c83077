//! Correlation by other fields, names with odd characters, and outages.

use koppel::lifecycle::{Action, Outcome};
use koppel::{ErrorKind, Freshness};
use serde_json::json;

use crate::fake::{Fake, audit, create, jan, record};

#[tokio::test]
async fn i5_an_outage_is_not_a_missing_account() {
    let fake = Fake::start().await;
    let reference = fake.put(&jan());
    for (status, body, kind) in [
        (503, r#"{"error_description":"19 - Maintenance"}"#, ErrorKind::Transient),
        (404, "<h1>Not Found</h1>", ErrorKind::Protocol),
        (403, r#"{"error_description":"12 - No right"}"#, ErrorKind::Denied),
    ] {
        fake.fail("GET", status, body, if status == 503 { 4 } else { 1 }).await;
        let report = fake.run(Action::Disable { reference: reference.clone(), data: record(&json!({})) }).await;
        assert!(!report.success, "{report:?}");
        assert_eq!(
            (report.outcome.clone(), report.error.as_ref().unwrap().kind()),
            (Outcome::Failed, kind),
            "{}",
            audit(&report)
        );
        assert!(!audit(&report).contains("could not be found"), "{}", audit(&report));
    }
}

#[tokio::test]
async fn i24_the_reason_of_the_api_stands_in_the_audit_log() {
    let fake = Fake::start().await;
    let reference = fake.put(&jan());
    fake.fail("PUT", 400, r#"{"error":"x","error_description":"17 - The e\u002dmail is wrong"}"#, 1).await;
    let report = fake.run(Action::Update { reference, data: record(&json!({"email": "wrong"})) }).await;
    assert!(audit(&report).contains("17 - The e-mail is wrong"), "{}", audit(&report));
}

#[tokio::test]
async fn i15_any_field_correlates() {
    let fake = Fake::start().await;
    fake.put(&jan());
    fake.put(&json!({"username": "2", "email": "p@x.nl", "costCode": 12, "active": "True"}));
    for (field, value) in [("email", "p@x.nl"), ("EMAIL", " p@x.nl "), ("costCode", "12"), ("username", "2")] {
        let report = fake.run(create(&json!({"username": "3"}), Some((field, value)))).await;
        assert_eq!(report.outcome, Outcome::Correlated, "{field}: {report:?}");
        assert_eq!(report.reference.unwrap().to_string(), "2");
    }
}

#[tokio::test]
async fn i15_more_than_one_is_an_error_and_a_field_that_nobody_has_as_well() {
    let fake = Fake::start().await;
    fake.put(&jan());
    fake.put(&json!({"username": "2", "email": "j@x.nl"}));
    let report = fake.run(create(&json!({"username": "3"}), Some(("email", "j@x.nl")))).await;
    assert!(audit(&report).contains("multiple accounts found"), "{report:?}");
    let report = fake.run(create(&json!({"username": "3"}), Some(("badgeNumber", "1")))).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Config);
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn many_searches_read_one_list_and_what_they_find_once_more() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let find =
        async |value: &str, freshness| fake.target.find(&fake.ctx, "email", value, freshness).await.unwrap().len();
    assert_eq!((find("j@x.nl", Freshness::Run).await, find("other", Freshness::Run).await), (1, 0));
    assert_eq!(fake.reads().await, ["/users", "/users/1001"]);
    let mut changed = jan();
    changed["email"] = json!("new@x.nl");
    fake.put(&changed);
    assert_eq!((find("j@x.nl", Freshness::Run).await, find("new@x.nl", Freshness::Now).await), (0, 1));
}

#[tokio::test]
async fn i17_a_username_with_any_character_reaches_its_user() {
    let fake = Fake::start().await;
    for (name, encoded) in [("A/B ü", "A%2FB%20%C3%BC"), ("a+b&c", "a%2Bb%26c")] {
        let report = fake.run(create(&json!({"username": name}), Some(("username", name)))).await;
        assert_eq!(report.outcome, Outcome::Created, "{report:?}");
        assert!(fake.reads().await.contains(&format!("/users/{encoded}")));
    }
}

#[tokio::test]
async fn a_reference_that_was_stored_as_a_number_is_read_as_text() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let reference = koppel::Reference::new(1001).unwrap();
    assert!(fake.target.get(&fake.ctx, &reference).await.unwrap().is_some());
}
