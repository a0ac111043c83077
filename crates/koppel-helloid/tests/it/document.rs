//! Documents as both PowerShell versions write them.

use koppel::lifecycle::Operation;
use koppel_helloid::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(value: &Value) -> Document {
    Document::read(value.to_string().as_bytes()).unwrap()
}

fn refused(value: &Value) -> String {
    Document::read(value.to_string().as_bytes()).unwrap_err().to_string()
}

fn minimal() -> Value {
    json!({"actionContext": {"Configuration": {}}})
}

#[test]
fn property_names_are_read_without_regard_to_case() {
    let doc = read(&json!({
        "ActionContext": {
            "configuration": {"BaseUrl": "x"}, "dryrun": "True", "OPERATION": "Update", "data": {"LastName": "X"},
            "references": {"account": "1001", "permission": {"reference": "Planner"}},
            "correlationconfiguration": {"enabled": true, "accountfield": "number", "personfieldvalue": "7", "accountfieldvalue": "8"},
        },
        "PERSONCONTEXT": {"person": {"externalid": "P1", "contracts": [{"externalid": "c1", "context": {"inconditions": "true"}}]}},
    }));
    assert!(doc.dry_run);
    assert_eq!(doc.operation, Some(Operation::Update));
    assert_eq!(doc.account.unwrap().text().unwrap(), "1001");
    assert_eq!(doc.permission.unwrap().text().unwrap(), "Planner");
    let by = doc.correlation.unwrap();
    assert_eq!((by.field.as_str(), by.value.as_str()), ("number", "7"));
    let person = doc.person.unwrap();
    assert_eq!((person.external_id.as_str(), person.contracts[0].in_conditions), ("P1", Some(true)));
}

#[test]
fn a_byte_order_mark_and_utf16_are_read() {
    let text = minimal().to_string();
    let with_mark = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(Document::read(&with_mark).is_ok());
    assert!(Document::read(&utf16).is_ok());
}

#[test]
fn the_wrappers_of_windows_powershell_are_undone() {
    let doc = read(&json!({"actionContext": {
        "Configuration": {},
        "References": {"Account": {"value": "34b9", "Guid": "34b9"}},
        "Data": {"startDate": "/Date(1609459200000)/"},
        "CurrentPermissions": {"value": [{"DisplayName": "A", "Reference": {"Id": "a"}}], "Count": 1},
    }}));
    assert_eq!(doc.account.unwrap().text().unwrap(), "34b9");
    assert_eq!(doc.data.text("startDate").as_deref(), Some("2021-01-01T00:00:00Z"));
    assert_eq!(doc.current_permissions, [(json!("a"), "A".to_owned())]);
}

#[test]
fn a_list_of_one_that_came_as_a_scalar_is_a_list() {
    let doc = read(&json!({
        "actionContext": {
            "Configuration": {}, "ImportFields": "username",
            "CurrentPermissions": {"DisplayName": "A", "Reference": {"Id": "a"}},
        },
        "personContext": {"Person": {"Contracts": {"ExternalId": "c1"}}},
    }));
    assert_eq!(doc.import_fields.unwrap(), ["username"]);
    assert_eq!((doc.current_permissions.len(), doc.person.unwrap().contracts.len()), (1, 1));
}

#[test]
fn a_reconciliation_without_person_and_data_is_read() {
    let doc = read(&json!({
        "actionContext": {"Configuration": {}, "Origin": "reconciliation", "Data": null, "References": {"Account": "1"}},
        "personContext": {"Person": null},
    }));
    assert!(doc.data.is_empty());
    assert!(doc.person.is_none());
}

#[test]
fn an_empty_reference_is_none_and_an_object_is_kept() {
    for empty in [json!(null), json!(""), json!("  "), json!({})] {
        let doc = read(&json!({"actionContext": {"Configuration": {}, "References": {"Account": empty}}}));
        assert!(doc.account.is_none());
    }
    let doc = read(&json!({"actionContext": {"Configuration": {}, "References": {"Account": {"id": 7}}}}));
    assert_eq!(doc.account.unwrap().value(), &json!({"id": 7}));
}

