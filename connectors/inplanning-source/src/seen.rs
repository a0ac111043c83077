//! Who was named by a group's roster.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;

use inplanning_api::{RosterDay, Shift};
use serde_json::Value;

/// Who was named by a group's roster, and with which days: a number each, whatever the length of the roster.
#[derive(Debug)]
pub(crate) struct Seen {
    days: Vec<Option<NonZeroU64>>,
    differs: Vec<bool>,
}

/// What it means that a person is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    /// For the first time?
    pub(crate) first: bool,
    /// With shifts, for the first time?
    pub(crate) to_give: bool,
}

impl Seen {
    /// Nobody of so many.
    pub(crate) fn nobody(of: usize) -> Self {
        Self { days: vec![None; of], differs: vec![false; of] }
    }

    /// Notes that the person at this place is named.
    pub(crate) fn note(&mut self, place: usize, days: &[RosterDay]) -> Named {
        let (now, nothing) = (digest(days), digest(&[]));
        let (Some(before), Some(differs)) = (self.days.get_mut(place), self.differs.get_mut(place)) else {
            return Named { first: false, to_give: false };
        };
        let first = before.is_none();
        // One group may list the days of a person without the shifts that another group lists.
        if before.is_none_or(|before| before == nothing) {
            *before = Some(now);
            return Named { first, to_give: now != nothing };
        }
        *differs |= now != nothing && *before != Some(now);
        Named { first, to_give: false }
    }

    /// The places of those who were never named.
    pub(crate) fn unnamed(&self) -> Vec<usize> {
        self.days.iter().enumerate().filter(|(_, days)| days.is_none()).map(|(place, _)| place).collect()
    }

    /// How many were named twice with different shifts.
    pub(crate) fn differing(&self) -> usize {
        self.differs.iter().filter(|differs| **differs).count()
    }
}

/// A number for the shifts of these days. Days off say nothing: one group may list them and another not.
fn digest(days: &[RosterDay]) -> NonZeroU64 {
    let mut hasher = DefaultHasher::new();
    for day in days.iter().filter(|day| !day.parts.is_empty()) {
        (day.roster_date, day.absence.is_some(), day.parts.len()).hash(&mut hasher);
        for part in &day.parts {
            part.shift.as_ref().and_then(Shift::uname).hash(&mut hasher);
            part.group.as_ref().and_then(|group| group.get("uname")).and_then(Value::as_str).hash(&mut hasher);
        }
    }
    NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn days(value: Value) -> Vec<RosterDay> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_the_first_time_with_shifts_counts() {
        let mut seen = Seen::nobody(3);
        let first = |seen: &mut Seen, place, days: &[RosterDay]| seen.note(place, days).to_give;
        let early = days(
            json!([{"rosterDate": "2026-06-01", "parts": [{"shift": {"uname": "0700-1530"}}]}, {"rosterDate": "2026-06-02"}]),
        );
        let same = days(json!([{"rosterDate": "2026-06-01", "parts": [{"shift": {"uname": "0700-1530"}}]}]));
        let late = days(json!([{"rosterDate": "2026-06-01", "parts": [{"shift": {"uname": "1500-2300"}}]}]));
        assert!(
            first(&mut seen, 0, &early)
                && !first(&mut seen, 0, &same)
                && !first(&mut seen, 0, &[])
                && !first(&mut seen, 1, &[])
        );
        assert_eq!((seen.unnamed(), seen.differing()), (vec![2], 0));
        assert!(first(&mut seen, 1, &early) && !first(&mut seen, 7, &early));
        assert_eq!((seen.unnamed(), seen.differing()), (vec![2], 0));
        assert!(!first(&mut seen, 1, &late));
        assert_eq!(seen.differing(), 1);
    }
}
