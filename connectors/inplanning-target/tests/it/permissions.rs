//! Sub-permissions: placeholders, contracts, and what the system holds.

use koppel::lifecycle::{Action, Operation, Outcome};
use koppel::{Effect, Entitlement, ErrorKind, Reference};
use serde_json::{Value, json};

use crate::fake::{Fake, audit, contract, ids, jan, jan_with, person, sub};

fn planner() -> Value {
    json!({"role": "Planner", "resourceGroup": "Planner Noord", "worklocationGroup": "Noord (4711)"})
}

#[tokio::test]
async fn i1_a_permission_on_offer_can_be_granted() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(sub(Operation::Grant, "Admin", &[], vec![])).await;
    assert_eq!((ids(&report), report.outcome), (vec!["ADMIN&&Company".to_owned()], Outcome::Granted));
    let role = json!({
        "role": "ADMIN", "resourceGroup": "Company", "exchangeGroup": "Company", "shiftGroup": "Company", "worklocationGroup": "n.v.t.",
        "userGroup": "Root", "startDate": null, "endDate": null,
    });
    assert_eq!(fake.user("1001")["roles"], json!([role]));
}

#[tokio::test]
async fn i2_placeholders_work_inside_text_and_more_than_once() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(sub(Operation::Grant, "Planner", &[], vec![contract("c1", "Noord", "4711")])).await;
    assert_eq!(ids(&report), ["Planner&&Planner Noord"]);
    assert_eq!(fake.user("1001")["roles"][0]["worklocationGroup"], "Noord (4711)");
}

#[tokio::test]
async fn i3_only_the_placeholders_that_are_used_need_a_value() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(sub(Operation::Grant, "Leidinggevende", &[], vec![contract("c1", "", "D1")])).await;
    assert_eq!(ids(&report), ["Leidinggevende&&D1"]);
}

#[tokio::test]
async fn i3_a_missing_value_names_contract_and_placeholder_and_changes_nothing() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let before = [json!("Planner&&Planner Oost")];
    let report = fake
        .run(sub(Operation::Update, "Planner", &before, vec![contract("c1", "Noord", "1"), contract("c2", " ", "2")]))
        .await;
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Invalid);
    let text = audit(&report);
    assert!(text.contains("[c2]") && text.contains("[Division.Name]") && text.contains("{{locationown}}"), "{text}");
    assert_eq!(ids(&report), ["Planner&&Planner Oost"]);
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i4_values_are_put_in_as_they_are() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake
        .run(sub(Operation::Grant, "Leidinggevende", &[], vec![contract("c1", "x", "$&-$1-$$-{{LocationOwn}}")]))
        .await;
    assert_eq!(ids(&report), ["Leidinggevende&&$&-$1-$$-{{LocationOwn}}"]);
}

#[tokio::test]
async fn i6_revoking_from_a_user_that_is_gone_succeeds() {
    let fake = Fake::start().await;
    let report = fake.run(sub(Operation::Revoke, "Admin", &[json!("ADMIN&&Company")], vec![])).await;
    assert!(report.success && ids(&report).is_empty(), "{report:?}");
    let report = fake.run(sub(Operation::Update, "Admin", &[], vec![])).await;
    assert!(!report.success);
}

#[tokio::test]
async fn i7_nothing_is_written_where_the_roles_are_as_they_should_be() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([planner()])));
    let current = [json!("Planner&&Planner Noord")];
    let report = fake.run(sub(Operation::Update, "Planner", &current, vec![contract("c1", "Noord", "4711")])).await;
    assert_eq!((report.outcome, report.success), (Outcome::NoChange, true));
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i7_properties_that_the_api_ignores_are_not_written_again_and_again() {
    let fake = Fake::start().await;
    // What was sent had a work location group; InPlanning dropped it.
    fake.put(&jan_with(&json!([{"role": "Planner", "resourceGroup": "Planner Noord", "worklocationGroup": null}])));
    let current = [json!("Planner&&Planner Noord")];
    fake.run(sub(Operation::Update, "Planner", &current, vec![contract("c1", "Noord", "4711")])).await;
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn i8_a_role_that_was_removed_by_hand_is_restored() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let current = [json!("Planner&&Planner Noord")];
    let report = fake.run(sub(Operation::Update, "Planner", &current, vec![contract("c1", "Noord", "4711")])).await;
    assert!(audit(&report).contains("Restored access to permission Planner&&Planner Noord"), "{}", audit(&report));
    assert_eq!(fake.user("1001")["roles"][0]["role"], "Planner");
}

