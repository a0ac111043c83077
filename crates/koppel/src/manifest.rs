//! What a connector is and can, derived from its code.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::fields::Fields;
use crate::origin::PersonDefaults;
use crate::registry::{Connector, Instance};
use crate::target::Target;

/// Source or target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Persons come from it.
    Source,
    /// Accounts are kept in it.
    Target,
}

/// One JSON document that describes a connector.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its id on the command line.
    pub id: String,
    /// Source or target.
    pub kind: Kind,
    /// Its version.
    pub version: String,
    /// The system, for people.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// What it can do: the names of the actions.
    pub capabilities: Vec<&'static str>,
    /// The JSON Schema of its configuration.
    pub config_schema: Value,
    /// The fields of its accounts; targets only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_fields: Option<Fields>,
    /// What its persons and contracts are made of by default; sources only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_defaults: Option<PersonDefaults>,
}

/// The actions of a target, from the parts it has.
pub fn capabilities(target: &dyn Target) -> Vec<&'static str> {
    let mut can = vec!["check", "create", "update"];
    if target.switching().is_some() {
        can.extend(["enable", "disable"]);
    }
    if target.deleting().is_some() {
        can.push("delete");
    }
    if target.permissions().is_some() {
        can.extend(["grant", "revoke", "sub-permissions", "permissions"]);
    }
    if target.fields().fields.iter().any(|field| field.unique) {
        can.push("uniqueness");
    }
    if target.resources().is_some() {
        can.push("resources");
    }
    can.push("import-accounts");
    if target.permissions().is_some() {
        can.extend(["import-permissions", "import-sub-permissions"]);
    }
    can
}

/// The manifest of a connector.
pub fn manifest(connector: &dyn Connector) -> crate::Result<Manifest> {
    let (capabilities, account_fields, person_defaults) = match connector.example()? {
        Instance::Source(source) => (vec!["check", "persons", "departments"], None, Some(source.defaults())),
        Instance::Target(target) => (capabilities(&*target), Some(target.fields().clone()), None),
    };
    Ok(Manifest {
        id: connector.id().to_owned(),
        kind: connector.kind(),
        version: connector.version().to_owned(),
        title: connector.title().to_owned(),
        description: connector.description().to_owned(),
        capabilities,
        config_schema: connector.config_schema().as_value().clone(),
        account_fields,
        person_defaults,
    })
}
