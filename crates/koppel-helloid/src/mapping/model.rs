//! fieldMapping.json and mapping.json as types.

use serde_json::Value;

pub use koppel::Stage;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// A path: `Person.Name.NickName` in a target mapping, `group.uname` in a source mapping.
    Field(String),
    /// The value itself; a text in nearly every file, also for booleans and numbers.
    Fixed(Value),
    /// A script.
    Complex(String),
    /// No value: the connector fills the field in.
    None,
}

impl Rule {
    /// The name of its mode, as HelloID shows it.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Field(_) => "Field",
            Self::Fixed(_) => "Fixed",
            Self::Complex(_) => "Complex",
            Self::None => "None",
        }
    }

    /// Where its value comes from, for people: the path, or what stands for it.
    pub fn origin(&self) -> &str {
        match self {
            Self::Field(path) => path,
            Self::Fixed(_) => "fixed value",
            Self::Complex(_) => "script",
            Self::None => "the connector",
        }
    }
}

/// The type of a mapped field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One text.
    Text,
    /// A list of texts.
    Array,
}

/// A fieldMapping.json: what the fields of an account are made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldMapping {
    /// The fields, in the order of the file.
    pub fields: Vec<MappedField>,
}

/// A field of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedField {
    /// Its name, dotted where it is nested.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// One text or a list.
    pub kind: FieldKind,
    /// Its rules; no stage stands in two of them.
    pub actions: Vec<MappedAction>,
    /// The line of the file, from 1; 0 where it came from no file.
    pub line: usize,
}

impl MappedField {
    /// The rule that counts for an action.
    pub fn action(&self, stage: Stage) -> Option<&MappedAction> {
        self.actions.iter().find(|action| action.stages.contains(&stage))
    }
}

/// A rule, and when it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedAction {
    /// For which actions.
    pub stages: Vec<Stage>,
    /// Where the value comes from.
    pub rule: Rule,
    /// May notifications use it?
    pub used_in_notifications: bool,
    /// Is it kept with the account, for other systems (`Person.Accounts`)?
    pub store_in_account_data: bool,
    /// The line of the file, from 1; 0 where it came from no file.
    pub line: usize,
}

/// A mapping.json: what a person and its contracts are made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceMapping {
    /// The fields of the person.
    pub person: Vec<SourceRule>,
    /// The fields of each contract.
    pub contract: Vec<SourceRule>,
}

/// A field of a person or a contract.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRule {
    /// Its name, such as `Name.NickName`.
    pub name: String,
    /// Where the value comes from; never [`Rule::None`].
    pub rule: Rule,
    /// Without a value the person is blocked.
    pub required: bool,
    /// The value becomes a text.
    pub convert_to_string: bool,
    /// The line of the file, from 1; 0 where it came from no file.
    pub line: usize,
}
