//! What an answer that is not a success means.

use std::fmt;
use std::sync::Arc;

use koppel::Error;

use crate::answer::Answer;

/// What an answer that is not a success means.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The access token was refused. The client fetches another one and asks once more; then it is an `Auth` error.
    TokenRefused,
    /// This error. `Transient` and `RateLimited` are tried again where that is safe, all others are final.
    Error(Error),
}

impl Verdict {
    /// The verdict of the kit: 401 means that the token was refused, all else is [`Answer::error`].
    pub fn of(answer: &Answer) -> Self {
        if answer.status() == 401 { Self::TokenRefused } else { Self::Error(answer.error()) }
    }
}

/// How a connector reads the errors of its system.
#[derive(Clone)]
pub(crate) struct Classify {
    /// What an answer that is no success means.
    pub(crate) read: Arc<dyn Fn(&Answer) -> Verdict + Send + Sync>,
    /// Is an answer with a 2xx status no success all the same?
    pub(crate) disguised: fn(&Answer) -> bool,
}

impl Default for Classify {
    fn default() -> Self {
        Self { read: Arc::new(Verdict::of), disguised: |_| false }
    }
}

impl fmt::Debug for Classify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Classify")
    }
}
