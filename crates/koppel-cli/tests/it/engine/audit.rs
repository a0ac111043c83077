//! `koppel audit`.

use super::{Care, DAY, NIGHT};

#[test]
fn the_audit_says_what_was_done_and_why() {
    let care = Care::new();
    let nothing = care.koppel(&["audit"], &[]).run().fine();
    assert_eq!(nothing.stdout, "nothing was done yet\n");
    care.sync(DAY).run().exits(0);
    let table = care.koppel(&["audit"], &["--person", "1001"]).run().fine().stdout;
    for part in ["2026-06-02 14:00:00", "(1001)", "deuren", "create", "enable", "Zorg op dienst", "dienst-1"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("1003"), "{table}");
    let lines = care.koppel(&["audit"], &["--json"]).run().fine().lines();
    assert_eq!(lines.iter().map(|line| line["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let csv = care.koppel(&["audit"], &["--csv"]).run().fine().stdout;
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(csv.starts_with("seq,at,recorded,target,person,"), "{csv}");
    let nobody = care.koppel(&["audit"], &["--person", "4711"]).run().fine().stdout;
    assert!(nobody.contains("4711"), "{nobody}");
}

#[test]
fn the_audit_knows_which_access_a_person_had_at_a_moment_and_why() {
    // One person after the other, so that the numbers of the entries are the same each time.
    let care = Care::with("concurrency = 1");
    care.sync(DAY).run().exits(0);
    care.sync(NIGHT).run().exits(0);
    let at = |at: &str, more: &[&str]| {
        care.koppel(&["audit"], &["--person", "1003", "--at", at]).arguments(more).run().fine()
    };
    let during = at("2026-06-02T20:00:00+02:00", &["--json"]).lines();
    let access = during.iter().find(|line| line["entitlement"] == "access").unwrap_or_else(|| panic!("{during:?}"));
    assert_eq!(access["target"], "deuren");
    assert_eq!(access["because"]["rule"], "Zorg op dienst");
    assert_eq!(access["because"]["contract"], "dienst-3");
    assert_eq!(access["since"], "2026-06-02T12:00:00Z");
    insta::assert_snapshot!("audit_at", care.world.redact(&at("2026-06-02T20:00:00+02:00", &[]).stdout));
    for moment in ["2026-06-02T13:00:00+02:00", "2026-06-03T08:00:00+02:00"] {
        let held = at(moment, &["--json"]).lines();
        assert!(!held.iter().any(|line| line["entitlement"] == "access"), "{moment}: {held:?}");
    }
    let everybody = care.koppel(&["audit"], &["--at", "2026-06-02T20:00:00+02:00", "--csv"]).run().fine().stdout;
    assert!(everybody.contains("1001,") && everybody.contains("1003,"), "{everybody}");
}

#[test]
fn an_entry_that_was_changed_is_found() {
    let care = Care::new();
    care.sync(DAY).run().exits(0);
    let whole = care.koppel(&["audit", "verify"], &[]).run().fine().stdout;
    assert!(whole.starts_with("ok: 4 entries"), "{whole}");
    let file = care.path("koppel.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let (was, is) = (b"Zorg op dienst", b"Zorg op verlof");
    let places: Vec<usize> =
        bytes.windows(was.len()).enumerate().filter(|(_, part)| part == was).map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "the state is in the file");
    for place in places {
        bytes[place..place + is.len()].copy_from_slice(is);
    }
    std::fs::write(&file, bytes).unwrap();
    let output = care.koppel(&["audit", "verify"], &[]).run().exits(1);
    assert!(output.stdout.lines().count() > 0, "{output:#?}");
    assert!(output.stderr.contains("the audit log was changed"), "{output:#?}");
}
