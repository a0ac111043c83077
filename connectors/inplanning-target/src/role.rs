//! Roles of a user, and the ids that they go by.

use jiff::civil::Date;
use koppel::{lookup, scalar_text};
use serde_json::{Map, Value};

/// What stands between role and resource group in an id.
const SEPARATOR: &str = "&&";

/// What tells one role of a user from another: the role and its resource group, without regard to case.
#[derive(Debug, Clone)]
pub(crate) struct RoleKey {
    pub(crate) role: String,
    pub(crate) group: String,
}

impl PartialEq for RoleKey {
    fn eq(&self, other: &Self) -> bool {
        same(&self.role, &other.role) && same(&self.group, &other.group)
    }
}

impl RoleKey {
    pub(crate) fn new(role: impl Into<String>, group: impl Into<String>) -> Self {
        Self { role: role.into(), group: group.into() }
    }

    /// The key of a role as InPlanning gives it; `None` for what is no role.
    pub(crate) fn of(role: &Value) -> Option<Self> {
        let text = |key: &str| lookup(role, key).and_then(scalar_text).map(|text| text.trim().to_owned());
        let name = text("role").filter(|name| !name.is_empty())?;
        Some(Self::new(name, text("resourceGroup").unwrap_or_default()))
    }

    /// Reads an id in today's form. A resource group may hold the separator itself: the first one counts.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        let (role, group) = id.split_once(SEPARATOR)?;
        Some(Self::new(role.trim(), group.trim()))
    }

    /// The id: `Planner&&Planner Noord`.
    pub(crate) fn id(&self) -> String {
        format!("{}{SEPARATOR}{}", self.role, self.group)
    }

    /// Is this the id that versions before 3.0.2 of the public connector wrote: `Planner-Planner Noord`?
    pub(crate) fn is_dashed(&self, id: &str) -> bool {
        same(&format!("{}-{}", self.role, self.group), id.trim())
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// The id in today's form of what an older version stored; `None` for what is no id.
///
/// Before version 3.0 of the public connector the whole role was stored, before 3.0.2 `role-group`. The latter cannot
/// be split by itself, since both halves may hold a dash: it is read here where it begins with exactly one of the
/// roles on offer, and else compared with the roles that the account has.
pub(crate) fn canonical(id: &Value, roles_on_offer: &[String]) -> Option<String> {
    if let Value::Object(map) = id {
        if let Some(key) = RoleKey::of(id) {
            return Some(key.id());
        }
        return inner(map).and_then(|id| canonical(id, roles_on_offer));
    }
    let id = id.as_str()?.trim();
    if id.is_empty() {
        return None;
    }
    if id.contains(SEPARATOR) {
        return Some(id.to_owned());
    }
    let mut heads: Vec<&str> = Vec::new();
    for role in roles_on_offer {
        let head = id
            .get(..role.len())
            .filter(|head| same(head, role) && id.get(role.len()..).is_some_and(|tail| tail.starts_with('-')));
        if let Some(head) = head
            && !heads.contains(&head)
        {
            heads.push(head);
        }
    }
    Some(match heads.as_slice() {
        [head] => RoleKey::new(*head, id.get(head.len() + 1..).unwrap_or_default()).id(),
        _ => id.to_owned(),
    })
}

/// The value behind `Id`, `Reference` or `Name`.
pub(crate) fn inner(map: &Map<String, Value>) -> Option<&Value> {
    ["id", "reference", "name"]
        .iter()
        .find_map(|name| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Has the role ended before this day? One whose last day is not known has not.
pub(crate) fn ended(role: &Value, today: Date) -> bool {
    let end =
        lookup(role, "endDate").and_then(Value::as_str).and_then(|text| text.trim().get(..10)?.parse::<Date>().ok());
    end.is_some_and(|end| end < today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_split_at_the_first_separator() {
        let key = RoleKey::from_id("Planner&&Noord && Zuid").unwrap();
        assert_eq!(
            (key.role.as_str(), key.group.as_str(), key.id().as_str()),
            ("Planner", "Noord && Zuid", "Planner&&Noord && Zuid")
        );
        assert!(RoleKey::from_id("Planner-Noord").is_none());
    }

    #[test]
    fn ids_of_the_past_are_read() {
        let offer = ["Planner".to_owned(), "Lead-Nurse".to_owned(), "Lead".to_owned()];
        for (id, today) in [
            (json!("Planner&&Noord"), Some("Planner&&Noord")),
            (json!({"role": "Planner", "resourceGroup": "Noord", "startDate": null}), Some("Planner&&Noord")),
            (json!({"Id": "Planner&&Noord"}), Some("Planner&&Noord")),
            (json!({"Reference": {"role": "Planner", "resourceGroup": null}}), Some("Planner&&")),
            (json!("planner-Noord-Oost"), Some("planner&&Noord-Oost")),
            // Two roles on offer fit: only the roles of the account can tell.
            (json!("Lead-Nurse-Noord"), Some("Lead-Nurse-Noord")),
            (json!("Other-Noord"), Some("Other-Noord")),
            (json!(""), None),
            (json!(null), None),
            (json!({}), None),
        ] {
            assert_eq!(canonical(&id, &offer).as_deref(), today, "{id}");
        }
    }

    #[test]
    fn a_role_ends_with_its_last_day() {
        let today = "2026-06-01".parse().unwrap();
        for (end, over) in [
            (json!(null), false),
            (json!("2026-06-01"), false),
            (json!("2026-05-31T00:00:00"), true),
            (json!("soon"), false),
        ] {
            assert_eq!(ended(&json!({"endDate": end}), today), over, "{end}");
        }
    }

    #[test]
    fn case_and_a_missing_group_make_no_difference() {
        let key = RoleKey::of(&json!({"role": "PLANNER", "resourceGroup": null})).unwrap();
        assert_eq!(key, RoleKey::new("planner", ""));
        assert!(RoleKey::of(&json!({"role": " "})).is_none() && RoleKey::of(&json!("Planner")).is_none());
    }
}
