//! What becomes of an action when something goes wrong on the way, at every request that it makes.

use std::ops::Range;

use koppel::{Kind, Record, Reference, lookup, scalar_text};

use super::{checks, spoken};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Hits, Planned};
use crate::subject::{Acted, Refused};

checks! {
    "fault.too-many", None, needs [], changes true,
        "429 with Retry-After is waited for, and nothing is lost or doubled",
        "a busy system is no broken one" => |bench| endure(bench, Fault::TooMany);
    "fault.too-many-untold", None, needs [], changes true,
        "429 without Retry-After is waited for, and nothing is lost or doubled",
        "a busy system is no broken one" => |bench| endure(bench, Fault::TooManyUntold);
    "fault.token-gone", None, needs [], changes true,
        "a token that stops counting in the middle of an action is replaced",
        "another process may have asked for one, which ends this one" => |bench| endure(bench, Fault::TokenGone);
    "fault.unavailable", None, needs [], changes true,
        "503 leaves nothing doubled or half done",
        "systems restart" => |bench| endure(bench, Fault::Unavailable);
    "fault.cut-before", None, needs [], changes true,
        "a connection that is cut before the system saw the request leaves nothing doubled or lost",
        "networks fail" => |bench| endure(bench, Fault::CutBefore);
    "fault.cut-after", None, needs [], changes true,
        "a connection that is cut after the system carried the request out leaves nothing doubled or lost",
        "the request counts although no answer came: repeating it blindly makes a second account" => |bench| endure(bench, Fault::CutAfter);
    "fault.lost-answer", None, needs [], changes true,
        "502 in place of an answer leaves nothing doubled or lost",
        "the request counts although the answer says otherwise" => |bench| endure(bench, Fault::LostAnswer);
    "fault.truncated", None, needs [], changes true,
        "an answer that breaks off in the middle leaves nothing doubled or lost, and no half list is taken for a whole one",
        "half a list would revoke the access of the other half" => |bench| endure(bench, Fault::Truncated);
    "fault.slow", None, needs [], changes true,
        "an answer that comes in small pieces is waited for",
        "slow is not broken" => |bench| endure(bench, Fault::Slow);
    "fault.html", None, needs [], changes true,
        "a page for people in place of a document leaves nothing doubled or lost",
        "a proxy in front of a system that is down answers just that, with status 200" => |bench| endure(bench, Fault::Html);
    "fault.other-order", None, needs [], changes true,
        "an answer that comes the other way round on the second attempt changes nothing",
        "systems do not promise an order" => |bench| endure(bench, Fault::OtherOrder);
}

/// An action that makes more requests than this for one fault repeats without end.
const MOST_REQUESTS: usize = 25;
/// At most so many places of one action are hit, the first ones.
const MOST_PLACES: usize = 8;

/// The groups of errors that a fault may end in; success is always good.
fn groups(fault: Fault) -> &'static [&'static str] {
    match fault {
        Fault::TooMany | Fault::TooManyUntold => &["rate-limited"],
        Fault::TokenGone => &["auth"],
        Fault::Slow | Fault::OtherOrder | Fault::RepeatedPage | Fault::CyclicPages => &[],
        Fault::Html => &["protocol", "ambiguous", "transient"],
        _ => &["transient", "ambiguous", "protocol"],
    }
}

/// Puts the fault in at each request of every action in turn, then repeats the action and looks at what is there.
async fn endure(bench: &Bench<'_>, fault: Fault) -> Outcome {
    if bench.facts().kind == Kind::Source {
        return import(bench, fault, "persons").await;
    }
    if !bench.facts().can("create") || !bench.facts().can("import-accounts") {
        return Err(Stop::NotApplicable("the connector does not offer [create] and [import-accounts]".into()));
    }
    create(bench, fault).await?;
    change(bench, fault, "update").await?;
    if bench.facts().can("enable") {
        change(bench, fault, "enable").await?;
    }
    if bench.facts().can("delete") {
        change(bench, fault, "delete").await?;
    }
    import(bench, fault, "accounts").await
}

/// Which of the requests since the last plan are hit. Where each costs a second of waiting it is the last one, which
/// changes something where any does.
fn places(bench: &Bench<'_>, fault: Fault) -> Range<usize> {
    let requests = bench.proxy.exchanges().iter().filter(|e| !e.sent.is_token()).count();
    match fault {
        Fault::TooMany => requests.saturating_sub(1)..requests,
        _ => 0..requests.min(MOST_PLACES),
    }
}

/// Plans the fault for one place.
fn plan(bench: &Bench<'_>, fault: Fault, place: usize) {
    bench.plan(&[Planned::once(fault, Hits::Any).after(place)]);
}

/// The fault happened, was met with few requests, and ended well or in an error of the right group.
fn met(bench: &Bench<'_>, fault: Fault, what: &str, error: Option<&Refused>) -> Outcome {
    bench.all_fired()?;
    let requests = bench.proxy.exchanges().len();
    ensure(requests <= MOST_REQUESTS, &format!("at most {MOST_REQUESTS} requests for {what}"), || {
        requests.to_string()
    })?;
    let Some(error) = error else { return Ok(()) };
    let groups = groups(fault);
    ensure(groups.contains(&error.kind.as_str()), &format!("{what} to succeed, or an error of {groups:?}"), || {
        error.to_string()
    })
}

