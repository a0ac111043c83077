//! What a reader has to say about a file: where, about which field, and how bad it is.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file works; a person should look at this place.
    Warning,
    /// The file, or this part of it, does not do what it says.
    Error,
}

/// One thing about a file that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The line of the file, from 1; 0 where it is about the file as a whole.
    pub line: usize,
    /// The field it is about; empty where it is about no field.
    pub field: String,
    /// What is wrong, and what would help.
    pub message: String,
    /// The short name of the check, such as `unknown-path`, which stays the same; empty where it has none.
    pub code: &'static str,
}

impl Finding {
    /// A part that does not do what it says.
    pub fn error(line: usize, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, line, field: field.into(), message: message.into(), code: "" }
    }

    /// A place to look at.
    pub fn warning(line: usize, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, line, field: field.into(), message: message.into(), code: "" }
    }

    /// The same, under the short name of a check.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Finding {
    /// `error: field [mail]: … [code]`; the line goes with the name of the file, which only the caller knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: ")?;
        if !self.field.is_empty() {
            write!(f, "field [{}]: ", self.field)?;
        }
        f.write_str(&self.message)?;
        if !self.code.is_empty() {
            write!(f, " [{}]", self.code)?;
        }
        Ok(())
    }
}

/// What came of reading a file: as much as could be understood, and everything there is to say about it.
#[derive(Debug, Clone)]
pub struct Read<T> {
    /// The content; `None` where nothing could be made of it.
    pub value: Option<T>,
    /// What is to be said, in the order of the file.
    pub findings: Vec<Finding>,
}

impl<T> Read<T> {
    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }
}
