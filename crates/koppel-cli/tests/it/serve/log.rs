//! What is written of a request: enough to find it, and nothing of what was in it.

#![cfg(unix)]

use koppel_sandbox::Options;
use serde_json::{Value, json};

use super::support::Service;
use crate::support::{DOORS, PLANNING, SOURCE, World, about, document, new_person, new_user};

/// A person whose every value can be searched for.
fn recognisable() -> Value {
    json!({
        "Data": {"lastname": "Findme", "firstname": "Findme", "mail": "findme@x.example", "number": "findme-7", "type": 2},
        "CorrelationConfiguration": {
            "Enabled": true, "PersonField": "Person.ExternalId", "PersonFieldValue": "findme-7",
            "AccountField": "number", "AccountFieldValue": "findme-7",
        },
        "References": {"Account": null},
        "personContext": {"Person": {"ExternalId": "findme-7", "DisplayName": "Findme"}},
    })
}

#[test]
fn a_request_is_one_line_without_anything_of_its_document() {
    let world = World::with(Options::default().persons(3));
    let service = Service::start(&world, &["--log-format", "json"]);
    let input = world.document(DOORS, &recognisable());
    let created = service.post("/v1/ipassan-target/create?who=findme", &input).is(200);
    let id = created.headers["x-request-id"].to_str().unwrap().to_owned();
    let reference = created.json()["outputContext"]["AccountReference"].as_str().unwrap().to_owned();
    let update = world.document(DOORS, &about(&json!(reference), &json!({"lastname": "Findme2"})));
    service.post("/v1/ipassan-target/update", &update).is(200);
    service.post("/v1/ipassan-target/update", &world.document(DOORS, &about(&json!("findme"), &json!({})))).is(200);
    service.post("/v1/ipassan-target/import-accounts", &world.document(DOORS, &json!({}))).is(200);
    service.post("/v1/findme-target/create", &input).is(404);
    service.post("/v1/ipassan-target/findme", &input).is(404);
    service.get("/findme").is(404);
    service.send(service.request("FINDME", "/v1/connectors")).is(405);
    let metrics = service.get("/metrics").text;
    let output = service.stop();
    for text in [&output.stderr, &metrics] {
        let text = text.to_lowercase();
        assert!(!text.contains("findme") && !text.contains(&reference), "{text}");
    }
    let log: Vec<_> = output.json_log().into_iter().filter(|line| line["target"] == "access").collect();
    assert_eq!(log.len(), 9, "{log:#?}");
    let line = &log[0];
    for (key, value) in [
        ("level", json!("INFO")),
        ("request_id", json!(id)),
        ("client", json!("127.0.0.1")),
        ("token", json!("token 3")),
        ("method", json!("POST")),
        ("route", json!("/v1/{connector}/{action}")),
        ("connector", json!(DOORS)),
        ("action", json!("create")),
        ("status", json!(200)),
        ("outcome", json!("success")),
        ("bytes_in", json!(input.to_string().len())),
        ("bytes_out", json!(created.text.len())),
    ] {
        assert_eq!(line[key], value, "{key}: {line:#?}");
    }
    assert!(line["duration_ms"].is_u64() && line["timestamp"].is_string());
    assert!(log[2]["outcome"] != "success" && log[2]["status"] == 200, "an action that failed: {:#?}", log[2]);
    assert!(log[4].get("connector").is_none() && log[6]["route"] == "none" && log[7]["method"] == "other");
}

#[test]
fn nothing_shows_a_secret_however_loud_the_service_is() {
    for loud in [&["-v"][..], &["-vv"], &["-vv", "--log-format", "json"]] {
        let world = World::with(Options::default().persons(5));
        let service = Service::start(&world, loud);
        service.post("/v1/ipassan-target/create", &world.document(DOORS, &new_person("1001"))).is(200);
        service.post("/v1/inplanning-target/create", &world.document(PLANNING, &new_user("1001"))).is(200);
        let source = json!({"actionContext": {"Configuration": world.config(SOURCE)}});
        service.post("/v1/inplanning-source/persons", &source).is(200);
        let wrong = world.config_with(DOORS, &json!({"clientSecret": "canary-wrong-secret"}));
        service.post("/v1/ipassan-target/create", &document(&wrong, &new_person("1001"))).is(200);
        world.faults("*:*:400*");
        let answer = service.post("/v1/ipassan-target/create", &world.document(DOORS, &new_person("1002")));
        assert!(!answer.is(200).text.contains("canary"));
        // Every output is searched for secrets when it ends.
        let output = service.stop();
        assert!(output.stderr.contains("/api/v1/access/site/"), "it is loud: {output:#?}");
    }
}

#[test]
fn a_configuration_that_asks_for_debug_logging_does_not_get_it_for_everybody() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let config = world.config_with(DOORS, &json!({"isDebug": "true"}));
    service.post("/v1/ipassan-target/create", &document(&config, &new_person("1001"))).is(200);
    let output = service.stop();
    assert!(!output.stderr.contains("DEBUG") && output.stderr.contains("INFO"), "{output:#?}");
}
