//! The fields that rules look at.

use std::fmt;
use std::sync::LazyLock;

use super::fault::{Report, shown};

/// A field that a rule looks at, spelled as HelloID spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Path {
    /// A field of the person, such as `Name.NickName`.
    Person(String),
    /// A field of the contract, such as `Title.Name`.
    Contract(String),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(field) => write!(f, "Person.{field}"),
            Self::Contract(field) => write!(f, "Contract.{field}"),
        }
    }
}

static PERSON: LazyLock<Vec<String>> = LazyLock::new(koppel_helloid::person_fields);
static CONTRACT: LazyLock<Vec<String>> = LazyLock::new(koppel_helloid::contract_fields);

/// Whose field a text names: what begins with `Person.` or `Contract.` says so itself, otherwise it is a field of the
/// contract, and of the person where no contract has it.
pub(super) fn find(text: &str) -> Option<Path> {
    let person = |rest| known(&PERSON, rest).map(Path::Person);
    let contract = |rest| known(&CONTRACT, rest).map(Path::Contract);
    match below(text, "Person") {
        Some(rest) => person(rest),
        None => match below(text, "Contract") {
            Some(rest) => contract(rest),
            None => contract(text).or_else(|| person(text)),
        },
    }
}

/// The field that a key of a condition names; one that nobody has is a fault.
pub(super) fn read(report: &mut Report<'_>, at: usize, what: &str, text: &str) -> Option<Path> {
    let found = find(text);
    if found.is_none() {
        let message = format!("{what}: neither contracts nor persons have a field [{}]", shown(text));
        unknown(report, at, message, text, &[&CONTRACT, &PERSON], "Title.Name or Name.FamilyName");
    }
    found
}

/// The field of a person that a text names, with or without `Person.` before it; any other is a fault.
pub(super) fn of_person(report: &mut Report<'_>, at: usize, what: &str, text: &str) -> Option<String> {
    let field = below(text, "Person").unwrap_or(text);
    let found = known(&PERSON, field);
    if found.is_none() {
        unknown(
            report,
            at,
            format!("{what}: persons have no field [{}]", shown(text)),
            field,
            &[&PERSON],
            "Name.FamilyName",
        );
    }
    found
}

/// What follows the root of a path.
fn below<'t>(text: &'t str, root: &str) -> Option<&'t str> {
    let (start, rest) = text.split_once('.')?;
    start.eq_ignore_ascii_case(root).then_some(rest)
}

/// The field as HelloID spells it.
fn known(fields: &[String], text: &str) -> Option<String> {
    if let Some(rest) = below(text, "Custom") {
        return rest.split('.').all(|part| !part.trim().is_empty()).then(|| format!("Custom.{rest}"));
    }
    let exact = fields.iter().find(|field| *field == text);
    exact.or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(text))).cloned()
}

fn unknown(report: &mut Report<'_>, at: usize, message: String, text: &str, fields: &[&Vec<String>], example: &str) {
    if report.is_full() {
        return;
    }
    let all = || fields.iter().copied().flatten();
    let bare = below(text, "Person").or_else(|| below(text, "Contract")).unwrap_or(text);
    let group = bare.to_lowercase() + ".";
    if below(text, "PrimaryContract").or_else(|| below(bare, "PrimaryContract")).is_some() {
        report.hinted(at, message, "a rule looks at every contract; leave PrimaryContract out");
    } else if all().any(|field| field.to_lowercase().starts_with(&group)) {
        let mut members: Vec<String> =
            all().filter(|field| field.to_lowercase().starts_with(&group)).cloned().collect();
        members.dedup();
        report.hinted(at, message, format!("it is a group of {}", members.join(", ")));
    } else if bare.eq_ignore_ascii_case("Custom") {
        report.hinted(at, message, "name a field below it, such as Custom.Region");
    } else {
        let names: Vec<&str> = all().map(String::as_str).collect();
        let other = format!("such as {example}; fields of your own are below Custom");
        report.nearest(at, message, bare, &names, &other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_of_the_contract_unless_only_persons_have_it_or_the_path_says_so() {
        let person = |field: &str| Some(Path::Person(field.to_owned()));
        let contract = |field: &str| Some(Path::Contract(field.to_owned()));
        for (text, expected) in [
            ("Title.Name", contract("Title.Name")),
            ("title.name", contract("Title.Name")),
            ("ExternalId", contract("ExternalId")),
            ("Person.ExternalId", person("ExternalId")),
            ("person.location.code", person("Location.Code")),
            ("Contract.Location.Code", contract("Location.Code")),
            ("Name.NickName", person("Name.NickName")),
            ("UserName", person("UserName")),
            ("Details.Gender", person("Details.Gender")),
            ("Details.Fte", contract("Details.Fte")),
            ("Custom.any thing", contract("Custom.any thing")),
            ("Person.custom.X", person("Custom.X")),
            ("Contract.Name.NickName", None),
            ("Person.Title.Name", None),
            ("Custom.", None),
            ("Custom.a..b", None),
            ("Title", None),
            ("PrimaryContract.Title.Name", None),
            ("Context.InConditions", None),
            ("", None),
        ] {
            assert_eq!(find(text), expected, "{text}");
        }
    }

    #[test]
    fn what_nobody_has_is_a_fault_that_helps() {
        for (text, help) in [
            ("Titel.Name", "did you mean [Title.Name]"),
            ("Title", "it is a group of Title.ExternalId, Title.Code, Title.Name"),
            ("PrimaryContract.Title.Name", "leave PrimaryContract out"),
            ("Salary", "below Custom"),
            ("Custom", "below it"),
        ] {
            let mut report = Report::new("koppel.toml", "");
            assert_eq!(read(&mut report, 0, "rule [x]", text), None);
            let fault = report.finish().remove(0).to_string();
            assert!(fault.contains(help), "{fault}");
        }
    }
}
