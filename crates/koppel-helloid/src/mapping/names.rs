//! The names of fields: which are there, which may stand side by side, and which HelloID knows.

use std::collections::HashMap;

use super::json::{Object, Report, shown};
use crate::fields::{contract_fields, person_fields};

/// A name may have this many bytes.
const LONGEST: usize = 500;

/// The names of a file so far, in lower case, with the spelling of the file and whether it is a field or leads to one.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, (String, Node)>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    Field,
    Parent,
}

impl Names {
    /// The name of a field. One that is missing, broken, there already, or cannot nest beside another is an error; the
    /// latter two are read on, for the other things there are to say about them.
    pub(super) fn read(&mut self, report: &mut Report<'_>, object: &Object<'_>, property: &str) -> Option<String> {
        let name = object.text(report, property);
        let Some(raw) = object.get(property) else {
            report.under("name").error(object.raw, &object.place, format!("has no {property}"));
            return None;
        };
        let name = name?;
        if name.len() > LONGEST {
            report.under("name").error(
                raw,
                &object.place,
                format!("{property} is longer than {LONGEST} bytes: [{}]", shown(&name)),
            );
            return None;
        }
        if name.split('.').any(|part| part.trim().is_empty()) {
            let message = format!("{property} is [{}]; it, or a part of it between dots, is empty", shown(&name));
            report.under("name").error(raw, &object.place, message);
            return None;
        }
        if let Some(message) = self.clash(&name) {
            report.under("name-twice").error(raw, &name, message);
        }
        Some(name)
    }

    /// Takes the name in, and says why it cannot stand beside the others.
    fn clash(&mut self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let mut message = match self.0.get(&lower) {
            Some((other, Node::Field)) if other == name => {
                Some("is mapped twice; it can have one entry only".to_owned())
            }
            Some((other, Node::Field)) => Some(format!(
                "is mapped twice: as [{other}] as well, and upper and lower case are the same to PowerShell"
            )),
            Some((other, Node::Parent)) => {
                Some(format!("cannot be a value and an object at once: [{other}] is mapped as well"))
            }
            None => None,
        };
        for (end, _) in lower.match_indices('.') {
            let parent = lower.get(..end).unwrap_or_default();
            match self.0.get(parent) {
                Some((other, Node::Field)) => {
                    message.get_or_insert_with(|| {
                        format!("cannot be inside [{other}], which is mapped as a value of its own")
                    });
                }
                Some((_, Node::Parent)) => {}
                None => {
                    self.0.insert(parent.to_owned(), (name.to_owned(), Node::Parent));
                }
            }
        }
        self.0.insert(lower, (name.to_owned(), Node::Field));
        message
    }
}

/// The fields of persons that a source gives, but `Custom`; HelloID makes the others.
fn of_persons() -> impl Iterator<Item = String> {
    person_fields().into_iter().filter(|field| field != "DisplayName" && !field.starts_with("PrimaryManager."))
}

/// The fields of contracts that a source gives, but `Custom`; HelloID makes the others.
fn of_contracts() -> impl Iterator<Item = String> {
    contract_fields().into_iter().filter(|field| !field.starts_with("Manager.") || field == "Manager.ExternalId")
}

/// Which of the two lists of a source's mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Person,
    Contract,
}

/// What is odd about a name in a list; `None` for those that HelloID has there.
pub(super) fn oddity(list: List, name: &str) -> Option<String> {
    if name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("Custom.")) {
        return (!name.starts_with("Custom."))
            .then(|| format!("is spelled [Custom{}] by HelloID", name.get(6..).unwrap_or_default()));
    }
    let find = |names: &mut dyn Iterator<Item = String>| {
        let mut spelling = None;
        for known in names.filter(|known| known.eq_ignore_ascii_case(name)) {
            if known == name {
                return Some(known);
            }
            spelling.get_or_insert(known);
        }
        spelling
    };
    let (own, other, whose) = match list {
        List::Person => (find(&mut of_persons()), find(&mut of_contracts()), "contracts have it, persons do not"),
        List::Contract => (find(&mut of_contracts()), find(&mut of_persons()), "persons have it, contracts do not"),
    };
    match (own, other) {
        (Some(known), _) if known == name => None,
        (Some(known), _) => Some(format!("is spelled [{known}] by HelloID")),
        (None, Some(_)) => Some(format!("is in the wrong list: {whose}")),
        (None, None) => Some("is a field that HelloID does not have; there are more below Custom".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_helloid_has_is_not_odd_and_any_other_is() {
        for (list, name, expected) in [
            (List::Person, "Name.NickName", None),
            (List::Person, "UserName", None),
            (List::Person, "Username", None),
            (List::Person, "Location.Name", None),
            (List::Person, "Contact.Personal.Phone.Fixed", None),
            (List::Person, "Custom.anything", None),
            (List::Person, "custom.anything", Some("[Custom.anything]")),
            (List::Person, "ExternalID", Some("[ExternalId]")),
            (List::Person, "StartDate", Some("wrong list")),
            (List::Person, "PrimaryContract", Some("does not have")),
            (List::Contract, "Details.Fte", None),
            (List::Contract, "Organization.Code", None),
            (List::Contract, "Contact.Business.Email", Some("wrong list")),
            (List::Contract, "Title.Salary", Some("does not have")),
            (List::Contract, "é", Some("does not have")),
        ] {
            let found = oddity(list, name);
            assert_eq!(found.is_some(), expected.is_some(), "{name}: {found:?}");
            assert!(expected.is_none_or(|part| found.is_some_and(|text| text.contains(part))), "{name}");
        }
    }
}
