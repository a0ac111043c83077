//! `koppel map`: data and persons on stdout, what is odd on stderr with file and line, exit codes.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Koppel, Output};

const FIELDS: &str = r#"{"Version": "v1", "UniqueFieldNames": [], "MappingFields": [
{"Name": "mail", "Description": "", "Type": "Text", "MappingActions": [{"MapForActions": ["Create"], "MappingMode": "Complex",
  "Value": "\"Person.Name.NickName.toLowerCase() + (Iteration || '') + '@x.example'\"", "UsedInNotifications": false, "StoreInAccountData": false}]},
{"Name": "_extension.boss", "Description": "", "Type": "Text", "MappingActions": [{"MapForActions": ["Create"], "MappingMode": "Field",
  "Value": "\"Manager.ExternalId\"", "UsedInNotifications": false, "StoreInAccountData": false}]},
{"Name": "active", "Description": "", "Type": "Text", "MappingActions": [
  {"MapForActions": ["Create", "Enable"], "MappingMode": "Fixed", "Value": "\"false\"", "UsedInNotifications": false, "StoreInAccountData": false},
  {"MapForActions": ["Delete"], "MappingMode": "None", "Value": "", "UsedInNotifications": false, "StoreInAccountData": false}]}
]}"#;

const SOURCE: &str = r#"{"personMappings": [
{"name": "ExternalId", "mode": "field", "value": "ExternalId", "validation": {"required": true}},
{"name": "Name.NickName", "mode": "field", "value": "firstName", "validation": {"required": true}},
{"name": "Name.FamilyName", "mode": "complex", "value": "source.lastName.toUpperCase()", "validation": {"required": false}},
{"name": "Name.Convention", "mode": "fixed", "value": "B", "validation": {"required": false}}
], "contractMappings": [
{"name": "ExternalId", "mode": "field", "value": "id", "validation": {"required": false}},
{"name": "StartDate", "mode": "field", "value": "from", "validation": {"required": false}},
{"name": "EndDate", "mode": "field", "value": "to", "validation": {"required": false}}
]}"#;

