//! Employees and the groups that they are planned in.

use std::slice;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{date, text};

/// An employee ("human resource"), who need not have a user.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct HumanResource(Map<String, Value>);

impl HumanResource {
    /// What InPlanning knows the employee by; a user's `resource` is this.
    pub fn uname(&self) -> Option<String> {
        self.text("uname")
    }

    /// The trimmed text of a field; `None` where it is absent, null, blank, an array or an object.
    pub fn text(&self, field: &str) -> Option<String> {
        text(&self.0, field)
    }

    /// The employments; none where they are null or absent. A single object counts as a list of one.
    pub fn employments(&self) -> Vec<Employment> {
        let list = self.0.get("labourHists").map(|list| list.as_array().map_or(slice::from_ref(list), Vec::as_slice));
        let day = |map: &Map<String, Value>, key: &str| text(map, key).and_then(|text| date(&text));
        list.into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .map(|map| Employment { start: day(map, "startDate"), end: day(map, "endDate") })
            .collect()
    }

    /// The whole object.
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for HumanResource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

/// A period of employment, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Employment {
    /// Its first day; `None` where InPlanning names none.
    pub start: Option<Date>,
    /// Its last day; `None` while it lasts.
    pub end: Option<Date>,
}

/// A resource group: a department or a team. What else InPlanning says of it is not kept: it can be large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceGroup {
    /// What InPlanning knows it by.
    pub uname: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// The `uname` of the group above it.
    pub parent: Option<String>,
}

impl<'de> Deserialize<'de> for ResourceGroup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let group = Map::deserialize(deserializer)?;
        Ok(Self { uname: text(&group, "uname"), name: text(&group, "name"), parent: text(&group, "parent") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_employment_may_have_no_end_and_no_start() {
        let person: HumanResource = serde_json::from_value(json!({
            "uname": 1001,
            "labourHists": [{"startDate": "2020-01-01", "endDate": null}, {"startDate": "", "endDate": "2021-01-01T00:00:00"}],
        }))
        .unwrap();
        let day = |text: &str| text.parse::<Date>().ok();
        assert_eq!(person.uname().as_deref(), Some("1001"));
        assert_eq!(
            person.employments(),
            [Employment { start: day("2020-01-01"), end: None }, Employment { start: None, end: day("2021-01-01") }],
        );
    }

    #[test]
    fn a_person_without_employments_has_none() {
        let person: HumanResource = serde_json::from_value(json!({"labourHists": null})).unwrap();
        assert!(person.employments().is_empty());
    }

    #[test]
    fn a_single_employment_needs_no_list() {
        let one = json!({"labourHists": {"startDate": "2020-01-01"}});
        let person: HumanResource = serde_json::from_value(one).unwrap();
        assert_eq!(person.employments(), [Employment { start: "2020-01-01".parse().ok(), end: None }]);
    }

    #[test]
    fn a_group_without_parent_stands_alone() {
        let group: ResourceGroup =
            serde_json::from_value(json!({"uname": "NRD", "name": "Noord", "parent": "", "members": [1]})).unwrap();
        assert_eq!(group, ResourceGroup { uname: Some("NRD".into()), name: Some("Noord".into()), parent: None });
    }
}
