//! One action: from the plan to the policy of the SDK, and from its report to the state.

use jiff::Timestamp;
use koppel::lifecycle::{self, Action as Run, Correlation, Operation, Outcome, Report, SubPermissions};
use koppel::{Ctx, Error, ErrorKind, Record, Reference, Result, Target};
use serde_json::Value;

use crate::model::{Entitlement, Held, SubPermission, Verb};
use crate::plan::Action;
use crate::store::Effect;

/// Runs an action; the account is the one of the state, or the one that was made a moment ago.
pub(super) async fn act(target: &dyn Target, ctx: &Ctx, action: &Action, account: Option<&Held>) -> Report {
    match translated(action, account) {
        Ok(run) => lifecycle::run(target, ctx, run).await,
        Err(error) => Report::failed(&format!("{} {} account", action.action, target.system()), error),
    }
}

fn translated(action: &Action, account: Option<&Held>) -> Result<Run> {
    let payload = &action.payload;
    let data = payload.data.clone();
    if action.action == Verb::Create {
        let (field, value) = payload.correlation.clone().ok_or_else(|| Error::bug("a create without correlation"))?;
        return Ok(Run::Create { correlation: Some(Correlation { field, value }), data });
    }
    let known = account.and_then(|account| account.reference.clone());
    let reference = known.or_else(|| payload.reference.clone()).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "the account of this person is not known").with_hint("the next pass plans anew")
    })?;
    Ok(match (action.action, &action.permission) {
        (Verb::Create, _) => return Err(Error::bug("a create was not told apart")),
        (Verb::Enable, _) => Run::Enable { reference, data },
        (Verb::Disable, _) => Run::Disable { reference, data },
        (Verb::Delete, _) => Run::Delete { reference, data },
        (Verb::Update, None) => Run::Update { reference, data },
        (verb @ (Verb::Update | Verb::Grant | Verb::Revoke), permission) => {
            let permission = permission.as_deref().and_then(Reference::new);
            let permission = permission.ok_or_else(|| Error::bug("a grant without a permission"))?;
            let person = payload.person.clone().unwrap_or_default();
            if payload.per_contract {
                let operation = match verb {
                    Verb::Grant => Operation::Grant,
                    Verb::Revoke => Operation::Revoke,
                    _ => Operation::Update,
                };
                let current = payload.current.iter().map(|sub| (Value::from(sub.id.clone()), sub.name.clone()));
                let current = current.collect();
                Run::SubPermissions(SubPermissions { reference, permission, operation, current, person })
            } else if verb == Verb::Revoke {
                Run::Revoke { reference, permission, person }
            } else {
                Run::Grant { reference, permission, person }
            }
        }
    })
}

/// What the state remembers after a report. `account` is brought up to date with it.
pub(super) fn effects(
    action: &Action,
    report: &Report,
    at: Timestamp,
    account: &mut Option<Held>,
    others: &[Entitlement],
) -> Vec<Effect> {
    if !report.success {
        return lost(action, report, account, others);
    }
    let mut effects = Vec::new();
    let held = |entitlement: &Entitlement| action.gives(entitlement, at);
    match action.action {
        Verb::Create => {
            let mut made = held(&Entitlement::Account);
            made.reference.clone_from(&report.reference);
            // Of an account that was there already nothing is known; it is compared once, by an update.
            if !report.correlated {
                made.data = merged(&action.payload.baseline, &action.payload.data);
                made.seen.clone_from(&action.payload.seen);
            }
            effects.push(Effect::Put(made.clone()));
            *account = Some(made);
            if report.correlated && action.payload.closes {
                // It may be open: the next plan closes it.
                effects.push(Effect::Put(held(&Entitlement::Access)));
            }
        }
        Verb::Update if action.permission.is_none() => {
            if let Some(account) = account {
                remember(account, &action.payload.data);
                account.seen.clone_from(&action.payload.seen);
                effects.push(Effect::Put(account.clone()));
            }
        }
        Verb::Enable => {
            effects.push(Effect::Put(held(&Entitlement::Access)));
            if let Some(account) = account {
                remember(account, &action.payload.data);
                effects.push(Effect::Put(account.clone()));
            }
        }
        Verb::Disable | Verb::Delete | Verb::Revoke => {
            effects.extend(action.entitlements.iter().map(|entitlement| removed(action, entitlement)));
            if action.entitlements.contains(&Entitlement::Account) {
                *account = None;
            } else if let (Verb::Disable, Some(account)) = (action.action, account) {
                remember(account, &action.payload.data);
                effects.push(Effect::Put(account.clone()));
            }
        }
        Verb::Grant | Verb::Update => {
            for entitlement in &action.entitlements {
                let mut granted = held(entitlement);
                if action.payload.per_contract {
                    let subs = report.sub_permissions.iter().flatten();
                    granted.subs =
                        subs.map(|sub| SubPermission { id: sub.id.clone(), name: sub.display_name.clone() }).collect();
                }
                effects.push(Effect::Put(granted));
            }
        }
    }
    effects
}

/// An action that needs an account found none: somebody deleted it. What was granted went with it, and the next plan
/// makes it anew where it is still wanted.
fn lost(action: &Action, report: &Report, account: &mut Option<Held>, others: &[Entitlement]) -> Vec<Effect> {
    if report.outcome != Outcome::NotFound {
        return Vec::new();
    }
    *account = None;
    others.iter().map(|entitlement| removed(action, entitlement)).collect()
}

fn removed(action: &Action, entitlement: &Entitlement) -> Effect {
    Effect::Remove { target: action.target.clone(), person: action.person.clone(), entitlement: entitlement.clone() }
}

fn merged(base: &Record, over: &Record) -> Value {
    let mut merged = base.clone();
    for (name, value) in over.iter() {
        merged.set(name, value.clone());
    }
    serde_json::to_value(merged).unwrap_or_default()
}

fn remember(account: &mut Held, data: &Record) {
    let known: Record = serde_json::from_value(account.data.clone()).unwrap_or_default();
    account.data = merged(&known, data);
}
