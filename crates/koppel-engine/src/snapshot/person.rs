//! A person of the snapshot, and the contracts.

use std::sync::Arc;

use jiff::Timestamp;
use koppel::{lookup, scalar_text};
use koppel_helloid::mapping::{Determinant, primary_contract};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::Snapshot;
use super::moment::{Bounds, floor, moment};

/// What is calculated for the person as a whole, and so is taken from no source.
const CALCULATED: [&str; 6] = ["Contracts", "PrimaryContract", "PrimaryManager", "Accounts", "Status", "DisplayName"];

/// The profile of a contract that no rule can match, whatever its fields say.
pub(super) const NO_RULES: u32 = u32::MAX;

/// A person, as far as it is kept.
#[derive(Debug)]
pub(super) struct PersonRow {
    /// The folded key.
    pub(super) key: Box<str>,
    /// How the first source spells it, where that is another text.
    pub(super) spelled: Option<Box<str>>,
    pub(super) name: Box<str>,
    pub(super) blocked: Option<Box<str>>,
    /// Where its parts begin; they end where those of the next person begin.
    pub(super) parts: u32,
    /// Where its contracts begin.
    pub(super) contracts: u32,
    pub(super) is_stale: bool,
}

/// What one source gave of a person.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) source: u16,
    /// The mapped person as JSON.
    pub(super) body: Box<str>,
}

/// A contract, as rules see it.
#[derive(Debug)]
pub struct ContractRow {
    pub(super) external_id: Box<str>,
    pub(super) source: Arc<str>,
    pub(crate) bounds: Bounds,
    pub(super) profile: u32,
    pub(super) is_stale: bool,
}

impl ContractRow {
    /// What its source knows it by; empty where the mapping gives nothing.
    pub fn external_id(&self) -> &str {
        &self.external_id
    }

    /// The name of the source that it comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The moment at which it begins; `None` where it has begun ever since.
    pub fn start(&self) -> Option<Timestamp> {
        moment(self.bounds.start)
    }

    /// The moment at which it is over; `None` where it does not end. The end of a day is the next midnight.
    pub fn end(&self) -> Option<Timestamp> {
        moment(self.bounds.end)
    }

    /// Has it begun, and is it not over?
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.bounds.holds(floor(at))
    }

    /// Does it end before it begins, or can one of its dates not be read? No rule matches it.
    pub fn is_void(&self) -> bool {
        self.profile == NO_RULES
    }

    /// Is it from a source whose data is too old to act on?
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }
}

/// A person of a [`Snapshot`].
#[derive(Debug, Clone, Copy)]
pub struct PersonRef<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) at: usize,
    pub(super) row: &'s PersonRow,
}

impl<'s> PersonRef<'s> {
    /// The place in the snapshot.
    pub fn index(&self) -> usize {
        self.at
    }

