//! The person that a mapping is evaluated for, as it stands in a file.

use koppel::lookup;
use serde_json::Value;

use crate::text::decode;
use crate::tidy::tidy;

/// A person from a file, and the manager where the file has one.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonInput {
    /// The person.
    pub person: Value,
    /// `personContext.Manager`.
    pub manager: Option<Value>,
}

impl PersonInput {
    /// Reads a person: alone, as `{"Person": …}`, as `{"personContext": {"Person": …}}`, or out of a whole action
    /// document. The encodings and wrappers of PowerShell are taken off.
    ///
    /// # Errors
    /// Says what is wrong, in words that go behind the name of the file.
    ///
    /// ```
    /// use koppel_helloid::mapping::PersonInput;
    /// let input = PersonInput::read(br#"{"personContext": {"Person": {"ExternalId": "1"}}}"#).unwrap();
    /// assert_eq!(input.person["ExternalId"], "1");
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let (mut context, document) = context(bytes)?;
        let person = match taken(&mut context, "Person") {
            Some(person) => person,
            None if document => {
                return Err("has no personContext.Person, as in a reconciliation; it must hold a person".to_owned());
            }
            None => return Self::alone(context),
        };
        let manager = taken(&mut context, "Manager").filter(Value::is_object);
        Ok(Self { manager, ..Self::alone(person)? })
    }

    /// A person that stands alone.
    fn alone(person: Value) -> Result<Self, String> {
        match &person {
            Value::Object(fields) if !fields.is_empty() => Ok(Self { person, manager: None }),
            Value::Object(_) => Err("holds an empty object; it must be one person".to_owned()),
            _ => Err("has no person; it must be one person as a JSON object".to_owned()),
        }
    }

    /// Reads a manager: a person like any other, or below `Manager`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_manager(bytes: &[u8]) -> Result<Value, String> {
        let (mut context, _) = context(bytes)?;
        // A person has a manager of its own; what is no person is a wrapping.
        let below = if lookup(&context, "ExternalId").is_none() { taken(&mut context, "Manager") } else { None };
        let person = match below {
            Some(manager) => manager,
            None => taken(&mut context, "Person").unwrap_or(context),
        };
        Ok(Self::alone(person)?.person)
    }
}

/// What stands in a file: the `personContext` of a document, else all of it; and whether it is a document.
fn context(bytes: &[u8]) -> Result<(Value, bool), String> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        return Err("is empty; it must be a person as a JSON object".to_owned());
    }
    let root: Value = serde_json::from_str(&text).map_err(|e| format!("is not JSON: {e}"))?;
    let mut root = tidy(root);
    let document = ["personContext", "actionContext"].iter().any(|name| lookup(&root, name).is_some());
    Ok((if document { taken(&mut root, "personContext").unwrap_or_default() } else { root }, document))
}

/// The value of a key in any case, taken out of its object.
fn taken(object: &mut Value, name: &str) -> Option<Value> {
    let fields = object.as_object_mut()?;
    let key = fields.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
    fields.remove(&key)
}
