//! The days that an import asks for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// From which day to which, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// The day it is in the zone of the roster.
    pub(crate) today: Date,
    /// The first day.
    pub(crate) start: Date,
    /// The last day.
    pub(crate) end: Date,
}

impl Window {
    /// So many days before and after the day that it is in this zone now.
    pub(crate) fn around(now: Timestamp, zone: &TimeZone, before: u16, after: u16) -> Self {
        let today = now.to_zoned(zone.clone()).date();
        Self {
            today,
            start: today.saturating_sub(i64::from(before).days()),
            end: today.saturating_add(i64::from(after).days()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn s18_today_is_the_day_in_the_zone_of_the_roster() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let late: Timestamp = "2026-06-01T22:30:00Z".parse().unwrap();
        let window = Window::around(late, &zone, 1, 2);
        assert_eq!(window.today, date(2026, 6, 2));
        assert_eq!((window.start, window.end), (date(2026, 6, 1), date(2026, 6, 4)));
        let window = Window::around(late, &TimeZone::UTC, 0, 0);
        assert_eq!((window.start, window.end), (date(2026, 6, 1), date(2026, 6, 1)));
    }

    #[test]
    fn a_day_is_a_day_also_when_the_clock_changes() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let window = Window::around("2026-03-29T22:30:00Z".parse().unwrap(), &zone, 1, 0);
        assert_eq!((window.start, window.end), (date(2026, 3, 29), date(2026, 3, 30)));
    }
}
