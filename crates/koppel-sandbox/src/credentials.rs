//! What a client needs to get in.

use std::collections::BTreeMap;

use crate::seed;

/// What every secret and every token of the sandbox starts with, so that a leak can be searched for.
pub const CANARY: &str = "canary-";

/// The clients both systems know, and the ids a configuration needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The InPlanning client for writing (`ClientId`).
    pub inplanning_client_id: String,
    /// Its secret.
    pub inplanning_client_secret: String,
    /// The InPlanning client for reading (`Username`), with a token of its own.
    pub inplanning_username: String,
    /// Its password.
    pub inplanning_password: String,
    /// The IPassan client.
    pub ipassan_client_id: String,
    /// Its secret.
    pub ipassan_client_secret: String,
    /// The GUID of the IPassan site with the persons.
    pub site_id: String,
    /// The GUIDs of the IPassan access profiles, by name.
    pub access_profiles: BTreeMap<String, String>,
}

/// The access profiles every sandbox starts with.
pub(crate) const PROFILES: [&str; 12] = [
    "Alle deuren",
    "Kantoor",
    "Nachtdienst",
    "Noord",
    "Oost",
    "Planning",
    "Receptie",
    "Technische dienst",
    "Verpleging",
    "Verzorging",
    "West",
    "Zuid",
];

impl Credentials {
    pub(crate) fn new(seed: u64) -> Self {
        let secret = |name: &str| format!("{CANARY}{name}-{}", seed::hex(seed, name, 0, 1));
        Self {
            inplanning_client_id: "koppel-target".into(),
            inplanning_client_secret: secret("inplanning-target"),
            inplanning_username: "koppel-source".into(),
            inplanning_password: secret("inplanning-source"),
            ipassan_client_id: "koppel-deuren".into(),
            ipassan_client_secret: secret("ipassan"),
            site_id: seed::uuid(seed, "site", 0),
            access_profiles: (0u64..)
                .zip(PROFILES)
                .map(|(i, name)| (name.to_owned(), seed::uuid(seed, "profile", i)))
                .collect(),
        }
    }
}
