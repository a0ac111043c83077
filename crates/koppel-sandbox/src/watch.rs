//! Somebody who sees every request go by, and may hold one up.

use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::route::System;

/// A request, as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its number; they count from 1 in the order in which requests arrive.
    pub number: u64,
    /// The system.
    pub system: System,
    /// The method.
    pub method: &'a str,
    /// The path; `InPlanning`'s below its base.
    pub path: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Seen<'_> {
    /// Could it change something? All can but GET and those for a token.
    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.path.ends_with("/token")
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It goes its way.
    On,
    /// It is neither carried out nor answered; it waits until its client goes away.
    HoldBefore,
    /// It is carried out, and the answer waits until the client goes away. Faults do not count.
    HoldAfter,
}

/// Somebody who watches, such as a test that kills a client at a chosen request. The calls should return at once.
pub trait Watch: fmt::Debug + Send + Sync {
    /// A request arrived, and nothing was done about it so far.
    fn arrives(&self, request: &Seen<'_>) -> Pass;

    /// The request waits as [`arrives`](Self::arrives) wanted it.
    fn is_held(&self, number: u64) {
        let _ = number;
    }

    /// The request is over: the answer was handed on, or the client went away.
    fn ends(&self, number: u64) {
        let _ = number;
    }
}

/// Whoever watches at this moment.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    watch: RwLock<Option<Arc<dyn Watch>>>,
    count: AtomicU64,
}

impl Watchers {
    pub(crate) fn set(&self, watch: Arc<dyn Watch>) {
        *self.watch.write().unwrap_or_else(PoisonError::into_inner) = Some(watch);
    }

    /// Tells of a request; `seen` has no number yet.
    pub(crate) fn arrives(&self, seen: Seen<'_>) -> Watched {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let watch = self.watch.read().unwrap_or_else(PoisonError::into_inner).clone();
        let pass = watch.as_ref().map_or(Pass::On, |watch| watch.arrives(&Seen { number, ..seen }));
        Watched { watch, number, pass }
    }
}

/// A request that was told of; it is over when this is dropped.
pub(crate) struct Watched {
    watch: Option<Arc<dyn Watch>>,
    number: u64,
    pub(crate) pass: Pass,
}

impl Watched {
    /// Waits until the client goes away, which drops it.
    pub(crate) async fn hold(&self) {
        if let Some(watch) = &self.watch {
            watch.is_held(self.number);
        }
        pending::<()>().await;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.ends(self.number);
        }
    }
}
