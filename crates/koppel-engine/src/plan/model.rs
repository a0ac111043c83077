//! The plan as a document.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Person, Record, Reference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Because, Change, Entitlement, Held, SubPermission, Verb};
use crate::store::Mark;

/// What would be done at a moment, and why.
///
/// As JSON: `{"at": …, "actions": […], "blocked": […], …}`. It holds everything that `koppel apply` needs, personal
/// data included: keep the file as you keep an export of HR.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The id of the plan; audit entries name it.
    pub id: String,
    /// The moment it was made for, RFC 3339 in the time zone of the configuration.
    pub at: String,
    /// Somebody named the moment; otherwise it was now.
    #[serde(default)]
    pub given: bool,
    /// The actions, grouped by target, then person; those of one person in a target in the order they are carried out.
    pub actions: Vec<Action>,
    /// The actions that are needed and will not be carried out, each with its reason.
    pub blocked: Vec<Blocked>,
    /// The thresholds that were reached.
    pub thresholds: Vec<Reached>,
    /// The sources, and how old what they gave is.
    pub sources: Vec<SourceState>,
    /// What an administrator should know although nothing is blocked by it.
    pub warnings: Vec<String>,
    /// The next moment at which access opens or closes, or a contract begins or ends; RFC 3339.
    pub next: Option<String>,
    /// How many persons there are.
    pub persons: usize,
    /// The configuration that it was made with.
    pub config: ConfigMark,
    /// The state that it was made on.
    pub state: Mark,
    /// The journal's numbers of the actions that were sent, whose answer nobody has, and that this plan settles.
    #[serde(default)]
    pub settles: Vec<i64>,
    /// What is held and goes on being held, for the reasons that count now.
    #[serde(skip)]
    pub(crate) reasons: Vec<Held>,
    /// Shifts against access of the persons that the plan touches, for people to look at.
    pub timeline: Vec<Timeline>,
}

/// Which configuration a plan was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigMark {
    /// The file.
    pub file: String,
    /// A digest of the file and of those it names.
    pub digest: String,
}

/// An action.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// The name of the person, for people.
    #[serde(default)]
    pub name: String,
    /// What is done.
    pub action: Verb,
    /// The permission, for those that have one.
    pub permission: Option<String>,
    /// Why.
    pub because: Because,
    /// The fields that differ.
    pub changes: Vec<Change>,
    /// The entitlements that begin, end or change with it.
    pub entitlements: Vec<Entitlement>,
    /// What carrying it out takes; nothing that people or other programs should read.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub payload: Payload,
}

/// What carrying an action out takes beyond what people read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Payload {
    /// The account; absent where an earlier action of the same person gives it.
    pub reference: Option<Reference>,
    /// How an existing account is recognised: the field of the account and its value.
    pub correlation: Option<(String, String)>,
    /// The mapped fields.
    pub data: Record,
    /// What the state remembers of the account's fields afterwards, beyond `data`.
    pub baseline: Record,
    /// What `data` was made from, as a digest.
    pub seen: String,
    /// Whose contracts decide about a permission.
    pub person: Option<Person>,
    /// Does the permission depend on contracts?
    pub per_contract: bool,
    /// What it came down to so far.
    pub current: Vec<SubPermission>,
    /// What it comes down to now.
    pub wanted: Vec<SubPermission>,
    /// An account that is linked and may be used is closed: rules say who may use accounts, and none lets this person.
    pub closes: bool,
    /// Something was sent for this account and nobody knows what came of it: the system is looked at first.
    pub doubtful: bool,
}

/// An action that is needed and will not be carried out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// The action.
    #[serde(flatten)]
    pub action: Action,
    /// What holds it back.
    pub by: HeldBy,
    /// Why, and what would help.
    pub reason: String,
}

/// What holds an action back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeldBy {
    /// A threshold of the target.
    Threshold,
    /// A source whose data is too old.
    Source,
    /// The data of the person, or the rules.
    Data,
}

/// A threshold that was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reached {
    /// The target or the source.
    pub name: String,
    /// The kind, such as `access.revoke` or `persons.removed`.
    pub kind: String,
    /// How many there would be.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The limit, as configured.
    pub limit: String,
}

/// How a source was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// What became of reading it.
    pub state: Freshness,
    /// When what counts was read, RFC 3339; absent where it was never read.
    pub read_at: Option<String>,
    /// How many persons it gave then.
    pub persons: usize,
    /// Why it could not be read, or why what it gave does not count.
    pub message: Option<String>,
}

/// How fresh the data of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Read for this plan.
    Fresh,
    /// Could not be read, or was stopped by a threshold; what it gave before still counts.
    Kept,
    /// What it gave before is older than allowed: nothing is opened or closed on it.
    Stale,
}

/// The shifts and contracts of a person against the access they give.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The key of the person.
    pub person: String,
    /// The name of the person.
    pub name: String,
    /// The contracts and shifts.
    pub contracts: Vec<Bar>,
    /// The access that the rules give.
    pub access: Vec<Bar>,
}

/// A stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Bar {
    /// The contract's id, or the target and entitlement.
    pub label: String,
    /// What is behind it: the source and title of a contract, the rule of an access.
    pub detail: String,
    /// The beginning, RFC 3339; absent without one.
    pub start: Option<String>,
    /// The end, RFC 3339; absent without one.
    pub end: Option<String>,
}

impl Action {
    /// An entitlement that the action gives, as the state remembers it since a moment.
    pub(crate) fn gives(&self, entitlement: &Entitlement, since: Timestamp) -> Held {
        Held {
            target: self.target.clone(),
            person: self.person.clone(),
            name: self.name.clone(),
            entitlement: entitlement.clone(),
            since,
            because: self.because.clone(),
            reference: None,
            data: serde_json::Value::Null,
            seen: String::new(),
            subs: Vec::new(),
        }
    }
}

impl Plan {
    /// The moment it was made for.
    ///
    /// # Errors
    /// `Invalid` where the document was changed by hand into something that is none.
    pub fn moment(&self) -> koppel::Result<Timestamp> {
        self.at.parse().map_err(|e| koppel::Error::invalid("at", format!("[{}] is no moment: {e}", self.at)))
    }

    /// The actions that only a threshold holds back.
    pub(crate) fn approved(&self) -> impl Iterator<Item = Action> {
        self.blocked.iter().filter(|blocked| blocked.by == HeldBy::Threshold).map(|blocked| blocked.action.clone())
    }

    /// Is there nothing to do, and nothing that should be done?
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.blocked.is_empty()
    }
}

/// A moment as documents write it: RFC 3339 with the offset of the zone.
pub fn written(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at);
    at.display_with_offset(offset).to_string()
}
