//! The HelloID dialect of Koppel: the action contract, in and out.
//!
//! HelloID hands a PowerShell script `$actionContext`, `$personContext` and `$resourceContext`, and reads
//! `$outputContext` back. Written with `ConvertTo-Json` these are the documents that this crate reads and writes:
//!
//! ```text
//! {"actionContext": {…}, "personContext": {…}, "resourceContext": {…}}   in
//! {"outputContext": {…}}                                                  out
//! ```
//!
//! [`Document::read`] takes what both PowerShell versions make of the contexts. [`answer`] runs an action over a
//! [`koppel::Target`] and gives the document; [`import`] gives the objects of an import, one by one.

mod action;
mod defaults;
mod document;
mod fields;
mod file;
mod finding;
pub mod form;
mod import;
pub mod lint;
mod mapped;
pub mod mapping;
mod output;
pub mod schema;
pub mod script;
pub mod shim;
mod text;
mod tidy;

pub use action::{ActionName, Answer, Import, answer, refused};
pub use defaults::{default_field_mapping, default_source_mapping};
pub use document::{Document, InputError};
pub use fields::{contract_fields, person_fields};
pub use file::FileContent;
pub use finding::{Finding, Read, Severity};
pub use form::Form;
pub use import::import;
pub use output::{LONGEST_MESSAGE, LONGEST_NAME};
pub use text::decode;
pub use tidy::tidy;
