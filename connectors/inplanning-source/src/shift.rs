//! The hours of a shift, which stand only in the name of the shift.

use std::fmt;

/// Minutes in a day; midnight at the end of a day.
const DAY: u16 = 24 * 60;

/// From when to when, in minutes since the midnight with which the day of the roster begins.
///
/// The end may lie on the next day: a night shift ends at more than 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    /// When it begins: 0 to 1440.
    pub(crate) start: u16,
    /// When it ends; later than the start, but for [`Hours::ZERO`].
    pub(crate) end: u16,
}

impl Hours {
    /// The whole day.
    pub(crate) const WHOLE_DAY: Self = Self { start: 0, end: DAY };
    /// No time at all, at the midnight with which the day begins.
    pub(crate) const ZERO: Self = Self { start: 0, end: 0 };

    /// Reads `07:00-15:30 Early` and `0700-1530 Early`; whatever follows is a name.
    ///
    /// Hours go from 00 to 24, and 24 has no minutes. An end that is not after the start is on the next day.
    /// `None` where the name begins otherwise.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        let (start, end) = if name.get(2) == Some(&b':') {
            let (start, end) = (name.get(..5)?, name.get(6..11)?);
            (name.get(5) == Some(&b'-') && start[2] == b':' && end[2] == b':')
                .then_some(([&start[..2], &start[3..]], [&end[..2], &end[3..]]))?
        } else {
            let (start, end) = (name.get(..4)?, name.get(5..9)?);
            (name.get(4) == Some(&b'-')).then_some(([&start[..2], &start[2..]], [&end[..2], &end[2..]]))?
        };
        let (start, mut end) = (minutes(start)?, minutes(end)?);
        if end <= start {
            end += DAY;
        }
        Some(Self { start, end })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.end > DAY { self.end - DAY } else { self.end };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.start / 60, self.start % 60, end / 60, end % 60)
    }
}

/// Minutes since midnight.
fn minutes([hours, minutes]: [&[u8]; 2]) -> Option<u16> {
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY).then_some(total)
}

fn two_digits(text: &[u8]) -> Option<u16> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The hours of a name; `1530` is half past three.
    fn is(name: &str, start: u16, end: u16) {
        let hours = Hours { start: start / 100 * 60 + start % 100, end: end / 100 * 60 + end % 100 };
        assert_eq!(Hours::parse(name), Some(hours), "{name}");
    }

    #[test]
    fn both_forms_are_read_and_the_rest_is_a_name() {
        is("07:00-15:30 Vroeg", 700, 1530);
        is("07:00-15:30", 700, 1530);
        is("0700-1530 Vroeg", 700, 1530);
        is("0700-1530", 700, 1530);
        is("07:00-15:30é", 700, 1530);
    }

    #[test]
    fn s1_an_end_that_is_not_after_the_start_is_on_the_next_day() {
        is("22:30-07:00", 2230, 3100);
        is("0000-0000", 0, 2400);
        is("07:00-07:00", 700, 3100);
    }

    #[test]
    fn midnight_may_be_written_as_24_hours() {
        is("16:00-24:00", 1600, 2400);
        is("1600-2400", 1600, 2400);
        is("24:00-07:00", 2400, 3100);
    }

    #[test]
    fn hours_are_shown_as_they_are_written() {
        for (name, shown) in [
            ("0700-1530 X", "07:00-15:30"),
            ("22:30-07:00", "22:30-07:00"),
            ("16:00-24:00", "16:00-24:00"),
            ("0000-0000", "00:00-24:00"),
        ] {
            assert_eq!(Hours::parse(name).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn s3_other_names_are_unknown() {
        for name in [
            "",
            "Dag",
            "7:00-15:30",
            "07:00 - 15:30",
            " 07:00-15:30",
            "07:00-15",
            "07:0-15:30x",
            "25:00-07:00",
            "24:01-07:00",
            "07:60-15:30",
            "0700-2500",
            "0760-1530",
            "070-1530",
            "0700_1530",
            "07:00-1530 x",
            "0700-15:30",
            "٠٧:٠٠-١٥:٣٠",
            "07.00-15.30",
            "+7:00-15:30",
        ] {
            assert_eq!(Hours::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in ".{0,16}") {
            if let Some(hours) = Hours::parse(&name) {
                prop_assert!(hours.end > hours.start);
            }
        }
    }
}
