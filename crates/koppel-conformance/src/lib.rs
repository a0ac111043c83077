//! Checks that a connector keeps to its contract, also when its system does not.
//!
//! A [`Session`] puts a [`proxy`] between a connector ([`subject::Subject`]: in this process, or behind the command
//! line) and its system, and runs [`checks`] over it. The proxy keeps every exchange, and puts in the faults that a check
//! plans. A connector's author writes one line into a test file: [`suite!`].

mod bench;
pub mod check;
pub mod checks;
mod each;
mod pages;
pub mod proxy;
mod report;
mod run;
mod scenario;
mod stand;
pub mod subject;
#[doc(hidden)]
pub mod suite;
mod tape;
mod world;

pub use bench::Bench;
pub use check::{Check, Ruling, Verdict};
pub use pages::pages;
pub use report::{Counts, Report};
pub use run::{Options, Place, run};
pub use scenario::Scenario;
pub use stand::{Session, Stand};
pub use tape::{Recording, Run, Tape};
pub use world::{Employee, Shift, World};
