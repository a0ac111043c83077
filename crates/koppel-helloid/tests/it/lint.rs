//! Every check finds what it is for, and says nothing of what is well.

use std::collections::HashSet;
use std::path::Path;

use koppel_helloid::lint::{CHECKS, lint};
use koppel_helloid::{Finding, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::form_schema::{corpus, json_files};

/// A field of a target's mapping with one rule.
fn field(mode: &str, stages: &[&str], value: &str) -> Value {
    json!({"Name": "mail", "Description": "", "Type": "Text", "MappingActions": [{
        "MapForActions": stages, "MappingMode": mode, "Value": Value::from(value).to_string(),
        "UsedInNotifications": false, "StoreInAccountData": false,
    }]})
}

fn target(fields: &[Value]) -> Vec<Finding> {
    let file = json!({"Version": "v1", "MappingFields": fields, "UniqueFieldNames": []});
    lint(file.to_string().as_bytes())
}

/// What is said of a field with this path.
fn of_path(path: &str) -> Vec<String> {
    shown(&target(&[field("Field", &["Create"], path)]))
}

/// What is said of a field with this script.
fn of_script(script: &str) -> Vec<String> {
    shown(&target(&[field("Complex", &["Create"], script)]))
}

fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// Is this said, and nothing else?
#[track_caller]
fn says(findings: &[String], parts: &[&str]) {
    assert_eq!(findings.len(), parts.len(), "{findings:#?}");
    for (finding, part) in findings.iter().zip(parts) {
        assert!(finding.contains(part), "{finding} does not contain {part}");
    }
}

/// The sections of docs/lint.md: the check, how bad it is, and its example as a whole file.
fn documented() -> Vec<(String, Severity, Option<String>)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint.md")).unwrap();
    let text = text.replace("\r\n", "\n");
    let sections = text.split("\n### `").skip(1);
    sections
        .map(|section| {
            let (code, rest) = section.split_once("` (").unwrap();
            let severity = if rest.starts_with("error)") { Severity::Error } else { Severity::Warning };
            let example = rest.split_once("```json\n").map(|(_, rest)| rest.split_once("```").unwrap().0);
            let whole = example.map(|example| match example {
                _ if example.starts_with("{\"Name\"") => {
                    format!("{{\"Version\": \"v1\", \"MappingFields\": [\n{example}], \"UniqueFieldNames\": []}}")
                }
                _ if example.starts_with("{\"name\"") => {
                    format!("{{\"personMappings\": [\n{example}], \"contractMappings\": []}}")
                }
                _ => format!("[\n{example}]"),
            });
            (code.to_owned(), severity, whole)
        })
        .collect()
}

#[test]
fn every_check_is_documented_and_finds_its_example() {
    let documented = documented();
    let mut codes: Vec<&str> = documented.iter().map(|(code, _, _)| code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, CHECKS);
    for (code, severity, example) in &documented {
        let Some(example) = example else { continue };
        let findings = lint(example.as_bytes());
        let found = findings.iter().find(|finding| finding.code == code);
        let found = found.unwrap_or_else(|| panic!("[{code}] is not found: {findings:#?}"));
        assert_eq!(found.severity, *severity, "{code}");
        assert!(found.line >= 1, "{code} has no line");
        // An example of a source lacks what belongs in every mapping, and is not about that.
        let others = findings.iter().filter(|finding| finding.code != code);
        let mut others = others.filter(|finding| !["external-id", "name-convention"].contains(&finding.code));
        assert_eq!(others.next(), None, "{code}");
    }
}

#[test]
fn what_needs_a_large_file_or_none_is_found_too() {
    let without: HashSet<String> =
        documented().into_iter().filter(|(_, _, example)| example.is_none()).map(|(code, _, _)| code).collect();
    let mut found = HashSet::new();
    let mut check = |findings: &[Finding], code: &str, severity: Severity| {
        assert!(
            findings.iter().any(|finding| finding.code == code && finding.severity == severity),
            "{code}: {findings:?}"
        );
        found.insert(code.to_owned());
    };
    check(&lint(b""), "empty-file", Severity::Warning);
    let long = format!("'{}'", "x".repeat(256 * 1024));
    check(&target(&[field("Complex", &["Create"], &long)]), "script-size", Severity::Error);
    let numbered = |number: usize| {
        let mut one = field("None", &["Create"], "");
        one["Name"] = json!(format!("f{number}"));
        one["MappingActions"][0]["Value"] = json!("");
        one
    };
    let fifty: Vec<Value> = (0..50).map(numbered).collect();
    assert_eq!(target(&fifty), []);
    let more: Vec<Value> = (0..51).map(numbered).collect();
    check(&target(&more), "too-many-fields", Severity::Error);
    let keys: Vec<Value> = (0..1001)
        .map(|at| json!({"key": format!("k{at}"), "type": "input", "templateOptions": {"label": "K"}}))
        .collect();
    check(&lint(Value::Array(keys).to_string().as_bytes()), "form-size", Severity::Error);
    let bad: Vec<Value> = (0..700)
        .map(|at| json!({"key": format!("password{at}"), "type": "text", "templateOptions": {"label": "K"}}))
        .collect();
    let findings = lint(Value::Array(bad).to_string().as_bytes());
    check(&findings, "too-many-findings", Severity::Error);
    assert_eq!(findings.len(), 1001);
    assert_eq!(found, without, "each check has an example or a test here");
}