#[tokio::test]
async fn a_move_grants_the_new_role_and_revokes_the_old_one_in_one_request() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([planner(), {"role": "Other", "resourceGroup": "Hand"}])));
    let current = [json!("Planner&&Planner Noord")];
    let report = fake
        .run(sub(
            Operation::Update,
            "Planner",
            &current,
            vec![contract("c1", "Zuid", "1"), contract("c2", "ZUID", "2")],
        ))
        .await;
    assert_eq!((ids(&report), report.outcome), (vec!["Planner&&Planner Zuid".to_owned()], Outcome::Adjusted));
    let roles = fake.user("1001")["roles"].clone();
    assert_eq!(
        (&roles[0]["role"], &roles[1]["resourceGroup"], roles.as_array().unwrap().len()),
        (&json!("Other"), &json!("Planner Zuid"), 2)
    );
    assert_eq!(fake.writes().await.len(), 1);
    assert_eq!(fake.user("1001")["somethingNew"], json!({"kept": true}));
}

#[tokio::test]
async fn i12_after_a_failed_write_the_state_is_what_it_was() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([planner()])));
    fake.fail("PUT", 400, r#"{"error_description":"17 - No such group"}"#, 1).await;
    let current = [json!("Planner&&Planner Noord")];
    let report = fake.run(sub(Operation::Update, "Planner", &current, vec![contract("c1", "Zuid", "1")])).await;
    assert_eq!((report.success, ids(&report)), (false, vec!["Planner&&Planner Noord".to_owned()]));
    assert!(audit(&report).contains("17 - No such group"));
}

#[tokio::test]
async fn i13_without_a_contract_in_conditions_everything_is_revoked_and_it_is_said() {
    let fake = Fake::start().await;
    fake.put(&jan_with(&json!([planner()])));
    let mut outside = contract("c1", "Noord", "1");
    outside.in_conditions = Some(false);
    let report =
        fake.run(sub(Operation::Update, "Planner", &[json!("Planner&&Planner Noord")], vec![outside.clone()])).await;
    assert!(report.success && ids(&report).is_empty());
    assert!(
        report.warnings.iter().any(|warning| warning.contains("none of the person's contracts")),
        "{:?}",
        report.warnings
    );
    // A permission without placeholders does not look at contracts.
    let report = fake.run(sub(Operation::Update, "Admin", &[], vec![outside])).await;
    assert_eq!(ids(&report), ["ADMIN&&Company"]);
}

#[tokio::test]
async fn i18_a_preview_counts_every_contract_and_sends_nothing() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let mut unknown = contract("c1", "Noord", "1");
    unknown.in_conditions = None;
    let report = fake.dry_run(sub(Operation::Grant, "Planner", &[], vec![unknown])).await;
    assert_eq!((ids(&report), report.success), (vec!["Planner&&Planner Noord".to_owned()], true));
    assert!(fake.writes().await.is_empty() && !report.planned.is_empty());
}

#[tokio::test]
async fn plain_grant_and_revoke_work_as_well() {
    let fake = Fake::start().await;
    let reference = fake.put(&jan());
    // The reference of a permission may be wrapped, as the dialect of the caller has it.
    let permission = Reference::new(json!({"Reference": "admin"})).unwrap();
    let grant = Action::Grant { reference: reference.clone(), permission: permission.clone(), person: person(vec![]) };
    assert_eq!(fake.run(grant).await.outcome, Outcome::Granted);
    let revoke = Action::Revoke { reference, permission, person: person(vec![]) };
    assert_eq!(fake.run(revoke).await.outcome, Outcome::Revoked);
    assert_eq!(fake.user("1001")["roles"], json!([]));
}

#[tokio::test]
async fn a_permission_that_is_not_on_offer_is_not_found() {
    let fake = Fake::start().await;
    fake.put(&jan());
    let report = fake.run(sub(Operation::Grant, "ADMMIN", &[], vec![])).await;
    assert!(
        !report.success && audit(&report).contains("there are: Admin, Leidinggevende, Planner"),
        "{}",
        audit(&report)
    );
}

#[tokio::test]
async fn effects_stand_in_the_order_of_grants_and_then_revokes() {
    let fake = Fake::start().await;
    let reference = fake.put(&jan_with(&json!([planner()])));
    let account = fake.target.get(&fake.ctx, &reference).await.unwrap().unwrap();
    let permissions = fake.target.permissions().unwrap();
    let known = |id: &str| Entitlement::known(id);
    let effects = permissions
        .assign(
            &fake.ctx,
            &account,
            &[known("Planner&&Planner Noord"), known("A&&B")],
            &[known("C&&D"), known("Planner&&Planner Noord")],
        )
        .await
        .unwrap();
    assert_eq!(effects, [Effect::Unchanged, Effect::Changed, Effect::Unchanged, Effect::Unchanged]);
}
