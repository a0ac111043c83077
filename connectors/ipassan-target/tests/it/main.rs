//! The connector against a stand-in of IPassan, and against answers that are made up.

mod actions;
mod configuration;
mod conformance;
mod defects;
mod faults;
mod shapes;
mod support;
mod together;
mod verified;
