//! What every call of a connector is given: time, cancellation, dry run, locks, a place for warnings.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event_listener::Event;
use jiff::Timestamp;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::lock::{LocalLocks, Locks};

/// Where the time comes from. Tests own it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The moment, for dates and for when a token expires.
    fn now(&self) -> Timestamp;
    /// A time that never goes back, since an arbitrary origin, for deadlines.
    fn elapsed(&self) -> Duration;
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>, Timestamp);

impl FixedClock {
    /// Stands at this moment.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now), now)
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(*now);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn elapsed(&self) -> Duration {
        Duration::try_from(self.now().duration_since(self.1)).unwrap_or_default()
    }
}

/// Tells those who wait that the run is over. Clones share one signal.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<(AtomicBool, Event)>);

impl Cancel {
    /// Cancels; once is enough, and it cannot be taken back.
    pub fn cancel(&self) {
        self.0.0.store(true, Ordering::SeqCst);
        self.0.1.notify(usize::MAX);
    }

    /// Has it been cancelled?
    pub fn is_cancelled(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Resolves when it is cancelled.
    pub async fn cancelled(&self) {
        loop {
            let listener = self.0.1.listen();
            if self.is_cancelled() {
                return;
            }
            listener.await;
        }
    }
}

/// Is told how far a long import is. The command line draws a bar from it.
pub trait Progress: fmt::Debug + Send + Sync {
    /// The total became known.
    fn total(&self, total: u64);
    /// So many more are done.
    fn advance(&self, by: u64);
}

#[derive(Debug)]
struct Silent;

impl Progress for Silent {
    fn total(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// A request that a dry run held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// The address without its query.
    pub url: String,
    /// The names of the fields in its body; values stay out, they may be personal.
    pub fields: Vec<String>,
}

/// How many warnings one context keeps; the log has them all.
const KEPT_WARNINGS: usize = 1000;

/// What every call of a connector is given.
///
/// Nothing in the SDK is global: the clock, the locks and the cancellation come from here, so a test owns them.
/// Clones share everything but what `with_…` replaced.
#[derive(Debug, Clone)]
pub struct Ctx {
    clock: Arc<dyn Clock>,
    locks: Arc<dyn Locks>,
    progress: Arc<dyn Progress>,
    cancel: Cancel,
    dry_run: bool,
    deadline: Option<Duration>,
    moment: Option<Timestamp>,
    concurrency: Option<NonZeroUsize>,
    plan: Arc<Mutex<Vec<PlannedRequest>>>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Ctx {
    /// A context that changes systems, with locks that hold within this process.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            locks: Arc::new(LocalLocks::default()),
            progress: Arc::new(Silent),
            cancel: Cancel::default(),
            dry_run: false,
            deadline: None,
            moment: None,
            concurrency: None,
            plan: Arc::default(),
            warnings: Arc::default(),
        }
    }

    /// With locks that reach further, such as those over all processes of a machine.
    #[must_use]
    pub fn with_locks(mut self, locks: Arc<dyn Locks>) -> Self {
        self.locks = locks;
        self
    }

    /// With somebody who is told how far it is.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// With this signal to stop.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// As of another moment: what a source reads, and what an action says of today, is as it would be then. Time itself
    /// goes on, for tokens and deadlines.
    #[must_use]
    pub fn as_of(mut self, moment: Timestamp) -> Self {
        self.moment = Some(moment);
        self
    }

    /// With another number of requests at once than the connector's configuration says.
    #[must_use]
    pub fn with_concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// The context of one action: its own plan and warnings, and at most this much time from now.
    #[must_use]
    pub fn for_action(&self, dry_run: bool, budget: Option<Duration>) -> Self {
        let mut ctx = self.clone();
        ctx.dry_run = dry_run;
        ctx.deadline = budget.map(|budget| self.clock.elapsed() + budget);
        ctx.plan = Arc::default();
        ctx.warnings = Arc::default();
        ctx
    }

    /// The moment that data is asked for: now, unless somebody looks [as of](Self::as_of) another.
    pub fn moment(&self) -> Timestamp {
        self.moment.unwrap_or_else(|| self.now())
    }

    /// Where the time comes from.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Is this a dry run? The HTTP kit asks; a connector need not.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// How much time is left; `None` without a limit, zero when it is over.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(self.clock.elapsed()))
    }

    /// The number of requests at once that the caller asked for.
    pub fn concurrency(&self) -> Option<NonZeroUsize> {
        self.concurrency
    }

    /// The locks that keep two actions on one account apart.
    pub fn locks(&self) -> &dyn Locks {
        &*self.locks
    }

    /// The same locks, for a context that lays something around them.
    pub fn shared_locks(&self) -> Arc<dyn Locks> {
        Arc::clone(&self.locks)
    }

    /// Who is told how far it is.
    pub fn progress(&self) -> &dyn Progress {
        &*self.progress
    }

    /// The signal to stop.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Fails when the run was cancelled or its time is over; call it between steps.
    pub fn go_on(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "the run was stopped before this was done"));
        }
        if self.remaining().is_some_and(|left| left.is_zero()) {
            return Err(Error::new(ErrorKind::Transient, "the time for this action is over")
                .with_hint("the system answers slowly; try again, or lower the number of concurrent actions"));
        }
        Ok(())
    }

    /// Tells the administrator something that is no error, once per text.
    pub fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        let mut kept = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contains(&warning) {
            return;
        }
        tracing::warn!("{warning}");
        if kept.len() < KEPT_WARNINGS {
            kept.push(warning);
        }
    }

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a request that the dry run holds back, and gives the error that ends the primitive.
    pub fn hold_back(&self, request: PlannedRequest) -> Error {
        let text = format!("a dry run holds back {} {}", request.method, request.url);
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        Error::new(ErrorKind::DryRun, text)
    }

    /// The requests that were held back.
    pub fn plan(&self) -> Vec<PlannedRequest> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
