#![doc = include_str!("../docs.md")]

mod config;
mod contracts;
mod defaults;
mod groups;
mod import;
mod people;
mod seen;
mod shift;
mod source;
mod times;
mod window;

use koppel::{About, Connector, Definition, Scrubber};
use koppel_http::StateDir;
use serde_json::json;

pub use config::{Absence, Config, ContractId, ContractTimes, People, RosterMode, UnknownShift};

/// Good values for the conformance kit.
pub const SCENARIO: &str = include_str!("../conformance.json");

/// The connector `inplanning-source`.
///
/// The access token is shared with the other processes that use the same state directory; secrets are put into the
/// scrubber.
pub fn connector(state: StateDir, scrubber: Scrubber) -> impl Connector {
    let about = About {
        id: "inplanning-source",
        version: env!("CARGO_PKG_VERSION"),
        title: "Intus InPlanning",
        description: "Reads persons and their shifts from InPlanning: each shift in the roster becomes a contract.",
    };
    let example = json!({
        "Username": "koppel",
        "Password": "x",
        "BaseUrl": "https://customer.example/InPlanningServiceAdmin/rest/api",
        "HistoricalDays": 1,
        "FutureDays": 2,
    });
    Definition::<Config>::source(about, example, move |config| source::InPlanningSource::new(config, &state, &scrubber))
}
