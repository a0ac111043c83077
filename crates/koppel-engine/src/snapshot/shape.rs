//! What has no value takes no room: it is left out of what is kept, and is null again when a person is put together.

use koppel_helloid::mapping::{SourceMapping, SourceRule};
use serde_json::{Map, Value};

/// The fields that all persons and contracts of a source have, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    person: Vec<Box<str>>,
    contract: Vec<Box<str>>,
}

impl Shape {
    /// The fields that a mapping gives.
    pub fn of(mapping: &SourceMapping) -> Self {
        let names = |rules: &[SourceRule]| rules.iter().map(|rule| rule.name.as_str().into()).collect();
        Self { person: names(&mapping.person), contract: names(&mapping.contract) }
    }

    /// Gives a person the fields without a value.
    pub(super) fn complete_person(&self, person: &mut Map<String, Value>) {
        self.person.iter().for_each(|name| complete(person, name));
    }

    /// Gives a contract the fields without a value.
    pub(super) fn complete_contract(&self, contract: &mut Map<String, Value>) {
        self.contract.iter().for_each(|name| complete(contract, name));
    }
}

fn complete(into: &mut Map<String, Value>, name: &str) {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let known = if into.contains_key(first) {
        Some(first.to_owned())
    } else {
        into.keys().find(|key| key.eq_ignore_ascii_case(first)).cloned()
    };
    match (known, rest) {
        (Some(key), Some(rest)) => {
            if let Some(Value::Object(inner)) = into.get_mut(&key) {
                complete(inner, rest);
            }
        }
        (Some(_), None) => {}
        (None, None) => {
            into.insert(first.to_owned(), Value::Null);
        }
        (None, Some(rest)) => {
            let mut inner = Map::new();
            complete(&mut inner, rest);
            into.insert(first.to_owned(), Value::Object(inner));
        }
    }
}

/// Takes out what has no value, and objects of which nothing is left then.
pub(super) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.retain(|_, value| {
            let had = value.as_object().is_some_and(|inner| !inner.is_empty());
            without_nulls(value);
            !(value.is_null() || had && value.as_object().is_some_and(Map::is_empty))
        }),
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_there_again() {
        let names = ["Name.NickName", "Name.Prefix", "Location", "Contact.Business.Email", "Custom"];
        let shape = Shape { person: names.map(Into::into).to_vec(), contract: Vec::new() };
        let whole = json!({
            "Name": { "NickName": "Ann", "Prefix": null }, "Location": null,
            "Contact": { "Business": { "Email": null } }, "Custom": {},
        });
        let mut kept = whole.clone();
        without_nulls(&mut kept);
        assert_eq!(kept, json!({ "Name": { "NickName": "Ann" }, "Custom": {} }));
        shape.complete_person(kept.as_object_mut().unwrap());
        assert_eq!(kept, whole);
    }

    #[test]
    fn a_field_is_recognised_in_another_spelling_and_a_value_is_never_replaced() {
        let shape = Shape { person: vec!["name.nickname".into(), "Badge.Number".into()], contract: Vec::new() };
        let mut person = json!({ "Name": { "NickName": "Ann" }, "Badge": "12" });
        let before = person.clone();
        shape.complete_person(person.as_object_mut().unwrap());
        assert_eq!(person, before);
    }
}
