//! What the engine's commands are asked, and what they refuse.

use super::{Care, DAY};
use crate::support::Koppel;

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_meant() {
    let rfc = "such as 2026-06-02T14:00:00+02:00";
    for (arguments, expected) in [
        (&["plan"][..], "--config"),
        (&["plan", "-c", "koppel.toml", "--at", "2026-06-02 14:00"], rfc),
        (&["plan", "-c", "koppel.toml", "--at", "2026-06-02T14:00:00"], rfc),
        (&["sync", "-c", "koppel.toml"], "--once"),
        (&["sync", "-c", "koppel.toml", "--once", "--every", "5m"], "cannot be used with"),
        (&["sync", "-c", "koppel.toml", "--every", "5m", "--at", DAY], "cannot be used with"),
        (&["sync", "-c", "koppel.toml", "--every", "5"], "such as 30s, 5m or 1h"),
        (&["sync", "-c", "koppel.toml", "--every", "25h"], "from 1s to 24h"),
        (&["audit"], "--config"),
        (&["audit", "verify"], "--config"),
        (&["audit", "-c", "koppel.toml", "--json", "--csv"], "cannot be used with"),
        (&["audit", "-c", "koppel.toml", "--at", "yesterday"], rfc),
        (&["apply"], "plan.json"),
    ] {
        let output = Koppel::new(arguments).run().exits(2).says_nothing();
        assert!(output.stderr.contains(expected), "{arguments:?}: {output:#?}");
    }
}

#[test]
fn every_fault_of_the_file_is_told_with_its_line_and_column() {
    let care = Care::new();
    care.world.file(
        "koppel.toml",
        r#"[state]
url = "mysql:koppel"

[[source]]
name = "hr"
conector = "csv-source"

[[rule]]
name = "Zorg"
when = { "Title.Name" = ["Verpleegkundige"] }
window = { before = "soon" }
grant = ["doors:account"]
"#,
    );
    for command in [&["plan"][..], &["audit"], &["audit", "verify"], &["sync", "--once"], &["sync", "--every", "5m"]] {
        let output = care.koppel(command, &[]).run().exits(2).says_nothing();
        let faults = output.stderr.lines().filter(|line| line.contains("koppel.toml:")).count();
        assert!(faults >= 4, "{output:#?}");
    }
    let output = care.koppel(&["plan"], &[]).run().exits(2);
    insta::assert_snapshot!("faults", care.world.redact(&output.stderr));
    let log = care.koppel(&["plan"], &["--log-format", "json"]).run().exits(2).json_log();
    assert!(log.iter().all(|line| line["level"] == "ERROR"), "{log:?}");
    assert!(!care.path("koppel.db").exists());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = Koppel::new(&["plan", "-c", "no-such-koppel.toml"]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("no-such-koppel.toml"), "{output:#?}");
}

#[test]
fn a_plan_that_cannot_be_written_is_refused_before_anything_is_read() {
    let care = Care::new();
    for option in ["--out", "--report"] {
        let file = care.path("no/such/folder/plan");
        let output = care.koppel(&["plan"], &[option, file.to_str().unwrap()]).run().exits(2).says_nothing();
        assert!(output.stderr.contains("no/such/folder/plan"), "{output:#?}");
    }
    assert_eq!(care.world.requests(), 0);
}
