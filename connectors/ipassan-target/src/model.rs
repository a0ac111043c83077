//! A person of IPassan and the account it is.

use koppel::{
    Account, Changes, Error, ErrorKind, Fault, Field, Fields, Origin, Record, Reference, Result, Stage, scalar_text,
};
use serde_json::Value;

/// The helper field that the access profile is chosen by; an account holds the GUID of its profile in it.
pub(crate) const LOOKUP_KEY: &str = "_extension.accessProfileLookupKey";

/// The slots for access that this connector leaves alone.
const OTHER_SLOTS: [&str; 3] = ["doorTemporary", "floorPermanent", "floorTemporary"];

/// The fields of an account.
pub(crate) fn fields() -> Fields {
    use Stage::{Create, Enable, Update};
    const KEPT: &[Stage] = &[Create, Update];
    Fields::open(vec![
        Field::text("lastname")
            .required()
            .describe("The last name")
            .by_default(KEPT, Origin::Person("Name.FamilyName")),
        Field::text("firstname").describe("The first name").by_default(KEPT, Origin::Person("Name.NickName")),
        Field::text("phone")
            .describe("The telephone number")
            .by_default(KEPT, Origin::Person("Contact.Business.Phone.Fixed")),
        Field::text("mail").describe("The mail address").by_default(KEPT, Origin::WorkMail),
        Field::text("number")
            .unique()
            .describe("The employee number; what an account is recognised by")
            .by_default(KEPT, Origin::Person("ExternalId")),
        Field::integer("type").describe("1 resident, 2 employee, 3 visitor").by_default(KEPT, Origin::Fixed("2")),
        Field::text("other").max_length(255).describe("A remark"),
        Field::text(LOOKUP_KEY)
            .helper()
            .describe(
                "Chooses the access profile from the table: a lookup key, such as a job title, or the GUID of a profile \
                 in the table. An account holds the GUID of its profile here",
            )
            .by_default(&[Update, Enable], Origin::Person("PrimaryContract.Title.Name")),
    ])
}

/// Is it for the connector, and never sent: `_extension` and everything below it?
pub(crate) fn is_extension(field: &str) -> bool {
    below(field, "_extension")
}

/// Why a field cannot be sent, where it is IPassan's own or changed in another way than as a field.
fn reserved(field: &str) -> Option<&'static str> {
    [
        ("uuid", "IPassan gives it, so it cannot be mapped"),
        ("architecture", "IPassan keeps it itself, so it cannot be mapped"),
        ("accessType", "cannot be mapped; map _extension.accessProfileLookupKey for Enable and Update"),
    ]
    .into_iter()
    .find_map(|(name, why)| below(field, name).then_some(why))
}

fn below(field: &str, root: &str) -> bool {
    field.split(['.', '[']).next().is_some_and(|first| first.trim().eq_ignore_ascii_case(root))
}

/// The id of a person; `None` in an answer that is no person.
pub(crate) fn uuid(person: &Value) -> Option<&str> {
    person.get("uuid").and_then(Value::as_str).map(str::trim).filter(|uuid| !uuid.is_empty())
}

/// The id of a person in a list.
///
/// # Errors
/// `Protocol` for something that is no person.
pub(crate) fn listed(person: &Value) -> Result<&str> {
    uuid(person).ok_or_else(|| {
        Error::new(ErrorKind::Protocol, "IPassan listed a person without uuid")
            .with_hint("such a person cannot be read or changed; report it to FDI")
    })
}

/// The access profile on the doors.
///
/// # Errors
/// `Protocol` for a value that says neither a profile nor none: it must not be taken for no access.
pub(crate) fn door(person: &Value) -> Result<Option<String>> {
    let unclear = || {
        let shown: String = person["accessType"].to_string().chars().take(100).collect();
        Error::new(ErrorKind::Protocol, format!("IPassan shows an access type that is not understood: {shown}"))
    };
    match person.get("accessType") {
        None | Some(Value::Null) => Ok(None),
        // PHP writes an empty object as an empty array.
        Some(Value::Array(items)) if items.is_empty() => Ok(None),
        Some(Value::Object(slots)) => match slots.get("doorPermanent") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(profile_text(text)),
            Some(Value::Array(items)) if items.is_empty() => Ok(None),
            Some(_) => Err(unclear()),
        },
        Some(_) => Err(unclear()),
    }
}

