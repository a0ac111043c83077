//! Who should have what at a moment, why, and when that next changes.

pub(crate) mod conditions;
mod window;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Rule;
use crate::model::Entitlement;
use crate::snapshot::moment::{NEVER, floor, moment};
use crate::snapshot::{ContractRow, Snapshot};
use conditions::Conditions;
use window::Window;

/// The place of something that rules grant, in [`Rules::grants`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub u32);

/// Something that rules grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The name of the target.
    pub target: String,
    /// What it is there.
    pub entitlement: Entitlement,
}

/// A rule that matches a contract, and one of the things it grants for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// What is granted.
    pub grant: GrantId,
    /// The place of the rule.
    pub rule: u32,
    /// The place of the contract among those of the person.
    pub contract: u32,
    /// The contract is from a source whose data is too old to act on.
    pub stale: bool,
}

/// When something is granted, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// What is granted.
    pub grant: GrantId,
    /// From this moment on.
    pub start: Timestamp,
    /// Until this moment, at which it is granted no more.
    pub end: Timestamp,
    /// The place of the rule.
    pub rule: u32,
    /// The place of the contract among those of the person.
    pub contract: u32,
}

/// All rules, ready to be asked.
///
/// # Behaviour
/// - A rule matches a contract while `start - before <= at < end + after`, and all its conditions hold for the contract
///   and its person. A contract without a start has begun ever since, one without an end does not end; one whose end is
///   before its start is matched by no rule.
/// - Margins of days are days of the calendar in the zone. Where the clocks show the moment twice or not at all, a window
///   opens at the earlier one and closes at the later one.
/// - A snapshot is asked with the rules that it was built with.
#[derive(Debug)]
pub struct Rules {
    pub(crate) conditions: Conditions,
    names: Vec<String>,
    windows: Vec<Window>,
    grants: Vec<Granted>,
    /// What each rule grants.
    of_rule: Vec<Vec<GrantId>>,
    zone: TimeZone,
}

impl Rules {
    /// The rules of a configuration, in their order. What several of them grant stands in [`grants`](Self::grants) once.
    pub fn compile(rules: &[Rule], zone: TimeZone) -> Self {
        let mut grants: Vec<Granted> = Vec::new();
        let mut of_rule = Vec::new();
        for rule in rules {
            let mut ids: Vec<GrantId> = Vec::new();
            for grant in &rule.grant {
                let granted = Granted { target: grant.target.clone(), entitlement: grant.entitlement.clone() };
                let at = grants.iter().position(|known| *known == granted).unwrap_or_else(|| {
                    grants.push(granted);
                    grants.len() - 1
                });
                ids.push(GrantId(u32::try_from(at).unwrap_or(u32::MAX)));
            }
            ids.sort_unstable();
            ids.dedup();
            of_rule.push(ids);
        }
        Self {
            conditions: Conditions::new(rules),
            names: rules.iter().map(|rule| rule.name.clone()).collect(),
            windows: rules.iter().map(|rule| Window { before: rule.before, after: rule.after }).collect(),
            grants,
            of_rule,
            zone,
        }
    }

    /// All that rules grant; [`GrantId`] is the place here.
    pub fn grants(&self) -> &[Granted] {
        &self.grants
    }

    /// The name of a rule.
    pub fn rule_name(&self, rule: u32) -> &str {
        self.names.get(rule as usize).map_or("", String::as_str)
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Is there no rule?
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Puts into `out` all that rules grant a person at a moment, in the order of grants, then rules, then contracts.
    /// What was in it is gone.
    ///
    /// That the person is blocked, or a contract's source out of date, changes nothing here: it is for the caller to
    /// weigh.
    pub fn matches(&self, snapshot: &Snapshot, person: usize, at: Timestamp, out: &mut Vec<Match>) {
        out.clear();
        let at = floor(at);
        for (contract, row) in (0_u32..).zip(snapshot.contracts_of(person)) {
            for rule in self.of(snapshot, row) {
                let Some((window, grants)) = self.rule(*rule) else { continue };
                if window.holds(row.bounds, at, &self.zone) {
                    let found = |grant: &GrantId| Match { grant: *grant, rule: *rule, contract, stale: row.is_stale() };
                    out.extend(grants.iter().map(found));
                }
            }
        }
        out.sort_unstable();
    }

    /// The next moment after `after` at which, for anybody, a match begins or ends, or a contract does: with it another
    /// contract may be the primary one.
    pub fn next_change(&self, snapshot: &Snapshot, after: Timestamp) -> Option<Timestamp> {
        let after = floor(after);
        let mut next = NEVER;
        for row in snapshot.all_contracts() {
            if row.bounds.start < row.bounds.end {
                let edges = [row.bounds.start, row.bounds.end];
                next = edges.into_iter().filter(|edge| *edge > after && *edge != NEVER).fold(next, i64::min);
            }
            for rule in self.of(snapshot, row) {
                let Some((window, _)) = self.rule(*rule) else { continue };
                if let Some(edge) = window.next_edge(row.bounds, after, next, &self.zone)
                    // A window that closes before it opens is never open.
                    && window.opens(row.bounds, &self.zone) < window.closes(row.bounds, &self.zone)
                {
                    next = edge;
                }
            }
        }
        moment(next)
    }

    /// When a person is granted what, between two moments, in the order of grants and beginnings. Each match is an
    /// interval of its own; those of several contracts may overlap.
    pub fn intervals(&self, snapshot: &Snapshot, person: usize, from: Timestamp, to: Timestamp) -> Vec<Interval> {
        let mut all = Vec::new();
        for (contract, row) in (0_u32..).zip(snapshot.contracts_of(person)) {
            for rule in self.of(snapshot, row) {
                let Some((window, grants)) = self.rule(*rule) else { continue };
                let opens = moment(window.opens(row.bounds, &self.zone));
                let closes = moment(window.closes(row.bounds, &self.zone));
                let (start, end) =
                    (opens.unwrap_or(Timestamp::MIN).max(from), closes.unwrap_or(Timestamp::MAX).min(to));
                if start < end {
                    all.extend(grants.iter().map(|grant| Interval {
                        grant: *grant,
                        start,
                        end,
                        rule: *rule,
                        contract,
                    }));
                }
            }
        }
        all.sort_unstable();
        all
    }

    fn rule(&self, rule: u32) -> Option<(Window, &[GrantId])> {
        let rule = rule as usize;
        Some((*self.windows.get(rule)?, self.of_rule.get(rule)?))
    }

    /// The rules whose conditions hold for a contract.
    fn of<'s>(&self, snapshot: &'s Snapshot, row: &ContractRow) -> &'s [u32] {
        debug_assert_eq!(snapshot.rules, self.len(), "a snapshot is asked with the rules it was built with");
        snapshot.profile(row)
    }
}
