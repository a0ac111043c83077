//! A small system, and connectors for it that are sound or have one flaw.

pub(crate) mod bent;
pub(crate) mod source;
pub(crate) mod system;
pub(crate) mod target;

use std::time::Duration;

use koppel::{About, Connector, ConnectorConfig, Definition, Scrubber, Secret};
use koppel_http::RetryPolicy;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// What is wrong with a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    None,
    LogsSecret,
    CreateGivesAnotherReference,
    CreateDropsMail,
    CreateIsRepeated,
    FindsOnlyOne,
    CreatesInDryRun,
    UpdateEmptiesTheRest,
    UpdateAlwaysWrites,
    EnableOnlySaysSo,
    DisableOnlySaysSo,
    EnableAlwaysWrites,
    DisableAlwaysWrites,
    DeleteOnlySaysSo,
    OffersTwice,
    GrantAlwaysWrites,
    RevokeAlwaysWrites,
    AcceptsAnyPermission,
    ImportRepeatsTheFirst,
    ImportRepeatsOverPages,
    ImportStopsEarly,
    ImportLosesTheLastOfAFullPage,
    LosesEmoji,
    LosesPlus,
    CutsText,
    LeavesOutEmpty,
    PersonsShareAnId,
    FieldOfSomePersons,
    ContractsWithoutEnd,
    ContractsEndBeforeTheyStart,
    ContractsShareAnId,
    DatesForPeople,
    DepartmentBelowNothing,
    DepartmentsInACircle,
    ContractsOfNoDepartment,
    MapsWhatIsNotThere,
    AnyAnswerIsAList,
    TheNextDayIsInTheSameYear,
    NobodyThoughtOfTheGap,
    NobodyThoughtOfTheFold,
    TheOffsetOfTheStartCounts,
    HoursAreUtc,
}

/// The configuration of both.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Config {
    /// The address
    #[schemars(title = "Address", length(min = 1))]
    base_url: String,
    /// The secret
    #[schemars(title = "Secret")]
    secret: Secret,
}

impl ConnectorConfig for Config {}

/// Retries without long waits.
pub(crate) fn quick() -> RetryPolicy {
    RetryPolicy { base: Duration::from_millis(4), ..RetryPolicy::default() }
}

/// A target with a flaw.
pub(crate) fn target(flaw: Flaw, scrubber: Scrubber) -> impl Connector {
    let about = About { id: "toy-target", version: "1.0.0", title: "Toy", description: "Keeps users." };
    Definition::target(about, json!({"BaseUrl": "https://toy.example", "Secret": "x"}), move |config: Config| {
        target::Toy::new(&config.base_url, &config.secret, flaw, scrubber.clone())
    })
}

/// A source with a flaw.
pub(crate) fn source(flaw: Flaw, scrubber: Scrubber) -> impl Connector {
    let about = About { id: "toy-source", version: "1.0.0", title: "Toy", description: "Gives persons." };
    Definition::source(about, json!({"BaseUrl": "https://toy.example", "Secret": "x"}), move |config: Config| {
        source::Roster::new(&config.base_url, &config.secret, flaw, scrubber.clone())
    })
}

/// The scenario of the target.
pub(crate) const SCENARIO: &str = r#"{
  "create": { "number": "{{tag}}", "name": "Jo {{tag}}", "mail": "{{tag}}@toy.example", "note": "a note" },
  "correlate": "number",
  "update": { "name": "Jansen {{tag}}" },
  "permission": "Reader",
  "person": { "ExternalId": "p", "Contracts": [{ "ExternalId": "c", "Department": { "ExternalId": "D1" } }] },
  "moved": { "ExternalId": "p", "Contracts": [{ "ExternalId": "c", "Department": { "ExternalId": "D2" } }] },
  "wrongCredentials": { "Secret": "not-the-secret" }
}"#;
