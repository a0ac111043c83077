//! From a JSON Schema to a form.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::read::as_text;
use super::{FORM, Form, FormField, FormOption, Gives, ORDER};

/// So many options still stand beside one another; more of them go into a list that folds out.
const MOST_RADIOS: usize = 3;

/// Objects in objects; no key that the reader takes goes deeper.
const DEEPEST: usize = 128;

impl Form {
    /// A form for the configurations of a schema, such as that of a connector.
    ///
    /// Objects become dotted keys, secrets passwords, booleans checkboxes, enums radio buttons or, with more than three
    /// options, a select, each with the description as its label. Numbers are filled in as text, and lists and free
    /// objects as JSON text; [`koppel::config::read`] takes both. Fields stand in the order of [`ORDER`], then the
    /// required ones in the order of `required`, then the others by name.
    ///
    /// What a form cannot say is lost: types and bounds of numbers, lengths and patterns, what lists and free objects
    /// hold, and the texts of the objects between the dots.
    pub fn of_schema(schema: &Value) -> Self {
        let mut fields = Vec::new();
        collect(schema, "", true, 0, &mut fields);
        let order: HashMap<&str, usize> = schema
            .get(ORDER)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .enumerate()
            .map(|(at, key)| (key, at))
            .collect();
        fields.sort_by_key(|field| order.get(field.key.as_str()).copied().unwrap_or(usize::MAX));
        Self { fields }
    }
}

/// The fields of an object, in the order of `required` and then by name.
fn collect(schema: &Value, above: &str, required: bool, depth: usize, fields: &mut Vec<FormField>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let must: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let first = must.iter().filter_map(|name| properties.get_key_value(*name));
    let others = properties.iter().filter(|(name, _)| !must.contains(&name.as_str()));
    for (name, property) in first.chain(others) {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let required = required && must.contains(&name.as_str());
        let property = Property::of(property);
        if depth < DEEPEST && property.inner.get("properties").is_some_and(Value::is_object) {
            collect(property.inner, &key, required, depth + 1, fields);
        } else {
            fields.push(field(key, property, required));
        }
    }
}

fn list<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A property of a schema. An optional one may say its texts outside and its type inside an `anyOf`.
#[derive(Clone, Copy)]
struct Property<'a> {
    outer: &'a Value,
    inner: &'a Value,
}

impl<'a> Property<'a> {
    fn of(outer: &'a Value) -> Self {
        let some = |one: &&Value| one.get("type").and_then(Value::as_str) != Some("null");
        Self { outer, inner: list(outer, "anyOf").find(some).unwrap_or(outer) }
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.outer.get(name).or_else(|| self.inner.get(name))
    }

    fn text(self, name: &str) -> Option<String> {
        self.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    fn has_type(self, name: &str) -> bool {
        match self.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(many)) => many.iter().any(|one| one == name),
            _ => false,
        }
    }

    /// A list or a free object, which a form holds as JSON text.
    fn is_json(self) -> bool {
        self.has_type("array") || self.has_type("object")
    }
}

/// The type of field that fits, as far as the schema itself tells.
pub(super) fn inferred(schema: &Value) -> &'static str {
    let property = Property::of(schema);
    let options = options(property).len();
    if property.has_type("boolean") {
        "checkbox"
    } else if options > MOST_RADIOS {
        "select"
    } else if options > 0 {
        "radio"
    } else if property.is_json() {
        "textarea"
    } else {
        "input"
    }
}

fn field(key: String, property: Property<'_>, required: bool) -> FormField {
    let form = property.get(FORM).and_then(Value::as_object);
    let said = |name: &str| form.and_then(|form| form.get(name));
    let kind = said("type").and_then(Value::as_str).unwrap_or_else(|| inferred(property.outer));
    let map = |name: &str| said(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut field = FormField {
        label: property.text("title").unwrap_or_else(|| key.clone()),
        key,
        kind: kind.to_owned(),
        description: property.text("description").unwrap_or_default(),
        required,
        secret: property.get("writeOnly") == Some(&Value::Bool(true)),
        rows: said("rows").and_then(Value::as_u64),
        more: map("more"),
        more_options: map("templateOptions"),
        ..FormField::default()
    };
    if field.gives() == Gives::Choice {
        field.options = options(property);
    }
    field.default = match said("default") {
        Some(Value::Null) => None,
        Some(value) => Some(value.clone()),
        None => default(&field, property.get("default")),
    };
    let example = property.get("examples").and_then(Value::as_array).and_then(|all| all.first());
    match example {
        Some(Value::String(text)) => field.placeholder.clone_from(text),
        Some(example) if !property.is_json() => field.placeholder = example.to_string(),
        _ => {}
    }
    if property.is_json() {
        field.rows = field.rows.or(Some(JSON_ROWS));
        field.description = json_description(&field.description, example);
    }
    field
}

/// The lines of a text area for JSON.
const JSON_ROWS: u64 = 6;

/// Says that a field holds JSON, and shows some.
fn json_description(description: &str, example: Option<&Value>) -> String {
    let description = description.trim_end();
    let dot = if description.is_empty() || description.ends_with(['.', '!', '?']) { "" } else { "." };
    let space = if description.is_empty() { "" } else { " " };
    let example = example.map(|example| format!(", such as {example}")).unwrap_or_default();
    format!("{description}{dot}{space}Fill it in as JSON{example}")
}

/// A default as HelloID holds it: true or false for a checkbox, text for the rest. A text field starts empty.
fn default(field: &FormField, value: Option<&Value>) -> Option<Value> {
    let value = value.filter(|value| !value.is_null());
    match (field.gives(), value) {
        (Gives::Boolean, value) => value.cloned(),
        (Gives::Choice, value) => value.cloned().and_then(as_text).map(Value::String),
        (Gives::Text, None) => Some(Value::String(String::new())),
        (Gives::Text, Some(json @ (Value::Array(_) | Value::Object(_)))) => Some(Value::String(format!("{json:#}"))),
        (Gives::Text, Some(value)) => as_text(value.clone()).map(Value::String),
    }
}

/// What can be chosen: an `enum`, or a `oneOf` of constants with descriptions.
fn options(property: Property<'_>) -> Vec<FormOption> {
    let mut options: Vec<FormOption> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |value: &Value, label: Option<&Value>| {
        let Some(value) = as_text(value.clone()) else { return };
        if !seen.insert(value.clone()) {
            return;
        }
        let label = label.and_then(Value::as_str).map_or_else(|| value.clone(), str::to_owned);
        options.push(FormOption { value, label });
    };
    for value in list(property.inner, "enum") {
        add(value, None);
    }
    for one in list(property.inner, "oneOf") {
        let label = one.get("description").or_else(|| one.get("title"));
        if let Some(value) = one.get("const") {
            add(value, label);
        }
        for value in list(one, "enum") {
            add(value, None);
        }
    }
    options
}
