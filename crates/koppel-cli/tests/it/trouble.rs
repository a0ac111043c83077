//! Systems that misbehave, and what is told of it.

#[cfg(unix)]
use std::io::Read as _;

use koppel_sandbox::System;
use serde_json::{Value, json};

use crate::support::{DOORS, Koppel, PERSONS, PLANNING, SOURCE, World, about, new_person, new_user};

#[test]
fn a_create_whose_answer_was_lost_succeeds_with_one_person() {
    for fault in ["ipassan:POST person:cut-after", "ipassan:POST person:500-after", "ipassan:POST person:truncate"] {
        let world = World::empty();
        world.faults(fault);
        let output = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(0);
        let persons = world.sandbox.ipassan().by_number("1001");
        assert_eq!(persons.len(), 1, "{fault}");
        assert_eq!(output.answer().reference(), json!(persons[0].uuid), "{fault}");
        assert_eq!(world.stats().count(System::IPassan, "POST", PERSONS), 1, "{fault}: sent once");
    }
}

#[test]
fn a_create_that_was_not_carried_out_may_be_sent_again_by_the_next_run() {
    let world = World::empty();
    world.faults("ipassan:POST person:cut-before*");
    world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(1).answer();
    assert_eq!(world.sandbox.ipassan().count(), 0);
    world.faults("");
    let answer = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(0).answer();
    assert_eq!((answer.actions(), world.sandbox.ipassan().count()), (vec!["CreateAccount"], 1));
}

#[test]
fn a_user_whose_answer_was_lost_is_made_once() {
    let world = World::empty();
    world.faults("inplanning:POST users:cut-after");
    let answer = world.run(PLANNING, "create", &world.document(PLANNING, &new_user("1001"))).exits(0).answer();
    assert_eq!((answer.reference(), world.sandbox.inplanning().users().len()), (json!("1001"), 1));
}

#[test]
fn a_token_that_dies_between_two_requests_is_replaced_once() {
    let world = World::empty();
    let reference = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).fine().answer().reference();
    world.run(PLANNING, "create", &world.document(PLANNING, &new_user("1001"))).fine();
    // Killed by another program, and dying between the read and the write.
    world.sandbox.ipassan().revoke_tokens();
    world.sandbox.inplanning().revoke_tokens();
    world.run(DOORS, "update", &world.document(DOORS, &about(&reference, &json!({"lastname": "Bakker"})))).fine();
    world
        .run(PLANNING, "update", &world.document(PLANNING, &about(&json!("1001"), &json!({"lastName": "Bakker"}))))
        .fine();
    assert_eq!((world.stats().ipassan_tokens, world.stats().inplanning_tokens), (2, 2));
    world.faults("ipassan:PUT person:401,inplanning:PUT users:401");
    world.run(DOORS, "update", &world.document(DOORS, &about(&reference, &json!({"lastname": "Visser"})))).fine();
    world
        .run(PLANNING, "update", &world.document(PLANNING, &about(&json!("1001"), &json!({"lastName": "Visser"}))))
        .fine();
    assert_eq!((world.stats().ipassan_tokens, world.stats().inplanning_tokens), (3, 3));
    assert_eq!(world.sandbox.inplanning().user("1001").unwrap().last_name.as_deref(), Some("Visser"));
    assert_eq!(world.sandbox.ipassan().by_number("1001")[0].lastname, "Visser");
}

#[test]
fn a_system_that_is_busy_for_a_moment_is_asked_again() {
    let world = World::empty();
    world.faults("ipassan:GET person:429(retry-after=0)*2,ipassan:token:503(retry-after=0)");
    let output = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(0);
    assert_eq!((output.answer().actions(), world.stats().faults_fired()), (vec!["CreateAccount"], 3));
}

#[test]
fn a_failed_action_says_why_in_its_document_and_on_stderr() {
    let world = World::empty();
    world.faults("ipassan:GET person:403*");
    let output = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).exits(1);
    let answer = output.answer();
    assert!(output.stderr.starts_with("error: "), "{output:#?}");
    assert!(answer.error().contains("does not allow"), "{answer:#?}");
    insta::assert_snapshot!("a_failed_action", world.redact(&format!("{}{}", output.stdout, output.stderr)));
    assert_eq!(world.writes(), 0);
}

