//! Hours of a shift as moments: when a contract begins and ends.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousZoned, TimeZone};
use jiff::{ToSpan, Zoned};

use crate::config::ContractTimes;
use crate::shift::Hours;

/// How hours become moments.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    /// The zone in which the roster is made.
    pub(crate) zone: TimeZone,
    /// How they are written.
    pub(crate) style: ContractTimes,
}

impl Moments {
    /// When a shift of this day begins and ends, in RFC 3339.
    ///
    /// Where the clock is put forward or back, the start is the earlier and the end the later of the moments that the
    /// time may mean. `None` where the calendar ends.
    pub(crate) fn of(&self, day: Date, hours: Hours) -> Option<(String, String)> {
        let (start, end) = (local(day, hours.start)?, local(day, hours.end)?);
        match self.style {
            ContractTimes::LegacyUtc => Some((format!("{start}Z"), format!("{end}Z"))),
            ContractTimes::Zoned => {
                let start = self.meant(start).earlier().ok()?;
                let end = self.meant(end).later().ok()?;
                Some((written(&start), written(&end)))
            }
        }
    }

    fn meant(&self, local: DateTime) -> AmbiguousZoned {
        self.zone.to_ambiguous_zoned(local)
    }
}

fn local(day: Date, minutes: u16) -> Option<DateTime> {
    day.to_datetime(jiff::civil::Time::midnight()).checked_add(i64::from(minutes).minutes()).ok()
}

fn written(moment: &Zoned) -> String {
    moment.timestamp().display_with_offset(moment.offset()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn moments(zone: &str, style: ContractTimes) -> Moments {
        Moments { zone: TimeZone::get(zone).unwrap(), style }
    }

    fn amsterdam(day: Date, name: &str) -> (String, String) {
        moments("Europe/Amsterdam", ContractTimes::Zoned).of(day, Hours::parse(name).unwrap()).unwrap()
    }

    fn legacy(day: Date, name: &str) -> (String, String) {
        moments("Europe/Amsterdam", ContractTimes::LegacyUtc).of(day, Hours::parse(name).unwrap()).unwrap()
    }

    fn pair(start: &str, end: &str) -> (String, String) {
        (start.to_owned(), end.to_owned())
    }

    #[test]
    fn s1_a_night_shift_ends_on_the_next_day() {
        let day = date(2026, 6, 1);
        assert_eq!(amsterdam(day, "22:30-07:00"), pair("2026-06-01T22:30:00+02:00", "2026-06-02T07:00:00+02:00"));
        assert_eq!(legacy(day, "22:30-07:00"), pair("2026-06-01T22:30:00Z", "2026-06-02T07:00:00Z"));
        assert_eq!(amsterdam(date(2026, 12, 31), "2230-0700").1, "2027-01-01T07:00:00+01:00");
    }

    #[test]
    fn s2_a_time_has_the_offset_of_the_zone_unless_the_old_form_is_asked_for() {
        let day = date(2026, 6, 1);
        assert_eq!(amsterdam(day, "07:00-15:30"), pair("2026-06-01T07:00:00+02:00", "2026-06-01T15:30:00+02:00"));
        assert_eq!(
            amsterdam(date(2026, 1, 5), "07:00-24:00"),
            pair("2026-01-05T07:00:00+01:00", "2026-01-06T00:00:00+01:00")
        );
        assert_eq!(legacy(day, "07:00-15:30"), pair("2026-06-01T07:00:00Z", "2026-06-01T15:30:00Z"));
        let utc = moments("UTC", ContractTimes::Zoned).of(day, Hours::WHOLE_DAY).unwrap();
        assert_eq!(utc, pair("2026-06-01T00:00:00+00:00", "2026-06-02T00:00:00+00:00"));
    }

    #[test]
    fn an_hour_that_does_not_exist_never_shortens_a_shift() {
        let gap = date(2026, 3, 29);
        assert_eq!(amsterdam(gap, "02:30-10:00"), pair("2026-03-29T01:30:00+01:00", "2026-03-29T10:00:00+02:00"));
        assert_eq!(
            amsterdam(date(2026, 3, 28), "22:00-02:30"),
            pair("2026-03-28T22:00:00+01:00", "2026-03-29T03:30:00+02:00")
        );
        assert_eq!(amsterdam(gap, "02:15-02:45"), pair("2026-03-29T01:15:00+01:00", "2026-03-29T03:45:00+02:00"));
    }

    #[test]
    fn an_hour_that_comes_twice_never_shortens_a_shift() {
        let fold = date(2026, 10, 25);
        assert_eq!(amsterdam(fold, "02:30-10:00"), pair("2026-10-25T02:30:00+02:00", "2026-10-25T10:00:00+01:00"));
        assert_eq!(
            amsterdam(date(2026, 10, 24), "22:00-02:30"),
            pair("2026-10-24T22:00:00+02:00", "2026-10-25T02:30:00+01:00")
        );
    }

    #[test]
    fn s3_the_old_form_of_an_unknown_shift_has_no_length() {
        let zero = moments("Europe/Amsterdam", ContractTimes::LegacyUtc).of(date(2026, 6, 1), Hours::ZERO).unwrap();
        assert_eq!(zero, pair("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z"));
    }

    #[test]
    fn beyond_the_calendar_there_is_no_moment() {
        assert_eq!(moments("Europe/Amsterdam", ContractTimes::Zoned).of(Date::MAX, Hours::WHOLE_DAY), None);
    }

    proptest! {
        #[test]
        fn every_shift_ends_after_it_begins(
            year in 1940_i16..2200, day in 0_i64..366, start in 0_u16..=1440, end in 0_u16..=1440, colon: bool,
            zone in prop::sample::select(vec!["Europe/Amsterdam", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
            legacy: bool,
        ) {
            let day = date(year, 1, 1).saturating_add(day.days());
            let clock = |m: u16| format!("{:02}{}{:02}", m / 60, if colon { ":" } else { "" }, m % 60);
            let hours = Hours::parse(&format!("{}-{} dienst", clock(start), clock(end))).unwrap();
            let style = if legacy { ContractTimes::LegacyUtc } else { ContractTimes::Zoned };
            let (from, to) = moments(zone, style).of(day, hours).unwrap();
            let (from, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
            prop_assert!(to > from, "{from} {to}");
        }

        #[test]
        fn access_is_never_shorter_than_the_hours_on_the_wall(day in 0_i64..3650, start in 0_u16..1440, end in 0_u16..=1440) {
            let day = date(2020, 1, 1).saturating_add(day.days());
            let hours = Hours::parse(&format!("{:02}{:02}-{:02}{:02}", start / 60, start % 60, end / 60, end % 60)).unwrap();
            let (from, to) = moments("Europe/Amsterdam", ContractTimes::Zoned).of(day, hours).unwrap();
            let (from, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
            // The night in which the clock is put forward has an hour less on it.
            let wall = i64::from(hours.end - hours.start) - 60;
            prop_assert!(to.duration_since(from).as_mins() >= wall);
        }
    }
}
