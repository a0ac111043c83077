//! `koppel apply` and `koppel sync`.

use serde_json::json;

use super::{Care, DAY, NIGHT};

#[test]
fn a_sync_says_each_answer_and_what_follows_is_an_empty_plan() {
    let care = Care::new();
    let output = care.sync(DAY).run().exits(0);
    let mut lines: Vec<String> = output.stdout.lines().map(|line| care.world.redact(line)).collect();
    // Persons are carried out side by side.
    lines.sort();
    insta::assert_snapshot!("sync", lines.join("\n"));
    assert!(output.stderr.contains("4 done, 0 failed, 0 blocked"), "{output:#?}");
    assert_eq!(care.accounts(), 2);
    let nothing = care.koppel(&["plan"], &["--at", DAY]).run().fine();
    assert_eq!(nothing.stdout.lines().count(), 1, "{nothing:#?}");
    assert!(nothing.stdout.contains("nothing to do"), "{nothing:#?}");
    let before = care.world.writes();
    let again = care.sync(DAY).run().exits(0).says_nothing();
    assert!(again.stderr.contains("0 done"), "{again:#?}");
    assert_eq!(care.world.writes(), before);
}

#[test]
fn each_answer_is_a_json_line_where_that_is_asked_for() {
    let care = Care::new();
    let lines = care.koppel(&["sync"], &["--once", "--at", DAY, "--json"]).run().exits(0).lines();
    let mut told: Vec<_> = lines.iter().map(|line| (&line["person"], &line["action"], &line["success"])).collect();
    told.sort_by_key(|(person, action, _)| (person.to_string(), action.to_string()));
    let yes = json!(true);
    assert_eq!(
        told,
        [
            (&json!("1001"), &json!("create"), &yes),
            (&json!("1001"), &json!("enable"), &yes),
            (&json!("1003"), &json!("create"), &yes),
            (&json!("1003"), &json!("enable"), &yes),
        ]
    );
}

#[test]
fn a_plan_is_carried_out_as_it_stands_in_the_file_and_only_once() {
    let care = Care::new();
    let file = care.path("plan.json");
    let plan = ["--at", DAY, "--out", file.to_str().unwrap()];
    let shown = care.koppel(&["plan"], &plan).run().fine();
    assert!(shown.stdout.contains("koppel apply"), "{shown:#?}");
    let apply = || care.world.koppel(&["apply", file.to_str().unwrap()]);
    let output = apply().run().exits(0);
    assert_eq!((output.stdout.lines().count(), care.accounts()), (4, 2));
    let before = care.world.requests();
    let refused = apply().run().exits(1).says_nothing();
    assert!(refused.stderr.contains("the state moved on since the plan was made"), "{refused:#?}");
    assert_eq!(care.world.requests(), before, "nothing was sent");
}

#[test]
fn a_plan_is_refused_when_the_file_behind_it_changed() {
    let care = Care::new();
    let file = care.path("plan.json");
    care.koppel(&["plan"], &["--at", DAY, "--out", file.to_str().unwrap()]).run().fine();
    care.rewrite("concurrency = 2");
    let refused = care.world.koppel(&["apply", file.to_str().unwrap()]).run().exits(1).says_nothing();
    assert!(refused.stderr.contains("koppel.toml") && refused.stderr.contains("changed"), "{refused:#?}");
    assert_eq!(care.accounts(), 0);
}

#[test]
fn what_a_threshold_stops_is_done_with_approve() {
    let care = Care::with("thresholds = { \"account.grant\" = 2 }");
    let stopped = care.sync(DAY).run().exits(1);
    assert!(stopped.stderr.contains("account.grant") && stopped.stderr.contains("blocked"), "{stopped:#?}");
    assert_eq!(care.accounts(), 0);
    care.sync(DAY).arguments(&["--approve"]).run().exits(0);
    assert_eq!(care.accounts(), 2);
}

#[test]
fn an_action_that_fails_is_told_and_exits_with_1_and_the_others_are_done() {
    let care = Care::new();
    care.world.faults("ipassan:POST person:400");
    let output = care.sync(DAY).run().exits(1);
    assert!(output.stdout.contains("FAILED"), "{output:#?}");
    assert!(output.stderr.contains("1 failed"), "{output:#?}");
    assert_eq!(care.accounts(), 1);
}

#[test]
fn a_file_that_is_no_plan_exits_with_2_and_names_the_place() {
    let care = Care::new();
    let file = care.world.file("plan.json", "{\n  \"id\": 7\n}");
    let output = care.world.koppel(&["apply", file.to_str().unwrap()]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("plan.json:2:9: is no plan: "), "{output:#?}");
    let output = care.world.koppel(&["apply", "no-such-plan.json"]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("no-such-plan.json"), "{output:#?}");
}

#[test]
fn a_shift_that_ended_closes_the_doors() {
    let care = Care::new();
    care.sync(DAY).run().exits(0);
    let lines = care.sync(NIGHT).run().exits(0).stdout;
    assert!(lines.contains("disable"), "{lines}");
    assert!(care.koppel(&["plan"], &["--at", NIGHT]).run().fine().stdout.contains("nothing to do"));
}

#[cfg(unix)]
#[test]
fn sigterm_ends_what_runs_on_with_a_clean_state() {
    let care = Care::new();
    // A contract of today, whatever day it is: what runs on goes by the clock.
    care.world.file(
        "contracts.csv",
        "PersonExternalId;ExternalId;StartDate;EndDate;Title.Name\n\
         1001;1001-1;01-01-2020;;Verpleegkundige\n1003;1003-1;01-01-2020;;Verzorgende\n",
    );
    let running = care.koppel(&["sync"], &["--every", "1h"]).begin();
    let first = running.line();
    assert!(first.contains("create"), "{first}");
    let status = std::process::Command::new("kill").args(["-TERM", &running.id().to_string()]).status().unwrap();
    assert!(status.success());
    let output = running.finish().exits(0);
    assert!(output.stderr.contains("stopping"), "{output:#?}");
    care.koppel(&["audit", "verify"], &[]).run().fine();
    care.koppel(&["sync"], &["--once"]).run().exits(0);
    assert_eq!(care.accounts(), 2);
    assert!(care.koppel(&["plan"], &[]).run().fine().stdout.contains("nothing to do"));
}
