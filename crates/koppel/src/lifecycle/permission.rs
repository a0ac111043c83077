//! Grant, revoke, sub-permissions.

use std::collections::BTreeMap;

use super::{AuditAction, Outcome, Report, done_or_planned, gone, locked, not_found, part};
use crate::account::Reference;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};
use crate::permission::{Effect, Entitlement, Permissions};
use crate::person::Person;
use crate::target::Target;
use serde_json::Value;

/// Why sub-permissions are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The permission is granted.
    Grant,
    /// It is granted already, and the contracts may have changed.
    Update,
    /// The permission is revoked, with all its entitlements.
    Revoke,
}

/// Brings the entitlements of one permission up to date.
#[derive(Debug, Clone)]
pub struct SubPermissions {
    /// The account.
    pub reference: Reference,
    /// The permission.
    pub permission: Reference,
    /// Why.
    pub operation: Operation,
    /// What is believed to be granted: the ids and names that the last run gave.
    pub current: Vec<(Value, String)>,
    /// Whose contracts decide.
    pub person: Person,
}

impl SubPermissions {
    /// What is believed to be granted, by today's ids; an id that nobody understands stays as it is.
    pub(super) fn current_entitlements(&self, target: &dyn Target) -> Vec<Entitlement> {
        let permissions = target.permissions();
        self.current
            .iter()
            .map(|(id, name)| {
                let id = permissions
                    .and_then(|p| p.canonical(id))
                    .unwrap_or_else(|| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
                let display_name = if name.is_empty() { id.clone() } else { name.clone() };
                Entitlement { id, display_name, detail: Value::Null }
            })
            .collect()
    }
}

/// Which contracts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contracts {
    /// Those that satisfy the rule which grants the permission.
    InConditions,
    /// All: what was granted for a contract is revoked whether or not it still counts.
    All,
}

/// What the permission comes down to for this person: the union over the contracts that count.
///
/// In a dry run every contract counts: a preview knows of no conditions yet.
fn desired(
    permissions: &dyn Permissions,
    ctx: &Ctx,
    permission: &Reference,
    person: &Person,
    contracts: Contracts,
) -> Result<Vec<Entitlement>> {
    if !permissions.per_contract(permission)? {
        return Ok(vec![permissions.resolve(permission, None)?]);
    }
    // Taken for "no contract counts", missing input would revoke everything.
    if !ctx.is_dry_run()
        && contracts == Contracts::InConditions
        && person.contracts.iter().all(|c| c.in_conditions.is_none())
        && !person.contracts.is_empty()
    {
        return Err(Error::invalid(
            "Person.Contracts",
            format!("no contract says whether it is in conditions, and permission [{permission}] depends on that"),
        )
        .with_hint("hand over Contracts[].Context.InConditions as HelloID gives it"));
    }
    let mut found: BTreeMap<String, Entitlement> = BTreeMap::new();
    let mut counted = 0;
    for contract in &person.contracts {
        if ctx.is_dry_run() || contracts == Contracts::All || contract.in_conditions == Some(true) {
            counted += 1;
            let entitlement = permissions.resolve(permission, Some(contract))?;
            found.entry(entitlement.id.to_lowercase()).or_insert(entitlement);
        }
    }
    if counted == 0 {
        ctx.warn(format!(
            "permission [{permission}] depends on contracts, and none of the person's contracts is in conditions"
        ));
    }
    Ok(found.into_values().collect())
}

/// Grants what the permission comes down to.
pub(super) async fn grant(
    target: &dyn Target,
    ctx: &Ctx,
    reference: &Reference,
    permission: &Reference,
    person: &Person,
) -> Result<Report> {
    let permissions = part(target, target.permissions(), "grant permissions")?;
    let wanted = desired(permissions, ctx, permission, person, Contracts::InConditions)?;
    if wanted.is_empty() {
        return Err(nothing_to_do(permission, "granted"));
    }
    let (_held, account) = locked(target, ctx, reference).await?;
    let Some(account) = account else {
        return Ok(not_found(target, reference));
    };
    let effects = done_or_planned(permissions.assign(ctx, &account, &wanted, &[]).await)?;
    let mut report = Report::new(summary(effects.as_deref(), Outcome::Granted), true);
    for entitlement in &wanted {
        report.say(AuditAction::GrantPermission, format!("Granted access to permission {}", entitlement.display_name));
    }
    Ok(report.about(reference))
}

