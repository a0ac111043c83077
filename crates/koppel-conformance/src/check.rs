//! What a check is, and what it comes to.

use futures_util::future::BoxFuture;
use koppel::Kind;
use serde::Serialize;

use crate::bench::Bench;
use crate::proxy::Shown;

/// One thing that a connector must do.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its id, which does not change: `account.create.correlates`.
    pub id: &'static str,
    /// What must hold, in one sentence.
    pub title: &'static str,
    /// Why it matters.
    pub rationale: &'static str,
    /// For sources or targets; `None` for both.
    pub kind: Option<Kind>,
    /// The capabilities that it needs.
    pub needs: &'static [&'static str],
    /// Does it change data in the system?
    pub changes: bool,
    /// The check itself.
    pub run: for<'a> fn(&'a Bench<'a>) -> BoxFuture<'a, Outcome>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a check comes to, in the words of the one who writes it.
pub type Outcome = Result<(), Stop>;

/// Why a check does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It does not hold.
    Fail {
        /// What was expected.
        expected: String,
        /// What came.
        came: String,
    },
    /// It could not be found out.
    Skip(String),
    /// It does not apply to this connector.
    NotApplicable(String),
}

impl Stop {
    /// It does not hold.
    pub fn fail(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self::Fail { expected: expected.into(), came: came.into() }
    }
}

/// Fails unless it holds.
pub(crate) fn ensure(holds: bool, expected: &str, came: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Stop::fail(expected, came())) }
}

/// What is reported of one check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The check.
    pub id: &'static str,
    /// What it says.
    pub title: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub result: Ruling,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What it left behind in the system and could not remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_behind: Vec<String>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Ruling {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail {
        /// What was expected.
        expected: String,
        /// What came.
        came: String,
        /// The requests in between.
        exchanges: Vec<Shown>,
    },
    /// It does not hold, and somebody said why that is accepted.
    Waived {
        /// Why.
        reason: String,
        /// What was expected.
        expected: String,
        /// What came.
        came: String,
    },
    /// It could not be found out.
    Skip {
        /// Why.
        reason: String,
    },
    /// It does not apply to this connector.
    NotApplicable {
        /// Why.
        reason: String,
    },
}

impl Ruling {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail { .. } => "fail",
            Self::Waived { .. } => "waived",
            Self::Skip { .. } => "skip",
            Self::NotApplicable { .. } => "not applicable",
        }
    }
}
