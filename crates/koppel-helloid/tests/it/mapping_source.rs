//! A source's mapping, evaluated: from raw persons to persons of HelloID.

use jiff::tz::TimeZone;
use koppel_helloid::mapping::{Determinant, MOST_CONTRACTS, MappedPerson, SourceMapping, SourceOptions};
use serde_json::{Value, json};

use crate::mapping::{Fake, entry, source_mapping, told};

const NOW: &str = "2026-06-15T10:00:00Z";

fn options() -> SourceOptions {
    SourceOptions::new(NOW.parse().unwrap(), TimeZone::get("Europe/Amsterdam").unwrap())
}

fn required(name: &str, path: &str) -> Value {
    let mut entry = entry(name, "field", path);
    entry["validation"] = json!({"required": true});
    entry
}

/// The usual fields, and contracts with number, dates, size and manager.
fn usual() -> SourceMapping {
    let person = [
        entry("ExternalId", "field", "nr"),
        entry("Name.NickName", "field", "first"),
        entry("Name.FamilyName", "field", "last"),
        entry("Name.FamilyNamePartner", "field", "partner"),
        entry("Name.Convention", "field", "convention"),
    ];
    let contract = [
        entry("ExternalId", "field", "nr"),
        entry("StartDate", "field", "from"),
        entry("EndDate", "field", "to"),
        entry("Details.Fte", "field", "fte"),
        entry("Title.Name", "field", "job.title"),
        entry("Manager.ExternalId", "field", "boss"),
    ];
    source_mapping(&person, &contract)
}

fn map(mapping: &SourceMapping, raw: &Value) -> MappedPerson {
    mapping.evaluate(&mut Fake, raw, &options()).unwrap()
}

/// The number of the primary contract among these.
fn primary(contracts: &Value, options: &SourceOptions) -> Value {
    let raw = json!({"nr": "1", "convention": "B", "Contracts": contracts});
    let person = usual().evaluate(&mut Fake, &raw, options).unwrap().person;
    person["PrimaryContract"]["ExternalId"].clone()
}

#[test]
fn a_raw_person_becomes_a_person_with_contracts_names_and_a_manager() {
    let raw = json!({
        "nr": 1001, "first": "Jo", "last": "Boer", "partner": "Wal", "convention": "BP",
        "contracts": [{"nr": "c1", "from": "2026-01-01", "fte": 0.5, "job": {"title": "Nurse"}, "boss": "2002"}],
    });
    let contract = json!({
        "ExternalId": "c1", "StartDate": "2026-01-01", "EndDate": null, "Details": {"Fte": 0.5},
        "Title": {"Name": "Nurse"}, "Manager": {"ExternalId": "2002"},
    });
    let mapped = map(&usual(), &raw);
    let expected = json!({
        "ExternalId": 1001, "DisplayName": "Jo Boer - Wal (1001)", "Accounts": {},
        "Name": {"NickName": "Jo", "FamilyName": "Boer", "FamilyNamePartner": "Wal", "Convention": "BP"},
        "Status": {"Blocked": false, "Reason": null},
        "Contracts": [contract], "PrimaryContract": contract, "PrimaryManager": {"ExternalId": "2002"},
    });
    assert_eq!((mapped.person, mapped.blocked, told(&mapped.findings)), (expected, None, Vec::new()));
}

#[test]
fn a_raw_path_is_found_in_another_spelling_with_a_warning() {
    let mapping =
        source_mapping(&[entry("ExternalId", "field", "Group.nr"), entry("Name.Convention", "fixed", "B")], &[]);
    let mapped = map(&mapping, &json!({"group": {"Nr": "7"}, "Contracts": []}));
    assert_eq!(mapped.person["ExternalId"], "7");
    let told = told(&mapped.findings);
    assert_eq!(
        told,
        ["warning 1 ExternalId: [Group.nr] is spelled [group.Nr] in the raw data; it is taken from there"]
    );
    let both = map(&mapping, &json!({"group": {"nr": "wrong"}, "Group": {"nr": "right"}, "Contracts": []}));
    assert_eq!((both.person["ExternalId"].clone(), both.findings.len()), (json!("right"), 0));
}

#[test]
fn a_required_field_without_a_value_blocks_the_person_with_every_reason() {
    let person = [
        required("ExternalId", "nr"),
        required("Name.FamilyName", "last"),
        required("Name.NickName", "first"),
        entry("Name.Convention", "fixed", "B"),
    ];
    let contract = [entry("ExternalId", "field", "nr"), required("StartDate", "from")];
    let mapping = source_mapping(&person, &contract);
    let raw = json!({"nr": "1", "last": " ", "Contracts": [{"nr": "c1"}, {"nr": "c2", "from": "2026-01-01"}, {}]});
    let mapped = map(&mapping, &raw);
    let reason = "no value for the required fields Name.FamilyName, Name.NickName, StartDate of contract [c1], \
                  StartDate of contract 3";
    assert_eq!(mapped.blocked.as_deref(), Some(reason));
    assert_eq!(mapped.person["Status"], json!({"Blocked": true, "Reason": reason}));
    let fine = map(&mapping, &json!({"nr": "1", "last": "x", "first": 0, "Contracts": []}));
    assert_eq!(fine.blocked, None, "a number is a value");
}

