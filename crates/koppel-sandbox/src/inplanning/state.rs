//! What InPlanning holds in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::civil::Date;

use super::model::{Absence, Day, HumanResource, ResourceGroup, Shift, UnknownResource, User};
use super::pattern::{Generated, Plan, ShiftKind};

/// Users, employees with their rosters, and groups.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: Vec<Arc<User>>,
    by_username: HashMap<String, usize>,
    pub(super) entries: Vec<Arc<Entry>>,
    by_uname: HashMap<String, usize>,
    /// Who may have a shift for a group: its own people, and whoever was given a shift there.
    by_group: HashMap<String, BTreeSet<usize>>,
    pub(super) groups: Arc<Groups>,
    /// The answer to `GET /users?limit=0`.
    pub(super) users_json: OnceLock<Bytes>,
    /// The answer to `GET /humanresources?limit=0`.
    pub(super) resources_json: OnceLock<Bytes>,
}

/// The resource groups.
#[derive(Debug, Default, Clone)]
pub(super) struct Groups {
    pub(super) list: Vec<ResourceGroup>,
    by_uname: HashMap<String, usize>,
}

/// An employee and the roster.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) resource: HumanResource,
    /// The generated roster, if any.
    pub(super) plan: Option<Plan>,
    /// Days that were set; they go before the generated ones.
    pub(super) days: BTreeMap<Date, Day>,
}

impl Groups {
    pub(super) fn get(&self, uname: &str) -> Option<&ResourceGroup> {
        self.by_uname.get(uname).map(|&i| &self.list[i])
    }
}

impl State {
    pub(super) fn user(&self, username: &str) -> Option<&Arc<User>> {
        self.by_username.get(username).map(|&i| &self.users[i])
    }

    pub(super) fn put_user(&mut self, user: User) {
        self.users_json = OnceLock::new();
        if let Some(&index) = self.by_username.get(&user.username) {
            self.users[index] = Arc::new(user);
            return;
        }
        self.by_username.insert(user.username.clone(), self.users.len());
        self.users.push(Arc::new(user));
    }

    pub(super) fn remove_user(&mut self, username: &str) -> bool {
        let Some(index) = self.by_username.remove(username) else {
            return false;
        };
        self.users_json = OnceLock::new();
        self.users.remove(index);
        for place in self.by_username.values_mut().filter(|place| **place > index) {
            *place -= 1;
        }
        true
    }

    pub(super) fn entry(&self, uname: &str) -> Option<&Arc<Entry>> {
        self.by_uname.get(uname).map(|&i| &self.entries[i])
    }

    /// Makes or replaces an employee. Without a plan the roster stays as it is.
    pub(super) fn put_resource(&mut self, resource: HumanResource, plan: Option<Plan>) {
        self.resources_json = OnceLock::new();
        let index = self.by_uname.get(&resource.uname).copied().unwrap_or(self.entries.len());
        for group in &resource.groups {
            self.by_group.entry(group.clone()).or_default().insert(index);
        }
        if let Some(entry) = self.entries.get_mut(index) {
            let entry = Arc::make_mut(entry);
            entry.resource = resource;
            entry.plan = plan.or(entry.plan);
            return;
        }
        self.by_uname.insert(resource.uname.clone(), index);
        self.entries.push(Arc::new(Entry { resource, plan, days: BTreeMap::new() }));
    }

    pub(super) fn put_group(&mut self, group: ResourceGroup) {
        let groups = Arc::make_mut(&mut self.groups);
        if let Some(&index) = groups.by_uname.get(&group.uname) {
            groups.list[index] = group;
            return;
        }
        groups.by_uname.insert(group.uname.clone(), groups.list.len());
        groups.list.push(group);
    }

    pub(super) fn set_shifts(&mut self, resource: &str, shifts: Vec<Shift>) -> Result<(), UnknownResource> {
        let index = self.index(resource)?;
        let entry = Arc::make_mut(&mut self.entries[index]);
        entry.plan = None;
        entry.days.clear();
        for shift in shifts {
            self.by_group.entry(shift.group.clone()).or_default().insert(index);
            let day = entry.days.entry(shift.date).or_insert_with(|| Day {
                date: shift.date,
                absence: None,
                shifts: Vec::new(),
            });
            day.shifts.push(shift);
        }
        Ok(())
    }

    /// Edits a day, generated or not; from then on it is as edited.
    pub(super) fn edit_day(
        &mut self,
        resource: &str,
        date: Date,
        edit: impl FnOnce(&mut Day),
    ) -> Result<(), UnknownResource> {
        let index = self.index(resource)?;
        let entry = Arc::make_mut(&mut self.entries[index]);
        let mut day = entry.day(date);
        edit(&mut day);
        for shift in &day.shifts {
            self.by_group.entry(shift.group.clone()).or_default().insert(index);
        }
        entry.days.insert(date, day);
        Ok(())
    }

    fn index(&self, resource: &str) -> Result<usize, UnknownResource> {
        let index = self.by_uname.get(resource).copied();
        index.ok_or_else(|| UnknownResource(resource.to_owned()))
    }

    /// Who belongs to a group, or works a shift for it in the period.
    pub(super) fn in_group(&self, group: &str, first: Date, last: Date) -> Vec<Arc<Entry>> {
        let Some(candidates) = self.by_group.get(group) else {
            return Vec::new();
        };
        let works = |entry: &Entry| {
            entry.resource.groups.iter().any(|g| g == group)
                || entry.days.range(first..=last).any(|(_, day)| day.shifts.iter().any(|s| s.group == group))
        };
        candidates.iter().map(|&i| &self.entries[i]).filter(|entry| works(entry)).map(Arc::clone).collect()
    }

    pub(super) fn clear(&mut self) {
        *self = Self { groups: Arc::clone(&self.groups), ..Self::default() };
    }
}

impl Entry {
    /// The roster of a day.
    pub(super) fn day(&self, date: Date) -> Day {
        if let Some(day) = self.days.get(&date) {
            return day.clone();
        }
        let generated = self.generated(date);
        let (group, digits) = self.group_of(&generated);
        let shift = |kind: &ShiftKind| Shift {
            date,
            uname: kind.uname(digits).to_owned(),
            name: kind.name.to_owned(),
            group: group.to_owned(),
            function: self.resource.function.clone(),
        };
        Day {
            date,
            absence: generated.absence.map(|(uname, name)| Absence::new(uname, name)),
            shifts: generated.shifts.into_iter().flatten().map(shift).collect(),
        }
    }

    /// The generated roster of a day: none before and after the times of employment.
    pub(super) fn generated(&self, date: Date) -> Generated {
        match self.plan {
            Some(plan) if self.resource.labour_hists.iter().any(|l| l.covers(date)) => plan.day(date),
            _ => Generated::default(),
        }
    }

    /// The group generated shifts are worked for, and whether it writes times without colons.
    pub(super) fn group_of(&self, generated: &Generated) -> (&str, bool) {
        let groups = &self.resource.groups;
        let own = groups.first().map_or("", String::as_str);
        let group = match groups.get(1) {
            Some(second) if generated.second_group => second,
            _ => own,
        };
        (group, crate::seed::hash(group) % 4 == 3)
    }
}
