//! Sources: persons with contracts, and departments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::time;
use koppel::{Kind, lookup, scalar_text};
use serde_json::Value;

use super::checks;
use super::value::{HOSTILE, UNICODE};
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Hits, Planned};
use crate::tape::disguise::texts;
use crate::world::{Employee, Shift};

/// How many people are left in a stand-in that was filled.
const FEW: usize = 5;
/// At most so many answers of one import are replaced, the first ones.
const MOST_PLACES: usize = 8;

checks! {
    "source.persons.unique", Some(Kind::Source), needs ["persons"], changes false,
        "every person has an ExternalId and a DisplayName, and no two share an id",
        "two persons with one id are merged, with each other's access" => unique;
    "source.persons.stable", Some(Kind::Source), needs ["persons"], changes false,
        "two reads one after the other give the same persons and contracts",
        "a person that is missing from one read loses all access" => stable;
    "source.persons.same-fields", Some(Kind::Source), needs ["persons"], changes false,
        "all persons have the same fields, and all contracts have",
        "HelloID builds its list of fields from the data; a field that is sometimes absent cannot be mapped" => same_fields;
    "source.contracts.unique", Some(Kind::Source), needs ["persons"], changes false,
        "every contract has an ExternalId that no other contract of the person has",
        "of two contracts with one id one is lost" => contracts_unique;
    "source.contracts.dated", Some(Kind::Source), needs ["persons"], changes false,
        "every contract says when it starts and when it ends, and ends after it starts",
        "a contract without an end is access for ever, and one that ends before it starts none at all" => dated;
    "source.contracts.iso", Some(Kind::Source), needs ["persons"], changes false,
        "the dates of contracts are ISO 8601 and say which moment they mean",
        "03-04 is another day in another country, and a time without an offset another hour" => iso;
    "source.departments.rooted", Some(Kind::Source), needs ["departments"], changes false,
        "every department has an id of its own, and what it lies below is a department too, up to one that lies below none",
        "managers are found along that chain" => rooted;
    "source.contracts.department", Some(Kind::Source), needs ["persons", "departments"], changes false,
        "the department that a contract is mapped to is one that the source gives",
        "a contract of an unknown department has no manager, and no rule about departments counts for it" => department;
    "source.mapped.present", Some(Kind::Source), needs ["persons"], changes false,
        "every field that the connector's own mapping reads is there in all persons and contracts, or in something that is null",
        "a mapping that reads what is not there leaves a field of everybody empty, and nobody is told" => mapped;
    "source.persons.no-empty-answer", Some(Kind::Source), needs ["persons"], changes false,
        "an empty object in place of an answer is an error of the import, and never a list without anybody",
        "a system that answers 200 with the data missing would have everybody's access taken away" => no_empty_answer;
    "source.persons.unchanged", Some(Kind::Source), needs ["persons"], changes true,
        "names with letters of other languages, with characters that mean something elsewhere, and of 10,000 characters come as they are",
        "a name that is altered on the way is another name in every system behind it" => unchanged;
    "source.persons.whole", Some(Kind::Source), needs ["persons"], changes true,
        "a source gives all persons, whether there are none, one, or many more than fit on a page",
        "a person that is left out loses all access, and an empty system is no error" => whole;
}

pub(super) async fn persons(bench: &Bench<'_>) -> Result<Vec<Value>, Stop> {
    let all = bench.subject.persons(&bench.config).await;
    let all = all.map_err(|refused| Stop::fail("an import of persons", refused.to_string()))?;
    if all.is_empty() { Err(Stop::Skip("the source has no persons".into())) } else { Ok(all) }
}

pub(super) fn text(value: &Value, name: &str) -> String {
    lookup(value, name).and_then(scalar_text).unwrap_or_default()
}

