//! Rosters: who works when, and where.

use jiff::civil::Date;
use koppel::scalar_text;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{date, text};

/// One day of a roster.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RosterDay {
    /// The day, in the time zone of the customer.
    #[serde(deserialize_with = "day")]
    pub roster_date: Date,
    /// Leave or illness; not null means that the person is away that day.
    #[serde(default, deserialize_with = "present")]
    pub absence: Option<Value>,
    /// The shifts, at most three in practice; none on a day off.
    #[serde(default, deserialize_with = "list")]
    pub parts: Vec<RosterPart>,
}

/// A shift on a day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RosterPart {
    /// The shift.
    #[serde(default)]
    pub shift: Option<Shift>,
    /// The group that it is worked for: `uname`, `name`, `externalId`, `description`.
    #[serde(default)]
    pub group: Option<Value>,
    /// The function that it is worked in: `uname`, `name`.
    #[serde(default)]
    pub prop: Option<Value>,
    /// The employment behind it.
    #[serde(default)]
    pub labour_hist: Option<Value>,
    /// The group of that employment.
    #[serde(default)]
    pub labour_hist_group: Option<Value>,
    /// What else InPlanning gave.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The kind of a shift. Its times exist only inside `uname`, such as `07:00-15:30 Vroeg` or `0700-1530`.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift(Map<String, Value>);

impl Shift {
    /// What InPlanning knows it by.
    pub fn uname(&self) -> Option<String> {
        text(&self.0, "uname")
    }

    /// Its name for people.
    pub fn name(&self) -> Option<String> {
        text(&self.0, "name")
    }

    /// The whole object.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Shift {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

/// The days of one person within the roster of a group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ResourceRoster {
    /// The human resource; `None` where InPlanning names none.
    #[serde(default, deserialize_with = "name")]
    pub uname: Option<String>,
    /// The days.
    #[serde(deserialize_with = "list")]
    pub days: Vec<RosterDay>,
}

/// The answer for one person. The list may be null, but without it the answer is no roster: reading that as a person
/// without shifts would take all access away.
#[derive(Debug, Deserialize)]
pub(crate) struct Days {
    #[serde(deserialize_with = "list")]
    pub(crate) days: Vec<RosterDay>,
}

/// A list that may be null.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A value that is not null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Ok(Some(Value::deserialize(deserializer)?).filter(|value| !value.is_null()))
}

/// A name that may be null, blank or a number.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = scalar_text(&Value::deserialize(deserializer)?);
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    date(&text).ok_or_else(|| serde::de::Error::custom(format!("rosterDate [{text}] is not a day")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_day_is_read_with_all_that_may_be_absent() {
        let day: RosterDay = serde_json::from_value(json!({"rosterDate": "2026-06-01T00:00:00+02:00"})).unwrap();
        assert_eq!((day.roster_date, day.absence, day.parts), ("2026-06-01".parse().unwrap(), None, vec![]));
        let day: RosterDay =
            serde_json::from_value(json!({"rosterDate": "2026-06-01", "absence": null, "parts": null})).unwrap();
        assert!(day.absence.is_none() && day.parts.is_empty());
    }

    #[test]
    fn a_part_keeps_what_is_only_passed_through() {
        let day: RosterDay = serde_json::from_value(json!({
            "rosterDate": "2026-06-01",
            "absence": {"code": "V"},
            "parts": [{"shift": {"uname": "07:00-15:30 Vroeg"}, "group": {"externalId": 4711}, "remark": "x"}, {}],
        }))
        .unwrap();
        let part = &day.parts[0];
        assert_eq!(part.shift.as_ref().and_then(Shift::uname).as_deref(), Some("07:00-15:30 Vroeg"));
        assert_eq!((&part.group, part.other.get("remark")), (&Some(json!({"externalId": 4711})), Some(&json!("x"))));
        assert!(day.absence.is_some() && day.parts[1].shift.is_none());
    }

    #[test]
    fn a_day_without_a_date_is_refused() {
        for bad in [json!({}), json!({"rosterDate": "tomorrow"}), json!({"rosterDate": null})] {
            assert!(serde_json::from_value::<RosterDay>(bad).is_err());
        }
    }
}
