//! What InPlanning knows, as its API tells it.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};

/// A user. What is `None` is told as `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The key; it cannot change.
    #[serde(default)]
    pub username: String,
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the user may log in. Writes may also say `"True"` or `"False"`; left out means no.
    #[serde(default, deserialize_with = "lenient_bool")]
    pub active: bool,
    /// The user group.
    #[serde(default)]
    pub user_group: Option<String>,
    /// The `uname` of the employee the user belongs to; may be blank, and two users may share one.
    #[serde(default)]
    pub resource: Option<String>,
    /// The roles.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
}

/// A role of a user; its identity is `role` with `resource_group`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// The name of the role.
    pub role: String,
    /// For which resource group.
    #[serde(default)]
    pub resource_group: Option<String>,
    /// For which exchange group.
    #[serde(default)]
    pub exchange_group: Option<String>,
    /// For which shift group.
    #[serde(default)]
    pub shift_group: Option<String>,
    /// For which work location group.
    #[serde(default)]
    pub worklocation_group: Option<String>,
    /// For which user group.
    #[serde(default)]
    pub user_group: Option<String>,
    /// From when.
    #[serde(default)]
    pub start_date: Option<String>,
    /// Until when.
    #[serde(default)]
    pub end_date: Option<String>,
}

/// An employee.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HumanResource {
    /// The key; it may hold characters that need encoding in a URL.
    pub uname: String,
    /// The number in the HR system.
    pub external_id: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// `M`, `V` or `X`.
    pub gender: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// The times of employment.
    pub labour_hists: Vec<LabourHist>,
    /// The `uname`s of the resource groups the employee belongs to, the own one first. The API does not tell them.
    #[serde(skip)]
    pub groups: Vec<String>,
    /// The function, by `uname` or name. The API tells it only in rosters.
    #[serde(skip)]
    pub function: String,
}

/// A time of employment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabourHist {
    /// The first day.
    pub start_date: Date,
    /// The last day.
    pub end_date: Option<Date>,
}

impl LabourHist {
    /// Whether the day lies in it.
    pub fn covers(&self, date: Date) -> bool {
        self.start_date <= date && self.end_date.is_none_or(|end| date <= end)
    }
}

/// A resource group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ResourceGroup {
    /// The key.
    pub uname: String,
    /// The name.
    pub name: String,
    /// The `uname` of the group above.
    pub parent: Option<String>,
    /// `group.externalId` in rosters; often the `uname`.
    #[serde(skip)]
    pub external_id: Option<String>,
    /// `group.description` in rosters.
    #[serde(skip)]
    pub description: Option<String>,
}

/// A shift of an employee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The day it begins.
    pub date: Date,
    /// `shift.uname`; the only place with the times.
    pub uname: String,
    /// `shift.name`.
    pub name: String,
    /// The `uname` of the resource group it is worked for.
    pub group: String,
    /// The function it is worked in, by `uname` (`VPK`) or name (`Verpleegkundige`).
    pub function: String,
}

impl Shift {
    /// A shift whose name is what follows the times in `uname`.
    pub fn new(date: Date, uname: &str, group: &str, function: &str) -> Self {
        Self {
            date,
            uname: uname.to_owned(),
            name: uname.split_once(' ').map_or(uname, |(_, name)| name).to_owned(),
            group: group.to_owned(),
            function: function.to_owned(),
        }
    }
}

/// Why an employee is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absence {
    /// The key, such as `VAK`.
    pub uname: String,
    /// The name, such as `Vakantie`.
    pub name: String,
}

impl Absence {
    /// An absence.
    pub fn new(uname: &str, name: &str) -> Self {
        Self { uname: uname.to_owned(), name: name.to_owned() }
    }
}

/// A day of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub date: Date,
    /// Why the employee is away.
    pub absence: Option<Absence>,
    /// The shifts; none on a day off.
    pub shifts: Vec<Shift>,
}

/// There is no employee with this `uname`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("InPlanning has no employee \"{0}\"")]
pub struct UnknownResource(pub String);

/// A function as rosters tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Function<'a> {
    pub(crate) uname: &'a str,
    pub(crate) name: &'a str,
}

/// The functions of a care organisation.
pub(crate) const FUNCTIONS: [Function<'static>; 10] = [
    function("VPK", "Verpleegkundige"),
    function("VZ", "Verzorgende"),
    function("VIG", "Verzorgende IG"),
    function("HLP", "Helpende"),
    function("HPL", "Helpende Plus"),
    function("WBG", "Woonbegeleider"),
    function("GVR", "Gastvrouw"),
    function("PLN", "Planner"),
    function("TML", "Teamleider"),
    function("SOG", "Specialist ouderengeneeskunde"),
];

const fn function(uname: &'static str, name: &'static str) -> Function<'static> {
    Function { uname, name }
}

impl<'a> Function<'a> {
    /// The function with this `uname` or name; one that is not known has the text for both.
    pub(crate) fn find(text: &'a str) -> Self {
        FUNCTIONS
            .into_iter()
            .find(|f| f.uname == text || f.name == text)
            .unwrap_or(Function { uname: text, name: text })
    }
}

fn lenient_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value {
        Bool(bool),
        Text(String),
        Null(()),
    }
    match Value::deserialize(deserializer)? {
        Value::Bool(b) => Ok(b),
        Value::Text(t) if t.eq_ignore_ascii_case("true") => Ok(true),
        Value::Text(t) if t.eq_ignore_ascii_case("false") => Ok(false),
        Value::Null(()) => Ok(false),
        Value::Text(t) => Err(serde::de::Error::custom(format!("active: \"{t}\" is no boolean"))),
    }
}
