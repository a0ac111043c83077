//! The target through the policy of the SDK, against a stand-in of InPlanning.
//!
//! A test whose name begins with `i` and a number holds what is required where the public script does otherwise.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod accounts;
mod config;
mod conformance;
mod create;
mod fake;
mod fields;
mod find;
mod legacy;
mod permissions;
mod roles;
mod sandbox;
mod switching;
