//! What a pass does, in which order, and what it leaves alone.

use koppel::ErrorKind;
use koppel_engine::store::{Access, Filter};

use super::{ON_SHIFT, Stage, short};

const MORNING: &str = "2026-06-02T07:00:00+02:00";
const SHIFT: (&str, &str, &str, &str) = ("s1", "2026-06-02T07:30:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");

fn with_team() -> String {
    ON_SHIFT.replace("grant = [\"doors:access\"]", "grant = [\"doors:access\", \"doors:permission:Team\"]")
}

#[tokio::test]
async fn a_newcomer_gets_the_account_first_and_then_what_needs_it() {
    let stage = Stage::new(&with_team(), MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    let plan = stage.plan().await;
    assert_eq!(short(&plan), ["create 1001", "enable 1001", "grant 1001 Team"]);
    assert_eq!(plan.actions[1].because.rule, "On shift");
    assert_eq!(plan.actions[1].because.contract, "s1");
    assert!(stage.world.writes().is_empty(), "a plan changes nothing");
    assert!(!stage.folder.path().join("koppel.db").exists(), "not even the state");

    let summary = stage.pass().await;
    assert_eq!((summary.done, summary.failed, summary.blocked), (3, 0, 0), "{summary:?}");
    assert_eq!(stage.world.writes(), ["create 1001", "enable 1001", "grant Team Nurse 1001"]);
    let entry = &stage.world.of("1001")[0];
    assert_eq!(entry.data.text("title").as_deref(), Some("Nurse"));
}

#[tokio::test]
async fn an_unchanged_snapshot_plans_to_nothing() {
    let stage = Stage::new(&with_team(), MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    stage.pass().await;
    stage.world.writes();
    assert!(stage.plan().await.is_empty());
    stage.at("2026-06-02T09:00:00+02:00").await;
    assert!(stage.world.writes().is_empty());
    // The next day begins, and still nothing differs.
    assert!(stage.plan().await.is_empty());
}

#[tokio::test]
async fn a_changed_field_is_an_update_of_that_field() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.roster(&[("1001", "Anna", &[SHIFT])]);
    stage.world.writes();
    let plan = stage.plan().await;
    assert_eq!(short(&plan), ["update 1001"]);
    let change = &plan.actions[0].changes[0];
    assert_eq!((change.field.as_str(), &change.from, &change.to), ("name", &"Ann".into(), &"Anna".into()));
    stage.pass().await;
    assert_eq!(stage.world.writes(), ["update name 1001"]);
}

#[tokio::test]
async fn an_account_that_was_there_is_linked_and_brought_up_to_date() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    // Another installation, with a state of its own, finds the same account.
    let other = Stage { world: stage.world.clone(), ..Stage::new(ON_SHIFT, MORNING) };
    other.world.roster(&[("1001", "Anna", &[SHIFT])]);
    other.world.writes();
    other.pass().await;
    assert_eq!(other.world.writes(), ["update name 1001"]);
    assert_eq!(other.world.of("1001").len(), 1);
    assert!(other.plan().await.is_empty());
}

#[tokio::test]
async fn a_leaver_loses_permissions_and_access_before_the_account() {
    for (on_revoke, last) in [("disable", None), ("delete", Some("delete 1001"))] {
        let toml = with_team()
            .replace("config = {}\n\n[[rule]]", &format!("config = {{}}\non_revoke = \"{on_revoke}\"\n\n[[rule]]"));
        let stage = Stage::new(&toml, MORNING);
        stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
        stage.pass().await;
        stage.world.writes();
        stage.world.roster(&[("1002", "Ben", &[SHIFT])]);
        let plan = stage.plan().await;
        assert_eq!(plan.actions[0].because.note, "no source has the person any more");
        stage.pass().await;
        let mut expected = vec!["revoke Team Nurse 1001", "disable 1001"];
        expected.extend(last);
        assert_eq!(stage.world.writes(), expected);
        assert!(stage.plan().await.is_empty());
    }
}

#[tokio::test]
async fn somebody_who_comes_back_is_linked_to_the_old_account() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    stage.pass().await;
    stage.world.roster(&[("1002", "Ben", &[SHIFT])]);
    stage.pass().await;
    assert!(!stage.world.is_open("1001"));
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    stage.pass().await;
    assert!(stage.world.is_open("1001"));
    assert_eq!(stage.world.of("1001").len(), 1);
}

