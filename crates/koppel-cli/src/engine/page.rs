//! A plan as one self-contained HTML page.

mod timeline;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use koppel_engine::Verb;
use koppel_engine::plan::{Action, Blocked, Plan};
use minijinja::{Environment, context};
use serde::Serialize;

use self::timeline::Timelines;
use super::words;
use crate::failure::Failure;

/// A table on the page has this many rows at most; the document has all.
const MOST_ROWS: usize = 2_000;
/// And a row this many fields.
const MOST_CHANGES: usize = 40;

/// How many actions of each kind a target has.
#[derive(Serialize)]
struct Count {
    target: String,
    numbers: Vec<String>,
    total: String,
}

#[derive(Serialize)]
struct Section {
    target: String,
    tally: String,
    rows: Vec<Row>,
    left_out: String,
}

#[derive(Serialize)]
struct Row {
    target: String,
    name: String,
    key: String,
    verb: &'static str,
    tone: &'static str,
    permission: Option<String>,
    rule: String,
    contract: String,
    source: String,
    note: String,
    changes: Vec<Difference>,
    more: usize,
    reason: String,
}

#[derive(Serialize)]
struct Difference {
    field: String,
    from: Option<String>,
    to: String,
}

#[derive(Serialize)]
struct Source {
    name: String,
    state: &'static str,
    trouble: bool,
    read_at: String,
    persons: String,
    message: String,
}

#[derive(Serialize)]
struct Threshold {
    name: String,
    kind: String,
    count: String,
    of: String,
    limit: String,
}

/// The page.
pub(super) fn render(plan: &Plan, zone: &TimeZone) -> Result<String, Failure> {
    let problem = |e: &dyn std::fmt::Display| Failure::failed(format!("cannot make the page: {e}"));
    let at = plan.moment()?;
    let (verbs, counts) = counts(plan);
    let targets = words::by_target(plan);
    let sections: Vec<Section> = targets.iter().map(|(target, actions)| section(target, actions)).collect();
    let blocked: Vec<Row> = plan.blocked.iter().take(MOST_ROWS).map(stopped).collect();
    let mut environment = Environment::new();
    environment.add_template("page.html", include_str!("page.html")).map_err(|e| problem(&e))?;
    let template = environment.get_template("page.html").map_err(|e| problem(&e))?;
    let page = template.render(context! {
        moment => words::clock(at, zone),
        given => plan.given,
        zone => zone.iana_name().unwrap_or("the zone of the configuration"),
        persons => words::count(plan.persons, "person", "persons"),
        actions => words::count(plan.actions.len(), "action", "actions"),
        empty => plan.is_empty(),
        unread => plan.sources.iter().any(words::is_trouble),
        file => plan.config.file,
        id => plan.id,
        next => plan.next.as_deref().map(|next| words::moment(next, zone)),
        thresholds => thresholds(plan),
        blocked,
        blocked_count => words::count(plan.blocked.len(), "action is", "actions are"),
        blocked_left_out => left_out(plan.blocked.len()),
        warnings => plan.warnings,
        verbs,
        counts,
        sections,
        sources => sources(plan, zone),
        timelines => Timelines::new(plan, at, zone),
        version => env!("CARGO_PKG_VERSION"),
    });
    page.map_err(|e| problem(&e))
}

/// The kinds of action that there are, and how many of each a target has.
fn counts(plan: &Plan) -> (Vec<&'static str>, Vec<Count>) {
    let verbs: BTreeSet<Verb> = plan.actions.iter().map(|action| action.action).collect();
    let counts = words::by_target(plan).into_iter().map(|(target, actions)| Count {
        target: target.to_owned(),
        numbers: verbs
            .iter()
            .map(|verb| match actions.iter().filter(|action| action.action == *verb).count() {
                0 => String::new(),
                number => words::grouped(number as u64),
            })
            .collect(),
        total: words::grouped(actions.len() as u64),
    });
    let counts = counts.collect();
    (verbs.iter().map(|verb| verb.name()).collect(), counts)
}

fn section(target: &str, actions: &[&Action]) -> Section {
    Section {
        target: target.to_owned(),
        tally: words::tally(actions.iter().copied()),
        rows: actions.iter().take(MOST_ROWS).map(|action| row(action)).collect(),
        left_out: left_out(actions.len()),
    }
}

/// How many rows are not shown; empty where all are.
fn left_out(rows: usize) -> String {
    match rows.saturating_sub(MOST_ROWS) {
        0 => String::new(),
        left => words::grouped(left as u64),
    }
}

fn row(action: &Action) -> Row {
    let difference = |change: &koppel_engine::Change| Difference {
        field: change.field.clone(),
        from: (!change.from.is_null()).then(|| words::value(&change.from)),
        to: words::value(&change.to),
    };
    let (name, key) = words::named(&action.name, &action.person);
    Row {
        target: action.target.clone(),
        name: name.to_owned(),
        key: key.to_owned(),
        verb: action.action.name(),
        tone: tone(action.action),
        permission: action.permission.clone(),
        rule: action.because.rule.clone(),
        contract: action.because.contract.clone(),
        source: action.because.source.clone(),
        note: action.because.note.clone(),
        changes: action.changes.iter().take(MOST_CHANGES).map(difference).collect(),
        more: action.changes.len().saturating_sub(MOST_CHANGES),
        reason: String::new(),
    }
}

fn stopped(blocked: &Blocked) -> Row {
    Row { reason: blocked.reason.clone(), ..row(&blocked.action) }
}

/// What opens, what closes, what cannot be taken back.
fn tone(action: Verb) -> &'static str {
    match action {
        Verb::Create | Verb::Enable | Verb::Grant => "opens",
        Verb::Update => "changes",
        Verb::Disable | Verb::Revoke => "closes",
        Verb::Delete => "removes",
    }
}

fn sources(plan: &Plan, zone: &TimeZone) -> Vec<Source> {
    let source = |source: &koppel_engine::plan::SourceState| Source {
        name: source.name.clone(),
        state: words::freshness(source.state),
        trouble: words::is_trouble(source),
        read_at: source.read_at.as_deref().map_or_else(|| "never".to_owned(), |at| words::moment(at, zone)),
        persons: words::grouped(source.persons as u64),
        message: source.message.clone().unwrap_or_default(),
    };
    plan.sources.iter().map(source).collect()
}

fn thresholds(plan: &Plan) -> Vec<Threshold> {
    let threshold = |reached: &koppel_engine::plan::Reached| Threshold {
        name: reached.name.clone(),
        kind: reached.kind.clone(),
        count: words::grouped(reached.count),
        of: words::grouped(reached.of),
        limit: reached.limit.clone(),
    };
    plan.thresholds.iter().map(threshold).collect()
}
