//! Imports: a line per object, and an end that cannot be mistaken.

use koppel_sandbox::Options;
use serde_json::{Value, json};

use super::support::{Service, TOKEN, rest};
use crate::support::{DOORS, PLANNING, SOURCE, World, document};

#[test]
fn an_import_gives_the_lines_of_the_command_line() {
    let world = World::with(Options::default().persons(60));
    let service = Service::start(&world, &[]);
    for (id, action) in [
        (DOORS, "import-accounts"),
        (PLANNING, "import-accounts"),
        (PLANNING, "import-permissions"),
        (PLANNING, "import-sub-permissions"),
    ] {
        let input = world.document(id, &json!({}));
        let reply = service.post(&format!("/v1/{id}/{action}"), &input).is(200);
        assert_eq!(reply.headers["content-type"], "application/x-ndjson");
        assert!(reply.whole);
        assert_eq!(reply.text, world.run(id, action, &input).fine().stdout, "{id} {action}");
    }
    for action in ["persons", "departments"] {
        let input = json!({"actionContext": {"Configuration": world.config(SOURCE)}});
        let reply = service.post(&format!("/v1/{SOURCE}/{action}"), &input).is(200);
        let printed = world.with_config(action, SOURCE, &world.config(SOURCE)).run().exits(0).stdout;
        assert!(reply.whole && !reply.text.is_empty());
        assert_eq!(reply.text, printed, "{action}");
    }
}

#[test]
fn an_import_of_nothing_is_whole_and_empty() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let reply = service.post("/v1/ipassan-target/import-accounts", &world.document(DOORS, &json!({}))).is(200);
    assert!(reply.whole && reply.text.is_empty(), "{reply:#?}");
}

#[test]
fn an_import_that_fails_at_once_has_a_status_that_says_so() {
    let world = World::with(Options::default().persons(3));
    let service = Service::start(&world, &[]);
    let post = |config: &Value| service.post("/v1/ipassan-target/import-accounts", &document(config, &json!({})));
    let error = post(&json!({"clientID": "x"})).is(400).json();
    assert!(
        error["error"].as_str().unwrap().contains("actionContext.Configuration.BaseUrl: is missing; clientSecret"),
        "{error}"
    );
    let error = service.send(service.request("POST", "/v1/ipassan-target/import-accounts").body("{")).is(400).json();
    assert!(error["error"].as_str().unwrap().contains("not JSON"), "{error}");
    world.faults("ipassan:GET person:403*");
    let error = post(&world.config(DOORS)).is(502).json();
    assert!(error["error"].as_str().unwrap().contains("Forbidden") && error["kind"] == "denied", "{error}");
}

#[test]
fn an_import_that_breaks_off_does_not_look_complete() {
    let world = World::with(Options::default().persons(120));
    let service = Service::start(&world, &[]);
    world.faults("ipassan:GET person:403@2*");
    let input = world.document(DOORS, &json!({}));
    let reply = service.post("/v1/ipassan-target/import-accounts", &input).is(200);
    assert!(!reply.whole, "{reply:#?}");
    let lines = reply.lines();
    let (last, objects) = lines.split_last().unwrap();
    assert!(last["error"].as_str().unwrap().contains("Forbidden"), "{last}");
    assert_eq!(objects.len(), 50, "the first page");
    assert!(objects.iter().all(|object| object.get("error").is_none() && object["AccountReference"].is_string()));

    // As the bytes go over the line: no last chunk.
    let body = input.to_string();
    let head = super::support::head(
        "POST",
        "/v1/ipassan-target/import-accounts",
        &format!("Content-Length: {}\r\n", body.len()),
    );
    world.faults("ipassan:GET person:403@2*");
    let said = rest(service.raw(&format!("{head}{body}")));
    assert!(said.contains("transfer-encoding: chunked") && !said.ends_with("0\r\n\r\n"), "{said}");
    service.get("/v1/connectors").is(200);
}

#[test]
fn an_import_over_http_1_0_is_refused_for_it_has_no_end() {
    let world = World::with(Options::default().persons(3));
    let service = Service::start(&world, &[]);
    let body = world.document(DOORS, &json!({})).to_string();
    let request = |action: &str| {
        format!(
            "POST /v1/ipassan-target/{action} HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let said = rest(service.raw(&request("import-accounts")));
    assert!(said.contains(" 505 ") && said.contains("HTTP/1.1"), "{said}");
    let said = rest(service.raw(&request("permissions")));
    assert!(said.contains(" 200 ") && said.contains("outputContext"), "{said}");
}
