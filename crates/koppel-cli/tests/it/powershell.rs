//! What PowerShell makes of the contexts, through the binary: every spelling of a document gives the same answer.

use serde_json::{Map, Value, json};

use crate::support::{DOORS, Output, PLANNING, World, about, document, merged, new_person, new_user};

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
}

/// All property names in another case; values stay.
fn renamed(value: &Value, case: fn(&str) -> String) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (case(key), renamed(value, case))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, case)).collect(),
        other => other.clone(),
    }
}

/// A world in which the person exists, the input that links it, and the answer to that.
fn linked(world: &World) -> (Value, Value) {
    let input = world.document(DOORS, &new_person("Zoë 1001"));
    world.run(DOORS, "create", &input).fine();
    let answer = world.run(DOORS, "create", &input).fine().answer();
    assert_eq!(answer.0["AccountCorrelated"], true);
    (input, answer.0)
}

fn run_bytes(world: &World, id: &str, action: &str, bytes: Vec<u8>) -> Output {
    world.koppel(&["run", id, action]).input(bytes).run()
}

#[test]
fn every_encoding_that_powershell_pipes_is_read() {
    let world = World::empty();
    let (input, expected) = linked(&world);
    let text = serde_json::to_string_pretty(&input).unwrap().replace('\n', "\r\n");
    for (name, bytes) in [
        ("plain", text.clone().into_bytes()),
        ("UTF-8 with a mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16 LE", utf16(&text, u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&text, u16::to_be_bytes)),
        ("escaped to ASCII", text.replace('ë', "\\u00eb").into_bytes()),
        ("a line end behind it", format!("{text}\r\n\r\n").into_bytes()),
    ] {
        assert_eq!(run_bytes(&world, DOORS, "create", bytes).fine().answer().0, expected, "{name}");
    }
    let file = world.file("utf16.json", utf16(&text, u16::to_le_bytes));
    let output = world.koppel(&["run", DOORS, "create", "--input", file.to_str().unwrap()]).run().fine();
    assert_eq!(output.answer().0, expected, "a file of Out-File");
}

#[test]
fn the_case_of_property_names_does_not_matter() {
    let world = World::empty();
    let (input, expected) = linked(&world);
    for case in [str::to_lowercase as fn(&str) -> String, str::to_uppercase] {
        let other = renamed(&input, case);
        assert_ne!(other, input);
        let answer = world.run(DOORS, "create", &other).fine().answer().0;
        // Data answers by the names it was asked with, or by the system's: either way with the same values.
        let fold = |value: &Value| renamed(value, str::to_lowercase);
        assert_eq!(fold(&answer), fold(&expected));
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(keys, expected.as_object().unwrap().keys().collect::<Vec<_>>(), "the answer has the canonical case");
    }
    let mut permission = world.document(PLANNING, &new_user("1001"));
    world.run(PLANNING, "create", &permission).fine();
    permission["actionContext"] = merged(
        permission["actionContext"].clone(),
        &json!({"Operation": "GRANT", "References": {"Account": "1001", "Permission": {"Reference": "Planner"}}}),
    );
    permission["personContext"] = json!({"Person": {"ExternalId": "1001", "Contracts": [
        {"ExternalId": "c1", "Division": {"Name": "Noord"}, "Context": {"InConditions": true}},
    ]}});
    let answer = world.run(PLANNING, "sub-permissions", &renamed(&permission, str::to_lowercase)).fine().answer();
    assert_eq!(answer.0["SubPermissions"][0]["Reference"]["Id"], "Planner&&Planner Noord");
}

#[test]
fn a_guid_that_came_with_its_properties_is_the_account_reference() {
    let world = World::empty();
    let reference = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).fine().answer().reference();
    let wrapped = json!({"value": reference, "Guid": reference});
    let answer = world
        .run(DOORS, "update", &world.document(DOORS, &about(&wrapped, &json!({"lastname": "Bakker"}))))
        .fine()
        .answer();
    assert_eq!(answer.actions(), ["UpdateAccount"]);
    assert_eq!(world.sandbox.ipassan().person(reference.as_str().unwrap()).unwrap().lastname, "Bakker");
}

