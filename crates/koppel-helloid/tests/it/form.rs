//! configuration.json is read whatever its encoding and its faults, and written as HelloID writes it.

use koppel_helloid::form::{FormField, FormOption};
use koppel_helloid::{Form, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORM: &str = r#"[
  {"key": "connection.server", "type": "input", "defaultValue": "https://<name>.example.com",
   "templateOptions": {"label": "Server", "description": "The address", "placeHolder": "https://...", "required": true}},
  {"key": "connection.password", "type": "textarea", "defaultValue": "",
   "templateOptions": {"type": "password", "label": "Password", "rows": 4, "required": true}},
  {"key": "mode", "type": "radio", "defaultValue": "true", "hideExpression": "!model.connection",
   "templateOptions": {"label": "Mode", "options": [{"value": "true", "label": "On"}, {"value": "false", "label": "Off"}]}},
  {"key": "isDebug", "type": "checkbox", "defaultValue": false, "templateOptions": {"label": "Debug", "tabindex": 3}}
]"#;

fn read(text: &str) -> (Form, Vec<String>) {
    let read = Form::read(text.as_bytes());
    let findings = read.findings.iter().map(|finding| format!("{}: {finding}", finding.line)).collect();
    (read.value.unwrap(), findings)
}

#[test]
fn every_part_of_a_field_is_read() {
    let (form, findings) = read(FORM);
    let unknown = "has [tabindex] in templateOptions, which HelloID does not know there [unknown-key]";
    assert_eq!(findings, [format!("8: warning: field [isDebug]: {unknown}")]);
    let [server, password, mode, debug] = &form.fields[..] else { panic!("{form:#?}") };
    assert_eq!(
        *server,
        FormField {
            key: "connection.server".into(),
            kind: "input".into(),
            default: Some(json!("https://<name>.example.com")),
            label: "Server".into(),
            description: "The address".into(),
            placeholder: "https://...".into(),
            required: true,
            ..FormField::default()
        }
    );
    assert!(password.secret && password.rows == Some(4) && password.kind == "textarea");
    let option = |value: &str, label: &str| FormOption { value: value.into(), label: label.into() };
    assert_eq!(mode.options, [option("true", "On"), option("false", "Off")]);
    assert!(!mode.required, "absent is not required");
    assert_eq!(Value::Object(mode.more.clone()), json!({"hideExpression": "!model.connection"}));
    assert_eq!(Value::Object(debug.more_options.clone()), json!({"tabindex": 3}));
    assert_eq!(debug.default, Some(json!(false)));
}

#[test]
fn what_is_written_is_read_back_as_it_was() {
    let (form, _) = read(FORM);
    let written = serde_json::to_string_pretty(&form).unwrap();
    assert_eq!(read(&written).0, form);
    let mut expected: Value = serde_json::from_str(FORM).unwrap();
    for field in expected.as_array_mut().unwrap() {
        let options = field["templateOptions"].as_object_mut().unwrap();
        options.entry("required").or_insert(json!(false));
        if let Some(text) = options.remove("placeHolder") {
            options.insert("placeholder".to_owned(), text);
        }
    }
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);
    insta::assert_snapshot!(written);
}

#[test]
fn the_encodings_of_windows_are_read_and_their_lines_are_right() {
    let text = "[\r\n{\"key\": \"é\",\r\n\"type\": \"input\", \"templateOptions\": {\"label\": \"E\"}},\r\n{}\r\n]";
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for bytes in [text.as_bytes(), &marked, &little, &big] {
        let read = Form::read(bytes);
        assert_eq!(read.value.unwrap().fields[0].key, "é");
        assert_eq!(read.findings.len(), 1, "{:?}", read.findings);
        assert_eq!(read.findings[0].line, 4);
    }
}

#[test]
fn an_empty_file_is_a_form_without_fields_and_a_warning() {
    for bytes in [&b""[..], b" \r\n", b"\xEF\xBB\xBF", b"\xFF\xFE"] {
        let read = Form::read(bytes);
        assert_eq!(read.value, Some(Form::default()));
        assert_eq!(read.findings.len(), 1);
        assert_eq!(read.findings[0].severity, Severity::Warning);
    }
}

#[test]
fn what_follows_the_form_is_an_error_with_its_place_and_the_form_is_read() {
    let read = Form::read(b"[{\"key\": \"a\", \"type\": \"input\", \"templateOptions\": {\"label\": \"A\"}}]\n\n x");
    assert_eq!(read.value.unwrap().fields.len(), 1);
    let [finding] = &read.findings[..] else { panic!("{:?}", read.findings) };
    assert_eq!((finding.line, finding.severity), (3, Severity::Error));
    assert!(finding.message.contains("byte 69"), "{finding}");
}

