//! Which fault a request meets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Faults, Kind, RoutePattern, Rule};
use crate::route::Route;
use crate::seed;
use crate::stats::FaultCount;

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) route: Route,
    pub(crate) method: &'a str,
    /// The path; InPlanning's below its base.
    pub(crate) path: &'a str,
    /// The offset asked for, 0 where none was.
    pub(crate) offset: usize,
}

/// The rules and how far each of them is.
#[derive(Debug)]
pub(crate) struct FaultEngine {
    seed: u64,
    rules: Mutex<Vec<Running>>,
}

#[derive(Debug)]
struct Running {
    rule: Rule,
    seen: u64,
    fired: u64,
}

impl FaultEngine {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let engine = Self { seed, rules: Mutex::default() };
        engine.replace(faults);
        engine
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Running>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes other rules from now on; their counters begin at zero.
    pub(crate) fn replace(&self, faults: Faults) {
        *self.rules() = faults.0.into_iter().map(|rule| Running { rule, seen: 0, fired: 0 }).collect();
    }

    /// The fault this request meets, if any. Every rule that matches counts the request, the first that is due fires.
    pub(crate) fn next(&self, call: &Call<'_>) -> Option<Kind> {
        let mut found = None;
        for (index, running) in (0u64..).zip(self.rules().iter_mut()) {
            if !running.rule.matches(call) {
                continue;
            }
            running.seen += 1;
            if found.is_none() && running.due(self.seed, index) {
                running.fired += 1;
                found = Some(running.rule.kind);
            }
        }
        found
    }

    /// How often each rule fired.
    pub(crate) fn counts(&self) -> Vec<FaultCount> {
        self.rules().iter().map(|r| FaultCount { rule: r.rule.text.clone(), fired: r.fired }).collect()
    }
}

impl Running {
    fn due(&self, seed: u64, index: u64) -> bool {
        if self.seen < self.rule.from || self.rule.times.is_some_and(|n| self.fired >= n) {
            return false;
        }
        self.rule.chance.is_none_or(|percent| {
            let draw = seed::Rng::new(seed ^ index, "fault", self.seen).below(1_000_000);
            // A million is exact in an f64.
            #[allow(clippy::cast_precision_loss)]
            let drawn = draw as f64 / 10_000.0;
            drawn < percent
        })
    }
}

impl Rule {
    fn matches(&self, call: &Call<'_>) -> bool {
        self.system.is_none_or(|s| s == call.route.system())
            && self.method.as_deref().is_none_or(|m| m == call.method)
            && self.route.matches(call)
            && match self.kind {
                Kind::CursorRepeat => call.route.pages() && call.method == "GET",
                Kind::CursorCycle => call.route.pages() && call.method == "GET" && call.offset > 0,
                _ => true,
            }
    }
}

impl RoutePattern {
    fn matches(&self, call: &Call<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => call.route.short() == name,
            Self::Template(route) => call.route == *route,
            Self::Exact(path) => call.path == path,
            Self::Prefix(start) => call.path.starts_with(start.as_str()),
        }
    }
}
