//! Small worlds to put rules to.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel_engine::Entitlement;
use koppel_engine::config::{Condition, Grant, Margin, Path, Rule};
use koppel_engine::rules::{Match, Rules};
use koppel_engine::snapshot::{Row, Snapshot, SourceRows};
use serde_json::Value;

pub(crate) fn zone() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn contract_field(path: &str) -> Path {
    Path::Contract(path.to_owned())
}

pub(crate) fn person_field(path: &str) -> Path {
    Path::Person(path.to_owned())
}

/// The value is one of these.
pub(crate) fn any(path: Path, texts: &[&str]) -> Condition {
    let any = texts.iter().map(ToString::to_string).collect();
    Condition { path, any, prefix: vec![], not: vec![], not_prefix: vec![] }
}

/// A rule without a window that grants `doors:account`.
pub(crate) fn rule(name: &str, when: Vec<Condition>) -> Rule {
    Rule {
        name: name.to_owned(),
        line: 1,
        when,
        sources: None,
        before: Margin::default(),
        after: Margin::default(),
        grant: vec![grant("account")],
    }
}

pub(crate) fn grant(entitlement: &str) -> Grant {
    Grant { target: "doors".to_owned(), entitlement: entitlement.parse::<Entitlement>().unwrap() }
}

/// What a source gave, mapped; the id of a row is its place.
pub(crate) fn rows(source: &str, persons: &[Value]) -> SourceRows {
    let row = |(index, person): (usize, &Value)| Row {
        external_id: format!("row {index}"),
        body: person.to_string().into_boxed_str(),
    };
    SourceRows {
        source: source.to_owned(),
        read_at: at("2026-03-01T00:00:00Z"),
        rows: persons.iter().enumerate().map(row).collect(),
    }
}

pub(crate) fn snapshot(rules: &Rules, sources: Vec<SourceRows>) -> Snapshot {
    Snapshot::build(rules, &[], "ExternalId", sources, &[], &zone()).unwrap()
}

pub(crate) fn matches(rules: &Rules, snapshot: &Snapshot, person: usize, at: Timestamp) -> Vec<Match> {
    let mut out = Vec::new();
    rules.matches(snapshot, person, at, &mut out);
    out
}
