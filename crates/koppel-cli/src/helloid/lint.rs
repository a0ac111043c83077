//! `koppel helloid lint`: what is wrong with HelloID's own files.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use koppel_helloid::Severity;
use koppel_helloid::lint;

use crate::failure::Failure;
use crate::io::{print_line, read_all};

/// Prints every finding of every file; a file that cannot be read does not keep the others from their report.
pub(crate) fn lint(files: &[PathBuf]) -> Result<(), Failure> {
    let (mut errors, mut warnings, mut unread) = (0, 0, 0);
    for path in files {
        let name = shown(&path.display().to_string());
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                unread += 1;
                print_line(&format!("{name}: error: {}", shown(&why)))?;
                continue;
            }
        };
        for finding in lint::lint(&bytes) {
            match finding.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            let line = if finding.line == 0 { String::new() } else { format!("{}:", finding.line) };
            print_line(&format!("{name}:{line} {}", shown(&finding.to_string())))?;
        }
    }
    let unreadable = if unread > 0 { format!("; {} could not be read", count(unread, "file")) } else { String::new() };
    let (errors_told, warnings_told) = (count(errors, "error"), count(warnings, "warning"));
    let summary = format!("{errors_told} and {warnings_told} in {}{unreadable}", count(files.len() - unread, "file"));
    // Stderr may be closed; there is nowhere left to say so.
    let _ = writeln!(std::io::stderr(), "{summary}");
    match (unread, errors) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::code(1)),
        _ => Err(Failure::code(2)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    if path.is_dir() {
        return Err("is a folder; name the files in it".to_owned());
    }
    let file = File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    read_all(file, "the file").map_err(|failure| failure.message)
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Text of a file, as it may be shown on a terminal: what could move the cursor or turn the writing is escaped.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
