//! Values that only one account may have.

use koppel::{Kind, Record};

use super::{checks, untouched};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};
use crate::subject::Act;

checks! {
    "unique.taken", Some(Kind::Target), needs ["create", "uniqueness"], changes true,
        "a value that another account has is told to be taken; a new one is not, nor is one's own",
        "HelloID asks before it gives a name to a second person" => taken;
}

async fn taken(bench: &Bench<'_>) -> Outcome {
    let (reference, new) = bench.existing().await?;
    let unique: Vec<&str> = bench.facts().fields.iter().filter(|field| field.unique).map(|f| f.name.as_str()).collect();
    let pick = |data: &Record| -> Record {
        let given = unique.iter().filter_map(|name| Some(((*name).to_owned(), data.get(name)?.clone())));
        given.collect()
    };
    let known = pick(&new.data);
    if known.is_empty() {
        return Err(Stop::Skip("the scenario's [create] has no unique field".into()));
    }
    let names: Vec<String> = known.names().map(str::to_owned).collect();
    let fresh = pick(&bench.new_account()?.data);
    for (data, account, expected, whose) in [
        (&known, None, names.as_slice(), "another account"),
        (&known, Some(reference), &[], "the account itself"),
        (&fresh, None, &[], "nobody"),
    ] {
        bench.watch();
        let acted = bench.act(Act { action: "uniqueness", account, data: data.clone(), ..Act::default() }).await;
        let mut found = acted.non_unique.clone();
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        let same = found.iter().map(|n| n.to_lowercase()).eq(expected.iter().map(|n| n.to_lowercase()));
        ensure(acted.success && same, &format!("{expected:?} to be taken where {whose} has the values"), || {
            format!("{found:?}; {}", said(&acted))
        })?;
        untouched(&bench.changes())?;
    }
    Ok(())
}
