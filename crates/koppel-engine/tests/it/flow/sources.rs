//! Sources that are down, and sources that lose persons.

use koppel_engine::plan::Freshness;

use super::{ON_SHIFT, Stage, short};

const SHIFT: (&str, &str, &str, &str) = ("s1", "2026-06-02T09:00:00+02:00", "2026-06-02T15:00:00+02:00", "Nurse");

#[tokio::test]
async fn a_source_that_is_down_for_a_while_still_counts_as_it_was_read() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T07:45:00+02:00");
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.lock().down = Some("the roster is being updated".to_owned());
    let summary = stage.at("2026-06-02T08:00:00+02:00").await;
    assert!(stage.world.is_open("1001"), "what was read a quarter of an hour ago is good enough");
    assert!(summary.troubles[0].contains("still counts"), "{summary:?}");
    assert!(summary.troubles[0].contains("the roster is being updated"), "{summary:?}");
}

#[tokio::test]
async fn on_data_that_is_too_old_access_neither_opens_nor_closes_and_it_says_so() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T08:30:00+02:00");
    let late = ("s2", "2026-06-02T16:00:00+02:00", "2026-06-02T23:00:00+02:00", "Nurse");
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[late])]);
    stage.pass().await;
    assert!(stage.world.is_open("1001"));
    stage.world.writes();
    stage.world.lock().down = Some("the roster is gone".to_owned());
    let summary = stage.at("2026-06-02T15:45:00+02:00").await;
    assert!(stage.world.writes().is_empty());
    assert!(stage.world.is_open("1001"), "it is not known whether the shift was made longer");
    assert!(!stage.world.is_open("1002"), "it is not known whether the shift was cancelled");
    assert_eq!(summary.blocked, 2);
    assert!(summary.troubles[0].contains("too old"), "{summary:?}");
    let plan = stage.plan().await;
    assert_eq!(plan.sources[0].state, Freshness::Stale);
    let reasons: Vec<_> = plan.blocked.iter().map(|blocked| blocked.reason.as_str()).collect();
    assert!(reasons.iter().all(|reason| reason.contains("source [roster]")), "{reasons:?}");

    stage.world.lock().down = None;
    let summary = stage.pass().await;
    assert!(summary.is_whole(), "{summary:?}");
    assert!(!stage.world.is_open("1001"));
    assert!(stage.world.is_open("1002"));
}

#[tokio::test]
async fn the_age_that_counts_is_configured() {
    let toml = ON_SHIFT.replace("connector = \"roster-source\"", "connector = \"roster-source\"\nmax_age = \"10m\"");
    let stage = Stage::new(&toml, "2026-06-02T07:45:00+02:00");
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.lock().down = Some("down".to_owned());
    stage.at("2026-06-02T08:00:00+02:00").await;
    assert!(!stage.world.is_open("1001"), "a quarter of an hour is too old now");
}

#[tokio::test]
async fn a_source_that_never_could_be_read_takes_nothing_from_anybody() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T08:30:00+02:00");
    stage.world.lock().down = Some("not yet installed".to_owned());
    let summary = stage.pass().await;
    assert_eq!(summary.done, 0);
    assert!(summary.troubles[0].contains("never gave anything"), "{summary:?}");
}

#[tokio::test]
async fn a_source_that_suddenly_gives_nobody_is_stopped() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T08:30:00+02:00");
    stage.world.roster(&[("1001", "Ann", &[SHIFT])]);
    stage.pass().await;
    stage.world.roster(&[]);
    stage.world.writes();
    let summary = stage.pass().await;
    assert!(!summary.is_whole());
    assert!(stage.world.writes().is_empty());
    let plan = stage.plan().await;
    assert!(short(&plan).is_empty());
    assert_eq!((plan.thresholds[0].kind.as_str(), plan.thresholds[0].count), ("persons.removed", 1));
    let approved = stage.engine().await.sync_once(None, true, &()).await.unwrap();
    assert_eq!(approved.done, 1);
    assert!(!stage.world.is_open("1001"));
}

#[tokio::test]
async fn a_source_threshold_stops_the_import_and_the_others_go_on() {
    let toml = ON_SHIFT.replace(
        "connector = \"roster-source\"",
        "connector = \"roster-source\"\nthresholds = { \"persons.removed\" = 2 }",
    );
    let stage = Stage::new(&toml, "2026-06-02T08:30:00+02:00");
    let all = ["1001", "1002", "1003"].map(|number| (number, "Ann", [SHIFT]));
    let roster = |left: usize| {
        let persons: Vec<_> =
            all.iter().take(left).map(|(number, name, shifts)| (*number, *name, &shifts[..])).collect();
        stage.world.roster(&persons);
    };
    roster(3);
    stage.pass().await;
    roster(1);
    let summary = stage.pass().await;
    assert!(summary.troubles[0].contains("persons.removed = 2"), "{summary:?}");
    assert!(stage.world.is_open("1003"));
    roster(2);
    assert!(stage.pass().await.is_whole());
    assert!(!stage.world.is_open("1003"));
}

#[tokio::test]
async fn somebody_whose_key_cannot_be_read_any_more_is_blocked_and_not_gone() {
    let stage = Stage::new(ON_SHIFT, "2026-06-02T08:30:00+02:00");
    stage.world.roster(&[("1001", "Ann", &[SHIFT]), ("1002", "Ben", &[SHIFT])]);
    stage.pass().await;
    stage.world.writes();
    let mapping = r#"{"personMappings": [
        {"mode": "complex", "name": "ExternalId", "value": "function id() { return source.name === 'Ann' ? nothing() : source.ExternalId; } id();"},
        {"mode": "field", "name": "Name.NickName", "value": "name"},
        {"mode": "fixed", "name": "Name.Convention", "value": "B"}
    ], "contractMappings": [
        {"mode": "field", "name": "ExternalId", "value": "id"},
        {"mode": "field", "name": "StartDate", "value": "start"},
        {"mode": "field", "name": "EndDate", "value": "end"},
        {"mode": "field", "name": "Title.Name", "value": "title"}
    ]}"#;
    std::fs::write(stage.folder.path().join("mapping.json"), mapping).unwrap();
    stage.rewrite(&ON_SHIFT.replace("name = \"roster\"", "name = \"roster\"\nmapping = \"mapping.json\""));
    let plan = stage.plan().await;
    assert!(plan.is_empty(), "{:?}", short(&plan));
    assert!(
        plan.warnings.iter().any(|warning| warning.contains("1001") && warning.contains("takes no part")),
        "{:?}",
        plan.warnings
    );
    stage.pass().await;
    assert!(stage.world.is_open("1001"));
}
