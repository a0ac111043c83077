//! Waiting that ends when the run does.

use std::future::Future;
use std::time::Duration;

use koppel::{Ctx, Error, ErrorKind, Result};

/// The time of an action is over.
fn over(ctx: &Ctx) -> Error {
    ctx.go_on().err().unwrap_or_else(|| {
        Error::new(ErrorKind::Transient, "the time for this action is over")
            .with_hint("the system answers slowly; try again, or lower the number of concurrent actions")
    })
}

/// The run was stopped.
pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was stopped before this was done")
}

/// Does the work, unless the run is stopped or its time is over first.
pub(crate) async fn unless_stopped<T>(ctx: &Ctx, work: impl Future<Output = T>) -> Result<T> {
    ctx.go_on()?;
    let end = async {
        match ctx.remaining() {
            Some(left) => tokio::time::sleep(left).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = ctx.cancel().cancelled() => Err(stopped()),
        done = work => Ok(done),
        () = end => Err(over(ctx)),
    }
}

/// Sleeps, unless the run is stopped or its time is over first.
pub(crate) async fn pause(ctx: &Ctx, time: Duration) -> Result<()> {
    unless_stopped(ctx, tokio::time::sleep(time)).await
}
