//! The action contract: what PowerShell makes of the contexts is read, and what HelloID expects is answered.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod defaults;
mod document;
mod form;
mod form_schema;
mod import;
mod lint;
mod mapping;
mod mapping_corpus;
mod mapping_evaluate;
mod mapping_fuzz;
mod mapping_read;
mod mapping_source;
mod script;
mod script_corpus;
mod script_dates;
mod script_hostile;
mod script_isolation;
mod shim;
mod stub;
