//! Dry runs.

use koppel::lifecycle::Operation;
use koppel::{Kind, Record, Reference};

use super::{checks, spoken, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::subject::Act;

checks! {
    "dry-run.create", Some(Kind::Target), needs ["create"], changes true,
        "a dry run of create says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => create;
    "dry-run.update", Some(Kind::Target), needs ["create", "update"], changes true,
        "a dry run of update says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "update");
    "dry-run.enable", Some(Kind::Target), needs ["create", "enable"], changes true,
        "a dry run of enable says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "enable");
    "dry-run.disable", Some(Kind::Target), needs ["create", "enable", "disable"], changes true,
        "a dry run of disable says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "disable");
    "dry-run.delete", Some(Kind::Target), needs ["create", "delete"], changes true,
        "a dry run of delete says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "delete");
    "dry-run.grant", Some(Kind::Target), needs ["create", "grant"], changes true,
        "a dry run of grant says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "grant");
    "dry-run.revoke", Some(Kind::Target), needs ["create", "grant", "revoke"], changes true,
        "a dry run of revoke says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "revoke");
    "dry-run.sub-permissions", Some(Kind::Target), needs ["create", "sub-permissions"], changes true,
        "a dry run of sub-permissions says what would happen and sends nothing that changes data",
        "a preview that changes something is the worst of surprises" => |bench| on(bench, "sub-permissions");
}

async fn held_back(bench: &Bench<'_>, act: Act) -> Outcome {
    bench.watch();
    let action = act.action;
    let acted = bench.act(Act { dry_run: true, ..act }).await;
    spoken(&acted)?;
    ensure(acted.success, &format!("the dry run of {action} to succeed"), || said(&acted))?;
    untouched(&bench.changes())
}

async fn create(bench: &Bench<'_>) -> Outcome {
    let new = bench.new_account()?;
    held_back(bench, Act { action: "create", data: new.data, correlation: Some(new.by), ..Act::default() }).await
}

async fn on(bench: &Bench<'_>, action: &'static str) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let permission = bench.scenario.permission.clone().and_then(Reference::new);
    let person = Some(bench.person(&bench.scenario.person));
    let mut act = Act { action, account: Some(reference.clone()), permission, person, ..Act::default() };
    let needs_permission = matches!(action, "grant" | "revoke" | "sub-permissions");
    if needs_permission && act.permission.is_none() {
        return Err(Stop::Skip("the scenario has no [permission]".into()));
    }
    match action {
        "update" => act.data = bench.update_fields()?,
        "enable" => act.data = bench.fields(&bench.scenario.enable),
        "disable" => {
            let enabled = bench.on("enable", &reference, &bench.fields(&bench.scenario.enable)).await;
            ensure(enabled.success, "the account to be enabled first", || said(&enabled))?;
            act.data = bench.fields(&bench.scenario.disable);
        }
        "delete" => act.data = Record::new(),
        "revoke" => {
            let granted = bench.act(Act { action: "grant", ..act.clone() }).await;
            ensure(granted.success, "the permission to be granted first", || said(&granted))?;
        }
        "sub-permissions" => act.operation = Some(Operation::Grant),
        _ => {}
    }
    held_back(bench, act).await
}
