//! configuration.json: the form in which a HelloID administrator fills in what a connector needs.

mod of_schema;
pub(crate) mod read;
mod to_schema;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The keyword at the root of a schema that lists the keys of a form in their order, dotted where they are nested.
///
/// JSON objects have no order, a form has.
pub const ORDER: &str = "x-order";

/// The keyword of a property for what only a form can say: `type`, `default`, `rows`, and keys that are not known here.
///
/// Its `default` is what the form shows at first. It is no default of the configuration: an address such as
/// `https://<name>.example.com` is to be filled in, and is never used as it stands.
pub const FORM: &str = "x-form";

/// A configuration.json: the fields of a form, as HelloID shows them.
///
/// [`read`](Self::read) takes the file, [`to_schema`](Self::to_schema) makes a JSON Schema of it, and
/// [`of_schema`](Self::of_schema) a form of a connector's schema. Written with serde it is the file again.
///
/// ```
/// use koppel_helloid::Form;
/// let form = Form::read(br#"[{"key": "api.token", "type": "input", "defaultValue": "",
///     "templateOptions": {"type": "password", "label": "Token", "required": true}}]"#).value.unwrap();
/// let schema = form.to_schema();
/// assert_eq!(schema["properties"]["api"]["properties"]["token"]["writeOnly"], true);
/// assert_eq!(Form::of_schema(&schema), form);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Form {
    /// The fields, in the order of the form.
    pub fields: Vec<FormField>,
}

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormField {
    /// The key of the value in the configuration; a dot nests.
    pub key: String,
    /// How it is filled in: `input`, `textarea`, `checkbox`, `radio`, `select`, or another type that HelloID knows.
    pub kind: String,
    /// What the form shows at first. HelloID holds a text for everything but a checkbox.
    pub default: Option<Value>,
    /// What stands beside the field.
    pub label: String,
    /// What stands below it; empty for none.
    pub description: String,
    /// What stands in the field while it is empty; empty for none.
    pub placeholder: String,
    /// Must it be filled in?
    pub required: bool,
    /// Is it a secret, which HelloID hides and encrypts?
    pub secret: bool,
    /// What can be chosen from.
    pub options: Vec<FormOption>,
    /// The height of a text area in lines.
    pub rows: Option<u64>,
    /// Other keys of the field.
    pub more: Map<String, Value>,
    /// Other keys of its `templateOptions`.
    pub more_options: Map<String, Value>,
}

/// Something that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormOption {
    /// The value in the configuration.
    pub value: String,
    /// What the form shows for it.
    pub label: String,
}

/// What a field of the form gives to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    Text,
    Boolean,
    Choice,
}

impl FormField {
    pub(crate) fn gives(&self) -> Gives {
        match self.kind.to_ascii_lowercase().as_str() {
            "checkbox" | "toggle" | "switch" => Gives::Boolean,
            "radio" | "select" | "dropdown" => Gives::Choice,
            _ => Gives::Text,
        }
    }
}

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl Serialize for FormField {
    /// As HelloID writes it, its keys in HelloID's order.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("type", &self.kind)?;
        if let Some(default) = &self.default {
            map.serialize_entry("defaultValue", default)?;
        }
        map.serialize_entry("templateOptions", &TemplateOptions(self))?;
        for (key, value) in &self.more {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct TemplateOptions<'a>(&'a FormField);

impl Serialize for TemplateOptions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = self.0;
        let mut map = serializer.serialize_map(None)?;
        if field.secret {
            map.serialize_entry("type", "password")?;
        }
        map.serialize_entry("label", &field.label)?;
        for (key, text) in [("description", &field.description), ("placeholder", &field.placeholder)] {
            if !text.is_empty() {
                map.serialize_entry(key, text)?;
            }
        }
        if let Some(rows) = field.rows {
            map.serialize_entry("rows", &rows)?;
        }
        if !field.options.is_empty() {
            map.serialize_entry("options", &field.options)?;
        }
        map.serialize_entry("required", &field.required)?;
        for (key, value) in &field.more_options {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for FormOption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("label", &self.label)?;
        map.end()
    }
}
