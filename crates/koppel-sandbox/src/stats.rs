//! What reached the stand-ins.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::route::{METHODS, Route, System};

/// What reached the stand-ins since they started or since the counters were reset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Requests by system, route and method; only those that occurred.
    pub requests: Vec<RequestCount>,
    /// Requests to a path neither system has.
    pub unrouted: u64,
    /// Tokens InPlanning issued.
    pub inplanning_tokens: u64,
    /// Tokens IPassan issued.
    pub ipassan_tokens: u64,
    /// The most requests that were in work at one moment.
    pub max_in_flight: usize,
    /// How often each fault rule fired, in the order of the rules.
    pub faults: Vec<FaultCount>,
}

/// The requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCount {
    /// The system.
    pub system: System,
    /// The method, or `other`.
    pub method: &'static str,
    /// The path with names for its variable parts, such as `/users/{username}`; InPlanning's below its base.
    pub route: &'static str,
    /// How many there were.
    pub count: u64,
}

/// How often a fault rule fired.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultCount {
    /// The rule as it was written.
    pub rule: String,
    /// How often it fired.
    pub fired: u64,
}

impl Stats {
    /// The requests with this method to this route (`/users/{username}`, `/api/v1/access/site/{site}/person`, …).
    pub fn count(&self, system: System, method: &str, route: &str) -> u64 {
        self.requests
            .iter()
            .filter(|r| r.system == system && r.method == method && r.route == route)
            .map(|r| r.count)
            .sum()
    }

    /// All requests of a system, those for tokens included.
    pub fn total(&self, system: System) -> u64 {
        self.requests.iter().filter(|r| r.system == system).map(|r| r.count).sum()
    }

    /// The requests of a system that could change something: all but GET and those for a token.
    pub fn writes(&self, system: System) -> u64 {
        self.requests
            .iter()
            .filter(|r| r.system == system && r.method != "GET" && !r.route.ends_with("/token"))
            .map(|r| r.count)
            .sum()
    }

    /// How often any fault fired.
    pub fn faults_fired(&self) -> u64 {
        self.faults.iter().map(|f| f.fired).sum()
    }
}

/// The running counters.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    requests: [[AtomicU64; METHODS.len()]; Route::ALL.len()],
    unrouted: AtomicU64,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
}

impl Recorder {
    /// Counts a request to a route.
    pub(crate) fn count(&self, route: Route, method: usize) {
        self.requests[route as usize][method].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request to a path neither system has.
    pub(crate) fn count_unrouted(&self) {
        self.unrouted.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request as in work until the guard is dropped.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::AcqRel) + 1;
        self.max_in_flight.fetch_max(now, Ordering::AcqRel);
        InFlight(self)
    }

    /// The counters as they stand; tokens and faults are filled in by their owners.
    pub(crate) fn read(&self) -> Stats {
        let requests = Route::ALL
            .into_iter()
            .flat_map(|route| METHODS.into_iter().enumerate().map(move |(i, method)| (route, i, method)))
            .map(|(route, i, method)| RequestCount {
                system: route.system(),
                method,
                route: route.template(),
                count: self.requests[route as usize][i].load(Ordering::Relaxed),
            })
            .filter(|r| r.count > 0)
            .collect();
        Stats {
            requests,
            unrouted: self.unrouted.load(Ordering::Relaxed),
            max_in_flight: self.max_in_flight.load(Ordering::Acquire),
            ..Stats::default()
        }
    }

    /// Sets the request counters to zero; what is in work stays counted.
    pub(crate) fn reset(&self) {
        for counter in self.requests.iter().flatten() {
            counter.store(0, Ordering::Relaxed);
        }
        self.unrouted.store(0, Ordering::Relaxed);
        self.max_in_flight.store(self.in_flight.load(Ordering::Acquire), Ordering::Release);
    }
}

/// A request in work.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Recorder);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