#[test]
fn a_file_that_is_well_has_no_findings() {
    let mapping = target(&[
        json!({"Name": "mail", "Description": "", "Type": "Text", "MappingActions": [
            {"MapForActions": ["Create", "update"], "MappingMode": "Complex", "UsedInNotifications": true, "StoreInAccountData": false,
             "Value": Value::from("function get() {\r\n  let m = '';\r\n  if (typeof Person.Accounts.X.mail !== 'undefined' && Person.Accounts.X.mail) {\r\n    m = Person.Accounts.X.mail;\r\n  }\r\n  return m;\r\n}\r\n\r\nget()").to_string()},
            {"MapForActions": ["Delete"], "MappingMode": "Fixed", "Value": "\"\"", "UsedInNotifications": false, "StoreInAccountData": false},
            {"MapForActions": ["Enable"], "MappingMode": "None", "Value": "", "UsedInNotifications": false, "StoreInAccountData": false},
        ]}),
        {
            let mut one = field("Field", &["Create"], "Person.PrimaryContract.Custom.any.thing");
            one["Name"] = json!("_extension.a_1.B");
            one
        },
    ]);
    assert_eq!(mapping, []);
    let source = json!({
        "personMappings": [
            {"name": "ExternalId", "mode": "field", "value": "id", "validation": {"required": true}},
            {"name": "Name.Convention", "mode": "complex", "value": "switch (source.c) { case '0': 'B'; break; }", "validation": {"required": true}},
            {"name": "Custom.x", "mode": "fixed", "value": "a", "validation": {"required": false}, "convertToString": true},
        ],
        "contractMappings": [
            {"name": "ExternalId", "mode": "complex", "value": "sourceContract.id + source.id", "validation": {"required": true}},
        ],
    });
    assert_eq!(lint(source.to_string().as_bytes()), []);
    let form = json!([
        {"key": "api.url", "type": "input", "defaultValue": "", "templateOptions": {"label": "Token URL", "required": true}},
        {"key": "api.TokenUrl", "type": "input", "defaultValue": "", "templateOptions": {"label": "Token", "required": true}},
        {"key": "api.secret", "type": "input", "defaultValue": "", "templateOptions": {"type": "password", "label": "Secret", "required": true}},
        {"key": "usePassword", "type": "checkbox", "defaultValue": false, "templateOptions": {"label": "Use a password"}},
        {"key": "mode", "type": "select", "defaultValue": "", "templateOptions": {"label": "Mode", "options": [{"value": "a", "label": "A"}]}},
    ]);
    assert_eq!(lint(form.to_string().as_bytes()), []);
}

#[test]
fn paths_are_compared_with_what_helloid_has() {
    says(&of_path("Person.Contact.Business.Phone.Mobile"), &[]);
    says(&of_path("Manager.ExternalId"), &[]);
    says(&of_path("person.ExternalId"), &["spells [Person.ExternalId]"]);
    says(&of_path("manager.ExternalId"), &["spells [Manager.ExternalId]"]);
    says(&of_path("PERSON.name.GivenName"), &["spells [Person.Name.GivenName]"]);
    says(&of_path("person.Naam"), &["spells [Person.Naam]", "HelloID has no [Naam] in Person"]);
    says(&of_path("person"), &["spells [Person]", "a whole person"]);
    says(&of_path("Person.name.givenName"), &["spells [Person.Name.GivenName]"]);
    says(&of_path("Person.Naam"), &["HelloID has no [Naam] in Person"]);
    says(&of_path("Person"), &["a whole person"]);
    says(&of_path("ExternalId"), &["begins with neither Person nor Manager"]);
    says(&of_path("Person.Contracts[0].StartDate"), &["takes an entry out of a list"]);
    says(&of_path("Person.Accounts.MicrosoftActiveDirectory.mail"), &["empty for everyone without an account"]);
    says(&of_path("// the name\nPerson.Name.NickName"), &["a script as its path"]);
}

