//! The default mappings of a connector as HelloID's own files say them.

use koppel::{Field, Fields, Origin, Part, PersonDefault, PersonDefaults, RawOrigin, Stage};
use serde_json::Value;

use crate::mapping::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, SourceMapping, SourceRule};

const FAMILY_NAME: &str = include_str!("family_name.js");
const WORK_MAIL: &str = include_str!("work_mail.js");
const JOINED: &str = include_str!("joined.js");

/// What the fields of an account are made of by default.
///
/// A field without a default is there without a value, so that whoever looks at the mapping sees that the system has it.
pub fn default_field_mapping(fields: &Fields) -> FieldMapping {
    FieldMapping { fields: fields.fields.iter().map(mapped).collect() }
}

fn mapped(field: &Field) -> MappedField {
    let action = |stages: &[Stage], rule| MappedAction {
        stages: stages.to_vec(),
        rule,
        used_in_notifications: false,
        store_in_account_data: false,
        line: 0,
    };
    let mut actions: Vec<_> =
        field.defaults.iter().map(|default| action(&default.stages, account_rule(default.origin))).collect();
    if actions.is_empty() {
        actions.push(action(&[Stage::Create, Stage::Update], Rule::None));
    }
    MappedField {
        name: field.name.to_owned(),
        description: field.description.to_owned(),
        kind: FieldKind::Text,
        actions,
        line: 0,
    }
}

fn account_rule(origin: Origin) -> Rule {
    match origin {
        Origin::Person(path) => Rule::Field(format!("Person.{path}")),
        Origin::Fixed(text) => Rule::Fixed(text.into()),
        Origin::FamilyName => Rule::Complex(script(FAMILY_NAME)),
        Origin::WorkMail => Rule::Complex(script(WORK_MAIL)),
        // An origin that a later core knows and this dialect does not: better no value than a wrong one.
        _ => Rule::None,
    }
}

/// A script as it stands in a file, whatever line ends the source of this program was checked out with.
fn script(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// What persons and contracts are made of by default.
pub fn default_source_mapping(defaults: &PersonDefaults) -> SourceMapping {
    let rules = |rows: &[PersonDefault], scope: &str| rows.iter().map(|row| source_rule(row, scope)).collect();
    SourceMapping { person: rules(&defaults.person, "source"), contract: rules(&defaults.contract, "sourceContract") }
}

fn source_rule(row: &PersonDefault, scope: &str) -> SourceRule {
    let rule = match row.origin {
        RawOrigin::Field(path) => Rule::Field(path.to_owned()),
        RawOrigin::Fixed(text) => Rule::Fixed(text.into()),
        RawOrigin::Joined(parts) => Rule::Complex(joined(parts, scope)),
        // An origin that a later core knows and this dialect does not.
        _ => Rule::Fixed(Value::Null),
    };
    SourceRule { name: row.name.to_owned(), rule, required: row.required, convert_to_string: row.as_text, line: 0 }
}

/// A script that puts the parts together, and gives null where a field among them has no value.
fn joined(parts: &[Part], scope: &str) -> String {
    let list = parts.iter().map(|part| match part {
        Part::Text(text) => Value::from(*text).to_string(),
        Part::Field(path) => guarded(path, scope),
    });
    script(JOINED).replace("PARTS", &list.collect::<Vec<_>>().join(", "))
}

/// A path of which any step may be missing: `(source.group || {}).name`.
fn guarded(path: &str, scope: &str) -> String {
    let mut names = path.split('.');
    let first = names.next().unwrap_or_default();
    names.fold(format!("{scope}.{first}"), |at, name| format!("({at} || {{}}).{name}"))
}
