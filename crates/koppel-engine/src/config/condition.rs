//! Conditions of a rule on the value of one field.

use toml::de::{DeTable, DeValue};

use super::fault::Report;
use super::path::Path;
use super::section::{Node, Section, entries, kind};

const OPERATORS: [&str; 4] = ["any", "prefix", "not", "not_prefix"];
const HELP: &str = "a text, a list of texts, or { any = […], prefix = […], not = […], not_prefix = […] }";

/// What the value of a field must be. Texts are compared without regard to case and to blanks around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub path: Path,
    /// One of these texts,
    pub any: Vec<String>,
    /// or a text that begins with one of these; both empty for any value and none.
    pub prefix: Vec<String>,
    /// And none of these texts,
    pub not: Vec<String>,
    /// nor a text that begins with one of these.
    pub not_prefix: Vec<String>,
}

impl Condition {
    /// Does a value fulfil it? A field without a value is like none of the texts.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let free = self.any.is_empty() && self.prefix.is_empty();
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return free };
        let is = |texts: &[String]| texts.iter().any(|text| same(value, text));
        let begins = |texts: &[String]| texts.iter().any(|text| begins_with(value, text));
        (free || is(&self.any) || begins(&self.prefix)) && !is(&self.not) && !begins(&self.not_prefix)
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && folded(a).eq(folded(b)))
}

fn begins_with(value: &str, start: &str) -> bool {
    let mut value = folded(value);
    folded(start).all(|c| value.next() == Some(c))
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Does a table say what a value must be?
pub(super) fn is_one(table: &DeTable<'_>) -> bool {
    OPERATORS.iter().any(|key| table.contains_key(*key))
}

/// The condition on a field.
pub(super) fn read(report: &mut Report<'_>, what: &str, path: Path, node: &Node<'_>) -> Condition {
    let mut condition =
        Condition { path, any: Vec::new(), prefix: Vec::new(), not: Vec::new(), not_prefix: Vec::new() };
    if !matches!(node.get_ref(), DeValue::Table(_)) {
        condition.any = texts(report, what, node);
        return condition;
    }
    let Some(section) = Section::of(report, what, node, &OPERATORS) else { return condition };
    let mut read =
        |key: &str| section.get(key).map(|node| texts(report, &format!("{what}: {key}"), node)).unwrap_or_default();
    condition.any = read("any");
    condition.prefix = read("prefix");
    condition.not = read("not");
    condition.not_prefix = read("not_prefix");
    if let DeValue::Table(table) = node.get_ref()
        && table.is_empty()
    {
        report.hinted(section.at, format!("{what} says nothing"), HELP);
    }
    condition
}

/// Texts, trimmed; numbers, dates and booleans become text.
fn texts(report: &mut Report<'_>, what: &str, node: &Node<'_>) -> Vec<String> {
    let entries = entries(node);
    if entries.is_empty() {
        report.hinted(node.span().start, format!("{what} is an empty list"), HELP);
    }
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let text = match entry.get_ref() {
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(value) => value.to_string(),
            other @ (DeValue::Array(_) | DeValue::Table(_)) => {
                report.hinted(entry.span().start, format!("{what} is {}", kind(other)), HELP);
                continue;
            }
        };
        if text.is_empty() {
            let hint = "a field without a value matches no text; not = [\"…\"] holds for it";
            report.hinted(entry.span().start, format!("{what} is an empty text"), hint);
        } else {
            all.push(text);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(any: &[&str], prefix: &[&str], not: &[&str], not_prefix: &[&str]) -> Condition {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        let path = Path::Contract("Title.Name".to_owned());
        Condition { path, any: texts(any), prefix: texts(prefix), not: texts(not), not_prefix: texts(not_prefix) }
    }

    #[test]
    fn a_value_is_one_of_the_texts_or_begins_with_one_and_is_none_of_the_others() {
        let nurse = condition(&["Verpleegkundige"], &["Arts "], &["Arts in opleiding"], &["arts-"]);
        for (value, expected) in [
            (Some("verpleegkundige "), true),
            (Some("Verpleegkundige MBO"), false),
            (Some("ARTS geriatrie"), true),
            (Some("Arts in opleiding"), false),
            (Some("Arts"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(nurse.holds(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_negation_alone_holds_for_everything_else_and_for_no_value() {
        let others = condition(&[], &[], &["Stagiair"], &["Extern"]);
        for (value, expected) in [
            (Some("STAGIAIR"), false),
            (Some("externe kracht"), false),
            (Some("Arts"), true),
            (Some(" "), true),
            (None, true),
        ] {
            assert_eq!(others.holds(value), expected, "{value:?}");
        }
    }

    #[test]
    fn case_does_not_count_beyond_ascii_either() {
        assert!(condition(&["Coördinator"], &[], &[], &[]).holds(Some("COÖRDINATOR")));
        assert!(condition(&[], &["éé"], &[], &[]).holds(Some("ÉÉn")));
        assert!(!condition(&[], &["éé"], &[], &[]).holds(Some("É")));
    }
}
