//! The engine's documents in words, for the terminal and the page alike.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel_engine::plan::{Action, Freshness, Plan, SourceState};
use koppel_engine::{Because, Change, Verb};
use serde_json::Value;

/// A value longer than this is cut: tables are for people, documents have all of it.
const MOST_VALUE: usize = 60;

/// A count with its noun: `1 action`, `12,000 actions`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

/// A number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A person: the name, and the key in brackets, unless the name shows it already, as `HelloID` display names do.
pub(super) fn person(name: &str, key: &str) -> String {
    match named(name, key) {
        (name, "") => name.to_owned(),
        (name, key) => format!("{name} ({key})"),
    }
}

/// The name without the key, and the key; the key alone where there is no name.
pub(super) fn named<'a>(name: &'a str, key: &'a str) -> (&'a str, &'a str) {
    let name = name.trim();
    let bare = name.strip_suffix(')').and_then(|name| name.strip_suffix(key)).and_then(|name| name.strip_suffix('('));
    match bare.unwrap_or(name).trim_end() {
        "" => (key, ""),
        name => (name, key),
    }
}

/// What is done: `grant Noord`.
pub(super) fn doing(action: Verb, permission: Option<&str>) -> String {
    match permission {
        Some(permission) => format!("{action} {permission}"),
        None => action.to_string(),
    }
}

/// The rule and the contract behind something: `Verpleging op dienst (4711, rooster)`.
pub(super) fn because(because: &Because) -> String {
    let from: Vec<&str> =
        [because.contract.as_str(), because.source.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    match (because.rule.is_empty(), from.is_empty()) {
        (true, _) => from.join(", "),
        (false, true) => because.rule.clone(),
        (false, false) => format!("{} ({})", because.rule, from.join(", ")),
    }
}

/// The same with what is special about it.
pub(super) fn why(reason: &Because) -> String {
    let parts = [because(reason), reason.note.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A field that differs: `lastname: Jansen → de Vries`.
pub(super) fn change(change: &Change) -> String {
    if change.from.is_null() {
        return format!("{}: {}", change.field, value(&change.to));
    }
    format!("{}: {} → {}", change.field, value(&change.from), value(&change.to))
}

/// A value as people write it.
pub(super) fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "(none)".to_owned(),
        Value::String(text) if text.is_empty() => return "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How a source was found.
pub(super) fn freshness(state: Freshness) -> &'static str {
    match state {
        Freshness::Fresh => "read now",
        Freshness::Kept => "last good read counts",
        Freshness::Stale => "too old: nothing opens or closes on it",
    }
}

/// Is there something to mend about a source?
pub(super) fn is_trouble(source: &SourceState) -> bool {
    source.state != Freshness::Fresh
}

/// A moment of a document, for people: `Tue 2 Jun 2026 14:00`. What cannot be read is shown as it is.
pub(super) fn moment(text: &str, zone: &TimeZone) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |at| clock(at, zone))
}

/// A moment, for people. Seconds only where there are any.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let format = if at.second() == 0 { "%a %-d %b %Y %H:%M" } else { "%a %-d %b %Y %H:%M:%S" };
    at.strftime(format).to_string()
}

/// A moment that sorts, for lines of a log: `2026-06-02 14:00:00`.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// How many of each kind: `4 create, 5 enable`.
pub(super) fn tally<'a>(actions: impl Iterator<Item = &'a Action>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for action in actions {
        *counts.entry(action.action).or_insert(0_u64) += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(verb, count)| format!("{} {verb}", grouped(*count))).collect();
    parts.join(", ")
}

/// The targets of the actions in the order of the plan, each with its actions.
pub(super) fn by_target(plan: &Plan) -> Vec<(&str, Vec<&Action>)> {
    let mut targets: Vec<(&str, Vec<&Action>)> = Vec::new();
    for action in &plan.actions {
        match targets.iter_mut().find(|(name, _)| *name == action.target) {
            Some((_, actions)) => actions.push(action),
            None => targets.push((&action.target, vec![action])),
        }
    }
    targets
}
