#![doc = include_str!("../docs.md")]

mod base_url;
mod client;
mod connection;
mod error;
mod model;

pub use base_url::BaseUrl;
pub use client::InPlanning;
pub use connection::{Connection, Credentials};
pub use model::{Employment, HumanResource, ResourceGroup, ResourceRoster, RosterDay, RosterPart, Shift, User, flag};
