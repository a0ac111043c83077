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

impl Seen {
    /// Nobody of so many.
    pub(crate) fn nobody(of: usize) -> Self {
        Self { days: vec![None; of], differs: vec![false; of] }
    }

    /// Notes that the person at this place is named. Is it the first time?
    pub(crate) fn first(&mut self, place: usize, days: &[RosterDay]) -> bool {
        let now = digest(days);
        let (Some(before), Some(differs)) = (self.days.get_mut(place), self.differs.get_mut(place)) else {
            return false;
        };
        if let Some(before) = before {
            *differs |= *before != now;
            return false;
        }
        *before = Some(now);
        true
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
    fn only_the_first_time_counts() {
        let mut seen = Seen::nobody(3);
        let early = days(
            json!([{"rosterDate": "2026-06-01", "parts": [{"shift": {"uname": "0700-1530"}}]}, {"rosterDate": "2026-06-02"}]),
        );
        let same = days(json!([{"rosterDate": "2026-06-01", "parts": [{"shift": {"uname": "0700-1530"}}]}]));
        assert!(seen.first(0, &early) && !seen.first(0, &same) && seen.first(1, &[]));
        assert_eq!((seen.unnamed(), seen.differing()), (vec![2], 0));
        assert!(!seen.first(1, &early) && !seen.first(7, &early));
        assert_eq!((seen.unnamed(), seen.differing()), (vec![2], 1));
    }
}
