//! What may go wrong on the way, planned before it happens.

use serde::Serialize;

use super::exchange::Sent;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 429 that names the seconds to wait. The system never sees the request.
    TooMany,
    /// 429 without a wait. The system never sees the request.
    TooManyUntold,
    /// 401 in the middle of a run: the token counts no longer. The system never sees the request.
    TokenGone,
    /// 503. The system never sees the request.
    Unavailable,
    /// The connection is cut before the system sees the request.
    CutBefore,
    /// The system carries the request out, and the connection is cut before its answer.
    CutAfter,
    /// The system carries the request out, and 502 comes in place of its answer.
    LostAnswer,
    /// The answer breaks off in the middle.
    Truncated,
    /// The answer comes in small pieces.
    Slow,
    /// A page for people comes in place of a document, with status 200. The system never sees the request.
    Html,
    /// An empty object comes in place of an answer, with status 200. The system never sees the request.
    Nothing,
    /// Each page of a list after the first is the first one again.
    RepeatedPage,
    /// The pages of a list lead in a circle of two.
    CyclicPages,
    /// The first attempt is lost, and the answer to the next has its lists the other way round.
    OtherOrder,
    /// The system carries the request out, and its answer is held back until it is released.
    Held,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::TooMany,
        Self::TooManyUntold,
        Self::TokenGone,
        Self::Unavailable,
        Self::CutBefore,
        Self::CutAfter,
        Self::LostAnswer,
        Self::Truncated,
        Self::Slow,
        Self::Html,
        Self::Nothing,
        Self::RepeatedPage,
        Self::CyclicPages,
        Self::OtherOrder,
        Self::Held,
    ];

    /// Its name in ids and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooMany => "too-many",
            Self::TooManyUntold => "too-many-untold",
            Self::TokenGone => "token-gone",
            Self::Unavailable => "unavailable",
            Self::CutBefore => "cut-before",
            Self::CutAfter => "cut-after",
            Self::LostAnswer => "lost-answer",
            Self::Truncated => "truncated",
            Self::Slow => "slow",
            Self::Html => "html",
            Self::Nothing => "nothing",
            Self::RepeatedPage => "repeated-page",
            Self::CyclicPages => "cyclic-pages",
            Self::OtherOrder => "other-order",
            Self::Held => "held",
        }
    }

    /// Does it last for every request that follows it on the same path?
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::RepeatedPage | Self::CyclicPages | Self::OtherOrder)
    }
}

/// Which requests a planned fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hits {
    /// Requests that could change something.
    Changes,
    /// Requests that read.
    Reads,
    /// All but those for a token.
    Any,
    /// Requests for a token.
    Token,
}

impl Hits {
    fn matches(self, sent: &Sent) -> bool {
        match self {
            Self::Changes => sent.changes(),
            Self::Reads => !sent.changes() && !sent.is_token(),
            Self::Any => !sent.is_token(),
            Self::Token => sent.is_token(),
        }
    }
}

/// One fault that is to happen: to the nth request of its kind, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// What goes wrong.
    pub fault: Fault,
    /// With which requests.
    pub hits: Hits,
    /// How many of them pass before.
    pub after: usize,
    /// How many in a row it hits.
    pub times: usize,
}

impl Planned {
    /// Once, on the first request of a kind.
    pub fn once(fault: Fault, hits: Hits) -> Self {
        Self { fault, hits, after: 0, times: 1 }
    }

    /// After so many requests of its kind have passed.
    #[must_use]
    pub fn after(mut self, passed: usize) -> Self {
        self.after = passed;
        self
    }

    /// On so many in a row.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

/// The plan of one check, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Schedule(Vec<Progress>);

#[derive(Debug)]
struct Progress {
    planned: Planned,
    seen: usize,
    fired: usize,
}

impl Schedule {
    pub(crate) fn new(planned: &[Planned]) -> Self {
        Self(planned.iter().map(|planned| Progress { planned: *planned, seen: 0, fired: 0 }).collect())
    }

    /// The fault for a request, if one is due.
    pub(crate) fn due(&mut self, sent: &Sent) -> Option<Fault> {
        let mut due = None;
        for progress in &mut self.0 {
            let Planned { fault, hits, after, times } = progress.planned;
            if !hits.matches(sent) {
                continue;
            }
            let hit = progress.seen >= after && progress.seen - after < times;
            progress.seen += 1;
            if hit && due.is_none() {
                progress.fired += 1;
                due = Some(fault);
            }
        }
        due
    }

    /// The planned faults that never happened.
    pub(crate) fn missed(&self) -> Vec<Planned> {
        self.0.iter().filter(|progress| progress.fired == 0).map(|progress| progress.planned).collect()
    }
}
