//! A field mapping, evaluated: a rule at a time, with an engine that runs no JavaScript.

use koppel_helloid::mapping::{FieldKind, FieldMapping, MappedAction, MappedField, PersonInput, Rule, Stage, Subject};
use serde_json::{Value, json};

use crate::mapping::{Fake, field, mapping, rule, rules, told};

fn person() -> Value {
    json!({
        "ExternalId": "1001", "Excluded": true,
        "Name": {"NickName": "Jan", "FamilyNamePrefix": null},
        "Contact": {"Business": {"Address": {"HouseNumber": 117}}},
        "Contracts": [{"ExternalId": "c1"}],
        "Custom": {"Tags": ["a", 1], "Share": 0.5},
    })
}

fn evaluate(mapping: &FieldMapping, stage: Stage) -> (Value, Vec<String>) {
    let (person, manager) = (person(), json!({"ExternalId": "2002"}));
    let subject = Subject { person: &person, manager: Some(&manager), iteration: 2 };
    match mapping.evaluate(&mut Fake, stage, &subject) {
        Ok(evaluated) => (evaluated.data.to_nested(), told(&evaluated.findings)),
        Err(findings) => (Value::Null, told(&findings)),
    }
}

/// The value of a field with one rule, and what there is to say about it; null is no data at all.
fn one(kind: &str, mode: &str, value: &str) -> (Value, Vec<String>) {
    let (data, told) = evaluate(&mapping(&[field("x", kind, mode, value)]), Stage::Create);
    (data.get("x").cloned().unwrap_or(json!("no data")), told)
}

#[test]
fn a_path_gives_what_stands_there_in_the_type_of_the_field() {
    for (kind, path, expected) in [
        ("Text", "Person.ExternalId", json!("1001")),
        ("Text", "Person.Name.NickName", json!("Jan")),
        ("Text", "Person.Name.FamilyNamePrefix", Value::Null),
        ("Text", "Person.Name.Initials", Value::Null),
        ("Text", "Person.PrimaryContract.Title.Name", Value::Null),
        ("Text", "Person.Contact.Business.Address.HouseNumber", json!("117")),
        ("Text", "Person.Excluded", json!("true")),
        ("Text", "Person.Custom.Share", json!("0.5")),
        ("Text", "Manager.ExternalId", json!("2002")),
        ("Array", "Person.ExternalId", json!(["1001"])),
        ("Array", "Person.Custom.Tags", json!(["a", 1])),
        ("Array", "Person.Name.Initials", Value::Null),
    ] {
        assert_eq!(one(kind, "Field", path), (expected, Vec::new()), "{path}");
    }
}

#[test]
fn a_path_that_leads_nowhere_is_null_and_says_what_would_help() {
    for (kind, path, expected) in [
        ("Text", "Person.name.GivenName", "is spelled [Person.Name.GivenName] in the person"),
        ("Text", "Person.name.nickname", "is spelled [Person.Name.NickName] in the person"),
        ("Text", "person.externalId", "is spelled [Person.ExternalId] in the person"),
        ("Text", "MANAGER.externalid", "is spelled [Manager.ExternalId] in the person"),
        ("Text", "Name.NickName", "does not begin with Person or Manager"),
        ("Text", "Person.Name", "is an object with fields of its own and no value"),
        ("Array", "Person.Name", "is an object with fields of its own and no value"),
        ("Text", "Person", "is an object with fields of its own and no value"),
        ("Text", "Person.Custom.Tags", "is a list, which a Text cannot hold"),
        ("Text", "Person.Contracts.ExternalId", "leads through a list"),
        ("Text", "Person.Contracts.0.ExternalId", "leads through a list"),
        ("Text", "Person.Contracts[0].ExternalId", "takes an entry out of a list"),
        ("Text", "function f() { return Person.ExternalId; }\nf();", "is a script, not a path; it is not run"),
        ("Text", "Person.Name.NickName + 1;", "is a script, not a path"),
    ] {
        let (value, told) = one(kind, "Field", path);
        assert_eq!((value, told.len()), (Value::Null, 1), "{path}: {told:?}");
        assert!(told[0].starts_with("warning 2 x: ") && told[0].contains(expected), "{path}: {told:?}");
    }
}

