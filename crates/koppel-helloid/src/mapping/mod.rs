//! Mappings: from a person to the fields of an account, and from a raw person to a person.

mod model;

pub use model::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, SourceMapping, SourceRule, Stage};
