//! Shifts against access, for people to look at.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::model::{Action, Bar, Blocked, Timeline, written};
use crate::rules::Rules;
use crate::snapshot::{Snapshot, fold};

/// So many persons are drawn.
const MOST_PERSONS: usize = 200;

/// The persons that actions touch, from the day before to a week after.
pub(crate) fn timeline(
    snapshot: &Snapshot,
    rules: &Rules,
    at: Timestamp,
    zone: &TimeZone,
    actions: &[Action],
    blocked: &[Blocked],
) -> Vec<Timeline> {
    let (Ok(from), Ok(to)) = (at.checked_sub(24.hours()), at.checked_add((7 * 24).hours())) else { return Vec::new() };
    let touched = actions.iter().chain(blocked.iter().map(|blocked| &blocked.action));
    let keys: BTreeSet<String> = touched.map(|action| fold(&action.person)).take(100_000).collect();
    let mut drawn = Vec::new();
    for key in keys {
        if drawn.len() == MOST_PERSONS {
            break;
        }
        let Some(index) = snapshot.find(&key) else { continue };
        let person = snapshot.person(index);
        let bar = |label: String, detail: String, start: Option<Timestamp>, end: Option<Timestamp>| Bar {
            label,
            detail,
            start: start.map(|start| written(start, zone)),
            end: end.map(|end| written(end, zone)),
        };
        let contracts = person.contracts().iter().filter(|contract| {
            contract.start().is_none_or(|start| start < to) && contract.end().is_none_or(|end| end > from)
        });
        let contracts =
            contracts.map(|c| bar(c.external_id().to_owned(), c.source().to_owned(), c.start(), c.end())).collect();
        let access = rules.intervals(snapshot, index, from, to).into_iter().map(|interval| {
            let granted = rules.grants().get(interval.grant.0 as usize);
            let label = granted.map(|g| format!("{}:{}", g.target, g.entitlement)).unwrap_or_default();
            bar(label, rules.rule_name(interval.rule).to_owned(), Some(interval.start), Some(interval.end))
        });
        drawn.push(Timeline {
            person: person.key().to_owned(),
            name: person.name().to_owned(),
            contracts,
            access: access.collect(),
        });
    }
    drawn
}
