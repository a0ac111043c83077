//! Imports of accounts.

use std::collections::BTreeSet;

use koppel::Kind;
use serde_json::Value;

use super::checks;
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Got, Hits, Planned};

checks! {
    "import.each-once", Some(Kind::Target), needs ["import-accounts"], changes false,
        "an import gives each account once, over all its pages",
        "an account that comes twice is taken for two" => each_once;
    "import.stable", Some(Kind::Target), needs ["import-accounts"], changes false,
        "two imports one after the other give the same references",
        "a reference that changes makes every account unmanaged" => stable;
    "import.named", Some(Kind::Target), needs ["import-accounts"], changes false,
        "every account has a display name and a user name of at most 100 characters",
        "HelloID refuses an import with an empty name" => named;
    "import.whole", Some(Kind::Target), needs ["import-accounts"], changes true,
        "an import gives all accounts, whether there are none, one, a page or two exactly, one more or less, or many",
        "an account that is left out is taken for gone" => whole;
    "import.repeated-page", Some(Kind::Target), needs ["import-accounts"], changes true,
        "a list whose next page is the first one again ends, in an error",
        "an endless import blocks all others, and one that ends as if it were whole lies" => |bench| circle(bench, Fault::RepeatedPage);
    "import.cyclic-pages", Some(Kind::Target), needs ["import-accounts"], changes true,
        "a list whose pages lead in a circle ends, in an error",
        "a circle is not seen by looking at the page before" => |bench| circle(bench, Fault::CyclicPages);
}

/// Enough accounts for several pages.
const MANY: usize = 230;
/// What is left in a stand-in.
const FEW: usize = 5;

fn references(all: &[crate::subject::Imported]) -> Vec<String> {
    all.iter().map(|account| account.reference.to_string()).collect()
}

async fn each_once(bench: &Bench<'_>) -> Outcome {
    // A tenant shows what it has; a stand-in can have several pages.
    if let Some(world) = bench.world {
        world.fill(MANY).await.map_err(Stop::Skip)?;
    }
    let all = references(&bench.imported().await?);
    if let Some(world) = bench.world {
        world.fill(FEW).await.map_err(Stop::Skip)?;
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<&String> = all.iter().filter(|reference| !seen.insert(*reference)).collect();
    ensure(twice.is_empty(), "each account once", || format!("{twice:?} came again"))
}

async fn stable(bench: &Bench<'_>) -> Outcome {
    let first: BTreeSet<String> = references(&bench.imported().await?).into_iter().collect();
    let second: BTreeSet<String> = references(&bench.imported().await?).into_iter().collect();
    let differing: Vec<&String> = first.symmetric_difference(&second).collect();
    ensure(differing.is_empty(), "the same references", || format!("{differing:?} in one of both only"))
}

async fn named(bench: &Bench<'_>) -> Outcome {
    for account in bench.imported().await? {
        for (what, name) in [("display name", &account.display_name), ("user name", &account.user_name)] {
            ensure(!name.trim().is_empty(), &format!("a {what} for [{}]", account.reference), || "none".into())?;
        }
    }
    Ok(())
}

async fn whole(bench: &Bench<'_>) -> Outcome {
    let Some(world) = bench.world else {
        return Err(Stop::Skip("only a stand-in may be emptied and filled".into()));
    };
    world.fill(MANY).await.map_err(Stop::Skip)?;
    bench.watch();
    let many = bench.imported().await?.len();
    let page = bench.proxy.exchanges().iter().filter_map(|e| longest_list(e.got.as_ref()?)).max().unwrap_or(many);
    let mut counts = vec![MANY, 0, 1];
    if page < MANY {
        counts.extend([page.saturating_sub(1), page, page + 1, 2 * page, 2 * page + 1]);
    }
    for count in counts {
        world.fill(count).await.map_err(Stop::Skip)?;
        let all: BTreeSet<String> = references(&bench.imported().await?).into_iter().collect();
        ensure(all.len() == count, &format!("{count} accounts"), || format!("{}", all.len()))?;
    }
    world.fill(FEW).await.map_err(Stop::Skip)
}

/// How many there are in the longest list of an answer.
fn longest_list(got: &Got) -> Option<usize> {
    fn longest(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().map(longest).max().unwrap_or(0).max(items.len()),
            Value::Object(map) => map.values().map(longest).max().unwrap_or(0),
            _ => 0,
        }
    }
    serde_json::from_slice(&got.body).ok().map(|answer| longest(&answer))
}

async fn circle(bench: &Bench<'_>, fault: Fault) -> Outcome {
    let Some(world) = bench.world else {
        return Err(Stop::Skip("only a stand-in may be filled".into()));
    };
    world.fill(MANY).await.map_err(Stop::Skip)?;
    bench.watch();
    bench.imported().await?;
    let pages = bench.proxy.exchanges().iter().filter(|e| !e.sent.is_token()).count();
    if pages < 3 {
        world.fill(FEW).await.map_err(Stop::Skip)?;
        return Err(Stop::NotApplicable("the list of this system has no three pages".into()));
    }
    bench.plan(&[Planned::once(fault, Hits::Reads).times(usize::MAX)]);
    let result = bench.subject.accounts(&bench.config).await;
    bench.all_fired()?;
    world.fill(FEW).await.map_err(Stop::Skip)?;
    match result {
        Ok(all) => {
            Err(Stop::fail("an import that fails", format!("it gave {} accounts as if they were all", all.len())))
        }
        Err(refused) => ensure(refused.kind == "protocol", "an error of the group [protocol]", || refused.to_string()),
    }
}
