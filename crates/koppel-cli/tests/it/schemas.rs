//! `koppel schema`, and what the other commands print against it.

use std::fs;
use std::path::{Path, PathBuf};

use koppel_sandbox::Options;
use serde_json::{Value, json};

use crate::support::{DOORS, FILES, Koppel, PLANNING, SOURCE, World, about, document, new_person, new_user};

/// The schemas, written to a folder of the world.
fn written(world: &World) -> PathBuf {
    let folder = world.path("schemas");
    let output = world.koppel(&["schema", "--out", folder.to_str().unwrap()]).run().fine();
    assert_eq!(output.stdout.lines().count(), fs::read_dir(&folder).unwrap().count(), "it prints what it wrote");
    folder
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn check(folder: &Path) -> Koppel {
    Koppel::new(&["schema", "--check", "--out", folder.to_str().unwrap()])
}

#[test]
fn there_is_a_schema_of_every_configuration_and_contract_document() {
    let world = World::empty();
    let folder = written(&world);
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    insta::assert_json_snapshot!("schema_files", names);
    for name in names.iter().filter(|name| name.ends_with(".schema.json")) {
        let schema = read(&folder, name);
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        let described: Value = serde_json::from_str(&world.koppel(&["describe", id]).run().fine().stdout).unwrap();
        assert_eq!(described, read(&folder, &format!("{id}.manifest.json")));
        assert_eq!(described["configSchema"], read(&folder, &format!("{id}.config.schema.json")));
        let schema = jsonschema::validator_for(&read(&folder, "manifest.schema.json")).unwrap();
        assert!(
            schema.is_valid(&described),
            "{:?}",
            schema.iter_errors(&described).map(|e| e.to_string()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_check_passes_until_a_file_is_changed_missing_or_too_many() {
    let world = World::empty();
    let folder = written(&world);
    check(&folder).run().fine().says_nothing();
    let file = folder.join("ipassan-target.manifest.json");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace('\n', "\r\n")).unwrap();
    check(&folder).run().fine();

    let fails = |name: &str| {
        let output = check(&folder).run().exits(1).says_nothing();
        assert!(output.stderr.contains(name) && output.stderr.contains("koppel schema --out"), "{output:#?}");
    };
    fs::write(&file, good.replace("ipassan-target", "ipassan")).unwrap();
    fails("ipassan-target.manifest.json");
    fs::remove_file(&file).unwrap();
    fails("ipassan-target.manifest.json");
    assert!(!file.exists(), "a check writes nothing");
    fs::write(&file, good).unwrap();
    fs::write(folder.join("gone-target.manifest.json"), "{}").unwrap();
    fails("gone-target.manifest.json");
}

#[test]
fn a_check_of_a_folder_that_is_not_there_exits_with_2() {
    let world = World::empty();
    let folder = world.path("nowhere");
    check(&folder).run().exits(2).says_nothing();
    assert!(!folder.exists());
}

#[test]
fn the_schemas_of_the_repository_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let found = fs::read_dir(&folder).map_or(0, Iterator::count);
    let output = check(&folder).run();
    if found == 0 {
        // A checkout in which they were not generated yet: everything is missing, and said to be.
        assert_ne!(output.code, 0);
        return;
    }
    output.fine().says_nothing();
}

#[test]
fn what_goes_in_and_comes_out_keeps_to_the_schemas() {
    let world = World::with(Options::default().persons(12));
    let folder = written(&world);
    let validator = |name: &str| jsonschema::validator_for(&read(&folder, &format!("{name}.schema.json"))).unwrap();
    let keeps = |name: &str, values: &[Value]| {
        assert!(!values.is_empty(), "{name}");
        let schema = validator(name);
        for value in values {
            let errors: Vec<String> =
                schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}: {value:#}");
        }
    };
    let permission = json!({
        "Operation": "grant", "References": {"Account": "1001", "Permission": {"Reference": "Planner"}},
        "personContext": {"Person": {"ExternalId": "1001", "Contracts": [{"ExternalId": "c1", "Division": {"Name": "Noord"}, "Context": {"InConditions": true}}]}},
    });
    let steps = [
        (PLANNING, "create", world.document(PLANNING, &new_user("1001"))),
        (PLANNING, "create", world.document(PLANNING, &new_user("1001"))),
        (PLANNING, "update", world.document(PLANNING, &about(&json!("1001"), &json!({"lastName": "Bakker"})))),
        (PLANNING, "permissions", world.document(PLANNING, &json!({}))),
        (PLANNING, "sub-permissions", world.document(PLANNING, &permission)),
        (PLANNING, "uniqueness", world.document(PLANNING, &about(&Value::Null, &json!({"username": "1001"})))),
        (PLANNING, "delete", world.document(PLANNING, &about(&json!("1001"), &json!({})))),
        (DOORS, "create", world.document(DOORS, &new_person("1001"))),
        (DOORS, "disable", world.document(DOORS, &about(&json!("nobody"), &json!({})))),
        (DOORS, "update", world.document(DOORS, &about(&Value::Null, &json!({})))),
        (DOORS, "create", document(&json!({}), &new_person("1001"))),
    ];
    for (id, action, input) in steps {
        keeps("action-input", std::slice::from_ref(&input));
        keeps("action-output", &world.run(id, action, &input).lines());
    }
    for id in [PLANNING, DOORS] {
        keeps("import-account", &world.run(id, "import-accounts", &world.document(id, &json!({}))).fine().lines());
        let schema = jsonschema::validator_for(&read(&folder, &format!("{id}.config.schema.json"))).unwrap();
        assert!(schema.is_valid(&world.config(id)));
    }
    for action in ["import-permissions", "import-sub-permissions"] {
        keeps("import-permission", &world.run(PLANNING, action, &world.document(PLANNING, &json!({}))).fine().lines());
    }
    keeps("source-person", &world.with_config("persons", SOURCE, &world.config(SOURCE)).run().exits(0).lines());
    keeps("source-department", &world.with_config("departments", SOURCE, &world.config(SOURCE)).run().fine().lines());
}
