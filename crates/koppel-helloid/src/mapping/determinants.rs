//! Which contract is the primary one.

use std::cmp::Ordering;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use koppel::lookup;
use serde_json::Value;

/// In which direction a determinant counts. Contracts without a value come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The smallest, earliest or first in the alphabet wins.
    Ascending,
    /// The largest, latest or last in the alphabet wins.
    Descending,
}

/// A field of contracts that decides which one is primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Determinant {
    /// The path in a contract, such as `Details.Fte`.
    pub path: String,
    /// Which value wins.
    pub order: Order,
}

impl Determinant {
    /// A determinant.
    pub fn new(path: impl Into<String>, order: Order) -> Self {
        Self { path: path.into(), order }
    }

    /// The order that counts unless another is given: the larger job, then the newer one, then the smaller number.
    pub fn usual() -> Vec<Self> {
        vec![
            Self::new("Details.Fte", Order::Descending),
            Self::new("Details.HoursPerWeek", Order::Descending),
            Self::new("StartDate", Order::Descending),
            Self::new("ExternalId", Order::Ascending),
        ]
    }
}

impl FromStr for Determinant {
    type Err = String;

    /// Reads `Details.Fte:desc`, `StartDate:asc` or `StartDate`, which is ascending.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, order) = text.split_once(':').unwrap_or((text, "asc"));
        let order = match order.trim().to_ascii_lowercase().as_str() {
            "asc" => Order::Ascending,
            "desc" => Order::Descending,
            _ => return Err(format!("[{text}] does not end in :asc or :desc")),
        };
        let path = path.trim();
        if path.split('.').any(|part| part.trim().is_empty()) {
            return Err(format!("[{text}] names no field of a contract, such as Details.Fte:desc"));
        }
        Ok(Self::new(path, order))
    }
}

/// The place of the primary contract: the first by the determinants among those that are active, or among all where none
/// is. What the determinants leave open the order of the source decides.
pub(super) fn primary(
    contracts: &[Value],
    determinants: &[Determinant],
    at: Timestamp,
    zone: &TimeZone,
) -> Option<usize> {
    let active = |index: usize| contracts.get(index).is_some_and(|contract| is_active(contract, at, zone));
    primary_contract(contracts, determinants, zone, &active)
}

/// The place of the primary contract, where the caller says which contracts are active: the first by the determinants
/// among those, or among all where none is. What the determinants leave open the order of the contracts decides.
pub fn primary_contract(
    contracts: &[Value],
    determinants: &[Determinant],
    zone: &TimeZone,
    active: &dyn Fn(usize) -> bool,
) -> Option<usize> {
    let mut ranked: Vec<(usize, bool, Vec<Option<Key>>)> = contracts
        .iter()
        .enumerate()
        .map(|(index, contract)| {
            let key = |determinant: &Determinant| Key::of(lookup(contract, &determinant.path)?, zone);
            (index, active(index), determinants.iter().map(key).collect())
        })
        .collect();
    if ranked.iter().any(|(_, active, _)| *active) {
        ranked.retain(|(_, active, _)| *active);
    }
    let first = ranked.iter().min_by(|(i, _, a), (j, _, b)| {
        let keys = determinants.iter().zip(a.iter().zip(b));
        let by_keys = keys.map(|(determinant, (a, b))| compare(a.as_ref(), b.as_ref(), determinant.order));
        by_keys.fold(Ordering::Equal, Ordering::then).then(i.cmp(j))
    });
    first.map(|(index, ..)| *index)
}

/// A date as it stands in a contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// A whole day.
    Day(Date),
    /// A moment in time.
    Instant(Timestamp),
}

impl Moment {
    /// `2026-05-31`, `2026-05-31T15:30:00` in the zone, or with an offset of its own.
    pub(super) fn parse(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        if text.len() == 10 {
            return text.parse().ok().map(Self::Day);
        }
        if let Ok(instant) = text.parse() {
            return Some(Self::Instant(instant));
        }
        let civil: DateTime = text.parse().ok()?;
        Some(Self::Instant(civil.to_zoned(zone.clone()).ok()?.timestamp()))
    }

    fn start(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => Some(day.to_zoned(zone.clone()).ok()?.timestamp()),
            Self::Instant(instant) => Some(instant),
        }
    }

    /// Is it over? A day is over when the next one begins.
    fn is_past(self, at: Timestamp, zone: &TimeZone) -> bool {
        match self {
            Self::Day(day) => {
                day.tomorrow().ok().and_then(|next| Self::Day(next).start(zone)).is_some_and(|end| at >= end)
            }
            Self::Instant(instant) => at > instant,
        }
    }
}

/// Is the moment between `StartDate` and `EndDate`? A date that is absent, or no date, bounds nothing.
fn is_active(contract: &Value, at: Timestamp, zone: &TimeZone) -> bool {
    let date = |name| Moment::parse(lookup(contract, name)?.as_str()?, zone);
    let begun = date("StartDate").and_then(|start| start.start(zone)).is_none_or(|start| start <= at);
    begun && !date("EndDate").is_some_and(|end| end.is_past(at, zone))
}

/// A value that contracts are put in order by. Numbers come before dates, and dates before texts.
#[derive(Debug)]
enum Key {
    Number(f64),
    Time(Timestamp),
    Text(String),
}

impl Key {
    fn of(value: &Value, zone: &TimeZone) -> Option<Self> {
        let text = koppel::scalar_text(value)?;
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // Dutch systems write 0,8.
        let number = text.replacen(',', ".", 1).parse::<f64>().ok().filter(|number| number.is_finite());
        let time = || Moment::parse(text, zone)?.start(zone);
        Some(number.map(Self::Number).or_else(|| time().map(Self::Time)).unwrap_or_else(|| Self::Text(text.to_owned())))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Time(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

fn compare(a: Option<&Key>, b: Option<&Key>, order: Order) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return b.is_some().cmp(&a.is_some()) };
    let ascending = match (a, b) {
        (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
        (Key::Time(a), Key::Time(b)) => a.cmp(b),
        (Key::Text(a), Key::Text(b)) => a.cmp(b),
        _ => a.rank().cmp(&b.rank()),
    };
    if order == Order::Ascending { ascending } else { ascending.reverse() }
}
