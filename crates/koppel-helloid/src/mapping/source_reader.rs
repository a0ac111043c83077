//! Reads the object of a source's mapping.json.

use serde_json::Value;

use super::json::{Object, Report, kind, shown};
use super::model::{Rule, SourceMapping, SourceRule};
use super::names::{List, Names, oddity};

/// Each list may have this many entries.
const MOST_RULES: usize = 5_000;

/// Reads the mapping; what is wrong goes into the report.
pub(crate) fn read_source(report: &mut Report<'_>, root: &Object<'_>) -> SourceMapping {
    root.only(report, &["personMappings", "contractMappings"]);
    let mapping = SourceMapping {
        person: rules(report, root, List::Person, "personMappings"),
        contract: rules(report, root, List::Contract, "contractMappings"),
    };
    if !mapping.person.is_empty()
        && !mapping.person.iter().any(|rule| rule.name.eq_ignore_ascii_case("Name.Convention"))
    {
        let at = root.get("personMappings").unwrap_or(root.raw);
        report.under("name-convention").warning(
            at,
            "Name.Convention",
            "is not mapped; every person counts as B, the name of birth",
        );
    }
    mapping
}

fn rules(report: &mut Report<'_>, root: &Object<'_>, list: List, property: &str) -> Vec<SourceRule> {
    let mut names = Names::default();
    let mut rules = Vec::new();
    for (index, raw) in root.list(report, property, MOST_RULES).into_iter().enumerate() {
        let Some(mut object) = Object::read(report, raw, &format!("{property}[{index}]")) else { continue };
        let Some(name) = names.read(report, &object, "name") else { continue };
        object.place.clone_from(&name);
        if let Some(oddity) = oddity(list, &name) {
            report.under("source-name").warning(object.get("name").unwrap_or(raw), &name, oddity);
        }
        rules.extend(entry(report, &object, name));
    }
    rules
}

fn entry(report: &mut Report<'_>, object: &Object<'_>, name: String) -> Option<SourceRule> {
    object.only(report, &["name", "mode", "value", "validation", "convertToString"]);
    let required = match object.get("validation") {
        Some(raw) => Object::read(report, raw, &name).is_some_and(|validation| {
            validation.only(report, &["required"]);
            validation.flag(report, "required")
        }),
        None => false,
    };
    let convert_to_string = object.flag(report, "convertToString");
    let mode = object.text(report, "mode");
    let Some(mode) = mode else {
        if object.get("mode").is_none() {
            report.error(object.raw, &name, "has no mode; it is field, fixed or complex");
        }
        return None;
    };
    let rule = rule(report, object, &mode)?;
    let line = report.line(object.any("value").unwrap_or(object.raw));
    Some(SourceRule { name, rule, required, convert_to_string, line })
}

fn rule(report: &mut Report<'_>, object: &Object<'_>, mode: &str) -> Option<Rule> {
    let place = &object.place;
    let at = object.any("value").unwrap_or(object.raw);
    match mode.to_ascii_lowercase().as_str() {
        "field" => text(report, object, "path").map(Rule::Field),
        "complex" => text(report, object, "script").map(Rule::Complex),
        "fixed" => match object.any("value").map(|raw| serde_json::from_str(raw.get())) {
            Some(Ok(value @ Value::String(_))) => Some(Rule::Fixed(value)),
            Some(Ok(value @ (Value::Bool(_) | Value::Number(_)))) => {
                report.warning(at, place, format!("has {} as its fixed value; it is taken as it is", kind(at)));
                Some(Rule::Fixed(value))
            }
            Some(Ok(Value::Null)) | None => {
                report.under("no-value").warning(at, place, "has no fixed value; it counts as an empty text");
                Some(Rule::Fixed(Value::String(String::new())))
            }
            Some(_) => {
                report.under("value-malformed").error(
                    at,
                    place,
                    "has a fixed value that is neither text, number nor boolean",
                );
                None
            }
        },
        "none" => {
            report.warning(at, place, "has the mode none; it is left out");
            None
        }
        _ => {
            let message = format!("has the mode [{}]; there are field, fixed and complex", shown(mode));
            report.error(object.get("mode").unwrap_or(object.raw), place, message);
            None
        }
    }
}

fn text(report: &mut Report<'_>, object: &Object<'_>, what: &str) -> Option<String> {
    let Some(raw) = object.get("value") else {
        report.under("no-value").error(object.raw, &object.place, format!("has no value, where a {what} belongs"));
        return None;
    };
    let text = object.text(report, "value")?;
    if text.trim().is_empty() {
        report.under("no-value").warning(raw, &object.place, format!("has an empty {what}; its value is always null"));
    }
    Some(text)
}
