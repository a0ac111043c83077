//! Resource groups: departments, and the parents of the groups that shifts are worked for.

use std::collections::{HashMap, HashSet};

use inplanning_api::ResourceGroup;
use koppel::{Ctx, Department};

/// A resource group: what InPlanning knows it by, its name and the group above it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    uname: String,
    name: Option<String>,
    parent: Option<String>,
}

/// The resource groups, each once, in the order in which InPlanning gave them.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    list: Vec<Group>,
    places: HashMap<String, usize>,
}

impl Groups {
    /// Of several groups with one name the first is taken; a group without a name is nobody's.
    pub(crate) fn new(groups: Vec<ResourceGroup>) -> Self {
        let mut all = Self::default();
        for group in groups {
            let Some(uname) = group.uname else { continue };
            if !all.places.contains_key(&uname) {
                all.places.insert(uname.clone(), all.list.len());
                all.list.push(Group { uname, name: group.name, parent: group.parent });
            }
        }
        all
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// What InPlanning knows them by.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|group| group.uname.as_str())
    }

    /// The parent of the group of this name.
    pub(crate) fn parent(&self, uname: &str) -> Option<&str> {
        self.list.get(*self.places.get(uname)?)?.parent.as_deref()
    }

    /// The groups as departments. A parent that is not among them is dropped with a warning.
    pub(crate) fn departments(self, ctx: &Ctx) -> Vec<Department> {
        let known: HashSet<String> = self.places.into_keys().collect();
        let parent = |group: &str, parent: Option<String>| {
            let parent = parent?;
            if known.contains(&parent) {
                return Some(parent);
            }
            ctx.warn(format!(
                "resource group [{group}] is below [{parent}], which InPlanning does not give: it has no parent here"
            ));
            None
        };
        let department = |group: Group| Department {
            parent_external_id: parent(&group.uname, group.parent),
            display_name: group.name.unwrap_or_else(|| group.uname.clone()),
            external_id: group.uname,
            manager_external_id: None,
        };
        self.list.into_iter().map(department).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use koppel::FixedClock;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn groups(value: Value) -> Groups {
        Groups::new(serde_json::from_value::<Vec<ResourceGroup>>(value).unwrap())
    }

    #[test]
    fn s20_a_parent_that_does_not_exist_is_dropped_with_a_warning() {
        let ctx = Ctx::new(Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH)));
        let departments = groups(json!([
            {"uname": "NRD", "name": "Noord", "parent": "ZORG"},
            {"uname": "ZORG", "name": "", "parent": null},
            {"uname": "ZUID", "name": "Zuid", "parent": "GONE"},
            {"uname": "NRD", "name": "Twice", "parent": null},
            {"uname": " ", "name": "Nobody's"},
        ]))
        .departments(&ctx);
        assert_eq!(
            serde_json::to_value(&departments).unwrap(),
            json!([
                {"ExternalId": "NRD", "DisplayName": "Noord", "ManagerExternalId": null, "ParentExternalId": "ZORG"},
                {"ExternalId": "ZORG", "DisplayName": "ZORG", "ManagerExternalId": null, "ParentExternalId": null},
                {"ExternalId": "ZUID", "DisplayName": "Zuid", "ManagerExternalId": null, "ParentExternalId": null},
            ]),
        );
        assert_eq!(
            ctx.warnings(),
            ["resource group [ZUID] is below [GONE], which InPlanning does not give: it has no parent here"]
        );
    }

    #[test]
    fn a_group_is_found_by_its_name() {
        let groups =
            groups(json!([{"uname": "4711", "name": "Noord", "parent": "ZORG"}, {"uname": "4712", "parent": ""}]));
        assert_eq!((groups.parent("4711"), groups.parent("4712"), groups.parent("9")), (Some("ZORG"), None, None));
        assert_eq!(groups.names().collect::<Vec<_>>(), ["4711", "4712"]);
    }
}
