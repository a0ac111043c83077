//! A user.

use koppel::{Error, ErrorKind, scalar_text};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{flag, text};

/// A user, as the whole object that InPlanning gave.
///
/// `PUT /users` is sent the whole object back, so nothing of it may be lost: keys that this crate does not know stay.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct User(Map<String, Value>);

impl User {
    /// Wraps an object.
    pub fn new(raw: Map<String, Value>) -> Self {
        Self(raw)
    }

    /// Wraps a value.
    ///
    /// # Errors
    /// `Protocol` where it is not an object.
    pub fn from_value(value: Value) -> koppel::Result<Self> {
        match value {
            Value::Object(raw) => Ok(Self(raw)),
            other => {
                Err(Error::new(ErrorKind::Protocol, format!("a user of InPlanning is an object, not {}", kind(&other))))
            }
        }
    }

    /// The login name exactly as it is, which is what InPlanning knows the user by; `None` where it is absent or blank.
    pub fn username(&self) -> Option<String> {
        self.0.get("username").and_then(scalar_text).filter(|name| !name.trim().is_empty())
    }

    /// The human resource of the user; `None` where it is absent or blank.
    pub fn resource(&self) -> Option<String> {
        self.text("resource")
    }

    /// May the user log in? `None` where InPlanning does not say.
    pub fn active(&self) -> Option<bool> {
        flag(self.0.get("active")?)
    }

    /// The trimmed text of a field; `None` where it is absent, null, blank, an array or an object.
    pub fn text(&self, field: &str) -> Option<String> {
        text(&self.0, field)
    }

    /// The roles as InPlanning gave them; none where they are null or absent.
    ///
    /// # Errors
    /// `Protocol` where they are something else than a list: read as none, they would be overwritten.
    pub fn roles(&self) -> koppel::Result<&[Value]> {
        match self.0.get("roles") {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(roles)) => Ok(roles),
            Some(other) => {
                let name = self.username().unwrap_or_default();
                let text = format!("the roles of user [{name}] of InPlanning are a list, not {}", kind(other));
                Err(Error::new(ErrorKind::Protocol, text))
            }
        }
    }

    /// The whole object.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The whole object, to be changed and sent back.
    pub fn into_raw(self) -> Map<String, Value> {
        self.0
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(value: Value) -> User {
        User::from_value(value).unwrap()
    }

    #[test]
    fn active_is_a_boolean_or_its_name() {
        for (value, active) in
            [(json!(true), Some(true)), (json!("False"), Some(false)), (json!(null), None), (json!("maybe"), None)]
        {
            assert_eq!(user(json!({"active": value})).active(), active, "{value}");
        }
        assert_eq!(user(json!({})).active(), None);
    }

    #[test]
    fn roles_may_be_null_or_absent_and_nothing_else() {
        for value in [json!({}), json!({"roles": null})] {
            assert!(user(value).roles().unwrap().is_empty());
        }
        assert_eq!(user(json!({"roles": [{"role": "Planner"}]})).roles().unwrap().len(), 1);
        for odd in [json!("none"), json!({}), json!(false), json!(0)] {
            let error = user(json!({"username": "1001", "roles": odd})).roles().unwrap_err();
            assert!(error.is(ErrorKind::Protocol) && error.message().contains("[1001]"), "{error}");
        }
    }

    #[test]
    fn keys_that_nobody_knows_come_back() {
        let value = json!({"username": " 1001 ", "somethingNew": {"deep": [1]}});
        let user = user(value.clone());
        assert_eq!((user.username().as_deref(), serde_json::to_value(&user).unwrap()), (Some(" 1001 "), value));
    }

    #[test]
    fn what_is_no_object_is_no_user() {
        assert_eq!(User::from_value(json!([])).unwrap_err().kind(), ErrorKind::Protocol);
    }
}
