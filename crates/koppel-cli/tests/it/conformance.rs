//! `koppel conformance`: what it lists, runs, writes and refuses.

use std::fs;

use koppel_sandbox::CANARY;
use serde_json::Value;

use crate::support::{DOORS, FILES, Koppel, PLANNING, SOURCE, World};

fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |verdict: &Value, name: &str| verdict[name].as_str().unwrap().to_owned();
    report["verdicts"].as_array().unwrap().iter().map(|v| (text(v, "id"), text(v, "verdict"))).collect()
}

#[test]
fn the_list_names_every_check_with_what_it_needs() {
    let listed = Koppel::new(&["conformance", DOORS, "--list"]).run().fine().stdout;
    for id in ["create.correlates", "fault.cut-after", "source.contracts.dated", "secret.nowhere"] {
        assert!(listed.contains(id), "{id} is not in {listed}");
    }
    assert!(listed.contains("create, import-accounts"));
}

#[test]
fn the_checks_of_a_family_pass_on_the_stand_in_and_are_reported_in_every_form() {
    let world = World::empty();
    let files = ["r.json", "r.xml", "r.html"].map(|name| world.path(name));
    let mut arguments = vec!["conformance", DOORS, "--check", "create", "--check", "permission.grant"];
    for file in &files {
        arguments.extend(["--report", file.to_str().unwrap()]);
    }
    let output = world.koppel(&arguments).run().fine();
    assert!(output.stdout.contains("6 passed, 0 failed, 0 waived, 0 skipped, 1 not applicable"), "{}", output.stdout);
    let [json, xml, html] = files.map(|file| fs::read_to_string(file).unwrap());
    let found = verdicts(&serde_json::from_str(&json).unwrap());
    assert_eq!(found.len(), 7);
    assert!(found.contains(&("permission.grant".to_owned(), "notApplicable".to_owned())));
    assert!(xml.contains(r#"tests="7" failures="0""#) && html.contains("<code>create.correlates</code>"));
    for text in [json, xml, html, output.stderr] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn the_connectors_pass_through_the_binary_as_well() {
    for (id, family) in [
        (DOORS, "update"),
        (PLANNING, "permission"),
        (SOURCE, "source"),
        (FILES, "source.contracts"),
        (FILES, "connect"),
    ] {
        let output = World::empty().koppel(&["conformance", id, "--binary", "--check", family]).run().fine();
        assert!(output.stdout.contains(" 0 failed, 0 waived, 0 skipped, "), "{}", output.stdout);
    }
}

#[test]
fn a_failure_exits_with_1_and_a_waiver_reports_it_with_its_reason() {
    let world = World::empty();
    let scenario = world.file("scenario.json", r#"{"wrongCredentials": {"nothing": "wrong"}}"#);
    let base = ["conformance", DOORS, "--check", "connect.wrong-credentials", "--scenario", scenario.to_str().unwrap()];
    let failed = world.koppel(&base).run().exits(1);
    assert!(failed.stdout.contains("1 failed") && failed.stdout.contains("a wrong [nothing]"), "{}", failed.stdout);
    let waived = [&base[..], &["--waive", "connect.wrong-credentials=the key is of tomorrow"]].concat();
    let waived = world.koppel(&waived).run().fine();
    assert!(
        waived.stdout.contains("1 waived") && waived.stdout.contains("the key is of tomorrow"),
        "{}",
        waived.stdout
    );
}

#[test]
fn a_read_only_run_skips_what_changes_data() {
    let output = World::empty().koppel(&["conformance", DOORS, "--read-only", "--check", "update"]).run().fine();
    assert!(output.stdout.contains("0 passed, 0 failed, 0 waived, 5 skipped"), "{}", output.stdout);
}

#[test]
fn wrong_usage_exits_with_2_before_anything_is_run() {
    let world = World::empty();
    for (arguments, expected) in [
        (&["conformance", "afas-source"][..], "there is no connector [afas-source]"),
        (&["conformance", DOORS, "--check", "nothing"], "no check is called nothing"),
        (&["conformance", DOORS, "--waive", "nothing=x"], "no check is called [nothing]"),
        (&["conformance", DOORS, "--waive", "create"], "an equals sign and a reason"),
        (&["conformance", DOORS, "--report", "x.pdf"], "ends in none of"),
        (&["conformance", DOORS, "--replay", "nowhere.json"], "cannot read nowhere.json"),
    ] {
        let output = world.koppel(arguments).run().exits(2);
        assert!(output.stderr.contains(expected), "{arguments:?}: {output:#?}");
    }
}
