//! The fields that accounts of a target have, and the typed comparison of two values.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::account::{Change, Changes};
use crate::config::Fault;
use crate::error::{Error, ErrorKind, Result};
use crate::origin::{FieldDefault, Origin};
use crate::record::{Record, scalar_text};
use crate::stage::Stage;

/// The type of a field in the target system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FieldType {
    /// A text.
    Text,
    /// A whole number; read from text as well.
    Integer,
    /// True or false; read from `True`, `false`, `1`, `0` as well.
    Boolean,
}

/// One field of an account.
///
/// ```
/// use koppel::Field;
/// let field = Field::text("username").required().unique().immutable().describe("The login name; cannot change");
/// assert!(field.unique);
/// ```
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, as they stand in the document")]
pub struct Field {
    /// Its name, dotted where it is nested.
    pub name: &'static str,
    /// Its type in the system.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What it is, for people.
    pub description: &'static str,
    /// Must be there, and not empty, to create an account.
    pub required: bool,
    /// No two accounts may have the same value.
    pub unique: bool,
    /// Cannot change once the account exists.
    pub immutable: bool,
    /// A helper: the connector reads it, it is not a field of the system and is never sent or compared.
    pub helper: bool,
    /// The most characters it can hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Where its value comes from unless a mapping says otherwise.
    pub defaults: Vec<FieldDefault>,
}

impl Field {
    /// A field of a type.
    pub fn new(name: &'static str, kind: FieldType) -> Self {
        Self {
            name,
            kind,
            description: "",
            required: false,
            unique: false,
            immutable: false,
            helper: false,
            max_length: None,
            defaults: Vec::new(),
        }
    }

    /// A text.
    pub fn text(name: &'static str) -> Self {
        Self::new(name, FieldType::Text)
    }

    /// A whole number.
    pub fn integer(name: &'static str) -> Self {
        Self::new(name, FieldType::Integer)
    }

    /// True or false.
    pub fn boolean(name: &'static str) -> Self {
        Self::new(name, FieldType::Boolean)
    }

    /// Says what it is.
    #[must_use]
    pub fn describe(mut self, text: &'static str) -> Self {
        self.description = text;
        self
    }

    /// Needed to create an account.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// One account per value.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Cannot change.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// Read by the connector only.
    #[must_use]
    pub fn helper(mut self) -> Self {
        self.helper = true;
        self
    }

    /// At most so many characters.
    #[must_use]
    pub fn max_length(mut self, characters: usize) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// Where its value comes from in these actions, unless a mapping says otherwise.
    ///
    /// ```
    /// use koppel::{Field, Origin, Stage};
    /// let field = Field::text("username").by_default(&[Stage::Create, Stage::Update], Origin::Person("ExternalId"));
    /// assert_eq!(field.defaults[0].origin, Origin::Person("ExternalId"));
    /// ```
    #[must_use]
    pub fn by_default(mut self, stages: &[Stage], origin: Origin) -> Self {
        self.defaults.push(FieldDefault { stages: stages.to_vec(), origin });
        self
    }

    /// A value in this field's type; null and empty text become null.
    fn typed(&self, value: &Value) -> Result<Value, Fault> {
        if is_blank(value) {
            return Ok(if self.kind == FieldType::Text { value.clone() } else { Value::Null });
        }
        let fault = |what: &str| Fault::new(self.name, format!("{value} is not {what}"));
        let text = scalar_text(value).ok_or_else(|| fault("a single value"))?;
        match self.kind {
            FieldType::Text => match self.max_length {
                Some(most) if text.chars().count() > most => {
                    Err(Fault::new(self.name, format!("has {} characters, at most {most} fit", text.chars().count())))
                }
                // A value that accounts are told apart by has no blanks around it: with them it would not be found again.
                _ if self.unique => Ok(Value::String(text.trim().to_owned())),
                _ => Ok(Value::String(text)),
            },
            FieldType::Integer => text.trim().parse::<i64>().map(Value::from).map_err(|_| fault("a whole number")),
            FieldType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Value::Bool(true)),
                "false" | "0" => Ok(Value::Bool(false)),
                _ => Err(fault("true or false")),
            },
        }
    }
}

fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str().is_some_and(str::is_empty)
}

/// Are two values of an undeclared field the same? Null is empty; a scalar equals the text that writes it.
fn same_untyped(a: &Value, b: &Value) -> bool {
    if a == b || (is_blank(a) && is_blank(b)) {
        return true;
    }
    match (scalar_text(a), scalar_text(b)) {
        (Some(x), Some(y)) if a.is_boolean() || b.is_boolean() => x.eq_ignore_ascii_case(&y),
        (Some(x), Some(y)) => x == y,
        _ => false,
    }
}

/// The fields of a target's accounts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Fields {
    /// The fields that the connector knows.
    pub fields: Vec<Field>,
    /// May other fields be sent as well? They go untyped, as they are.
    pub additional: bool,
}

impl Fields {
    /// Exactly these fields.
    pub fn closed(fields: Vec<Field>) -> Self {
        Self { fields, additional: false }
    }

    /// These fields, and any other that a mapping names.
    pub fn open(fields: Vec<Field>) -> Self {
        Self { fields, additional: true }
    }

