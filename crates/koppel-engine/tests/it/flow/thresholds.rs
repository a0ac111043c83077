//! Thresholds of a target: all actions of a kind stop, the others go on.

use koppel_engine::plan::HeldBy;

use super::{ON_SHIFT, Stage, short};

const SHIFT: (&str, &str, &str, &str) = ("s1", "2026-06-02T07:30:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");

fn stage(thresholds: &str) -> Stage {
    let target = format!("connector = \"doors-target\"\nthresholds = {{ {thresholds} }}");
    let stage = Stage::new(&ON_SHIFT.replace("connector = \"doors-target\"", &target), "2026-06-02T08:00:00+02:00");
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT]), ("1003", "Cas", &[SHIFT])]);
    stage
}

#[tokio::test]
async fn a_kind_at_its_threshold_stops_whole_and_the_others_go_on() {
    let stage = stage("\"access.revoke\" = \"50%\"");
    stage.pass().await;
    stage.world.roster(&[("1001", "Anna", &[SHIFT])]);
    let plan = stage.plan().await;
    assert_eq!(short(&plan), ["update 1001"]);
    let blocked: Vec<_> = plan.blocked.iter().map(|b| (b.action.person.as_str(), b.by)).collect();
    assert_eq!(blocked, [("1002", HeldBy::Threshold), ("1003", HeldBy::Threshold)]);
    assert!(plan.blocked[0].reason.contains("access.revoke = 50% is reached: 2 of 3"), "{}", plan.blocked[0].reason);
    let summary = stage.pass().await;
    assert_eq!((summary.done, summary.blocked), (1, 2));
    assert!(stage.world.is_open("1002") && stage.world.is_open("1003"));
    let summary = stage.engine().await.sync_once(None, true, &()).await.unwrap();
    assert!(summary.is_whole(), "{summary:?}");
    assert!(!stage.world.is_open("1002") && !stage.world.is_open("1003"));
}

#[tokio::test]
async fn below_its_threshold_a_kind_goes_through() {
    let stage = stage("\"access.revoke\" = \"50%\"");
    stage.pass().await;
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    assert!(stage.pass().await.is_whole());
    assert!(!stage.world.is_open("1003"));
}

#[tokio::test]
async fn access_is_taken_although_the_accounts_may_not_end() {
    let stage = stage("\"account.revoke\" = 1");
    stage.pass().await;
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    let summary = stage.pass().await;
    assert_eq!((summary.done, summary.blocked), (1, 1), "{summary:?}");
    assert!(!stage.world.is_open("1003"));
}

#[tokio::test]
async fn what_needs_an_account_waits_where_accounts_may_not_be_made() {
    let stage = stage("\"account.grant\" = 3");
    let plan = stage.plan().await;
    assert!(plan.actions.is_empty());
    assert_eq!(plan.blocked.len(), 6);
    let waits = plan.blocked.iter().filter(|blocked| blocked.reason.starts_with("it waits for the account"));
    assert_eq!(waits.count(), 3);
    let engine = stage.engine().await;
    let summary = engine.apply(&plan, true, &()).await.unwrap();
    assert_eq!(summary.done, 6, "an approved plan is carried out whole");
    assert!(stage.world.is_open("1003"));
}
