//! Checks of a fieldMapping.json.

use serde_json::Value;

use super::Notes;
use super::chains::Step;
use super::person::{Odd, odd};
use super::script::{self, Globals};
use super::syntax::Reader;
use crate::mapping::json::shown;
use crate::mapping::{FieldKind, FieldMapping, MappedAction, MappedField, Rule, Stage};

/// HelloID imports so many fields in one file.
const MOST_FIELDS: usize = 50;

pub(super) fn check(notes: &mut Notes, mapping: &FieldMapping) {
    if mapping.fields.len() > MOST_FIELDS {
        let line = mapping.fields.get(MOST_FIELDS).map_or(0, |field| field.line);
        let message = format!(
            "the file has {} fields, and HelloID imports at most {MOST_FIELDS} at once; split it in two files and import both",
            mapping.fields.len()
        );
        notes.error("too-many-fields", line, "", message);
    }
    let mut reader = Reader::default();
    for field in &mapping.fields {
        if let Some(why) = refused(&field.name) {
            notes.error("name", field.line, &field.name, why);
        }
        for action in &field.actions {
            rule(notes, &mut reader, field, action);
        }
    }
}

fn rule(notes: &mut Notes, reader: &mut Reader, field: &MappedField, action: &MappedAction) {
    let (line, name) = (action.line, field.name.as_str());
    match &action.rule {
        Rule::Field(path) => field_path(notes, line, name, path),
        Rule::Fixed(value) => {
            if field.kind == FieldKind::Array {
                let message = "is an Array with a fixed value, which is one text; use a script that gives a list";
                notes.warning("array-fixed", line, name, message);
            }
            fixed(notes, line, name, value, Globals::Target { at_update: false });
        }
        Rule::Complex(text) => {
            let at_update = action.stages.contains(&Stage::Update);
            script::check(notes, reader, line, name, text, Globals::Target { at_update });
        }
        Rule::None => {}
    }
}

/// Why HelloID does not take a name of a field.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    if name.contains('-') {
        Some("has a name with a hyphen, which HelloID does not take; write it with an underscore or without")
    } else if name.contains(char::is_whitespace) {
        Some("has a name with a blank, which HelloID does not take; leave it out")
    } else {
        None
    }
}

/// Is this a script, or a piece of one?
pub(super) fn looks_like_script(text: &str) -> bool {
    let reads = |object: &str| {
        let mut found = text.match_indices(object).filter_map(|(at, _)| text.get(at + object.len()..));
        found.any(|rest| rest.starts_with(char::is_alphabetic))
    };
    text.contains(['(', '{', ';', '\n'])
        && (["function", "=>"].iter().any(|word| text.contains(word))
            || ["Person.", "source.", "sourceContract."].into_iter().any(reads))
}

pub(super) fn script_in_field(notes: &mut Notes, line: usize, name: &str) {
    let message = "has the mode Field and a script as its path; it is not run and the value is always empty. Set the mode to Complex";
    notes.error("field-script", line, name, message);
}

fn field_path(notes: &mut Notes, line: usize, name: &str, path: &str) {
    let path = path.trim();
    if path.is_empty() {
        return;
    }
    if path.contains('[') && !looks_like_script(path) {
        let message = format!("takes an entry out of a list in [{}], which a path cannot; use a script", shown(path));
        return notes.warning("list-path", line, name, message);
    }
    if path.contains(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '$' | ' '))) {
        return script_in_field(notes, line, name);
    }
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(known) = ["Person", "Manager"].into_iter().find(|known| known.eq_ignore_ascii_case(root)) else {
        let message =
            format!("has the path [{}], which begins with neither Person nor Manager; the value is empty", shown(path));
        return notes.warning("unknown-path", line, name, message);
    };
    let steps: Vec<Step<'_>> = rest
        .split('.')
        .filter(|step| !step.is_empty() || !rest.is_empty())
        .map(|step| Step { name: Some(step), optional: false, called: false })
        .collect();
    if steps.is_empty() {
        if known != root {
            oddity(notes, line, name, path, Odd::Case(known.to_owned()), "");
        }
        let message = format!("has the path [{}], which is a whole person and no value", shown(path));
        return notes.warning("unknown-path", line, name, message);
    }
    let found = odd(known, &steps, false);
    if known != root && !matches!(found, Some(Odd::Case(_))) {
        oddity(notes, line, name, path, Odd::Case(format!("{known}.{rest}")), "");
    }
    if let Some(odd) = found {
        oddity(notes, line, name, path, odd, "");
    }
    if let [first, system, _, ..] = &steps[..]
        && first.name == Some("Accounts")
    {
        let message = format!(
            "is empty for everyone without an account in [{}]; where that must not be, use a script that gives something else",
            shown(system.name.unwrap_or_default())
        );
        notes.warning("account-missing", line, name, message);
    }
}

/// What is odd about a path, in words.
pub(super) fn oddity(notes: &mut Notes, line: usize, name: &str, path: &str, odd: Odd, place: &str) {
    let path = shown(path);
    match odd {
        Odd::Case(right) => {
            let message = format!("reads [{path}], which HelloID spells [{right}]; upper and lower case count{place}");
            notes.warning("wrong-case", line, name, message);
        }
        Odd::Unknown(step, above) => {
            let step = shown(&step);
            let message = format!("reads [{path}], but HelloID has no [{step}] in {above}{place}");
            notes.warning("unknown-path", line, name, message);
        }
        Odd::List(list) => {
            let message =
                format!("reads [{path}], but {list} is a list, which a path cannot go into; use a script{place}");
            notes.warning("list-path", line, name, message);
        }
    }
}

/// A fixed value that somebody meant to be run.
pub(super) fn fixed(notes: &mut Notes, line: usize, name: &str, value: &Value, globals: Globals) {
    let Value::String(text) = value else { return };
    // A path of a source begins within the raw object: what begins with the object itself is a script.
    let (roots, mode): (&[&str], _) = match globals {
        Globals::Target { .. } => (&["Person.", "Manager."], "Field"),
        Globals::Source { .. } => (&["Person.", "source.", "sourceContract."], "Complex"),
    };
    let rooted = |root: &&str| text.strip_prefix(*root).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    let path = roots.iter().any(rooted) && !text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | '{' | ';'));
    if path || looks_like_script(text) {
        let (what, mode) = if path { ("a path", mode) } else { ("a script", "Complex") };
        let message = format!(
            "has the mode Fixed and {what} as its value, and gets that text itself: [{}]. Set the mode to {mode}",
            shown(text)
        );
        notes.warning("fixed-script", line, name, message);
    }
}
