//! The kit, on connectors that keep to the contract and on such that do not.

mod names;
mod planted;
mod toy;
