//! Brings the systems to what was decided, through the connectors and the policy of the SDK.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use jiff::Zoned;
use koppel::lifecycle::{self, Action, Correlation, Operation, Report, SubPermissions};
use koppel::paging::pages;
use koppel::{Contract, Ctx, Person, Record, Reference, Target};
use serde_json::{Value, json};

use super::Problem;
use super::decide::{Because, Employee, Wanted};

/// One thing that was done.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) at: Zoned,
    pub(super) person: String,
    pub(super) system: &'static str,
    /// What it came to, in one word.
    pub(super) outcome: String,
    /// With what: the access profile.
    pub(super) detail: String,
    pub(super) because: Because,
    /// What the system answered, in the words of the audit log.
    pub(super) answer: String,
    pub(super) success: bool,
}

/// What a person has in the two systems, as far as we brought it there or found it.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) planning: Option<Reference>,
    pub(super) planning_enabled: bool,
    pub(super) planner: Vec<(Value, String)>,
    pub(super) doors: Option<Reference>,
    /// The key of the profile on the doors.
    pub(super) profile: Option<String>,
    /// The one that was there before the story began.
    pub(super) profile_before: Option<String>,
}

/// The two systems, and what is known to be in them.
pub(super) struct Enforcer<'a> {
    pub(super) planning: &'a dyn Target,
    pub(super) doors: &'a dyn Target,
    /// The names of the access profiles by their GUID.
    pub(super) profiles: BTreeMap<String, String>,
    pub(super) held: BTreeMap<String, Held>,
    pub(super) events: Vec<Event>,
}

impl Enforcer<'_> {
    /// Reads who has accounts already.
    pub(super) async fn import(&mut self, ctx: &Ctx) -> Result<(), Problem> {
        let planning = self.planning;
        let pages_of = |target: &'static str, e: koppel::Error| Problem(format!("{target}: {e}"));
        let users: Vec<Vec<koppel::Account>> = pages(ctx, |cursor| planning.accounts(ctx, cursor))
            .try_collect()
            .await
            .map_err(|e| pages_of("InPlanning", e))?;
        for account in users.into_iter().flatten() {
            let held = self.held.entry(account.user_name.clone()).or_default();
            held.planning_enabled = account.enabled == Some(true);
            held.planning = Some(account.reference);
        }
        let doors = self.doors;
        let persons: Vec<Vec<koppel::Account>> =
            pages(ctx, |cursor| doors.accounts(ctx, cursor)).try_collect().await.map_err(|e| pages_of("IPassan", e))?;
        for account in persons.into_iter().flatten() {
            let Some(number) = account.data.non_empty("number") else { continue };
            let held = self.held.entry(number).or_default();
            let guid = account.data.non_empty("_extension.accessProfileLookupKey");
            held.profile = guid.map(|guid| self.profiles.get(&guid).cloned().unwrap_or(guid));
            held.profile_before.clone_from(&held.profile);
            held.doors = Some(account.reference);
        }
        Ok(())
    }

    /// Brings one person to what is wanted.
    pub(super) async fn enforce(&mut self, ctx: &Ctx, at: &Zoned, employee: &Employee, wanted: &Wanted) {
        let mut step = Step { ctx, at, employee, events: &mut self.events };
        let held = self.held.entry(employee.external_id.clone()).or_default();
        step.planning(self.planning, held, wanted).await;
        step.doors(self.doors, held, wanted).await;
    }
}

struct Step<'a> {
    ctx: &'a Ctx,
    at: &'a Zoned,
    employee: &'a Employee,
    events: &'a mut Vec<Event>,
}

