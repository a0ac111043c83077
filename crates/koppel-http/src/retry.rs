//! When to try again, and for how long.

use std::time::Duration;

use koppel::{Ctx, Error};
use tokio::time::Instant;

/// How often and how long a request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// At most so many attempts; 1 means no repetition. Default 4.
    pub attempts: u32,
    /// The wait after the first attempt; it doubles each time, and a random part of up to half is taken off.
    /// Default 200 ms.
    pub base: Duration,
    /// The longest wait of our own; what the system asks for with `Retry-After` may be longer. Default 5 s.
    pub longest: Duration,
    /// All attempts and waits together, without the time in the queue of the client. Default 60 s; a streamed list has
    /// at least three times as long as it may take to begin.
    pub total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(200),
            longest: Duration::from_secs(5),
            total: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// Every request once.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The wait after so many attempts.
    fn backoff(&self, attempts: u32) -> Duration {
        let doubled = self.base.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        doubled.min(self.longest).mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// The attempts of one request.
#[derive(Debug)]
pub(crate) struct Run {
    policy: RetryPolicy,
    started: Instant,
    queued: Duration,
    attempts: u32,
}

/// What to do after a failed attempt.
#[derive(Debug)]
pub(crate) enum Next {
    /// Wait so long and try again.
    Wait(Duration),
    /// It was tried often enough.
    GiveUp,
    /// The system asks for more time than is left.
    TooLong(Duration),
}

impl Run {
    pub(crate) fn start(policy: RetryPolicy) -> Self {
        Self { policy, started: Instant::now(), queued: Duration::ZERO, attempts: 0 }
    }

    /// Time in the queue does not count.
    pub(crate) fn queued(&mut self, time: Duration) {
        self.queued += time;
    }

    pub(crate) fn attempt(&mut self) {
        self.attempts += 1;
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    fn spent(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.queued)
    }

    /// What is left of the time, here and in the action.
    pub(crate) fn left(&self, ctx: &Ctx) -> Duration {
        let left = self.policy.total.saturating_sub(self.spent());
        ctx.remaining().map_or(left, |ctx| ctx.min(left))
    }

    /// What to do now; `asked` is what the system wants us to wait.
    pub(crate) fn next(&self, ctx: &Ctx, asked: Option<Duration>) -> Next {
        let left = self.left(ctx);
        if let Some(asked) = asked.filter(|asked| *asked >= left) {
            return Next::TooLong(asked);
        }
        // A little on top of what is asked for, so that not all who wait come back in the same moment.
        let wait = self.policy.backoff(self.attempts.max(1));
        let wait = asked.map_or(wait, |asked| asked + wait.min(self.policy.base));
        if self.attempts >= self.policy.attempts || wait >= left { Next::GiveUp } else { Next::Wait(wait) }
    }

    /// `4 attempts in 3.2 s`; nothing after a single quick one.
    pub(crate) fn effort(&self) -> Option<String> {
        let time = self.spent().as_secs_f64();
        match self.attempts {
            0 | 1 if time < 1.0 => None,
            0 | 1 => Some(format!("after {time:.1} s")),
            n => Some(format!("{n} attempts in {time:.1} s")),
        }
    }

    /// Marks an error with the attempts behind it.
    pub(crate) fn mark(&self, error: Error) -> Error {
        error.with_attempts(self.attempts.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use koppel::FixedClock;
    use std::sync::Arc;

    fn ctx() -> Ctx {
        Ctx::new(Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH)))
    }

    #[test]
    fn the_wait_doubles_is_jittered_and_bounded() {
        let policy = RetryPolicy::default();
        for (attempts, most) in [(1, 200), (2, 400), (3, 800), (6, 5000), (40, 5000)] {
            let wait = policy.backoff(attempts);
            assert!(
                wait <= Duration::from_millis(most) && wait >= Duration::from_millis(most / 2),
                "{attempts}: {wait:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_count_and_a_deadline_both_end_it() {
        let ctx = ctx();
        let mut run = Run::start(RetryPolicy::default());
        run.attempt();
        assert!(matches!(run.next(&ctx, None), Next::Wait(_)));
        assert!(matches!(run.next(&ctx, Some(Duration::from_secs(61))), Next::TooLong(_)));
        assert!(matches!(run.next(&ctx, Some(Duration::from_secs(30))), Next::Wait(_)));
        tokio::time::advance(Duration::from_secs(59)).await;
        run.queued(Duration::from_secs(9));
        assert!(matches!(run.next(&ctx, Some(Duration::from_secs(8))), Next::Wait(_)));
        assert!(matches!(run.next(&ctx, Some(Duration::from_secs(11))), Next::TooLong(_)));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(matches!(run.next(&ctx, None), Next::GiveUp));
    }
}
