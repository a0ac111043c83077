//! The engine: rosters and HR data in, the right access at the right minute out.
//!
//! [`config`] reads `koppel.toml`. [`snapshot`] holds the persons of all sources, aggregated. [`rules`] says who should
//! have what at a moment, and when that next changes. [`plan`] compares it with the state and gives the actions that
//! are missing. [`enforce`] carries them out, and [`store`] remembers: the state, the journal of actions and the audit
//! chain, in `SQLite` or `PostgreSQL`.

pub mod config;
pub mod enforce;
pub mod plan;
pub mod rules;
pub mod snapshot;
pub mod store;

mod digest;
mod engine;
mod model;
mod sources;
mod targets;

pub use engine::{Engine, Host};
pub use model::{Because, Change, Entitlement, Held, SubPermission, Verb};
