//! The JSON Schema of a configuration, and what the SDK reads from it.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::Value;

/// The JSON Schema (draft 2020-12) of a configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ConfigSchema(Value);

impl ConfigSchema {
    /// The schema of a type, with everything inline, so that forms and validators need no references.
    pub fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
        let schema = settings.into_generator().into_root_schema_for::<T>();
        Self(schema.to_value())
    }

    /// A schema that was written elsewhere, such as one made of a tenant's form. It is taken as it is: one that is no
    /// schema shows as a fault of every configuration.
    pub fn from_value(schema: Value) -> Self {
        Self(schema)
    }

    /// The schema as JSON.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The JSON pointers of the secrets, such as `/ClientSecret`.
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.0, "", &mut found);
        found
    }

    /// Is the value at this JSON pointer a secret?
    pub(crate) fn is_secret(&self, pointer: &str) -> bool {
        self.secrets().iter().any(|secret| secret == pointer)
    }
}

fn collect(schema: &Value, at: &str, found: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        let here = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        if property.get("writeOnly") == Some(&Value::Bool(true)) {
            found.push(here);
        } else {
            collect(property, &here, found);
        }
    }
}
