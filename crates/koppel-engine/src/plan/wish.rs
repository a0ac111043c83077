//! What a person should have of one entitlement, and how sure that is.

use crate::model::{Because, Entitlement, Held};
use crate::rules::{Granted, Match, Rules};
use crate::snapshot::PersonRef;

/// What a person should have of one entitlement.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// Does a rule grant it now?
    pub(super) yes: bool,
    /// Why; for what is not granted, what granted it before.
    pub(super) because: Because,
    /// The contracts that a rule granting it matches, by their place.
    pub(super) contracts: Vec<usize>,
    /// Nothing may be done about it: what it rests on is too old.
    pub(super) frozen: Option<String>,
}

/// Why nothing is opened or closed on a source.
fn frozen(source: &str) -> String {
    format!("what source [{source}] gave is too old: on it nothing is opened and nothing is closed")
}

impl Wish {
    /// From the matches of one entitlement of a person, of which there is at least one.
    pub(super) fn of(matches: &[Match], rules: &Rules, person: &PersonRef<'_>) -> Option<Self> {
        let first = matches.iter().find(|found| !found.stale).or_else(|| matches.first())?;
        let contract = person.contracts().get(first.contract as usize);
        let because = Because {
            rule: rules.rule_name(first.rule).to_owned(),
            contract: contract.map(|contract| contract.external_id().to_owned()).unwrap_or_default(),
            source: contract.map(|contract| contract.source().to_owned()).unwrap_or_default(),
            note: String::new(),
        };
        let mut contracts: Vec<usize> = matches.iter().map(|found| found.contract as usize).collect();
        contracts.sort_unstable();
        contracts.dedup();
        let frozen = first.stale.then(|| frozen(&because.source));
        Some(Self { yes: true, because, contracts, frozen })
    }

    /// What is held and no rule grants any more.
    pub(super) fn no(held: &Held, stale: &[String], note: String) -> Self {
        let source = &held.because.source;
        let frozen = stale.contains(source).then(|| frozen(source));
        Self { yes: false, because: Because { note, ..held.because.clone() }, contracts: Vec::new(), frozen }
    }
}

/// The matches of a person, by target and entitlement.
pub(super) struct Matches<'a> {
    rules: &'a Rules,
    found: Vec<Match>,
}

impl<'a> Matches<'a> {
    pub(super) fn new(rules: &'a Rules) -> Self {
        Self { rules, found: Vec::new() }
    }

    /// For another person.
    pub(super) fn refill(&mut self, fill: impl FnOnce(&mut Vec<Match>)) {
        self.found.clear();
        fill(&mut self.found);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Each entitlement that is granted in a target, with its matches.
    pub(super) fn of<'m>(&'m self, target: &'m str) -> impl Iterator<Item = (&'m Entitlement, &'m [Match])> + 'm {
        self.found.chunk_by(|a, b| a.grant == b.grant).filter_map(move |chunk| {
            let granted: &Granted = self.rules.grants().get(chunk.first()?.grant.0 as usize)?;
            (granted.target == target).then_some((&granted.entitlement, chunk))
        })
    }
}
