//! From a form to a JSON Schema.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::of_schema::inferred;
use super::{FORM, Form, FormField, Gives, ORDER};

impl Form {
    /// A JSON Schema (draft 2020-12) for the configurations that are filled in with this form.
    ///
    /// Dotted keys nest, a password is written as [`koppel::Secret`] is, a checkbox is a boolean, and what can be
    /// chosen is an enum with the labels as descriptions. The default of a field that is not required is a `default`;
    /// that of a required one only stands in the form ([`FORM`]). Placeholders are `examples`, and [`ORDER`] keeps the
    /// order. [`koppel::ConfigSchema`] reads configurations with it as HelloID delivers them: keys in any case,
    /// booleans also as text.
    ///
    /// Lost are what the reader takes for a fault too (the second of two options with one value or of two fields with
    /// one key, options where nothing is chosen), and a default of null, which is none.
    pub fn to_schema(&self) -> Value {
        let mut root = object();
        root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        let mut order = Vec::new();
        for field in &self.fields {
            let parts: Vec<&str> = field.key.split('.').collect();
            if place(&mut root, &parts, field) {
                order.push(field.key.as_str());
            }
        }
        root.insert(ORDER.to_owned(), json!(order));
        Value::Object(root)
    }
}

fn object() -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), json!({}))])
}

/// Puts a field into an object, below objects of its own where its key is dotted; false where its place is taken.
fn place(within: &mut Map<String, Value>, parts: &[&str], field: &FormField) -> bool {
    let Some((name, rest)) = parts.split_first() else { return false };
    let Some(Value::Object(properties)) = within.get_mut("properties") else { return false };
    let placed = if rest.is_empty() {
        !properties.contains_key(*name) && properties.insert((*name).to_owned(), property(field)).is_none()
    } else {
        let below = properties.entry(*name).or_insert_with(|| Value::Object(object()));
        below.as_object_mut().is_some_and(|below| place(below, rest, field))
    };
    if placed && field.required {
        // What lies above something required is required too, or its absence would go unnoticed.
        let required = within.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut().filter(|required| !required.iter().any(|known| known == name)) {
            required.push(json!(name));
        }
    }
    placed
}

fn property(field: &FormField) -> Value {
    let mut out = Map::new();
    let gives = field.gives();
    out.insert("title".to_owned(), json!(field.label));
    if !field.description.is_empty() {
        out.insert("description".to_owned(), json!(field.description));
    }
    if !field.placeholder.is_empty() {
        out.insert("examples".to_owned(), json!([field.placeholder]));
    }
    match gives {
        Gives::Boolean => drop(out.insert("type".to_owned(), json!("boolean"))),
        Gives::Choice if !field.options.is_empty() => drop(out.insert("oneOf".to_owned(), choices(field))),
        Gives::Choice | Gives::Text => {
            out.insert("type".to_owned(), json!("string"));
            if field.required || field.secret {
                out.insert("minLength".to_owned(), json!(1));
            }
        }
    }
    if field.secret {
        out.insert("format".to_owned(), json!("password"));
        out.insert("writeOnly".to_owned(), json!(true));
    }
    let mut form = Map::new();
    default(field, &mut out, &mut form);
    if let Some(rows) = field.rows {
        form.insert("rows".to_owned(), json!(rows));
    }
    for (name, more) in [("more", &field.more), ("templateOptions", &field.more_options)] {
        if !more.is_empty() {
            form.insert(name.to_owned(), Value::Object(more.clone()));
        }
    }
    let mut out = Value::Object(out);
    if inferred(&out) != field.kind {
        form.insert("type".to_owned(), json!(field.kind));
    }
    if !form.is_empty() {
        out[FORM] = Value::Object(form);
    }
    out
}

/// The constants as schemars writes a documented enum.
fn choices(field: &FormField) -> Value {
    let mut choices = Vec::new();
    let mut seen = HashSet::new();
    for option in &field.options {
        if !seen.insert(&option.value) {
            continue;
        }
        let mut choice = json!({ "const": option.value, "type": "string" });
        if option.label != option.value {
            choice["description"] = json!(option.label);
        }
        choices.push(choice);
    }
    Value::Array(choices)
}

/// A text field starts empty: that is not written.
fn default(field: &FormField, out: &mut Map<String, Value>, form: &mut Map<String, Value>) {
    let fits = match (field.gives(), &field.default) {
        (Gives::Text, None) => {
            form.insert("default".to_owned(), Value::Null);
            return;
        }
        (Gives::Boolean | Gives::Choice, None) => return,
        (Gives::Text, Some(Value::String(text))) if text.is_empty() => return,
        (Gives::Text, Some(value)) => value.is_string(),
        (Gives::Boolean, Some(value)) => value.is_boolean(),
        (Gives::Choice, Some(value)) => field.options.iter().any(|option| value == option.value.as_str()),
    };
    if let Some(value) = &field.default {
        let place = if fits && !field.required { out } else { form };
        place.insert("default".to_owned(), value.clone());
    }
}
