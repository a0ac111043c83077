//! The action contract: what PowerShell makes of the contexts is read, and what HelloID expects is answered.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod document;
mod import;
mod stub;
