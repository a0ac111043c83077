//! Somebody who watches the requests, and holds one up.

use std::sync::{Arc, Mutex};

use koppel_sandbox::{Options, Pass, Seen, System, Watch};
use reqwest::Method;
use serde_json::json;
use tokio::sync::Notify;

use crate::client::Rig;

/// Holds the first write.
#[derive(Debug)]
struct Holder {
    pass: Pass,
    told: Mutex<Vec<String>>,
    held: Notify,
    over: Notify,
}

impl Holder {
    fn new(pass: Pass) -> Arc<Self> {
        Arc::new(Self { pass, told: Mutex::default(), held: Notify::new(), over: Notify::new() })
    }
}

impl Watch for Holder {
    fn arrives(&self, seen: &Seen<'_>) -> Pass {
        assert_eq!(seen.system, System::InPlanning);
        let body = String::from_utf8_lossy(seen.body);
        let mut told = self.told.lock().unwrap();
        let first = seen.is_write() && !told.iter().any(|one| one.starts_with("POST"));
        told.push(format!("{} {} {body}", seen.method, seen.path));
        if first { self.pass } else { Pass::On }
    }

    fn is_held(&self, _: u64) {
        self.held.notify_one();
    }

    fn ends(&self, _: u64) {
        self.over.notify_one();
    }
}

async fn is_made(pass: Pass) -> (bool, Vec<String>) {
    let rig = Rig::start(Options::default().persons(0)).await;
    let holder = Holder::new(pass);
    rig.sandbox.watch(Arc::clone(&holder) as _);
    let body = json!({"username": "new"});
    tokio::select! {
        _ = rig.inplanning_json(Method::POST, "/users", &body) => panic!("there must be no answer"),
        () = holder.held.notified() => {}
    }
    // The client has gone; that is noticed.
    holder.over.notified().await;
    rig.inplanning_get("/users/new").await;
    let told = holder.told.lock().unwrap().clone();
    (rig.sandbox.inplanning().user("new").is_some(), told)
}

#[tokio::test]
async fn a_request_is_held_before_it_is_carried_out() {
    let (made, told) = is_made(Pass::HoldBefore).await;
    assert!(!made);
    assert_eq!(told, ["POST /users {\"username\":\"new\"}", "GET /users/new "]);
}

#[tokio::test]
async fn a_request_is_held_after_it_was_carried_out() {
    assert!(is_made(Pass::HoldAfter).await.0);
}
