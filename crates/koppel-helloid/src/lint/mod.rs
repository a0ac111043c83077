//! Checks of HelloID's own files, for the one who has to mend them.
//!
//! [`lint`] tells what is wrong with a configuration.json, a fieldMapping.json or a mapping.json before HelloID, or an
//! account, shows it. Each finding carries the short name of its check ([`CHECKS`]); `docs/lint.md` has an example of
//! each and says what to do.

mod chains;
mod form;
mod person;
mod roots;
mod script;
mod source;
mod syntax;
mod target;

use crate::file::FileContent;
use crate::finding::{Finding, Read, Severity};

/// The short names of all checks.
pub const CHECKS: [&str; 34] = [
    "account-missing",
    "array-fixed",
    "empty-file",
    "external-id",
    "field-script",
    "file",
    "fixed-script",
    "form-default",
    "form-key",
    "form-label",
    "form-options",
    "form-place",
    "form-secret",
    "form-size",
    "form-type",
    "key-twice",
    "list-path",
    "mapped-twice",
    "name",
    "name-convention",
    "name-twice",
    "no-action",
    "no-value",
    "random-update",
    "script-size",
    "script-syntax",
    "script-value",
    "source-name",
    "too-many-fields",
    "too-many-findings",
    "unknown-key",
    "unknown-path",
    "value-malformed",
    "wrong-case",
];

/// So many findings are listed of a file.
const MOST_FINDINGS: usize = 1_000;

/// Everything there is to say about a file of HelloID, in the order of its lines. Which file it is, it finds out itself.
///
/// ```
/// let file = br#"{"Version": "v1", "MappingFields": [{"Name": "mail", "Description": "", "Type": "Text", "MappingActions": [
///     {"MapForActions": ["Create"], "MappingMode": "Field", "Value": "\"Person.contact.Business.Email\"",
///      "UsedInNotifications": false, "StoreInAccountData": false}]}], "UniqueFieldNames": []}"#;
/// let findings = koppel_helloid::lint::lint(file);
/// assert_eq!((findings.len(), findings[0].line, findings[0].code), (1, 2, "wrong-case"));
/// assert!(findings[0].message.contains("Person.Contact.Business.Email"));
/// ```
pub fn lint(bytes: &[u8]) -> Vec<Finding> {
    let Read { value, findings } = FileContent::read(bytes);
    let mut notes = Notes::default();
    for finding in findings {
        notes.add(of_reader(finding));
    }
    match &value {
        Some(FileContent::Form(text)) => form::check(&mut notes, text),
        Some(FileContent::FieldMapping(mapping)) => target::check(&mut notes, mapping),
        Some(FileContent::SourceMapping(mapping)) => source::check(&mut notes, mapping),
        Some(FileContent::Empty) | None => {}
    }
    notes.finish()
}

/// A reader goes on where it can. A value that HelloID cannot have meant is an error all the same.
fn of_reader(mut finding: Finding) -> Finding {
    if finding.code.is_empty() {
        finding.code = "file";
    }
    if finding.code == "value-malformed" {
        finding.severity = Severity::Error;
    }
    finding
}

/// The findings so far.
#[derive(Debug, Default)]
struct Notes {
    findings: Vec<Finding>,
    more: bool,
}

impl Notes {
    fn add(&mut self, finding: Finding) {
        if self.is_full() {
            self.more = true;
        } else if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Is there no place for more? Then it need not be looked for.
    fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    fn error(&mut self, code: &'static str, line: usize, field: &str, message: impl Into<String>) {
        self.add(Finding::error(line, field, message).coded(code));
    }

    fn warning(&mut self, code: &'static str, line: usize, field: &str, message: impl Into<String>) {
        self.add(Finding::warning(line, field, message).coded(code));
    }

    fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.line);
        if self.more {
            let message = format!("there are more than {MOST_FINDINGS} findings; mend these first and look again");
            self.findings.push(Finding::error(0, "", message).coded("too-many-findings"));
        }
        self.findings
    }
}
