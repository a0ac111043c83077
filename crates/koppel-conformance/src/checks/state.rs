//! Enabling, disabling and deleting accounts.

use koppel::{Kind, Record, Reference};

use super::{checks, failed, succeeded, untouched};
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};

checks! {
    "enable.works", Some(Kind::Target), needs ["create", "enable", "import-accounts"], changes true,
        "after enable the import shows the account as enabled",
        "a nurse who starts today must get in" => |bench| works(bench, true);
    "disable.works", Some(Kind::Target), needs ["create", "enable", "disable", "import-accounts"], changes true,
        "after disable the import shows the account as disabled",
        "a leaver's badge must not open a door" => |bench| works(bench, false);
    "enable.twice", Some(Kind::Target), needs ["create", "enable"], changes true,
        "enabling an account that is enabled succeeds and sends nothing that changes data",
        "HelloID repeats what it is not sure of" => |bench| twice(bench, "enable");
    "disable.twice", Some(Kind::Target), needs ["create", "enable", "disable"], changes true,
        "disabling an account that is disabled succeeds and sends nothing that changes data",
        "HelloID repeats what it is not sure of" => |bench| twice(bench, "disable");
    "delete.works", Some(Kind::Target), needs ["create", "delete", "import-accounts"], changes true,
        "after delete the account is gone from the import",
        "what was reported as deleted must not go on existing" => deletes;
    "delete.twice", Some(Kind::Target), needs ["create", "delete"], changes true,
        "deleting an account that is gone succeeds",
        "the goal is reached, whoever reached it; a failure would be retried for ever" => |bench| gone(bench, "delete", true);
    "disable.missing", Some(Kind::Target), needs ["create", "delete", "disable"], changes true,
        "disabling an account that is gone succeeds",
        "nobody can get in with it" => |bench| gone(bench, "disable", true);
    "enable.missing", Some(Kind::Target), needs ["create", "delete", "enable"], changes true,
        "enabling an account that is gone fails",
        "somebody waits for access that is not there" => |bench| gone(bench, "enable", false);
}

async fn switch(bench: &Bench<'_>, reference: &Reference, on: bool) -> Outcome {
    let (action, part) = if on { ("enable", &bench.scenario.enable) } else { ("disable", &bench.scenario.disable) };
    let data = bench.fields(part);
    succeeded(&bench.on(action, reference, &data).await, action)
}

async fn works(bench: &Bench<'_>, on: bool) -> Outcome {
    let (reference, _) = bench.existing().await?;
    if !on {
        // From the other state, or nothing would have to change.
        switch(bench, &reference, true).await.map_err(|_| Stop::Skip("the account cannot be enabled first".into()))?;
    }
    switch(bench, &reference, on).await?;
    let gone = || Stop::fail("the account in the import", "it is gone");
    let account = bench.imported_one(&reference).await?.ok_or_else(gone)?;
    ensure(account.enabled == Some(on), &format!("Enabled to be {on}"), || format!("{:?}", account.enabled))
}

async fn twice(bench: &Bench<'_>, action: &'static str) -> Outcome {
    let (reference, _) = bench.existing().await?;
    switch(bench, &reference, true).await?;
    if action == "disable" {
        switch(bench, &reference, false).await?;
    }
    bench.watch();
    switch(bench, &reference, action == "enable").await?;
    untouched(&bench.changes())
}

async fn deletes(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    succeeded(&bench.on("delete", &reference, &Record::new()).await, "delete")?;
    let left = bench.found(&new.by).await?.len();
    ensure(left == 0, "no such account in the import", || format!("{left}"))
}

async fn gone(bench: &Bench<'_>, action: &'static str, good: bool) -> Outcome {
    let reference = bench.gone().await?;
    bench.watch();
    let data = match action {
        "enable" => bench.fields(&bench.scenario.enable),
        "disable" => bench.fields(&bench.scenario.disable),
        _ => Record::new(),
    };
    let acted = bench.on(action, &reference, &data).await;
    let what = format!("{action} of an account that is gone");
    if good {
        succeeded(&acted, &what)?;
    } else {
        failed(&acted, &what)?;
    }
    let left = bench.imported_one(&reference).await?;
    ensure(left.is_none(), "no account to come of it", || "the import shows it again".into())
}
