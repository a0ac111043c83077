//! Sources: persons with contracts, and departments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use koppel::{Kind, lookup, scalar_text};
use serde_json::Value;

use super::checks;
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};

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
        "every shift says when it starts and when it ends, and never ends before it starts",
        "a contract without an end is access for ever" => dated;
    "source.contracts.iso", Some(Kind::Source), needs ["persons"], changes false,
        "the dates of contracts are ISO 8601 and say which moment they mean",
        "03-04 is another day in another country, and a time without an offset another hour" => iso;
    "source.departments.rooted", Some(Kind::Source), needs ["departments"], changes false,
        "every department has an id of its own, and what it lies below is a department too",
        "managers are found along that chain" => rooted;
}

async fn persons(bench: &Bench<'_>) -> Result<Vec<Value>, Stop> {
    let all = bench.subject.persons(&bench.config).await;
    let all = all.map_err(|refused| Stop::fail("an import of persons", refused.to_string()))?;
    if all.is_empty() { Err(Stop::Skip("the source has no persons".into())) } else { Ok(all) }
}

fn text(value: &Value, name: &str) -> String {
    lookup(value, name).and_then(scalar_text).unwrap_or_default()
}

fn contracts(person: &Value) -> &[Value] {
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

/// The start and the end of a contract, under the names that sources give them.
fn bounds(contract: &Value) -> (String, String) {
    let first =
        |names: &[&str]| names.iter().map(|name| text(contract, name)).find(|t| !t.is_empty()).unwrap_or_default();
    (first(&["startAt", "StartDate", "start"]), first(&["endAt", "EndDate", "end"]))
}

async fn dated(bench: &Bench<'_>) -> Outcome {
    for person in persons(bench).await? {
        for contract in contracts(&person) {
            let (start, end) = bounds(contract);
            let id = text(contract, "ExternalId");
            ensure(!start.is_empty() && !end.is_empty(), "a start and an end", || {
                format!("[{id}]: {start:?} to {end:?}")
            })?;
            // What cannot be read as a moment is another check's.
            if let (Ok(start), Ok(end)) = (start.parse::<Timestamp>(), end.parse::<Timestamp>()) {
                ensure(start <= end, "an end after the start", || format!("[{id}]: {start} to {end}"))?;
            }
        }
    }
    Ok(())
}

async fn iso(bench: &Bench<'_>) -> Outcome {
    for person in persons(bench).await? {
        for contract in contracts(&person) {
            let (start, end) = bounds(contract);
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
    Ok(())
}
