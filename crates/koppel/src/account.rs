//! An account in a target system.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::record::{Record, scalar_text};

/// What a target system knows an account by: any JSON value, nearly always a text.
///
/// What `create` returned is what every later action gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(Value);

impl Reference {
    /// Wraps a value; an empty one becomes `None`: null, blank text, an empty object or array.
    pub fn new(value: impl Into<Value>) -> Option<Self> {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        (!empty).then_some(Self(value))
    }

    /// The reference as a text, for systems that use one.
    ///
    /// # Errors
    /// `Invalid` where it is an object, an array or a boolean.
    pub fn text(&self) -> Result<String> {
        match &self.0 {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(Error::invalid(
                "account reference",
                format!("this system uses a text as reference, not {}", self.0),
            )),
        }
    }

    /// The value itself.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match scalar_text(&self.0) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}", self.0),
        }
    }
}

/// An account as the target system has it now.
#[derive(Debug, Clone)]
pub struct Account {
    /// What the system knows it by.
    pub reference: Reference,
    /// Its fields, named and typed as the target's [`Fields`](crate::Fields) declare them.
    pub data: Record,
    /// May it be used? `None` where the system does not know the notion.
    pub enabled: Option<bool>,
    /// A name for people; not empty.
    pub display_name: String,
    /// The name it logs in with, or what comes nearest; not empty.
    pub user_name: String,
    /// The whole object as the system gave it, for a system that wants all of it back. Only its connector reads it.
    pub raw: Value,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The field.
    pub field: String,
    /// Its value in the system.
    pub from: Value,
    /// Its value as it should be.
    pub to: Value,
}

/// The fields that differ; only these are to be changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Changes(pub Vec<Change>);

impl Changes {
    /// Nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the fields.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|change| change.field.as_str()).collect()
    }
}
