//! Running checks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use koppel::{Cancel, ConfigSchema, Kind, Scrubber, Secret};
use serde_json::Value;

use crate::bench::Bench;
use crate::check::{Check, Ruling, Stop, Verdict};
use crate::proxy::{Proxy, Shown};
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
    let stop = match unfit(check, subject, scenario, options) {
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
    let cleaned = tokio::time::timeout(PATIENCE, bench.clean()).await;
    let left_behind = cleaned.unwrap_or_else(|_| bench.unlooked());
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mask = mask(&bench);
    let left_behind = left_behind.iter().map(|left| mask.text(left).into_owned()).collect();
    Verdict { id: check.id, title: check.title, result: masked(result, &mask), millis, left_behind }
}

/// What knows every secret of the configuration and every token that passed: a process of the connector may have asked
/// for one that nobody else saw.
fn mask(bench: &Bench<'_>) -> Scrubber {
    let scrubber = Scrubber::default();
    ConfigSchema::from_value(bench.facts().config_schema.clone()).scrub_into(&bench.config, &scrubber);
    for token in bench.proxy.tokens() {
        scrubber.add(&Secret::new(token));
    }
    scrubber
}

/// Verdicts are printed, kept and sent around.
fn masked(ruling: Ruling, mask: &Scrubber) -> Ruling {
    let text = |text: String| mask.text(&text).into_owned();
    let shown =
        |shown: Shown| Shown { request: text(shown.request), sent: text(shown.sent), got: text(shown.got), ..shown };
    match ruling {
        Ruling::Pass => Ruling::Pass,
        Ruling::Fail { expected, came, exchanges } => Ruling::Fail {
            expected: text(expected),
            came: text(came),
            exchanges: exchanges.into_iter().map(shown).collect(),
        },
        Ruling::Waived { reason, expected, came } => {
            Ruling::Waived { reason, expected: text(expected), came: text(came) }
        }
        Ruling::Skip { reason } => Ruling::Skip { reason: text(reason) },
        Ruling::NotApplicable { reason } => Ruling::NotApplicable { reason: text(reason) },
    }
}

/// How the ids of checks begin that are about the way to a system.
const ON_THE_NETWORK: [&str; 5] =
    ["connect.wrong-credentials", "connect.unreachable", "connect.maintenance-page", "fault.", "secret."];

/// Why a check is not run at all.
fn unfit(check: &Check, subject: &dyn Subject, scenario: &Scenario, options: &Options) -> Option<Stop> {
    let facts = subject.facts();
    if let Some(kind) = check.kind.filter(|kind| *kind != facts.kind) {
        let kind = if kind == Kind::Source { "sources" } else { "targets" };
        return Some(Stop::NotApplicable(format!("it is for {kind}")));
    }
    if let Some(missing) = check.needs.iter().find(|need| !facts.can(need)) {
        return Some(Stop::NotApplicable(format!("the connector does not offer [{missing}]")));
    }
    if scenario.offline && ON_THE_NETWORK.iter().any(|begin| check.id.starts_with(begin)) {
        return Some(Stop::NotApplicable("the connector has no system on the network".into()));
    }
    (check.changes && options.read_only).then(|| Stop::Skip("it changes data, and the run is read-only".into()))
}
