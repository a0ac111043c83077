//! What is left of actions whose answer was lost, when the world has moved on.

use koppel_engine::enforce::{Done, Tell};
use koppel_engine::store::Access;
use tokio::sync::Notify;

use super::faults::cut_down;
use super::{ON_SHIFT, Stage};

const MORNING: &str = "2026-06-02T08:00:00+02:00";
const SHIFT: (&str, &str, &str, &str) = ("s1", "2026-06-02T07:30:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");
const LATER: (&str, &str, &str, &str) = ("s1", "2026-06-02T20:00:00+02:00", "2026-06-02T22:00:00+02:00", "Nurse");

/// Nothing is left that a later pass would have to think of.
async fn is_settled(stage: &Stage) {
    let engine = stage.engine().await;
    let unsettled = engine.store().unsettled().await.unwrap();
    assert!(unsettled.is_empty(), "{unsettled:#?}");
    drop(engine);
    assert!(stage.plan().await.is_empty());
}

#[tokio::test]
async fn a_create_that_was_cut_down_is_settled_for_somebody_who_is_there_and_whom_no_rule_fits_any_more() {
    let stage = Stage::new(
        &ON_SHIFT.replace("config = {}\n\n[[rule]]", "config = {}\non_revoke = \"delete\"\n\n[[rule]]"),
        MORNING,
    );
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    cut_down(&stage).await;
    stage.world.roster(&[("1001", "Ann", &[]), ("1002", "Ben", &[SHIFT])]);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(stage.world.of("1001").is_empty(), "the account that was made goes again");
    is_settled(&stage).await;
}

#[tokio::test]
async fn an_account_whose_deletion_was_cut_down_is_made_anew_in_one_pass_where_it_is_wanted_again() {
    let toml = ON_SHIFT.replace("config = {}\n\n[[rule]]", "config = {}\non_revoke = \"delete\"\n\n[[rule]]");
    let stage = Stage::new(&toml.replace("grant = [\"doors:access\"]", "grant = [\"doors:account\"]"), MORNING);
    let both = [("1001", "Ann", &[SHIFT][..]), ("1002", "Ben", &[SHIFT][..])];
    stage.world.roster(&both);
    stage.pass().await;
    stage.world.writes();
    stage.world.roster(&both[1..]);
    cut_down(&stage).await;
    assert!(stage.world.of("1001").is_empty());
    stage.world.roster(&both);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert_eq!(stage.world.of("1001").len(), 1);
    is_settled(&stage).await;
}

#[tokio::test]
async fn an_account_whose_deletion_never_reached_the_system_is_kept_where_it_is_wanted_again() {
    let toml = ON_SHIFT.replace("config = {}\n\n[[rule]]", "config = {}\non_revoke = \"delete\"\n\n[[rule]]");
    let stage = Stage::new(&toml.replace("grant = [\"doors:access\"]", "grant = [\"doors:account\"]"), MORNING);
    let both = [("1001", "Ann", &[SHIFT][..]), ("1002", "Ben", &[SHIFT][..])];
    stage.world.roster(&both);
    stage.pass().await;
    stage.world.writes();
    let before = stage.world.lock().accounts.clone();
    stage.world.roster(&both[1..]);
    cut_down(&stage).await;
    stage.world.lock().accounts.clone_from(&before);
    stage.world.roster(&both);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert_eq!(stage.world.lock().accounts, before, "it is the same account");
    is_settled(&stage).await;
}

/// Says when an action was answered: the answer is written down, and the job is not given back yet.
#[derive(Default)]
struct Answered(Notify);

impl Tell for Answered {
    fn done(&self, _: &Done) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_doubt_ends_with_the_answer_that_settles_it_and_not_only_with_its_job() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.writes();
    stage.world.roster(&[("1001", "Ann", &[LATER])]);
    cut_down(&stage).await;
    let answered = Answered::default();
    let engine = stage.opened(stage.ctx(), Access::Write).await.unwrap();
    tokio::select! {
        biased;
        () = answered.0.notified() => {}
        _ = engine.sync_once(None, false, &answered) => panic!("it is cut down as well"),
    }
    drop(engine);
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(!stage.world.is_open("1001"));
    is_settled(&stage).await;
}
