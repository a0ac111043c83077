//! What is answered to a document.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use koppel_sandbox::{Options, System};
use serde_json::{Value, json};

use super::support::{Service, TOKEN};
use crate::support::{DOORS, FILES, PLANNING, SOURCE, World, about, document, merged, new_person, new_user};

#[test]
fn a_document_has_the_same_answer_as_on_the_command_line() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).fine();
    world.run(PLANNING, "create", &world.document(PLANNING, &new_user("1001"))).fine();
    let permission = json!({
        "DryRun": true, "Operation": "grant", "References": {"Account": "1001", "Permission": {"Reference": "Planner"}},
        "personContext": {"Person": {"ExternalId": "1001", "Contracts": [
            {"ExternalId": "c1", "Division": {"Name": "Noord"}, "Context": {"InConditions": true}}]}},
    });
    for (id, action, input) in [
        (DOORS, "create", world.document(DOORS, &new_person("1001"))),
        (DOORS, "create", world.document(DOORS, &merged(new_person("1002"), &json!({"DryRun": true})))),
        (DOORS, "update", world.document(DOORS, &about(&json!("nobody"), &json!({"lastname": "x"})))),
        (DOORS, "update", world.document(DOORS, &about(&Value::Null, &json!({})))),
        (DOORS, "disable", world.document(DOORS, &about(&json!("nobody"), &json!({})))),
        (DOORS, "permissions", world.document(DOORS, &json!({}))),
        (PLANNING, "create", world.document(PLANNING, &new_user("1001"))),
        (PLANNING, "uniqueness", world.document(PLANNING, &about(&Value::Null, &json!({"username": "1001"})))),
        (PLANNING, "sub-permissions", world.document(PLANNING, &permission)),
        (PLANNING, "delete", world.document(PLANNING, &about(&json!("1001"), &json!({})))),
    ] {
        let reply = service.post(&format!("/v1/{id}/{action}"), &input).is(200);
        assert_eq!(reply.headers["content-type"], "application/json");
        let run: Value = serde_json::from_str(world.run(id, action, &input).stdout.trim()).unwrap();
        assert_eq!(reply.json(), run, "{id} {action}");
    }
}

#[test]
fn an_action_that_failed_is_an_answer_as_well() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    world.faults("ipassan:*:403*");
    let reply = service.post("/v1/ipassan-target/create", &world.document(DOORS, &new_person("1001")));
    reply.refused(200, "Forbidden");
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let input = world.document(DOORS, &merged(new_person("1001"), &json!({"DryRun": true})));
    let answer = service.post("/v1/ipassan-target/create", &input).is(200).json();
    assert_eq!(answer["outputContext"]["Success"], true, "{answer:#}");
    assert_eq!((world.writes(), world.sandbox.ipassan().count()), (0, 0));
}

