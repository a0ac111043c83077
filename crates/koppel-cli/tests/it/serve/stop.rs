//! The end: what is in hand is carried out.

#![cfg(unix)]

use std::io::Read as _;

use koppel_sandbox::Options;
use serde_json::json;

use super::support::{Gate, Service, head, rest};
use crate::support::{DOORS, World, new_person};

const CREATE: &str = "/v1/ipassan-target/create";

/// A connection on which one request was answered, and that is kept for the next.
fn idle(service: &Service) -> std::net::TcpStream {
    let mut stream = service.raw(&head("GET", "/v1/nobody", ""));
    let mut byte = [0];
    let mut text = String::new();
    while !text.ends_with('}') {
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    stream
}

#[test]
fn an_action_in_hand_is_carried_out_and_answered() {
    for signal in ["-TERM", "-INT"] {
        let world = World::empty();
        let service = Service::start(&world, &[]);
        let gate = Gate::before(&world);
        let kept = idle(&service);
        let pending = service.begin(CREATE, &gate.create(&world, "1001"));
        gate.arrival();
        service.signal(signal);
        // Idle connections are closed, and nobody else is let in.
        assert_eq!(rest(kept), "");
        let mut refused = std::net::TcpStream::connect(service.address());
        while refused.is_ok() {
            refused = std::net::TcpStream::connect(service.address());
        }
        gate.open();
        let answer = pending.reply().is(200).json();
        assert_eq!(answer["outputContext"]["Success"], true, "{answer:#}");
        let output = service.finish().exits(0);
        assert!(output.stderr.contains("stopping"), "{output:#?}");
        assert_eq!(world.sandbox.ipassan().count(), 1);
    }
}

#[test]
fn an_action_whose_client_went_away_is_carried_out() {
    let world = World::empty();
    let service = Service::start(&world, &["--log-format", "json"]);
    let gate = Gate::before(&world);
    let pending = service.begin(CREATE, &gate.create(&world, "1001"));
    gate.arrival();
    pending.give_up();
    // The service has noticed when the request is counted.
    let gone = || service.get("/metrics").text.contains("status=\"499\"");
    while !gone() {}
    gate.open();
    let log = service.stop().json_log();
    assert_eq!(world.sandbox.ipassan().count(), 1);
    let ended = log.iter().find(|line| line["message"].as_str().unwrap().contains("client went away")).unwrap();
    assert_eq!(ended.get("outcome"), Some(&json!("success")), "{log:#?}");
    assert!(
        log.iter()
            .any(|line| line.get("request_id") == ended.get("request_id") && line.get("status") == Some(&json!(499)))
    );
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let gate = Gate::before(&world);
    let kept = idle(&service);
    let pending = service.begin(CREATE, &gate.create(&world, "1001"));
    gate.arrival();
    service.signal("-TERM");
    assert_eq!(rest(kept), "");
    service.signal("-TERM");
    pending.give_up();
    let output = service.finish().exits(1);
    assert!(output.stderr.contains("stopped at once"), "{output:#?}");
}

#[test]
fn an_import_in_hand_is_broken_off() {
    let world = World::with(Options::default().persons(60));
    let service = Service::start(&world, &[]);
    world.faults("ipassan:GET person:slow(60000)@2*");
    let body = world.document(DOORS, &json!({})).to_string();
    let length = format!("Content-Length: {}\r\n", body.len());
    let mut stream = service.raw(&format!("{}{body}", head("POST", "/v1/ipassan-target/import-accounts", &length)));
    // The first page is here; the second does not come.
    let mut bytes = [0; 512];
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200 "));
    service.signal("-TERM");
    let said = rest(stream);
    assert!(said.contains("\"error\"") && !said.ends_with("0\r\n\r\n"), "{said}");
    service.finish().exits(0);
}

#[test]
fn a_service_without_work_stops_at_once() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    service.post(CREATE, &world.document(DOORS, &new_person("1001"))).is(200);
    let output = service.stop();
    assert_eq!(output.stdout, "", "the address was all");
}
