//! When a contract begins and ends.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Before every moment.
pub(crate) const EVER: i64 = i64::MIN;
/// After every moment.
pub(crate) const NEVER: i64 = i64::MAX;

/// From when until when, in seconds since 1970; the end is the first second that is not in it.
///
/// Whole seconds: a start is rounded down and an end up, so that access is never shorter than the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Bounds {
    /// All moments.
    pub(crate) const ALWAYS: Self = Self { start: EVER, end: NEVER };

    /// Does it hold this second?
    pub(crate) fn holds(self, at: i64) -> bool {
        self.start <= at && at < self.end
    }
}

/// Why no rule can match a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    /// The start is no date.
    Start,
    /// The end is no date.
    End,
    /// It ends before it begins.
    Turned(Bounds),
}

/// The bounds of a contract with these dates; without a start since ever, without an end for ever.
///
/// An end that is a day, or a midnight, includes that whole day: so HR systems mean it. A shift means the moment: where
/// the start has a time of day, a midnight is one.
pub(crate) fn bounds(start: Option<&str>, end: Option<&str>, zone: &TimeZone) -> Result<Bounds, Odd> {
    let start = start.map(|text| When::parse(text, zone).ok_or(Odd::Start)).transpose()?;
    let end = end.map(|text| When::parse(text, zone).ok_or(Odd::End)).transpose()?;
    let from = start.as_ref().map_or(EVER, |start| start.first.map_or(EVER, floor));
    let Some(end) = end else { return Ok(Bounds { start: from, end: NEVER }) };
    let is_shift = start.is_some_and(|start| start.civil.time() != Time::midnight());
    let whole_day = end.is_day || (end.civil.time() == Time::midnight() && !is_shift);
    let until = if whole_day {
        let next = end.civil.date().tomorrow().ok().map(|day| day.to_datetime(Time::midnight()));
        next.and_then(|next| last(next, zone)).map_or(NEVER, ceil)
    } else {
        end.last.map_or(NEVER, ceil)
    };
    let bounds = Bounds { start: from, end: until };
    // The day before the start, as HR writes what never began, is before it.
    let turned = if whole_day { until <= from } else { until < from };
    if turned { Err(Odd::Turned(bounds)) } else { Ok(bounds) }
}

/// A date as it stands in a contract.
struct When {
    civil: DateTime,
    is_day: bool,
    /// The moment, the earlier one where the clocks show the time twice or not at all; `None` beyond all years.
    first: Option<Timestamp>,
    /// The same, the later one.
    last: Option<Timestamp>,
}

impl When {
    /// `2026-05-31`, `2026-05-31T15:30:00` in the zone, or with an offset of its own.
    fn parse(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        if text.len() == 10 {
            let day: Date = text.parse().ok()?;
            return Some(Self { is_day: true, ..Self::of(day.to_datetime(Time::midnight()), zone) });
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            let civil = zone.to_datetime(instant);
            return Some(Self { civil, is_day: false, first: Some(instant), last: Some(instant) });
        }
        Some(Self::of(text.parse().ok()?, zone))
    }

    fn of(civil: DateTime, zone: &TimeZone) -> Self {
        Self { civil, is_day: false, first: first(civil, zone), last: last(civil, zone) }
    }
}

/// The moment at which the clocks show this time; the earlier one where they show it twice or not at all.
fn first(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(civil).earlier().ok()
}

/// The same, the later one.
fn last(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(civil).later().ok()
}

/// So many days of the calendar before a start.
pub(crate) fn days_before(start: i64, days: i32, zone: &TimeZone) -> i64 {
    let moved = civil(start, zone).and_then(|at| at.checked_sub(jiff::Span::new().try_days(days).ok()?).ok());
    moved.and_then(|at| first(at, zone)).map_or(EVER, floor)
}

