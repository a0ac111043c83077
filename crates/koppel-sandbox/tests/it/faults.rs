//! Every fault as a client meets it.

use std::time::{Duration, Instant};

use koppel_sandbox::{CANARY, System};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::{Rig, finish};

const NEW: [(&str, &str); 2] = [("lastname", "Bos"), ("number", "new")];

#[tokio::test]
async fn a_status_comes_as_often_as_it_says_and_nothing_is_carried_out() {
    let rig = Rig::with_faults("inplanning:POST /users:503*2").await;
    let body = json!({"username": "new"});
    for expected in [503, 503, 200] {
        let there = rig.sandbox.inplanning().user("new").is_some();
        assert!(!there);
        assert_eq!(rig.inplanning_get("/users/100001").await.status, StatusCode::OK, "another route");
        let answer = rig.inplanning_json(Method::POST, "/users", &body).await;
        assert_eq!(answer.status, expected);
    }
    assert!(rig.sandbox.inplanning().user("new").is_some());
    assert_eq!(rig.sandbox.stats().faults[0].fired, 2);
}

#[tokio::test]
async fn a_status_can_carry_retry_after() {
    let rig = Rig::with_faults("ipassan:person:429(retry-after=1)").await;
    let response = rig.person(Method::GET, "").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(rig.person_get("").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_status_after_the_commit_leaves_the_change_behind() {
    let rig = Rig::with_faults("ipassan:POST person:504-after").await;
    let answer = rig.person_form(Method::POST, "", &NEW).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(rig.sandbox.ipassan().by_number("new").len(), 1);
}

#[tokio::test]
async fn a_401_kills_the_token_in_the_middle_of_a_run() {
    let mut rig = Rig::with_faults("inplanning:GET user:401@2,ipassan:person:401@2").await;
    for expected in [200, 401, 401] {
        let answer = rig.inplanning_get("/users/100001").await;
        assert_eq!(answer.status, expected);
        assert_eq!(rig.person_get("").await.status, expected);
    }
    rig.inplanning_token = rig.new_inplanning_token().await;
    rig.ipassan_token = rig.new_ipassan_token().await;
    assert_eq!(rig.inplanning_get("/users/100001").await.status, StatusCode::OK);
    assert_eq!(rig.person_get("").await.status, StatusCode::OK);
}

#[tokio::test]
async fn cut_before_closes_the_connection_and_nothing_is_carried_out() {
    let rig = Rig::with_faults("ipassan:POST person:cut-before").await;
    let error = finish(rig.person(Method::POST, "").form(&NEW)).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert!(rig.sandbox.ipassan().by_number("new").is_empty());
    assert_eq!(rig.person_form(Method::POST, "", &NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn cut_after_closes_the_connection_with_the_change_made() {
    let rig = Rig::with_faults("ipassan:POST person:cut-after").await;
    let error = finish(rig.person(Method::POST, "").form(&NEW)).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(rig.sandbox.ipassan().by_number("new").len(), 1);
}

/// What the stand-in writes on a fresh connection, byte by byte, until it closes.
async fn raw(rig: &Rig, path: &str) -> Vec<u8> {
    let mut stream = tokio::net::TcpStream::connect(rig.sandbox.address()).await.unwrap();
    let request = format!(
        "GET /InPlanningService/rest/api{path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        rig.inplanning_token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A reset ends the reading as well as an orderly close.
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes))
        .await
        .expect("the connection is closed");
    bytes
}

#[tokio::test]
async fn a_cut_connection_carries_not_a_single_byte() {
    let rig = Rig::with_faults("inplanning:users:cut-before,inplanning:users:cut-after@2").await;
    assert_eq!(raw(&rig, "/users").await, b"");
    assert_eq!(raw(&rig, "/users").await, b"");
    assert_eq!(rig.sandbox.stats().faults_fired(), 2);
}

#[tokio::test]
async fn a_truncated_body_promises_more_than_it_holds() {
    let rig = Rig::with_faults("inplanning:users:truncate*2").await;
    assert!(finish(rig.inplanning(Method::GET, "/users?limit=0")).await.is_err());
    let bytes = raw(&rig, "/users?limit=0").await;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let whole = rig.inplanning_get("/users?limit=0").await.text;
    assert!(head.starts_with("HTTP/1.1 200"));
    assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
    assert!(!body.is_empty() && body.len() < whole.len() && whole.as_bytes().starts_with(&bytes[head.len() + 4..]));
}

#[tokio::test]
async fn a_page_for_people_comes_with_status_200() {
    let rig = Rig::with_faults("*:*:html").await;
    let response = rig.inplanning(Method::GET, "/users").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_slow_answer_comes_late_to_a_change_made_at_once() {
    let rig = Rig::with_faults("ipassan:POST person:slow(600)*2").await;
    let start = Instant::now();
    assert_eq!(rig.person_form(Method::POST, "", &NEW).await.status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(600));

    let request = rig.person(Method::POST, "").form(&NEW).timeout(Duration::from_millis(300));
    assert!(finish(request).await.unwrap_err().is_timeout());
    assert_eq!(rig.sandbox.ipassan().by_number("new").len(), 2);
}

#[tokio::test]
async fn a_repeated_cursor_points_at_its_own_page() {
    let rig = Rig::with_faults("ipassan:person:cursor-repeat@2*").await;
    let cursor = |answer: crate::client::Answer| answer.json()["next_cursor"].clone();
    assert_eq!(cursor(rig.person_get("?limit=50&offset=0").await), 50);
    assert_eq!(cursor(rig.person_get("?limit=50&offset=50").await), 50);
    assert_eq!(cursor(rig.person_get("?limit=50&offset=50").await), 50);
}

#[tokio::test]
async fn a_cyclic_cursor_leads_back_to_the_start() {
    let rig = Rig::with_faults("ipassan:person:cursor-cycle*").await;
    let (mut offset, mut seen) = (json!(0), Vec::new());
    for _ in 0..6 {
        offset = rig.person_get(&format!("?limit=50&offset={offset}")).await.json()["next_cursor"].clone();
        seen.push(offset.clone());
    }
    assert_eq!(seen, [50, 0, 50, 0, 50, 0]);
}

#[tokio::test]
async fn a_chance_is_drawn_from_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let rig = Rig::with_faults("inplanning:user:500%30").await;
        let mut failed = Vec::new();
        for i in 0..100 {
            if rig.inplanning_get("/users/100001").await.status != StatusCode::OK {
                failed.push(i);
            }
        }
        runs.push(failed);
    }
    assert!((15..45).contains(&runs[0].len()), "{:?}", runs[0]);
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_path_and_a_prefix_pick_out_their_requests() {
    let rig = Rig::with_faults("inplanning:/users/100002:500*,inplanning:/v2/*:502*").await;
    for (path, status) in [("/users/100001", 200), ("/users/100002", 500), ("/users", 200), ("/v2/resourcegroups", 502)]
    {
        assert_eq!(rig.inplanning_get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_token_request_can_fail_too_and_tokens_are_recognisable() {
    let rig = Rig::with_faults("inplanning:token:401").await;
    let c = rig.sandbox.credentials().clone();
    let answer = rig.inplanning_form_token(&c.inplanning_client_id, &c.inplanning_client_secret).await;
    assert_eq!(answer.json()["error"], "invalid_client");
    assert!(rig.new_inplanning_token().await.starts_with(CANARY));
    for secret in [c.inplanning_client_secret, c.inplanning_password, c.ipassan_client_secret] {
        assert!(secret.starts_with(CANARY));
    }
    assert_eq!(rig.sandbox.stats().count(System::InPlanning, "POST", "/token"), 3);
}
