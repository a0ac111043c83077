//! The core of Koppel, an SDK for identity provisioning connectors.
//!
//! **Mechanism in the connector, policy in the SDK.** A connector brings a configuration struct, a client for its
//! system and a few primitive operations: a [`Target`] keeps accounts, a [`Source`] gives persons. What every
//! connector would otherwise write again stands here once: correlation before create, reading before writing, typed
//! differences, dry runs, what a missing account means, audit lines, locks, paging.
//!
//! The crate has no IO: no HTTP client, no clock, no files. `koppel-http` brings those.
//!
//! Start with [`Target`] or [`Source`], then [`lifecycle::run`] and [`Registry`].

pub mod config;
pub mod lifecycle;
pub mod manifest;
pub mod paging;

mod account;
mod ctx;
mod error;
mod fields;
mod lock;
mod origin;
mod permission;
mod person;
mod record;
mod registry;
mod reread;
mod resource;
mod secret;
mod source;
mod stage;
mod target;

pub use account::{Account, Change, Changes, Reference};
pub use config::{ConfigSchema, ConnectorConfig, Fault};
pub use ctx::{Cancel, Clock, Ctx, FixedClock, PlannedRequest, Progress};
pub use error::{Error, ErrorKind, Result};
pub use fields::{Field, FieldType, Fields};
pub use lock::{Held, LocalLocks, Locks, Note};
pub use manifest::{Kind, Manifest};
pub use origin::{FieldDefault, Origin, Part, PersonDefault, PersonDefaults, RawOrigin};
pub use paging::{Cursor, Page};
pub use permission::{Effect, Entitlement, Membership, Permission, Permissions};
pub use person::{Contract, Person, lookup};
pub use record::{Record, scalar_text};
pub use registry::{About, Connector, Definition, Instance, Registry};
pub use reread::{broke_off, reread};
pub use resource::{Resource, Resources};
pub use secret::{MASK, SHORTEST_SCRUBBED, Scrubber, Secret};
pub use source::{Department, Source, SourcePerson};
pub use stage::Stage;
pub use target::{Deleting, Deletion, Freshness, Switching, Target};
