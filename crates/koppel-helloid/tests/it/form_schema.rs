//! A form and its JSON Schema say the same, and what both can say is not lost on the way.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use koppel::ConfigSchema;
use koppel_helloid::Form;
use koppel_helloid::form::{FormField, FormOption};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn form(fields: &Value) -> Form {
    let read = Form::read(fields.to_string().as_bytes());
    assert_eq!(read.findings, []);
    read.value.unwrap()
}

fn choice() -> Form {
    form(&json!([
        {"key": "Url", "type": "input", "defaultValue": "https://<name>.example.com",
         "templateOptions": {"label": "Address", "required": true, "placeholder": "https://"}},
        {"key": "login.password", "type": "input", "defaultValue": "",
         "templateOptions": {"type": "password", "label": "Password", "required": true}},
        {"key": "days", "type": "input", "defaultValue": "2", "templateOptions": {"label": "Days"}},
        {"key": "mode", "type": "select", "defaultValue": "a", "templateOptions": {"label": "Mode",
         "options": [{"value": "a", "label": "The first"}, {"value": "b", "label": "b"}]}},
        {"key": "login.debug", "type": "checkbox", "defaultValue": true, "templateOptions": {"label": "Debug"}},
    ]))
}

#[test]
fn a_form_becomes_a_schema_that_says_the_same() {
    let schema = choice().to_schema();
    assert!(jsonschema_of(&schema).faults(&json!({})).iter().any(|fault| fault.path == "login"));
    insta::assert_json_snapshot!(schema);
}

fn jsonschema_of(schema: &Value) -> ConfigSchema {
    ConfigSchema::from_value(schema.clone())
}

#[test]
fn configurations_are_checked_with_the_schema_of_a_form_as_helloid_delivers_them() {
    let schema = jsonschema_of(&choice().to_schema());
    let faults = |config: Value| {
        let faults = schema.faults(&schema.normalise(&config));
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let good = json!({"url": "https://x", "LOGIN": {"Password": "p", "debug": "True"}, "days": 3, "Mode": "B"});
    assert_eq!(faults(good.clone()), "");
    let read = schema.normalise(&good);
    assert_eq!(read, json!({"Url": "https://x", "login": {"password": "p", "debug": true}, "days": "3", "mode": "b"}));
    assert_eq!(faults(json!({"Url": "https://x"})), "login: is missing");
    let bad = faults(json!({"Url": "", "login": {"password": "", "debug": "perhaps"}, "mode": "c"}));
    for expected in
        ["Url: is empty", "login.password: is empty", "login.debug: \"perhaps\" is not", "mode: \"c\" is none of a, b"]
    {
        assert!(bad.contains(expected), "{bad}");
    }
    assert_eq!(schema.secrets(), ["/login/password"]);
}

#[test]
fn the_default_of_a_required_field_is_never_used_as_a_value() {
    let schema = choice().to_schema();
    assert_eq!(schema["properties"]["Url"].get("default"), None);
    assert_eq!(schema["properties"]["days"]["default"], "2");
    assert_eq!(schema["properties"]["login"]["properties"]["debug"]["default"], true);
}

#[test]
fn a_secret_is_written_as_the_sdk_writes_one() {
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Config {
        #[schemars(title = "Password")]
        password: koppel::Secret,
    }
    let form = form(&json!([{"key": "password", "type": "input", "defaultValue": "",
        "templateOptions": {"type": "password", "label": "Password", "required": true}}]));
    let ours = ConfigSchema::of::<Config>();
    assert_eq!(form.to_schema()["properties"], ours.as_value()["properties"]);
    assert_eq!(Form::of_schema(ours.as_value()), form);
}

/// How a connector's configuration may look.
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
#[schemars(extend("x-order" = ["name", "few", "many", "count", "table", "free", "inner.deep", "inner.flag"]))]
struct Everything {
    /// A name
    #[schemars(title = "Name", length(min = 1))]
    name: String,
    few: Option<Few>,
    #[schemars(default = "late")]
    many: Many,
    #[schemars(range(max = 9), extend("default" = 4))]
    count: u8,
    /// Rows
    #[schemars(extend("examples" = [[{"role": "a"}]]))]
    table: Vec<Row>,
    #[schemars(extend("default" = {"a": "b"}))]
    free: Option<std::collections::BTreeMap<String, String>>,
    inner: Option<Inner>,
    /// Not in the order
    extra: Option<f64>,
    another: String,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Row {
    role: String,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Inner {
    deep: koppel::Secret,
    flag: Option<bool>,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
enum Few {
    /// The first
    One,
    /// The second
    Two,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema counts")]
enum Many {
    Early,
    OnTime,
    Late,
    Never,
}

fn late() -> Many {
    Many::Late
}

#[test]
fn a_schema_becomes_a_form_that_an_administrator_can_fill_in() {
    let form = Form::of_schema(ConfigSchema::of::<Everything>().as_value());
    insta::assert_snapshot!(serde_json::to_string_pretty(&form).unwrap());
}

#[test]
fn a_schema_that_is_none_is_a_form_without_fields() {
    for schema in [json!(null), json!([]), json!({"properties": []}), json!({"x-order": 1})] {
        assert_eq!(Form::of_schema(&schema), Form::default());
    }
    let odd = json!({"properties": {"a": null, "b": {"type": 3, "oneOf": 1, "enum": [null, [1]], "x-form": []}}});
    let keys: Vec<String> = Form::of_schema(&odd).fields.into_iter().map(|field| field.key).collect();
    assert_eq!(keys, ["a", "b"]);
}

/// The public files, where they are at hand.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there are no public files at {}", folder.display());
    None
}

/// All JSON files below a folder.
pub(crate) fn json_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            json_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

#[test]
fn every_public_form_is_read_and_survives_its_schema() {
    let Some(corpus) = corpus() else { return };
    let mut files = Vec::new();
    json_files(&corpus, &mut files);
    let mut forms = 0;
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let read = Form::read(&bytes);
        let Some(form) = read.value.filter(|form| !form.fields.is_empty()) else { continue };
        forms += 1;
        assert!(
            read.findings.iter().all(|finding| finding.severity == koppel_helloid::Severity::Warning),
            "{path:?}: {:?}",
            read.findings
        );
        let schema = form.to_schema();
        assert_eq!(Form::of_schema(&schema), form, "{path:?}");
        let faults = ConfigSchema::from_value(schema).faults(&json!({}));
        assert!(faults.iter().all(|fault| fault.message == "is missing"), "{path:?}: {faults:?}");
        let written = serde_json::to_vec(&form).unwrap();
        assert_eq!(Form::read(&written).value, Some(form), "{path:?}");
    }
    assert!(forms > 60, "{forms}");
}

fn key() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9_ -]{0,5}[a-z](\\.[a-zA-Z][a-z0-9]{0,5}){0,3}"
}

fn more() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map(
        "x[a-z]{1,4}",
        prop_oneof![Just(json!(1)), Just(json!("!a")), Just(json!({"a": [null]}))],
        0..2,
    )
    .prop_map(|map| map.into_iter().collect())
}

