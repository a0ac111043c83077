//! Tests of the core through its public interface.

mod arrows;
mod config;
mod lifecycle;
mod memory;
mod permissions;
