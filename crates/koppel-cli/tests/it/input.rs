//! Input that cannot be used: one clear message with the place, exit 2, and nothing sent.

use serde_json::{Value, json};

use crate::support::{DOORS, PLANNING, SOURCE, World, document, new_person};

#[test]
fn input_that_cannot_be_read_exits_with_2_and_says_where_it_is_wrong() {
    let world = World::empty();
    let good = world.config(DOORS);
    for (input, expected) in [
        (String::new(), "the input is empty"),
        (" \r\n\t ".to_owned(), "the input is empty"),
        ("{\"actionContext\": ".to_owned(), "not JSON"),
        ("not json".to_owned(), "not JSON"),
        ("[".repeat(100_000), "recursion limit"),
        ("[]".to_owned(), "is not a JSON object"),
        ("{}".to_owned(), "actionContext: is missing"),
        (json!({"actionContext": 7}).to_string(), "actionContext: is not a JSON object"),
        (json!({"actionContext": {}}).to_string(), "actionContext.Configuration: is missing"),
        (
            json!({"actionContext": {"Configuration": []}}).to_string(),
            "actionContext.Configuration: is not a JSON object",
        ),
        (
            document(&good, &json!({"DryRun": "maybe"})).to_string(),
            "actionContext.DryRun: \"maybe\" is not true or false",
        ),
        (document(&good, &json!({"Operation": "explode"})).to_string(), "actionContext.Operation: [explode]"),
        (document(&good, &json!({"Data": [1, 2]})).to_string(), "actionContext.Data: is not a JSON object"),
        (
            document(&good, &json!({"CurrentPermissions": [{}]})).to_string(),
            "actionContext.CurrentPermissions[0].Reference: is missing",
        ),
        (
            document(&good, &json!({"personContext": {"Person": {"Contracts": ["@{ExternalId=1}"]}}})).to_string(),
            "personContext.Person.Contracts[0]: ",
        ),
        (
            document(&good, &json!({"References": "System.Collections.Hashtable"})).to_string(),
            "ConvertTo-Json -Depth 20",
        ),
        (document(&good, &json!({"Data": "@{lastname=Jansen}"})).to_string(), "ConvertTo-Json -Depth 20"),
    ] {
        let output = world.koppel(&["run", DOORS, "create"]).input(input.clone()).run().exits(2);
        assert!(output.answer().error().contains(expected), "{input}: {output:#?}");
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains(expected), "{input}: {output:#?}");
        assert_eq!(output.stderr.lines().count(), 1, "one message: {output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn bytes_that_are_no_text_are_named_by_their_place() {
    let world = World::empty();
    for (bytes, expected) in [
        (&b"{\"a\": \"\xe9\"}"[..], "byte 7"),
        (b"\xff\xfe{", "UTF-16"),
        (b"\xff\xfe\x00\xd8{\0", "not UTF-16 at byte 2"),
    ] {
        let output = world.koppel(&["run", DOORS, "create"]).input(bytes).run().exits(2);
        assert!(output.answer().error().contains(expected), "{output:#?}");
        assert!(output.stderr.contains(expected), "{output:#?}");
    }
}

#[test]
fn input_comes_from_a_file_too() {
    let world = World::empty();
    let file = world.file("create.json", world.document(DOORS, &new_person("1001")).to_string());
    let output = world.koppel(&["run", DOORS, "create", "--input", file.to_str().unwrap()]).run().fine();
    assert_eq!(output.answer().actions(), ["CreateAccount"]);
    let missing = world.path("nowhere.json");
    let output =
        world.koppel(&["run", DOORS, "create", "--input", missing.to_str().unwrap()]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("nowhere.json"), "{output:#?}");
}

#[test]
fn input_without_end_is_refused() {
    let world = World::empty();
    let huge = vec![b' '; 16 * 1024 * 1024 + 1];
    let output = world.koppel(&["run", DOORS, "create"]).input(huge).run().exits(2).says_nothing();
    assert!(output.stderr.contains("larger than 16 MiB"), "{output:#?}");
}

/// Five faults in each.
fn wrong_configs(world: &World) -> [(&'static str, Value); 2] {
    [
        (
            PLANNING,
            json!({
                "ClientId": "", "ClientSecret": "canary-x", "BaseUrl": "ftp://x.example", "isDebug": "perhaps",
                "concurrency": 0, "permissions": [{"name": "x"}],
            }),
        ),
        (
            DOORS,
            json!({
                "clientSecret": "canary-x", "BaseUrl": world.sandbox.ipassan_url(), "siteId": "..", "concurrency": 99,
                "accessProfiles": [{"HelloIDLookupKey": "a"}], "delete": "soft",
            }),
        ),
    ]
}

#[test]
fn a_configuration_with_five_faults_is_one_error_line_in_the_audit_log_and_five_on_stderr() {
    let world = World::empty();
    for (id, config) in wrong_configs(&world) {
        for action in ["create", "update", "disable", "permissions", "uniqueness"] {
            let input = document(&config, &json!({"References": {"Account": "1001"}, "Data": {"lastname": "x"}}));
            let output = world.run(id, action, &input).exits(2);
            let answer = output.answer();
            assert!(answer.error().contains("actionContext.Configuration."), "{action}: {output:#?}");
            let faults: Vec<&str> =
                output.stderr.lines().filter(|line| line.contains("actionContext.Configuration.")).collect();
            assert!(faults.len() >= 5 && faults.len() == output.stderr.lines().count(), "{output:#?}");
        }
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_source_has_no_actions_and_a_target_no_persons() {
    let world = World::empty();
    let output = world.run(SOURCE, "create", &world.document(SOURCE, &json!({}))).exits(2).says_nothing();
    assert!(output.stderr.contains("is a source") && output.stderr.contains("koppel persons"), "{output:#?}");
    for command in ["persons", "departments"] {
        let output = world.with_config(command, DOORS, &world.config(DOORS)).run().exits(2).says_nothing();
        assert!(output.stderr.contains("is a target") && output.stderr.contains("import-accounts"), "{output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn data_with_a_wrong_type_names_its_field_and_is_not_sent() {
    let world = World::empty();
    let mut input = new_person("1001");
    input["Data"]["type"] = json!("employee");
    input["Data"]["other"] = json!("x".repeat(256));
    let output = world.run(DOORS, "create", &world.document(DOORS, &input)).exits(1);
    let answer = output.answer();
    assert!(answer.error().contains("type") && answer.error().contains("other"), "both at once: {output:#?}");
    assert_eq!(world.writes(), 0);
}

#[test]
fn an_import_with_input_that_cannot_be_read_prints_nothing() {
    let world = World::empty();
    for input in ["", "not json", "{}"] {
        let output = world.koppel(&["run", DOORS, "import-accounts"]).input(input).run().exits(2).says_nothing();
        assert!(output.stderr.starts_with("error: "), "{output:#?}");
    }
}

#[test]
fn contexts_that_convert_to_json_cut_off_are_refused_wherever_they_stand() {
    let world = World::empty();
    let cut = json!("@{Id=1; Name=x}");
    for (context, place) in [
        (json!({"Data": {"lastname": cut}}), "actionContext.Data.lastname"),
        (json!({"References": {"Account": cut}}), "actionContext.References.Account"),
        (json!({"CurrentPermissions": [{"Reference": cut}]}), "actionContext.CurrentPermissions[0].Reference"),
    ] {
        let output = world.run(DOORS, "update", &world.document(DOORS, &context)).exits(2);
        let answer = output.answer();
        assert!(answer.error().contains(place) && answer.error().contains("-Depth 20"), "{output:#?}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn contracts_that_are_missing_revoke_nothing() {
    let world = World::empty();
    world.run(PLANNING, "create", &world.document(PLANNING, &crate::support::new_user("1001"))).fine();
    let writes = world.writes();
    let mut input = world.document(
        PLANNING,
        &json!({
            "Operation": "update", "References": {"Account": "1001", "Permission": {"Reference": "Planner"}},
            "CurrentPermissions": [{"DisplayName": "x", "Reference": {"Id": "Planner&&Planner Noord"}}],
        }),
    );
    input["personContext"] = Value::Null;
    let answer = world.run(PLANNING, "sub-permissions", &input).exits(1).answer();
    assert!(answer.error().contains("The person could not be found"), "{answer:#?}");
    assert_eq!(world.writes(), writes);
}
