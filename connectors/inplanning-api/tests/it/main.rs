//! The client against servers that answer as InPlanning is known to, and as it is not supposed to.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod endpoints;
mod errors;
mod names;
mod server;
mod transport;
