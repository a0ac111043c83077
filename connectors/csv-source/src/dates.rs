//! Dates and times as exports write them.

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::config::Dates;

/// How dates are read.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// The order of day and month.
    pub(crate) dates: Dates,
    /// The zone of what names none.
    pub(crate) zone: TimeZone,
}

/// A date as it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    date: Date,
    time: Time,
    offset: Option<Offset>,
}

/// Which of the two moments of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Where a time is meant twice or not at all, the earlier moment.
    Start,
    /// The later moment; the year 9999 means that there is no end.
    End,
}

impl Calendar {
    /// The day, such as that of a birth.
    pub(crate) fn day(&self, text: &str) -> Result<Date, String> {
        let written = self.written(text)?;
        match written.offset {
            None => Ok(written.date),
            Some(offset) => {
                let moment = offset.to_timestamp(written.date.to_datetime(written.time)).map_err(|_| beyond(text))?;
                Ok(moment.to_zoned(self.zone.clone()).date())
            }
        }
    }

    /// The moment at which a contract starts or ends; `None` for an end that means that there is none.
    ///
    /// A date without a time is midnight. An end at midnight means that the whole day belongs to the contract; where the
    /// clocks skip midnight on that day, it is the day's last second, which means the same.
    pub(crate) fn moment(&self, text: &str, bound: Bound) -> Result<Option<Zoned>, String> {
        let written = self.written(text)?;
        if bound == Bound::End && written.date.year() == 9999 {
            return Ok(None);
        }
        let local = written.date.to_datetime(written.time);
        if let Some(offset) = written.offset {
            let moment = offset.to_timestamp(local).map_err(|_| beyond(text))?;
            return Ok(Some(moment.to_zoned(self.zone.clone())));
        }
        let meant = self.zone.to_ambiguous_zoned(local);
        let skipped = matches!(meant.offset(), AmbiguousOffset::Gap { .. });
        let found = match bound {
            Bound::Start => meant.earlier(),
            Bound::End if skipped && written.time == Time::midnight() => self.last_second(written.date),
            Bound::End => meant.later(),
        };
        found.map(Some).map_err(|_| beyond(text))
    }

    fn last_second(&self, date: Date) -> Result<Zoned, jiff::Error> {
        self.zone.to_ambiguous_zoned(date.at(23, 59, 59, 0)).later()
    }

    fn written(&self, text: &str) -> Result<Written, String> {
        let odd = || format!("[{}] is no date such as {}", crate::faults::shown(text), self.examples());
        let (day, time) = match text.find(|c: char| c == 'T' || c == 't' || c.is_whitespace()) {
            Some(at) => {
                (&text[..at], text[at..].trim_start_matches(|c: char| c == 'T' || c == 't' || c.is_whitespace()))
            }
            None => (text, ""),
        };
        let date = self.date(day).ok_or_else(odd)?;
        if time.is_empty() {
            return Ok(Written { date, time: Time::midnight(), offset: None });
        }
        let (clock, offset) = split_offset(time).ok_or_else(odd)?;
        let time = clock_of(clock).ok_or_else(odd)?;
        Ok(Written { date, time, offset })
    }

    fn date(&self, text: &str) -> Option<Date> {
        let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
        let (year, month, day) = match parts.as_slice() {
            [compact] if compact.len() == 8 && compact.is_ascii() => (&compact[..4], &compact[4..6], &compact[6..]),
            [year, month, day] if year.len() == 4 => (*year, *month, *day),
            [first, second, year] if year.len() == 4 => match self.dates {
                Dates::DayFirst => (*year, *second, *first),
                Dates::MonthFirst => (*year, *first, *second),
                Dates::Iso => return None,
            },
            _ => return None,
        };
        Date::new(number(year)?, number(month)?.try_into().ok()?, number(day)?.try_into().ok()?).ok()
    }

    fn examples(&self) -> &'static str {
        match self.dates {
            Dates::DayFirst => "2026-05-31, 31-05-2026 or 31-5-2026 08:30",
            Dates::MonthFirst => "2026-05-31, 05/31/2026 or 5/31/2026 08:30",
            Dates::Iso => "2026-05-31 or 2026-05-31T08:30:00+02:00; [dates] of the configuration allows others",
        }
    }
}

/// A moment in RFC 3339.
pub(crate) fn rfc3339(moment: &Zoned) -> String {
    moment.timestamp().display_with_offset(moment.offset()).to_string()
}

/// Until when a contract with this end is in force: an end at midnight includes its day.
pub(crate) fn in_force_until(end: &Zoned) -> Zoned {
    let whole_day = end.time() == Time::midnight();
    if whole_day { end.tomorrow().unwrap_or_else(|_| end.clone()) } else { end.clone() }
}

fn beyond(text: &str) -> String {
    format!("[{}] lies beyond the calendar", crate::faults::shown(text))
}

fn number(text: &str) -> Option<i16> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// `08:30Z`, `08:30:00 +02:00` and `08:30-0500` as the time and its offset.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), Some(Offset::UTC)));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let (clock, signed) = text.split_at(at);
    let digits: String = signed[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let seconds = i32::from(number(hours)?) * 3600 + i32::from(number(minutes)?) * 60;
    let seconds = if signed.starts_with('-') { -seconds } else { seconds };
    Some((clock.trim_end(), Some(Offset::from_seconds(seconds).ok()?)))
}

/// `8:30`, `08:30:15` or `08:30:15.000`.
fn clock_of(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let hour = parts.next().and_then(number)?;
    let minute = parts.next().filter(|part| part.len() == 2).and_then(number)?;
    let second = match parts.next() {
        None => 0,
        Some(part) => {
            let (whole, fraction) = part.split_once(['.', ',']).unwrap_or((part, "0"));
            // Contracts count by the second.
            let good = whole.len() == 2 && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
            good.then(|| number(whole)).flatten()?
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let time = |n: i16| n.try_into().ok();
    DateTime::new(2000, 1, 1, time(hour)?, time(minute)?, time(second)?, 0).ok().map(DateTime::time)
}
