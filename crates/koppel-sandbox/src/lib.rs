//! Stateful stand-ins for Intus InPlanning and IPassan on loopback.
//!
//! One listener serves both systems; their paths differ. The stand-ins follow what is known of the real systems,
//! their awkward sides included: a new InPlanning token kills the previous one, `PUT /users` replaces the user, IPassan
//! ignores an unknown access profile without a word and has no uniqueness of its own. What is unknown about the real
//! systems is an option in [`Options`].
//!
//! [`Faults`] makes them misbehave on request, [`Stats`] tells what reached them, and the handles [`InPlanning`] and
//! [`IPassan`] read and edit their state directly.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use koppel_sandbox::{Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default().persons(100).faults("ipassan:POST person:cut-after".parse()?)).await?;
//! println!("{} {}", sandbox.inplanning_url(), sandbox.ipassan_url());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```

// InPlanning and IPassan are names of products, not of items.
#![allow(clippy::doc_markdown)]

mod configs;
mod credentials;
mod dispatch;
mod faults;
mod form;
pub mod inplanning;
pub mod ipassan;
mod options;
mod reply;
mod route;
mod sample;
mod seed;
mod server;
mod stats;
mod tokens;
mod watch;
mod wire;

pub use credentials::{CANARY, Credentials};
pub use faults::{FAULT_GRAMMAR, FaultSpecError, Faults};
pub use inplanning::InPlanning;
pub use ipassan::IPassan;
pub use options::{MissingPerson, Options};
pub use route::System;
pub use server::{Sandbox, StartError};
pub use stats::{FaultCount, RequestCount, Stats};
pub use watch::{Pass, Seen, Watch};
