//! `koppel sandbox`.

use serde_json::Value;

use crate::support::{DOORS, Koppel, PLANNING, Running, SOURCE, World};

/// A sandbox process and the line it printed.
fn start(arguments: &[&str]) -> (Running, Value) {
    let all: Vec<&str> = ["sandbox"].into_iter().chain(arguments.iter().copied()).collect();
    let (running, _) = Koppel::new(&all).shows_secrets().start();
    let line = serde_json::from_str(&running.line()).unwrap();
    (running, line)
}

#[test]
fn the_printed_configurations_reach_the_stand_ins() {
    let (_running, printed) = start(&["--persons", "12"]);
    let world = World::empty();
    for id in [SOURCE, PLANNING, DOORS] {
        world.with_config("check", id, &printed["configs"][id]).run().fine();
    }
    let persons = world.with_config("persons", SOURCE, &printed["configs"][SOURCE]).run().exits(0);
    assert!((1..=12).contains(&persons.lines().len()), "those with shifts in these days");
    let input = crate::support::document(&printed["configs"][DOORS], &serde_json::json!({}));
    assert_eq!(world.run(DOORS, "import-accounts", &input).fine().lines().len(), 12);
    for system in ["inplanning", "ipassan"] {
        assert!(printed[system].as_str().unwrap().starts_with("http://127.0.0.1:"));
    }
    assert_eq!(world.requests(), 0, "they are stand-ins of their own");
}

#[test]
fn the_same_seed_gives_the_same_people() {
    let world = World::empty();
    let people = |seed: &str| {
        let (_running, printed) = start(&["--persons", "5", "--seed", seed]);
        let input = crate::support::document(&printed["configs"][PLANNING], &serde_json::json!({}));
        world.run(PLANNING, "import-accounts", &input).fine().stdout
    };
    let (first, again, other) = (people("7"), people("7"), people("8"));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[test]
fn faults_are_injected_as_they_were_asked_for() {
    let (_running, printed) = start(&["--persons", "3", "--fault", "ipassan:GET person:500*"]);
    let world = World::empty();
    let output = world.with_config("check", DOORS, &printed["configs"][DOORS]).run().exits(1);
    assert!(output.stderr.contains("500"), "{output:#?}");
    world.with_config("check", PLANNING, &printed["configs"][PLANNING]).run().fine();
}

#[test]
fn a_fault_that_cannot_be_read_exits_with_2_and_starts_nothing() {
    let output = Koppel::new(&["sandbox", "--fault", "ipassan:GET person:explode"]).run().exits(2).says_nothing();
    assert!(output.stderr.contains("--fault: ") && output.stderr.contains("explode"), "{output:#?}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (_running, printed) = start(&["--persons", "0"]);
    let port = printed["ipassan"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let output = Koppel::new(&["sandbox", "--port", &port]).run().exits(1).says_nothing();
    assert!(output.stderr.contains(&port), "{output:#?}");
}

#[cfg(unix)]
#[test]
fn the_sandbox_ends_on_ctrl_c() {
    let (running, printed) = start(&["--persons", "1"]);
    let world = World::empty();
    world.with_config("check", DOORS, &printed["configs"][DOORS]).run().fine();
    crate::support::interrupt(&running);
    running.finish().fine().says_nothing();
    world.with_config("check", DOORS, &printed["configs"][DOORS]).run().exits(1);
}

#[cfg(unix)]
#[test]
fn the_sandbox_heeds_ctrl_c_from_its_line_on() {
    for _ in 0..20 {
        let (running, _) = start(&["--persons", "0"]);
        crate::support::interrupt(&running);
        running.finish().fine().says_nothing();
    }
}
