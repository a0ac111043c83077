//! Two clocks: shifts over midnight and both clock changes, moved shifts.

use super::{ON_SHIFT, Stage};

/// Looks at the door a minute before and at each moment at which it opens or closes.
async fn opens_and_closes(shift: (&str, &str, &str, &str), opens: &str, closes: &str) {
    let before = |at: &str| (super::moment(at) - jiff::SignedDuration::from_mins(1)).to_string();
    let stage = Stage::new(ON_SHIFT, &before(opens));
    stage.world.roster(&[("1001", "Ann", &[shift])]);
    stage.pass().await;
    assert!(!stage.world.is_open("1001"), "closed before {opens}");
    let plan = stage.plan().await;
    assert_eq!(super::moment(plan.next.as_deref().unwrap()), super::moment(opens), "{:?}", plan.next);
    stage.at(opens).await;
    assert!(stage.world.is_open("1001"), "open at {opens}");
    stage.at(&before(closes)).await;
    assert!(stage.world.is_open("1001"), "open before {closes}");
    stage.at(closes).await;
    assert!(!stage.world.is_open("1001"), "closed at {closes}");
}

#[tokio::test]
async fn a_shift_over_midnight_opens_and_closes_at_the_minute() {
    let shift = ("s1", "2026-06-02T23:00:00+02:00", "2026-06-03T07:00:00+02:00", "Nurse");
    opens_and_closes(shift, "2026-06-02T22:00:00+02:00", "2026-06-03T07:30:00+02:00").await;
}

#[tokio::test]
async fn the_night_that_loses_an_hour_loses_it_in_the_middle() {
    // At 02:00 it becomes 03:00; the shift is seven hours long.
    let shift = ("s1", "2026-03-28T23:00:00", "2026-03-29T07:00:00", "Nurse");
    opens_and_closes(shift, "2026-03-28T21:00:00Z", "2026-03-29T05:30:00Z").await;
}

#[tokio::test]
async fn a_shift_that_begins_right_after_the_lost_hour_opens_an_hour_of_time_before() {
    let shift = ("s1", "2026-03-29T03:30:00", "2026-03-29T11:00:00", "Nurse");
    opens_and_closes(shift, "2026-03-29T00:30:00Z", "2026-03-29T09:30:00Z").await;
}

#[tokio::test]
async fn the_night_that_has_an_hour_twice_is_an_hour_longer() {
    let shift = ("s1", "2026-10-24T23:00:00", "2026-10-25T07:00:00", "Nurse");
    opens_and_closes(shift, "2026-10-24T20:00:00Z", "2026-10-25T06:30:00Z").await;
}

#[tokio::test]
async fn a_shift_within_the_hour_that_comes_twice_is_never_too_short() {
    // From the first 02:15 to the second 02:45.
    let shift = ("s1", "2026-10-25T02:15:00", "2026-10-25T02:45:00", "Nurse");
    opens_and_closes(shift, "2026-10-24T23:15:00Z", "2026-10-25T02:15:00Z").await;
}

#[tokio::test]
async fn a_shift_that_is_moved_while_the_door_is_open_moves_the_closing() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T08:00:00+02:00");
    let shift = |end: &'static str| ("s1", "2026-06-02T07:30:00+02:00", end, "Nurse");
    stage.world.roster(&[("1001", "Ann", &[shift("2026-06-02T15:00:00+02:00")])]);
    stage.pass().await;
    stage.world.roster(&[("1001", "Ann", &[shift("2026-06-02T17:00:00+02:00")])]);
    stage.at("2026-06-02T15:45:00+02:00").await;
    assert!(stage.world.is_open("1001"), "the shift is longer now");
    stage.world.roster(&[(
        "1001",
        "Ann",
        &[("s1", "2026-06-03T07:30:00+02:00", "2026-06-03T15:00:00+02:00", "Nurse")],
    )]);
    let plan = stage.plan().await;
    assert_eq!(plan.actions[0].because.note, "the contract begins at 2026-06-03 07:30");
    stage.at("2026-06-02T16:00:00+02:00").await;
    assert!(!stage.world.is_open("1001"), "the shift is tomorrow now");
}

