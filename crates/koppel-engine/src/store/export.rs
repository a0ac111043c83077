//! The audit log for other programs: JSON Lines, which is exact, and CSV, which people open in a spreadsheet.

use koppel::{Error, Result};

use super::audit::AuditRow;

const COLUMNS: [&str; 21] = [
    "seq",
    "at",
    "recorded",
    "target",
    "person",
    "person_name",
    "verb",
    "change",
    "entitlements",
    "permission",
    "rule",
    "contract",
    "source",
    "note",
    "reference",
    "success",
    "outcome",
    "message",
    "fields",
    "plan",
    "worker",
];

/// An entry as a line of JSON, with its line end.
pub fn json_line(row: &AuditRow) -> Result<String> {
    let line = serde_json::to_string(row);
    line.map(|line| line + "\n").map_err(|error| Error::bug(format!("an audit entry is no JSON: {error}")))
}

/// The first line of the CSV, with its line end.
pub fn csv_head() -> Result<String> {
    line(COLUMNS.map(str::to_owned))
}

/// An entry as a line of CSV, with its line end.
///
/// A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula, and names come from other systems:
/// such a text gets an apostrophe before it. Programs read [`json_line`], which is exact.
pub fn csv_line(row: &AuditRow) -> Result<String> {
    let entry = &row.entry;
    let entitlements: Vec<_> = entry.entitlements.iter().map(ToString::to_string).collect();
    line([
        row.seq.to_string(),
        entry.at.to_string(),
        entry.recorded.to_string(),
        entry.target.clone(),
        entry.person.clone(),
        entry.person_name.clone(),
        entry.verb.to_string(),
        entry.change.name().to_owned(),
        entitlements.join(" "),
        entry.permission.clone().unwrap_or_default(),
        entry.because.rule.clone(),
        entry.because.contract.clone(),
        entry.because.source.clone(),
        entry.because.note.clone(),
        entry.reference.clone().unwrap_or_default(),
        entry.success.to_string(),
        entry.outcome.clone(),
        entry.message.clone(),
        entry.fields.join(" "),
        entry.plan.clone(),
        entry.worker.clone(),
    ])
}

fn line(fields: [String; 21]) -> Result<String> {
    let bug = |error: &dyn std::fmt::Display| Error::bug(format!("an audit entry is no CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(fields.map(tame)).map_err(|error| bug(&error))?;
    let bytes = writer.into_inner().map_err(|error| bug(&error))?;
    String::from_utf8(bytes).map_err(|error| bug(&error))
}

/// A text that a spreadsheet would take for a formula, kept from being one: names come from other systems.
pub fn tame(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}