    /// The key, as the first source spells it; [`fold`](super::fold) it to compare it.
    pub fn key(&self) -> &'s str {
        self.row.spelled.as_deref().unwrap_or(&self.row.key)
    }

    /// The name for people.
    pub fn name(&self) -> &'s str {
        &self.row.name
    }

    /// Why the person takes no part: a source's mapping says so, a required value is missing, a date cannot be read.
    pub fn blocked(&self) -> Option<&'s str> {
        self.row.blocked.as_deref()
    }

    /// The names of the sources that know the person, the first in the order of sources first.
    pub fn sources(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let snapshot = self.snapshot;
        let parts = snapshot.parts_of(self.at);
        let differs = move |at: usize| at == 0 || parts[at - 1].source != parts[at].source;
        let named = move |at: usize| snapshot.source(parts[at].source).map(|source| source.name.as_str());
        (0..parts.len()).filter(move |at| differs(*at)).filter_map(named)
    }

    /// Is the data of any of these sources too old to act on?
    pub fn is_stale(&self) -> bool {
        self.row.is_stale
    }

    /// The contracts: those of the first source first, each source's in its order.
    pub fn contracts(&self) -> &'s [ContractRow] {
        self.snapshot.contracts_of(self.at)
    }

    /// The person as HelloID's `personContext.Person`: each field from the first source that has a value for it, the
    /// contracts of all, and what is calculated from them at a moment: `PrimaryContract`, `PrimaryManager`.
    ///
    /// `in_conditions` says which contracts, by their place, matched the rules for the entitlement at hand.
    pub fn json(&self, at: Timestamp, in_conditions: &dyn Fn(usize) -> bool) -> Value {
        let mut person = Map::new();
        let mut contracts = Vec::new();
        for part in self.snapshot.parts_of(self.at) {
            // It was read when the snapshot was built.
            let Ok(Value::Object(fields)) = serde_json::from_str(&part.body) else { continue };
            let shape = self.snapshot.source(part.source).map(|source| &source.shape);
            for (name, value) in fields {
                if name.eq_ignore_ascii_case("Contracts") {
                    let list = if let Value::Array(list) = value { list } else { Vec::new() };
                    contracts.extend(list.into_iter().map(|mut contract| {
                        if let (Value::Object(fields), Some(shape)) = (&mut contract, shape) {
                            shape.complete_contract(fields);
                        }
                        contract
                    }));
                } else if !CALCULATED.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                    fill(&mut person, name, value);
                }
            }
        }
        for part in self.snapshot.parts_of(self.at) {
            if let Some(source) = self.snapshot.source(part.source) {
                source.shape.complete_person(&mut person);
            }
        }
        for (index, contract) in contracts.iter_mut().enumerate() {
            if let Value::Object(fields) = contract {
                fields.insert("Context".to_owned(), json!({ "InConditions": in_conditions(index) }));
            }
        }
        let rows = self.contracts();
        let any = rows.iter().any(|row| row.is_active(at));
        // In the window before a shift nothing may be active yet: what the person comes for is then what counts.
        let active = |index: usize| match rows.get(index) {
            Some(row) if any => row.is_active(at),
            Some(_) => in_conditions(index),
            None => false,
        };
        let chosen = primary_contract(&contracts, &Determinant::usual(), &self.snapshot.zone, &active);
        let primary = chosen.and_then(|index| contracts.get(index)).cloned().unwrap_or_default();
        let manager = lookup(&primary, "Manager").filter(|manager| has_id(manager)).cloned().unwrap_or_default();
        let calculated = [
            ("Accounts", json!({})),
            ("DisplayName", Value::from(self.name())),
            ("PrimaryContract", primary),
            ("PrimaryManager", manager),
            ("Status", json!({ "Blocked": self.blocked().is_some(), "Reason": self.blocked() })),
            ("Contracts", Value::Array(contracts)),
        ];
        person.extend(calculated.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(person)
    }

    /// A digest of all that the sources say of the person. It differs when any of it does, and is the same in every
    /// process; in which order the sources were read has no part in it.
    pub fn digest(&self) -> u64 {
        let mut hash = Sha256::new();
        for part in self.snapshot.parts_of(self.at) {
            let source = self.snapshot.source(part.source).map_or("", |source| &source.name);
            for text in [source, &part.body] {
                hash.update((text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
        }
        hash.finalize().iter().take(8).rfold(0, |digest, byte| digest << 8 | u64::from(*byte))
    }
}

/// Puts a field in, unless there is a value already; of an object each field by itself.
fn fill(into: &mut Map<String, Value>, name: String, value: Value) {
    let known =
        if into.contains_key(&name) { Some(&name) } else { into.keys().find(|key| key.eq_ignore_ascii_case(&name)) };
    let Some(there) = known.cloned().and_then(|key| into.get_mut(&key)) else {
        into.insert(name, value);
        return;
    };
    match (there, value) {
        (Value::Object(there), Value::Object(value)) => {
            for (name, value) in value {
                fill(there, name, value);
            }
        }
        (there, value) if is_empty(there) => *there = value,
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn has_id(manager: &Value) -> bool {
    lookup(manager, "ExternalId").and_then(scalar_text).is_some_and(|id| !id.trim().is_empty())
}
