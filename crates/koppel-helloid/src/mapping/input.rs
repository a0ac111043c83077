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
        let text = decode(bytes)?;
        if text.trim().is_empty() {
            return Err("is empty; it must be a person as a JSON object".to_owned());
        }
        let root: Value = serde_json::from_str(&text).map_err(|e| format!("is not JSON: {e}"))?;
        let root = tidy(root);
        let context = lookup(&root, "personContext").unwrap_or(&root);
        let person = lookup(context, "Person").unwrap_or(context);
        if !person.is_object() {
            return Err("has no person; it must be one person as a JSON object".to_owned());
        }
        let wrapped = !std::ptr::eq(person, &raw const root);
        let manager = lookup(context, "Manager").filter(|manager| wrapped && manager.is_object());
        Ok(Self { person: person.clone(), manager: manager.cloned() })
    }

    /// Reads a manager: a person like any other, or below `Manager`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_manager(bytes: &[u8]) -> Result<Value, String> {
        let input = Self::read(bytes)?;
        let below = lookup(&input.person, "Manager").filter(|_| lookup(&input.person, "ExternalId").is_none());
        Ok(below.cloned().unwrap_or(input.person))
    }
}
