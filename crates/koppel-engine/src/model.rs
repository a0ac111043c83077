//! The words that all parts of the engine share.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use koppel::Reference;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a rule grants in a target: an account, its use, or a permission. As text: `account`, `access`,
/// `permission:REFERENCE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entitlement {
    /// The account exists.
    Account,
    /// The account may be used.
    Access,
    /// The account has this permission; the reference as the target's list of permissions gives it, as text.
    Permission(String),
}

impl Entitlement {
    /// The kind, as thresholds name it: `account`, `access`, `permission`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Access => "access",
            Self::Permission(_) => "permission",
        }
    }

    /// The reference of the permission.
    pub fn permission(&self) -> Option<&str> {
        match self {
            Self::Permission(reference) => Some(reference),
            Self::Account | Self::Access => None,
        }
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(reference) => write!(f, "permission:{reference}"),
            Self::Account | Self::Access => f.write_str(self.kind()),
        }
    }
}

impl FromStr for Entitlement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "account" => Ok(Self::Account),
            None if text == "access" => Ok(Self::Access),
            Some(("permission", reference)) if !reference.trim().is_empty() => {
                Ok(Self::Permission(reference.trim().to_owned()))
            }
            _ => Err(format!("[{text}] is no entitlement; there are account, access and permission:REFERENCE")),
        }
    }
}

impl Serialize for Entitlement {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Entitlement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Entitlement {
    fn schema_name() -> Cow<'static, str> {
        "Entitlement".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "`account`, `access` or `permission:REFERENCE`",
            "pattern": "^(account|access|permission:.+)$"
        })
    }
}

/// Why somebody has, or loses, something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Because {
    /// The name of the rule that grants it; for what is taken away, the rule that had granted it.
    pub rule: String,
    /// The `ExternalId` of the contract or shift that the rule matched, the first of several.
    pub contract: String,
    /// The source that the contract comes from.
    #[serde(default)]
    pub source: String,
    /// What is special about it, for people: `the window closed at 23:30`, `no longer in hr`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What is done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// The account is linked or made.
    Create,
    /// Fields are changed; with a permission, its entitlements are brought up to date with the contracts.
    Update,
    /// The account may be used.
    Enable,
    /// The account may not be used.
    Disable,
    /// The account is deleted.
    Delete,
    /// A permission is granted.
    Grant,
    /// A permission is revoked.
    Revoke,
}

impl Verb {
    /// Its name in documents: `create`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The field of the account.
    pub field: String,
    /// What was last written there; null where nothing was.
    pub from: Value,
    /// What it should be.
    pub to: Value,
}

/// An entitlement that somebody holds, as the state remembers it: the target was brought to it and confirmed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The name of the target.
    pub target: String,
    /// The key of the person over all sources.
    pub person: String,
    /// The name of the person for people.
    pub name: String,
    /// What is held.
    pub entitlement: Entitlement,
    /// Since when, in the time of the evaluation that granted it.
    pub since: Timestamp,
    /// Why.
    pub because: Because,
    /// The account; only with [`Entitlement::Account`].
    pub reference: Option<Reference>,
    /// The fields that were last written, by name (flat, dotted); only with [`Entitlement::Account`].
    pub data: Value,
    /// What was last compared, a digest of everything that the mapped fields depend on; only with
    /// [`Entitlement::Account`].
    pub seen: String,
    /// What a permission that depends on contracts comes down to.
    pub subs: Vec<SubPermission>,
}

/// One of the things that a permission which depends on contracts comes down to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubPermission {
    /// Its stable id.
    pub id: String,
    /// Its name for people.
    pub name: String,
}
