//! Tests of the core through its public interface.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrows;
mod config;
mod lifecycle;
mod memory;
mod permissions;
