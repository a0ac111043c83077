//! Mappings: from a person to the fields of an account, and from a raw person to a person.
//!
//! [`FieldMapping::read`] and [`SourceMapping::read`] take the files as HelloID exports them, and say what is wrong with
//! them by line and field. [`FieldMapping::evaluate`] gives the data of an account action for a person;
//! [`SourceMapping::evaluate`] the person that HelloID makes of a raw one.

mod determinants;
mod evaluate;
mod inner;
mod input;
pub(crate) mod json;
mod model;
mod name;
mod names;
mod path;
mod source;
mod source_reader;
mod target_reader;
mod write;

use serde_json::Value;

pub(crate) use source_reader::read_source;
pub(crate) use target_reader::read_fields;

pub use determinants::{Determinant, Order, primary_contract};
pub use evaluate::{Evaluated, Origin, Subject};
pub use input::PersonInput;
pub use model::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, SourceMapping, SourceRule, Stage};
pub use name::display_name_of;
pub use source::{MOST_CONTRACTS, MappedPerson, SourceOptions, SourceOrigin};

/// A scalar as text, a whole number without a fraction; anything else as it is.
fn text_of(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => Value::String(flag.to_string()),
        Value::Number(number) => {
            let text = number.to_string();
            Value::String(text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned))
        }
        other => other.clone(),
    }
}
