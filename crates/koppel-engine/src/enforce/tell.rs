//! What is told while actions are carried out.

use jiff::Timestamp;
use koppel::Error;
use serde::Serialize;

use crate::model::{Because, Verb};
use crate::plan::Plan;

/// Somebody who is told how it goes: the command line prints lines, a platform may count.
///
/// The calls come from the tasks at work; they should return soon.
pub trait Tell: Send + Sync {
    /// A plan was made and is about to be carried out.
    fn planned(&self, plan: &Plan) {
        let _ = plan;
    }
    /// An action was answered.
    fn done(&self, done: &Done) {
        let _ = done;
    }
    /// A pass is over; the next one begins at this moment, or earlier where another worker leaves something to do.
    fn waiting(&self, until: Timestamp, why: &str) {
        let _ = (until, why);
    }
    /// Something went wrong that does not end the run.
    fn trouble(&self, error: &Error) {
        let _ = error;
    }
}

/// Nobody.
impl Tell for () {}

/// An action that was answered.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// The moment that the action counts from.
    pub at: Timestamp,
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// The name of the person.
    pub name: String,
    /// What was done.
    pub action: Verb,
    /// The permission, for those that have one.
    pub permission: Option<String>,
    /// Why.
    pub because: Because,
    /// The fields that differed.
    pub fields: Vec<String>,
    /// Did it succeed?
    pub success: bool,
    /// What it came to, in one word; see [`koppel::lifecycle::Outcome`].
    pub outcome: String,
    /// What the system answered, in the words of the audit log.
    pub message: String,
    /// It failed, and is tried again in this pass.
    pub again: bool,
}

/// What a pass came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many actions succeeded.
    pub done: u64,
    /// How many failed for good in this pass.
    pub failed: u64,
    /// How many are needed and were not tried: by a threshold, or because what they depend on is not there.
    pub blocked: u64,
    /// What else keeps the pass from being whole: a source that could not be read, a worker that lost its lease.
    pub troubles: Vec<String>,
}

impl Summary {
    pub(crate) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.blocked += other.blocked;
        self.troubles.extend(other.troubles);
    }

    /// Is everything as it should be?
    pub fn is_whole(&self) -> bool {
        self.failed == 0 && self.blocked == 0 && self.troubles.is_empty()
    }
}