#[test]
fn i16_the_persons_value_counts_then_that_of_the_account_and_disabled_is_none() {
    let with = |enabled: Value| {
        read(&json!({"actionContext": {"Configuration": {}, "CorrelationConfiguration":
            {"Enabled": enabled, "AccountField": "number", "PersonFieldValue": null, "AccountFieldValue": "8"}}}))
    };
    assert_eq!(with(json!(true)).correlation.unwrap().value, "8");
    assert!(with(json!("False")).correlation.is_none());
}

#[test]
fn what_cannot_be_read_is_named_by_its_place() {
    let cases = [
        (json!({}), "actionContext: is missing; the input must be {\"actionContext\": …}"),
        (json!({"actionContext": {}}), "actionContext.Configuration: is missing"),
        (
            json!({"actionContext": {"Configuration": {}, "DryRun": "maybe"}}),
            "actionContext.DryRun: \"maybe\" is not true or false",
        ),
        (
            json!({"actionContext": {"Configuration": {}, "Data": "System.Collections.Hashtable"}}),
            "actionContext.Data: is the name of a PowerShell object and not its content; write the contexts with ConvertTo-Json -Depth 20",
        ),
        (
            json!({"actionContext": {"Configuration": {}, "CurrentPermissions": [{}]}}),
            "actionContext.CurrentPermissions[0].Reference: is missing",
        ),
        (
            json!({"actionContext": {"Configuration": {}}, "personContext": {"Person": {"Contracts": ["@{x=1}"]}}}),
            "personContext.Person.Contracts[0]: is the name of a PowerShell object and not its content; write the contexts with ConvertTo-Json -Depth 20",
        ),
    ];
    assert_eq!(refused(&json!([1])), "the input: is not a JSON object");
    for (input, expected) in cases {
        assert_eq!(refused(&input), expected);
    }
    assert!(
        refused(&json!({"actionContext": {"Configuration": {}, "Operation": "explode"}}))
            .starts_with("actionContext.Operation: [explode]")
    );
    assert!(Document::read(b"{\"actionContext\"").unwrap_err().to_string().contains("line 1 column 16"));
    assert!(Document::read(b"  ").unwrap_err().to_string().contains("empty"));
    assert!(Document::read(b"[]").is_err());
}

#[test]
fn what_convertto_json_cut_off_is_refused_wherever_it_would_be_used() {
    let context = |name: &str, value: Value| {
        let mut input = minimal();
        input["actionContext"][name] = value;
        refused(&input)
    };
    let cut =
        " is the name of a PowerShell object and not its content; write the contexts with ConvertTo-Json -Depth 20";
    for (name, value, place) in [
        ("Data", json!({"_extension": "@{accessProfileLookupKey=IT}"}), "actionContext.Data._extension:"),
        ("Data", json!({"firstName": "System.Collections.Hashtable"}), "actionContext.Data.firstName:"),
        ("References", json!({"Permission": "@{Reference=L}"}), "actionContext.References.Permission:"),
        ("CurrentPermissions", json!([{"Reference": "@{Id=L&&D1}"}]), "actionContext.CurrentPermissions[0].Reference:"),
    ] {
        assert_eq!(context(name, value), format!("{place}{cut}"));
    }
    let contract = json!({"actionContext": {"Configuration": {}},
        "personContext": {"Person": {"Contracts": [{"ExternalId": "c1", "Department": "@{ExternalId=D1}"}]}}});
    assert_eq!(refused(&contract), format!("personContext.Person.Contracts[0].Department:{cut}"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::read(&bytes);
    }

    #[test]
    fn arbitrary_values_in_known_places_never_panic(text in ".{0,20}", number in any::<i64>()) {
        for odd in [json!(text), json!(number), json!([text]), json!({"value": text, "Guid": 1}), json!(format!("/Date({number}{text})/"))] {
            for name in ["Configuration", "DryRun", "Operation", "Data", "References", "CurrentPermissions", "ImportFields"] {
                let _ = Document::from_value(json!({"actionContext": {"Configuration": {}, name: odd}}));
            }
        }
    }
}
