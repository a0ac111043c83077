//! What becomes of an action that is ended in the middle, and of the same action afterwards.

use std::pin::pin;

use koppel::{Cancel, Kind, Record, Reference};

use super::{checks, fault, permission, succeeded, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Hits, Planned};
use crate::subject::{Act, Acted, End};

checks! {
    "cancel.reading", Some(Kind::Target), needs ["create"], changes true,
        "an action that is told to stop while it reads sends nothing that changes data",
        "who stops a run wants nothing to be begun after that" => reading;
    "cancel.create", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "a create that is ended while the system makes the account is found again by the next one, here and from another machine",
        "HelloID ends an action after 30 seconds and repeats it; the account is there, and nobody was told its reference" => create;
    "cancel.update", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "an update that is ended in the middle is completed by the next one",
        "half an update must not be taken for a whole one, and no lock may outlive its action" => |bench| change(bench, "update");
    "cancel.enable", Some(Kind::Target), needs ["create", "enable", "import-accounts"], changes true,
        "an enable that is ended in the middle is completed by the next one",
        "half an enable must not be taken for a whole one, and no lock may outlive its action" => |bench| change(bench, "enable");
    "cancel.disable", Some(Kind::Target), needs ["create", "enable", "disable", "import-accounts"], changes true,
        "a disable that is ended in the middle is completed by the next one",
        "a leaver must not keep access because a run was stopped" => |bench| change(bench, "disable");
    "cancel.delete", Some(Kind::Target), needs ["create", "delete", "import-accounts"], changes true,
        "a delete that is ended in the middle is completed by the next one",
        "an account that is gone already is no failure, whoever deleted it" => |bench| change(bench, "delete");
    "cancel.grant", Some(Kind::Target), needs ["create", "grant", "import-permissions"], changes true,
        "a grant that is ended in the middle is completed by the next one",
        "nobody knows what an action did that was ended; the next one has to look" => |bench| permit(bench, "grant");
    "cancel.revoke", Some(Kind::Target), needs ["create", "grant", "revoke", "import-permissions"], changes true,
        "a revoke that is ended in the middle is completed by the next one",
        "access that was to be revoked must not stay because a run was stopped" => |bench| permit(bench, "revoke");
}

/// At most so many requests of one action are held, the first ones.
const MOST_PLACES: usize = 4;

/// The two ways to end an action: it is told to, and waits for the request that is under way; or it is killed.
const WAYS: [bool; 2] = [false, true];

fn way(killed: bool) -> &'static str {
    if killed { "killed" } else { "told to stop" }
}

/// Carries an action out and ends it while the answer to one of its changes is held back.
async fn end(bench: &Bench<'_>, act: Act, place: usize, killed: bool) -> Result<Acted, Stop> {
    bench.plan(&[Planned::once(Fault::Held, Hits::Changes).after(place)]);
    let when = Cancel::default();
    let mut work = pin!(bench.act(Act { end: Some(End { when: when.clone(), killed }), ..act }));
    let acted = tokio::select! {
        acted = &mut work => acted,
        () = bench.proxy.held() => {
            when.cancel();
            if !killed {
                bench.proxy.release();
            }
            work.await
        }
    };
    bench.all_fired()?;
    bench.watch();
    bench.proxy.settled().await;
    Ok(acted)
}

/// An action that was told to stop says what it came to; of one that was killed nothing is heard.
fn told(acted: &Acted, killed: bool, what: &str) -> Outcome {
    if killed {
        return Ok(());
    }
    let kind = acted.error.as_ref().map(|error| error.kind.as_str()).unwrap_or_default();
    ensure(
        acted.success || ["cancelled", "ambiguous"].contains(&kind),
        &format!("{what} to succeed or to say that it was stopped"),
        || said(acted),
    )
}

/// The same action again: on this machine, where its locks were, or on another, where nothing is known of it.
async fn repeat(bench: &Bench<'_>, act: &Act, elsewhere: bool, what: &str) -> Outcome {
    let again = bench.act(Act { elsewhere, ..act.clone() }).await;
    let place = if elsewhere { "another machine" } else { "the same machine" };
    succeeded(&again, &format!("{}, which was {what} and is repeated on {place},", act.action))
}

/// How many requests of an action that works change something, since the last look.
fn places(bench: &Bench<'_>, action: &str) -> Result<usize, Stop> {
    match bench.changes().len().min(MOST_PLACES) {
        0 => Err(Stop::Skip(format!("{action} sends nothing that changes data"))),
        places => Ok(places),
    }
}

