//! What granting and revoking does to the roles of a user.

use inplanning_api::User;
use jiff::civil::Date;
use koppel::{Effect, Entitlement, Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::role::{RoleKey, ended};

/// How roles are added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Today {
    /// The day itself.
    pub(crate) date: Date,
    /// Does a role that is added begin today, or has it no first day?
    pub(crate) starts: bool,
}

/// The roles of a user after an assignment.
#[derive(Debug)]
pub(crate) struct Assigned {
    pub(crate) roles: Vec<Value>,
    /// Of what was granted, then of what was revoked.
    pub(crate) effects: Vec<Effect>,
}

impl Assigned {
    pub(crate) fn changes_anything(&self) -> bool {
        self.effects.contains(&Effect::Changed)
    }
}

/// Works out the roles after granting and revoking. What is both granted and revoked stays: ids of the past can name
/// the same role as an id of today.
pub(crate) fn assign(user: &User, grant: &[Entitlement], revoke: &[Entitlement], today: Today) -> Result<Assigned> {
    let mut roles = user.roles()?.to_vec();
    let mut effects = Vec::with_capacity(grant.len() + revoke.len());
    let mut kept = Vec::with_capacity(grant.len());
    for entitlement in grant {
        let key = key_of(entitlement)?;
        effects.push(add(&mut roles, &key, entitlement, today));
        kept.push(key);
    }
    for entitlement in revoke {
        let keys = keys_to_remove(&roles, &entitlement.id)?;
        let before = roles.len();
        roles.retain(|role| match RoleKey::of(role) {
            Some(key) => kept.contains(&key) || !keys.contains(&key),
            None => true,
        });
        effects.push(if roles.len() < before { Effect::Changed } else { Effect::Unchanged });
    }
    Ok(Assigned { roles, effects })
}

fn key_of(entitlement: &Entitlement) -> Result<RoleKey> {
    RoleKey::of(&entitlement.detail).or_else(|| RoleKey::from_id(&entitlement.id)).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("[{}] names no role: it has the form role&&resourceGroup", entitlement.id),
        )
    })
}

/// Makes the user hold a role.
///
/// A role that is there already stays as it is, whatever its other groups are: InPlanning ignores groups that mean
/// nothing for a role, so what is read back differs from what was sent, and comparing would write for ever.
fn add(roles: &mut Vec<Value>, key: &RoleKey, entitlement: &Entitlement, today: Today) -> Effect {
    let mine = |role: &&mut Value| RoleKey::of(role).is_some_and(|other| other == *key);
    let mut found: Vec<&mut Value> = roles.iter_mut().filter(mine).collect();
    if found.iter().any(|role| !ended(role, today.date)) {
        return Effect::Unchanged;
    }
    if let Some(Value::Object(role)) = found.first_mut() {
        // Granted again after it ended: what it was comes back, with the groups of today and without an end.
        for (name, value) in entitlement.detail.as_object().into_iter().flatten() {
            if name != "role" && name != "resourceGroup" && !value.is_null() {
                role.insert(name.clone(), value.clone());
            }
        }
        let end = role.keys().find(|name| name.eq_ignore_ascii_case("endDate")).cloned();
        role.insert(end.unwrap_or_else(|| "endDate".to_owned()), Value::Null);
        return Effect::Changed;
    }
    let mut role = match &entitlement.detail {
        Value::Object(detail) => detail.clone(),
        _ => Map::from_iter([
            ("role".to_owned(), Value::from(key.role.clone())),
            ("resourceGroup".to_owned(), Value::from(key.group.clone())),
        ]),
    };
    role.insert("startDate".to_owned(), if today.starts { Value::from(today.date.to_string()) } else { Value::Null });
    role.insert("endDate".to_owned(), Value::Null);
    roles.push(Value::Object(role));
    Effect::Changed
}

/// The roles that an id names: one in today's form, or in the form `role-group` among the roles that the user has.
fn keys_to_remove(roles: &[Value], id: &str) -> Result<Vec<RoleKey>> {
    if let Some(key) = RoleKey::from_id(id) {
        return Ok(vec![key]);
    }
    let mut keys: Vec<RoleKey> = Vec::new();
    for key in roles.iter().filter_map(RoleKey::of).filter(|key| key.is_dashed(id)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() > 1 {
        let names: Vec<String> = keys.iter().map(RoleKey::id).collect();
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("[{id}] was stored by an old version and can mean each of [{}]", names.join("], [")),
        )
        .with_hint("remove the role that is not wanted in InPlanning by hand, then try again"));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(roles: &Value) -> User {
        User::from_value(json!({"username": "1001", "roles": roles})).unwrap()
    }

    fn today() -> Today {
        Today { date: "2026-06-01".parse().unwrap(), starts: false }
    }

    fn planner() -> Entitlement {
        let detail =
            json!({"role": "Planner", "resourceGroup": "Noord", "exchangeGroup": "Company", "userGroup": null});
        Entitlement { id: "Planner&&Noord".into(), display_name: "Planner&&Noord".into(), detail }
    }

    #[test]
    fn a_role_that_is_there_is_left_alone() {
        let assigned = assign(
            &user(&json!([{"role": "PLANNER", "resourceGroup": "noord", "exchangeGroup": "Other"}])),
            &[planner()],
            &[],
            today(),
        );
        assert!(!assigned.unwrap().changes_anything());
    }

    #[test]
    fn a_role_that_ended_is_opened_again() {
        let roles = json!([{"role": "Planner", "resourceGroup": "Noord", "startDate": "2020-01-01", "endDate": "2026-05-31", "extra": 1}]);
        let assigned = assign(&user(&roles), &[planner()], &[], today()).unwrap();
        let reopened = json!({"role": "Planner", "resourceGroup": "Noord", "startDate": "2020-01-01", "endDate": null, "extra": 1, "exchangeGroup": "Company"});
        assert_eq!(assigned.roles, [reopened]);
    }

    #[test]
    fn granting_wins_over_revoking_the_same_role() {
        let roles =
            json!([{"role": "Planner", "resourceGroup": "Noord"}, {"role": "Planner", "resourceGroup": "Zuid"}]);
        let assigned = assign(
            &user(&roles),
            &[planner()],
            &[Entitlement::known("Planner-Noord"), Entitlement::known("planner-ZUID")],
            today(),
        )
        .unwrap();
        assert_eq!(assigned.effects, [Effect::Unchanged, Effect::Unchanged, Effect::Changed]);
        assert_eq!(assigned.roles.len(), 1);
    }

    #[test]
    fn an_old_id_with_two_meanings_is_not_guessed() {
        let roles = json!([{"role": "A-B", "resourceGroup": "C"}, {"role": "A", "resourceGroup": "B-C"}]);
        let error = assign(&user(&roles), &[], &[Entitlement::known("a-b-c")], today()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }

    #[test]
    fn what_is_no_role_stays() {
        let assigned =
            assign(&user(&json!(["odd", {"role": null}])), &[], &[Entitlement::known("Planner&&Noord")], today())
                .unwrap();
        assert_eq!((assigned.roles.len(), assigned.changes_anything()), (2, false));
    }
}
