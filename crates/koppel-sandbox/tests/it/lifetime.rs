//! Starting, counting, stopping.

use std::time::{Duration, Instant};

use koppel_sandbox::{Options, Sandbox, StartError, System};
use reqwest::Method;
use serde_json::json;

use crate::client::{Rig, finish, plain_http};

#[tokio::test]
async fn requests_are_counted_by_system_route_and_method() {
    let rig = Rig::start(Options::default().persons(3)).await;
    rig.inplanning_get("/users?limit=0").await;
    rig.inplanning_get("/users/100001").await;
    rig.inplanning_get("/users/100002").await;
    rig.inplanning_json(Method::PUT, "/users", &json!({"username": "100001"})).await;
    rig.person_get("").await;
    let stats = rig.sandbox.stats();
    assert_eq!(stats.count(System::InPlanning, "GET", "/users"), 1);
    assert_eq!(stats.count(System::InPlanning, "GET", "/users/{username}"), 2);
    assert_eq!(stats.writes(System::InPlanning), 1);
    assert_eq!(stats.total(System::InPlanning), 5);
    assert_eq!(stats.count(System::IPassan, "GET", "/api/v1/access/site/{site}/person"), 1);
    assert_eq!(stats.writes(System::IPassan), 0);
    assert_eq!((stats.inplanning_tokens, stats.ipassan_tokens), (1, 1));
    rig.sandbox.reset_stats();
    assert_eq!(rig.sandbox.stats().total(System::InPlanning), 0);
}

#[tokio::test]
async fn the_most_requests_at_once_are_told() {
    let rig = Rig::start(Options::default().persons(3).latency(Duration::from_millis(200))).await;
    assert_eq!(rig.sandbox.stats().max_in_flight, 1);
    futures_util::future::join_all((0..5).map(|_| rig.inplanning_get("/users"))).await;
    assert_eq!(rig.sandbox.stats().max_in_flight, 5);
}

#[tokio::test]
async fn every_request_waits_for_the_latency() {
    let rig = Rig::start(Options::default().persons(3).latency(Duration::from_millis(50))).await;
    let start = Instant::now();
    rig.inplanning_get("/users").await;
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let first = Sandbox::start(Options::default().persons(0)).await.unwrap();
    let port = first.address().port();
    let second = Sandbox::start(Options::default().persons(0).port(port)).await;
    let error = second.unwrap_err();
    assert!(matches!(error, StartError::Listen { port: p, .. } if p == port));
    assert!(error.to_string().contains(&port.to_string()));
}

#[tokio::test]
async fn stopping_lets_a_request_finish_and_frees_the_port() {
    let rig = Rig::start(Options::default().persons(3).latency(Duration::from_millis(200))).await;
    let pending = tokio::spawn(finish(rig.inplanning(Method::GET, "/users")));
    while rig.sandbox.stats().count(System::InPlanning, "GET", "/users") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let address = rig.sandbox.address();
    let start = Instant::now();
    rig.sandbox.stop().await;
    assert!(start.elapsed() < Duration::from_secs(3), "idle connections do not hold it up");
    assert_eq!(pending.await.unwrap().unwrap().status, 200);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let rig = Rig::start(Options::default().persons(0)).await;
    let url = format!("{}/api/users", rig.sandbox.inplanning_url());
    drop(rig);
    for _ in 0..100 {
        if plain_http().get(&url).send().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still answering");
}

#[tokio::test]
async fn two_sandboxes_do_not_share_anything() {
    let (one, two) = (Rig::start(Options::default().persons(2)).await, Rig::start(Options::default().persons(2)).await);
    one.sandbox.inplanning().clear();
    one.sandbox.inplanning().revoke_tokens();
    assert_eq!(two.sandbox.inplanning().users().len(), 2);
    assert_eq!(two.inplanning_get("/users").await.status, 200);
}