fn tell(acted: &Acted) -> Option<&Refused> {
    acted.error.as_ref().filter(|_| !acted.success)
}

async fn create(bench: &Bench<'_>, fault: Fault) -> Outcome {
    bench.watch();
    let clean = bench.create(&bench.new_account()?).await;
    if !clean.success {
        return Err(Stop::Skip(format!("create does not work without faults: {}", said(&clean))));
    }
    for place in places(bench, fault) {
        let what = format!("create with [{}] at its request {}", fault.name(), place + 1);
        let new = bench.new_account()?;
        plan(bench, fault, place);
        let acted = bench.create(&new).await;
        spoken(&acted)?;
        met(bench, fault, &what, tell(&acted))?;
        bench.watch();
        let again = bench.create(&new).await;
        ensure(again.success, &format!("a repeated {what} to succeed"), || said(&again))?;
        let found = bench.found(&new.by).await?.len();
        ensure(found == 1, &format!("one account after {what}"), || format!("{found}"))?;
    }
    Ok(())
}

async fn change(bench: &Bench<'_>, fault: Fault, action: &'static str) -> Outcome {
    let data = |bench: &Bench<'_>| -> Result<Record, Stop> {
        Ok(match action {
            "update" => bench.update_fields()?,
            "enable" => bench.fields(&bench.scenario.enable),
            _ => Record::new(),
        })
    };
    let (reference, _) = bench.existing().await?;
    bench.watch();
    let wanted = data(bench)?;
    let clean = bench.on(action, &reference, &wanted).await;
    let places = places(bench, fault);
    let again = bench.on(action, &reference, &wanted).await;
    if !clean.success || !again.success || came(bench, action, &reference, &wanted, action).await.is_err() {
        return Err(Stop::Skip(format!("{action} does not work without faults: {}", said(&clean))));
    }
    for place in places {
        let what = format!("{action} with [{}] at its request {}", fault.name(), place + 1);
        let (reference, _) = bench.made().await?;
        let data = data(bench)?;
        plan(bench, fault, place);
        let acted = bench.on(action, &reference, &data).await;
        spoken(&acted)?;
        met(bench, fault, &what, tell(&acted))?;
        bench.watch();
        let again = bench.on(action, &reference, &data).await;
        ensure(again.success, &format!("a repeated {what} to succeed"), || said(&again))?;
        came(bench, action, &reference, &data, &what).await?;
    }
    Ok(())
}

/// What the action was for is so.
pub(super) async fn came(bench: &Bench<'_>, action: &str, reference: &Reference, data: &Record, what: &str) -> Outcome {
    match (action, bench.imported_one(reference).await?) {
        ("delete", account) => {
            ensure(account.is_none(), &format!("no account after {what}"), || "it is still there".into())
        }
        (_, None) => Err(Stop::fail(format!("the account after {what}"), "it is gone")),
        ("enable" | "disable", Some(account)) => {
            let on = action == "enable";
            ensure(account.enabled == Some(on), &format!("Enabled to be {on} after {what}"), || {
                format!("{:?}", account.enabled)
            })
        }
        (_, Some(account)) => data.iter().try_for_each(|(name, value)| {
            let got = account.data.get(name).cloned().unwrap_or_default();
            ensure(bench.same(name, value, &got), &format!("[{name}] to be {value} after {what}"), || got.to_string())
        }),
    }
}

/// The ids that an import gives.
async fn ids(bench: &Bench<'_>, what: &str) -> Result<Vec<String>, Refused> {
    let mut ids: Vec<String> = if what == "persons" {
        let all = bench.subject.persons(&bench.config).await?;
        let contracts = |person| lookup(person, "Contracts").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
        let id = |person| lookup(person, "ExternalId").and_then(scalar_text).unwrap_or_default();
        all.iter().map(|person| format!("{} with {} contracts", id(person), contracts(person))).collect()
    } else {
        let all = bench.subject.accounts(&bench.config).await?;
        all.iter().map(|account| format!("{} {:?}", account.reference, account.data)).collect()
    };
    ids.sort();
    Ok(ids)
}

async fn import(bench: &Bench<'_>, fault: Fault, what: &str) -> Outcome {
    bench.watch();
    let clean = ids(bench, what).await.map_err(|refused| Stop::Skip(format!("the import does not work: {refused}")))?;
    let places = places(bench, fault);
    if ids(bench, what).await.ok().as_ref() != Some(&clean) {
        return Err(Stop::Skip("two imports without faults differ".into()));
    }
    for place in places {
        let said = format!("the import of {what} with [{}] at its request {}", fault.name(), place + 1);
        plan(bench, fault, place);
        match ids(bench, what).await {
            Ok(ids) => {
                bench.all_fired()?;
                ensure(ids == clean, &format!("{said} to fail or to be whole"), || {
                    format!("{} in place of {}, or other ones", ids.len(), clean.len())
                })?;
            }
            Err(refused) => {
                bench.all_fired()?;
                let groups = groups(fault);
                ensure(
                    groups.contains(&refused.kind.as_str()),
                    &format!("{said} to be whole, or an error of {groups:?}"),
                    || refused.to_string(),
                )?;
            }
        }
    }
    Ok(())
}
