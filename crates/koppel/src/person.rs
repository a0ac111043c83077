//! Persons and their contracts, as the policy of an action sees them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::scalar_text;

/// Looks a dotted path up, without regard to case; the exact spelling wins.
///
/// ```
/// use serde_json::json;
/// let contract = json!({"Department": {"ExternalId": "D1"}});
/// assert_eq!(koppel::lookup(&contract, "department.externalId"), Some(&json!("D1")));
/// ```
pub fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = value;
    for part in path.split('.') {
        let map = at.as_object()?;
        at = match map.get(part) {
            Some(next) => next,
            None => map.iter().find(|(key, _)| key.eq_ignore_ascii_case(part)).map(|(_, next)| next)?,
        };
    }
    Some(at)
}

/// A contract of a person: an employment, or one shift of a roster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// What the source knows it by.
    pub external_id: String,
    /// Does it satisfy the rule that grants the entitlement at hand? `None` where nobody said.
    pub in_conditions: Option<bool>,
    /// All its fields.
    pub fields: Value,
}

impl Contract {
    /// The text at a dotted path, unless it is empty.
    pub fn text(&self, path: &str) -> Option<String> {
        lookup(&self.fields, path).and_then(scalar_text).filter(|text| !text.trim().is_empty())
    }
}

/// The person an action is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// What the source knows the person by.
    pub external_id: String,
    /// The name for people.
    pub display_name: String,
    /// The contracts, in the order of the source.
    pub contracts: Vec<Contract>,
}
