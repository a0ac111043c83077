//! Roles that are there already: ended, duplicated, spelled otherwise.

use koppel::lifecycle::{Operation, Outcome};
use serde_json::{Value, json};

use crate::fake::{Fake, contract, jan, jan_with, sub};

fn grant() -> koppel::lifecycle::Action {
    sub(Operation::Grant, "Planner", &[], vec![contract("c1", "Noord", "4711")])
}

async fn roles_after(fake: &Fake, roles: Value, action: koppel::lifecycle::Action) -> Value {
    fake.put(&jan_with(&roles));
    let report = fake.run(action).await;
    assert!(report.success, "{report:?}");
    fake.user("1001")["roles"].clone()
}

#[tokio::test]
async fn i9_a_role_keeps_its_start_date_and_what_else_it_has() {
    let fake = Fake::start().await;
    let role = json!([{"role": "Planner", "resourceGroup": "Planner Noord", "startDate": "2024-01-01", "endDate": null, "extra": 1}]);
    assert_eq!(roles_after(&fake, role.clone(), grant()).await, role);
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i9_a_role_that_ended_is_opened_again() {
    let fake = Fake::with(json!({"startDateOnGrant": true})).await;
    let ended = json!([{"role": "Planner", "resourceGroup": "Planner Noord", "startDate": "2024-01-01", "endDate": "2024-12-31", "extra": 1}]);
    let roles = roles_after(&fake, ended, grant()).await;
    assert_eq!(
        (&roles[0]["startDate"], &roles[0]["endDate"], &roles[0]["extra"]),
        (&json!("2024-01-01"), &Value::Null, &json!(1))
    );
    assert_eq!(roles.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn i9_a_role_gets_a_start_date_only_where_the_configuration_says_so() {
    let without = Fake::start().await;
    assert_eq!(roles_after(&without, json!([]), grant()).await[0]["startDate"], Value::Null);
    let with = Fake::with(json!({"startDateOnGrant": true})).await;
    let roles = roles_after(&with, json!(null), grant()).await;
    assert!(roles[0]["startDate"].as_str().is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok()), "{roles}");
}

#[tokio::test]
async fn roles_that_are_no_list_are_neither_overwritten_nor_read_as_none() {
    for odd in [json!({"role": "Planner"}), json!("Planner"), json!(false), json!(0)] {
        let fake = Fake::start().await;
        fake.put(&jan_with(&odd));
        let granted = fake.run(grant()).await.error.unwrap();
        let read = fake.target.permissions().unwrap().memberships(&fake.ctx, None).await.unwrap_err();
        for error in [granted, read] {
            assert_eq!(error.kind(), koppel::ErrorKind::Protocol, "{odd}: {error}");
            assert!(error.message().contains("roles of user [1001]"), "{error}");
        }
        assert!(fake.writes().await.is_empty());
    }
}

#[tokio::test]
async fn i10_every_duplicate_is_removed_whatever_its_case() {
    let fake = Fake::start().await;
    let roles = json!([
        {"role": "PLANNER", "resourceGroup": "planner noord"},
        {"role": "Planner", "resourceGroup": "Planner Noord", "endDate": "2020-01-01"},
        {"role": "Planner", "resourceGroup": "Planner Zuid"},
    ]);
    let revoke = sub(Operation::Revoke, "Planner", &[json!("Planner&&Planner Noord")], vec![]);
    assert_eq!(roles_after(&fake, roles, revoke).await, json!([{"role": "Planner", "resourceGroup": "Planner Zuid"}]));
}

#[tokio::test]
async fn i10_a_role_in_other_letters_is_the_same_role() {
    let fake = Fake::start().await;
    let roles = json!([{"role": "PLANNER", "resourceGroup": "planner noord"}]);
    assert_eq!(roles_after(&fake, roles.clone(), grant()).await, roles);
}

#[tokio::test]
async fn several_roles_of_one_name_live_side_by_side() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let contracts = vec![contract("c1", "Noord", "1"), contract("c2", "Zuid", "2")];
    let report = fake.run(sub(Operation::Grant, "Planner", &[], contracts)).await;
    assert_eq!((report.outcome, fake.user("1001")["roles"].as_array().unwrap().len()), (Outcome::Granted, 2));
}
