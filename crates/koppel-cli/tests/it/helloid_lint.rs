//! `koppel helloid lint`: one line per finding, and an exit code for scripts.

use std::fs::File;

use serde_json::{Value, json};

use crate::support::{Koppel, Output, World};

fn lint(world: &World, files: &[&str]) -> Output {
    let mut arguments = vec!["helloid".to_owned(), "lint".to_owned()];
    arguments.extend(files.iter().map(|file| world.path(file).to_str().unwrap().to_owned()));
    Koppel::new(&arguments).run()
}

/// The lines of stdout, without the folder of the test.
fn lines(world: &World, output: &Output) -> Vec<String> {
    let folder =
        format!("{}{}", world.path("").display().to_string().trim_end_matches(['/', '\\']), std::path::MAIN_SEPARATOR);
    output.stdout.lines().map(|line| line.replace(&folder, "")).collect()
}

fn mapping(mode: &str, value: &str) -> String {
    let field = json!({"Name": "mail", "Description": "", "Type": "Text", "MappingActions": [{
        "MapForActions": ["Create"], "MappingMode": mode, "Value": Value::from(value).to_string(),
        "UsedInNotifications": false, "StoreInAccountData": false,
    }]});
    format!("{{\"Version\": \"v1\", \"MappingFields\": [\n{field}], \"UniqueFieldNames\": []}}")
}

#[test]
fn a_file_that_is_well_exits_with_0_and_prints_nothing_but_the_count() {
    let world = World::empty();
    world.file("good.json", mapping("Field", "Person.ExternalId"));
    let output = lint(&world, &["good.json"]).exits(0).says_nothing();
    assert_eq!(output.stderr, "0 errors and 0 warnings in 1 file\n");
}

#[test]
fn warnings_exit_with_0_and_errors_with_1() {
    let world = World::empty();
    world.file("warned.json", mapping("Field", "Person.externalId"));
    world.file("wrong.json", mapping("Field", "function f() { return 1; }"));
    world.file("empty.json", "");
    let output = lint(&world, &["warned.json", "empty.json"]).exits(0);
    assert_eq!(
        lines(&world, &output),
        [
            "warned.json:2: warning: field [mail]: reads [Person.externalId], which HelloID spells [Person.ExternalId]; upper and lower case count [wrong-case]",
            "empty.json: warning: the file is empty; nothing is mapped [empty-file]",
        ]
    );
    assert_eq!(output.stderr, "0 errors and 2 warnings in 2 files\n");
    let output = lint(&world, &["wrong.json", "warned.json"]).exits(1);
    assert!(lines(&world, &output)[0].starts_with("wrong.json:2: error: field [mail]: "), "{output:#?}");
    assert_eq!(output.stderr, "1 error and 1 warning in 2 files\n");
}

#[test]
fn what_cannot_be_read_stands_in_the_list_and_the_others_get_their_report() {
    let world = World::empty();
    world.file("wrong.json", "[] x");
    let large = world.path("large.json");
    File::create(&large).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
    std::fs::create_dir(world.path("folder")).unwrap();
    let output = lint(&world, &["nowhere.json", "folder", "large.json", "wrong.json"]).exits(2);
    let lines = lines(&world, &output);
    assert!(lines[0].starts_with("nowhere.json: error: cannot be read: "), "{output:#?}");
    assert_eq!(lines[1], "folder: error: is a folder; name the files in it");
    assert!(lines[2].starts_with("large.json: error: ") && lines[2].contains("16 MiB"), "{output:#?}");
    assert_eq!(lines[3], "wrong.json:1: error: the JSON ends before byte 3, and more follows it [file]");
    assert_eq!(output.stderr, "1 error and 0 warnings in 1 file; 3 files could not be read\n");
}

#[test]
fn broken_bytes_are_an_error_with_their_place() {
    let world = World::empty();
    world.file("utf16.json", b"\xFF\xFE[\0\x00\xD8");
    world.file("latin.json", b"[{\"key\": \"\xE9\"}]");
    let output = lint(&world, &["utf16.json", "latin.json"]).exits(1);
    let lines = lines(&world, &output);
    assert!(lines[0].starts_with("utf16.json: error: ") && lines[0].contains("byte 4"), "{output:#?}");
    assert!(lines[1].starts_with("latin.json: error: ") && lines[1].contains("byte 10"), "{output:#?}");
}

#[test]
fn what_a_file_holds_cannot_move_the_cursor() {
    let world = World::empty();
    let form = json!([{"key": "a\u{1b}[2J\r\u{202e}b", "type": "in\u{7}put", "templateOptions": {"label": "L"}}]);
    world.file("form.json", form.to_string());
    let output = lint(&world, &["form.json"]).exits(0);
    assert_eq!(output.stdout.lines().count(), 1, "{output:#?}");
    assert!(!output.stdout.contains('\u{7}') && !output.stdout.contains('\u{202e}'), "{output:#?}");
    assert!(output.stdout.contains("field [a\\u{1b}[2J\\r\\u{202e}b]"), "{output:#?}");
}

#[test]
fn without_a_file_there_is_nothing_to_check() {
    Koppel::new(&["helloid", "lint"]).run().exits(2).says_nothing();
}