#[test]
fn lists_of_one_come_as_a_scalar_or_in_a_wrapper() {
    let world = World::empty();
    world.run(PLANNING, "create", &world.document(PLANNING, &new_user("1001"))).fine();
    let contract = json!({"ExternalId": "c1", "Division": {"Name": "Noord"}, "Context": {"InConditions": "True"}});
    let current = json!({"DisplayName": "Planner Oost", "Reference": {"Id": "Planner&&Planner Oost"}});
    let permission = json!({"name": "Planner", "role": "Planner", "resourceGroup": "Planner {{LocationOwn}}"});
    let wrap = |value: &Value| json!({"value": [value], "Count": 1});
    let mut answers = Vec::new();
    for one in [&(|value: &Value| json!([value])) as &dyn Fn(&Value) -> Value, &Value::clone, &wrap] {
        let config = world.config_with(PLANNING, &json!({"permissions": one(&permission)}));
        let input = document(
            &config,
            &json!({
                "Operation": "update", "DryRun": true,
                "References": {"Account": "1001", "Permission": {"Reference": "Planner"}}, "CurrentPermissions": one(&current),
                "personContext": {"Person": {"ExternalId": "1001", "Contracts": one(&contract)}},
            }),
        );
        answers.push(world.run(PLANNING, "sub-permissions", &input).exits(0).answer());
        let lines = world
            .run(
                PLANNING,
                "import-accounts",
                &world.document(PLANNING, &json!({"ImportFields": one(&json!("username"))})),
            )
            .fine()
            .lines();
        assert_eq!(lines[0]["Data"], json!({"username": "1001"}));
    }
    assert_eq!(answers[0].actions(), ["GrantPermission", "RevokePermission"]);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:#?}");
}

#[test]
fn a_form_gives_numbers_and_switches_as_text() {
    let world = World::empty();
    let (input, expected) = linked(&world);
    for dry in [json!("True"), json!("true"), json!(1), json!(true)] {
        let mut dry_input = world.document(DOORS, &merged(new_person("1002"), &json!({"DryRun": dry})));
        dry_input["actionContext"]["Configuration"]["concurrency"] = json!("4");
        let answer = world.run(DOORS, "create", &dry_input).exits(0).answer();
        assert_eq!(answer.reference(), "Currently not available", "{dry}");
        assert_eq!(world.sandbox.ipassan().count(), 1, "{dry} is a dry run");
    }
    for (dry, enabled) in [("False", "True"), ("false", "true"), ("0", "1")] {
        let mut spelled = input.clone();
        spelled["actionContext"]["DryRun"] = json!(dry);
        spelled["actionContext"]["CorrelationConfiguration"]["Enabled"] = json!(enabled);
        spelled["actionContext"]["Data"]["type"] = json!("2");
        assert_eq!(world.run(DOORS, "create", &spelled).fine().answer().0, expected);
    }
}

#[test]
fn a_number_that_stands_for_a_text_is_one() {
    let world = World::empty();
    let mut input = world.document(DOORS, &new_person("1001"));
    input["actionContext"]["Data"]["number"] = json!(1001);
    input["actionContext"]["CorrelationConfiguration"]["PersonFieldValue"] = json!(1001);
    world.run(DOORS, "create", &input).fine();
    assert_eq!(world.sandbox.ipassan().by_number("1001").len(), 1);
    assert_eq!(world.run(DOORS, "create", &input).fine().answer().0["AccountCorrelated"], true);
}

#[test]
fn dates_of_windows_powershell_are_read_where_contracts_have_them() {
    let world = World::empty();
    let mut input = world.document(DOORS, &new_person("1001"));
    input["personContext"] = json!({"Person": {
        "ExternalId": "1001", "DisplayName": "Jan", "PrimaryContract": {"StartDate": "/Date(1609459200000)/"},
        "Contracts": [{"ExternalId": "c1", "StartDate": "/Date(1609459200000)/", "EndDate": "2021-01-01T23:09:08.2863496"}],
    }});
    world.run(DOORS, "create", &input).fine();
    assert_eq!(world.sandbox.ipassan().by_number("1001").len(), 1);
}

#[test]
fn keys_and_contexts_that_nobody_asked_for_do_no_harm() {
    let world = World::empty();
    let (mut input, expected) = linked(&world);
    input["actionContext"]["Origin"] = json!("Business Logic");
    input["actionContext"]["Unknown"] = json!({"deep": [1, {"x": null}]});
    input["actionContext"]["Configuration"]["someTenantKey"] = json!("x");
    input["resourceContext"] = json!({"SourceData": []});
    input["outputContext"] = json!({"Success": false});
    assert_eq!(world.run(DOORS, "create", &input).fine().answer().0, expected);
}
