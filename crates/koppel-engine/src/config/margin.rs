//! Lengths of time as people write them.

use jiff::SignedDuration;

/// Longer than this is a slip of the pen: ten years.
const MOST_DAYS: u32 = 3_660;
const DAY: u64 = 24 * 60 * 60;

/// How far around a contract something is granted. Never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Margin {
    /// So much time on the clock: `90s`, `60m`, `2h`, `1h 30m`.
    Time(SignedDuration),
    /// So many days of the calendar, whatever the clock does in between: `14d`, `2w`.
    Days(i32),
}

impl Default for Margin {
    fn default() -> Self {
        Self::Time(SignedDuration::ZERO)
    }
}

impl Margin {
    /// Reads `90s`, `60m`, `2h`, `1h 30m`, `14d`, `2w`, `0`.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Parts { seconds, days } = Parts::read(text)?;
        match (seconds, days) {
            (_, None) => Ok(Self::Time(seconds_of(seconds.unwrap_or_default())?)),
            (None, Some(days)) => i32::try_from(days).map(Self::Days).map_err(|_| too_long()),
            (Some(_), Some(_)) => Err("it must be hours and minutes, or days and weeks, not both".to_owned()),
        }
    }
}

/// Reads a length of time that is more than nothing; a day in it has 24 hours.
pub(super) fn age(text: &str) -> Result<SignedDuration, String> {
    let Parts { seconds, days } = Parts::read(text)?;
    let total = seconds_of(seconds.unwrap_or_default() + days.unwrap_or_default() * DAY)?;
    if total.is_zero() { Err("it must be more than nothing".to_owned()) } else { Ok(total) }
}

/// Reads how long a lease lasts. A day without a sign of life is none any more.
pub(super) fn lease(text: &str) -> Result<SignedDuration, String> {
    let Parts { seconds, days } = Parts::read(text)?;
    match (seconds, days) {
        (Some(seconds @ 1..=DAY), None) => seconds_of(seconds),
        _ => Err("it must be a time from 1s to 24h, such as 30s".to_owned()),
    }
}

fn seconds_of(seconds: u64) -> Result<SignedDuration, String> {
    i64::try_from(seconds)
        .ok()
        .filter(|seconds| seconds.unsigned_abs() <= u64::from(MOST_DAYS) * DAY)
        .map(SignedDuration::from_secs)
        .ok_or_else(too_long)
}

fn too_long() -> String {
    format!("it must be at most {MOST_DAYS} days")
}

/// A length of time by what it is made of.
struct Parts {
    seconds: Option<u64>,
    days: Option<u64>,
}

impl Parts {
    fn read(text: &str) -> Result<Self, String> {
        const HELP: &str = "it must be a length of time such as 90s, 60m, 2h, 1h 30m, 14d or 2w";
        let mut parts = Self { seconds: None, days: None };
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(parts);
        }
        if rest.is_empty() {
            return Err(HELP.to_owned());
        }
        if rest.starts_with('-') {
            return Err("it must not be negative".to_owned());
        }
        // Each unit once and the largest first: what else is written is a slip.
        let mut last = u64::MAX;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, unit) = rest.split_at(digits);
            if number.is_empty() {
                return Err(HELP.to_owned());
            }
            let number: u64 = number.parse::<u32>().map_err(|_| too_long())?.into();
            let mut letters = unit.chars();
            let (size, part) = match letters.next() {
                Some('s') => (1, &mut parts.seconds),
                Some('m') => (60, &mut parts.seconds),
                Some('h') => (60 * 60, &mut parts.seconds),
                Some('d') => (DAY, &mut parts.days),
                Some('w') => (7 * DAY, &mut parts.days),
                None => return Err(format!("{HELP}, with its unit")),
                Some(_) => return Err(HELP.to_owned()),
            };
            if size >= last {
                return Err(HELP.to_owned());
            }
            last = size;
            let in_part = if size >= DAY { number * (size / DAY) } else { number * size };
            if in_part > u64::from(MOST_DAYS) * if size >= DAY { 1 } else { DAY } {
                return Err(too_long());
            }
            *part = Some(part.unwrap_or_default() + in_part);
            rest = letters.as_str().trim_start();
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_minutes_are_time_and_days_and_weeks_are_calendar_days() {
        let minutes = |minutes| Ok(Margin::Time(SignedDuration::from_mins(minutes)));
        for (text, expected) in [
            ("60m", minutes(60)),
            ("120s", minutes(2)),
            ("2h", minutes(120)),
            ("1h 30m", minutes(90)),
            ("1h30m", minutes(90)),
            (" 5m ", minutes(5)),
            ("0", minutes(0)),
            ("0m", minutes(0)),
            ("14d", Ok(Margin::Days(14))),
            ("2w", Ok(Margin::Days(14))),
            ("2w 1d", Ok(Margin::Days(15))),
        ] {
            assert_eq!(Margin::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_and_says_why() {
        for (text, why) in [
            ("-5m", "negative"),
            ("", "such as"),
            ("5", "with its unit"),
            ("5min", "such as"),
            ("m", "such as"),
            ("1.5h", "such as"),
            ("30m 1h", "such as"),
            ("1h 1h", "such as"),
            ("1d 2h", "not both"),
            ("99999999999999999999s", "at most"),
            ("4294967295w", "at most"),
            ("4000d", "at most"),
            ("５m", "such as"),
        ] {
            let got = Margin::parse(text);
            assert!(got.as_ref().is_err_and(|e| e.contains(why)), "{text}: {got:?}");
        }
    }

    #[test]
    fn an_age_counts_days_of_24_hours_and_is_more_than_nothing() {
        assert_eq!(age("1d 1h"), Ok(SignedDuration::from_hours(25)));
        assert!(age("0m").is_err_and(|e| e.contains("more than nothing")));
    }
}
