//! Errors, grouped by what to do next.

use std::fmt;
use std::time::Duration;

use crate::config::Fault;

/// The result of everything in the SDK that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an administrator, or the SDK, has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong: correct it; repeating does not help.
    Config,
    /// The system refused the credentials: correct them.
    Auth,
    /// The credentials are good, but may not do this: ask for the right.
    Denied,
    /// The object does not exist in the system.
    NotFound,
    /// The object exists already, or more than one matches.
    Conflict,
    /// The system, or the SDK before it, refused a value; [`Error::faults`] names the fields.
    Invalid,
    /// The system asks for patience; [`Error::retry_after`] says how long.
    RateLimited,
    /// A passing failure; nothing was changed. Repeating later may help.
    Transient,
    /// The request may or may not have been carried out: read the system before repeating it.
    Ambiguous,
    /// The system answered something that its API does not allow.
    Protocol,
    /// The run was cancelled before this was done.
    Cancelled,
    /// A dry run held back the request that would have changed something. Not a failure: the SDK turns it into a plan.
    DryRun,
    /// A mistake in Koppel or in the connector: report it.
    Bug,
}

impl ErrorKind {
    /// The name in documents and logs, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::RateLimited => "rate-limited",
            Self::Transient => "transient",
            Self::Ambiguous => "ambiguous",
            Self::Protocol => "protocol",
            Self::Cancelled => "cancelled",
            Self::DryRun => "dry-run",
            Self::Bug => "bug",
        }
    }
}

/// An error: a message for the person who reads the audit log, and a detail for the log.
///
/// Neither may hold a secret; the writers of the SDK scrub them once more by value.
///
/// ```
/// use koppel::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Denied, "IPassan refused to read site 7f0c: Access Denied")
///     .with_hint("check siteId: a wrong site id is answered in the same way")
///     .with_detail("GET /api/v1/access/site/7f0c/person: HTTP 403");
/// assert_eq!(error.kind(), ErrorKind::Denied);
/// assert_eq!(
///     error.to_string(),
///     "IPassan refused to read site 7f0c: Access Denied (check siteId: a wrong site id is answered in the same way)",
/// );
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    detail: Option<String>,
    faults: Vec<Fault>,
    retry_after: Option<Duration>,
    attempts: u32,
}

impl Error {
    /// An error of a kind, with the message for a person.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            detail: None,
            faults: Vec::new(),
            retry_after: None,
            attempts: 1,
        }))
    }

    /// A mistake in the program.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
    }

    /// A value that was refused, by the name of its field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault::new(field, message);
        Self::new(ErrorKind::Invalid, fault.to_string()).with_faults(vec![fault])
    }

    /// Wrong configuration: all faults at once.
    pub fn config(faults: Vec<Fault>) -> Self {
        let message = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self::new(ErrorKind::Config, message).with_faults(faults)
    }

    /// Adds what would help.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what only the log needs: the request, the status, the answer.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names the fields, or the places in a configuration, that are at fault.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// How long the system asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// How often it was tried in all. More than once means that no outer layer should try again at once.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The same error, its message led in by what was being done: `could not read the users: …`.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.0.message = format!("{doing}: {}", self.0.message);
        self
    }

    /// The same error as another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// What to do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message for a person, without the hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What would help, if anything is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The detail for the log.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The fields or places at fault; empty where the error is about none in particular.
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// How long the system asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often it was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Is it of this kind?
    pub fn is(&self, kind: ErrorKind) -> bool {
        self.0.kind == kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(hint) = &self.0.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.0.kind.name())?;
        if let Some(detail) = &self.0.detail {
            write!(f, " [{detail}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
