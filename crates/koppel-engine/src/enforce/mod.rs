//! Carrying actions out: by leased jobs, in dependency order, journaled before and after.

mod act;
mod crew;
mod tell;
mod wary;

pub(crate) use crew::{Crew, Queued, later};
pub use tell::{Done, Summary, Tell};
