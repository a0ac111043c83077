//! How the stand-ins are set up.

use std::time::Duration;

use jiff::Timestamp;

use crate::Faults;

/// How the sandbox is set up. The fields are public; the methods of the same name allow a chain.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// How many persons the generated sample has; 0 leaves both systems empty but for clients, site, profiles and groups.
    pub persons: usize,
    /// What every generated value follows from: the same seed gives the same data.
    pub seed: u64,
    /// The moment the sample's rosters and contracts are laid around.
    pub now: Timestamp,
    /// How long every request waits before it is carried out.
    pub latency: Duration,
    /// What goes wrong, and when.
    pub faults: Faults,
    /// How many resource groups the sample organisation has (at least 1).
    pub groups: usize,
    /// How many days before `now` the generated rosters begin.
    pub roster_back: u16,
    /// How many days after `now` the generated rosters end.
    pub roster_ahead: u16,
    /// How long a token of either system lives; `expires_in` is told in whole seconds.
    pub token_lifetime: Duration,
    /// The HTTP status of InPlanning's error 211 (the real one is not known).
    pub not_found_status: u16,
    /// Whether InPlanning drops role properties that mean nothing for the role, so that a read differs from the write.
    pub normalise_roles: bool,
    /// What IPassan answers for a person that is not there.
    pub missing_person: MissingPerson,
}

/// What IPassan answers for a person that is not there. The real system's answer is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingPerson {
    /// 200 with a body without `uuid`, as the public script expects.
    #[default]
    EmptyBody,
    /// 404 with an API error.
    NotFound,
}

impl Default for Options {
    /// 50 persons around 1 June 2026, on any free port, without latency or faults.
    fn default() -> Self {
        Self {
            port: 0,
            persons: 50,
            seed: 1,
            now: Timestamp::constant(1_780_300_800, 0),
            latency: Duration::ZERO,
            faults: Faults::default(),
            groups: 21,
            roster_back: 14,
            roster_ahead: 28,
            token_lifetime: Duration::from_hours(1),
            not_found_status: 404,
            normalise_roles: false,
            missing_person: MissingPerson::EmptyBody,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)*) => {
        impl Options {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            })*
        }
    };
}

setters! {
    /// Sets the port.
    port: u16,
    /// Sets how many persons the sample has.
    persons: usize,
    /// Sets the seed.
    seed: u64,
    /// Sets the moment the sample is laid around.
    now: Timestamp,
    /// Sets how long every request waits.
    latency: Duration,
    /// Sets the faults.
    faults: Faults,
    /// Sets the number of resource groups.
    groups: usize,
    /// Sets how many days before `now` the generated rosters begin.
    roster_back: u16,
    /// Sets how many days after `now` the generated rosters end.
    roster_ahead: u16,
    /// Sets how long a token lives.
    token_lifetime: Duration,
    /// Sets the HTTP status of InPlanning's error 211.
    not_found_status: u16,
    /// Sets whether InPlanning drops role properties that mean nothing.
    normalise_roles: bool,
    /// Sets what IPassan answers for a missing person.
    missing_person: MissingPerson,
}