impl Step<'_> {
    async fn run(&mut self, target: &dyn Target, action: Action, because: &Because) -> Report {
        let report = lifecycle::run(target, &self.ctx.for_action(false, None), action).await;
        let outcome = serde_json::to_value(&report.outcome).ok();
        self.events.push(Event {
            at: self.at.clone(),
            person: self.employee.name(),
            system: target.system(),
            outcome: outcome.and_then(|o| o.as_str().map(str::to_owned)).unwrap_or_default(),
            detail: String::new(),
            because: because.clone(),
            answer: report.audit.iter().map(|line| line.message.as_str()).collect::<Vec<_>>().join("; "),
            success: report.success,
        });
        report
    }

    async fn create(&mut self, target: &dyn Target, field: &str, data: Value, because: &Because) -> Option<Reference> {
        let correlation = Some(Correlation { field: field.to_owned(), value: self.employee.external_id.clone() });
        let action = Action::Create { correlation, data: Record::from_nested(&data) };
        self.run(target, action, because).await.reference
    }

    async fn planning(&mut self, target: &dyn Target, held: &mut Held, wanted: &Wanted) {
        let e = self.employee;
        if wanted.employed && held.planning.is_none() {
            let data = json!({
                "username": e.external_id, "firstName": e.first_name, "lastName": e.last_name, "email": e.email,
                "active": false, "userGroup": "Root", "resource": e.external_id,
            });
            held.planning = self.create(target, "username", data, &wanted.account).await;
        }
        let Some(reference) = held.planning.clone() else { return };
        if wanted.employed != held.planning_enabled {
            let data = Record::new();
            let action = if wanted.employed {
                Action::Enable { reference: reference.clone(), data }
            } else {
                Action::Disable { reference: reference.clone(), data }
            };
            if self.run(target, action, &wanted.account).await.success {
                held.planning_enabled = wanted.employed;
            }
        }
        if wanted.planner.is_some() == held.planner.is_empty() {
            let operation = if wanted.planner.is_some() { Operation::Grant } else { Operation::Revoke };
            let because = wanted.planner.as_ref().unwrap_or(&wanted.account).clone();
            let Some(permission) = Reference::new("Planner") else { return };
            let fields = json!({ "ExternalId": e.external_id, "Division": { "Name": e.department_name } });
            let contract = Contract { external_id: e.external_id.clone(), in_conditions: Some(true), fields };
            let person =
                Person { external_id: e.external_id.clone(), display_name: e.name(), contracts: vec![contract] };
            let sub = SubPermissions { reference, permission, operation, current: held.planner.clone(), person };
            let report = self.run(target, Action::SubPermissions(sub), &because).await;
            let now = report.sub_permissions.unwrap_or_default();
            held.planner = now.into_iter().map(|e| (Value::from(e.id), e.display_name)).collect();
        }
    }

    async fn doors(&mut self, target: &dyn Target, held: &mut Held, wanted: &Wanted) {
        let e = self.employee;
        if wanted.employed && held.doors.is_none() {
            let data = json!({
                "lastname": e.last_name, "firstname": e.first_name, "mail": e.email, "number": e.external_id, "type": 2,
            });
            held.doors = self.create(target, "number", data, &wanted.account).await;
        }
        let Some(reference) = held.doors.clone() else { return };
        let key = |key: &str| Record::from_nested(&json!({ "_extension": { "accessProfileLookupKey": key } }));
        let (action, because) = match (&held.profile, &wanted.doors) {
            (None, Some((profile, because))) => (Action::Enable { reference, data: key(profile) }, because),
            (Some(now), Some((profile, because))) if now != profile => {
                (Action::Update { reference, data: key(profile) }, because)
            }
            (Some(_), None) => (Action::Disable { reference, data: Record::new() }, &wanted.no_doors),
            _ => return,
        };
        let success = self.run(target, action, because).await.success;
        if let (Some(event), Some((profile, _))) = (self.events.last_mut(), &wanted.doors) {
            event.detail = match &held.profile {
                Some(before) => format!("{before} → {profile}"),
                None => profile.clone(),
            };
        }
        if success {
            held.profile = wanted.doors.as_ref().map(|(profile, _)| profile.clone());
        }
    }
}
