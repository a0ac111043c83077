//! The fields of an account, by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The fields of an account: names to values, flat.
///
/// A nested object is flattened to dotted names (`_extension.accessProfileLookupKey`), so that one field is one
/// entry everywhere: in a diff, in a message, in a mapping. Arrays stay values.
///
/// ```
/// use koppel::Record;
/// use serde_json::json;
/// let record = Record::from_nested(&json!({"name": {"given": "Jan"}, "active": true}));
/// assert_eq!(record.text("name.given").as_deref(), Some("Jan"));
/// assert_eq!(record.to_nested(), json!({"name": {"given": "Jan"}, "active": true}));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<String, Value>);

impl Record {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Flattens an object; anything else gives no fields.
    pub fn from_nested(value: &Value) -> Self {
        let mut record = Self::new();
        if let Value::Object(map) = value {
            flatten(&mut record.0, "", map);
        }
        record
    }

    /// The nested object again.
    pub fn to_nested(&self) -> Value {
        let mut root = Map::new();
        for (name, value) in &self.0 {
            let mut parts = name.split('.').peekable();
            let mut at = &mut root;
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    at.insert(part.to_owned(), value.clone());
                    break;
                }
                let inner = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                let Value::Object(next) = inner else { break };
                at = next;
            }
        }
        Value::Object(root)
    }

    /// The value of a field, by its exact name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of a field as text; `None` where it is absent, null or not a scalar.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(scalar_text)
    }

    /// The value of a field as text, unless that is empty.
    pub fn non_empty(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// Sets a field.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Is the field there, even if its value is null?
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All fields, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Has it no fields?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Exactly these fields, in this record's values; a field that is not there becomes null.
    #[must_use]
    pub fn project<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(|name| (name.to_owned(), self.get(name).cloned().unwrap_or(Value::Null))).collect())
    }
}

impl FromIterator<(String, Value)> for Record {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

fn flatten(into: &mut BTreeMap<String, Value>, prefix: &str, map: &Map<String, Value>) {
    for (key, value) in map {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) => flatten(into, &name, inner),
            other => {
                into.insert(name, other.clone());
            }
        }
    }
}

/// A scalar as text: `true`, `12`, the string itself; `None` for null, arrays and objects.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
