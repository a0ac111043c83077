//! The source on files of every shape.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect has failed")]

mod conformance;
mod dates;
mod departments;
mod faults;
mod mapping;
mod moving;
mod persons;
mod round_trip;
mod shapes;
mod support;
