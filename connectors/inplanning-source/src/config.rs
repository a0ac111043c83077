//! The configuration of the source.

use inplanning_api::BaseUrl;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use koppel::{ConnectorConfig, Fault, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The configuration of the InPlanning source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-order" = [
    "Username", "Password", "BaseUrl", "HistoricalDays", "FutureDays", "timeZone", "contractTimes", "roster", "people",
    "unknownShift", "absence", "contractId", "maxRosterFailures", "concurrency", "allowInsecureHttp",
]))]
pub struct Config {
    /// The user name of the API account.
    #[serde(rename = "Username")]
    #[schemars(title = "Username", length(min = 1))]
    pub username: String,
    /// The password of the API account.
    #[serde(rename = "Password")]
    #[schemars(title = "ApiKey")]
    pub password: Secret,
    /// The address of the API, with or without /api at its end: `https://customer.rooster.nl/InPlanningServiceAdmin/rest/api`.
    #[serde(rename = "BaseUrl")]
    #[schemars(title = "BaseUrl", length(min = 1))]
    #[schemars(extend("x-form" = { "default": "https://[customer].(test).rooster.nl/InPlanningServiceAdmin/rest/api" }))]
    pub base_url: String,
    /// The number of days before today from which shifts are read.
    #[serde(rename = "HistoricalDays")]
    #[schemars(title = "HistoricalDays", range(min = 0, max = 400), extend("x-form" = { "default": "1" }))]
    pub historical_days: u16,
    /// The number of days after today up to which shifts are read.
    #[serde(rename = "FutureDays")]
    #[schemars(title = "FutureDays", range(min = 0, max = 400), extend("x-form" = { "default": "2" }))]
    pub future_days: u16,
    /// The IANA time zone in which the roster is made; it decides what today is and which moment a time means.
    #[serde(default = "amsterdam")]
    #[schemars(title = "Time zone", length(min = 1))]
    pub time_zone: String,
    /// How the start and the end of a contract are written.
    #[serde(default)]
    #[schemars(title = "Times of contracts")]
    pub contract_times: ContractTimes,
    /// How rosters are asked for.
    #[serde(default)]
    #[schemars(title = "Rosters by")]
    pub roster: RosterMode,
    /// Where the persons come from.
    #[serde(default)]
    #[schemars(title = "Persons from")]
    pub people: People,
    /// What becomes of a shift whose name does not begin with its hours.
    #[serde(default)]
    #[schemars(title = "Shifts without hours")]
    pub unknown_shift: UnknownShift,
    /// What becomes of the shifts of a day on which the person is away.
    #[serde(default)]
    #[schemars(title = "Days of absence")]
    pub absence: Absence,
    /// What identifies a contract. A change gives every contract a new id, once.
    #[serde(default)]
    #[schemars(title = "Ids of contracts")]
    pub contract_id: ContractId,
    /// The number of rosters that may fail before the import fails. Whose roster fails is missing from the import, and loses access.
    #[serde(default)]
    #[schemars(title = "Rosters that may fail", range(min = 0, max = 100_000))]
    pub max_roster_failures: u32,
    /// The number of requests at once.
    #[serde(default = "four")]
    #[schemars(title = "Requests at once", range(min = 1, max = 64))]
    pub concurrency: u8,
    /// Also allows an address with http:// on another host than this one. Passwords then travel unprotected.
    #[serde(default)]
    #[schemars(title = "Allow unprotected http")]
    pub allow_insecure_http: bool,
}

/// How the start and the end of a contract are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractTimes {
    /// With the offset of the time zone: `2026-06-01T07:00:00+02:00`.
    #[default]
    Zoned,
    /// The local time with a Z, as older scripts write it: `2026-06-01T07:00:00Z`.
    LegacyUtc,
}

/// How rosters are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RosterMode {
    /// By group where there are fewer groups than persons, and then by person for those whom no group named.
    #[default]
    Auto,
    /// One request per person.
    Resource,
    /// One request per resource group; whom no group names has no shifts.
    Group,
}

/// Where the persons come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum People {
    /// The active users with a resource.
    #[default]
    Users,
    /// The employees with an employment today, also those without a user.
    #[serde(rename = "humanresources")]
    HumanResources,
}

/// What becomes of a shift whose name does not begin with its hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownShift {
    /// It lasts the whole day, and a warning names it.
    #[default]
    WholeDay,
    /// It is left out, and a warning names it.
    Skip,
    /// It begins and ends at 00:00, as older scripts write it: never active.
    LegacyZero,
}

/// What becomes of the shifts of a day on which the person is away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Absence {
    /// They are left out.
    #[default]
    Skip,
    /// They are contracts as on any other day.
    Keep,
}

/// What identifies a contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractId {
    /// `resource-date-n`: n counts the shifts of the day from 1, in the order of the roster.
    #[default]
    Day,
    /// `resource-date-time-group-occurrence`: does not change when another shift of the day comes or goes.
    Stable,
}

fn amsterdam() -> String {
    "Europe/Amsterdam".to_owned()
}

fn four() -> u8 {
    4
}

impl Config {
    /// The time zone.
    pub(crate) fn zone(&self) -> Result<TimeZone, Fault> {
        zone(&self.time_zone).map_err(|message| Fault::new("timeZone", message))
    }
}

/// A zone of the database that the program carries, so that an import gives the same on every machine.
fn zone(name: &str) -> Result<TimeZone, String> {
    let known = TimeZoneDatabase::bundled().get(name.trim()).ok().filter(|zone| !zone.is_unknown());
    known.ok_or_else(|| format!("[{name}] is no time zone of the IANA database, such as Europe/Amsterdam"))
}

impl ConnectorConfig for Config {
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        let text = |key: &str| config.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        if let Some(Err(message)) = text("BaseUrl").map(BaseUrl::parse) {
            faults.push(Fault::new("BaseUrl", message));
        }
        if let Some(Err(message)) = text("timeZone").map(zone) {
            faults.push(Fault::new("timeZone", message));
        }
    }
}