    /// The field of this name, without regard to case.
    pub fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The data with the names and types of the system.
    ///
    /// # Errors
    /// `Invalid`, naming every field with a value that does not fit, or that the system does not have.
    pub fn typed(&self, data: &Record) -> Result<Record> {
        let mut faults = Vec::new();
        let mut out = Record::new();
        for (name, value) in data.iter() {
            match self.find(name) {
                Some(field) => match field.typed(value) {
                    Ok(value) => out.set(field.name, value),
                    Err(fault) => faults.push(fault),
                },
                None if self.additional => out.set(name, value.clone()),
                None => faults.push(Fault::new(name, "is not a field of this system")),
            }
        }
        refuse(faults)?;
        Ok(out)
    }

    /// Is everything there that a new account needs?
    ///
    /// # Errors
    /// `Invalid`, naming every required field that is absent or empty.
    pub fn complete(&self, data: &Record) -> Result<()> {
        let missing = self.fields.iter().filter(|field| field.required && data.non_empty(field.name).is_none());
        refuse(missing.map(|field| Fault::new(field.name, "is empty; a new account needs it")).collect())
    }

    /// The fields to send: all but the helpers.
    #[must_use]
    pub fn sendable(&self, data: &Record) -> Record {
        data.iter()
            .filter(|(name, _)| !self.find(name).is_some_and(|field| field.helper))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// What has to change for `current` to become `desired`; both as [`typed`](Self::typed) gives them.
    ///
    /// Only fields in `desired` count; null and empty are the same; text is compared exactly, so a change of case is
    /// a change.
    ///
    /// # Errors
    /// `Invalid` where an immutable field differs by more than case.
    pub fn changes(&self, current: &Record, desired: &Record) -> Result<Changes> {
        let mut changes = Vec::new();
        let mut faults = Vec::new();
        for (name, to) in desired.iter() {
            let field = self.find(name);
            if field.is_some_and(|field| field.helper) {
                continue;
            }
            let from = current.get(name).unwrap_or(&Value::Null);
            // What the system itself holds may have another type, or not fit the declared one at all.
            let known = field.and_then(|field| field.typed(from).ok());
            let same = match &known {
                Some(from) => from == to || (is_blank(from) && is_blank(to)),
                None => same_untyped(from, to),
            };
            if same {
                continue;
            }
            if field.is_some_and(|field| field.immutable) {
                let (a, b) = (scalar_text(from).unwrap_or_default(), scalar_text(to).unwrap_or_default());
                if a.to_lowercase() != b.to_lowercase() {
                    faults.push(Fault::new(
                        name,
                        format!("cannot change from [{a}] to [{b}]: the system does not allow it"),
                    ));
                }
                continue;
            }
            changes.push(Change { field: name.to_owned(), from: from.clone(), to: to.clone() });
        }
        refuse(faults)?;
        Ok(Changes(changes))
    }
}

fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let text = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(Error::new(ErrorKind::Invalid, text).with_faults(faults))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields() -> Fields {
        Fields::open(vec![
            Field::text("username").required().immutable(),
            Field::text("lastName").max_length(10),
            Field::boolean("active"),
            Field::integer("type"),
            Field::text("_extension.key").helper(),
        ])
    }

    fn record(value: &Value) -> Record {
        Record::from_nested(value)
    }

    #[test]
    fn names_take_the_spelling_and_values_the_type_of_the_system() {
        let typed = fields().typed(&record(&json!({"USERNAME": 1001, "Active": "True", "type": "2"}))).unwrap();
        assert_eq!(typed.to_nested(), json!({"username": "1001", "active": true, "type": 2}));
    }

    #[test]
    fn a_unique_value_loses_the_blanks_around_it_and_others_keep_theirs() {
        let fields = Fields::open(vec![Field::text("number").unique(), Field::text("name")]);
        let typed = fields.typed(&record(&json!({"number": " a b ", "name": " Jan "}))).unwrap();
        assert_eq!(typed.to_nested(), json!({"number": "a b", "name": " Jan "}));
    }

    #[test]
    fn every_value_that_does_not_fit_is_named_at_once() {
        let error = fields()
            .typed(&record(&json!({"active": "perhaps", "type": "two", "lastName": "12345678901"})))
            .unwrap_err();
        let places: Vec<&str> = error.faults().iter().map(|f| f.path.as_str()).collect();
        assert_eq!((error.kind(), places), (ErrorKind::Invalid, vec!["active", "lastName", "type"]));
    }

    #[test]
    fn a_change_of_case_is_a_change_and_null_is_empty() {
        let current = record(&json!({"lastName": "jansen", "mail": null, "active": "True", "type": 2}));
        let desired =
            fields().typed(&record(&json!({"lastName": "Jansen", "mail": "", "active": true, "type": "2"}))).unwrap();
        assert_eq!(fields().changes(&current, &desired).unwrap().names(), ["lastName"]);
    }

    #[test]
    fn a_helper_is_neither_sent_nor_compared() {
        let data = record(&json!({"_extension": {"key": "SALES"}, "lastName": "x"}));
        assert_eq!(fields().changes(&Record::new(), &data).unwrap().names(), ["lastName"]);
        assert_eq!(fields().sendable(&data).to_nested(), json!({"lastName": "x"}));
    }

    #[test]
    fn an_immutable_field_that_differs_is_refused_but_its_case_is_left_alone() {
        let desired = record(&json!({"username": "JAN"}));
        assert!(fields().changes(&record(&json!({"username": "jan"})), &desired).unwrap().is_empty());
        assert_eq!(
            fields().changes(&record(&json!({"username": "piet"})), &desired).unwrap_err().kind(),
            ErrorKind::Invalid
        );
    }
}