/// So many days of the calendar after an end.
pub(crate) fn days_after(end: i64, days: i32, zone: &TimeZone) -> i64 {
    let moved = civil(end, zone).and_then(|at| at.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
    moved.and_then(|at| last(at, zone)).map_or(NEVER, ceil)
}

fn civil(at: i64, zone: &TimeZone) -> Option<DateTime> {
    Timestamp::from_second(at).ok().map(|at| zone.to_datetime(at))
}

/// The second in which a moment lies.
pub(crate) fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

fn ceil(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

/// The moment of a second; `None` for those that are [`EVER`] or [`NEVER`].
pub(crate) fn moment(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").unwrap()
    }

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_contract_has_the_bounds_that_a_calendar_gives_it() {
        for (start, end, from, until) in [
            // Days of HR, winter and summer.
            ("2026-01-05", "2026-05-31", "2026-01-04T23:00:00Z", "2026-05-31T22:00:00Z"),
            ("2026-01-05T00:00:00", "2026-05-31T00:00:00", "2026-01-04T23:00:00Z", "2026-05-31T22:00:00Z"),
            ("2026-01-04T23:00:00Z", "2026-05-30T22:00:00Z", "2026-01-04T23:00:00Z", "2026-05-31T22:00:00Z"),
            ("2026-06-01", "2026-06-01", "2026-05-31T22:00:00Z", "2026-06-01T22:00:00Z"),
            // The days of the switches have 23 and 25 hours.
            ("2026-03-29", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-10-25", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            // Shifts; one until midnight ends then.
            ("2026-06-01T07:00:00+02:00", "2026-06-01T15:30:00+02:00", "2026-06-01T05:00:00Z", "2026-06-01T13:30:00Z"),
            ("2026-06-01T16:00:00+02:00", "2026-06-02T00:00:00+02:00", "2026-06-01T14:00:00Z", "2026-06-01T22:00:00Z"),
            ("2026-06-01T22:00:00", "2026-06-02T07:00:00", "2026-06-01T20:00:00Z", "2026-06-02T05:00:00Z"),
            // Night shifts over the switches: 8 hours in spring, 10 in autumn.
            ("2026-03-28T22:00:00", "2026-03-29T07:00:00", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),
            ("2026-10-24T22:00:00", "2026-10-25T07:00:00", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),
            // A time that does not occur, and one that occurs twice.
            ("2026-03-29T02:30:00", "2026-03-29T10:00:00", "2026-03-29T00:30:00Z", "2026-03-29T08:00:00Z"),
            ("2026-03-28T18:00:00", "2026-03-29T02:30:00", "2026-03-28T17:00:00Z", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T10:00:00", "2026-10-25T00:30:00Z", "2026-10-25T09:00:00Z"),
            ("2026-10-24T18:00:00", "2026-10-25T02:30:00", "2026-10-24T16:00:00Z", "2026-10-25T01:30:00Z"),
            // Parts of a second count as the whole one.
            ("2026-06-01T07:00:00.5Z", "2026-06-01T08:59:59.999Z", "2026-06-01T07:00:00Z", "2026-06-01T09:00:00Z"),
            ("1969-12-31T23:59:58.5Z", "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:58Z", "1970-01-01T00:00:00Z"),
        ] {
            let expected = Bounds { start: second(from), end: second(until) };
            assert_eq!(bounds(Some(start), Some(end), &zone()), Ok(expected), "{start} to {end}");
        }
    }

    #[test]
    fn what_is_missing_is_without_bounds_and_so_is_the_end_of_all_years() {
        assert_eq!(bounds(None, None, &zone()), Ok(Bounds::ALWAYS));
        assert_eq!(bounds(None, Some("9999-12-31"), &zone()), Ok(Bounds::ALWAYS));
        let day = Bounds { start: EVER, end: second("2026-06-01T22:00:00Z") };
        assert_eq!(bounds(None, Some("2026-06-01T00:00:00"), &zone()), Ok(day));
    }

    #[test]
    fn what_is_no_date_is_told_apart_and_so_is_an_end_before_the_start() {
        let of = |start: &str, end: &str| bounds(Some(start), Some(end), &zone());
        assert_eq!(of("01-06-2026", "2026-06-01"), Err(Odd::Start));
        assert_eq!(of("2026-06-01", "soon"), Err(Odd::End));
        let midnight = second("2026-06-01T22:00:00Z");
        let never_began = Bounds { start: midnight, end: midnight };
        assert_eq!(of("2026-06-02", "2026-06-01"), Err(Odd::Turned(never_began)));
        let (nine, ten) = (second("2026-06-02T07:00:00Z"), second("2026-06-02T08:00:00Z"));
        let turned = Bounds { start: ten, end: nine };
        assert_eq!(of("2026-06-02T10:00:00", "2026-06-02T09:00:00"), Err(Odd::Turned(turned)));
        let no_time = Bounds { start: ten, end: ten };
        assert_eq!(of("2026-06-02T10:00:00", "2026-06-02T10:00:00"), Ok(no_time));
    }

    #[test]
    fn days_are_counted_on_the_calendar_over_both_switches() {
        for (at, days, before, after) in [
            ("2026-03-29T05:00:00Z", 1, "2026-03-28T06:00:00Z", "2026-03-30T05:00:00Z"),
            ("2026-04-05T22:00:00Z", 14, "2026-03-22T23:00:00Z", "2026-04-19T22:00:00Z"),
            ("2026-10-25T06:00:00Z", 1, "2026-10-24T05:00:00Z", "2026-10-26T06:00:00Z"),
            ("2026-10-20T22:00:00Z", 14, "2026-10-06T22:00:00Z", "2026-11-03T23:00:00Z"),
            // The day in question has no half past two, or two of them.
            ("2026-03-30T00:30:00Z", 1, "2026-03-29T00:30:00Z", "2026-03-31T00:30:00Z"),
            ("2026-03-28T01:30:00Z", 1, "2026-03-27T01:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-10-24T00:30:00Z", 1, "2026-10-23T00:30:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-26T01:30:00Z", 1, "2026-10-25T00:30:00Z", "2026-10-27T01:30:00Z"),
        ] {
            let at = second(at);
            assert_eq!(days_before(at, days, &zone()), second(before), "{before}");
            assert_eq!(days_after(at, days, &zone()), second(after), "{after}");
        }
        assert_eq!((days_before(EVER, 3, &zone()), days_after(NEVER, 3, &zone())), (EVER, NEVER));
    }
}
