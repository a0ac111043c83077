//! Why the program ends with another code than 0.

use std::io;

use koppel::{Error, ErrorKind};

/// Why the program ends with another code than 0, and what it says on stderr.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 1: the action failed; 2: wrong usage or unreadable input.
    pub(crate) code: u8,
    /// What went wrong; empty where it was said already.
    pub(crate) message: String,
    /// What would help.
    pub(crate) hint: Option<String>,
    /// For the log, with `-v`.
    pub(crate) detail: Option<String>,
    /// The group of the error, such as `auth`.
    pub(crate) kind: Option<&'static str>,
}

impl Failure {
    /// Wrong usage or unreadable input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into(), hint: None, detail: None, kind: None }
    }

    /// The action failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None, detail: None, kind: None }
    }

    /// The code alone: the result document says the rest.
    pub(crate) fn code(code: u8) -> Self {
        Self { code, message: String::new(), hint: None, detail: None, kind: None }
    }

    /// Stdout could not be written.
    #[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
    pub(crate) fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::code(1);
        }
        Self::failed(format!("cannot write to stdout: {error}"))
    }

    /// With something that would help.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// An error whose faults lie in a configuration, each led in by where that stands.
    pub(crate) fn of(error: &Error, place: &str) -> Self {
        let wrong_config = error.is(ErrorKind::Config) && !error.faults().is_empty();
        // Several faults of a file that a source reads are no fault of the configuration; they want a line each as well.
        let several = error.is(ErrorKind::Invalid) && error.faults().len() > 1;
        let message = if wrong_config || several {
            let place = if wrong_config { place } else { "" };
            let faults = error.faults().iter().map(|fault| fault.clone().below(place).to_string());
            faults.collect::<Vec<_>>().join("\n       ")
        } else {
            error.message().to_owned()
        };
        Self {
            code: if wrong_config { 2 } else { 1 },
            message,
            hint: error.hint().map(str::to_owned),
            detail: error.detail().map(str::to_owned),
            kind: Some(error.kind().name()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(&error, "")
    }
}
