#![doc = include_str!("../docs.md")]

mod access;
mod client;
mod config;
mod error;
mod index;
mod model;
mod profiles;
mod target;

use koppel::{About, Definition, Scrubber};
use koppel_http::StateDir;
use serde_json::json;

pub use config::{Config, DeleteMode, OnUnmappedProfile, ProfileRow};

/// Good values for the conformance kit.
pub const SCENARIO: &str = include_str!("../conformance.json");

/// The connector, for a [`Registry`](koppel::Registry).
///
/// `state` is where the access token is shared with other processes; `scrubber` learns the secrets.
pub fn connector(state: StateDir, scrubber: Scrubber) -> impl koppel::Connector {
    let about = About {
        id: "ipassan-target",
        version: env!("CARGO_PKG_VERSION"),
        title: "IPassan",
        description: "Keeps persons and their access profile on the doors of an IPassan site.",
    };
    let example = json!({
        "clientID": "example",
        "clientSecret": "x",
        "BaseUrl": "https://ipassan.example",
        "siteId": "00000000-0000-4000-8000-000000000001",
        "accessProfiles": [{
            "HelloIDLookupKey": "Verpleegkundige",
            "AccessProfileName": "Verpleging",
            "AccessProfileId": "00000000-0000-4000-8000-000000000002",
        }],
    });
    Definition::target(about, example, move |config: Config| {
        target::IPassan::new(&config, state.clone(), scrubber.clone())
    })
}
