//! Resources: things of a target that have to be there before accounts and permissions can refer to them.

use std::fmt;

use async_trait::async_trait;
use serde_json::Value;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::person::lookup;
use crate::record::scalar_text;

/// A value of the persons' contracts for which a target keeps something, such as a group per department.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource(Value);

impl Resource {
    /// A resource for a value: a text, or an object such as `{"ExternalId": "D1", "DisplayName": "Care"}`. `None` for
    /// what names nothing.
    ///
    /// ```
    /// use koppel::Resource;
    /// use serde_json::json;
    /// let department = Resource::new(json!({"ExternalId": "D1", "DisplayName": "Care"})).unwrap();
    /// assert_eq!((department.id().as_str(), department.name().as_str()), ("D1", "Care"));
    /// assert_eq!(Resource::new(json!("Nurse")).unwrap().id(), "Nurse");
    /// assert!(Resource::new(json!({"ExternalId": ""})).is_none());
    /// ```
    pub fn new(value: Value) -> Option<Self> {
        let resource = Self(value);
        (!resource.id().is_empty()).then_some(resource)
    }

    /// The value as it came.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The text at a path, unless it is empty.
    pub fn text(&self, path: &str) -> Option<String> {
        lookup(&self.0, path).and_then(scalar_text).filter(|text| !text.trim().is_empty())
    }

    /// What it is told apart by: its `ExternalId`, else its `Code` or its name.
    pub fn id(&self) -> String {
        self.first(&["ExternalId", "Code", "Name", "DisplayName"])
    }

    /// Its name for people, else its id.
    pub fn name(&self) -> String {
        self.first(&["DisplayName", "Name", "Code", "ExternalId"])
    }

    fn first(&self, names: &[&str]) -> String {
        let text = scalar_text(&self.0).or_else(|| names.iter().find_map(|name| self.text(name)));
        text.unwrap_or_default().trim().to_owned()
    }
}

/// The resources part of a [`Target`](crate::Target).
#[async_trait]
pub trait Resources: fmt::Debug + Send + Sync {
    /// Is it there?
    async fn exists(&self, ctx: &Ctx, resource: &Resource) -> Result<bool>;

    /// Makes it; called for what is not there.
    async fn create(&self, ctx: &Ctx, resource: &Resource) -> Result<()>;
}
