//! Where values come from by default: what a connector knows of its system, for installations without a mapping.

use schemars::JsonSchema;
use serde::Serialize;

use crate::stage::Stage;

/// Where the value of an account's field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Origin {
    /// What stands at a path of the person, such as `PrimaryContract.Title.Name`.
    Person(&'static str),
    /// Always this text; the type of the field says what becomes of it.
    Fixed(&'static str),
    /// The family name with its prefix, joined with that of the partner as the person's name convention asks.
    FamilyName,
    /// The mail address of the account in the directory, else that of the business contact.
    WorkMail,
}

/// Where a field's value comes from in some account actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldDefault {
    /// The actions; no action stands in two defaults of a field.
    pub stages: Vec<Stage>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// What a person and its contracts are made of, from what a source gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PersonDefaults {
    /// The fields of the person.
    pub person: Vec<PersonDefault>,
    /// The fields of each contract.
    pub contract: Vec<PersonDefault>,
}

/// What one field of a person or a contract is made of.
///
/// ```
/// use koppel::PersonDefault;
/// let row = PersonDefault::field("Name.NickName", "FirstName").required();
/// assert!(row.required);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonDefault {
    /// Its name, such as `Name.NickName`.
    pub name: &'static str,
    /// Where the value comes from.
    pub origin: RawOrigin,
    /// Without a value the person takes no part in provisioning.
    pub required: bool,
    /// The value becomes a text.
    pub as_text: bool,
}

/// Where the value of a person's or a contract's field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RawOrigin {
    /// What stands at a path of the raw person, or for a contract of the raw contract.
    Field(&'static str),
    /// Always this text.
    Fixed(&'static str),
    /// These parts one after the other; no value where a field among them has none.
    Joined(&'static [Part]),
}

/// A part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// This text.
    Text(&'static str),
    /// What stands at a path, as in [`RawOrigin::Field`].
    Field(&'static str),
}

impl PersonDefault {
    /// A field with this origin.
    pub fn new(name: &'static str, origin: RawOrigin) -> Self {
        Self { name, origin, required: false, as_text: false }
    }

    /// A field that is taken over.
    pub fn field(name: &'static str, path: &'static str) -> Self {
        Self::new(name, RawOrigin::Field(path))
    }

    /// A field that is always the same.
    pub fn fixed(name: &'static str, text: &'static str) -> Self {
        Self::new(name, RawOrigin::Fixed(text))
    }

    /// Needed: without a value the person takes no part in provisioning.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The value becomes a text.
    #[must_use]
    pub fn as_text(mut self) -> Self {
        self.as_text = true;
        self
    }
}