/// An empty text is no profile, and neither is the text `null`, which is what takes a profile away.
fn profile_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("null")).then(|| text.to_owned())
}

/// The slots beside the permanent one for doors that give access as well.
pub(crate) fn other_slots(person: &Value) -> Vec<&'static str> {
    let slots = person.get("accessType");
    let set = |name: &str| match slots.and_then(|slots| slots.get(name)) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => profile_text(text).is_some(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
        Some(_) => true,
    };
    OTHER_SLOTS.into_iter().filter(|name| set(name)).collect()
}

/// The account that a person is.
///
/// # Errors
/// `Protocol` for something that is no person.
pub(crate) fn account(person: Value, fields: &Fields) -> Result<Account> {
    let reference = Reference::new(listed(&person)?).ok_or_else(|| Error::bug("a uuid that is blank"))?;
    let door = door(&person)?;
    let data = data(&person, door.as_deref(), fields);
    let (id, text) = (reference.to_string(), |name: &str| data.non_empty(name));
    let name = [text("firstname"), text("lastname")].into_iter().flatten().map(|part| part.trim().to_owned());
    let name = name.collect::<Vec<_>>().join(" ");
    Ok(Account {
        enabled: Some(door.is_some()),
        display_name: if name.is_empty() { id.clone() } else { name },
        user_name: text("mail").map_or(id, |mail| mail.trim().to_owned()),
        reference,
        data,
        raw: person,
    })
}

/// The fields of a person, the declared ones in their types.
fn data(person: &Value, door: Option<&str>, fields: &Fields) -> Record {
    let mut data = Record::from_nested(person);
    let inner: Vec<String> = data.names().filter(|name| below(name, "architecture")).map(str::to_owned).collect();
    for name in inner {
        data.remove(&name);
    }
    for field in fields.fields.iter().filter(|field| !field.helper) {
        let value = data.remove(field.name).unwrap_or_default();
        let single: Record = [(field.name.to_owned(), value.clone())].into_iter().collect();
        // What IPassan holds may not fit the type we declare: then it is shown as it is.
        let typed = fields.typed(&single).ok().and_then(|mut typed| typed.remove(field.name));
        data.set(field.name, typed.unwrap_or(value));
    }
    data.set(LOOKUP_KEY, door);
    data
}

/// Does an answer show every field that was sent? Then it need not be read once more.
pub(crate) fn shows(person: &Value, sent: &Record) -> bool {
    sent.names()
        .filter(|name| !is_extension(name))
        .all(|name| person.get(name.split('.').next().unwrap_or(name)).is_some())
}

/// The fields to send, as pairs of a form: null as empty text, which clears the field.
///
/// # Errors
/// `Invalid`, naming every field that cannot be sent.
pub(crate) fn form<'a>(values: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut faults = Vec::new();
    for (name, value) in values {
        if is_extension(name) {
            continue;
        }
        if let Some(why) = reserved(name) {
            faults.push(Fault::new(name, why));
            continue;
        }
        match (value, scalar_text(value)) {
            (Value::Null, _) => pairs.push((bracketed(name), String::new())),
            (_, Some(text)) => pairs.push((bracketed(name), text)),
            (_, None) => faults.push(Fault::new(name, "is not a single value; IPassan takes no others")),
        }
    }
    if faults.is_empty() {
        return Ok(pairs);
    }
    let text = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Err(Error::new(ErrorKind::Invalid, text).with_faults(faults))
}

/// The changed fields as pairs of a form; the access profile goes its own way.
pub(crate) fn changed(changes: &Changes) -> Result<Vec<(String, String)>> {
    form(changes.0.iter().map(|change| (change.field.as_str(), &change.to)))
}

