//! The stand-ins as a client sees them.

// InPlanning and IPassan are names of products, not of items.
#![allow(clippy::doc_markdown)]

#[cfg(test)]
mod client;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod inplanning;
#[cfg(test)]
mod ipassan;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod rosters;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod watching;
