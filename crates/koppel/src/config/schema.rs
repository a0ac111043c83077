//! The JSON Schema of a configuration, and what the SDK reads from it.

use std::path::Path;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::Value;

use super::lenient;

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
        self.marked("writeOnly")
    }

    /// The JSON pointers of the keys that name a file, such as `/accessProfilesFile`: a connector's author marks them with
    /// `#[schemars(extend("x-file" = true))]`.
    pub fn files(&self) -> Vec<String> {
        self.marked("x-file")
    }

    /// The same configuration with each relative path of a file counted from this folder.
    ///
    /// Nothing is looked up: whether there is such a file is seen by who opens it.
    ///
    /// ```
    /// # use std::path::Path;
    /// let schema = koppel::ConfigSchema::from_value(serde_json::json!({
    ///     "properties": {"persons": {"type": "string", "x-file": true}, "delimiter": {"type": "string"}},
    /// }));
    /// let config = schema.with_files_from(Path::new("hr"), serde_json::json!({"Persons": "persons.csv", "delimiter": ";"}));
    /// assert_eq!(config["Persons"], Path::new("hr").join("persons.csv").to_str().unwrap());
    /// assert_eq!(config["delimiter"], ";");
    /// ```
    #[must_use]
    pub fn with_files_from(&self, folder: &Path, mut config: Value) -> Value {
        for pointer in self.files() {
            if let Some(value) = lenient::at(&mut config, &pointer)
                && let Some(name) = value.as_str().map(str::trim).filter(|name| !name.is_empty())
            {
                *value = folder.join(name).to_string_lossy().into_owned().into();
            }
        }
        config
    }

    fn marked(&self, mark: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.0, "", mark, &mut found);
        found
    }

    /// Is the value at this JSON pointer a secret?
    pub(crate) fn is_secret(&self, pointer: &str) -> bool {
        self.secrets().iter().any(|secret| secret == pointer)
    }
}

fn collect(schema: &Value, at: &str, mark: &str, found: &mut Vec<String>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        let here = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        if property.get(mark) == Some(&Value::Bool(true)) {
            found.push(here);
        } else {
            collect(property, &here, mark, found);
        }
    }
}
