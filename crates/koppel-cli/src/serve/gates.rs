//! How much goes on at once: over all, for each connector and on each system.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::http::StatusCode;
use koppel::{Error, ErrorKind};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::Limits;
use super::metrics::Gauge;
use super::refusal::Refusal;
use crate::host::Host;

/// Documents in hand take this many times the largest one.
const BODIES: usize = 16;
/// Bytes are counted in pieces of this size.
const PIECE: usize = 1024;

/// What keeps the service from doing too much at once. All waiting is in the order of arrival.
pub(super) struct Gates {
    admitted: Arc<Semaphore>,
    most_admitted: usize,
    bodies: Arc<Semaphore>,
    running: Arc<Semaphore>,
    connectors: HashMap<&'static str, Arc<Semaphore>>,
    systems: Mutex<HashMap<String, Weak<System>>>,
    per_system: usize,
    queue: usize,
}

/// The turns on one system.
pub(super) struct System {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// The right to be in hand; held until the action has ended, whoever still waits for it.
pub(super) struct Admission(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// The right to run.
pub(super) struct Turn {
    _admitted: OwnedSemaphorePermit,
    _running: [OwnedSemaphorePermit; 3],
}

impl Gates {
    pub(super) fn new(limits: &Limits, host: &Host) -> Self {
        let most_admitted = limits.concurrency + limits.queue;
        let connectors = host.registry().iter().map(|c| (c.id(), Arc::new(Semaphore::new(limits.per_connector))));
        Self {
            admitted: Arc::new(Semaphore::new(most_admitted)),
            most_admitted,
            bodies: Arc::new(Semaphore::new(limits.body.div_ceil(PIECE) * BODIES)),
            running: Arc::new(Semaphore::new(limits.concurrency)),
            connectors: connectors.collect(),
            systems: Mutex::default(),
            per_system: limits.per_system,
            queue: limits.queue,
        }
    }

    /// Takes one more in hand, before anything of it is read.
    pub(super) fn admit(&self) -> Result<Admission, Refusal> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned();
        admitted.map(Admission).map_err(|_| Refusal::busy("too many actions wait for their turn"))
    }

    /// Resolves when nothing is in hand any more.
    pub(super) async fn idle(&self) {
        // An error would say that the gate was closed, which nobody does.
        let _ = self.admitted.acquire_many(u32::try_from(self.most_admitted).unwrap_or(u32::MAX)).await;
    }

    /// Room for a document of this size.
    pub(super) async fn room(&self, bytes: usize, until: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        let room = timeout_at(until, Arc::clone(&self.bodies).acquire_many_owned(pieces)).await;
        room.ok().and_then(Result::ok).ok_or_else(|| Refusal::busy("too many large documents are in hand"))
    }

    /// The turns on a system, shared by all who work on it.
    pub(super) fn system(&self, scope: &str) -> Arc<System> {
        let mut systems = self.systems.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(system) = systems.get(scope).and_then(Weak::upgrade) {
            return system;
        }
        systems.retain(|_, system| system.strong_count() > 0);
        let system = Arc::new(System {
            admitted: Arc::new(Semaphore::new(self.per_system + self.queue / 2)),
            running: Arc::new(Semaphore::new(self.per_system)),
        });
        systems.insert(scope.to_owned(), Arc::downgrade(&system));
        system
    }

    /// Waits for a turn. The system comes first: who waits for a busy one must not keep the others from theirs.
    pub(super) async fn turn(
        &self,
        connector: &str,
        system: &System,
        until: Instant,
        waiting: &Gauge,
    ) -> Result<Turn, Refusal> {
        let _waiting = waiting.count();
        let Ok(admitted) = Arc::clone(&system.admitted).try_acquire_owned() else {
            return Err(Refusal::busy("too many actions wait for this system"));
        };
        let connector = self.connectors.get(connector).ok_or_else(Refusal::bug)?;
        let all = async {
            let system = Arc::clone(&system.running).acquire_owned().await?;
            let connector = Arc::clone(connector).acquire_owned().await?;
            let running = Arc::clone(&self.running).acquire_owned().await?;
            Ok::<_, AcquireError>([system, connector, running])
        };
        match timeout_at(until, all).await {
            Ok(Ok(running)) => Ok(Turn { _admitted: admitted, _running: running }),
            Ok(Err(_)) => Err(Refusal::bug()),
            Err(_) => {
                let error =
                    Error::new(ErrorKind::RateLimited, "the time for this action was over before its turn came")
                        .with_hint("nothing was sent; try again later, or with fewer actions at once");
                Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error))
            }
        }
    }
}
