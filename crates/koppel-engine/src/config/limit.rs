//! Thresholds and rates: how much may happen before somebody must look.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use toml::de::DeValue;

use super::fault::{Report, shown};
use super::section::{Node, entries, flat, kind, whole_number};

/// A number of things at which everything of its kind stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// So many of a hundred.
    Percent(f64),
    /// So many.
    Count(u64),
}

impl Limit {
    /// Are `count` of `of` things as many as this, or more? Nothing is never too many, and nothing has no percentage.
    ///
    /// ```
    /// use koppel_engine::config::Limit;
    /// assert!(Limit::Percent(10.0).reached(10, 100));
    /// assert!(!Limit::Percent(10.0).reached(9, 100));
    /// assert!(!Limit::Percent(10.0).reached(5, 0));
    /// assert!(Limit::Count(0).reached(1, 100));
    /// ```
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 things")]
    pub fn reached(self, count: u64, of: u64) -> bool {
        count > 0
            && match self {
                Self::Percent(percent) => of > 0 && count as f64 * 100.0 >= percent * of as f64,
                Self::Count(limit) => count >= limit,
            }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// What an entitlement is, in the thresholds of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The account.
    Account,
    /// Its use.
    Access,
    /// A permission.
    Permission,
}

impl Kind {
    /// Its name in the file: `account`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Access => "access",
            Self::Permission => "permission",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happens to an entitlement, in the thresholds of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is given.
    Grant,
    /// It is taken away.
    Revoke,
    /// It is brought up to date.
    Update,
}

impl Change {
    /// Its name in the file: `revoke`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Update => "update",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The limits of a target; one of several that is reached is enough.
pub type Thresholds = BTreeMap<(Kind, Change), Vec<Limit>>;

/// What a target can have a limit for. An account that may be used has nothing to bring up to date.
pub(super) const OF_TARGETS: [(&str, (Kind, Change)); 8] = [
    ("account.grant", (Kind::Account, Change::Grant)),
    ("account.revoke", (Kind::Account, Change::Revoke)),
    ("account.update", (Kind::Account, Change::Update)),
    ("access.grant", (Kind::Access, Change::Grant)),
    ("access.revoke", (Kind::Access, Change::Revoke)),
    ("permission.grant", (Kind::Permission, Change::Grant)),
    ("permission.revoke", (Kind::Permission, Change::Revoke)),
    ("permission.update", (Kind::Permission, Change::Update)),
];

/// The limits of a source, against its last good read; one of several that is reached is enough.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceThresholds {
    /// Persons that are gone.
    pub removed: Vec<Limit>,
    /// Persons that are new.
    pub added: Vec<Limit>,
    /// Persons that the mapping blocks.
    pub blocked: Vec<Limit>,
}

pub(super) const OF_SOURCES: [&str; 3] = ["persons.removed", "persons.added", "persons.blocked"];

/// The thresholds of a source or a target by key, as far as they are in order.
pub(super) fn thresholds(
    report: &mut Report<'_>,
    what: &str,
    node: Option<&Node<'_>>,
    known: &[&str],
) -> Vec<(String, Vec<Limit>)> {
    let Some(node) = node else { return Vec::new() };
    let DeValue::Table(table) = node.get_ref() else {
        let message = format!("{what}: thresholds is {}; it must be a table", kind(node.get_ref()));
        report.hinted(
            node.span().start,
            message,
            format!("such as {{ \"{}\" = \"10%\" }}", known.first().unwrap_or(&"")),
        );
        return Vec::new();
    };
    let mut all: Vec<(String, Vec<Limit>)> = Vec::new();
    for (key, at, node) in flat(table, &|_, _| false) {
        if !known.contains(&key.as_str()) {
            let message = format!("{what}: there is no threshold [{}]", shown(&key));
            report.unknown(at, message, &key, known);
        } else if all.iter().any(|(other, _)| *other == key) {
            report.add(at, format!("{what}: the threshold [{key}] is there twice"));
        } else {
            let limits = limits(report, &format!("{what}: the threshold [{key}]"), node);
            all.push((key, limits));
        }
    }
    all
}

fn limits(report: &mut Report<'_>, what: &str, node: &Node<'_>) -> Vec<Limit> {
    const HELP: &str = "a percentage such as \"10%\", a number such as 50, or a list of both";
    let entries = entries(node);
    if entries.is_empty() {
        report.hinted(node.span().start, format!("{what} is an empty list"), HELP);
    }
    let mut all = Vec::new();
    for entry in entries {
        let at = entry.span().start;
        let limit = match entry.get_ref() {
            DeValue::String(text) => percentage(text.trim()),
            value @ DeValue::Integer(number) => whole_number(value)
                .map(Limit::Count)
                .ok_or_else(|| format!("is {}; it must be a number from 0 on", shown(number.as_str()))),
            other => Err(format!("is {}", kind(other))),
        };
        match limit {
            Ok(limit) => all.push(limit),
            Err(why) => report.hinted(at, format!("{what} {why}"), HELP),
        }
    }
    all
}

fn percentage(text: &str) -> Result<Limit, String> {
    let number = text.strip_suffix('%').map(str::trim_end);
    match number.and_then(|number| number.parse::<f64>().ok()) {
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(Limit::Percent(percent)),
        Some(_) => Err(format!("is [{}]; a percentage is from 0% to 100%", shown(text))),
        None => Err(format!("is [{}]", shown(text))),
    }
}

/// How many requests a target gets at most in a time, as in `10/s` and `300/m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many.
    pub count: NonZeroU32,
    /// In this time: a second, a minute or an hour.
    pub per: SignedDuration,
}

impl Rate {
    /// Reads `10/s`, `300/m`, `5000/h`.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read = || {
            let (count, unit) = text.split_once('/')?;
            let per = match unit.trim() {
                "s" => SignedDuration::from_secs(1),
                "m" => SignedDuration::from_mins(1),
                "h" => SignedDuration::from_hours(1),
                _ => return None,
            };
            Some(Self { count: count.trim().parse().ok()?, per })
        };
        read().ok_or_else(|| "it must be a number in a time, such as 10/s, 300/m or 5000/h".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_reached_at_its_number_and_nothing_never_reaches_one() {
        for (limit, count, of, expected) in [
            (Limit::Percent(10.0), 10, 100, true),
            (Limit::Percent(10.0), 9, 100, false),
            (Limit::Percent(0.5), 1, 200, true),
            (Limit::Percent(0.0), 1, 1_000, true),
            (Limit::Percent(0.0), 0, 1_000, false),
            (Limit::Percent(100.0), 3, 3, true),
            (Limit::Percent(1.0), 3, 0, false),
            (Limit::Count(50), 50, 0, true),
            (Limit::Count(50), 49, 49, false),
            (Limit::Count(0), 0, 0, false),
            (Limit::Count(0), 1, 0, true),
        ] {
            assert_eq!(limit.reached(count, of), expected, "{limit:?} {count} of {of}");
        }
    }

    #[test]
    fn a_percentage_has_its_sign_and_is_none_above_100() {
        assert_eq!(percentage("2.5 %"), Ok(Limit::Percent(2.5)));
        for wrong in ["101%", "-1%", "10", "NaN%", "inf%", "%", "ten%"] {
            assert!(percentage(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_a_number_in_a_time() {
        let rate = Rate::parse("300 / m").unwrap();
        assert_eq!((rate.count.get(), rate.per), (300, SignedDuration::from_mins(1)));
        for wrong in ["0/s", "10", "10/day", "-1/s", "/s", "99999999999/s"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
