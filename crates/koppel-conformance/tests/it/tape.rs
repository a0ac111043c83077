//! Recordings: what stands in them, and what they answer.

use async_trait::async_trait;
use bytes::Bytes;
use koppel::Result;
use koppel_conformance::proxy::{Got, Sent, Upstream};
use koppel_conformance::{Recording, Run, Scenario, Tape};
use serde_json::{Value, json};

/// A system that knows one person.
#[derive(Debug)]
struct System;

const PERSON: &str = r#"{"resource":"47.1","firstName":"Jo","lastName":"O'Neill \"& Zoon\"","email":"jo@zorg.example","phone":"+31 6 12345678"}"#;

#[async_trait]
impl Upstream for System {
    async fn answer(&self, _: &Sent) -> Result<Got> {
        Ok(Got { status: 200, headers: Vec::new(), body: Bytes::from(PERSON) })
    }
}

fn get(target: &str) -> Sent {
    Sent { method: "GET".into(), target: target.into(), headers: Vec::new(), body: Bytes::new() }
}

/// A tape of these requests.
async fn tape(targets: &[&str]) -> String {
    let recording = Recording::default();
    let upstream = recording.of(System);
    for target in targets {
        upstream.answer(&get(target)).await.unwrap();
    }
    let config =
        json!({"BaseUrl": "https://tenant-of-somebody.example:8443/rest", "Secret": "canary-secret", "Site": "Noord"});
    let schema = koppel::ConfigSchema::of::<crate::toy::Config>();
    let scenario = Scenario::default();
    let (connector, tag, began) = ("toy-source", "ktxyz", "2026-06-01T08:00:00Z");
    let run = Run { connector, tag, began, config: &config, schema: &schema, scenario: &scenario };
    recording.tape(&run).json().unwrap()
}

fn targets(tape: &str) -> Vec<String> {
    let tape: Value = serde_json::from_str(tape).unwrap();
    let exchanges = tape["exchanges"].as_array().unwrap().clone();
    exchanges.iter().map(|exchange| exchange["target"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_recording_does_not_say_whose_system_it_was() {
    let kept = tape(&["/rest/person"]).await;
    assert!(
        !kept.contains("tenant-of-somebody") && !kept.contains("8443") && !kept.contains("canary-secret"),
        "{kept}"
    );
    assert!(kept.contains("https://recorded.example/rest") && kept.contains("Noord"), "{kept}");
}

#[tokio::test]
async fn a_short_value_is_replaced_in_addresses_as_in_bodies() {
    let kept = tape(&["/rest/users/47.1", "/rest/roster?resource=47.1&name=Jo&from=2026-06-01", "/rest/Jo"]).await;
    let targets = targets(&kept);
    assert!(!kept.contains("47.1"), "{kept}");
    assert!(
        targets[1].starts_with("/rest/roster?resource=text") && targets[1].ends_with("&from=2026-06-01"),
        "{targets:?}"
    );
    assert!(!targets[1].contains("Jo"), "{targets:?}");
    // A word of the path without a digit may be the system's own.
    assert_eq!(targets[2], "/rest/Jo");
    // The same value is the same everywhere.
    let body = &serde_json::from_str::<Value>(&kept).unwrap()["exchanges"][0]["got"];
    let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    assert_eq!(targets[0], format!("/rest/users/{}", body["resource"].as_str().unwrap()));
}

#[tokio::test]
async fn a_replay_answers_what_was_asked_as_often_as_it_was_asked_and_names_the_rest() {
    let kept = tape(&["/rest/users/47.1", "/rest/users/47.1"]).await;
    let target = targets(&kept)[0].clone();
    let replay = Tape::read(&kept).unwrap().replay();
    for _ in 0..2 {
        assert_eq!(replay.answer(&get(&target)).await.unwrap().status, 200);
    }
    let error = replay.answer(&get(&target)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("GET {target}: more often than it was recorded")), "{error}");
    let error = replay.answer(&get("/rest/users/other")).await.unwrap_err().to_string();
    assert!(error.contains("GET /rest/users/other: which was not recorded"), "{error}");
    let changed = Sent { body: Bytes::from("{}"), ..get(&target) };
    assert!(replay.answer(&changed).await.unwrap_err().to_string().contains("which was not recorded"));
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    assert!(Tape::read("{}").unwrap_err().contains("cannot be read"));
    let later = json!({"version": 9, "connector": "x", "tag": "x", "began": "x", "config": {}, "exchanges": []});
    assert!(Tape::read(&later.to_string()).unwrap_err().contains("has the form 9"));
}
