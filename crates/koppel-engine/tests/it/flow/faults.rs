//! Actions that fail, and answers that are lost.

use koppel::Cancel;
use koppel_engine::store::Access;

use super::system::Fault;
use super::{ON_SHIFT, Stage, Told};

const MORNING: &str = "2026-06-02T08:00:00+02:00";
const SHIFT: (&str, &str, &str, &str) = ("s1", "2026-06-02T07:30:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");

fn stage() -> Stage {
    let toml = ON_SHIFT.replace("grant = [\"doors:access\"]", "grant = [\"doors:access\", \"doors:permission:Team\"]");
    let stage = Stage::new(&toml, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    stage
}

#[tokio::test]
async fn a_person_that_fails_does_not_stop_the_others_and_is_tried_by_the_next_pass() {
    let stage = stage();
    stage.world.faults("1001", [Fault::Refused]);
    let summary = stage.pass().await;
    assert_eq!((summary.done, summary.failed), (3, 1), "{summary:?}");
    assert!(stage.world.is_open("1002"));
    assert!(stage.world.of("1001").is_empty());
    assert!(stage.pass().await.is_whole());
    assert!(stage.world.is_open("1001"));
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again_in_the_same_pass() {
    let stage = stage();
    stage.world.faults("1001", [Fault::Busy]);
    let told = Told::default();
    let engine = stage.engine().await;
    let clock = stage.clock.clone();
    // The clock that jobs wait by goes with the time that passes.
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            clock.advance(std::time::Duration::from_millis(100));
        }
    });
    let summary = engine.sync_once(None, false, &told).await.unwrap();
    ticking.abort();
    assert!(summary.is_whole(), "{summary:?}");
    assert!(stage.world.is_open("1001"));
    let told = told.0.into_inner().unwrap();
    assert_eq!(told.iter().filter(|done| done.again).count(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_a_create_makes_no_second_account() {
    let stage = stage();
    stage.world.faults("1001", [Fault::Lost]);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert_eq!(stage.world.of("1001").len(), 1);
}

/// Stops a process at the moment a write for 1001 was carried out and not answered, as a power cut does.
pub(super) async fn cut_down(stage: &Stage) {
    stage.world.faults("1001", [Fault::Hangs]);
    let engine = stage.opened(stage.ctx(), Access::Write).await.unwrap();
    let written = stage.world.written.clone();
    let watched = stage.world.clone();
    let hung = async {
        loop {
            written.notified().await;
            if watched.lock().writes.iter().any(|write| write.contains("1001")) {
                return;
            }
        }
    };
    tokio::select! {
        _ = engine.sync_once(None, false, &()) => panic!("the pass must hang"),
        () = hung => {}
    }
    stage.world.writes();
}

#[tokio::test]
async fn a_create_that_was_cut_down_is_settled_by_looking() {
    let stage = stage();
    cut_down(&stage).await;
    assert_eq!(stage.world.of("1001").len(), 1);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert_eq!(stage.world.of("1001").len(), 1);
    assert!(stage.world.is_open("1001") && stage.world.is_open("1002"));
    assert!(stage.plan().await.is_empty());
}

#[tokio::test]
async fn a_create_that_was_cut_down_for_somebody_who_left_since_ends_closed() {
    let stage = stage();
    cut_down(&stage).await;
    stage.world.roster(&[("1002", "Ben", &[SHIFT])]);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert_eq!(stage.world.of("1001").len(), 1);
    assert!(!stage.world.is_open("1001"));
    assert!(stage.plan().await.is_empty());
}

#[tokio::test]
async fn an_opening_that_was_cut_down_is_closed_where_the_shift_is_over_by_then() {
    let stage = stage();
    stage.world.roster(&[("1001", "Ann", &[])]);
    let early = ("s0", "2026-06-02T20:00:00+02:00", "2026-06-02T22:00:00+02:00", "Nurse");
    stage.world.roster(&[("1001", "Ann", &[early])]);
    stage.pass().await;
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.world.writes();
    cut_down(&stage).await;
    stage.go("2026-06-02T18:00:00+02:00");
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(!stage.world.is_open("1001"), "nobody knows that it was opened but the door");
    assert!(stage.world.of("1001")[0].permissions.is_empty());
    assert!(stage.plan().await.is_empty());
}

#[tokio::test]
async fn a_closing_that_was_cut_down_is_opened_where_a_shift_began_by_then() {
    let stage = stage();
    stage.pass().await;
    stage.world.writes();
    stage.world.roster(&[(
        "1001",
        "Ann",
        &[("s1", "2026-06-02T20:00:00+02:00", "2026-06-02T22:00:00+02:00", "Nurse")],
    )]);
    cut_down(&stage).await;
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(stage.world.is_open("1001"));
    assert_eq!(stage.world.of("1001")[0].permissions.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_cancelled_waits_for_what_is_in_flight_and_leaves_the_rest_for_later() {
    let stage = stage();
    let cancel = Cancel::default();
    let engine = stage.opened(stage.ctx().with_cancel(cancel.clone()), Access::Write).await.unwrap();
    let written = stage.world.written.clone();
    let stop = async {
        written.notified().await;
        cancel.cancel();
    };
    let (summary, ()) = tokio::join!(engine.sync_once(None, false, &()), stop);
    drop(summary);
    drop(engine);
    assert!(stage.pass().await.is_whole());
    assert!(stage.world.is_open("1001") && stage.world.is_open("1002"));
    assert_eq!(stage.world.of("1001").len(), 1);
}

#[tokio::test]
async fn an_account_whose_permission_could_not_be_revoked_is_closed_and_ends_with_the_next_pass() {
    let stage = stage();
    stage.pass().await;
    stage.world.writes();
    stage.world.roster(&[("1002", "Ben", &[SHIFT])]);
    stage.world.faults("1001", [Fault::Refused]);
    let summary = stage.pass().await;
    assert_eq!((summary.done, summary.failed), (1, 1), "{summary:?}");
    assert!(!stage.world.is_open("1001"), "what can be taken is taken");
    assert_eq!(stage.world.of("1001")[0].permissions.len(), 1);
    assert_eq!(super::short(&stage.plan().await), ["revoke 1001 Team", "disable 1001"]);
    assert!(stage.pass().await.is_whole());
    assert!(stage.world.of("1001")[0].permissions.is_empty());
    assert!(stage.plan().await.is_empty());
}
