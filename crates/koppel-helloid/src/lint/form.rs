//! Checks of a configuration.json.

use serde_json::Value;

use super::Notes;
use crate::form::read::{as_text, fields};
use crate::form::{FormField, Gives};
use crate::mapping::json::{Report, shown};

/// The types of fields that are known to work.
const TYPES: [&str; 8] = ["input", "textarea", "checkbox", "radio", "select", "email", "toggle", "switch"];

pub(super) fn check(notes: &mut Notes, text: &str) {
    let mut report = Report::new(text);
    let fields = fields(&mut report, text);
    for finding in report.finish() {
        notes.add(super::of_reader(finding));
    }
    for (line, field) in &fields {
        kind(notes, *line, field);
        choice(notes, *line, field);
        switch(notes, *line, field);
        secret(notes, *line, field);
    }
}

fn kind(notes: &mut Notes, line: usize, field: &FormField) {
    if !TYPES.contains(&field.kind.as_str()) {
        let message = format!("has the type [{}]; known are {}", shown(&field.kind), TYPES.join(", "));
        notes.warning("form-type", line, &field.key, message);
    }
}

fn choice(notes: &mut Notes, line: usize, field: &FormField) {
    if field.gives() != Gives::Choice {
        return;
    }
    if field.options.is_empty() {
        let message = format!("is a {} without options, so that nothing can be chosen", shown(&field.kind));
        return notes.error("form-options", line, &field.key, message);
    }
    let values: Vec<String> = field.options.iter().take(20).map(|option| shown(&option.value)).collect();
    match &field.default {
        None | Some(Value::Null) => {}
        Some(default) => {
            // HelloID hands a value over as text, whatever it is in the file.
            let text = as_text(default.clone());
            if text.is_some_and(|text| text.is_empty() || field.options.iter().any(|option| option.value == text)) {
                return;
            }
            let message = format!(
                "has the default {}, which is none of its options: {}",
                shown(&default.to_string()),
                values.join(", ")
            );
            notes.error("form-default", line, &field.key, message);
        }
    }
}

fn switch(notes: &mut Notes, line: usize, field: &FormField) {
    let fine = match &field.default {
        None | Some(Value::Null | Value::Bool(_)) => true,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Some(_) => false,
    };
    if field.gives() == Gives::Boolean && !fine {
        let default = field.default.as_ref().map(Value::to_string).unwrap_or_default();
        let message = format!(
            "is a {} with the default {}, which is neither true nor false",
            shown(&field.kind),
            shown(&default)
        );
        notes.warning("form-default", line, &field.key, message);
    }
}

/// Words that a key or label of a secret holds.
const SECRET: [&str; 7] = ["password", "wachtwoord", "secret", "token", "apikey", "passphrase", "privatekey"];

/// With one of these it is something about a secret: where to get a token, or how long it lasts.
const NO_SECRET: [&str; 9] = ["url", "uri", "endpoint", "expir", "lifetime", "timeout", "path", "file", "name"];

fn secret(notes: &mut Notes, line: usize, field: &FormField) {
    if field.secret || field.gives() != Gives::Text {
        return;
    }
    let folded = |text: &str| text.to_lowercase().replace([' ', '-', '_'], "");
    let holds = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let hit = |text: &str| holds(&folded(text), &SECRET) && !holds(&folded(text), &NO_SECRET);
    if hit(&field.key) || (hit(&field.label) && !holds(&folded(&field.key), &NO_SECRET)) {
        let message = "looks like a secret, and HelloID shows and keeps it as plain text; write \"type\": \"password\" in templateOptions";
        notes.warning("form-secret", line, &field.key, message);
    }
}
