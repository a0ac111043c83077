//! What comes from outside is bounded in size, time and number.

use std::io::Write as _;

use serde_json::{Value, json};

use super::support::{Gate, Service, head, rest};
use crate::support::{DOORS, World, new_person};

const CREATE: &str = "/v1/ipassan-target/create";

#[test]
fn a_document_over_the_bound_is_refused_with_and_without_its_length() {
    let world = World::empty();
    let service = Service::start(&world, &["--max-body", "4096"]);
    let mut input = world.document(DOORS, &new_person("1001"));
    service.post(CREATE, &input).is(200);
    input["padding"] = "x".repeat(4096).into();
    service.post(CREATE, &input).refused(413, "larger than 4096 bytes");
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(input.to_string())]);
    let chunked = service.request("POST", CREATE).body(reqwest::Body::wrap_stream(chunks));
    service.send(chunked).refused(413, "larger than 4096 bytes");
    let error = service.post("/v1/ipassan-target/import-accounts", &input).is(413).json();
    assert!(error["error"].as_str().unwrap().contains("4096"), "{error}");
    // Also one that is still on its way when the answer is out.
    input["padding"] = "x".repeat(8 * 1024 * 1024).into();
    for _ in 0..5 {
        service.post(CREATE, &input).refused(413, "larger than 4096 bytes");
    }
    // The length alone will do: the document is not waited for.
    let said = rest(service.raw(&head("POST", CREATE, "Content-Length: 99999999999\r\n")));
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
}

#[test]
fn headers_that_come_slowly_end_the_connection() {
    let world = World::empty();
    let service = Service::start(&world, &["--read-timeout", "1"]);
    for text in ["", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", "GE"] {
        let said = rest(service.raw(text));
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    }
    // So does a connection on which nothing comes any more.
    let said = rest(service.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
}

#[test]
fn a_client_that_does_not_read_is_given_up() {
    let world = World::empty();
    let service = Service::start(&world, &["--read-timeout", "1"]);
    let request = head("GET", "/openapi.json", "");
    let mut stream = service.raw(&request);
    // Until nothing more goes out, and then until the service has closed.
    while stream.write_all(request.as_bytes()).is_ok() {}
    service.get("/v1/connectors").is(200);
}

#[test]
fn a_document_that_comes_slowly_is_refused() {
    let world = World::empty();
    let service = Service::start(&world, &["--read-timeout", "1"]);
    let mut stream = service.raw(&head("POST", CREATE, "Content-Length: 100\r\n"));
    stream.write_all(b"{\"actionContext\": ").unwrap();
    let said = rest(stream);
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("outputContext"), "{said}");
    let said = rest(service.raw(&head("POST", CREATE, "Transfer-Encoding: chunked\r\n")));
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

#[test]
fn headers_are_bounded_in_size_and_number() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let large = format!("X-Large: {}\r\n", "x".repeat(100_000));
    let many = "X-Many: x\r\n".repeat(200);
    let path = format!("/{}", "x".repeat(100_000));
    for request in [head("GET", "/healthz", &large), head("GET", "/healthz", &many), head("GET", &path, "")] {
        let said = rest(service.raw(&request));
        assert!(said.starts_with("HTTP/1.1 431 ") || said.starts_with("HTTP/1.1 414 "), "{said}");
    }
    service.get("/v1/connectors").is(200);
}

#[test]
fn more_than_may_wait_is_refused_at_once() {
    let world = World::empty();
    let service = Service::start(&world, &["--concurrency", "1", "--queue", "0"]);
    let gate = Gate::before(&world);
    let first = service.begin(CREATE, &gate.create(&world, "1001"));
    gate.arrival();
    let second = service.post(CREATE, &world.document(DOORS, &new_person("1002")));
    assert_eq!(second.headers["retry-after"], "2");
    second.refused(503, "too many actions");
    let error = service.post("/v1/ipassan-target/import-accounts", &world.document(DOORS, &json!({}))).is(503).json();
    assert_eq!(error["kind"], "rate-limited");
    service.get("/v1/connectors").is(200);
    gate.open();
    first.reply().is(200);
    service.post(CREATE, &world.document(DOORS, &new_person("1002"))).is(200);
    assert_eq!(world.sandbox.ipassan().count(), 2);
}

#[test]
fn waiting_counts_as_time_of_the_action() {
    let world = World::empty();
    let service = Service::start(&world, &["--concurrency", "1", "--queue", "4", "--action-timeout", "2"]);
    let gate = Gate::before(&world);
    let first = service.begin(CREATE, &gate.create(&world, "1001"));
    gate.arrival();
    let second = service.begin(CREATE, &world.document(DOORS, &new_person("1002")));
    // The first ends when its time is over; the second, which came after it, has waited all of that.
    first.reply().refused(200, "the time for this action is over");
    let document = second.reply();
    assert!([200, 503].contains(&document.status), "{document:#?}");
    assert_eq!(
        world.sandbox.ipassan().persons().iter().filter(|person| person.number.as_deref() == Some("1001")).count(),
        0
    );
}

#[test]
fn a_system_that_is_busy_does_not_keep_others_waiting() {
    let world = World::empty();
    let service = Service::start(&world, &["--concurrency", "2", "--per-system", "1", "--queue", "8"]);
    let gate = Gate::before(&world);
    let held: Vec<_> =
        ["1001", "1002", "1003"].map(|number| service.begin(CREATE, &gate.create(&world, number))).into();
    gate.arrival();
    let answer: Value = service.post(CREATE, &world.document(DOORS, &new_person("1004"))).is(200).json();
    assert_eq!(answer["outputContext"]["Success"], true, "{answer:#}");
    gate.open();
    for pending in held {
        assert_eq!(pending.reply().is(200).json()["outputContext"]["Success"], true);
    }
    assert_eq!(world.sandbox.ipassan().count(), 4);
}

#[test]
fn one_connector_leaves_room_for_another() {
    let world = World::empty();
    let service = Service::start(&world, &["--per-connector", "1", "--queue", "8"]);
    let gate = Gate::before(&world);
    let held = service.begin(CREATE, &gate.create(&world, "1001"));
    gate.arrival();
    // Another system of the same connector has to wait; another connector has not.
    let waits = service.begin(CREATE, &world.document(DOORS, &new_person("1002")));
    let planning = world.document(crate::support::PLANNING, &crate::support::new_user("1001"));
    service.post("/v1/inplanning-target/create", &planning).is(200);
    assert_eq!(world.sandbox.ipassan().count(), 0);
    gate.open();
    held.reply().is(200);
    waits.reply().is(200);
    assert_eq!(world.sandbox.ipassan().count(), 2);
}

#[test]
fn more_connections_than_there_are_places_wait_for_one() {
    let world = World::empty();
    let service = Service::start(&world, &["--connections", "1"]);
    let first = service.raw("GET /healthz HTTP/1.1\r\nHost: x\r\n");
    let second = service.raw("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    drop(first);
    assert!(rest(second).starts_with("HTTP/1.1 200 "));
}
