//! What is checked: a connector, in this process or behind the command line.

mod inside;
mod mapped;
mod outside;

use async_trait::async_trait;
use koppel::lifecycle::{Correlation, Operation};
use koppel::{Cancel, Kind, Person, Record, Reference};
use serde_json::Value;

pub use inside::Inside;
pub use mapped::Mapped;
pub use outside::Outside;

/// What a connector says of itself.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// Source or target.
    pub kind: Kind,
    /// The names of what it can do.
    pub capabilities: Vec<String>,
    /// The JSON Schema of its configuration.
    pub config_schema: Value,
    /// The fields of its accounts.
    pub fields: Vec<FieldFacts>,
    /// What its persons and contracts are made of; sources only.
    pub mapped: Mapped,
}

/// What a connector says of one field.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of the field by itself")]
pub struct FieldFacts {
    /// Its name.
    pub name: String,
    /// `text`, `integer`, `boolean`.
    pub kind: String,
    /// One account per value.
    pub unique: bool,
    /// It cannot change.
    pub immutable: bool,
    /// An account cannot be made without it.
    pub required: bool,
    /// It is never sent.
    pub helper: bool,
    /// The most characters it takes.
    pub max_length: Option<u64>,
}

impl Facts {
    /// Reads a manifest, as `koppel describe` prints it.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn read(manifest: &Value) -> Result<Self, String> {
        let text = |name: &str| manifest.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |field: &Value, name: &str| field.get(name).and_then(Value::as_bool).unwrap_or_default();
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let fields = list(manifest.pointer("/accountFields/fields"));
        Ok(Self {
            id: text("id").ok_or("the manifest has no id")?,
            kind: match text("kind").as_deref() {
                Some("source") => Kind::Source,
                Some("target") => Kind::Target,
                other => return Err(format!("the manifest has the kind {other:?}")),
            },
            capabilities: list(manifest.get("capabilities"))
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            config_schema: manifest.get("configSchema").cloned().ok_or("the manifest has no configSchema")?,
            fields: fields
                .iter()
                .map(|field| FieldFacts {
                    name: field.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    kind: field.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    unique: flag(field, "unique"),
                    immutable: flag(field, "immutable"),
                    required: flag(field, "required"),
                    helper: flag(field, "helper"),
                    max_length: field.get("maxLength").and_then(Value::as_u64),
                })
                .collect(),
            mapped: Mapped::read(manifest),
        })
    }

    /// Can it do this?
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }
}

/// An action, in the words of both ways to a connector.
#[derive(Debug, Clone, Default)]
pub struct Act {
    /// `create`, `update`, `grant`…: a name of `koppel run`.
    pub action: &'static str,
    /// A dry run.
    pub dry_run: bool,
    /// The account.
    pub account: Option<Reference>,
    /// The mapped fields.
    pub data: Record,
    /// How an account is recognised; create only.
    pub correlation: Option<Correlation>,
    /// The permission.
    pub permission: Option<Reference>,
    /// Why; sub-permissions only.
    pub operation: Option<Operation>,
    /// What is believed to be granted; sub-permissions only.
    pub current: Vec<(Value, String)>,
    /// Whose contracts decide.
    pub person: Option<Person>,
    /// From another machine: without the locks and notes of the ones before.
    pub elsewhere: bool,
    /// Ends it in the middle.
    pub end: Option<End>,
}

/// How an action is ended in the middle.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// The moment.
    pub when: Cancel,
    /// Without a word, as a process that is killed. A connector behind the command line is always ended so.
    pub killed: bool,
}

/// The answer of an action that was killed, for those who wait for one.
fn killed() -> Refused {
    Refused { kind: "cancelled".into(), message: "the action was ended in the middle".into() }
}

/// A line for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The effect.
    pub action: Option<String>,
    /// What happened.
    pub message: String,
    /// Is it a failure?
    pub is_error: bool,
}

/// What an action came to.
#[derive(Debug, Clone, Default)]
pub struct Acted {
    /// Did it succeed?
    pub success: bool,
    /// The audit lines.
    pub lines: Vec<Line>,
    /// The reference that create gave.
    pub reference: Option<Reference>,
    /// Was an account linked?
    pub correlated: bool,
    /// The account afterwards, by the mapped fields.
    pub data: Option<Record>,
    /// The account before.
    pub previous: Option<Record>,
    /// What is held of the permission afterwards: the ids.
    pub sub_permissions: Option<Vec<(Value, String)>>,
    /// The fields whose value somebody else has.
    pub non_unique: Vec<String>,
    /// The group of the error, such as `conflict`.
    pub error: Option<Refused>,
}

/// Why something was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The group of the error, such as `auth`; empty where it is not known.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}", self.kind, self.message)
    }
}

/// An account of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// What the system knows it by.
    pub reference: Reference,
    /// May it be used?
    pub enabled: Option<bool>,
    /// A name for people.
    pub display_name: String,
    /// The name it logs in with.
    pub user_name: String,
    /// Its fields.
    pub data: Record,
}

/// Who has what, of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The permission.
    pub permission: Value,
    /// The id of the entitlement within it.
    pub entitlement: Option<String>,
    /// The account.
    pub account: Reference,
}

/// A connector under check. Every call starts afresh, as a process does: nothing is kept between two calls but what the
/// connector itself shares between processes.
#[async_trait]
pub trait Subject: std::fmt::Debug + Send + Sync {
    /// What it says of itself.
    fn facts(&self) -> &Facts;

    /// Reads the configuration and reaches the system.
    async fn check(&self, config: &Value) -> Result<(), Refused>;

    /// Carries an action out.
    async fn act(&self, config: &Value, act: &Act) -> Acted;

    /// All accounts.
    async fn accounts(&self, config: &Value) -> Result<Vec<Imported>, Refused>;

    /// Who has which permission; with `sub` which entitlement of it.
    async fn memberships(&self, config: &Value, sub: bool) -> Result<Vec<Held>, Refused>;

    /// The permissions on offer: references and names.
    async fn permissions(&self, config: &Value) -> Result<Vec<(Value, String)>, Refused>;

    /// All persons of a source, as they are printed.
    async fn persons(&self, config: &Value) -> Result<Vec<Value>, Refused>;

    /// All departments of a source, as they are printed.
    async fn departments(&self, config: &Value) -> Result<Vec<Value>, Refused>;

    /// Everything that was written so far: results, logs, errors.
    fn written(&self) -> Vec<u8>;
}
