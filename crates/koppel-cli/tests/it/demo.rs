//! `koppel demo`.

use std::process::Stdio;

use crate::support::World;

const PERSONS: [&str; 4] = ["Fatima el Amrani", "Daan de Vries", "Zoë Janssen", "Henk Bakker"];

/// The demo with a folder of its own for temporary files.
fn demo(world: &World) -> crate::support::Koppel {
    let folder = world.path("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    ["TMPDIR", "TMP", "TEMP"].into_iter().fold(world.koppel(&["demo"]), |command, name| command.env(name, &folder))
}

fn left_behind(world: &World) -> usize {
    std::fs::read_dir(world.path("tmp")).unwrap().count()
}

#[test]
fn the_demo_ends_with_who_has_which_access_and_why() {
    let output = World::empty().koppel(&["demo"]).run().fine();
    let (_, table) = output.stdout.split_once("Who has which access now, and why").unwrap();
    // A row begins with the name and ends with a rule; a cell may have several lines.
    let rows: Vec<&str> = table.split('─').map(str::trim).filter(|row| !row.is_empty()).collect();
    for (name, planning, doors, why) in [
        (PERSONS[0], "account", "open: Zuid", "Permanent"),
        (PERSONS[1], "account", "closed", "shift 1002-2026-06-02-15:00-23:00-Noord-1"),
        (PERSONS[2], "role Planner", "open: Planning", "contract 1003-1"),
        (PERSONS[3], "blocked", "closed", "contract 1004-1"),
    ] {
        let row = rows.iter().find(|row| row.contains(name)).unwrap_or_else(|| panic!("{name}: {table}"));
        let words = row.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [planning, doors, why] {
            assert!(words.contains(part), "{part}: {row}");
        }
    }
    assert!(table.contains("none changed and none missing"), "{table}");
}

#[test]
fn the_demo_tells_who_what_why_and_what_the_system_answered() {
    let world = World::empty();
    let output = demo(&world).run().fine();
    // The port is another one each time, and the requests that find a token shared are too.
    let story =
        output.stdout.lines().filter(|line| !line.starts_with("Stand-in systems") && !line.contains("HTTP requests."));
    insta::assert_snapshot!("demo", world.redact(&story.collect::<Vec<_>>().join("\n")));
    assert_eq!(world.requests(), 0, "it has stand-ins of its own");
    assert!(!world.path("state").exists(), "it leaves nothing behind");
    assert_eq!(left_behind(&world), 0, "its folder is gone");
}

#[test]
fn a_demo_that_nobody_reads_any_more_leaves_nothing_behind() {
    let world = World::empty();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = demo(&world).into_command();
    let mut child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(left_behind(&world), 0, "its folder is gone");
}

#[cfg(unix)]
#[test]
fn a_demo_that_is_stopped_leaves_nothing_behind() {
    let world = World::empty();
    let running = demo(&world).begin();
    let first = running.line();
    assert!(first.starts_with("Koppel demo"), "{first}");
    let status = std::process::Command::new("kill").args(["-TERM", &running.id().to_string()]).status().unwrap();
    assert!(status.success());
    let output = running.finish();
    // It may just have ended when the signal came.
    assert!(output.code == 1 && output.stderr.contains("stopped") || output.code == 0, "{output:#?}");
    assert_eq!(left_behind(&world), 0, "its folder is gone");
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
    // Of 54 hours from 18:00 on: the shift from 15:00 begins after 21, and its doors open an hour before it.
    let place = |style: &str| page.find(style).unwrap_or_else(|| panic!("{style}: {page}"));
    let shift = place("left:38.888");
    assert!(page[shift..].contains("15:00–23:00"), "the shift of the flex worker");
    let doors = place("left:37.037");
    assert!(page[doors..].contains("Noord: Tue 14:00 – Tue 23:30"), "the doors of the flex worker");
    assert!(page.contains("Zuid: before – Tue 08:00"), "the doors of who left");
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

#[test]
fn the_page_about_the_demo_shows_the_file_that_it_runs_on() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap().replace('\r', "");
    let (page, file) = (read("../../docs/demo.md"), read("src/demo/care/koppel.toml"));
    assert!(page.contains(&file), "docs/demo.md shows another koppel.toml than the demo has");
}