/// Revokes what the permission comes down to.
pub(super) async fn revoke(
    target: &dyn Target,
    ctx: &Ctx,
    reference: &Reference,
    permission: &Reference,
    person: &Person,
) -> Result<Report> {
    let permissions = part(target, target.permissions(), "revoke permissions")?;
    let (_held, account) = locked(target, ctx, reference).await?;
    let Some(account) = account else {
        return Ok(gone(target, reference, AuditAction::RevokePermission));
    };
    let unwanted = desired(permissions, ctx, permission, person, Contracts::All)?;
    if unwanted.is_empty() {
        return Err(nothing_to_do(permission, "revoked"));
    }
    let effects = done_or_planned(permissions.assign(ctx, &account, &[], &unwanted).await)?;
    let mut report = Report::new(summary(effects.as_deref(), Outcome::Revoked), true);
    for entitlement in &unwanted {
        report.say(AuditAction::RevokePermission, format!("Revoked access to permission {}", entitlement.display_name));
    }
    Ok(report.about(reference))
}

fn nothing_to_do(permission: &Reference, done: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("permission [{permission}] depends on contracts, and no contract says what is to be {done}"),
    )
    .with_hint("use the sub-permissions action, which knows what was granted before")
}

fn summary(effects: Option<&[Effect]>, outcome: Outcome) -> Outcome {
    match effects {
        Some(effects) if effects.iter().all(|effect| *effect == Effect::Unchanged) => Outcome::NoChange,
        _ => outcome,
    }
}

/// Brings the entitlements up to date: what the contracts ask for is there afterwards, what they no longer ask for is
/// not. An entitlement that somebody removed by hand is restored.
pub(super) async fn sub_permissions(target: &dyn Target, ctx: &Ctx, sub: &SubPermissions) -> Result<Report> {
    let permissions = part(target, target.permissions(), "manage permissions")?;
    let current = sub.current_entitlements(target);
    let wanted = match sub.operation {
        Operation::Revoke => Vec::new(),
        Operation::Grant | Operation::Update => {
            desired(permissions, ctx, &sub.permission, &sub.person, Contracts::InConditions)?
        }
    };
    let same = |a: &Entitlement, b: &Entitlement| a.id.to_lowercase() == b.id.to_lowercase();
    let unwanted: Vec<Entitlement> =
        current.iter().filter(|held| !wanted.iter().any(|want| same(want, held))).cloned().collect();
    let (_held, account) = locked(target, ctx, &sub.reference).await?;
    let Some(account) = account else {
        let mut report = match sub.operation {
            Operation::Revoke => gone(target, &sub.reference, AuditAction::RevokePermission),
            Operation::Grant | Operation::Update => not_found(target, &sub.reference),
        };
        report.sub_permissions = Some(if sub.operation == Operation::Revoke { Vec::new() } else { current });
        return Ok(report);
    };
    ctx.go_on()?;
    let effects = done_or_planned(permissions.assign(ctx, &account, &wanted, &unwanted).await)?;
    let effect = |index: usize| effects.as_ref().and_then(|e| e.get(index)).copied().unwrap_or(Effect::Changed);
    let (mut granted, mut revoked) = (0, 0);
    let mut report = Report::new(Outcome::NoChange, true).about(&sub.reference);
    for (index, want) in wanted.iter().enumerate() {
        let name = &want.display_name;
        if !current.iter().any(|held| same(want, held)) {
            granted += 1;
            report.say(AuditAction::GrantPermission, format!("Granted access to permission {name}"));
        } else if effects.is_some() && effect(index) == Effect::Changed {
            granted += 1;
            report.say(
                AuditAction::UpdatePermission,
                format!("Restored access to permission {name}: it was missing or had changed"),
            );
        }
    }
    for gone in &unwanted {
        revoked += 1;
        report.say(AuditAction::RevokePermission, format!("Revoked access to permission {}", gone.display_name));
    }
    report.outcome = match (granted, revoked) {
        (0, 0) => Outcome::NoChange,
        (_, 0) => Outcome::Granted,
        (0, _) => Outcome::Revoked,
        _ => Outcome::Adjusted,
    };
    if report.audit.is_empty() {
        let action = match sub.operation {
            Operation::Revoke => AuditAction::RevokePermission,
            Operation::Grant | Operation::Update => AuditAction::UpdatePermission,
        };
        report.say(action, format!("No changes: permission {} is as it should be", sub.permission));
    }
    report.sub_permissions = Some(wanted);
    Ok(report)
}