/// A folder with files, and the command in it.
struct Desk(TempDir);

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            desk.file(name, content);
        }
        desk
    }

    /// With a field mapping, a source's mapping, a person and two raw ones.
    fn usual() -> Self {
        Self::new(&[
            ("fields.json", FIELDS),
            ("source.json", SOURCE),
            ("person.json", r#"{"ExternalId": "1001", "Name": {"NickName": "Jan"}}"#),
            (
                "raw.jsonl",
                "{\"ExternalId\": \"1\", \"firstName\": \"Jo\", \"lastName\": \"Boer\", \"Contracts\": []}\n\
                 {\"ExternalId\": \"2\", \"firstName\": \"An\", \"lastName\": \"Wal\", \"Contracts\": []}\n",
            ),
        ])
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// `koppel map`; names of files are those of this folder.
    fn map(&self, arguments: &[&str]) -> Output {
        let path = |argument: &&str| {
            let path = self.0.path().join(argument);
            if argument.contains('.') && path.exists() {
                path.to_str().unwrap().to_owned()
            } else {
                (*argument).to_owned()
            }
        };
        let arguments: Vec<String> = ["map".to_owned()].into_iter().chain(arguments.iter().map(path)).collect();
        let mut output = Koppel::new(&arguments).run();
        let folder = format!("{}{}", self.0.path().to_str().unwrap(), std::path::MAIN_SEPARATOR);
        output.stderr = output.stderr.replace(&folder, "");
        output
    }
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn the_data_of_an_action_is_one_line_of_json() {
    let desk = Desk::usual();
    desk.file("boss.json", r#"{"Manager": {"ExternalId": "2002"}}"#);
    for (arguments, expected) in [
        (
            &["--action", "Create"][..],
            json!({"mail": "jan@x.example", "_extension": {"boss": null}, "active": "false"}),
        ),
        (
            &["--action", "create", "--iteration", "2", "--manager", "boss.json"],
            json!({"mail": "jan2@x.example", "_extension": {"boss": "2002"}, "active": "false"}),
        ),
        (&["--action", "Enable"], json!({"active": "false"})),
        (&["--action", "Delete"], json!({})),
    ] {
        let arguments = [&["fields.json", "--person", "person.json"][..], arguments].concat();
        assert_eq!(desk.map(&arguments).fine().lines(), [expected], "{arguments:?}");
    }
}

#[test]
fn a_person_context_brings_its_manager() {
    let desk = Desk::usual();
    let context = json!({"personContext": {"Person": {"Name": {"NickName": "Jo"}}, "Manager": {"ExternalId": "7"}}});
    desk.file("context.json", utf16(&context.to_string()));
    let lines = desk.map(&["fields.json", "--person", "context.json", "--action", "Create"]).fine().lines();
    assert_eq!(lines, [json!({"mail": "jo@x.example", "_extension": {"boss": "7"}, "active": "false"})]);
}

#[test]
fn explain_says_where_each_value_came_from() {
    let desk = Desk::usual();
    let output = desk.map(&["fields.json", "--person", "person.json", "--action", "Create", "--explain"]).fine();
    let given: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(given["data"]["mail"], "jan@x.example");
    let expected = json!([
        {"field": "mail", "value": "jan@x.example", "mode": "Complex", "from": "script", "line": 3},
        {"field": "_extension.boss", "value": null, "mode": "Field", "from": "Manager.ExternalId", "line": 5},
        {"field": "active", "value": "false", "mode": "Fixed", "from": "fixed value", "line": 7},
    ]);
    assert_eq!(given["fields"], expected);
    let output = desk.map(&["source.json", "--raw", "raw.jsonl", "--explain"]).fine();
    let persons: Vec<Value> =
        serde_json::Deserializer::from_str(&output.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(persons.len(), 2);
    assert_eq!(persons[1]["person"]["DisplayName"], "An WAL (2)");
    assert_eq!(
        persons[1]["fields"][1],
        json!({"field": "Name.NickName", "value": "An", "mode": "Field", "from": "firstName", "line": 3})
    );
}

#[test]
fn what_is_odd_goes_to_stderr_with_file_line_and_field() {
    let desk = Desk::usual();
    desk.file("odd.json", FIELDS.replace("Manager.ExternalId", "Person.externalId").replace("\"v1\"", "\"v2\""));
    let output = desk.map(&["odd.json", "--person", "person.json", "--action", "Create"]).exits(0);
    assert_eq!(output.lines()[0]["_extension"]["boss"], Value::Null);
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("warning: odd.json:1: Version is [v2]"), "{told:#?}");
    assert!(
        told[1].starts_with("warning: odd.json:5: field [_extension.boss]: [Person.externalId] is spelled"),
        "{told:#?}"
    );
    let arguments = ["odd.json", "--person", "person.json", "--action", "Create", "--log-format", "json"];
    let log = desk.map(&arguments).exits(0).json_log();
    assert_eq!((log.len(), log[0]["level"].as_str()), (2, Some("WARN")));
}

#[test]
fn every_field_that_fails_is_named_and_nothing_is_printed() {
    let desk = Desk::usual();
    let failing = FIELDS.replace("Person.Name", "Person.Names").replace("\"Manager.ExternalId\\\"\"", "\"x\\\"\"");
    desk.file("failing.json", failing.replace("\"MappingMode\": \"Field\"", "\"MappingMode\": \"Complex\""));
    let output = desk.map(&["failing.json", "--person", "person.json", "--action", "Create"]).exits(1).says_nothing();
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].starts_with("error: failing.json:3: field [mail]: the script gives no value: TypeError"),
        "{told:#?}"
    );
    assert!(
        told[1].starts_with("error: failing.json:5: field [_extension.boss]: the script gives no value: "),
        "{told:#?}"
    );
}

#[test]
fn a_mapping_with_errors_is_not_used() {
    let desk = Desk::usual();
    desk.file("twice.json", FIELDS.replace("\"_extension.boss\"", "\"Mail\"").replace("\"Fixed\"", "\"Copy\""));
    let output = desk.map(&["twice.json", "--person", "person.json", "--action", "Create"]).exits(1).says_nothing();
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("error: twice.json:4: field [Mail]: is mapped twice"), "{told:#?}");
    assert!(told[1].starts_with("error: twice.json:7: field [active]: has the mode [Copy]"), "{told:#?}");
}

#[test]
fn an_empty_mapping_is_no_mapping_and_a_warning() {
    let desk = Desk::usual();
    desk.file("empty.json", "\u{feff}\r\n");
    let output = desk.map(&["empty.json", "--person", "person.json", "--action", "Create"]).exits(0);
    assert_eq!(output.lines(), [json!({})]);
    assert_eq!(output.stderr, "warning: empty.json: the file is empty; nothing is mapped\n");
}

