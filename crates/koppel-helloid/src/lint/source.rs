//! Checks of a source's mapping.json.

use super::Notes;
use super::script::{self, Globals};
use super::syntax::Reader;
use super::target::{fixed, looks_like_script, refused, script_in_field};
use crate::mapping::{Rule, SourceMapping, SourceRule};

pub(super) fn check(notes: &mut Notes, mapping: &SourceMapping) {
    let mut reader = Reader::default();
    for (whose, rules, list) in
        [("person", &mapping.person, "personMappings"), ("contract", &mapping.contract, "contractMappings")]
    {
        let identified = rules.iter().any(|rule| rule.name.eq_ignore_ascii_case("ExternalId"));
        if !identified && !rules.is_empty() {
            let line = rules.first().map_or(0, |rule| rule.line);
            let message = format!("is not mapped in {list}; HelloID knows a {whose} by it");
            // There are public files without it for contracts, and HelloID takes them.
            if whose == "person" {
                notes.error("external-id", line, "ExternalId", message);
            } else {
                notes.warning("external-id", line, "ExternalId", message);
            }
        }
        for rule in rules {
            check_rule(notes, &mut reader, rule, list == "contractMappings");
        }
    }
}

fn check_rule(notes: &mut Notes, reader: &mut Reader, rule: &SourceRule, of_contract: bool) {
    let (line, name) = (rule.line, rule.name.as_str());
    if let Some(why) = refused(name) {
        notes.error("name", line, name, why);
    }
    match &rule.rule {
        Rule::Field(path) if looks_like_script(path) => script_in_field(notes, line, name),
        Rule::Field(path) if path.contains('[') => {
            let message = "takes an entry out of a list, which a path cannot; use a script";
            notes.warning("list-path", line, name, message);
        }
        Rule::Field(path) => {
            let root = path.split('.').next().unwrap_or_default();
            if ["Person", "source", "sourceContract"].contains(&root) && path.contains('.') {
                let message =
                    format!("has a path that begins with [{root}]; the path of a source begins within the raw object");
                notes.warning("unknown-path", line, name, message);
            }
        }
        Rule::Fixed(value) => fixed(notes, line, name, value, Globals::Source { of_contract }),
        Rule::Complex(text) => script::check(notes, reader, line, name, text, Globals::Source { of_contract }),
        Rule::None => {}
    }
}