#[tokio::test]
async fn a_permission_follows_the_contracts_that_count() {
    let stage = Stage::new(&with_team(), MORNING);
    let later = ("s2", "2026-06-02T14:30:00+02:00", "2026-06-02T22:00:00+02:00", "Planner");
    stage.world.roster(&[("1001", "Ann", &[SHIFT, later])]);
    stage.pass().await;
    stage.world.writes();
    stage.at("2026-06-02T14:00:00+02:00").await;
    let writes = stage.world.writes();
    assert!(writes.contains(&"grant Team Planner 1001".to_owned()), "{writes:?}");
    assert_eq!(stage.world.of("1001")[0].permissions.len(), 2);
    let summary = stage.at("2026-06-02T16:00:00+02:00").await;
    assert!(summary.is_whole(), "{summary:?}");
    let writes = stage.world.writes();
    assert!(writes.contains(&"revoke Team Nurse 1001".to_owned()), "{writes:?}");
}

#[tokio::test]
async fn an_account_that_somebody_deleted_is_made_anew() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.lock().accounts.clear();
    stage.world.roster(&[("1001", "Anna", &[SHIFT])]);
    stage.pass().await;
    stage.pass().await;
    assert!(stage.world.is_open("1001"));
    assert_eq!(stage.world.of("1001").len(), 1);
}

#[tokio::test]
async fn apply_carries_out_exactly_the_plan_and_refuses_it_a_second_time() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.roster(&[("1001", "Anna", &[SHIFT])]);
    let plan = stage.plan().await;
    let written = serde_json::to_string(&plan).unwrap();
    let plan = serde_json::from_str(&written).unwrap();
    // What the source says since does not change what is carried out.
    stage.world.roster(&[("1001", "Anne", &[SHIFT])]);
    stage.world.writes();
    let engine = stage.engine().await;
    let summary = engine.apply(&plan, false, &()).await.unwrap();
    assert_eq!(summary.done, 1);
    assert_eq!(stage.world.of("1001")[0].data.text("name").as_deref(), Some("Anna"));
    let refused = engine.apply(&plan, false, &()).await.unwrap_err();
    assert!(refused.is(ErrorKind::Conflict), "{refused}");
    assert!(refused.message().contains("the state moved on"), "{refused}");
    assert_eq!(stage.world.writes(), ["update name 1001"]);
}

#[tokio::test]
async fn apply_refuses_a_plan_of_another_configuration_and_of_the_past() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    let plan = stage.plan().await;
    stage.rewrite(&ON_SHIFT.replace("30m", "45m"));
    let refused = stage.engine().await.apply(&plan, false, &()).await.unwrap_err();
    assert!(refused.message().contains("changed since the plan was made"), "{refused}");
    stage.rewrite(ON_SHIFT);
    stage.go("2026-06-02T16:00:00+02:00");
    let refused = stage.engine().await.apply(&plan, false, &()).await.unwrap_err();
    assert!(refused.message().contains("out of date"), "{refused}");
    assert!(stage.world.writes().is_empty());
}

#[tokio::test]
async fn the_audit_says_who_what_why_and_what_the_system_answered() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.at("2026-06-02T15:30:00+02:00").await;
    let engine = stage.opened(stage.ctx(), Access::Read).await.unwrap();
    let mut lines = Vec::new();
    let mut each = |row: koppel_engine::store::AuditRow| {
        let entry = row.entry;
        lines.push(format!(
            "{} {} {} {} {}",
            entry.at, entry.verb, entry.person, entry.because.rule, entry.because.contract
        ));
        Ok(())
    };
    engine.store().audit(Filter::default(), &mut each).await.unwrap();
    assert_eq!(
        lines,
        [
            "2026-06-02T05:00:00Z create 1001 Employed s1",
            "2026-06-02T05:00:00Z enable 1001 On shift s1",
            "2026-06-02T13:30:00Z disable 1001 On shift s1",
        ]
    );
    assert!(engine.store().verify().await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_linked_account_that_is_open_without_a_shift_is_closed() {
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    assert!(stage.world.is_open("1001"));
    // Another installation, with a state of its own, on a day without a shift.
    let other = Stage { world: stage.world.clone(), ..Stage::new(ON_SHIFT, "2026-06-05T07:00:00+02:00") };
    let summary = other.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(!other.world.is_open("1001"));
    assert!(other.plan().await.is_empty());
}

#[tokio::test]
async fn whether_accounts_may_be_used_is_left_alone_where_no_rule_speaks_of_it() {
    let only_accounts = ON_SHIFT.split("[[rule]]\nname = \"On shift\"").next().unwrap();
    let stage = Stage::new(ON_SHIFT, MORNING);
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    let other = Stage { world: stage.world.clone(), ..Stage::new(only_accounts, "2026-06-05T07:00:00+02:00") };
    other.pass().await;
    assert!(other.world.is_open("1001"));
}
