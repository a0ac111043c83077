//! Running checks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use koppel::{Cancel, Kind};
use serde_json::Value;

use crate::bench::Bench;
use crate::check::{Check, Ruling, Stop, Verdict};
use crate::proxy::Proxy;
use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::world::World;

/// A check that takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// How checks are run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only checks that change nothing.
    pub read_only: bool,
    /// Only these, by id or by the beginning of one; empty for all.
    pub only: Vec<String>,
    /// Failures that are accepted, with the reason.
    pub waived: BTreeMap<String, String>,
    /// What tells the objects of this run from all others.
    pub tag: String,
    /// Neither fills nor empties the system, even where it is a stand-in.
    pub as_real: bool,
    /// Stops the check that is running; what it made is removed all the same.
    pub cancel: Cancel,
}

impl Options {
    /// Is this check asked for?
    pub fn wants(&self, check: &Check) -> bool {
        let named = |name: &String| {
            check.id == name || check.id.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        self.only.is_empty() || self.only.iter().any(named)
    }
}

/// What checks are run on.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The connector.
    pub subject: &'a dyn Subject,
    /// The way to its system.
    pub proxy: &'a Proxy,
    /// A configuration that leads through the proxy.
    pub config: &'a Value,
    /// Good values for the system.
    pub scenario: &'a Scenario,
    /// The system itself, where the run may fill and empty it.
    pub world: Option<&'a dyn World>,
}

/// Runs one check, the one of this number in the run.
pub async fn run(check: &Check, number: usize, place: Place<'_>, options: &Options) -> Verdict {
    let started = Instant::now();
    let Place { subject, proxy, config, scenario, world } = place;
    let tag = format!("{}{number}x", options.tag);
    let world = world.filter(|_| !options.as_real);
    let bench = Bench::new(subject, proxy, config.clone(), scenario, world, tag);
    let stop = match unfit(check, subject, options) {
        Some(stop) => Err(stop),
        None => {
            bench.watch();
            let hung = || Err(Stop::fail("an end within two minutes", "it hangs"));
            tokio::select! {
                ended = tokio::time::timeout(PATIENCE, (check.run)(&bench)) => ended.unwrap_or_else(|_| hung()),
                () = options.cancel.cancelled() => Err(Stop::Skip("the run was stopped".into())),
            }
        }
    };
    let exchanges = proxy.exchanges();
    // What the way to the system could not answer, such as a request that a recording does not have, explains the rest.
    let stop = match (stop, proxy.unreachable().as_slice()) {
        (Err(Stop::Fail { expected, came }), [first, ..]) => Err(Stop::fail(expected, format!("{came}; {first}"))),
        (stop, _) => stop,
    };
    let result = match (stop, options.waived.get(check.id)) {
        (Ok(()), _) => Ruling::Pass,
        (Err(Stop::Skip(reason)), _) => Ruling::Skip { reason },
        (Err(Stop::NotApplicable(reason)), _) => Ruling::NotApplicable { reason },
        (Err(Stop::Fail { expected, came }), Some(reason)) => Ruling::Waived { reason: reason.clone(), expected, came },
        (Err(Stop::Fail { expected, came }), None) => {
            Ruling::Fail { expected, came, exchanges: exchanges.iter().map(crate::proxy::Exchange::shown).collect() }
        }
    };
    let left_behind = bench.clean().await;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Verdict { id: check.id, title: check.title, result, millis, left_behind }
}

/// Why a check is not run at all.
fn unfit(check: &Check, subject: &dyn Subject, options: &Options) -> Option<Stop> {
    let facts = subject.facts();
    if let Some(kind) = check.kind.filter(|kind| *kind != facts.kind) {
        let kind = if kind == Kind::Source { "sources" } else { "targets" };
        return Some(Stop::NotApplicable(format!("it is for {kind}")));
    }
    if let Some(missing) = check.needs.iter().find(|need| !facts.can(need)) {
        return Some(Stop::NotApplicable(format!("the connector does not offer [{missing}]")));
    }
    (check.changes && options.read_only).then(|| Stop::Skip("it changes data, and the run is read-only".into()))
}
