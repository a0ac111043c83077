//! What goes wrong, and when.

mod engine;
mod parse;

use std::fmt;
use std::time::Duration;

pub(crate) use engine::{Call, FaultEngine};
pub use parse::FaultSpecError;

use crate::route::{Route, System};

/// The grammar of a fault specification, for a help text.
pub const FAULT_GRAMMAR: &str = "\
SPEC    = RULE { \",\" RULE }
RULE    = SYSTEM \":\" [ METHOD \" \" ] ROUTE \":\" KIND [ \"@\" N ] [ \"*\" [ N ] ] [ \"%\" P ]
SYSTEM  = inplanning | ipassan | *
METHOD  = GET | POST | PUT | DELETE | *            (any where it is left out)
ROUTE   = a name: token users user humanresources resourcegroups resourceroster grouproster (InPlanning),
          token base site person (IPassan; person is the list and the single person)
        | a path, InPlanning's below its base: /users, /users/{username}, /users/1001; with * at its end: /roster/*
        | *
KIND    = 400 to 599                  that status instead of the answer; nothing is carried out
        | STATUS(retry-after=N)       the same with a Retry-After header of N seconds
        | STATUS-after                the request is carried out, then that status
        | 401                         also kills the running tokens of the system
        | cut-before                  the connection is cut, nothing is carried out
        | cut-after                   the request is carried out, then the connection is cut without an answer
        | slow(MS)                    the request is carried out, the answer waits MS milliseconds
        | truncate                    half of the body under the length of the whole, then the connection is cut
        | html                        status 200 with an HTML page; nothing is carried out
        | cursor-repeat               IPassan's lists: next_cursor is the offset of the page itself
        | cursor-cycle                IPassan's lists, from the second page on: next_cursor goes back to 0
@N      = from the Nth matching request on (default 1)
*N      = fires N times (default 1); * alone: always
%P      = each time with a chance of P percent, drawn from the seed; without *N it fires always
The rules are tried in order; the first that fires decides.
Examples: inplanning:GET /users:503*2   ipassan:POST person:cut-after   *:*:429(retry-after=1)%5";

/// What goes wrong, and when: a list of rules, read from a text by [`str::parse`]. [`FAULT_GRAMMAR`] tells how it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults(Vec<Rule>);

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether nothing goes wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, rule) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "," }, rule.text)?;
        }
        Ok(())
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    text: String,
    system: Option<System>,
    method: Option<String>,
    route: RoutePattern,
    kind: Kind,
    from: u64,
    times: Option<u64>,
    chance: Option<f64>,
}

/// Which paths a rule is about.
#[derive(Debug, Clone, PartialEq)]
enum RoutePattern {
    Any,
    Name(String),
    Template(Route),
    Exact(String),
    Prefix(String),
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Status { code: u16, retry_after: Option<u32>, committed: bool },
    CutBefore,
    CutAfter,
    Slow(Duration),
    Truncate,
    Html,
    CursorRepeat,
    CursorCycle,
}