#[test]
fn scripts_are_compared_with_what_helloid_has_but_not_their_texts_and_remarks() {
    says(&of_script("'Person.naam' /* Person.naam */ + `Person.naam` // Person.naam"), &[]);
    says(&of_script("a.Person.naam; let o = {}; o"), &[]);
    says(&of_script("`x${Person.naam}`"), &["no [naam] in Person, in line 1"]);
    says(&of_script("Person.Contracts.filter(c => c.any)[0].any"), &[]);
    says(&of_script("Person.Contracts[0].title.Name"), &["spells [Person.Contracts[…].Title.Name]"]);
    says(&of_script("Person.PrimaryContract.hasOwnProperty('x')"), &[]);
    says(&of_script("Person.ExternalId.Substring(1)"), &["spells [Person.ExternalId.substring]"]);
    says(
        &of_script("\n\nPerson['name'].NickName"),
        &["spells [Person.Name.NickName]; upper and lower case count, in line 3"],
    );
    says(&of_script("Person.name.x; Person.name.x"), &["no [x] in Person.Name"]);
}

#[test]
fn an_object_in_another_case_is_found_in_a_script() {
    says(
        &of_script("let a = 1;\nperson.Name.NickName + person.ExternalId"),
        &[
            "warning: field [mail]: reads [person], which HelloID spells [Person]; upper and lower case count, in line 2",
        ],
    );
    says(&of_script("math.max(1, 2)"), &["spells [Math]"]);
    says(&of_script("deletediacriticalmarks('x')"), &["spells [deleteDiacriticalMarks]"]);
    says(&of_script("Person.Contracts.map(person => person.Any).join()"), &[]);
    says(&of_script("let date = new Date(); date.getTime()"), &[]);
}

#[test]
fn an_entry_of_a_list_is_shown_as_it_is_written() {
    says(
        &of_script("Person.Contracts[0].startDate"),
        &["reads [Person.Contracts[…].startDate], which HelloID spells [Person.Contracts[…].StartDate]"],
    );
}

#[test]
fn an_asynchronous_function_is_read_like_any_other() {
    for script in ["async function f() {}\n1", "async function* f() {}\n1", "let f = async () => { await 1 }; 1"] {
        says(&of_script(script), &[]);
    }
    says(&of_script("1;\n9n"), &["[9n] is a BigInt, which HelloID's JavaScript does not have"]);
}

#[test]
fn what_a_form_says_of_its_options_and_defaults_is_looked_at() {
    let of = |kind: &str, default: Value, options: Value| {
        let mut template = json!({"label": "X"});
        template.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let form = json!([{"key": "x", "type": kind, "defaultValue": default, "templateOptions": template}]);
        shown(&lint(form.to_string().as_bytes()))
    };
    says(
        &of("input", json!(""), json!({"requird": true, "Placeholder": "a"})),
        &["warning: field [x]: has [requird] in templateOptions, which HelloID does not know there [unknown-key]"],
    );
    says(&of("input", json!(""), json!({"placeHolder": "a"})), &[]);
    let odd = json!({"options": [{"value": "a", "label": "A", "lable": "B"}, {"value": "b"}]});
    says(
        &of("radio", json!("a"), odd),
        &["has [lable] in an option", "warning: field [x]: has no label for the option [b]"],
    );
    let booleans = json!({"options": [{"value": true, "label": "Yes"}, {"value": false, "label": "No"}]});
    says(&of("radio", json!(true), booleans.clone()), &[]);
    says(&of("radio", json!("false"), booleans.clone()), &[]);
    says(&of("radio", json!("maybe"), booleans), &["none of its options: true, false"]);
    says(&of("checkbox", json!("maybe"), json!({})), &["warning: field [x]: is a checkbox with the default"]);
    says(&of("checkbox", json!(1), json!({})), &["neither true nor false"]);
    for fine in [json!("true"), json!("False"), json!(true), json!(null)] {
        says(&of("checkbox", fine, json!({})), &[]);
    }
}

