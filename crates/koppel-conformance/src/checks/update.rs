//! Changing accounts.

use koppel::{Kind, Record};

use super::{checks, failed, succeeded, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};

checks! {
    "update.only-what-differs", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "an update changes the mapped fields and leaves all others as they were",
        "a field that an administrator keeps by hand must not be emptied by an update of another one" => only_what_differs;
    "update.twice", Some(Kind::Target), needs ["create", "update"], changes true,
        "a second update with the same values sends nothing that changes data",
        "HelloID updates thousands of accounts a night; each must cost no more than a look" => twice;
    "update.tells-before-and-after", Some(Kind::Target), needs ["create", "update"], changes true,
        "an update answers the mapped fields as they were and as they are",
        "notifications and the audit log show the difference" => before_and_after;
    "update.missing", Some(Kind::Target), needs ["create", "update", "delete"], changes true,
        "an update of an account that is gone fails, and makes none",
        "access would otherwise be believed to be up to date" => missing;
    "update.immutable", Some(Kind::Target), needs ["create", "update"], changes true,
        "a change of a field that cannot change is refused by name, and nothing is sent that changes data",
        "a login name that was not changed must not be reported as changed" => immutable;
}

async fn only_what_differs(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let before =
        bench.imported_one(&reference).await?.ok_or_else(|| Stop::Skip("the import does not show it".into()))?;
    let data = bench.update_fields()?;
    succeeded(&bench.on("update", &reference, &data).await, "update")?;
    let gone = || Stop::fail("the account in the import", "it is gone");
    let after = bench.imported_one(&reference).await?.ok_or_else(gone)?;
    for (name, is) in after.data.iter() {
        match data.get(name) {
            Some(wanted) => {
                ensure(bench.same(name, wanted, is), &format!("[{name}] to be {wanted}"), || is.to_string())?;
            }
            None => {
                let was = before.data.get(name).cloned().unwrap_or_default();
                ensure(was == *is, &format!("[{name}] to stay {was}"), || is.to_string())?;
            }
        }
    }
    Ok(())
}

async fn twice(bench: &Bench<'_>) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let data = bench.update_fields()?;
    succeeded(&bench.on("update", &reference, &data).await, "update")?;
    bench.watch();
    succeeded(&bench.on("update", &reference, &data).await, "the second update")?;
    untouched(&bench.changes())
}

async fn before_and_after(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    let data = bench.update_fields()?;
    let acted = bench.on("update", &reference, &data).await;
    succeeded(&acted, "update")?;
    for (name, wanted) in data.iter() {
        let is = acted.data.as_ref().and_then(|data| data.get(name)).cloned().unwrap_or_default();
        ensure(bench.same(name, wanted, &is), &format!("[{name}] to be {wanted} in Data"), || is.to_string())?;
        if let Some(sent) = new.data.get(name) {
            let was = acted.previous.as_ref().and_then(|data| data.get(name)).cloned().unwrap_or_default();
            ensure(bench.same(name, sent, &was), &format!("[{name}] to be {sent} in PreviousData"), || {
                was.to_string()
            })?;
        }
    }
    Ok(())
}

async fn missing(bench: &Bench<'_>) -> Outcome {
    let reference = bench.gone().await?;
    let data = bench.update_fields()?;
    bench.watch();
    let acted = bench.on("update", &reference, &data).await;
    failed(&acted, "update of an account that is gone")?;
    let kind = acted.error.as_ref().map(|error| error.kind.clone()).unwrap_or_default();
    ensure(kind == "not-found", "an error of the group [not-found]", || said(&acted))?;
    untouched(&bench.changes())
}

async fn immutable(bench: &Bench<'_>) -> Outcome {
    let fixed: Vec<&str> = bench.facts().fields.iter().filter(|f| f.immutable).map(|f| f.name.as_str()).collect();
    if fixed.is_empty() {
        return Err(Stop::NotApplicable("every field can change".into()));
    }
    let (reference, new) = bench.existing().await?;
    for name in fixed.into_iter().filter(|name| new.data.get(name).is_some()) {
        let mut data = Record::new();
        data.set(name, bench.tag());
        bench.watch();
        let acted = bench.on("update", &reference, &data).await;
        failed(&acted, &format!("an update of [{name}]"))?;
        let named = acted.error.as_ref().is_some_and(|e| e.kind == "invalid" && e.message.contains(name));
        ensure(named, &format!("an error of the group [invalid] that names [{name}]"), || said(&acted))?;
        untouched(&bench.changes())?;
    }
    Ok(())
}
