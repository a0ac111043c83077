//! Two things at once.

use futures_util::future::join_all;
use koppel::Kind;

use super::{checks, succeeded};
use crate::bench::Bench;
use crate::check::{Outcome, ensure};

checks! {
    "together.create", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "four creates for one person at once make one account",
        "HelloID runs actions side by side, and repeats those that take too long" => create;
    "together.update", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "updates of different accounts at once do not mix",
        "a name must not land on somebody else's account" => update;
}

async fn create(bench: &Bench<'_>) -> Outcome {
    let new = bench.new_account()?;
    let all = join_all((0..4).map(|_| bench.create(&new))).await;
    for acted in &all {
        succeeded(acted, "each of four creates at once")?;
    }
    let found = bench.found(&new.by).await?.len();
    ensure(found == 1, "one account", || format!("{found}"))?;
    let made = all.iter().filter(|acted| !acted.correlated).count();
    ensure(made == 1, "one create that made it and three that linked it", || format!("{made} that made one"))
}

async fn update(bench: &Bench<'_>) -> Outcome {
    let mut wanted = Vec::new();
    for _ in 0..4 {
        let (reference, _) = bench.existing().await?;
        wanted.push((reference, bench.update_fields()?));
    }
    for acted in join_all(wanted.iter().map(|(reference, data)| bench.on("update", reference, data))).await {
        succeeded(&acted, "each of four updates at once")?;
    }
    let all = bench.imported().await?;
    for (reference, data) in &wanted {
        for (name, value) in data.iter() {
            let got = all.iter().find(|a| &a.reference == reference).and_then(|a| a.data.get(name)).cloned();
            let same = got.as_ref().is_some_and(|got| bench.same(name, value, got));
            ensure(same, &format!("[{name}] of [{reference}] to be {value}"), || format!("{got:?}"))?;
        }
    }
    Ok(())
}
