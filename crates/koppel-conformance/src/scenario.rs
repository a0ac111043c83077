//! What a connector's checks need to know about its system: which values are good there.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tape::disguise::texts;

/// Good values for a system, as the author of a connector writes them down, usually in `conformance.json` beside its
/// code. In every text `{{tag}}` stands for something that is new each time it is used, and says which run made it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Scenario {
    /// The fields of a new account.
    pub create: Map<String, Value>,
    /// The field that an account is recognised by.
    pub correlate: String,
    /// Fields to change afterwards, with values that `create` does not have.
    pub update: Map<String, Value>,
    /// The fields for enabling an account.
    pub enable: Map<String, Value>,
    /// The fields for disabling an account.
    pub disable: Map<String, Value>,
    /// A permission that is on offer.
    pub permission: Option<Value>,
    /// A person whose contracts give the permission something to grant.
    pub person: Value,
    /// The same person after a move, with another entitlement of the same permission; null where it depends on nothing.
    pub moved: Value,
    /// Keys of the configuration with credentials that are wrong.
    pub wrong_credentials: Map<String, Value>,
    /// The key of the configuration that holds the address of the system.
    pub address: Option<String>,
    /// Does the connector read files in place of a system on the network? What is about the network is then left out.
    pub offline: bool,
    /// Keys of the configuration with which a source reads the shifts of the next 400 days.
    pub window: Map<String, Value>,
    /// Do contracts have hours? False for a source whose contracts are employments.
    pub shifts: bool,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            create: Map::new(),
            correlate: String::new(),
            update: Map::new(),
            enable: Map::new(),
            disable: Map::new(),
            permission: None,
            person: Value::Null,
            moved: Value::Null,
            wrong_credentials: Map::new(),
            address: None,
            offline: false,
            window: Map::new(),
            shifts: true,
        }
    }
}

impl Scenario {
    /// Reads one.
    ///
    /// # Errors
    /// Says where it is not what it should be.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| format!("the scenario cannot be read: {e}"))
    }

    /// Every text in it.
    pub(crate) fn texts(&self) -> Vec<String> {
        let maps = [&self.create, &self.update, &self.enable, &self.disable, &self.wrong_credentials, &self.window]
            .map(|map| Value::Object(map.clone()));
        let others = [self.person.clone(), self.moved.clone(), self.permission.clone().unwrap_or_default()];
        maps.iter().chain(&others).flat_map(texts).collect()
    }

    /// The key that holds the address.
    pub fn address(&self) -> &str {
        self.address.as_deref().unwrap_or("BaseUrl")
    }
}

/// The same value with `{{tag}}` filled in.
pub(crate) fn tagged(value: &Value, tag: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{{tag}}", tag)),
        Value::Array(items) => items.iter().map(|item| tagged(item, tag)).collect(),
        Value::Object(map) => Value::Object(tagged_map(map, tag)),
        other => other.clone(),
    }
}

pub(crate) fn tagged_map(map: &Map<String, Value>, tag: &str) -> Map<String, Value> {
    map.iter().map(|(key, value)| (key.clone(), tagged(value, tag))).collect()
}