#[test]
fn without_a_manager_its_paths_are_null() {
    let person = person();
    let subject = Subject { person: &person, manager: None, iteration: 0 };
    let mapping = mapping(&[field("x", "Text", "Field", "Manager.ExternalId")]);
    let evaluated = mapping.evaluate(&mut Fake, Stage::Create, &subject).unwrap();
    assert_eq!((evaluated.data.to_nested(), evaluated.findings), (json!({"x": null}), Vec::new()));
}

#[test]
fn a_fixed_value_is_never_converted() {
    for value in ["false", "True", "0", "", "NULL", "#ONVERANDERD#", " x "] {
        assert_eq!(one("Text", "Fixed", value), (json!(value), Vec::new()));
        assert_eq!(one("Array", "Fixed", value), (json!([value]), Vec::new()));
    }
    let fixed = MappedAction {
        stages: vec![Stage::Create],
        rule: Rule::Fixed(json!(true)),
        used_in_notifications: false,
        store_in_account_data: false,
        line: 0,
    };
    let field = MappedField {
        name: "x".to_owned(),
        description: String::new(),
        kind: FieldKind::Text,
        actions: vec![fixed],
        line: 0,
    };
    assert_eq!(evaluate(&FieldMapping { fields: vec![field] }, Stage::Create).0, json!({"x": true}));
}

#[test]
fn a_script_gives_a_value_in_the_type_of_the_field() {
    for (kind, script, expected) in [
        ("Text", "\"a\"", json!("a")),
        ("Text", "null", Value::Null),
        ("Text", "true", json!("true")),
        ("Text", "12", json!("12")),
        ("Text", "12.0", json!("12")),
        ("Text", "-0.25", json!("-0.25")),
        ("Array", "null", Value::Null),
        ("Array", "[]", json!([])),
        ("Array", "[1, \"a\", {\"b\": null}]", json!([1, "a", {"b": null}])),
    ] {
        assert_eq!(one(kind, "Complex", script), (expected, Vec::new()), "{script}");
    }
    for (script, expected) in [("7", json!([7])), ("{\"a\": 1}", json!([{"a": 1}]))] {
        let (value, told) = one("Array", "Complex", script);
        assert_eq!((value, told.len()), (expected, 1));
        assert!(told[0].starts_with("warning 2 x: the script gives one value, and the field is an Array"), "{told:?}");
    }
}

#[test]
fn a_script_sees_the_person_the_manager_and_the_iteration() {
    let (seen, _) = one("Text", "Complex", "scope");
    let seen: Value = serde_json::from_str(seen.as_str().unwrap()).unwrap();
    assert_eq!(seen, json!([person(), {"ExternalId": "2002"}, 2, null, null]));
}