#[test]
fn a_person_without_a_number_or_that_the_source_blocks_is_blocked() {
    let mapping = source_mapping(
        &[
            entry("ExternalId", "field", "nr"),
            entry("Status.Blocked", "field", "gone"),
            entry("Status.Reason", "field", "why"),
        ],
        &[],
    );
    for (raw, expected) in [
        (json!({"Contracts": []}), Some("no value for the required field ExternalId")),
        (json!({"nr": "1", "gone": "True", "why": "left", "Contracts": []}), Some("left")),
        (json!({"nr": "1", "gone": true, "Contracts": []}), Some("the source says so")),
        (json!({"nr": "1", "gone": "false", "why": "left", "Contracts": []}), None),
    ] {
        let mapped = map(&mapping, &raw);
        assert_eq!(mapped.blocked.as_deref(), expected, "{raw}");
        assert_eq!(mapped.person["Status"], json!({"Blocked": expected.is_some(), "Reason": expected}), "{raw}");
    }
}

#[test]
fn a_name_convention_that_is_missing_or_unknown_counts_as_b() {
    for (convention, kept, expected) in [
        (json!("P"), json!("P"), None),
        (Value::Null, json!("B"), Some("has no value; it counts as B")),
        (json!(""), json!("B"), Some("has no value; it counts as B")),
        (json!("X"), json!("X"), Some("[X] is no name convention")),
    ] {
        let raw = json!({"nr": "1", "first": "Jo", "last": "Boer", "partner": "Wal", "convention": convention, "Contracts": []});
        let mapped = map(&usual(), &raw);
        let name = if convention == "P" { "Jo Wal (1)" } else { "Jo Boer (1)" };
        assert_eq!((&mapped.person["DisplayName"], &mapped.person["Name"]["Convention"]), (&json!(name), &kept));
        assert_eq!(mapped.findings.len(), usize::from(expected.is_some()));
        assert!(expected.is_none_or(|part| mapped.findings[0].message.contains(part)), "{:?}", mapped.findings);
    }
    let unmapped = map(&source_mapping(&[entry("ExternalId", "fixed", "1")], &[]), &json!({"Contracts": []}));
    assert_eq!(
        (&unmapped.person["Name"]["Convention"], unmapped.findings.len()),
        (&json!("B"), 0),
        "the reader said it"
    );
}

#[test]
fn scripts_see_the_raw_person_and_the_raw_contract() {
    let mapping = source_mapping(
        &[entry("ExternalId", "complex", "scope"), entry("Name.Convention", "fixed", "B")],
        &[entry("ExternalId", "complex", "scope")],
    );
    let raw = json!({"nr": "1", "Contracts": [{"nr": "c1"}]});
    let person = map(&mapping, &raw).person;
    let seen = |value: &Value| serde_json::from_str::<Value>(value.as_str().unwrap()).unwrap();
    assert_eq!(seen(&person["ExternalId"]), json!([null, null, null, raw, null]));
    assert_eq!(seen(&person["Contracts"][0]["ExternalId"]), json!([null, null, null, raw, {"nr": "c1"}]));
}

#[test]
fn a_script_that_throws_is_an_error_of_that_person_that_names_every_field() {
    let mapping = source_mapping(
        &[entry("ExternalId", "field", "nr"), entry("UserName", "complex", "throw")],
        &[entry("Title.Name", "complex", "throw")],
    );
    let raw = json!({"nr": "1", "Contracts": [{"ExternalId": "c1"}, {}]});
    let findings = mapping.evaluate(&mut Fake, &raw, &options()).unwrap_err();
    let told = told(&findings);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("error 1 UserName: the script gives no value: TypeError"), "{told:?}");
    assert!(told[1].starts_with("error 1 Title.Name: contract [c1]: the script gives no value"), "{told:?}");
    assert!(told[2].starts_with("error 1 Title.Name: contract 2: the script gives no value"), "{told:?}");
    assert!(map(&usual(), &json!({"nr": "2", "Contracts": []})).blocked.is_none(), "the next person is evaluated");
}

