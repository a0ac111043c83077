//! What somebody held at a moment, and why: the audit log played back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::audit::{AuditChange, AuditRow};
use crate::model::{Because, Entitlement};

/// An entitlement that somebody held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldThen {
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// The name of the person for people.
    pub name: String,
    /// What was held.
    pub entitlement: Entitlement,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub because: Because,
    /// The account, as text.
    pub reference: Option<String>,
    /// The entry of the audit log that says so.
    pub entry: i64,
}

/// Entries on their way to what was held after them. It keeps what is held, not the entries.
#[derive(Debug, Default)]
pub struct Replay(BTreeMap<(String, String, Entitlement), HeldThen>);

impl Replay {
    /// Takes the next entry, in the order of the chain.
    pub fn add(&mut self, row: &AuditRow) {
        let entry = &row.entry;
        for entitlement in &entry.entitlements {
            let key = (entry.target.clone(), entry.person.clone(), entitlement.clone());
            match entry.change {
                AuditChange::Took => {
                    self.0.remove(&key);
                }
                AuditChange::Gave | AuditChange::Changed => {
                    let before = self.0.get(&key);
                    let now = HeldThen {
                        target: entry.target.clone(),
                        person: entry.person.clone(),
                        name: entry.person_name.clone(),
                        entitlement: entitlement.clone(),
                        since: before.map_or(entry.at, |before| before.since),
                        because: entry.because.clone(),
                        reference: entry
                            .reference
                            .clone()
                            .or_else(|| before.and_then(|before| before.reference.clone())),
                        entry: row.seq,
                    };
                    self.0.insert(key, now);
                }
                AuditChange::Failed => {}
            }
        }
    }

    /// What is held after all of them, by target, person and entitlement.
    pub fn held(self) -> Vec<HeldThen> {
        self.0.into_values().collect()
    }
}

/// What was held after these entries, given in the order of the chain: for a moment, those that
/// [`Filter::until`](super::Filter::until) gives for it.
pub fn access_at<'a>(rows: impl IntoIterator<Item = &'a AuditRow>) -> Vec<HeldThen> {
    let mut replay = Replay::default();
    rows.into_iter().for_each(|row| replay.add(row));
    replay.held()
}
