//! Sources: where persons and their contracts come from.

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::origin::PersonDefaults;

/// A person as a source gives one, before any mapping.
///
/// Written as one JSON object: `ExternalId`, `DisplayName`, the source's own fields and `Contracts`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SourcePerson {
    /// What the source knows the person by; not empty, unique within the source and stable over reads.
    #[serde(rename = "ExternalId")]
    pub external_id: String,
    /// A name for people.
    #[serde(rename = "DisplayName")]
    pub display_name: String,
    /// The other fields; every person of a source has the same names, a value that is not known is null.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
    /// The contracts, each with the same names of fields.
    #[serde(rename = "Contracts")]
    pub contracts: Vec<Map<String, Value>>,
}

/// A department as a source gives one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Department {
    /// What the source knows it by.
    pub external_id: String,
    /// Its name for people.
    pub display_name: String,
    /// The person who manages it, if the source says so.
    pub manager_external_id: Option<String>,
    /// The department above it; always one that the source gives as well.
    pub parent_external_id: Option<String>,
}

/// A system that persons come from.
///
/// # Behaviour
/// - A stream is complete or it ends in an error. A person that is silently left out would lose all access, so a
///   failure for one person is a failure of the import.
/// - Memory does not grow with the length of a stream, but for what tells persons apart.
///
/// # Cancellation
/// Dropping a stream stops its requests.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync {
    /// Reaches the system with the configured credentials and reads as little as proves that an import can begin.
    async fn check(&self, ctx: &Ctx) -> Result<()>;

    /// What persons and contracts are made of, unless a mapping says otherwise; nothing where there is no telling.
    fn defaults(&self) -> PersonDefaults {
        PersonDefaults::default()
    }

    /// All persons with contracts.
    fn persons<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>>;

    /// All departments.
    fn departments<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<Department>>;
}
