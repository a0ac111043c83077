//! What the tests of mappings share: an engine that runs no JavaScript, and files made of invented values.

use koppel_helloid::mapping::{FieldMapping, SourceMapping};
use koppel_helloid::script::{Engine, Scope, ScriptError, ScriptErrorKind};
use koppel_helloid::{Finding, Severity};
use serde_json::{Value, json};

/// Takes a script that is JSON as its own value. `throw` throws; `scope` gives what the script can see.
#[derive(Debug)]
pub(crate) struct Fake;

impl Engine for Fake {
    fn evaluate(&mut self, script: &str, scope: &Scope<'_>) -> Result<Value, ScriptError> {
        match script {
            "throw" => Err(ScriptError {
                kind: ScriptErrorKind::Thrown,
                message: "TypeError: no such thing".to_owned(),
                line: Some(3),
            }),
            "scope" => Ok(Value::String(
                json!([scope.person, scope.manager, scope.iteration, scope.source, scope.source_contract]).to_string(),
            )),
            _ => Ok(serde_json::from_str(script).unwrap_or_default()),
        }
    }
}

/// A fieldMapping.json with these fields, a line each.
pub(crate) fn file(fields: &[Value]) -> String {
    let fields: Vec<String> = fields.iter().map(Value::to_string).collect();
    format!("{{\"Version\": \"v1\", \"UniqueFieldNames\": [], \"MappingFields\": [\n{}\n]}}", fields.join(",\n"))
}

/// A field with one rule for Create; the value goes in as HelloID encodes it.
pub(crate) fn field(name: &str, kind: &str, mode: &str, value: &str) -> Value {
    let value = if mode == "None" { String::new() } else { json!(value).to_string() };
    rules(name, kind, &[rule(&["Create"], mode, &value)])
}

/// A field with these rules.
pub(crate) fn rules(name: &str, kind: &str, rules: &[Value]) -> Value {
    json!({"Name": name, "Description": "", "Type": kind, "MappingActions": rules})
}

/// A rule; the value goes in as it is.
pub(crate) fn rule(stages: &[&str], mode: &str, value: &str) -> Value {
    json!({
        "MapForActions": stages, "MappingMode": mode, "Value": value,
        "UsedInNotifications": false, "StoreInAccountData": false,
    })
}

/// An entry of a mapping.json.
pub(crate) fn entry(name: &str, mode: &str, value: &str) -> Value {
    json!({"name": name, "mode": mode, "value": value, "validation": {"required": false}})
}

/// A mapping.json.
pub(crate) fn source_file(person: &[Value], contract: &[Value]) -> String {
    json!({"personMappings": person, "contractMappings": contract}).to_string()
}

/// A mapping without findings.
pub(crate) fn mapping(fields: &[Value]) -> FieldMapping {
    let read = FieldMapping::read(file(fields).as_bytes());
    assert_eq!(read.findings, []);
    read.value.unwrap()
}

/// A mapping without errors.
pub(crate) fn source_mapping(person: &[Value], contract: &[Value]) -> SourceMapping {
    let read = SourceMapping::read(source_file(person, contract).as_bytes());
    assert_eq!(read.errors().count(), 0, "{:?}", read.findings);
    read.value.unwrap()
}

/// `error 12 mail: …` for each finding.
pub(crate) fn told(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        format!("{severity} {} {}: {}", finding.line, finding.field, finding.message)
    };
    findings.iter().map(line).collect()
}
