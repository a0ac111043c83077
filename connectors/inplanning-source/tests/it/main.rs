//! The source against stand-ins of InPlanning.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect has failed")]

mod config;
mod conformance;
mod failures;
mod flow;
mod rows;
mod sandbox;
mod support;
