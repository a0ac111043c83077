//! Enable and disable.

use koppel::lifecycle::{Action, Outcome};
use koppel::{ErrorKind, Record, Reference};
use serde_json::{Value, json};

use crate::fake::{Fake, audit, jan, record};

fn enable(data: &Value) -> Action {
    Action::Enable { reference: Reference::new("1001").unwrap(), data: record(data) }
}

fn disable(data: &Value) -> Action {
    Action::Disable { reference: Reference::new("1001").unwrap(), data: record(data) }
}

fn inactive() -> Value {
    let mut user = jan();
    user["active"] = json!("False");
    user
}

#[tokio::test]
async fn i23_a_reconciliation_without_data_disables() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(Action::Disable { reference: Reference::new("1001").unwrap(), data: Record::new() }).await;
    assert_eq!(report.outcome, Outcome::Disabled);
    let mut expected = jan();
    expected["active"] = json!(false);
    assert_eq!(fake.user("1001"), expected);
}

#[tokio::test]
async fn i23_a_mapping_that_says_the_opposite_is_refused() {
    let fake = Fake::start().await;
    fake.put(&jan());
    for action in [disable(&json!({"active": "True"})), enable(&json!({"active": false}))] {
        let report = fake.run(action).await;
        let error = report.error.as_ref().unwrap();
        assert_eq!(
            (error.kind(), error.faults()[0].path.as_str()),
            (ErrorKind::Invalid, "active"),
            "{}",
            audit(&report)
        );
    }
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i22_enable_with_the_text_true_sends_a_boolean() {
    let fake = Fake::start().await;
    fake.put(&inactive());
    let report = fake.run(enable(&json!({"active": "True"}))).await;
    assert_eq!(report.outcome, Outcome::Enabled, "{report:?}");
    assert_eq!(fake.user("1001")["active"], json!(true));
    let report = fake.run(enable(&json!({"active": "perhaps"}))).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn other_mapped_fields_go_along() {
    let fake = Fake::start().await;
    fake.put(&inactive());
    let report = fake.run(enable(&json!({"email": "new@x.nl", "active": ""}))).await;
    assert!(report.success, "{report:?}");
    let user = fake.user("1001");
    assert_eq!((&user["email"], &user["active"], &user["roles"]), (&json!("new@x.nl"), &json!(true), &json!([])));
}

#[tokio::test]
async fn nothing_is_sent_where_it_is_so_already() {
    let fake = Fake::start().await;
    fake.put(&inactive());
    let report = fake.run(disable(&json!({"active": "False"}))).await;
    assert_eq!((report.outcome, report.success), (Outcome::NoChange, true));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn a_user_that_is_gone_is_disabled_and_cannot_be_enabled() {
    let fake = Fake::start().await;
    assert!(fake.run(disable(&json!({}))).await.success);
    assert!(!fake.run(enable(&json!({}))).await.success);
}

#[tokio::test]
async fn i18_a_preview_of_enable_succeeds() {
    let fake = Fake::start().await;
    fake.put(&inactive());
    let report = fake.dry_run(enable(&json!({"active": "True"}))).await;
    assert_eq!((report.success, report.outcome), (true, Outcome::Planned(Box::new(Outcome::Enabled))));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i28_a_user_cannot_be_deleted_and_the_answer_says_so() {
    let fake = Fake::start().await;
    let reference = fake.put(&jan());
    let report = fake.run(Action::Delete { reference, data: Record::new() }).await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Config);
    assert!(audit(&report).contains("InPlanning cannot delete accounts"), "{}", audit(&report));
}
