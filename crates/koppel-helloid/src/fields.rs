//! The fields that HelloID has on persons and contracts: the one list of them.

/// What stands at a place of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Node {
    /// A value.
    Value,
    /// Anything: the names are the customer's own.
    Free,
    /// The accounts in other systems, which HelloID names by their kind or their id.
    Accounts,
    /// A list of objects.
    List(&'static [(&'static str, Node)]),
    /// An object.
    Object(&'static [(&'static str, Node)]),
}

use Node::{Accounts, Free, List, Object, Value};

const CODED: Node = Object(&[("ExternalId", Value), ("Code", Value), ("Name", Value)]);

const CONTACT: Node = Object(&[
    (
        "Address",
        Object(&[
            ("Street", Value),
            ("StreetExt", Value),
            ("HouseNumber", Value),
            ("HouseNumberExt", Value),
            ("PostalCode", Value),
            ("Locality", Value),
            ("Country", Value),
        ]),
    ),
    ("Phone", Object(&[("Mobile", Value), ("Fixed", Value)])),
    ("Email", Value),
]);

const MANAGER: Node = Object(&[("ExternalId", Value), ("DisplayName", Value), ("Email", Value), ("PersonId", Value)]);

/// What a contract has.
pub(crate) const CONTRACT: &[(&str, Node)] = &[
    ("ExternalId", Value),
    ("StartDate", Value),
    ("EndDate", Value),
    ("Type", Object(&[("Code", Value), ("Description", Value)])),
    ("Details", Object(&[("Fte", Value), ("HoursPerWeek", Value), ("Percentage", Value), ("Sequence", Value)])),
    ("Location", CODED),
    ("CostCenter", CODED),
    ("CostBearer", CODED),
    ("Employer", CODED),
    ("Team", CODED),
    ("Division", CODED),
    ("Title", CODED),
    ("Organization", CODED),
    ("Department", Object(&[("ExternalId", Value), ("DisplayName", Value)])),
    ("Manager", MANAGER),
    ("Custom", Free),
    ("Context", Object(&[("InConditions", Value)])),
];

/// What a person has.
pub(crate) const PERSON: &[(&str, Node)] = &[
    ("ExternalId", Value),
    ("UserName", Value),
    ("Username", Value),
    ("DisplayName", Value),
    ("Aggregation", Value),
    ("Excluded", Value),
    ("Location", CODED),
    (
        "Details",
        Object(&[
            ("Gender", Value),
            ("HonorificPrefix", Value),
            ("HonorificSuffix", Value),
            ("BirthDate", Value),
            ("BirthLocality", Value),
            ("MaritalStatus", Value),
        ]),
    ),
    (
        "Name",
        Object(&[
            ("Initials", Value),
            ("GivenName", Value),
            ("NickName", Value),
            ("FamilyName", Value),
            ("FamilyNamePrefix", Value),
            ("FamilyNamePartner", Value),
            ("FamilyNamePartnerPrefix", Value),
            ("Convention", Value),
        ]),
    ),
    ("Status", Object(&[("Blocked", Value), ("Reason", Value)])),
    ("Contact", Object(&[("Personal", CONTACT), ("Business", CONTACT)])),
    ("Custom", Free),
    ("Contracts", List(CONTRACT)),
    ("PrimaryContract", Object(CONTRACT)),
    ("PrimaryManager", MANAGER),
    ("Accounts", Accounts),
];

/// The dotted paths of the values that HelloID has on a person, such as `Name.NickName`. There may be any more below
/// `Custom`; contracts are apart.
///
/// ```
/// assert!(koppel_helloid::person_fields().iter().any(|field| field == "Contact.Business.Phone.Mobile"));
/// ```
pub fn person_fields() -> Vec<String> {
    let mut all = values(PERSON);
    all.retain(|field| !field.starts_with("PrimaryContract."));
    all
}

/// The dotted paths of the values that HelloID has on a contract, such as `Title.Name`. There may be any more below
/// `Custom`.
///
/// ```
/// assert!(koppel_helloid::contract_fields().iter().any(|field| field == "CostCenter.Code"));
/// ```
pub fn contract_fields() -> Vec<String> {
    let mut all = values(CONTRACT);
    all.retain(|field| !field.starts_with("Context."));
    all
}

fn values(of: &[(&str, Node)]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, node) in of {
        match node {
            Value => all.push((*name).to_owned()),
            Object(children) => all.extend(values(children).into_iter().map(|child| format!("{name}.{child}"))),
            Free | Accounts | List(_) => {}
        }
    }
    all
}