#[test]
fn every_field_that_fails_is_named_and_there_is_no_data() {
    let fields = [
        field("fine", "Text", "Fixed", "x"),
        field("thrown", "Text", "Complex", "throw"),
        field("odd", "Text", "Field", "Person.name.NickName"),
        field("list", "Text", "Complex", "[1]"),
        field("object", "Text", "Complex", "{\"a\": 1}"),
    ];
    let (data, told) = evaluate(&mapping(&fields), Stage::Create);
    assert_eq!((data, told.len()), (Value::Null, 4), "{told:?}");
    for (line, expected) in told.iter().zip([
        "error 3 thrown: the script gives no value: TypeError: no such thing (line 3 of the script)",
        "warning 4 odd: ",
        "error 5 list: the script gives a list, and the field is a Text",
        "error 6 object: the script gives an object, and the field is a Text",
    ]) {
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn each_action_has_its_own_rules_and_names_nest() {
    let fields = [
        rules(
            "_extension.a",
            "Text",
            &[rule(&["Create", "Update"], "Fixed", "\"both\""), rule(&["Disable"], "Fixed", "\"off\"")],
        ),
        rules("_extension.b.c", "Text", &[rule(&["Create"], "Field", "\"Person.ExternalId\"")]),
        rules("id", "Text", &[rule(&["Create"], "None", ""), rule(&["Update"], "Fixed", "\"x\"")]),
    ];
    let mapping = mapping(&fields);
    for (stage, expected, unmapped) in [
        (Stage::Create, json!({"_extension": {"a": "both", "b": {"c": "1001"}}}), vec!["id"]),
        (Stage::Update, json!({"_extension": {"a": "both"}, "id": "x"}), vec![]),
        (Stage::Disable, json!({"_extension": {"a": "off"}}), vec![]),
        (Stage::Enable, json!({}), vec![]),
        (Stage::Delete, json!({}), vec![]),
    ] {
        assert_eq!(evaluate(&mapping, stage), (expected, Vec::new()), "{stage}");
        assert_eq!(mapping.unmapped(stage).collect::<Vec<_>>(), unmapped, "{stage}");
    }
}

#[test]
fn each_value_can_be_traced_to_its_rule() {
    let fields = [
        field("mail", "Text", "Complex", "\"j@x.example\""),
        field("a.number", "Text", "Field", "Person.ExternalId"),
        field("active", "Text", "Fixed", "false"),
        field("id", "Text", "None", ""),
    ];
    let (mapping, person) = (mapping(&fields), person());
    let subject = Subject { person: &person, manager: None, iteration: 0 };
    let evaluated = mapping.evaluate(&mut Fake, Stage::Create, &subject).unwrap();
    let origins = serde_json::to_value(mapping.origins(Stage::Create, &evaluated.data).collect::<Vec<_>>()).unwrap();
    let expected = json!([
        {"field": "mail", "value": "j@x.example", "mode": "Complex", "from": "script", "line": 2},
        {"field": "a.number", "value": "1001", "mode": "Field", "from": "Person.ExternalId", "line": 3},
        {"field": "active", "value": "false", "mode": "Fixed", "from": "fixed value", "line": 4},
        {"field": "id", "value": null, "mode": "None", "from": "the connector", "line": 5},
    ]);
    assert_eq!(origins, expected);
}

#[test]
fn a_person_is_found_in_every_wrapping_and_a_manager_beside_it() {
    let person = json!({"ExternalId": "1", "Details": {"BirthDate": "2021-01-01T00:00:00Z"}});
    let raw = json!({"ExternalId": "1", "Details": {"BirthDate": "/Date(1609459200000)/"}});
    let manager = json!({"ExternalId": "2"});
    for (file, with_manager) in [
        (raw.clone(), false),
        (json!({"person": raw, "Manager": manager}), true),
        (json!({"actionContext": {}, "PersonContext": {"Person": raw, "Manager": manager}}), true),
    ] {
        let input = PersonInput::read(format!("\u{feff}{file}").as_bytes()).unwrap();
        assert_eq!(input.person, person, "{file}");
        assert_eq!(input.manager.is_some(), with_manager, "{file}");
    }
    for file in [
        &manager,
        &json!({"Manager": manager}),
        &json!({"Person": manager}),
        &json!({"personContext": {"Manager": manager}}),
    ] {
        assert_eq!(PersonInput::read_manager(file.to_string().as_bytes()), Ok(manager.clone()), "{file}");
    }
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"{", "is not JSON"),
        (b"[]", "has no person"),
        (b"{\"personContext\": {\"Person\": null}}", "has no person"),
        (b"\xff", "is not UTF-8"),
    ] {
        assert!(PersonInput::read(bytes).unwrap_err().contains(expected), "{expected}");
    }
}
