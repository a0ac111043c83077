//! `koppel persons` and `koppel departments`.

use std::collections::{BTreeMap, BTreeSet};

use koppel_sandbox::{Options, System};
use serde_json::{Value, json};

use crate::support::{Output, SOURCE, World};

const ROSTER: &str = "/roster/resourceRoster";
const GROUP_ROSTER: &str = "/roster/groupRoster";

fn persons(world: &World, extra: &Value) -> Output {
    world.with_config("persons", SOURCE, &world.config_with(SOURCE, extra)).run()
}

/// The resources of the active users, in the order of the system, each once.
fn active(world: &World) -> Vec<String> {
    let mut resources: Vec<String> = Vec::new();
    for resource in
        world.sandbox.inplanning().users().into_iter().filter(|user| user.active).filter_map(|user| user.resource)
    {
        if !resource.trim().is_empty() && !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    resources
}

/// Has the resource shifts on the days that the configuration asks for?
fn works(world: &World, resource: &str) -> bool {
    let today = jiff::Timestamp::now().in_tz("Europe/Amsterdam").unwrap().date();
    let (first, last) = (today.yesterday().unwrap(), today.checked_add(jiff::Span::new().days(2)).unwrap());
    let days = world.sandbox.inplanning().roster(resource, first, last).unwrap();
    days.iter().any(|day| day.absence.is_none() && !day.shifts.is_empty())
}

/// The persons by their id.
fn by_id(output: &Output) -> BTreeMap<String, Value> {
    let lines = output.lines();
    let count = lines.len();
    let all: BTreeMap<_, _> =
        lines.into_iter().map(|person| (person["ExternalId"].as_str().unwrap().to_owned(), person)).collect();
    assert_eq!(all.len(), count, "each person once");
    all
}

#[test]
fn every_active_user_with_shifts_is_a_person() {
    let world = World::with(Options::default().persons(30));
    let all = by_id(&persons(&world, &json!({})).exits(0));
    let expected: BTreeSet<String> = active(&world).into_iter().filter(|resource| works(&world, resource)).collect();
    assert_eq!(all.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let keys: Vec<Vec<&String>> = all.values().map(|person| person.as_object().unwrap().keys().collect()).collect();
    assert!(keys.iter().all(|k| k == &keys[0]), "every person has the same fields");
    for person in all.values() {
        assert!(person["DisplayName"].as_str().is_some_and(|name| !name.is_empty()), "{person}");
        for contract in person["Contracts"].as_array().unwrap() {
            let [start, end] =
                ["startAt", "endAt"].map(|key| contract[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
            assert!(start < end, "{contract}");
        }
    }
    assert!(all.values().all(|person| !person["Contracts"].as_array().unwrap().is_empty()));
    assert_eq!(world.writes(), 0);
}

#[test]
fn every_way_to_read_the_rosters_gives_the_same_persons() {
    let world = World::with(Options::default().persons(40).groups(8));
    for people in ["users", "humanresources"] {
        let read = |roster: &str, concurrency: usize| {
            by_id(&persons(&world, &json!({"people": people, "roster": roster, "concurrency": concurrency})).exits(0))
        };
        world.sandbox.reset_stats();
        let expected = read("resource", 1);
        let asked = world.stats().count(System::InPlanning, "GET", ROSTER);
        assert!((expected.len() as u64..=40).contains(&asked), "a request per person: {asked}");
        for (roster, concurrency) in [("resource", 12), ("group", 1), ("group", 8), ("auto", 4)] {
            assert_eq!(read(roster, concurrency), expected, "{people} by {roster}, {concurrency} at once");
        }
        world.sandbox.reset_stats();
        read("group", 4);
        let stats = world.stats();
        assert_eq!(
            (stats.count(System::InPlanning, "GET", ROSTER), stats.count(System::InPlanning, "GET", GROUP_ROSTER) <= 8),
            (0, true)
        );
        assert!(!expected.is_empty());
    }
}

#[test]
fn the_command_line_decides_over_the_configuration_how_many_requests_run_at_once() {
    let world = World::with(Options::default().persons(40).latency(std::time::Duration::from_millis(5)));
    let config = world.config_with(SOURCE, &json!({"roster": "resource", "Concurrency": 20}));
    for (at_once, most) in [("1", 1), ("3", 3)] {
        world.sandbox.reset_stats();
        world.with_config("persons", SOURCE, &config).arguments(&["--concurrency", at_once]).run().exits(0);
        assert_eq!(world.stats().max_in_flight, most);
    }
}

#[test]
fn the_departments_are_the_resource_groups() {
    let world = World::with(Options::default().persons(0));
    let lines = world.with_config("departments", SOURCE, &world.config(SOURCE)).run().fine().lines();
    let groups = world.sandbox.inplanning().resource_groups();
    assert_eq!(lines.len(), groups.len());
    let ids: BTreeSet<&str> = lines.iter().map(|line| line["ExternalId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), groups.len(), "each once");
    for line in &lines {
        assert!(line["DisplayName"].as_str().is_some_and(|name| !name.is_empty()), "{line}");
        let parent = line.get("ParentExternalId").and_then(Value::as_str);
        assert!(parent.is_none_or(|parent| ids.contains(parent)), "{line}");
    }
    assert!(lines.iter().any(|line| line.get("ParentExternalId").is_some_and(Value::is_string)));
}

#[test]
fn a_roster_that_keeps_failing_fails_the_import_and_names_whose_it_is() {
    let world = World::with(Options::default().persons(10));
    world.faults("inplanning:resourceroster:500@4*");
    let output = persons(&world, &json!({"roster": "resource", "concurrency": 1})).exits(1);
    let printed: Vec<Value> = output.lines().iter().map(|person| person["ExternalId"].clone()).collect();
    let asked = active(&world);
    let expected: Vec<Value> =
        asked[..3].iter().filter(|resource| works(&world, resource)).map(|resource| json!(resource)).collect();
    assert_eq!(printed, expected, "those before it are whole");
    assert!(output.stderr.contains(&asked[3]), "{}: {output:#?}", asked[3]);
    assert!(output.stderr.contains("500"), "{output:#?}");
}

#[test]
fn a_roster_that_fails_once_is_read_again() {
    let world = World::with(Options::default().persons(10));
    let expected = by_id(&persons(&world, &json!({"roster": "resource"})).exits(0));
    for fault in ["500@3", "503(retry-after=0)@3", "cut-before@3", "truncate@3", "html@3"] {
        world.faults(&format!("inplanning:resourceroster:{fault}"));
        let output = persons(&world, &json!({"roster": "resource"}));
        assert_eq!(world.stats().faults_fired(), 1, "{fault}");
        if fault.starts_with("html") {
            // An answer that is nonsense is not asked for again, and nobody is left out for it.
            assert_eq!(output.code, 1, "{output:#?}");
        } else {
            assert_eq!(by_id(&output.exits(0)), expected, "{fault}");
        }
    }
}

#[test]
fn a_token_that_dies_in_mid_run_is_replaced_once() {
    let world = World::with(Options::default().persons(20));
    let expected = by_id(&persons(&world, &json!({"roster": "resource"})).exits(0));
    let before = world.stats().inplanning_tokens;
    world.faults("inplanning:resourceroster:401@5");
    let output = persons(&world, &json!({"roster": "resource", "concurrency": 4})).exits(0);
    assert_eq!(by_id(&output), expected);
    assert_eq!(world.stats().inplanning_tokens - before, 1);
}

#[test]
fn nobody_in_the_system_is_no_failure() {
    let world = World::empty();
    let output = persons(&world, &json!({})).exits(0).says_nothing();
    assert!(output.stderr.contains("nobody is imported"), "{output:#?}");
}

#[test]
fn a_reader_that_goes_away_ends_the_import_quietly() {
    let world = World::with(Options::default().persons(100).latency(std::time::Duration::from_millis(10)));
    let config = world.config_with(SOURCE, &json!({"roster": "resource", "concurrency": 1}));
    let config = world.file("persons.json", config.to_string());
    let (running, _stdin) = world.koppel(&["persons", SOURCE, "--config", config.to_str().unwrap()]).start();
    running.line();
    let output = running.goes_unread();
    assert_eq!(output.code, 1);
    assert!(!output.stderr.contains("error"), "{output:#?}");
}
