//! Update: what differs, and what is sent.

use koppel::ErrorKind;
use koppel::lifecycle::{Action, Outcome};
use serde_json::{Value, json};

use crate::fake::{Fake, audit, jan, record};

fn update(data: &Value) -> Action {
    Action::Update { reference: koppel::Reference::new("1001").unwrap(), data: record(data) }
}

#[tokio::test]
async fn i19_fields_are_compared_exactly_and_by_type() {
    let fake = Fake::start().await;
    fake.put(&json!({"username": "1001", "lastName": "jansen", "email": null, "active": "True", "resource": 1001}));
    let report = fake
        .run(update(
            &json!({"lastName": "Jansen", "email": "", "active": "true", "resource": "1001", "firstName": null}),
        ))
        .await;
    assert_eq!(report.outcome, Outcome::Updated);
    assert!(audit(&report).ends_with("[lastName]"), "{}", audit(&report));
}

#[tokio::test]
async fn i20_the_whole_user_is_sent_with_the_changes_over_it() {
    let fake = Fake::start().await;
    let roles = json!([{"role": "Planner", "resourceGroup": "Noord"}]);
    let mut user = jan();
    user["roles"] = roles;
    user["active"] = json!("True");
    fake.put(&user);
    let report = fake.run(update(&json!({"lastName": "de Vries", "username": "1001"}))).await;
    assert!(report.success, "{report:?}");
    user["lastName"] = json!("de Vries");
    user["active"] = json!(true);
    assert_eq!(fake.writes().await, [("PUT".to_owned(), user)]);
}

#[tokio::test]
async fn i21_previous_data_holds_the_mapped_fields_and_no_roles() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(update(&json!({"lastName": "de Vries", "phone": "1"}))).await;
    assert_eq!(report.previous.unwrap().to_nested(), json!({"lastName": "Jansen", "phone": null}));
    assert_eq!(report.data.unwrap().to_nested(), json!({"lastName": "de Vries", "phone": "1"}));
}

#[tokio::test]
async fn nothing_is_sent_where_nothing_differs() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(update(&json!({"lastName": "Jansen", "active": "True"}))).await;
    assert_eq!((report.outcome, report.success), (Outcome::NoChange, true));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn a_username_cannot_change() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(update(&json!({"username": "1002"}))).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn i18_a_preview_of_update_succeeds_and_sends_nothing() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.dry_run(update(&json!({"lastName": "de Vries"}))).await;
    assert_eq!((report.success, report.outcome), (true, Outcome::Planned(Box::new(Outcome::Updated))));
    assert_eq!(report.data.unwrap().to_nested(), json!({"lastName": "de Vries"}));
    assert!(fake.writes().await.is_empty());
}
