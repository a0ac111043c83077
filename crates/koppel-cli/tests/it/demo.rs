//! `koppel demo`.

use crate::support::World;

const PERSONS: [&str; 4] = ["Fatima el Amrani", "Daan de Vries", "Zoë Janssen", "Henk Bakker"];

#[test]
fn the_demo_ends_with_who_has_which_access_and_why() {
    let output = World::empty().koppel(&["demo"]).run().fine();
    let (_, table) = output.stdout.split_once("Who has which access now, and why").unwrap();
    for (name, planning, doors, why) in [
        (PERSONS[0], "account", "open: Zuid", "Permanent"),
        (PERSONS[1], "account", "closed", "no shift now"),
        (PERSONS[2], "role Planner", "open: Planning", "contract Planner since"),
        (PERSONS[3], "blocked", "closed", "Left"),
    ] {
        let row = table.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {table}"));
        for part in [planning, doors, why] {
            assert!(row.contains(part), "{part}: {row}");
        }
    }
}

#[test]
fn the_demo_tells_who_what_why_and_what_the_system_answered() {
    let world = World::empty();
    let output = world.koppel(&["demo"]).run().fine();
    // The port is another one each time, and the requests that find a token shared are too.
    let story =
        output.stdout.lines().filter(|line| !line.starts_with("Stand-in systems") && !line.ends_with("HTTP requests."));
    insta::assert_snapshot!("demo", world.redact(&story.collect::<Vec<_>>().join("\n")));
    assert_eq!(world.requests(), 0, "it has stand-ins of its own");
    assert!(!world.path("state").exists(), "it leaves nothing behind");
}

#[test]
fn the_report_is_one_page_that_needs_nothing_else() {
    let world = World::empty();
    let file = world.path("report.html");
    let output = world.koppel(&["demo", "--report", file.to_str().unwrap()]).run().fine();
    assert!(output.stdout.contains("report.html"), "{output:#?}");
    let page = std::fs::read_to_string(&file).unwrap();
    for reference in ["http://", "https://", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(reference), "the page refers to something by {reference}");
    }
    for name in PERSONS {
        assert!(page.matches(name).count() >= 3, "{name} stands in the timeline and both tables");
        assert!(page.contains(&format!("Timeline of {name}")));
    }
    assert!(page.contains("15:00-23:00 Laat"), "the shift of the flex worker");
    assert!(page.trim_start().starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(!page.contains("canary-"));
    let files: Vec<_> =
        std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["report.html"], "one file");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_story_begins() {
    let world = World::empty();
    let file = world.path("no/such/folder/report.html");
    let output = world.koppel(&["demo", "--report", file.to_str().unwrap()]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("report.html"), "{output:#?}");
}
