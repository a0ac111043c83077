//! What IPassan holds in memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{AccessProfile, Building, Person};
use crate::seed;

/// Persons in the order they were made, and the profiles that exist.
#[derive(Debug)]
pub(super) struct State {
    seed: u64,
    made: u64,
    /// Each with the number that orders it.
    persons: Vec<(u64, Arc<Person>)>,
    by_uuid: HashMap<String, u64>,
    architecture: Vec<Building>,
    pub(super) profiles: Vec<AccessProfile>,
}

impl State {
    pub(super) fn new(seed: u64, profiles: Vec<AccessProfile>) -> Self {
        let architecture = (0u64..)
            .zip(["Hoofdgebouw", "Dagbesteding"])
            .map(|(i, name)| Building { uuid: seed::uuid(seed, "building", i), name: name.to_owned() });
        Self {
            seed,
            made: 0,
            persons: Vec::new(),
            by_uuid: HashMap::new(),
            architecture: architecture.collect(),
            profiles,
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn len(&self) -> usize {
        self.persons.len()
    }

    pub(super) fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.iter().map(|(_, person)| &**person)
    }

    /// The persons from `offset` on, at most `limit` of them.
    pub(super) fn page(&self, offset: usize, limit: usize) -> Vec<Arc<Person>> {
        let rest = self.persons.iter().skip(offset).take(limit);
        rest.map(|(_, person)| Arc::clone(person)).collect()
    }

    fn place(&self, uuid: &str) -> Option<usize> {
        let order = self.by_uuid.get(uuid)?;
        self.persons.binary_search_by_key(order, |(order, _)| *order).ok()
    }

    pub(super) fn get(&self, uuid: &str) -> Option<Arc<Person>> {
        self.place(uuid).map(|i| Arc::clone(&self.persons[i].1))
    }

    /// Adds a person or replaces the one with the same `uuid`; an empty `uuid` is given a new one.
    pub(super) fn insert(&mut self, mut person: Person) -> Arc<Person> {
        let order = self.made;
        if person.uuid.is_empty() {
            person.uuid = seed::uuid(self.seed, "person", order);
        }
        if person.architecture.is_empty() {
            person.architecture.clone_from(&self.architecture);
        }
        let place = self.place(&person.uuid);
        let person = Arc::new(person);
        if let Some(place) = place {
            self.persons[place].1 = Arc::clone(&person);
        } else {
            self.made += 1;
            self.by_uuid.insert(person.uuid.clone(), order);
            self.persons.push((order, Arc::clone(&person)));
        }
        person
    }

    pub(super) fn remove(&mut self, uuid: &str) -> bool {
        let Some(place) = self.place(uuid) else {
            return false;
        };
        self.persons.remove(place);
        self.by_uuid.remove(uuid);
        true
    }

    pub(super) fn is_profile(&self, guid: &str) -> bool {
        self.profiles.iter().any(|p| p.guid == guid)
    }

    pub(super) fn clear(&mut self) {
        self.persons.clear();
        self.by_uuid.clear();
    }
}