#[test]
fn a_look_at_the_account_guards_what_is_read_of_it_later() {
    let unguarded = "may throw";
    let mail = "Person.Accounts.AzureAD.mail";
    says(&of_script(mail), &[unguarded]);
    says(&of_script(&format!("if ({mail}) {{ {mail} }}")), &[unguarded]);
    says(&of_script(&format!("Person.Accounts.AzureAD && {mail}")), &[]);
    says(&of_script(&format!("if (typeof {mail} !== 'undefined') {{ {mail} }}")), &[]);
    says(&of_script("Person.Accounts.AzureAD?.mail"), &[]);
    says(&of_script("(Person.Accounts.AzureAD || {}).mail"), &[]);
    says(&of_script(&format!("try {{ {mail} }} catch (e) {{ '' }}")), &[]);
    says(&of_script(&format!("Person.Accounts.TOPdesk && {mail}")), &[unguarded]);
    says(&of_script("Person.Accounts._0123456789abcdef0123456789abcdef['mail']"), &[unguarded]);
}

#[test]
fn a_script_of_declarations_alone_has_no_value() {
    let silent = "ends without a value";
    says(&of_script("function f() { return 1 }"), &[silent]);
    says(&of_script("let a = 1\nconst b = {\n x: 1\n};\nfunction f(a, b = {}) { return { a } };"), &[silent]);
    for fine in [
        "f(); function f() { return 1 }",
        "function f() { return 1 }\nf",
        "let f = function() { return 1 }\nf()",
        "let a = 1\n  + 2\na",
        "var a = [1,\n 2]\n;[0].concat(a)",
        "(function() { return 1 })()",
        "if (Person.ExternalId) { 'x' }",
        "let a = 1",
    ] {
        says(&of_script(fine), &[]);
    }
}

#[test]
fn random_values_are_said_only_where_an_update_makes_new_ones() {
    let random = "function p() { return Math.floor(Math.random() * 10) }\np()";
    says(&of_script(random), &[]);
    says(&shown(&target(&[field("Complex", &["Update"], random)])), &["uses Math.random in line 1"]);
    says(&shown(&target(&[field("Complex", &["Update"], "Math.floor(1)")])), &[]);
}

#[test]
fn a_script_that_is_no_javascript_is_told_with_both_lines() {
    let script = "let a = 1;\nlet b = ;";
    let file = format!("{{\"MappingFields\": [\n{}\n]}}", field("Complex", &["Create"], script));
    let findings = lint(file.as_bytes());
    assert_eq!((findings.len(), findings[0].line, findings[0].field.as_str()), (1, 2, "mail"));
    assert!(findings[0].message.contains("(line 2 of the script)"), "{}", findings[0]);
}

#[test]
fn the_scripts_of_a_source_read_what_a_source_has() {
    let of = |list: &str, script: &str| {
        let id = json!({"name": "ExternalId", "mode": "field", "value": "id", "validation": {"required": true}});
        let convention =
            json!({"name": "Name.Convention", "mode": "fixed", "value": "B", "validation": {"required": true}});
        let mut file = json!({"personMappings": [id, convention], "contractMappings": [id]});
        let entry = json!({"name": "Custom.x", "mode": "complex", "value": script, "validation": {"required": false}});
        file[list].as_array_mut().unwrap().push(entry);
        shown(&lint(file.to_string().as_bytes()))
    };
    says(&of("personMappings", "source.any.thing"), &[]);
    says(&of("personMappings", "sourceContract.x"), &["reads sourceContract in line 1"]);
    says(&of("contractMappings", "sourceContract.x"), &[]);
    says(&of("contractMappings", "Person.ExternalId"), &["reads Person in line 1"]);
    says(&of("personMappings", "let Person = source; Person.x"), &[]);
    says(&of("personMappings", "function ("), &["no JavaScript"]);
}

#[test]
fn scripts_that_are_never_run_are_found_and_texts_that_only_look_like_one_are_not() {
    let fixed = |text: &str| shown(&target(&[field("Fixed", &["Create"], text)]));
    says(&fixed("function f() { return 1 }\nf()"), &["and a script as its value"]);
    says(&fixed("Person.ExternalId + '(x)'"), &["and a script as its value"]);
    says(&fixed("Person.ExternalId"), &["and a path as its value"]);
    for text in
        ["Outlet (Amsterdam)", "return; see the source. (page 2)", "let it be", "Person. Or not;", "#ONVERANDERD#"]
    {
        says(&fixed(text), &[]);
    }
    let of_source = |mode: &str, value: &str| {
        let file = json!({"contractMappings": [
            {"name": "ExternalId", "mode": mode, "value": value, "validation": {"required": true}},
        ]});
        shown(&lint(file.to_string().as_bytes()))
    };
    says(&of_source("field", "function f() { return sourceContract.id; } f();"), &["a script as its path"]);
    says(&of_source("fixed", "sourceContract.id + '(x)'"), &["and a script as its value"]);
    says(&of_source("fixed", "source.id"), &["and a path as its value"]);
    says(&of_source("fixed", "sourceContract.dept.id"), &["Set the mode to Complex [fixed-script]"]);
    says(&of_source("fixed", "A source. Of text"), &[]);
    says(&fixed("Manager.ExternalId"), &["Set the mode to Field [fixed-script]"]);
    says(&fixed("source.example.com"), &[]);
    says(&of_source("complex", "SourceContract.id"), &["spells [sourceContract]"]);
    says(&of_source("field", "lines[0].id"), &["takes an entry out of a list"]);
    says(&of_source("field", "sourceContract.id"), &["begins within the raw object"]);
    says(&of_source("field", "source"), &[]);
}