#[test]
fn what_is_told_of_one_person_is_bounded() {
    let raw = json!({"nr": "1", "Contracts": vec![json!({"TITLE": 1}); 5_000]});
    let person = [entry("ExternalId", "field", "nr"), entry("Name.Convention", "fixed", "B")];
    let throwing = source_mapping(&person, &[entry("Title.Name", "complex", "throw")]);
    assert_eq!(throwing.evaluate(&mut Fake, &raw, &options()).unwrap_err().len(), 100);
    let contract =
        [required("ExternalId", "id"), entry("Title.Name", "field", "title"), entry("StartDate", "fixed", "soon")];
    let mapped = map(&source_mapping(&person, &contract), &raw);
    assert_eq!(mapped.findings.len(), 100);
    let reason = mapped.blocked.unwrap();
    assert!(reason.contains("ExternalId of contract 20 and 4980 more"), "{reason}");
}

#[test]
fn values_stay_what_they_are_unless_they_are_to_become_text() {
    let mut text = entry("Custom.text", "field", "v");
    text["convertToString"] = json!(true);
    let mapping = source_mapping(&[entry("ExternalId", "fixed", "1"), entry("Custom.plain", "field", "v"), text], &[]);
    for (value, expected) in [
        (json!(12), json!("12")),
        (json!(12.0), json!("12")),
        (json!(true), json!("true")),
        (json!("a"), json!("a")),
        (Value::Null, Value::Null),
        (json!(["a", 1]), json!("[\"a\",1]")),
    ] {
        let person = map(&mapping, &json!({"v": value, "Contracts": []})).person;
        assert_eq!((&person["Custom"]["plain"], &person["Custom"]["text"]), (&value, &expected));
    }
}

#[test]
fn aggregation_is_brought_into_one_form() {
    let mapping = source_mapping(&[entry("ExternalId", "fixed", "1"), entry("Aggregation", "field", "key")], &[]);
    let person = map(&mapping, &json!({"key": " jan-d'arc 12", "Contracts": []})).person;
    assert_eq!(person["Aggregation"], "JAND'ARC12");
}

#[test]
fn contracts_come_in_every_shape_that_powershell_gives_them() {
    for (contracts, expected, warnings) in [
        (json!({"nr": "c1"}), 1, 0),
        (json!([{"nr": "c1"}, {"nr": "c2"}]), 2, 0),
        (json!([]), 0, 0),
        (Value::Null, 0, 0),
    ] {
        let mapped = map(&usual(), &json!({"nr": "1", "convention": "B", "CONTRACTS": contracts}));
        assert_eq!(mapped.person["Contracts"].as_array().unwrap().len(), expected);
        assert_eq!(mapped.findings.len(), warnings);
        assert_eq!(mapped.person["PrimaryContract"].is_null(), expected == 0);
        assert!(mapped.person["PrimaryManager"].is_null());
    }
    let without = map(&usual(), &json!({"nr": "1", "convention": "B"}));
    assert_eq!(told(&without.findings), ["warning 0 Contracts: the raw person has no Contracts"]);
    let many = vec![json!({}); MOST_CONTRACTS + 1];
    for (raw, expected) in [
        (json!([]), "is not a JSON object"),
        (json!({"Contracts": ["c1"]}), "contract 1 of the raw person is not a JSON object"),
        (json!({"Contracts": "c1"}), "contract 1 of the raw person is not a JSON object"),
        (json!({"Contracts": many}), "10001 contracts"),
    ] {
        let findings = usual().evaluate(&mut Fake, &raw, &options()).unwrap_err();
        assert!(findings.iter().any(|finding| finding.message.contains(expected)), "{expected}: {findings:?}");
    }
}

#[test]
fn the_primary_contract_is_the_first_active_one_by_the_determinants() {
    let gone = json!({"nr": "gone", "from": "2020-01-01", "to": "2025-12-31", "fte": 1});
    let half = json!({"nr": "half", "from": "2024-01-01", "to": null, "fte": 0.5});
    let most = json!({"nr": "most", "from": "2023-01-01", "fte": "0,8"});
    let none = json!({"nr": "none", "from": "2023-01-01"});
    let soon = json!({"nr": "soon", "from": "2026-07-01", "fte": 1});
    for (contracts, expected) in [
        (json!([gone]), "gone"),
        (json!([gone, half]), "half"),
        (json!([half, most]), "most"),
        (json!([none, half]), "half"),
        (json!([none]), "none"),
        (json!([soon, half, gone]), "half"),
        (json!([gone, soon]), "soon"),
    ] {
        assert_eq!(primary(&contracts, &options()), expected, "{contracts}");
    }
}