async fn reading(bench: &Bench<'_>) -> Outcome {
    let new = bench.new_account()?;
    let act = Act { action: "create", data: new.data, correlation: Some(new.by), ..Act::default() };
    bench.plan(&[Planned::once(Fault::Held, Hits::Reads)]);
    let when = Cancel::default();
    let mut work = pin!(bench.act(Act { end: Some(End { when: when.clone(), killed: false }), ..act }));
    let acted = tokio::select! {
        acted = &mut work => return Err(Stop::NotApplicable(format!("create reads nothing first: {}", said(&acted)))),
        () = bench.proxy.held() => {
            when.cancel();
            bench.proxy.release();
            work.await
        }
    };
    let kind = acted.error.as_ref().map(|error| error.kind.as_str()).unwrap_or_default();
    ensure(!acted.success && kind == "cancelled", "an error of the group [cancelled]", || said(&acted))?;
    untouched(&bench.changes())
}

async fn create(bench: &Bench<'_>) -> Outcome {
    bench.watch();
    let clean = bench.create(&bench.new_account()?).await;
    if !clean.success {
        return Err(Stop::Skip(format!("create does not work: {}", said(&clean))));
    }
    for (place, killed, elsewhere) in cases(places(bench, "create")?) {
        let what = format!("{} at its change {}", way(killed), place + 1);
        let new = bench.new_account()?;
        let act = Act { action: "create", data: new.data.clone(), correlation: Some(new.by.clone()), ..Act::default() };
        let acted = end(bench, act.clone(), place, killed).await?;
        told(&acted, killed, "create")?;
        repeat(bench, &act, elsewhere, &what).await?;
        let found = bench.found(&new.by).await?.len();
        ensure(found == 1, &format!("one account after create was {what} and repeated"), || found.to_string())?;
    }
    Ok(())
}

/// Every place, both ways; who is told to stop is repeated on another machine, who is killed on this one first.
fn cases(places: usize) -> impl Iterator<Item = (usize, bool, bool)> {
    (0..places).flat_map(|place| WAYS.map(|killed| (place, killed, !killed)))
}

fn data(bench: &Bench<'_>, action: &str) -> Result<Record, Stop> {
    Ok(match action {
        "update" => bench.update_fields()?,
        "enable" => bench.fields(&bench.scenario.enable),
        "disable" => bench.fields(&bench.scenario.disable),
        _ => Record::new(),
    })
}

/// An account that is as the action does not want it.
async fn before(bench: &Bench<'_>, action: &str) -> Result<Reference, Stop> {
    let (reference, _) = bench.made().await?;
    if action == "disable" {
        let enabled = bench.on("enable", &reference, &bench.fields(&bench.scenario.enable)).await;
        if !enabled.success {
            return Err(Stop::Skip(format!("the account cannot be enabled first: {}", said(&enabled))));
        }
    }
    Ok(reference)
}

async fn change(bench: &Bench<'_>, action: &'static str) -> Outcome {
    let reference = before(bench, action).await?;
    bench.watch();
    let clean = bench.on(action, &reference, &data(bench, action)?).await;
    if !clean.success {
        return Err(Stop::Skip(format!("{action} does not work: {}", said(&clean))));
    }
    for (place, killed, elsewhere) in cases(places(bench, action)?) {
        let what = format!("{} at its change {}", way(killed), place + 1);
        let reference = before(bench, action).await?;
        let data = data(bench, action)?;
        let act = Act { action, account: Some(reference.clone()), data: data.clone(), ..Act::default() };
        let acted = end(bench, act.clone(), place, killed).await?;
        told(&acted, killed, action)?;
        repeat(bench, &act, elsewhere, &what).await?;
        fault::came(bench, action, &reference, &data, &format!("{action} was {what} and repeated")).await?;
    }
    Ok(())
}

async fn permit(bench: &Bench<'_>, action: &'static str) -> Outcome {
    let act = async || -> Result<Act, Stop> {
        let reference = if action == "grant" { bench.made().await?.0 } else { permission::granted(bench).await? };
        Ok(Act {
            action,
            account: Some(reference),
            permission: Some(permission::permission(bench)?),
            person: Some(bench.person(&bench.scenario.person)),
            ..Act::default()
        })
    };
    let first = act().await?;
    bench.watch();
    let clean = bench.act(first).await;
    if !clean.success {
        return Err(Stop::Skip(format!("{action} does not work: {}", said(&clean))));
    }
    for (place, killed, elsewhere) in cases(places(bench, action)?) {
        let what = format!("{} at its change {}", way(killed), place + 1);
        let act = act().await?;
        let acted = end(bench, act.clone(), place, killed).await?;
        told(&acted, killed, action)?;
        repeat(bench, &act, elsewhere, &what).await?;
        let has = match &act.account {
            Some(account) => permission::has(bench, account).await?,
            None => false,
        };
        let wanted = action == "grant";
        ensure(
            has == wanted,
            &format!("the permission in the import to be {wanted} after {action} was {what} and repeated"),
            || has.to_string(),
        )?;
    }
    Ok(())
}
