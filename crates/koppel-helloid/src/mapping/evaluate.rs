//! A field mapping, evaluated: from a person to the data of an account action.

use koppel::Record;
use serde::Serialize;
use serde_json::Value;

use super::model::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, Stage};
use super::path::walk;
use super::text_of;
use crate::finding::{Finding, Severity};
use crate::script::{Engine, Scope};

/// Whom a mapping is evaluated for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The person, as HelloID's `personContext.Person`.
    pub person: &'a Value,
    /// The person's manager.
    pub manager: Option<&'a Value>,
    /// How often a value was taken already, from 0.
    pub iteration: u32,
}

/// What a mapping gave, without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The fields that are mapped for the action, but those that the connector fills in.
    pub data: Record,
    /// Warnings: places to look at.
    pub findings: Vec<Finding>,
}

/// Where the value of a field came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origin<'a> {
    /// The field.
    pub field: &'a str,
    /// Its value; null where the connector fills it in.
    pub value: &'a Value,
    /// The mode of its rule: Field, Fixed, Complex or None.
    pub mode: &'static str,
    /// The path, `script`, `fixed value` or `the connector`.
    pub from: &'a str,
    /// The line of its rule in the file; 0 where it came from no file.
    pub line: usize,
}

impl FieldMapping {
    /// The data that an action is given for a person.
    ///
    /// - A field without a rule for the action is absent, and so is one with the mode None: see [`unmapped`](Self::unmapped).
    /// - A path is walked exactly. Where it leads nowhere the value is null; where it would lead somewhere in another
    ///   spelling there is a warning. A text that is no path is null and a warning, and never executed.
    /// - A fixed value is given as it stands, also where the text says `false` or `1`.
    /// - A field of type Text is text or null, so numbers and booleans become text; only a fixed value that is no text
    ///   in the file stays what it is. A field of type Array is a list or null.
    ///
    /// # Errors
    /// Where a script gives no value, or a list for a Text: everything there is to say, errors and warnings of all fields.
    pub fn evaluate(
        &self,
        engine: &mut dyn Engine,
        stage: Stage,
        subject: &Subject<'_>,
    ) -> Result<Evaluated, Vec<Finding>> {
        let mut data = Record::new();
        let mut findings = Vec::new();
        for (field, action) in self.rules(stage) {
            let mut say = |finding: fn(usize, String, String) -> Finding, message: String| {
                findings.push(finding(action.line, field.name.clone(), message));
            };
            match value(engine, field.kind, &action.rule, subject) {
                Ok(Given { value: None, .. }) => {}
                Ok(Given { value: Some(value), warning }) => {
                    if let Some(warning) = warning {
                        say(Finding::warning, warning);
                    }
                    data.set(field.name.as_str(), value);
                }
                Err(message) => say(Finding::error, message),
            }
        }
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(findings);
        }
        Ok(Evaluated { data, findings })
    }

    /// The fields that the connector fills in for an action: those with the mode None.
    pub fn unmapped(&self, stage: Stage) -> impl Iterator<Item = &str> {
        self.rules(stage).filter(|(_, action)| action.rule == Rule::None).map(|(field, _)| field.name.as_str())
    }

    /// Where the values of an action came from, in the order of the file.
    pub fn origins<'a>(&'a self, stage: Stage, data: &'a Record) -> impl Iterator<Item = Origin<'a>> {
        self.rules(stage).map(|(field, action)| Origin {
            field: &field.name,
            value: data.get(&field.name).unwrap_or(&Value::Null),
            mode: action.rule.mode(),
            from: action.rule.origin(),
            line: action.line,
        })
    }

    /// The fields that are mapped for an action, each with its rule.
    fn rules(&self, stage: Stage) -> impl Iterator<Item = (&MappedField, &MappedAction)> {
        self.fields.iter().filter_map(move |field| Some((field, field.action(stage)?)))
    }
}

/// A value, and what is odd about it; no value where the field is left to the connector.
#[derive(Debug)]
struct Given {
    value: Option<Value>,
    warning: Option<String>,
}

impl Given {
    fn of(value: Value) -> Self {
        Self { value: Some(value), warning: None }
    }

    fn with(value: Value, warning: impl Into<String>) -> Self {
        Self { value: Some(value), warning: Some(warning.into()) }
    }
}

fn value(engine: &mut dyn Engine, kind: FieldKind, rule: &Rule, subject: &Subject<'_>) -> Result<Given, String> {
    match rule {
        Rule::None => Ok(Given { value: None, warning: None }),
        Rule::Fixed(value) if kind == FieldKind::Array => Ok(Given::of(Value::Array(vec![value.clone()]))),
        Rule::Fixed(value) => Ok(Given::of(value.clone())),
        Rule::Field(path) => Ok(match walk(path, subject.person, subject.manager) {
            Ok(found) => field_value(kind, path, found),
            Err(warning) => Given { value: Some(Value::Null), warning },
        }),
        Rule::Complex(script) => {
            let scope = Scope {
                person: Some(subject.person),
                manager: subject.manager,
                iteration: Some(subject.iteration),
                ..Scope::default()
            };
            let value = engine.evaluate(script, &scope).map_err(|e| format!("the script gives no value: {e}"))?;
            script_value(kind, value)
        }
    }
}

/// What stands at a path, in the type of the field.
fn field_value(kind: FieldKind, path: &str, found: &Value) -> Given {
    match (kind, found) {
        (_, Value::Null) => Given::of(Value::Null),
        (_, Value::Object(_)) => Given::with(
            Value::Null,
            format!("[{path}] is an object with fields of its own and no value; it counts as null"),
        ),
        (FieldKind::Text, Value::Array(_)) => {
            Given::with(Value::Null, format!("[{path}] is a list, which a Text cannot hold; it counts as null"))
        }
        (FieldKind::Array, Value::Array(_)) => Given::of(found.clone()),
        (FieldKind::Array, one) => Given::of(Value::Array(vec![one.clone()])),
        (FieldKind::Text, one) => Given::of(text_of(one)),
    }
}

/// What a script gave, in the type of the field.
fn script_value(kind: FieldKind, value: Value) -> Result<Given, String> {
    match (kind, value) {
        (_, Value::Null) => Ok(Given::of(Value::Null)),
        (FieldKind::Text, Value::Array(_)) => {
            Err("the script gives a list, and the field is a Text; make the field an Array or join the list".to_owned())
        }
        (FieldKind::Text, Value::Object(_)) => {
            Err("the script gives an object, and the field is a Text; give one of its values".to_owned())
        }
        (FieldKind::Text, one) => Ok(Given::of(text_of(&one))),
        (FieldKind::Array, list @ Value::Array(_)) => Ok(Given::of(list)),
        (FieldKind::Array, one) => Ok(Given::with(
            Value::Array(vec![one]),
            "the script gives one value, and the field is an Array; it counts as a list of one",
        )),
    }
}