#[test]
fn the_json_log_is_an_object_per_line() {
    let world = World::empty();
    let json = ["--log-format", "json"];
    let failed = Koppel::new(&["describe", "sap-target"]).arguments(&json).run().exits(2).json_log();
    assert_eq!((failed.len(), &failed[0]["level"], &failed[0]["exit"]), (1, &json!("ERROR"), &json!(2)));
    assert!(failed[0]["message"].as_str().unwrap().contains("sap-target"));

    let config = world.config_with(DOORS, &json!({"siteId": "..", "concurrency": 99}));
    let failed = world.with_config("check", DOORS, &config).arguments(&json).run().exits(2).json_log();
    assert_eq!(failed.len(), 1, "also where there are several faults");
    assert!(failed[0]["message"].as_str().unwrap().contains("concurrency"));

    world.faults("ipassan:GET person:500*");
    let input = world.document(DOORS, &new_person("1001")).to_string();
    for verbose in [&[][..], &["-v"], &["-vv"]] {
        let output = world
            .koppel(&["run", DOORS, "create"])
            .arguments(&json)
            .arguments(verbose)
            .input(input.clone())
            .run()
            .exits(1);
        output.answer();
        let log = output.json_log();
        for line in &log {
            assert!(line.get("level").is_some_and(Value::is_string) && line.get("message").is_some(), "{line:?}");
        }
        assert_eq!(log.last().unwrap()["exit"], 1);
        assert!(verbose.is_empty() || log.len() > 1, "{verbose:?} tells more");
    }
    world.faults("");
    let nobody = world.with_config("persons", SOURCE, &world.config(SOURCE)).arguments(&json).run().exits(0).json_log();
    assert!(
        nobody.iter().any(|line| line["message"].as_str().is_some_and(|text| text.contains("nobody is imported"))),
        "{nobody:?}"
    );
}

#[test]
fn the_human_log_shows_requests_with_v_and_the_detail_of_a_failure() {
    let world = World::empty();
    world.faults("ipassan:GET person:500*");
    let input = world.document(DOORS, &new_person("1001")).to_string();
    let run = |arguments: &[&str]| {
        world.koppel(&["run", DOORS, "create"]).arguments(arguments).input(input.clone()).run().exits(1).stderr
    };
    let (quiet, loud) = (run(&[]), run(&["-v"]));
    assert!(!quiet.contains("detail: ") && loud.len() > quiet.len(), "{quiet} {loud}");
    assert!(loud.contains("/person"), "{loud}");
}

#[test]
fn a_state_folder_that_cannot_be_used_is_named() {
    let world = World::empty();
    let file = world.file("state-is-a-file", "");
    let input = world.document(DOORS, &new_person("1001")).to_string();
    let output = world.koppel(&["run", DOORS, "create"]).env("KOPPEL_STATE_DIR", &file).input(input).run();
    assert_ne!(output.code, 0);
    assert!(output.stderr.contains("state-is-a-file") && output.stderr.contains("KOPPEL_STATE_DIR"), "{output:#?}");
    output.answer();
    assert_eq!(world.writes(), 0);
}

#[cfg(unix)]
#[test]
fn an_action_that_is_interrupted_says_so_in_its_document() {
    let world = World::empty();
    // A system that takes the connection and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = world.config_with(DOORS, &json!({"BaseUrl": format!("http://{}", listener.local_addr().unwrap())}));
    let (connected, connection) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.read_exact(&mut [0; 4]).unwrap();
        connected.send(connection)
    });
    let input = crate::support::document(&config, &new_person("1001")).to_string();
    let running = world.koppel(&["run", DOORS, "create"]).input(input).begin();
    // The request is on its way: the program waits for an answer.
    let _connection = connection.recv_timeout(std::time::Duration::from_mins(1)).unwrap();
    crate::support::interrupt(&running);
    let output = running.finish().exits(1);
    assert!(output.answer().error().contains("stopped"), "{output:#?}");
}