#[test]
fn what_cannot_be_read_or_does_not_fit_is_refused_in_a_document() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let path = "/v1/ipassan-target/create";
    for (body, says) in [
        ("", "the input is empty"),
        ("not json", "not JSON"),
        ("[]", "is not a JSON object"),
        (r#"{"actionContext": {}}"#, "actionContext.Configuration: is missing"),
        (r#"{"actionContext": {"Configuration": {}, "DryRun": "maybe"}}"#, "actionContext.DryRun"),
        (r#"{"actionContext": {"Configuration": {"clientID": "x"}}}"#, "actionContext.Configuration.BaseUrl"),
        (
            r#"{"actionContext": {"Configuration": {"clientSecret": "canary-x", "BaseUrl": "https://u:canary-y@x.example"}}}"#,
            "actionContext.Configuration.",
        ),
    ] {
        service.send(service.request("POST", path).body(body)).refused(400, says);
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn json_is_taken_whatever_it_is_called_and_in_the_encodings_of_powershell() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let input = world.document(DOORS, &new_person("1001")).to_string();
    let utf16: Vec<u8> = [0xFEFF].into_iter().chain(input.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (kind, body) in [
        ("application/json; charset=utf-8", input.clone().into_bytes()),
        ("text/plain", input.clone().into_bytes()),
        ("application/x-www-form-urlencoded", format!("\u{feff}{input}").into_bytes()),
        ("application/json", utf16),
    ] {
        let request = service.request("POST", "/v1/ipassan-target/create").header("content-type", kind).body(body);
        let answer = service.send(request).is(200).json();
        assert_eq!(answer["outputContext"]["Success"], true, "{kind}: {answer:#}");
    }
    assert_eq!(world.sandbox.ipassan().count(), 1);
}

#[test]
fn what_is_not_there_says_what_is() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let input = world.document(DOORS, &json!({}));
    for (method, path, status, says) in [
        ("POST", "/v1/nobody-target/create", 404, DOORS),
        ("GET", "/v1/nobody-target", 404, DOORS),
        ("POST", "/v1/ipassan-target/explode", 404, "import-accounts"),
        ("POST", "/v1/ipassan-target/persons", 404, "import-accounts"),
        ("POST", "/v1/inplanning-source/create", 404, "persons, departments"),
        ("POST", "/v1/ipassan-target/%FF", 404, "UTF-8"),
        ("GET", "/v1/%FF", 404, "UTF-8"),
        ("GET", "/nowhere", 404, "/openapi.json"),
        ("GET", "/v1", 404, "/openapi.json"),
        ("GET", "/v1/ipassan-target/create", 405, "POST"),
        ("DELETE", "/v1/connectors", 405, "GET"),
        ("POST", "/healthz", 405, "GET"),
    ] {
        let reply = service.send(service.request(method, path).body(input.to_string())).is(status);
        let error = reply.json();
        assert!(error["error"].is_string() && error["hint"].as_str().unwrap().contains(says), "{path}: {error}");
        assert_eq!(reply.headers.contains_key("allow"), status == 405, "{path}");
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn connectors_are_listed_and_described_as_on_the_command_line() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let printed =
        |arguments: &[&str]| -> Value { serde_json::from_str(&world.koppel(arguments).run().fine().stdout).unwrap() };
    assert_eq!(service.get("/v1/connectors").is(200).json(), printed(&["connectors", "--json"]));
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        assert_eq!(service.get(&format!("/v1/{id}")).is(200).json(), printed(&["describe", id]));
    }
    assert_eq!(service.send(service.client.get(format!("{}/healthz", service.url))).json()["status"], "ok");
}

#[test]
fn sixty_four_clients_at_once_lose_nothing() {
    let world = World::with(Options::default().persons(0).latency(std::time::Duration::from_millis(5)));
    let service = Service::start(&world, &[]);
    let answers: Vec<Value> = service.runtime.block_on(async {
        join_all((0..64).map(|number| {
            let input = world.document(DOORS, &new_person(&format!("N{number}"))).to_string();
            let url = format!("{}/v1/ipassan-target/create", service.url);
            async move {
                // Each a client of its own, with a connection of its own.
                let client = super::support::client().build().unwrap();
                let answer = client.post(url).bearer_auth(TOKEN).body(input).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.json::<Value>().await.unwrap()
            }
        }))
        .await
    });
    let references: BTreeSet<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer["outputContext"]["Success"], true, "{answer:#}");
            answer["outputContext"]["AccountReference"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((references.len(), world.sandbox.ipassan().count()), (64, 64));
    let stats = world.stats();
    assert_eq!(stats.ipassan_tokens, 1);
    assert!(stats.max_in_flight <= 16, "{} at once on one system", stats.max_in_flight);
}

#[test]
fn one_person_that_is_created_many_times_at_once_is_made_once() {
    let world = World::with(Options::default().persons(0).latency(std::time::Duration::from_millis(5)));
    let service = Service::start(&world, &[]);
    let input = world.document(DOORS, &new_person("1001"));
    // Another instance with an index of its own.
    let other = document(&world.config_with(DOORS, &json!({"isDebug": "true"})), &new_person("1001"));
    let pending: Vec<_> = (0..8)
        .map(|number| service.begin("/v1/ipassan-target/create", if number % 2 == 0 { &input } else { &other }))
        .collect();
    let answers: Vec<Value> = pending.into_iter().map(|pending| pending.reply().is(200).json()).collect();
    let references: BTreeSet<String> =
        answers.iter().map(|answer| answer["outputContext"]["AccountReference"].to_string()).collect();
    assert_eq!((references.len(), world.sandbox.ipassan().count()), (1, 1), "{answers:#?}");
}

#[test]
fn requests_with_one_client_share_its_token_and_nothing_is_kept_on_disk() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    // One token per client lives in the planning: two instances with one each would end each other's.
    let other = world.config_with(PLANNING, &json!({"concurrency": 2}));
    for number in 0..4 {
        for config in [&world.config(PLANNING), &other] {
            let input = document(config, &new_user(&format!("u{number}")));
            let answer = service.post("/v1/inplanning-target/create", &input).is(200).json();
            assert_eq!(answer["outputContext"]["Success"], true, "{answer:#}");
        }
    }
    assert_eq!(world.stats().inplanning_tokens, 1);
    assert_eq!(world.stats().count(System::InPlanning, "POST", "/token"), 1);
    assert!(!world.path("cache").exists() && !world.path("state").exists());
}