#[tokio::test]
async fn two_shifts_with_touching_windows_keep_the_door_open_without_a_write() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T14:00:00+02:00");
    let early = ("s1", "2026-06-02T07:00:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");
    let late = ("s2", "2026-06-02T16:00:00+02:00", "2026-06-02T23:00:00+02:00", "Nurse");
    stage.world.roster(&[("1001", "Ann", &[early, late])]);
    stage.pass().await;
    stage.world.writes();
    for at in ["2026-06-02T15:00:00+02:00", "2026-06-02T15:30:00+02:00", "2026-06-02T16:30:00+02:00"] {
        stage.at(at).await;
        assert!(stage.world.is_open("1001"), "{at}");
    }
    assert!(stage.world.writes().is_empty());
}

#[tokio::test]
async fn before_a_shift_begins_its_contract_is_the_primary_one() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T06:00:00+02:00");
    let early = ("s1", "2026-06-02T07:00:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");
    let other = ("s2", "2026-06-09T07:00:00+02:00", "2026-06-09T15:00:00+02:00", "Planner");
    stage.world.roster(&[("1001", "Ann", &[other, early])]);
    stage.pass().await;
    assert_eq!(stage.world.of("1001")[0].data.text("title").as_deref(), Some("Nurse"));
    stage.world.writes();
    stage.at("2026-06-02T08:00:00+02:00").await;
    assert!(stage.world.writes().is_empty(), "nothing changes as the shift begins");
    stage.at("2026-06-09T06:00:00+02:00").await;
    assert!(stage.world.is_open("1001"));
    assert_eq!(stage.world.of("1001")[0].data.text("title").as_deref(), Some("Planner"));
}

#[tokio::test]
async fn access_that_goes_on_for_the_next_shift_is_held_for_that_shift_in_the_audit() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T14:00:00+02:00");
    let early = ("s1", "2026-06-02T07:00:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");
    let late = ("s2", "2026-06-02T15:00:00+02:00", "2026-06-02T23:00:00+02:00", "Nurse");
    stage.world.roster(&[("1001", "Ann", &[early, late])]);
    stage.pass().await;
    stage.world.writes();
    stage.at("2026-06-02T16:00:00+02:00").await;
    assert!(stage.world.writes().is_empty());
    let engine = stage.opened(stage.ctx(), koppel_engine::store::Access::Read).await.unwrap();
    for (at, contract) in [("2026-06-02T14:30:00+02:00", "s1"), ("2026-06-02T17:00:00+02:00", "s2")] {
        let until = Some(super::moment(at));
        let mut replay = koppel_engine::store::Replay::default();
        let filter = koppel_engine::store::Filter { person: None, until };
        let mut add = |row| {
            replay.add(&row);
            Ok(())
        };
        engine.store().audit(filter, &mut add).await.unwrap();
        let held = replay.held();
        let access = held.iter().find(|held| held.entitlement == koppel_engine::Entitlement::Access).unwrap();
        assert_eq!(access.because.contract, contract, "{at}");
    }
    assert!(engine.store().verify().await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn what_a_fresh_source_ended_closes_although_another_source_is_too_old() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T14:00:00+02:00");
    stage.world.roster(&[(
        "1001",
        "Ann",
        &[("s1", "2026-06-02T07:00:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse")],
    )]);
    stage.pass().await;
    let engine = stage.engine().await;
    drop(engine);
    // A second source that never could be read takes no part in what the first one ends.
    let other = "[[source]]\nname = \"broken\"\nconnector = \"broken-source\"\nconfig = {}\n";
    stage.rewrite(&format!("{ON_SHIFT}{other}"));
    stage.at("2026-06-02T15:30:00+02:00").await;
    assert!(!stage.world.is_open("1001"));
}
