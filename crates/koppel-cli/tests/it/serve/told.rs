//! What the service tells of itself: the OpenAPI document and the metrics.

use std::collections::{BTreeMap, BTreeSet};

use koppel_sandbox::Options;
use serde_json::{Value, json};

use super::support::Service;
use crate::support::{DOORS, FILES, PLANNING, SOURCE, World, about, new_person};

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_openapi_document_has_every_route_and_every_reference_leads_somewhere() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let document = service.get("/openapi.json").is(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut expected: BTreeSet<String> =
        ["/healthz", "/metrics", "/openapi.json", "/v1/connectors", "/v1/{connector}"].map(str::to_owned).into();
    for id in [FILES, SOURCE, PLANNING, DOORS] {
        let manifest = service.get(&format!("/v1/{id}")).is(200).json();
        let can = manifest["capabilities"].as_array().unwrap().iter().map(|action| action.as_str().unwrap());
        expected.extend(can.filter(|action| *action != "check").map(|action| format!("/v1/{id}/{action}")));
    }
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["responses"]["200"].is_object(), "{method} {path}");
            if method == "post" {
                // The service knows it.
                service.send(service.request("POST", path).body("")).is(400);
                assert!(operation["requestBody"]["content"]["application/json"]["schema"].is_object(), "{path}");
            }
        }
    }
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn the_schemas_of_the_openapi_document_fit_what_goes_in_and_comes_out() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    let document = service.get("/openapi.json").is(200).json();
    let fits = |pointer: &str, value: &Value| {
        let mut schema = document.clone();
        schema["$ref"] = json!(format!("#{pointer}"));
        let validator = jsonschema::validator_for(&schema).unwrap();
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect::<Vec<_>>()
    };
    let at =
        |status: &str| format!("/paths/~1v1~1{DOORS}~1create/post/responses/{status}/content/application~1json/schema");
    let input_at = format!("/paths/~1v1~1{DOORS}~1create/post/requestBody/content/application~1json/schema");
    let input = world.document(DOORS, &new_person("1001"));
    assert_eq!(fits(&input_at, &input), Vec::<String>::new());
    let answer = service.post("/v1/ipassan-target/create", &input).is(200).json();
    assert_eq!(fits(&at("200"), &answer), Vec::<String>::new());
    let mut wrong = input.clone();
    wrong["actionContext"]["Configuration"]["siteId"] = json!([]);
    assert!(!fits(&input_at, &wrong).is_empty());
    let refused = service.post("/v1/ipassan-target/create", &wrong).is(400).json();
    assert_eq!(fits(&at("400"), &refused), Vec::<String>::new());
}

/// A sample by its name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let line = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    text.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

#[test]
fn the_metrics_are_what_prometheus_reads() {
    let world = World::with(Options::default().persons(7));
    let service = Service::start(&world, &[]);
    service.post("/v1/ipassan-target/create", &world.document(DOORS, &new_person("1001"))).is(200);
    let failing = world.document(DOORS, &about(&json!("nobody"), &json!({"lastname": "x"})));
    service.post("/v1/ipassan-target/update", &failing).is(200);
    service.post("/v1/ipassan-target/import-accounts", &world.document(DOORS, &json!({}))).is(200);
    service.post("/v1/nobody-target/create", &failing).is(404);
    service.send(service.client.get(format!("{}/v1/connectors", service.url))).is(401);
    let reply = service.get("/metrics").is(200);
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(reply.text.ends_with('\n'));
    let mut types = BTreeMap::new();
    for line in reply.text.lines() {
        if let Some(about) = line.strip_prefix("# TYPE ") {
            let (name, kind) = about.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} stands together");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
        assert!(labels.ends_with('}') && labels.matches('"').count() % 2 == 0, "{line}");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(types.contains_key(family), "{line}");
    }
    let samples = samples(&reply.text);
    let create = "route=\"/v1/{connector}/{action}\",connector=\"ipassan-target\",action=\"create\"";
    for (name, value) in [
        (format!("koppel_http_requests_total{{{create},status=\"200\"}}"), 1.0),
        ("koppel_actions_total{connector=\"ipassan-target\",action=\"create\",outcome=\"success\"}".to_owned(), 1.0),
        ("koppel_actions_total{connector=\"ipassan-target\",action=\"update\",outcome=\"not-found\"}".to_owned(), 1.0),
        (
            "koppel_imports_total{connector=\"ipassan-target\",action=\"import-accounts\",outcome=\"success\"}"
                .to_owned(),
            1.0,
        ),
        ("koppel_import_objects_total{connector=\"ipassan-target\",action=\"import-accounts\"}".to_owned(), 8.0),
        (format!("koppel_http_request_duration_seconds_bucket{{{create},le=\"+Inf\"}}"), 1.0),
        (format!("koppel_http_request_duration_seconds_count{{{create}}}"), 1.0),
        ("koppel_failed_logins_total".to_owned(), 1.0),
        ("koppel_http_requests_in_flight".to_owned(), 1.0),
        ("koppel_actions_waiting".to_owned(), 0.0),
        ("koppel_instances".to_owned(), 1.0),
    ] {
        assert_eq!(samples.get(&name), Some(&value), "{name}: {}", reply.text);
    }
    // What does not exist is not counted by its name.
    assert!(!reply.text.contains("nobody"), "{}", reply.text);
}
