//! What the persons and contracts of a source are made of, as far as the connector says it.

use serde_json::Value;

/// For each field of a person or a contract where its values come from: names and paths, such as `StartDate` and `startAt`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The fields of a person.
    pub person: Vec<(String, String)>,
    /// The fields of a contract.
    pub contract: Vec<(String, String)>,
}

impl Mapped {
    /// Reads it from a manifest; a target has none.
    pub(super) fn read(manifest: &Value) -> Self {
        let rows = |part: &str| {
            let rows = manifest.pointer(&format!("/personDefaults/{part}")).and_then(Value::as_array);
            rows.into_iter().flatten().flat_map(paths).collect()
        };
        Self { person: rows("person"), contract: rows("contract") }
    }

    /// Where a field of a contract comes from.
    pub fn of_contract(&self, name: &str) -> Option<&str> {
        self.contract.iter().find(|(known, _)| known == name).map(|(_, path)| path.as_str())
    }
}

/// The paths that one field is made of; none where it is always the same.
fn paths(row: &Value) -> Vec<(String, String)> {
    let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
    let origin = row.get("origin");
    let parts = origin.and_then(|origin| origin.get("joined")).and_then(Value::as_array);
    origin
        .into_iter()
        .chain(parts.into_iter().flatten())
        .filter_map(|part| part.get("field").and_then(Value::as_str))
        .map(|path| (name.to_owned(), path.to_owned()))
        .collect()
}