fn option() -> impl Strategy<Value = FormOption> {
    ("\\PC{0,6}", "\\PC{0,12}").prop_map(|(value, label)| FormOption { value, label })
}

prop_compose! {
    fn field()(
        key in key(),
        kind in prop_oneof![
            Just("input"), Just("textarea"), Just("email"), Just("checkbox"), Just("toggle"), Just("radio"), Just("select"),
            Just("Input"), Just("something")
        ],
        default in prop_oneof![
            Just(None), Just(Some(json!(""))), Just(Some(json!(true))), Just(Some(json!("false"))), Just(Some(json!(7))),
            "\\PC{0,9}".prop_map(|text| Some(json!(text))),
        ],
        texts in ("\\PC{0,9}", "\\PC{0,9}", "\\PC{0,9}"),
        flags in any::<(bool, bool)>(),
        rows in proptest::option::of(0u64..40),
        options in proptest::collection::vec(option(), 0..6),
        more in more(),
        more_options in more(),
    ) -> FormField {
        let mut seen = HashSet::new();
        let chosen = matches!(kind, "radio" | "select");
        let options = options.into_iter().filter(|option| chosen && seen.insert(option.value.clone())).collect();
        FormField {
            key, kind: kind.to_owned(), default, label: texts.0, description: texts.1, placeholder: texts.2,
            required: flags.0, secret: flags.1, options, rows, more, more_options,
        }
    }
}

/// No key twice, and none above another.
fn forms() -> impl Strategy<Value = Form> {
    proptest::collection::vec(field(), 0..8).prop_map(|fields| {
        let mut kept: Vec<FormField> = Vec::new();
        for field in fields {
            let within = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
            if !kept.iter().any(|other| within(&other.key, &field.key) || within(&field.key, &other.key)) {
                kept.push(field);
            }
        }
        Form { fields: kept }
    })
}

proptest! {
    #[test]
    fn a_form_survives_its_schema(form in forms()) {
        let schema = form.to_schema();
        prop_assert_eq!(Form::of_schema(&schema), form);
        prop_assert_eq!(Form::of_schema(&schema).to_schema(), schema);
    }

    #[test]
    fn the_schema_of_any_form_is_one(form in forms()) {
        let schema = ConfigSchema::from_value(form.to_schema());
        for fault in schema.faults(&json!({})) {
            prop_assert_eq!(fault.message, "is missing");
        }
    }
}
