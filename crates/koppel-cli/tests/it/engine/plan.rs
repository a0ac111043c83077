//! `koppel plan`.

use serde_json::{Value, json};

use super::{Care, DAY};

#[test]
fn a_plan_says_per_target_who_what_why_and_what_comes_next_and_changes_nothing() {
    let care = Care::new();
    let output = care.koppel(&["plan"], &["--at", DAY]).run().fine();
    insta::assert_snapshot!("plan", care.redact(&output.stdout));
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 120), "no line is too wide for a log");
    assert_eq!((care.world.writes(), care.accounts()), (0, 0));
    assert!(!care.path("koppel.db").exists(), "not even an empty state is made");
}

#[test]
fn the_document_of_a_plan_has_the_same_on_stdout_and_in_the_file() {
    let care = Care::new();
    let file = care.path("plan.json");
    let at = ["--at", DAY, "--json", "--out", file.to_str().unwrap()];
    let printed = care.koppel(&["plan"], &at).run().fine().lines();
    let [plan] = printed.as_slice() else { panic!("{printed:?}") };
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(*plan, written);
    assert_eq!(plan["at"], DAY);
    assert_eq!(plan["blocked"], json!([]));
    let actions: Vec<[&str; 4]> = plan["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| {
            let because = &action["because"];
            [&action["person"], &action["action"], &because["rule"], &because["contract"]].map(|v| v.as_str().unwrap())
        })
        .collect();
    let rule = "Zorg op dienst";
    assert_eq!(
        actions,
        [
            ["1001", "create", rule, "dienst-1"],
            ["1001", "enable", rule, "dienst-1"],
            ["1003", "create", rule, "dienst-3"],
            ["1003", "enable", rule, "dienst-3"],
        ]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "it holds personal data");
    }
}

#[test]
fn the_page_is_one_file_that_needs_nothing_else_and_shows_shifts_against_access() {
    let care = Care::new();
    let persons = super::PERSONS.replace("Sanne", "<script>alert(1)</script>");
    care.world.file("persons.csv", persons);
    let file = care.path("plan.html");
    care.koppel(&["plan"], &["--at", DAY, "--report", file.to_str().unwrap()]).run().fine();
    let page = std::fs::read_to_string(&file).unwrap();
    for reference in ["http://", "https://", "src=", "href=", "@import", "url(", "<script"] {
        assert!(!page.contains(reference), "the page refers to something by {reference}");
    }
    assert!(page.trim_start().starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for part in ["Plan for Tue 2 Jun 2026 14:00", "Timeline of Noor Jansen", "Zorg op dienst", "dienst-3", "Europe"] {
        assert!(page.contains(part), "{part}");
    }
    // 14:00 of two days is at 29.167 %; the shift of 15:00-23:00 begins an hour later, and its access at 14:00.
    assert!(page.contains("--now-at:29.167%"));
    assert!(page.contains("left:31.25%;width:16.667%"), "the shift of Noor");
    assert!(page.contains("left:29.167%;width:19.791%"), "her access, an hour before to half an hour after");
    assert!(!page.contains("canary-"));
}

#[test]
fn a_plan_that_a_threshold_stops_says_so_and_exits_with_1() {
    let care = Care::with("thresholds = { \"account.grant\" = 2 }");
    let file = care.path("plan.html");
    let output = care.koppel(&["plan"], &["--at", DAY, "--report", file.to_str().unwrap()]).run().exits(1);
    for part in ["Not done: 2 create", "account.grant", "Thresholds that are reached"] {
        assert!(output.stdout.contains(part), "{part}: {output:#?}");
    }
    assert!(output.stderr.contains("--approve"), "{output:#?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("deuren: account.grant"));
    let plan = care.koppel(&["plan"], &["--at", DAY, "--json"]).run().exits(1).lines().remove(0);
    let schemas = care.path("schemas");
    care.world.koppel(&["schema", "--out", schemas.to_str().unwrap()]).run().fine();
    let schema = std::fs::read(schemas.join("plan.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let faults: Vec<_> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&plan).map(|e| e.to_string()).collect();
    assert!(faults.is_empty(), "the plan is what its schema says: {faults:?}");
    assert_eq!(plan["thresholds"][0]["kind"], "account.grant");
}

#[test]
fn a_source_that_cannot_be_read_stands_in_the_plan_and_exits_with_1() {
    let care = Care::new();
    care.sync(DAY).run().exits(0);
    std::fs::remove_file(care.path("persons.csv")).unwrap();
    let output = care.koppel(&["plan"], &["--at", DAY]).run().exits(1);
    assert!(output.stdout.contains("persons.csv"), "{output:#?}");
    assert!(output.stderr.contains("hr"), "{output:#?}");
}
