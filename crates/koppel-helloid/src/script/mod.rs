//! Complex mappings: scripts, and the engine that runs them.

mod argument;
pub(crate) mod bigint;
mod guard;
mod outcome;
mod plan;
mod quickjs;
mod random;
mod realm;
pub(crate) mod tokens;
mod zone;

use std::fmt;

pub(crate) use outcome::one_line;
pub use quickjs::{QuickJs, Settings};
pub use random::{Random, SystemRandom};
pub(crate) use realm::context;

use serde_json::Value;

/// What a script can see. Each script gets a copy of its own: nothing that it changes reaches another one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// `Person`: the person of a target mapping. `Details.BirthDate` and every `StartDate` and `EndDate` are dates; a
    /// system that is missing in `Accounts` acts as an empty object.
    pub person: Option<&'a Value>,
    /// `Manager`: the person's manager; null where there is none.
    pub manager: Option<&'a Value>,
    /// `Iteration`: how often a value was taken already, from 0.
    pub iteration: Option<u32>,
    /// `source`: the raw person of a source mapping.
    pub source: Option<&'a Value>,
    /// `sourceContract`: the raw contract of a source mapping.
    pub source_contract: Option<&'a Value>,
}

/// Why a script gave no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptErrorKind {
    /// It is not JavaScript.
    Syntax,
    /// It threw.
    Thrown,
    /// It ran too long.
    TimedOut,
    /// It took too much memory.
    OutOfMemory,
    /// It called itself too deeply.
    TooDeep,
    /// What it gave is no value that JSON knows, or is too large.
    BadResult,
    /// The engine itself failed.
    Engine,
}

/// Why a script gave no value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The group it belongs to.
    pub kind: ScriptErrorKind,
    /// What went wrong, such as `TypeError: cannot read property 'mail' of undefined`.
    pub message: String,
    /// The line of the script, from 1, where it is known.
    pub line: Option<u32>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.line {
            Some(line) => write!(f, " (line {line} of the script)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ScriptError {}

/// Runs scripts.
///
/// # Behaviour
/// - The value of a script is that of its last statement, as `eval` gives it; undefined is null, a date is ISO 8601 text.
/// - Every evaluation is on its own: nothing is left of it for the next one.
/// - Time and memory are bounded; what runs away is an error.
pub trait Engine: fmt::Debug {
    /// Runs one script.
    ///
    /// # Errors
    /// Says why there is no value.
    fn evaluate(&mut self, script: &str, scope: &Scope<'_>) -> Result<Value, ScriptError>;
}
