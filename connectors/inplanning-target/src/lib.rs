#![doc = include_str!("../docs.md")]

mod account;
mod assignment;
mod catalogue;
mod config;
mod index;
mod permissions;
mod role;
mod target;
mod template;

use koppel::{About, Connector, Definition, Scrubber};
use koppel_http::StateDir;
use serde_json::json;

pub use config::{Config, PermissionConfig};

/// Good values for the conformance kit.
pub const SCENARIO: &str = include_str!("../conformance.json");

/// The connector. Tokens are shared with other processes through `state`; secrets are told to `scrubber`.
pub fn connector(state: StateDir, scrubber: Scrubber) -> impl Connector {
    let about = About {
        id: "inplanning-target",
        version: env!("CARGO_PKG_VERSION"),
        title: "Intus InPlanning",
        description: "User accounts of Intus InPlanning, and the roles they have in resource groups",
    };
    // The secret is too short to be scrubbed: it would blot out its word in every text of the process.
    let example = json!({
        "ClientId": "client",
        "ClientSecret": "x",
        "BaseUrl": "https://customer.rooster.nl/InPlanningService/rest",
        "permissions": [
            {"role": "Planner", "resourceGroup": "Planner {{LocationOwn}}", "exchangeGroup": "Company", "shiftGroup": "Company", "userGroup": "Root"},
        ],
    });
    Definition::target(about, example, move |config: Config| {
        target::InPlanningTarget::new(config, state.clone(), scrubber.clone())
    })
}
