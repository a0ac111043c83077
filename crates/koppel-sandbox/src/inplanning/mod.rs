//! Intus InPlanning: users, employees, resource groups and rosters.

mod api;
mod model;
mod pattern;
mod roster;
mod state;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::civil::Date;

pub use model::{Absence, Day, HumanResource, LabourHist, ResourceGroup, Role, Shift, UnknownResource, User};
pub(crate) use pattern::Plan;

use crate::credentials::Credentials;
use crate::dispatch::Incoming;
use crate::options::Options;
use crate::reply::Reply;
use crate::tokens::{Client, Lives, TokenBook};
use state::State;

/// The state of the InPlanning stand-in. Clones share it.
#[derive(Debug, Clone)]
pub struct InPlanning(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    not_found_status: u16,
    normalise_roles: bool,
    tokens: TokenBook,
    state: RwLock<State>,
}

impl InPlanning {
    pub(crate) fn new(options: &Options, credentials: &Credentials) -> Self {
        let client = |id: &String, secret: &String| Client { id: id.clone(), secret: secret.clone() };
        let clients = vec![
            client(&credentials.inplanning_client_id, &credentials.inplanning_client_secret),
            client(&credentials.inplanning_username, &credentials.inplanning_password),
        ];
        let lifetime = options.token_lifetime;
        Self(Arc::new(Inner {
            not_found_status: options.not_found_status,
            normalise_roles: options.normalise_roles,
            tokens: TokenBook::new(options.seed, "inplanning", Lives::One, lifetime, clients),
            state: RwLock::default(),
        }))
    }

    pub(crate) fn answer(&self, request: &Incoming) -> Reply {
        api::answer(&self.0, request)
    }

    pub(crate) fn tokens_issued(&self) -> u64 {
        self.0.tokens.issued()
    }

    /// Adds a whole sample at once.
    pub(crate) fn fill(&self, users: Vec<User>, resources: Vec<(HumanResource, Plan)>) {
        let mut state = self.0.write();
        for user in users {
            state.put_user(user);
        }
        for (resource, plan) in resources {
            state.put_resource(resource, Some(plan));
        }
    }

    /// All users, in the order they were made.
    pub fn users(&self) -> Vec<User> {
        self.0.read().users.iter().map(|u| User::clone(u)).collect()
    }

    /// One user.
    pub fn user(&self, username: &str) -> Option<User> {
        self.0.read().user(username).map(|u| User::clone(u))
    }

    /// Makes or replaces a user.
    pub fn put_user(&self, user: User) {
        self.0.write().put_user(user);
    }

    /// Removes a user; false where there was none. The API itself has no such operation.
    pub fn remove_user(&self, username: &str) -> bool {
        self.0.write().remove_user(username)
    }

    /// All employees, in the order they were made.
    pub fn human_resources(&self) -> Vec<HumanResource> {
        self.0.read().entries.iter().map(|e| e.resource.clone()).collect()
    }

    /// One employee.
    pub fn human_resource(&self, uname: &str) -> Option<HumanResource> {
        self.0.read().entry(uname).map(|e| e.resource.clone())
    }

    /// Makes an employee without a roster, or replaces one, whose roster stays.
    pub fn put_human_resource(&self, resource: HumanResource) {
        self.0.write().put_resource(resource, None);
    }

    /// All resource groups.
    pub fn resource_groups(&self) -> Vec<ResourceGroup> {
        self.0.read().groups.list.clone()
    }

    /// Makes or replaces a resource group.
    pub fn put_resource_group(&self, group: ResourceGroup) {
        self.0.write().put_group(group);
    }

    /// The roster of an employee, a day for each date from `first` to `last`, both included.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn roster(&self, resource: &str, first: Date, last: Date) -> Result<Vec<Day>, UnknownResource> {
        let entry = self.0.read().entry(resource).cloned();
        let entry = entry.ok_or_else(|| UnknownResource(resource.to_owned()))?;
        Ok(roster::dates(first, last).map(|date| entry.day(date)).collect())
    }

    /// Replaces the whole roster of an employee: these shifts, and off on every other day.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn set_shifts(&self, resource: &str, shifts: Vec<Shift>) -> Result<(), UnknownResource> {
        self.0.write().set_shifts(resource, shifts)
    }

    /// Adds a shift to what the day has already.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn add_shift(&self, resource: &str, shift: Shift) -> Result<(), UnknownResource> {
        let date = shift.date;
        self.0.write().edit_day(resource, date, |day| day.shifts.push(shift))
    }

    /// Removes all shifts of a day.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn remove_shifts(&self, resource: &str, date: Date) -> Result<(), UnknownResource> {
        self.0.write().edit_day(resource, date, |day| day.shifts.clear())
    }

    /// Removes the shift with this `uname` from a day.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn remove_shift(&self, resource: &str, date: Date, uname: &str) -> Result<(), UnknownResource> {
        self.0.write().edit_day(resource, date, |day| {
            day.shifts.retain(|s| s.uname != uname);
        })
    }

    /// Reports an employee absent on a day, or present again. The shifts of the day stay.
    ///
    /// # Errors
    /// Where there is no such employee.
    pub fn set_absence(&self, resource: &str, date: Date, absence: Option<Absence>) -> Result<(), UnknownResource> {
        self.0.write().edit_day(resource, date, |day| day.absence = absence)
    }

    /// Ends the life of all tokens: they are answered with `token_expired`.
    pub fn expire_tokens(&self) {
        self.0.tokens.expire();
    }

    /// Forgets all tokens: they are answered with `invalid_token`.
    pub fn revoke_tokens(&self) {
        self.0.tokens.revoke();
    }

    /// Removes all users, employees and rosters. Groups, clients and tokens stay.
    pub fn clear(&self) {
        self.0.write().clear();
    }
}

impl Inner {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
