//! Users as accounts, and the objects that are sent for them.

use inplanning_api::{User, flag};
use koppel::{Account, Changes, Field, FieldType, Fields, Origin, Record, Reference, Result, Stage, scalar_text};
use serde_json::{Map, Value};

/// The fields of a user.
pub(crate) fn fields() -> Fields {
    use Stage::{Create, Disable, Enable, Update};
    const KEPT: &[Stage] = &[Create, Update];
    Fields::open(vec![
        Field::text("username")
            .required()
            .unique()
            .immutable()
            .describe("The name to log in with; it is what InPlanning knows the user by and cannot change")
            .by_default(KEPT, Origin::Person("ExternalId")),
        Field::text("firstName").describe("The first name").by_default(KEPT, Origin::Person("Name.NickName")),
        Field::text("lastName")
            .describe("The last name, with prefixes and the name of a partner as the mapping composes it")
            .by_default(KEPT, Origin::FamilyName),
        Field::text("email").describe("The e-mail address").by_default(KEPT, Origin::WorkMail),
        // An account is made disabled: account access enables it.
        Field::boolean("active")
            .describe("May the user log in? Enable and disable decide it themselves")
            .by_default(&[Create, Disable], Origin::Fixed("False"))
            .by_default(&[Enable], Origin::Fixed("True")),
        Field::text("userGroup").describe("The user group, such as Root").by_default(&[Create], Origin::Fixed("Root")),
        Field::text("resource")
            .describe("The uname of the employee (human resource) that the user is")
            .by_default(&[Create], Origin::Person("ExternalId")),
    ])
}

/// A user as an account; `None` for one without a name, which nothing can refer to.
pub(crate) fn account(fields: &Fields, user: &User) -> Option<Account> {
    let username = user.username()?;
    let reference = Reference::new(username.as_str())?;
    let mut data = Record::from_nested(&Value::Object(user.raw().clone()));
    // Roles are permissions.
    data.remove("roles");
    for field in &fields.fields {
        let Some(value) = data.get(field.name) else { continue };
        let typed = match field.kind {
            FieldType::Boolean => flag(value).map(Value::from),
            _ => scalar_text(value).map(Value::from),
        };
        if let Some(typed) = typed {
            data.set(field.name, typed);
        }
    }
    let name = ["firstName", "lastName"].iter().filter_map(|field| user.text(field)).collect::<Vec<_>>().join(" ");
    Some(Account {
        reference,
        data,
        enabled: Some(user.active().unwrap_or(false)),
        display_name: if name.is_empty() { username.clone() } else { name },
        user_name: username,
        raw: Value::Object(user.raw().clone()),
    })
}

/// The whole user with these fields changed. Everything else is sent back as it was, but for `active`, which the API
/// reads as a boolean and some answers hold as a text.
pub(crate) fn overlay(raw: &Value, changes: &Changes) -> Map<String, Value> {
    let mut user = raw.as_object().cloned().unwrap_or_default();
    for change in &changes.0 {
        set(&mut user, &change.field, &change.to);
    }
    if let Some(active) = user.get("active").and_then(flag) {
        user.insert("active".to_owned(), Value::Bool(active));
    }
    user
}

/// Sets a field by its dotted name.
fn set(user: &mut Map<String, Value>, name: &str, value: &Value) {
    match name.split_once('.') {
        None => {
            user.insert(name.to_owned(), value.clone());
        }
        Some((head, tail)) => {
            let inner = user.entry(head).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                set(inner, tail, value);
            }
        }
    }
}

/// The user that InPlanning made: what was sent, and over it what the answer says.
pub(crate) fn made(mut sent: Map<String, Value>, answer: User) -> User {
    sent.extend(answer.into_raw());
    User::new(sent)
}

/// An account in the state that was sent.
pub(crate) fn sent(fields: &Fields, user: Map<String, Value>) -> Result<Account> {
    account(fields, &User::new(user)).ok_or_else(|| koppel::Error::bug("a user was sent without a username"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use koppel::Change;
    use serde_json::json;

    fn read(value: Value) -> Option<Account> {
        account(&fields(), &User::from_value(value).unwrap())
    }

    #[test]
    fn a_user_is_read_with_the_types_of_its_fields() {
        let account =
            read(json!({"username": 1001, "active": "True", "email": null, "roles": [], "extra": {"a": 1}})).unwrap();
        assert_eq!(
            account.data.to_nested(),
            json!({"username": "1001", "active": true, "email": null, "extra": {"a": 1}})
        );
        assert_eq!((account.enabled, account.display_name.as_str()), (Some(true), "1001"));
    }

    #[test]
    fn a_user_without_a_name_is_no_account() {
        assert!(read(json!({"firstName": "Jan"})).is_none() && read(json!({"username": " "})).is_none());
    }

    #[test]
    fn the_answer_stands_over_what_was_sent() {
        let sent = json!({"username": "1001", "email": "j@x.nl", "resource": "7"}).as_object().cloned().unwrap();
        let answer = User::from_value(json!({"username": "1002", "email": "J@x.nl", "id": 7})).unwrap();
        let user = made(sent, answer);
        assert_eq!(
            Value::Object(user.into_raw()),
            json!({"username": "1002", "email": "J@x.nl", "resource": "7", "id": 7})
        );
    }

    #[test]
    fn what_is_not_changed_is_sent_back() {
        let raw = json!({"username": "1001", "active": "False", "roles": [{"role": "x"}], "deep": {"a": 1, "b": 2}});
        let change = |field: &str, to: Value| Change { field: field.to_owned(), from: Value::Null, to };
        let user = overlay(&raw, &Changes(vec![change("deep.a", json!(3)), change("email", json!("j@x.nl"))]));
        assert_eq!(
            Value::Object(user),
            json!({"username": "1001", "active": false, "roles": [{"role": "x"}], "deep": {"a": 3, "b": 2}, "email": "j@x.nl"}),
        );
    }
}
