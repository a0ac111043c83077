//! The time that a script may take.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Stops a script that runs too long.
///
/// A machine that is busy may let a thread wait for longer than a script may run. So a script must have taken many
/// steps, too, before its time is over; only after ten times as long the clock alone counts.
#[derive(Debug)]
pub(super) struct Guard {
    limit: Duration,
    began: Cell<Instant>,
    calls: Cell<u32>,
    stopped: Cell<bool>,
}

/// So often the engine must have asked; it asks after every 10,000 steps.
const LEAST_CALLS: u32 = 100;

impl Guard {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, began: Cell::new(Instant::now()), calls: Cell::new(0), stopped: Cell::new(false) }
    }

    /// A script begins.
    pub(super) fn begin(&self) {
        self.began.set(Instant::now());
        self.calls.set(0);
        self.stopped.set(false);
    }

    /// Asked by the engine while it runs: must it stop?
    pub(super) fn must_stop(&self) -> bool {
        let calls = self.calls.get().saturating_add(1);
        self.calls.set(calls);
        let elapsed = self.began.get().elapsed();
        let stop = self.stopped.get()
            || (elapsed >= self.limit && calls >= LEAST_CALLS)
            || elapsed >= self.limit.saturating_mul(10);
        self.stopped.set(stop);
        stop
    }

    /// Whether it was stopped.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.get()
    }
}
