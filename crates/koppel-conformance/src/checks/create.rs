//! Creating and linking accounts.

use koppel::Kind;

use super::{checks, failed, succeeded, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::subject::Act;

checks! {
    "create.makes-one", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "create makes exactly one account, which the import shows under the reference that create gave",
        "a reference that leads nowhere makes every later action fail, and a second account keeps access that nobody revokes" => makes_one;
    "create.comes-back", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "what was sent for a new account is what the import shows of it",
        "a value that the system drops or alters without a word is updated again every night" => comes_back;
    "create.correlates", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "a second create for the same person, from another machine, links the account that is there and sends nothing",
        "HelloID repeats a create whose answer came too late; only correlation keeps it from making another account" => correlates;
    "create.empty-correlation", Some(Kind::Target), needs ["create"], changes true,
        "a create whose correlation value is empty fails before anything is sent that changes data",
        "without the value nobody can tell whether the person has an account" => empty_correlation;
    "create.missing-field-named", Some(Kind::Target), needs ["create"], changes true,
        "a create without a field that a new account needs is refused by the name of the field, and nothing is sent that changes data",
        "what the system says of it is seldom in the words of the mapping" => missing_field;
    "create.ambiguous", Some(Kind::Target), needs ["create", "import-accounts"], changes true,
        "a create for a person with two accounts fails and changes nothing",
        "linking one of the two by chance gives a person the access of another" => ambiguous;
}

async fn makes_one(bench: &Bench<'_>) -> Outcome {
    let new = bench.new_account()?;
    let before = bench.found(&new.by).await?.len();
    ensure(before == 0, "no account with a value that was just invented", || format!("{before} accounts"))?;
    let acted = bench.create(&new).await;
    succeeded(&acted, "create")?;
    ensure(!acted.correlated, "a new account", || said(&acted))?;
    let found = bench.found(&new.by).await?;
    let references: Vec<String> = found.iter().map(|account| account.reference.to_string()).collect();
    let one = found.len() == 1 && acted.reference.as_ref() == found.first().map(|account| &account.reference);
    ensure(one, "exactly one account in the import, with the reference that create gave", || {
        format!("create gave {:?}, the import has {references:?}", acted.reference.as_ref().map(ToString::to_string))
    })
}

async fn comes_back(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    let account = bench.imported_one(&reference).await?.ok_or_else(|| Stop::Skip("it is not in the import".into()))?;
    for (name, sent) in new.data.iter() {
        // What the import does not carry at all cannot be compared.
        let Some(got) = account.data.get(name) else { continue };
        let same = bench.same(name, sent, got);
        ensure(same, &format!("[{name}] to be {sent}"), || got.to_string())?;
    }
    Ok(())
}

async fn correlates(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    bench.watch();
    let act = Act {
        action: "create",
        data: new.data.clone(),
        correlation: Some(new.by.clone()),
        elsewhere: true,
        ..Act::default()
    };
    let acted = bench.act(act).await;
    succeeded(&acted, "create")?;
    ensure(acted.correlated && acted.reference.as_ref() == Some(&reference), "the account that is there", || {
        format!("{:?}; {}", acted.reference.as_ref().map(ToString::to_string), said(&acted))
    })?;
    untouched(&bench.changes())
}

async fn empty_correlation(bench: &Bench<'_>) -> Outcome {
    let mut new = bench.new_account()?;
    new.by.value = " ".into();
    bench.watch();
    failed(&bench.create(&new).await, "create")?;
    untouched(&bench.changes())
}

async fn missing_field(bench: &Bench<'_>) -> Outcome {
    let correlate = &bench.scenario.correlate;
    // The field of the correlation is filled from the correlation.
    let needed: Vec<&str> = bench.facts().fields.iter().filter(|f| f.required).map(|f| f.name.as_str()).collect();
    let needed: Vec<&str> = needed.into_iter().filter(|name| !name.eq_ignore_ascii_case(correlate)).collect();
    if needed.is_empty() {
        return Err(Stop::NotApplicable("a new account needs no other field than that of the correlation".into()));
    }
    for name in needed {
        let mut new = bench.new_account()?;
        new.data.remove(name);
        bench.watch();
        let acted = bench.create(&new).await;
        failed(&acted, &format!("create without [{name}]"))?;
        let named = acted.error.as_ref().is_some_and(|e| e.kind == "invalid" && e.message.contains(name));
        ensure(named, &format!("an error of the group [invalid] that names [{name}]"), || said(&acted))?;
        untouched(&bench.changes())?;
    }
    Ok(())
}

async fn ambiguous(bench: &Bench<'_>) -> Outcome {
    let (_, new) = bench.existing().await?;
    // A second account with the same value, made without looking.
    let second = Act { action: "create", data: new.data.clone(), correlation: None, ..Act::default() };
    let second = bench.act(second).await;
    if !second.success {
        return Err(Stop::NotApplicable("the system refuses a second account with the same value".into()));
    }
    if bench.found(&new.by).await?.len() != 2 {
        return Err(Stop::Skip("two accounts with one value could not be made".into()));
    }
    bench.watch();
    let act = Act { action: "create", data: new.data, correlation: Some(new.by), elsewhere: true, ..Act::default() };
    let acted = bench.act(act).await;
    failed(&acted, "create for two accounts")?;
    let kind = acted.error.map(|error| error.kind).unwrap_or_default();
    ensure(kind == "conflict", "an error of the group [conflict]", || kind.clone())?;
    untouched(&bench.changes())
}