#[test]
fn what_is_no_form_is_refused_with_what_it_is() {
    for (text, expected) in [
        ("[{\"key\": ", "not JSON"),
        ("{\"MappingFields\": []}", "the field mapping of a target"),
        ("{\"personMappings\": []}", "the mapping of a source"),
        ("{\"key\": \"a\"}", "no file of HelloID"),
        ("12", "no file of HelloID"),
    ] {
        let read = Form::read(text.as_bytes());
        assert_eq!(read.value, None, "{text}");
        assert!(read.errors().any(|error| error.message.contains(expected)), "{text}: {:?}", read.findings);
    }
    assert!(Form::read(b"[\"\xFF\"]").findings[0].message.contains("byte 2"));
}

#[test]
fn keys_that_cannot_both_have_a_value_are_errors_and_the_first_counts() {
    let field = |key: &str, label: &str| json!({"key": key, "type": "input", "templateOptions": {"label": label}});
    let form = |keys: &[&str]| {
        let fields: Vec<Value> = keys.iter().map(|key| field(key, "L")).collect();
        read(&Value::Array(fields).to_string())
    };
    for (keys, kept, expected) in [
        (&["a", "a"][..], &["a"][..], "stands twice"),
        (&["Url", "url"], &["Url"], "PowerShell does not see the difference"),
        (&["a", "a.b"], &["a"], "[a] is a field already"),
        (&["A.b.c", "a.B"], &["A.b.c"], "other fields stand below"),
        (&["x", " "], &["x"], "field 2 of the form has no key"),
        (&["x", "a..b"], &["x"], "before or after a dot"),
        (&["x", ".a"], &["x"], "before or after a dot"),
    ] {
        let (form, findings) = form(keys);
        assert_eq!(form.fields.iter().map(|field| field.key.as_str()).collect::<Vec<_>>(), kept);
        assert!(findings.len() == 1 && findings[0].contains("error") && findings[0].contains(expected), "{findings:?}");
    }
    let (form, findings) = form(&["ab", "a.b", "a.c", "abc.d"]);
    assert_eq!((form.fields.len(), findings.len()), (4, 0));
}

#[test]
fn wrong_types_are_said_and_the_rest_is_read() {
    let (form, findings) = read(
        r#"[1, {"key": 3}, {"key": "a", "type": 4, "templateOptions": {"label": ["x"], "required": "true"}},
            {"key": "b", "type": "checkbox", "defaultValue": "false", "label": "B", "templateOptions": []},
            {"key": "c", "type": "select", "templateOptions": {"label": "C", "options":
              [{"value": 1}, {"value": "1", "label": "one"}, {"value": null}, "x", {"value": true, "label": "yes"}]}}]"#,
    );
    let [a, b, c] = &form.fields[..] else { panic!("{form:#?}") };
    assert_eq!((a.kind.as_str(), a.label.as_str(), a.required), ("input", "a", true));
    assert_eq!((b.default.clone(), b.label.as_str()), (Some(json!("false")), "b"));
    assert_eq!(c.options.iter().map(|option| option.value.as_str()).collect::<Vec<_>>(), ["1", "true"]);
    insta::assert_snapshot!(findings.join("\n"));
}

#[test]
fn a_form_of_a_million_fields_is_cut_off_with_an_error() {
    let text = format!("[{}{{}}]", "{\"key\":\"a\"},".repeat(1_000_000));
    let read = Form::read(text.as_bytes());
    assert!(read.findings.len() < 2_000, "{}", read.findings.len());
    assert!(read.errors().any(|error| error.message.contains("more than 1000 fields")));
    let deep = format!("[{{\"key\": \"{}\"}}]", "a.".repeat(1_000_000));
    assert!(Form::read(deep.as_bytes()).errors().any(|error| error.message.contains("256")));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Form::read(&bytes);
    }

    #[test]
    fn no_text_like_a_form_makes_the_reader_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\"key\""), Just("\"type\""),
                Just("\"a.b\""), Just("\"templateOptions\""), Just("\"options\""), Just("\"value\""), Just("null"),
                Just("1"), Just("true"), Just("\"\\ud800\""), Just("\n"), Just("\"label\""), Just("\"\""),
            ],
            0..60,
        )
    ) {
        let text = format!("[{{\"key\": \"x\"}}, {}", parts.concat());
        let read = Form::read(text.as_bytes());
        prop_assert!(read.value.is_some() || read.errors().next().is_some());
    }
}