/// `a.b` as PHP writes it in a form: `a[b]`.
fn bracketed(name: &str) -> String {
    let mut parts = name.split('.');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('[');
        out.push_str(part);
        out.push(']');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(person: Value) -> Account {
        account(person, &fields()).unwrap()
    }

    #[test]
    fn a_person_becomes_an_account_with_typed_data() {
        let account = read(
            json!({"uuid": "u1", "lastname": "Jansen", "firstname": "Jan", "number": 7, "type": "2", "mail": null,
            "city": "Gouda", "architecture": {"a": [1]}, "accessType": {"doorPermanent": "G1", "floorPermanent": null}}),
        );
        assert_eq!(account.reference.to_string(), "u1");
        assert_eq!(account.enabled, Some(true));
        assert_eq!(account.data.get("number"), Some(&json!("7")));
        assert_eq!(account.data.get("type"), Some(&json!(2)));
        assert_eq!(account.data.get("city"), Some(&json!("Gouda")));
        assert_eq!(account.data.get("phone"), Some(&Value::Null));
        assert!(!account.data.names().any(|name| name.starts_with("architecture")));
        assert_eq!(account.raw["architecture"], json!({"a": [1]}));
    }

    #[test]
    fn p13_the_account_holds_the_guid_of_its_profile_as_lookup_key() {
        let with = read(json!({"uuid": "u1", "accessType": {"doorPermanent": "G1"}}));
        assert_eq!(with.data.get(LOOKUP_KEY), Some(&json!("G1")));
        let without = read(json!({"uuid": "u1"}));
        assert_eq!(without.data.get(LOOKUP_KEY), Some(&Value::Null));
    }

    #[test]
    fn p16_names_are_never_empty() {
        let names = |person: Value| {
            let account = read(person);
            (account.display_name, account.user_name)
        };
        assert_eq!(
            names(json!({"uuid": "u1", "firstname": " Jan ", "lastname": "Jansen", "mail": "j@x.nl"})),
            ("Jan Jansen".into(), "j@x.nl".into())
        );
        assert_eq!(names(json!({"uuid": "u1", "lastname": "Jansen", "mail": " "})), ("Jansen".into(), "u1".into()));
        assert_eq!(names(json!({"uuid": "u1", "firstname": "", "lastname": null})), ("u1".into(), "u1".into()));
    }

    #[test]
    fn every_way_to_say_no_access_is_read_and_nothing_else_is_taken_for_it() {
        for none in [
            json!({}),
            json!({"accessType": null}),
            json!({"accessType": []}),
            json!({"accessType": {}}),
            json!({"accessType": {"doorPermanent": null}}),
            json!({"accessType": {"doorPermanent": " "}}),
            json!({"accessType": {"doorPermanent": "null"}}),
        ] {
            assert_eq!(door(&none).unwrap(), None, "{none}");
        }
        for unclear in [
            json!({"accessType": "x"}),
            json!({"accessType": {"doorPermanent": {"uuid": "g"}}}),
            json!({"accessType": [1]}),
        ] {
            assert_eq!(door(&unclear).unwrap_err().kind(), ErrorKind::Protocol, "{unclear}");
        }
    }

    #[test]
    fn p21_helper_fields_declared_or_not_are_never_in_a_form() {
        let data = Record::from_nested(
            &json!({"_extension": {"accessProfileLookupKey": "SALES", "other": 1}, "lastname": "x"}),
        );
        assert_eq!(form(data.iter()).unwrap(), [("lastname".to_owned(), "x".to_owned())]);
        assert!(is_extension("_Extension.Foo") && is_extension("_extension") && !is_extension("_extensions.a"));
    }

    #[test]
    fn a_form_clears_with_empty_text_and_refuses_what_cannot_be_sent() {
        let good = json!({"phone": null, "type": 2, "a": {"b": true}});
        assert_eq!(
            form(Record::from_nested(&good).iter()).unwrap(),
            [("a[b]", "true"), ("phone", ""), ("type", "2")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let bad = json!({"uuid": "x", "accessType": {"doorPermanent": "g"}, "list": [1]});
        let error = form(Record::from_nested(&bad).iter()).unwrap_err();
        let places: Vec<&str> = error.faults().iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!((error.kind(), places), (ErrorKind::Invalid, vec!["accessType.doorPermanent", "list", "uuid"]));
    }

    #[test]
    fn p11_the_other_slots_are_seen() {
        let person = json!({"accessType": {"doorPermanent": "g", "doorTemporary": "t", "floorPermanent": "", "floorTemporary": {"a": 1}}});
        assert_eq!(other_slots(&person), ["doorTemporary", "floorTemporary"]);
    }
}