#[test]
fn secrets_are_known_by_key_or_label() {
    let of = |key: &str, label: &str, kind: &str| {
        let form = json!([{"key": key, "type": kind, "defaultValue": "", "templateOptions": {"label": label}}]);
        lint(form.to_string().as_bytes()).iter().any(|finding| finding.code == "form-secret")
    };
    assert!(of("ClientSecret", "Id", "input") && of("x", "API key", "textarea") && of("Password", "Password", "email"));
    for (key, label) in
        [("TokenUrl", "Token"), ("x", "Token endpoint"), ("BaseUrlToken", "y"), ("PasswordFile", "Password")]
    {
        assert!(!of(key, label, "input"), "{key} {label}");
    }
    assert!(!of("usePassword", "Password", "checkbox"));
}

#[test]
fn the_other_parts_of_a_broken_file_still_get_their_report() {
    let file = format!(
        "{{\"MappingFields\": [{{\"Name\": \"\"}},\n{},\n{}]}} x",
        field("Field", &["Create"], "Person.naam"),
        json!({"Name": "b", "Type": "Text", "MappingActions": [{"MapForActions": ["Create"], "MappingMode": "Complex", "Value": "\"f(\\q\""}]}),
    );
    let codes: Vec<(usize, &str)> = lint(file.as_bytes()).iter().map(|finding| (finding.line, finding.code)).collect();
    assert_eq!(codes, [(1, "name"), (2, "unknown-path"), (3, "file"), (3, "value-malformed"), (3, "script-syntax")]);
}

#[test]
fn public_files_have_no_errors_but_those_that_are_known() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    json_files(&corpus, &mut files);
    let mut errors = Vec::new();
    let mut read = 0;
    for path in files {
        let findings = lint(&std::fs::read(&path).unwrap());
        if findings.iter().any(|finding| finding.message.starts_with("this is no file of HelloID")) {
            continue;
        }
        read += 1;
        let name = path.strip_prefix(&corpus).unwrap().iter().next().unwrap().to_str().unwrap();
        let known = findings.iter().filter(|finding| finding.severity == Severity::Error);
        errors.extend(known.map(|finding| format!("{name} {} {}", finding.field, finding.code)));
    }
    assert!(read > 130, "{read}");
    errors.sort();
    assert_eq!(
        errors,
        [
            "HelloID-Conn-Prov-Target-Eduarte-Employee achternaam field-script",
            "HelloID-Conn-Prov-Target-Eduarte-Employee gebruiker.gebruikernaam value-malformed",
            "HelloID-Conn-Prov-Target-Eduarte-Employee gebruikersnaam value-malformed",
            "HelloID-Conn-Prov-Target-Eduarte-Employee voorvoegsel field-script",
            "HelloID-Conn-Prov-Target-Generic-Scim EmailAddress field-script",
            "HelloID-Conn-Prov-Target-GoodHabitz EmailAddress field-script",
            "HelloID-Conn-Prov-Target-KPN-Bart ExtensionData.UserType value-malformed",
        ]
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = lint(&bytes);
    }

    #[test]
    fn no_script_or_path_makes_it_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("Person".to_owned()), Just(".Accounts".to_owned()), Just(".X".to_owned()), Just("[".to_owned()),
                Just("]".to_owned()), Just("(".to_owned()), Just(")".to_owned()), Just("{".to_owned()), Just("}".to_owned()),
                Just("`".to_owned()), Just("${".to_owned()), Just("/".to_owned()), Just("'".to_owned()), Just("?.".to_owned()),
                Just("function f".to_owned()), Just("let a = ".to_owned()), Just("typeof ".to_owned()), Just("\n".to_owned()),
                Just(";".to_owned()), "\\PC{0,4}",
            ],
            0..30,
        )
    ) {
        let text = parts.concat();
        for finding in target(&[field("Complex", &["Update"], &text), field("Field", &["Create"], &text)]) {
            prop_assert!(CHECKS.contains(&finding.code), "{}", finding);
        }
    }
}