pub(super) fn contracts(person: &Value) -> &[Value] {
    lookup(person, "Contracts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

async fn unique(bench: &Bench<'_>) -> Outcome {
    let mut seen = BTreeSet::new();
    for person in persons(bench).await? {
        let id = text(&person, "ExternalId");
        ensure(!id.trim().is_empty(), "an ExternalId", || person.to_string())?;
        ensure(!text(&person, "DisplayName").trim().is_empty(), "a DisplayName", || format!("[{id}] has none"))?;
        ensure(seen.insert(id.clone()), "an id of its own for each person", || format!("[{id}] twice"))?;
    }
    Ok(())
}

/// Persons and their contracts, by id; a duplicate is somebody else's to find.
fn known(all: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let ids = |person: &Value| contracts(person).iter().map(|c| text(c, "ExternalId")).collect();
    all.iter().map(|person| (text(person, "ExternalId"), ids(person))).collect()
}

async fn stable(bench: &Bench<'_>) -> Outcome {
    let first = known(&persons(bench).await?);
    let second = known(&persons(bench).await?);
    let differs = first.iter().find(|(id, contracts)| second.get(*id) != Some(contracts));
    ensure(differs.is_none() && first.len() == second.len(), "the same persons and contracts", || {
        format!("{} persons, then {}; first difference: {differs:?}", first.len(), second.len())
    })
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

async fn same_fields(bench: &Bench<'_>) -> Outcome {
    let all = persons(bench).await?;
    let every: [(&str, Vec<&Value>); 2] =
        [("persons", all.iter().collect()), ("contracts", all.iter().flat_map(contracts).collect())];
    for (what, objects) in every {
        let Some(first) = objects.first().copied().map(names) else { continue };
        for object in objects {
            let differing: Vec<String> = first.symmetric_difference(&names(object)).cloned().collect();
            ensure(differing.is_empty(), &format!("the same fields in all {what}"), || {
                format!("[{}] differs in {differing:?}", text(object, "ExternalId"))
            })?;
        }
    }
    Ok(())
}

async fn contracts_unique(bench: &Bench<'_>) -> Outcome {
    for person in persons(bench).await? {
        let mut seen = BTreeSet::new();
        for contract in contracts(&person) {
            let id = text(contract, "ExternalId");
            ensure(!id.trim().is_empty(), "an ExternalId for each contract", || contract.to_string())?;
            ensure(seen.insert(id.clone()), "an id of its own for each contract", || {
                format!("[{id}] twice, of person [{}]", text(&person, "ExternalId"))
            })?;
        }
    }
    Ok(())
}

/// The start and the end of a contract: where the connector's mapping reads them, else under the usual names.
pub(super) fn bounds(bench: &Bench<'_>, contract: &Value) -> (String, String) {
    let first = |mapped: &str, usual: &[&str]| match bench.facts().mapped.of_contract(mapped) {
        Some(path) => text(contract, path),
        None => usual.iter().map(|name| text(contract, name)).find(|t| !t.is_empty()).unwrap_or_default(),
    };
    (first("StartDate", &["startAt", "StartDate", "start"]), first("EndDate", &["endAt", "EndDate", "end"]))
}

async fn dated(bench: &Bench<'_>) -> Outcome {
    for person in persons(bench).await? {
        for contract in contracts(&person) {
            let (start, end) = bounds(bench, contract);
            let id = text(contract, "ExternalId");
            ensure(!start.is_empty() && !end.is_empty(), "a start and an end", || {
                format!("[{id}]: {start:?} to {end:?}")
            })?;
            // What cannot be read as a moment is another check's.
            if let (Ok(start), Ok(end)) = (start.parse::<Timestamp>(), end.parse::<Timestamp>()) {
                ensure(start < end, "an end after the start", || format!("[{id}]: {start} to {end}"))?;
            }
        }
    }
    Ok(())
}

async fn iso(bench: &Bench<'_>) -> Outcome {
    for person in persons(bench).await? {
        for contract in contracts(&person) {
            let (start, end) = bounds(bench, contract);
            for date in [start, end].into_iter().filter(|date| !date.is_empty()) {
                ensure(date.parse::<Timestamp>().is_ok(), "a moment such as 2026-03-29T07:00:00+02:00", || {
                    format!("[{date}] in contract [{}]", text(contract, "ExternalId"))
                })?;
            }
        }
    }
    Ok(())
}

async fn rooted(bench: &Bench<'_>) -> Outcome {
    let all = bench.subject.departments(&bench.config).await;
    let all = all.map_err(|refused| Stop::fail("an import of departments", refused.to_string()))?;
    let mut ids = BTreeSet::new();
    for department in &all {
        let id = text(department, "ExternalId");
        ensure(!id.trim().is_empty() && ids.insert(id.clone()), "an id of its own for each", || format!("[{id}]"))?;
        ensure(!text(department, "DisplayName").trim().is_empty(), "a DisplayName", || format!("[{id}] has none"))?;
    }
    for department in &all {
        let parent = text(department, "ParentExternalId");
        ensure(parent.is_empty() || ids.contains(&parent), "a parent that is a department", || {
            format!("[{}] lies below [{parent}]", text(department, "ExternalId"))
        })?;
    }
    let above: BTreeMap<String, String> =
        all.iter().map(|department| (text(department, "ExternalId"), text(department, "ParentExternalId"))).collect();
    for id in above.keys() {
        let chain = std::iter::successors(Some(id), |id| above.get(*id)).take_while(|id| !id.is_empty());
        // A chain that is longer than there are departments goes in a circle.
        ensure(chain.take(above.len() + 1).count() <= above.len(), "a department at the top", || {
            format!("[{id}] lies below itself")
        })?;
    }
    Ok(())
}

async fn department(bench: &Bench<'_>) -> Outcome {
    let Some(path) = bench.facts().mapped.of_contract("Department.ExternalId") else {
        return Err(Stop::NotApplicable("the connector's mapping names no department of a contract".into()));
    };
    let all = bench.subject.departments(&bench.config).await;
    let all = all.map_err(|refused| Stop::fail("an import of departments", refused.to_string()))?;
    let known: BTreeSet<String> = all.iter().map(|department| text(department, "ExternalId")).collect();
    for contract in persons(bench).await?.iter().flat_map(contracts) {
        let named = text(contract, path);
        ensure(named.is_empty() || known.contains(&named), "a department that the source gives", || {
            format!("[{named}] as [{path}] of contract [{}]", text(contract, "ExternalId"))
        })?;
    }
    Ok(())
}

/// Is there nothing at this path, not even a null on the way?
fn lacks(object: &Value, path: &str) -> bool {
    let mut at = object;
    for part in path.split('.') {
        match lookup(at, part) {
            Some(next) => at = next,
            None => return !at.is_null(),
        }
    }
    false
}

async fn mapped(bench: &Bench<'_>) -> Outcome {
    let mapped = &bench.facts().mapped;
    if mapped.person.is_empty() && mapped.contract.is_empty() {
        return Err(Stop::NotApplicable("the connector has no mapping of its own".into()));
    }
    let all = persons(bench).await?;
    let every: [(&str, Vec<&Value>, _); 2] = [
        ("person", all.iter().collect(), &mapped.person),
        ("contract", all.iter().flat_map(contracts).collect(), &mapped.contract),
    ];
    for (what, objects, fields) in every {
        for (name, path) in fields {
            let without = objects.iter().find(|object| lacks(object, path));
            ensure(without.is_none(), &format!("[{path}] in every {what}, for [{name}] is made of it"), || {
                format!("[{}] has none", without.map(|object| text(object, "ExternalId")).unwrap_or_default())
            })?;
        }
    }
    Ok(())
}

async fn no_empty_answer(bench: &Bench<'_>) -> Outcome {
    bench.watch();
    let clean = known(&persons(bench).await?);
    let places = bench.proxy.exchanges().iter().filter(|exchange| !exchange.sent.is_token()).count();
    if places == 0 {
        return Err(Stop::NotApplicable("the source sends nothing".into()));
    }
    for place in 0..places.min(MOST_PLACES) {
        bench.plan(&[Planned::once(Fault::Nothing, Hits::Any).after(place)]);
        let result = bench.subject.persons(&bench.config).await;
        bench.all_fired()?;
        let what = format!("the import with an empty answer to its request {}", place + 1);
        match result {
            Ok(all) => ensure(known(&all) == clean, &format!("{what} to fail or to be whole"), || {
                format!("{} persons in place of {}, or other contracts", all.len(), clean.len())
            })?,
            Err(refused) => {
                ensure(refused.kind == "protocol", &format!("an error of the group [protocol] from {what}"), || {
                    refused.to_string()
                })?;
            }
        }
    }
    Ok(())
}

/// Somebody who works today.
fn at_work(name: String) -> Employee {
    Employee { name, shift: Shift { day: super::shift::today(), from: time(7, 0, 0, 0), until: time(15, 30, 0, 0) } }
}

/// Has the stand-in employ these people, looks at what the source gives, and leaves it with a few who work today.
pub(super) async fn employing<T>(
    bench: &Bench<'_>,
    people: &[Employee],
    look: impl AsyncFnOnce() -> Result<T, Stop>,
) -> Result<T, Stop> {
    let Some(world) = bench.world else {
        return Err(Stop::Skip("only a stand-in may be emptied and filled".into()));
    };
    world.staff(people).await.map_err(Stop::Skip)?;
    let seen = look().await;
    let after: Vec<Employee> = (0..FEW).map(|number| at_work(format!("Person {number}"))).collect();
    world.staff(&after).await.map_err(Stop::Skip)?;
    seen
}

async fn unchanged(bench: &Bench<'_>) -> Outcome {
    let long = "0123456789".repeat(1_000);
    let names: Vec<&str> = UNICODE.iter().chain(HOSTILE).copied().chain([long.as_str()]).collect();
    let people: Vec<Employee> = names.iter().map(|name| at_work((*name).to_owned())).collect();
    let all = employing(bench, &people, async || persons(bench).await).await?;
    let came: BTreeSet<String> = all.iter().flat_map(texts).collect();
    for name in names {
        let shown: String = name.chars().take(40).collect();
        ensure(came.contains(name), &format!("[{shown}] as the name of somebody"), || {
            let like = came.iter().find(|text| text.contains(name)).map(String::as_str);
            like.map_or("it is nowhere".to_owned(), |text| {
                format!("only [{}]", text.chars().take(80).collect::<String>())
            })
        })?;
    }
    Ok(())
}

async fn whole(bench: &Bench<'_>) -> Outcome {
    // None, one, a page boundary and its neighbours for pages of 50 and 100, and enough for several pages.
    for count in [0, 1, 49, 50, 51, 100, 101, 230] {
        let people: Vec<Employee> = (0..count).map(|number| at_work(format!("Person {number}"))).collect();
        let all = employing(bench, &people, async || Ok(bench.subject.persons(&bench.config).await)).await?;
        let all = all.map_err(|refused| Stop::fail(format!("{count} persons"), refused.to_string()))?;
        ensure(all.len() == count, &format!("{count} persons"), || all.len().to_string())?;
    }
    Ok(())
}
