//! The window of a rule around a contract.

use jiff::tz::TimeZone;

use crate::config::Margin;
use crate::snapshot::moment::{Bounds, EVER, NEVER, days_after, days_before};

const DAY: i64 = 24 * 60 * 60;

/// Days of the calendar differ from days of 24 hours by less than this.
const SLACK: i64 = 2 * DAY;

/// How long before a contract a rule begins to match, and how long after it it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) before: Margin,
    pub(crate) after: Margin,
}

impl Window {
    /// The second with which it opens.
    pub(crate) fn opens(self, contract: Bounds, zone: &TimeZone) -> i64 {
        match self.before {
            _ if matches!(contract.start, EVER | NEVER) => contract.start,
            Margin::Time(time) => contract.start.saturating_sub(time.as_secs()),
            Margin::Days(0) => contract.start,
            Margin::Days(days) => days_before(contract.start, days, zone),
        }
    }

    /// The first second after it.
    pub(crate) fn closes(self, contract: Bounds, zone: &TimeZone) -> i64 {
        match self.after {
            _ if matches!(contract.end, EVER | NEVER) => contract.end,
            Margin::Time(time) => contract.end.saturating_add(time.as_secs()),
            Margin::Days(0) => contract.end,
            Margin::Days(days) => days_after(contract.end, days, zone),
        }
    }

    /// Is it open in this second? The calendar is asked only where the moment is near.
    pub(crate) fn holds(self, contract: Bounds, at: i64, zone: &TimeZone) -> bool {
        let begun = match near_start(self.before, contract.start) {
            Some((_, last)) if at >= last => true,
            Some((first, _)) if at < first => false,
            _ => self.opens(contract, zone) <= at,
        };
        begun
            && match near_end(self.after, contract.end) {
                Some((first, _)) if at < first => true,
                Some((_, last)) if at >= last => false,
                _ => at < self.closes(contract, zone),
            }
    }

    /// The first of its two edges after a second and before another. The calendar is asked only for those that may be.
    pub(crate) fn next_edge(self, contract: Bounds, after: i64, before: i64, zone: &TimeZone) -> Option<i64> {
        let may_be = |near: Option<(i64, i64)>| near.is_none_or(|(first, last)| last > after && first < before);
        let opens = may_be(near_start(self.before, contract.start)).then(|| self.opens(contract, zone));
        let closes = may_be(near_end(self.after, contract.end)).then(|| self.closes(contract, zone));
        [opens, closes].into_iter().flatten().filter(|edge| *edge > after && *edge < before).min()
    }
}

/// From when until when it may open, where days of the calendar decide.
fn near_start(margin: Margin, start: i64) -> Option<(i64, i64)> {
    let Margin::Days(days) = margin else { return None };
    near(start.saturating_sub(i64::from(days) * DAY), start)
}

fn near_end(margin: Margin, end: i64) -> Option<(i64, i64)> {
    let Margin::Days(days) = margin else { return None };
    near(end.saturating_add(i64::from(days) * DAY), end)
}

fn near(at: i64, edge: i64) -> Option<(i64, i64)> {
    (!matches!(edge, EVER | NEVER)).then_some((at.saturating_sub(SLACK), at.saturating_add(SLACK)))
}
