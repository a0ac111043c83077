//! From snapshot, rules and state to the actions that are missing.

mod compute;
mod draft;
mod mapper;
mod model;
mod timeline;
mod wish;

pub(crate) use compute::{Inputs, compute};
pub use model::{
    Action, Bar, Blocked, ConfigMark, Freshness, HeldBy, Payload, Plan, Reached, SourceState, Timeline, written,
};
pub(crate) use timeline::timeline;
