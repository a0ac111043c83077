//! Several processes at once: what they share, and what they must not do to each other.

use std::time::Duration;

use koppel_sandbox::Options;
use serde_json::{Value, json};

use crate::support::{Answer, DOORS, Output, PLANNING, Running, SOURCE, World, about, new_person, new_user};

/// The processes for these inputs, all started before any of them is waited for.
fn at_once(world: &World, id: &str, action: &str, inputs: &[Value]) -> Vec<Output> {
    let started = inputs.iter().map(|input| world.koppel(&["run", id, action]).input(input.to_string()).begin());
    let started: Vec<Running> = started.collect();
    started.into_iter().map(|running| running.finish().fine()).collect()
}

fn slow() -> World {
    World::with(Options::default().persons(0).latency(Duration::from_millis(20)))
}

#[test]
fn two_processes_that_create_one_person_at_once_make_one_account() {
    for _ in 0..3 {
        let world = slow();
        let input = world.document(DOORS, &new_person("1001"));
        let answers: Vec<Answer> =
            at_once(&world, DOORS, "create", &[input.clone(), input]).iter().map(Output::answer).collect();
        assert_eq!(world.sandbox.ipassan().count(), 1);
        assert_eq!(answers[0].reference(), answers[1].reference());
        let mut actions = [answers[0].actions()[0], answers[1].actions()[0]];
        actions.sort_unstable();
        assert_eq!(actions, ["CorrelateAccount", "CreateAccount"]);
        assert_eq!(world.stats().ipassan_tokens, 1, "they share one token");
    }
}

#[test]
fn six_processes_share_one_token_where_a_new_one_kills_the_old() {
    let world = slow();
    let inputs: Vec<Value> = (1..=6).map(|n| world.document(PLANNING, &new_user(&format!("u{n}")))).collect();
    for output in at_once(&world, PLANNING, "create", &inputs) {
        assert_eq!(output.answer().actions(), ["CreateAccount"]);
    }
    assert_eq!((world.stats().inplanning_tokens, world.sandbox.inplanning().users().len()), (1, 6));
}

#[test]
fn the_next_process_takes_the_token_of_the_last() {
    let world = World::empty();
    for number in ["1001", "1002", "1003"] {
        world.run(DOORS, "create", &world.document(DOORS, &new_person(number))).fine();
    }
    assert_eq!(world.stats().ipassan_tokens, 1);
    // Source and target have clients of their own, so tokens too.
    for command in ["persons", "departments", "check"] {
        world.with_config(command, SOURCE, &world.config(SOURCE)).run().exits(0);
    }
    assert_eq!(world.stats().inplanning_tokens, 1);
}

#[test]
fn persons_and_departments_may_be_imported_at_once() {
    let world = World::with(Options::default().persons(20).latency(Duration::from_millis(10)));
    let config = world.config(SOURCE);
    let started = ["persons", "departments"].map(|command| world.with_config(command, SOURCE, &config).begin());
    for running in started {
        assert!(!running.finish().exits(0).lines().is_empty());
    }
    assert_eq!(world.stats().inplanning_tokens, 1, "neither killed the other's token");
}

#[test]
fn changes_of_one_account_by_many_processes_do_not_overwrite_each_other() {
    let world = slow();
    world.run(PLANNING, "create", &world.document(PLANNING, &new_user("1001"))).fine();
    // Each sends the whole user: one that read before another wrote would undo it.
    let fields = [("firstName", "Anna"), ("lastName", "Bakker"), ("email", "anna@x.example"), ("userGroup", "Zorg")];
    let inputs =
        fields.map(|(field, value)| world.document(PLANNING, &about(&json!("1001"), &json!({ field: value }))));
    at_once(&world, PLANNING, "update", &inputs);
    let user = serde_json::to_value(world.sandbox.inplanning().user("1001").unwrap()).unwrap();
    for (field, value) in fields {
        assert_eq!(user[field], value, "{user:#}");
    }
}
