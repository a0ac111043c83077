//! How many requests at once, and how many a second.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use koppel::{Ctx, Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::wait::{pause, unless_stopped};

/// The right to have one request under way; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Permit {
    _one: Option<OwnedSemaphorePermit>,
}

/// Lets requests through, as many at once and a second as the client may.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    places: Option<Arc<Semaphore>>,
    rate: Option<DefaultDirectRateLimiter>,
}

impl Gate {
    pub(crate) fn new(at_once: Option<NonZeroUsize>, per_second: Option<NonZeroU32>) -> Self {
        Self {
            places: at_once.map(|n| Arc::new(Semaphore::new(n.get().min(Semaphore::MAX_PERMITS)))),
            // One at a time, evenly spread: a burst after a pause would be what the limit is to prevent.
            rate: per_second.map(|n| RateLimiter::direct(Quota::per_second(n).allow_burst(NonZeroU32::MIN))),
        }
    }

    /// Waits for a place.
    pub(crate) async fn place(&self, ctx: &Ctx) -> Result<Permit> {
        let Some(places) = &self.places else { return Ok(Permit { _one: None }) };
        let one = unless_stopped(ctx, Arc::clone(places).acquire_owned()).await?;
        Ok(Permit { _one: Some(one.map_err(|_| Error::bug("the semaphore of the client is closed"))?) })
    }

    /// Waits for a place and for the turn of this request.
    pub(crate) async fn enter(&self, ctx: &Ctx) -> Result<Permit> {
        let permit = self.place(ctx).await?;
        if let Some(rate) = &self.rate {
            while let Err(early) = rate.check() {
                pause(ctx, early.wait_time_from(DefaultClock::default().now())).await?;
            }
        }
        Ok(permit)
    }
}