#[test]
fn the_order_of_determinants_is_the_callers() {
    let contracts = json!([
        {"nr": "10", "from": "2024-01-01", "fte": 1, "job": {"title": "b"}},
        {"nr": "9", "from": "2025-01-01", "fte": 0.5, "job": {"title": "a"}},
        {"nr": "9", "from": "2025-01-01T00:00:00+01:00", "fte": 0.1, "job": {"title": ""}},
    ]);
    for (determinants, expected) in [
        (&["Title.Name:asc"][..], json!("9")),
        (&["Title.Name:desc"], json!("10")),
        (&["ExternalId"], json!("9")),
        (&["ExternalId:desc"], json!("10")),
        (&["StartDate", "Details.Fte"], json!("10")),
        (&[], json!("10")),
    ] {
        let mut options = options();
        options.determinants = determinants.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(primary(&contracts, &options), expected, "{determinants:?}");
    }
    let mut options = options();
    options.determinants = vec!["StartDate:desc".parse().unwrap(), "Details.Fte".parse().unwrap()];
    let raw = json!({"nr": "1", "convention": "B", "Contracts": contracts});
    let person = usual().evaluate(&mut Fake, &raw, &options).unwrap().person;
    assert_eq!(person["PrimaryContract"]["Details"]["Fte"], 0.1, "a day and its first moment are the same start");
    for odd in ["", ":asc", "Details..Fte", "Details.Fte:up"] {
        assert!(odd.parse::<Determinant>().is_err(), "{odd}");
    }
}

#[test]
fn a_contract_is_active_from_its_first_moment_to_the_end_of_its_last_day() {
    for (from, to, at, active) in [
        ("2026-06-15", "2026-06-15", "2026-06-14T21:59:59Z", false),
        ("2026-06-15", "2026-06-15", "2026-06-14T22:00:00Z", true),
        ("2026-06-15", "2026-06-15", "2026-06-15T21:59:59Z", true),
        ("2026-06-15", "2026-06-15", "2026-06-15T22:00:00Z", false),
        ("2026-06-15T07:00:00Z", "2026-06-15T15:30:00Z", "2026-06-15T15:30:00Z", true),
        ("2026-06-15T07:00:00Z", "2026-06-15T15:30:00Z", "2026-06-15T15:30:01Z", false),
        ("2026-06-15T09:00:00.0000000", "2026-06-15T17:30:00.0000000", "2026-06-15T07:00:00Z", true),
        ("2026-06-15T09:00:00.0000000", "2026-06-15T17:30:00.0000000", "2026-06-15T06:59:59Z", false),
        ("", "2026-06-15", "2026-06-15T12:00:00Z", true),
    ] {
        let contracts =
            json!([{"nr": "larger", "from": "2030-01-01", "fte": 2}, {"nr": "it", "from": from, "to": to, "fte": 1}]);
        let mut options = options();
        options.at = at.parse().unwrap();
        let expected = if active { "it" } else { "larger" };
        assert_eq!(primary(&contracts, &options), expected, "{from} {to} {at}");
    }
}

#[test]
fn a_date_that_is_none_is_told_and_bounds_nothing() {
    let raw = json!({"nr": "1", "convention": "B", "Contracts": [{"nr": "c1", "from": "31-12-2027", "to": 7}]});
    let mapped = map(&usual(), &raw);
    assert_eq!(mapped.person["PrimaryContract"]["ExternalId"], "c1");
    let told = told(&mapped.findings);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("warning 1 StartDate: contract [c1]: \"31-12-2027\" is no date"), "{told:?}");
}

#[test]
fn what_is_calculated_wins_over_a_mapping_that_names_it() {
    let mapping = source_mapping(
        &[
            entry("ExternalId", "fixed", "1"),
            entry("DisplayName", "fixed", "x"),
            entry("Contracts.first", "fixed", "x"),
        ],
        &[],
    );
    let person = map(&mapping, &json!({"Contracts": []})).person;
    assert_eq!((&person["DisplayName"], &person["Contracts"]), (&json!("(1)"), &json!([])));
}

#[test]
fn each_value_of_a_person_can_be_traced() {
    let mapping = source_mapping(
        &[entry("ExternalId", "field", "nr"), entry("Name.Convention", "fixed", "B")],
        &[entry("Title.Name", "complex", "\"Nurse\"")],
    );
    let person = map(&mapping, &json!({"nr": "1", "Contracts": [{}, {}]})).person;
    let origins = serde_json::to_value(mapping.origins(&person).collect::<Vec<_>>()).unwrap();
    let expected = json!([
        {"field": "ExternalId", "value": "1", "mode": "Field", "from": "nr", "line": 1},
        {"field": "Name.Convention", "value": "B", "mode": "Fixed", "from": "fixed value", "line": 1},
        {"field": "Contracts[0].Title.Name", "value": "Nurse", "mode": "Complex", "from": "script", "line": 1},
        {"field": "Contracts[1].Title.Name", "value": "Nurse", "mode": "Complex", "from": "script", "line": 1},
    ]);
    assert_eq!(origins, expected);
}
