//! The account actions that a field can have a value for.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

/// The account action that a field is mapped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The account is made or linked.
    Create,
    /// The account may be used.
    Enable,
    /// The account is changed.
    Update,
    /// The account may not be used.
    Disable,
    /// The account is deleted.
    Delete,
}

impl Stage {
    /// All of them, in HelloID's order.
    pub const ALL: [Self; 5] = [Self::Create, Self::Enable, Self::Update, Self::Disable, Self::Delete];

    /// Its name, as HelloID writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Enable => "Enable",
            Self::Update => "Update",
            Self::Disable => "Disable",
            Self::Delete => "Delete",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|stage| stage.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            format!("[{text}] is no account action; there are Create, Enable, Update, Disable and Delete")
        })
    }
}
