//! IPassan: persons of a site and the access profiles they carry.

mod api;
mod model;
mod state;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use model::{AccessProfile, AccessType, Building, Person};

use crate::credentials::Credentials;
use crate::dispatch::Incoming;
use crate::options::{MissingPerson, Options};
use crate::reply::Reply;
use crate::seed;
use crate::tokens::{Client, Lives, TokenBook};
use model::Base;
use state::State;

/// The state of the IPassan stand-in. Clones share it.
#[derive(Debug, Clone)]
pub struct IPassan(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    missing_person: MissingPerson,
    site_id: String,
    bases: Vec<Base>,
    tokens: TokenBook,
    state: RwLock<State>,
}

impl IPassan {
    pub(crate) fn new(options: &Options, credentials: &Credentials) -> Self {
        let seed = options.seed;
        let client =
            Client { id: credentials.ipassan_client_id.clone(), secret: credentials.ipassan_client_secret.clone() };
        let profiles = credentials
            .access_profiles
            .iter()
            .map(|(name, guid)| AccessProfile { guid: guid.clone(), name: name.clone() });
        Self(Arc::new(Inner {
            missing_person: options.missing_person,
            site_id: credentials.site_id.clone(),
            bases: Base::all(seed, &credentials.site_id),
            tokens: TokenBook::new(seed, "ipassan", Lives::Many, options.token_lifetime, vec![client]),
            state: RwLock::new(State::new(seed, profiles.collect())),
        }))
    }

    pub(crate) fn answer(&self, request: &Incoming) -> Reply {
        api::answer(&self.0, request)
    }

    pub(crate) fn tokens_issued(&self) -> u64 {
        self.0.tokens.issued()
    }

    /// Adds a whole sample at once.
    pub(crate) fn fill(&self, persons: impl Iterator<Item = Person>) {
        let mut state = self.0.write();
        for person in persons {
            state.insert(person);
        }
    }

    /// All persons, in the order they were made.
    pub fn persons(&self) -> Vec<Person> {
        self.0.read().persons().map(Person::clone).collect()
    }

    /// How many persons there are.
    pub fn count(&self) -> usize {
        self.0.read().len()
    }

    /// One person.
    pub fn person(&self, uuid: &str) -> Option<Person> {
        self.0.read().get(uuid).map(|p| Person::clone(&p))
    }

    /// The persons with this number; there may be several.
    pub fn by_number(&self, number: &str) -> Vec<Person> {
        let state = self.0.read();
        let same = |p: &&Person| p.number.as_deref() == Some(number);
        state.persons().filter(same).cloned().collect()
    }

    /// Adds a person, or replaces the one with the same `uuid`. An empty `uuid` is given a new one. Returns what is stored.
    pub fn insert(&self, person: Person) -> Person {
        Person::clone(&self.0.write().insert(person))
    }

    /// Removes a person; false where there was none.
    pub fn remove(&self, uuid: &str) -> bool {
        self.0.write().remove(uuid)
    }

    /// The access profiles, by name.
    pub fn profiles(&self) -> Vec<AccessProfile> {
        self.0.read().profiles.clone()
    }

    /// Adds an access profile and returns its GUID, which follows from the name. One that exists stays as it is.
    pub fn add_profile(&self, name: &str) -> String {
        let mut state = self.0.write();
        if let Some(profile) = state.profiles.iter().find(|p| p.name == name) {
            return profile.guid.clone();
        }
        let guid = seed::uuid(state.seed(), name, 0);
        state.profiles.push(AccessProfile { guid: guid.clone(), name: name.to_owned() });
        state.profiles.sort_by(|a, b| a.name.cmp(&b.name));
        guid
    }

    /// The name of the profile that opens doors to this person, if any.
    pub fn door_profile(&self, uuid: &str) -> Option<String> {
        let state = self.0.read();
        let person = state.get(uuid)?;
        let guid = person.access_type.as_ref()?.door_permanent.as_deref()?;
        state.profiles.iter().find(|p| p.guid == guid).map(|p| p.name.clone())
    }

    /// Ends the life of all tokens.
    pub fn expire_tokens(&self) {
        self.0.tokens.expire();
    }

    /// Forgets all tokens.
    pub fn revoke_tokens(&self) {
        self.0.tokens.revoke();
    }

    /// Removes all persons. Site, profiles, clients and tokens stay.
    pub fn clear(&self) {
        self.0.write().clear();
    }
}

impl Inner {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
