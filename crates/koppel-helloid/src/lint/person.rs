//! Paths into a person that lead nowhere, told from what HelloID has on one.

use super::chains::Step;
use crate::fields::Node::{self, Accounts, Free, List, Object, Value};
use crate::fields::PERSON;

/// The systems that HelloID names in `Accounts`; those of PowerShell go by their id.
const SYSTEMS: [&str; 4] = ["MicrosoftActiveDirectory", "MicrosoftAzureAD", "AzureAD", "TOPdesk"];

/// What is often called on a value, to tell the same in another case.
const METHODS: [&str; 33] = [
    "length",
    "substring",
    "substr",
    "slice",
    "trim",
    "trimStart",
    "trimEnd",
    "toLowerCase",
    "toUpperCase",
    "replace",
    "replaceAll",
    "split",
    "indexOf",
    "lastIndexOf",
    "charAt",
    "charCodeAt",
    "padStart",
    "padEnd",
    "includes",
    "startsWith",
    "endsWith",
    "concat",
    "repeat",
    "match",
    "search",
    "normalize",
    "localeCompare",
    "toString",
    "toISOString",
    "getFullYear",
    "getMonth",
    "getDate",
    "getTime",
];

/// What is odd about a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// So it is spelled in HelloID.
    Case(String),
    /// A person has nothing there: the name, and what stands before it.
    Unknown(String, String),
    /// A path cannot take an entry out of a list.
    List(String),
}

/// What is odd about the steps from a person on; in a script, a list may be gone into, and methods may be called.
pub(super) fn odd(root: &str, steps: &[Step<'_>], in_script: bool) -> Option<Odd> {
    let mut at = Object(PERSON);
    let mut right = root.to_owned();
    let mut wrong_case = false;
    for step in steps {
        let Some(name) = step.name else {
            // An entry of a list is what the list is of; anything else is known to the running script only.
            let List(children) = at else { break };
            at = Object(children);
            right.push_str("[…]");
            continue;
        };
        let (known, next) = match at {
            Object(children) => match find(children, name) {
                Some(found) => found,
                None if step.called => break,
                None => return Some(Odd::Unknown(name.to_owned(), right)),
            },
            List(_) if in_script => break,
            List(_) => return Some(Odd::List(right)),
            Accounts => match SYSTEMS.iter().find(|system| system.eq_ignore_ascii_case(name)) {
                Some(system) => (*system, Free),
                None => break,
            },
            Value if in_script => match METHODS.iter().find(|method| method.eq_ignore_ascii_case(name)) {
                Some(method) => (*method, Free),
                None => break,
            },
            Value => return Some(Odd::Unknown(name.to_owned(), right)),
            Free => break,
        };
        wrong_case |= known != name;
        right.push('.');
        right.push_str(known);
        at = next;
    }
    wrong_case.then_some(Odd::Case(right))
}

/// The exact name first, or the same in another case.
fn find(children: &'static [(&'static str, Node)], name: &str) -> Option<(&'static str, Node)> {
    let exact = children.iter().find(|(known, _)| *known == name);
    exact.or_else(|| children.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str, in_script: bool) -> Option<Odd> {
        let step = |name| Step { name: Some(name), optional: false, called: false };
        odd("Person", &path.split('.').map(step).collect::<Vec<_>>(), in_script)
    }

    #[test]
    fn what_a_person_has_is_not_odd() {
        for good in [
            "ExternalId",
            "Name.NickName",
            "Contact.Business.Phone.Mobile",
            "Custom.any.thing",
            "Accounts.TOPdesk.id",
            "Accounts._fa8936cb51934981bbc690aba9eef841.mail",
            "PrimaryContract.Custom.x",
            "Contracts",
            "UserName",
            "PrimaryContract.Context.InConditions",
            "PrimaryManager.Email",
            "Username",
        ] {
            assert_eq!(path(good, false), None, "{good}");
        }
        for good in ["Contracts.length", "Name.NickName.substring", "Name.NickName.foo", "Details.BirthDate.getDate"] {
            assert_eq!(path(good, true), None, "{good}");
        }
    }

    #[test]
    fn another_case_is_odd_and_the_right_one_is_named() {
        for (bad, right) in [
            ("name.GivenName", "Person.Name.GivenName"),
            ("externalId", "Person.ExternalId"),
            ("Accounts.MicrosoftactiveDirectory.mail", "Person.Accounts.MicrosoftActiveDirectory"),
            ("primarycontract.custom.x", "Person.PrimaryContract.Custom"),
        ] {
            assert_eq!(path(bad, false), Some(Odd::Case(right.to_owned())), "{bad}");
        }
        assert_eq!(path("DisplayName.Substring", true), Some(Odd::Case("Person.DisplayName.substring".to_owned())));
    }

    #[test]
    fn what_a_person_does_not_have_is_odd() {
        let unknown = |name: &str, above: &str| Some(Odd::Unknown(name.to_owned(), above.to_owned()));
        assert_eq!(path("Nmae.NickName", false), unknown("Nmae", "Person"));
        assert_eq!(path("PrimaryContract.Title.Salary", true), unknown("Salary", "Person.PrimaryContract.Title"));
        assert_eq!(path("ExternalId.length", false), unknown("length", "Person.ExternalId"));
        assert_eq!(path("Contracts.StartDate", false), Some(Odd::List("Person.Contracts".to_owned())));
    }
}
