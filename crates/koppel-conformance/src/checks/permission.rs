//! Granting and revoking permissions.

use koppel::lifecycle::Operation;
use koppel::{Kind, Person, Reference};
use serde_json::Value;

use super::{checks, failed, succeeded, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::subject::{Act, Acted};

checks! {
    "permission.offered", Some(Kind::Target), needs ["permissions"], changes false,
        "the permission of the scenario is on offer, and no reference is offered twice",
        "HelloID grants what the list gives" => offered;
    "permission.grant", Some(Kind::Target), needs ["create", "grant", "import-permissions"], changes true,
        "after grant the import shows that the account has the permission",
        "a planner who is not in the group cannot plan" => grant;
    "permission.grant-twice", Some(Kind::Target), needs ["create", "grant"], changes true,
        "granting what is granted succeeds and sends nothing that changes data",
        "HelloID repeats what it is not sure of" => grant_twice;
    "permission.revoke", Some(Kind::Target), needs ["create", "grant", "revoke", "import-permissions"], changes true,
        "after revoke the import no longer shows the permission",
        "access that was revoked must be gone" => revoke;
    "permission.revoke-twice", Some(Kind::Target), needs ["create", "grant", "revoke"], changes true,
        "revoking what is not granted succeeds and sends nothing that changes data",
        "HelloID repeats what it is not sure of" => revoke_twice;
    "permission.grant-again", Some(Kind::Target), needs ["create", "grant", "revoke", "import-permissions"], changes true,
        "what was revoked can be granted again, and the import shows it",
        "people come back to a ward that they left" => grant_again;
    "permission.unknown", Some(Kind::Target), needs ["create", "grant"], changes true,
        "a permission that is not on offer is refused, and nothing is sent that changes data",
        "a permission that was taken out of the configuration must not be guessed" => unknown;
    "permission.missing-account", Some(Kind::Target), needs ["create", "delete", "grant", "revoke"], changes true,
        "granting to an account that is gone fails, revoking from it succeeds",
        "the table of the contract says so" => missing_account;
    "permission.moves", Some(Kind::Target), needs ["create", "sub-permissions", "import-sub-permissions"], changes true,
        "after a move the account has the entitlement of the new place and no longer that of the old one",
        "who changes wards must get into the new one, and out of the old one" => moves;
    "permission.sub-revoke", Some(Kind::Target), needs ["create", "sub-permissions", "import-sub-permissions"], changes true,
        "revoking a permission with entitlements takes all of them and answers an empty set",
        "what the answer leaves out HelloID believes to be gone" => sub_revoke;
}

pub(super) fn permission(bench: &Bench<'_>) -> Result<Reference, Stop> {
    let wanted = bench.scenario.permission.clone().and_then(Reference::new);
    wanted.ok_or_else(|| Stop::Skip("the scenario has no [permission]".into()))
}

async fn act(bench: &Bench<'_>, action: &'static str, account: &Reference, person: &Value) -> Result<Acted, Stop> {
    let act = Act {
        action,
        account: Some(account.clone()),
        permission: Some(permission(bench)?),
        person: Some(bench.person(person)),
        ..Act::default()
    };
    Ok(bench.act(act).await)
}

pub(super) async fn has(bench: &Bench<'_>, account: &Reference) -> Result<bool, Stop> {
    let wanted = permission(bench)?;
    let held = bench.subject.memberships(&bench.config, false).await;
    let held = held.map_err(|refused| Stop::fail("an import of permissions", refused.to_string()))?;
    Ok(held.iter().any(|held| &held.account == account && &held.permission == wanted.value()))
}

pub(super) async fn granted(bench: &Bench<'_>) -> Result<Reference, Stop> {
    let (reference, _) = bench.existing().await?;
    let acted = act(bench, "grant", &reference, &bench.scenario.person).await?;
    if acted.success { Ok(reference) } else { Err(Stop::Skip(format!("nothing could be granted: {}", said(&acted)))) }
}

async fn offered(bench: &Bench<'_>) -> Outcome {
    let wanted = permission(bench)?;
    let offered = bench.subject.permissions(&bench.config).await;
    let offered = offered.map_err(|refused| Stop::fail("the permissions on offer", refused.to_string()))?;
    ensure(offered.iter().any(|(reference, _)| reference == wanted.value()), &format!("[{wanted}] on offer"), || {
        format!("{offered:?}")
    })?;
    let mut seen = Vec::new();
    for (reference, name) in &offered {
        ensure(!seen.contains(reference), "each reference once", || format!("{reference} twice"))?;
        ensure(!name.trim().is_empty(), "a name for each", || format!("{reference} has none"))?;
        seen.push(reference.clone());
    }
    Ok(())
}

async fn grant(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    ensure(!has(bench, &reference).await?, "a new account to have nothing", || "it has the permission".into())?;
    succeeded(&act(bench, "grant", &reference, &bench.scenario.person).await?, "grant")?;
    ensure(has(bench, &reference).await?, "the permission in the import", || "it is not there".into())
}

async fn grant_twice(bench: &Bench<'_>) -> Outcome {
    let reference = granted(bench).await?;
    bench.watch();
    succeeded(&act(bench, "grant", &reference, &bench.scenario.person).await?, "the second grant")?;
    untouched(&bench.changes())
}

async fn revoke(bench: &Bench<'_>) -> Outcome {
    let reference = granted(bench).await?;
    if !has(bench, &reference).await? {
        return Err(Stop::Skip("what was granted is not in the import".into()));
    }
    succeeded(&act(bench, "revoke", &reference, &bench.scenario.person).await?, "revoke")?;
    ensure(!has(bench, &reference).await?, "the permission gone from the import", || "it is still there".into())
}

async fn revoke_twice(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    bench.watch();
    succeeded(&act(bench, "revoke", &reference, &bench.scenario.person).await?, "revoke")?;
    untouched(&bench.changes())
}

async fn grant_again(bench: &Bench<'_>) -> Outcome {
    let reference = granted(bench).await?;
    if !has(bench, &reference).await? {
        return Err(Stop::Skip("what was granted is not in the import".into()));
    }
    let revoked = act(bench, "revoke", &reference, &bench.scenario.person).await?;
    if !revoked.success || has(bench, &reference).await? {
        return Err(Stop::Skip(format!("nothing could be revoked: {}", said(&revoked))));
    }
    succeeded(&act(bench, "grant", &reference, &bench.scenario.person).await?, "a grant after a revoke")?;
    ensure(has(bench, &reference).await?, "the permission in the import again", || "it is not there".into())
}

async fn unknown(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    bench.watch();
    let act = Act {
        action: "grant",
        account: Some(reference),
        permission: Reference::new(format!("no such permission {}", bench.tag())),
        person: Some(bench.person(&bench.scenario.person)),
        ..Act::default()
    };
    failed(&bench.act(act).await, "grant of an unknown permission")?;
    untouched(&bench.changes())
}

async fn missing_account(bench: &Bench<'_>) -> Outcome {
    let reference = bench.gone().await?;
    failed(&act(bench, "grant", &reference, &bench.scenario.person).await?, "grant to an account that is gone")?;
    succeeded(&act(bench, "revoke", &reference, &bench.scenario.person).await?, "revoke from an account that is gone")
}

/// The ids of the entitlements that an account has.
async fn entitlements(bench: &Bench<'_>, account: &Reference) -> Result<Vec<String>, Stop> {
    let held = bench.subject.memberships(&bench.config, true).await;
    let held = held.map_err(|refused| Stop::fail("an import of sub-permissions", refused.to_string()))?;
    let mut ids: Vec<String> =
        held.into_iter().filter(|held| &held.account == account).filter_map(|held| held.entitlement).collect();
    ids.sort();
    Ok(ids)
}

/// Brings the entitlements up to date, and compares the answer with the import.
async fn bring(
    bench: &Bench<'_>,
    account: &Reference,
    operation: Operation,
    current: Vec<(Value, String)>,
    person: Person,
) -> Result<Vec<(Value, String)>, Stop> {
    let act = Act {
        action: "sub-permissions",
        account: Some(account.clone()),
        permission: Some(permission(bench)?),
        operation: Some(operation),
        current,
        person: Some(person),
        ..Act::default()
    };
    let acted = bench.act(act).await;
    succeeded(&acted, "sub-permissions")?;
    let held = acted.sub_permissions.clone().unwrap_or_default();
    let mut answered: Vec<String> = held.iter().filter_map(|(id, _)| id.as_str().map(str::to_owned)).collect();
    answered.sort();
    let imported = entitlements(bench, account).await?;
    ensure(answered == imported, &format!("the import to show {answered:?}"), || format!("{imported:?}"))?;
    Ok(held)
}

async fn moves(bench: &Bench<'_>) -> Outcome {
    if bench.scenario.moved.is_null() {
        return Err(Stop::NotApplicable("the permission depends on no contract".into()));
    }
    let (reference, _) = bench.existing().await?;
    let person = bench.person(&bench.scenario.person);
    let first = bring(bench, &reference, Operation::Grant, Vec::new(), person).await?;
    ensure(!first.is_empty(), "something granted for the first place", || "nothing".into())?;
    let second =
        bring(bench, &reference, Operation::Update, first.clone(), bench.person(&bench.scenario.moved)).await?;
    let kept = first.iter().any(|(id, _)| second.iter().any(|(other, _)| other == id));
    ensure(!kept && !second.is_empty(), "another entitlement after the move", || format!("{first:?}, then {second:?}"))
}

async fn sub_revoke(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let person = bench.person(&bench.scenario.person);
    let held = bring(bench, &reference, Operation::Grant, Vec::new(), person)
        .await
        .map_err(|_| Stop::Skip("nothing could be granted".into()))?;
    let left = bring(bench, &reference, Operation::Revoke, held, Person::default()).await?;
    ensure(left.is_empty(), "an empty set", || format!("{left:?}"))
}
