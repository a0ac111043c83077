//! What an action reads of one account. It is seen in the answer of an update that has nothing to change.

use koppel::{Kind, Record, Reference};
use serde_json::Value;

use super::{checks, succeeded};
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};

checks! {
    "get.after-create", Some(Kind::Target), needs ["create", "update"], changes true,
        "what an action reads of a new account, which PreviousData shows, is what create was given",
        "what is read otherwise than it was written is written again every night" => after_create;
    "get.as-imported", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "what an action reads of an account, which PreviousData shows, is what the import shows of it",
        "reconciliation compares the import with what actions say; two truths about one account never agree" => as_imported;
}

/// What an update with these values, which the account has already, says of the account as it found it.
async fn read(bench: &Bench<'_>, reference: &Reference, data: &Record, whose: &str) -> Outcome {
    let acted = bench.on("update", reference, data).await;
    succeeded(&acted, &format!("an update with {whose}"))?;
    let Some(previous) = &acted.previous else {
        return Err(Stop::Skip("the update gives no PreviousData".into()));
    };
    for (name, value) in data.iter() {
        let read = previous.get(name).cloned().unwrap_or_default();
        ensure(bench.same(name, value, &read), &format!("[{name}] in PreviousData to be {value}, {whose}"), || {
            read.to_string()
        })?;
    }
    Ok(())
}

async fn after_create(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    let shown = bench.facts().can("import-accounts");
    if let Some(account) = if shown { bench.imported_one(&reference).await? } else { None } {
        let lost =
            |(name, sent): &(&str, &Value)| account.data.get(name).is_some_and(|got| !bench.same(name, sent, got));
        if let Some((name, _)) = new.data.iter().find(lost) {
            return Err(Stop::Skip(format!("the account has another [{name}] than was sent")));
        }
    }
    read(bench, &reference, &new.data, "what was sent").await
}

async fn as_imported(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let account = bench.imported_one(&reference).await?.ok_or_else(|| Stop::Skip("it is not in the import".into()))?;
    let mut data = Record::new();
    for field in bench.facts().fields.iter().filter(|field| !field.helper) {
        if let Some(value) = account.data.get(&field.name).filter(|value| !value.is_null()) {
            data.set(field.name.clone(), value.clone());
        }
    }
    if data.is_empty() {
        return Err(Stop::Skip("the import shows no field of the account".into()));
    }
    read(bench, &reference, &data, "what the import shows").await
}
