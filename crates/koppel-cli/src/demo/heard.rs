//! What the engine tells while it plays.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use koppel_engine::Verb;
use koppel_engine::enforce::{Done, Tell};
use koppel_engine::plan::{Action, Blocked, Plan};
use serde_json::Value;

use super::story::{PLANNING, ROSTER};

/// The field that chooses the access profile.
const PROFILE: &str = "_extension.accessProfileLookupKey";

/// One thing that was done.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) done: Done,
    /// The key of the access profile that it opens doors with.
    pub(super) profile: Option<String>,
    /// The one before it.
    before: Option<String>,
}

impl Event {
    /// What it came to, and with what: `updated: Noord → Zuid`.
    pub(super) fn what(&self) -> String {
        let done = &self.done;
        let outcome = match (done.success, done.again) {
            (true, _) if done.outcome == "no-change" => "as it should be",
            (true, _) => &done.outcome,
            (false, true) => "failed, is tried again",
            (false, false) => "FAILED",
        };
        match (&self.before, self.profile.as_ref().or(done.permission.as_ref())) {
            (Some(before), Some(profile)) => format!("{outcome}: {before} → {profile}"),
            (None, Some(with)) => format!("{outcome}: {with}"),
            (_, None) => outcome.to_owned(),
        }
    }
}

/// A shift of the roster, as it came in.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    pub(super) person: String,
    pub(super) id: String,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// Notes the plans, and what came of them.
#[derive(Default)]
pub(super) struct Heard(Mutex<(Vec<Plan>, Vec<Event>)>);

impl Heard {
    fn lock(&self) -> MutexGuard<'_, (Vec<Plan>, Vec<Event>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was done since the last time, person by person: they are worked on side by side.
    pub(super) fn take(&self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.lock().1);
        let key = |event: &Event| (event.done.person.clone(), event.done.target != PLANNING);
        events.sort_by_key(key);
        events
    }

    /// The next moment at which something changes.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.lock().0.last()?.next.as_deref()?.parse().ok()
    }

    /// What is not done, and what else an administrator should know.
    pub(super) fn warnings(&self) -> Vec<String> {
        let heard = self.lock();
        let Some(plan) = heard.0.last() else { return Vec::new() };
        let blocked = plan.blocked.iter().map(|Blocked { action, reason, .. }| {
            format!("{} · {} · {} is not done: {reason}", action.name, action.target, action.action)
        });
        blocked.chain(plan.warnings.iter().cloned()).collect()
    }

    /// All shifts of those for whom something was done.
    pub(super) fn shifts(&self) -> Vec<Shift> {
        let heard = self.lock();
        let mut shifts = BTreeMap::new();
        for one in heard.0.iter().flat_map(|plan| &plan.timeline) {
            for bar in one.contracts.iter().filter(|bar| bar.detail == ROSTER) {
                let moment = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
                let (Some(start), Some(end)) = (moment(&bar.start), moment(&bar.end)) else { continue };
                let shift = Shift { person: one.person.clone(), id: bar.label.clone(), start, end };
                shifts.insert(bar.label.clone(), shift);
            }
        }
        shifts.into_values().collect()
    }
}

impl Tell for Heard {
    fn planned(&self, plan: &Plan) {
        self.lock().0.push(plan.clone());
    }

    fn done(&self, done: &Done) {
        let mut heard = self.lock();
        let is_it = |action: &&Action| {
            (&action.target, &action.person, action.action, &action.permission)
                == (&done.target, &done.person, done.action, &done.permission)
        };
        let action = heard.0.last().and_then(|plan| plan.actions.iter().find(is_it));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (before, profile) = match (action, done.action) {
            (Some(action), Verb::Enable) => (None, action.payload.data.non_empty(PROFILE)),
            (Some(action), Verb::Update) if done.outcome == "updated" => {
                let change = action.changes.iter().find(|change| change.field == PROFILE);
                change.map_or((None, None), |change| (text(&change.from), text(&change.to)))
            }
            _ => (None, None),
        };
        heard.1.push(Event { done: done.clone(), profile, before });
    }
}
