//! The clock of the machine.

use std::time::Duration;

use jiff::Timestamp;
use koppel::Clock;
use tokio::time::Instant;

/// The clock of the machine: the one place where the SDK reads it.
///
/// [`elapsed`](Clock::elapsed) follows the clock of tokio, so a test that pauses it owns the deadlines too.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
