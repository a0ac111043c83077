//! What the HTTP kit does on the wire and on disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod addresses;
mod bodies;
mod guards;
mod limits;
mod lists;
mod locks;
mod retries;
mod secrets;
mod server;
mod state;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use koppel::Ctx;
use koppel_http::{Http, HttpBuilder, RetryPolicy, SystemClock};

/// A context on the clock of the machine.
fn ctx() -> Ctx {
    Ctx::new(Arc::new(SystemClock::default()))
}

/// A client of a stand-in that does not wait long between attempts.
fn builder(server: &server::Server) -> HttpBuilder {
    let quick = RetryPolicy { base: Duration::from_millis(2), ..RetryPolicy::default() };
    Http::builder("Demo", &server.base()).retry(quick)
}

fn client(server: &server::Server) -> Http {
    builder(server).build().unwrap()
}