#[test]
fn input_that_cannot_be_used_exits_with_2_and_says_what_helps() {
    let desk = Desk::usual();
    for (name, content) in [
        ("trailing.json", format!("{FIELDS}\n}}").into_bytes()),
        ("latin.json", b"{\"MappingFields\": \"\xe9\"}".to_vec()),
        ("cut.json", FIELDS.as_bytes()[..300].to_vec()),
        ("form.json", b"[{\"key\": \"BaseUrl\"}]".to_vec()),
        ("other.json", b"{}".to_vec()),
        ("nothing.json", Vec::new()),
        ("list.json", b"[]".to_vec()),
        ("reconciliation.json", br#"{"actionContext": {"Origin": "reconciliation"}, "personContext": {}}"#.to_vec()),
    ] {
        desk.file(name, content);
    }
    let person = ["--person", "person.json", "--action", "Create"];
    let raw = ["--raw", "raw.jsonl"];
    let nobody = |file: &'static str| ["--person", file, "--action", "Delete"];
    for (mapping, rest, expected) in [
        ("fields.json", &nobody("other.json")[..], "other.json holds an empty object"),
        ("fields.json", &nobody("reconciliation.json"), "reconciliation.json has no personContext.Person"),
        ("trailing.json", &person[..], "trailing.json:10: the JSON ends before byte"),
        ("latin.json", &person, "latin.json: the file is not UTF-8 at byte 19"),
        ("cut.json", &person, "cut.json:3: the file is not JSON"),
        ("other.json", &person, "other.json: this is no file of HelloID"),
        ("form.json", &person, "form.json is a configuration form\nhint: name a fieldMapping.json"),
        ("form.json", &raw, "form.json is a configuration form\nhint: name a mapping.json"),
        ("source.json", &person, "source.json is the mapping of a source\nhint: give it raw persons with --raw FILE"),
        (
            "fields.json",
            &raw,
            "fields.json is the field mapping of a target\nhint: give it a person with --person FILE",
        ),
        ("fields.json", &["--person", "nothing.json", "--action", "Create"], "nothing.json is empty"),
        ("fields.json", &["--person", "cut.json", "--action", "Create"], "cut.json is not JSON"),
        ("fields.json", &["--person", "list.json", "--action", "Create"], "list.json has no person"),
        ("fields.json", &["--person", "absent.json", "--action", "Create"], "cannot read absent.json"),
        ("source.json", &["--raw", "nothing.json"], "nothing.json: is empty"),
        ("source.json", &["--raw", "cut.json"], "cut.json: is not JSON: EOF"),
        ("absent.json", &person, "cannot read absent.json"),
        (".", &person, ". is a folder"),
        ("fields.json", &["--person", "person.json", "--action", "Move"], "there are Create, Enable"),
        ("fields.json", &["--person", "person.json"], "--action"),
        ("fields.json", &[], "--person"),
        (
            "fields.json",
            &["--person", "person.json", "--action", "Create", "--raw", "raw.jsonl"],
            "cannot be used with",
        ),
        (
            "fields.json",
            &["--person", "person.json", "--action", "Create", "--time-zone", "Europe/Nowhere"],
            "there is no time zone [Europe/Nowhere]\nhint: name it as the IANA does",
        ),
        ("source.json", &["--raw", "raw.jsonl", "--primary", "StartDate:up"], "does not end in :asc or :desc"),
    ] {
        let output = desk.map(&[&[mapping][..], rest].concat()).exits(2).says_nothing();
        assert!(
            output.stderr.starts_with("error: ") && output.stderr.contains(expected),
            "{mapping} {rest:?}: {output:#?}"
        );
    }
}

#[test]
fn raw_persons_come_as_an_object_a_list_or_lines() {
    let desk = Desk::usual();
    let one = json!({"ExternalId": "1", "firstName": "Jo", "lastName": "Boer", "Contracts": []});
    let pretty = serde_json::to_string_pretty(&one).unwrap();
    for (content, count) in [
        (one.to_string(), 1),
        (format!("\u{feff} \r\n{pretty}"), 1),
        (format!("{one}\r\n\r\n{one}\r\n"), 2),
        (format!("{pretty}\n{pretty}\n{pretty}"), 3),
        (json!([one, one]).to_string(), 2),
        ("[]".to_owned(), 0),
    ] {
        for bytes in [content.clone().into_bytes(), utf16(content.trim_start_matches('\u{feff}'))] {
            desk.file("some.json", bytes);
            let lines = desk.map(&["source.json", "--raw", "some.json"]).fine().lines();
            assert_eq!(lines.len(), count, "{content}");
            assert!(lines.iter().all(|person| person["DisplayName"] == "Jo BOER (1)"), "{lines:?}");
        }
    }
    desk.file("some.json", format!("[{one}] x"));
    let output = desk.map(&["source.json", "--raw", "some.json"]).exits(2);
    assert!(output.stderr.contains("some.json: is not JSON: trailing characters"), "{output:#?}");
    desk.file("some.json", format!("{{\"ExternalId\": \"{}\"}}", "x".repeat(16 * 1024 * 1024)));
    let output = desk.map(&["source.json", "--raw", "some.json"]).exits(2).says_nothing();
    assert!(output.stderr.contains("a person is larger than 16 MiB"), "{}", output.stderr);
}

#[test]
fn a_person_that_fails_does_not_keep_the_others_and_a_blocked_one_is_printed() {
    let desk = Desk::usual();
    let lines = [
        json!({"ExternalId": "1", "firstName": "Jo", "lastName": "Boer", "Contracts": []}),
        json!({"ExternalId": "2", "firstName": "An", "Contracts": []}),
        json!({"ExternalId": "3", "lastName": "Wal", "Contracts": []}),
        json!({"firstName": "x", "lastName": "y", "Contracts": 7}),
    ];
    desk.file("mixed.jsonl", lines.map(|line| line.to_string()).join("\n"));
    let output = desk.map(&["source.json", "--raw", "mixed.jsonl"]).exits(1);
    let persons = output.lines();
    let names: Vec<&Value> = persons.iter().map(|person| &person["DisplayName"]).collect();
    assert_eq!(names, ["Jo BOER (1)", "WAL (3)"]);
    let reason = "no value for the required field Name.NickName";
    assert_eq!(persons[1]["Status"], json!({"Blocked": true, "Reason": reason}));
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(
        told[0].starts_with("error: source.json:4: person [2]: field [Name.FamilyName]: the script gives no"),
        "{told:#?}"
    );
    assert_eq!(told[1], format!("warning: source.json: person [3]: blocked: {reason}"));
    assert!(
        told[2].starts_with("error: source.json: person 4: field [Contracts]: contract 1 of the raw person"),
        "{told:#?}"
    );
    assert_eq!(told[3], "error: 2 of 4 persons could not be mapped");
}

#[test]
fn a_warning_about_every_person_is_told_once() {
    let desk = Desk::usual();
    desk.file("spelled.json", SOURCE.replace("\"firstName\"", "\"FirstName\""));
    let output = desk.map(&["spelled.json", "--raw", "raw.jsonl"]).exits(0);
    let told: Vec<&str> = output.stderr.lines().collect();
    assert_eq!((output.lines().len(), told.len()), (2, 2), "{told:#?}");
    assert!(
        told[0].starts_with("warning: spelled.json:3: person [1]: field [Name.NickName]: [FirstName] is spelled"),
        "{told:#?}"
    );
    assert_eq!(told[1], "warning: 1 more warning like these, about other persons");
}

#[test]
fn the_moment_the_zone_and_the_determinants_decide_on_the_primary_contract() {
    let desk = Desk::usual();
    let contracts = json!([
        {"id": "a", "from": "2026-01-01", "to": "2026-06-15"},
        {"id": "b", "from": "2026-06-10", "to": null},
        {"id": "c", "from": "2026-02-01", "to": "2026-05-31"},
    ]);
    let raw = json!({"ExternalId": "1", "firstName": "Jo", "lastName": "Boer", "Contracts": contracts});
    desk.file("raw.json", raw.to_string());
    for (arguments, expected) in [
        (&["--at", "2026-06-15T12:00:00Z"][..], "b"),
        (&["--at", "2026-06-15T12:00:00Z", "--primary", "StartDate"], "a"),
        (&["--at", "2026-06-15T22:30:00Z", "--primary", "StartDate"], "b"),
        (&["--at", "2026-06-15T22:30:00Z", "--primary", "StartDate", "--time-zone", "UTC"], "a"),
        (&["--at", "2026-03-01T00:00:00Z", "--primary", "EndDate:asc,ExternalId:desc"], "c"),
        (&["--at", "2020-01-01T00:00:00Z", "--primary", "ExternalId:desc"], "c"),
    ] {
        let arguments = [&["source.json", "--raw", "raw.json"][..], arguments].concat();
        let lines = desk.map(&arguments).fine().lines();
        assert_eq!(lines[0]["PrimaryContract"]["ExternalId"], expected, "{arguments:?}");
    }
}

#[test]
fn scripts_see_the_moment_that_is_asked_for() {
    let desk = Desk::usual();
    desk.file("now.json", FIELDS.replace("Person.Name.NickName.toLowerCase()", "new Date().toISOString()"));
    let arguments = ["now.json", "--person", "person.json", "--action", "Create", "--at", "2026-06-15T12:00:00Z"];
    assert_eq!(desk.map(&arguments).fine().lines()[0]["mail"], "2026-06-15T12:00:00.000Z@x.example");
}
