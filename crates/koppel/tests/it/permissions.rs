//! Permissions: what the contracts ask for is there afterwards, and the report says what is true.

use koppel::lifecycle::{Action, AuditAction, Operation, Outcome, Report, SubPermissions, run};
use koppel::{Contract, Person, Reference};
use serde_json::json;

use crate::memory::{Memory, Mishap, ctx, dry};

fn person(departments: &[(&str, bool)]) -> Person {
    let contracts = departments.iter().map(|(department, in_conditions)| Contract {
        external_id: format!("c-{department}"),
        in_conditions: Some(*in_conditions),
        fields: json!({"Department": {"ExternalId": department}}),
    });
    Person { external_id: "1".into(), display_name: "Jan".into(), contracts: contracts.collect() }
}

fn sub(operation: Operation, current: &[&str], person: Person) -> Action {
    Action::SubPermissions(SubPermissions {
        reference: Reference::new("a").unwrap(),
        permission: Reference::new("by-department").unwrap(),
        operation,
        current: current.iter().map(|id| (json!(id), String::new())).collect(),
        person,
    })
}

fn ids(report: &Report) -> Vec<&str> {
    report.sub_permissions.iter().flatten().map(|e| e.id.as_str()).collect()
}

fn actions(report: &Report) -> Vec<Option<AuditAction>> {
    report.audit.iter().map(|line| line.action).collect()
}

fn target(entitlements: &[&str]) -> std::sync::Arc<Memory> {
    let target = Memory::new().with("a", &json!({"name": "Jan"}), true);
    target.accounts.lock().unwrap()[0].1.entitlements = entitlements.iter().map(ToString::to_string).collect();
    target
}

#[tokio::test]
async fn what_the_contracts_ask_for_is_granted_and_what_they_no_longer_ask_for_is_revoked() {
    let target = target(&["D1", "X"]);
    let report = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person(&[("D2", true), ("D3", false)]))).await;
    assert_eq!((report.outcome.clone(), ids(&report)), (Outcome::Adjusted, vec!["D2"]));
    assert_eq!(actions(&report), [Some(AuditAction::GrantPermission), Some(AuditAction::RevokePermission)]);
    assert_eq!(target.stored("a").unwrap().entitlements, ["X", "D2"], "what we never granted stays");
}

#[tokio::test]
async fn nothing_is_sent_where_nothing_differs_and_what_was_removed_by_hand_is_restored() {
    let target = target(&["D1"]);
    let same = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person(&[("D1", true)]))).await;
    assert_eq!((same.outcome.clone(), target.writes(), same.audit.len()), (Outcome::NoChange, 0, 1));
    target.accounts.lock().unwrap()[0].1.entitlements.clear();
    let restored = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person(&[("D1", true)]))).await;
    assert_eq!(actions(&restored), [Some(AuditAction::UpdatePermission)]);
    assert_eq!(target.stored("a").unwrap().entitlements, ["D1"]);
}

#[tokio::test]
async fn a_failure_reports_what_was_granted_before() {
    let target = target(&["D1"]);
    target.once(Mishap::AssignFails);
    let report = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person(&[("D2", true)]))).await;
    assert!(!report.success);
    assert_eq!(ids(&report), ["D1"]);
    assert_eq!(report.audit.iter().filter(|line| line.is_error).count(), 1);
}

#[tokio::test]
async fn revoking_from_a_missing_account_succeeds_with_nothing_left() {
    let target = Memory::new();
    let revoke = run(&*target, &ctx(), sub(Operation::Revoke, &["D1"], Person::default())).await;
    assert_eq!((revoke.success, ids(&revoke).len()), (true, 0));
    let grant = run(&*target, &ctx(), sub(Operation::Grant, &["D1"], person(&[("D2", true)]))).await;
    assert_eq!((grant.success, ids(&grant)), (false, vec!["D1"]));
}

#[tokio::test]
async fn no_contract_in_conditions_revokes_everything_and_says_so() {
    let target = target(&["D1"]);
    let report = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person(&[("D1", false)]))).await;
    assert_eq!((report.success, ids(&report).len(), report.warnings.len()), (true, 0, 1));
    assert!(target.stored("a").unwrap().entitlements.is_empty());
}

#[tokio::test]
async fn contracts_that_do_not_say_whether_they_count_are_refused_and_nothing_is_revoked() {
    let target = target(&["D1"]);
    let mut person = person(&[("D1", true)]);
    person.contracts[0].in_conditions = None;
    let report = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person)).await;
    assert_eq!((report.success, ids(&report), target.writes()), (false, vec!["D1"], 0));
}

#[tokio::test]
async fn a_preview_counts_every_contract_and_sends_nothing() {
    let target = target(&[]);
    let report = run(&*target, &dry(), sub(Operation::Grant, &[], person(&[("D1", false), ("D2", false)]))).await;
    assert_eq!(
        (report.outcome.clone(), ids(&report)),
        (Outcome::Planned(Box::new(Outcome::Granted)), vec!["D1", "D2"])
    );
    assert_eq!(target.writes(), 0);
}

#[tokio::test]
async fn a_contract_that_lacks_a_value_fails_by_name_before_anything_is_sent() {
    let target = target(&["D1"]);
    let mut person = person(&[("D1", true), ("", true)]);
    person.contracts[1].external_id = "c-9".into();
    let report = run(&*target, &ctx(), sub(Operation::Update, &["D1"], person)).await;
    assert!(!report.success);
    assert!(report.audit[0].message.contains("c-9"), "{}", report.audit[0].message);
    assert_eq!(target.writes(), 0);
}
