//! Reading a whole again where it broke off on the way.

use std::future::Future;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};

/// How often a whole is read again.
const AGAIN: u32 = 2;

/// Did an answer break off that was not asked for again yet? A failure that was retried already is final.
pub fn broke_off(error: &Error) -> bool {
    error.is(ErrorKind::Transient) && error.attempts() <= 1
}

/// Reads something whole, and from its beginning again where the answer broke off on the way, at most twice.
///
/// A long list is read as it comes, so the layer that repeats requests cannot repeat it: part of it was used already.
/// Whoever gathers all of it first can, and does it through this. `read` must begin anew each time it is called.
///
/// # Errors
/// The last error of `read`.
pub async fn reread<T, F, Fut>(ctx: &Ctx, mut read: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    let mut left = AGAIN;
    loop {
        match read().await {
            Err(error) if left > 0 && broke_off(&error) => {
                ctx.go_on()?;
                tracing::debug!("reading it again: {error}");
                left -= 1;
            }
            done => return done,
        }
    }
}
