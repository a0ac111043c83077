//! A small system with users and roles: what connectors of these tests talk to.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::civil::{date, time};
use koppel_conformance::{Employee, Shift, World};
use serde::Deserialize;
use serde_json::{Value, json};

/// The secret that it lets in, and the token that it gives for it.
pub(crate) const SECRET: &str = "canary-toy-secret-5f1c";
pub(crate) const TOKEN: &str = "canary-toy-token-9d20";

/// How many users there are on a page.
pub(crate) const PAGE: usize = 20;

#[derive(Debug, Default)]
struct Users {
    list: Vec<Value>,
    roles: BTreeSet<(String, String)>,
    next: usize,
    persons: Vec<Value>,
}

type Shared = Arc<Mutex<Users>>;

/// The system, running until it is dropped.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) address: SocketAddr,
    server: tokio::task::AbortHandle,
    users: Shared,
}

#[async_trait]
impl World for System {
    async fn fill(&self, accounts: usize) -> Result<(), String> {
        let mut users = self.users.lock().unwrap();
        users.list.clear();
        users.add(accounts);
        Ok(())
    }

    async fn staff(&self, people: &[Employee]) -> Result<(), String> {
        let person = |(number, someone): (usize, &Employee)| {
            person(&format!("staff-{number}"), &someone.name, std::slice::from_ref(&someone.shift))
        };
        self.users.lock().unwrap().persons = people.iter().enumerate().map(person).collect();
        Ok(())
    }
}

/// A person as the system tells it: shifts by the clock on the wall.
fn person(id: &str, name: &str, shifts: &[Shift]) -> Value {
    let shifts: Vec<Value> = shifts.iter().map(|shift| json!({"day": shift.day, "hours": shift.hours()})).collect();
    json!({"id": id, "name": name, "shifts": shifts})
}

fn sample() -> Vec<Value> {
    let night = |day| Shift { day, from: time(22, 0, 0, 0), until: time(7, 0, 0, 0) };
    let early = Shift { from: time(7, 0, 0, 0), until: time(15, 30, 0, 0), ..night(date(2026, 10, 26)) };
    vec![
        person("1", "Person 1", &[night(date(2026, 3, 28))]),
        person("2", "Person 2", &[night(date(2026, 10, 24)), early]),
        person("3", "Person 3", &[]),
    ]
}

impl Users {
    /// Adds so many users that nobody may touch.
    fn add(&mut self, others: usize) {
        for number in 0..others {
            self.next += 1;
            let id = format!("u{}", self.next);
            self.list.push(json!({
                "id": id, "number": format!("other-{number}"), "name": format!("Other {number}"), "mail": null,
                "note": "kept by hand", "active": true,
            }));
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl System {
    /// The numbers of the users, in the order in which they were made.
    pub(crate) fn numbers(&self) -> Vec<String> {
        self.users.lock().unwrap().list.iter().map(|user| user["number"].as_str().unwrap().to_owned()).collect()
    }

    /// With so many users that nobody may touch.
    pub(crate) async fn start(others: usize) -> Self {
        let users = Shared::default();
        users.lock().unwrap().add(others);
        users.lock().unwrap().persons = sample();
        let router = Router::new()
            .route("/token", post(token))
            .route("/users", get(list).post(create))
            .route("/users/{id}", get(one).patch(update).delete(delete))
            .route("/users/{id}/roles", get(roles_of))
            .route("/users/{id}/roles/{role}", put(add_role).delete(drop_role))
            .route("/memberships", get(memberships))
            .route("/persons", get(persons))
            .with_state(Arc::clone(&users));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }).abort_handle();
        Self { address, server, users }
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn let_in(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

async fn token(body: String) -> Response {
    if body.contains(SECRET) {
        return Json(json!({"access_token": TOKEN, "expires_in": 3600})).into_response();
    }
    refused(StatusCode::UNAUTHORIZED, "invalid_client")
}

#[derive(Deserialize)]
struct Listing {
    after: Option<usize>,
    number: Option<String>,
}

async fn list(headers: HeaderMap, State(users): State<Shared>, Query(asked): Query<Listing>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let users = users.lock().unwrap();
    if let Some(number) = asked.number {
        let found: Vec<&Value> = users.list.iter().filter(|user| user["number"] == json!(number)).collect();
        return Json(json!({"items": found, "next": null})).into_response();
    }
    let from = asked.after.unwrap_or(0);
    let items: Vec<&Value> = users.list.iter().skip(from).take(PAGE).collect();
    let next = (from + PAGE < users.list.len()).then_some(from + PAGE);
    Json(json!({"items": items, "next": next})).into_response()
}

async fn create(headers: HeaderMap, State(users): State<Shared>, Json(mut user): Json<Value>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let mut users = users.lock().unwrap();
    if user["number"].as_str().is_none_or(|number| number.chars().count() > 64) {
        return refused(StatusCode::BAD_REQUEST, "number: at most 64 characters");
    }
    users.next += 1;
    user["id"] = json!(format!("u{}", users.next));
    for field in ["name", "mail", "note"] {
        if user.get(field).is_none() {
            user[field] = Value::Null;
        }
    }
    user["grade"] = json!("new");
    user["active"] = json!(false);
    users.list.push(user.clone());
    (StatusCode::CREATED, Json(user)).into_response()
}

fn place(users: &Users, id: &str) -> Option<usize> {
    users.list.iter().position(|user| user["id"] == json!(id))
}

async fn one(headers: HeaderMap, State(users): State<Shared>, Path(id): Path<String>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let users = users.lock().unwrap();
    match place(&users, &id) {
        Some(at) => Json(users.list[at].clone()).into_response(),
        None => refused(StatusCode::NOT_FOUND, "no such user"),
    }
}

async fn update(
    headers: HeaderMap,
    State(users): State<Shared>,
    Path(id): Path<String>,
    Json(changes): Json<Value>,
) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let mut users = users.lock().unwrap();
    let Some(at) = place(&users, &id) else { return refused(StatusCode::NOT_FOUND, "no such user") };
    for (name, value) in changes.as_object().unwrap() {
        users.list[at][name] = value.clone();
    }
    Json(users.list[at].clone()).into_response()
}

async fn delete(headers: HeaderMap, State(users): State<Shared>, Path(id): Path<String>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let mut users = users.lock().unwrap();
    let Some(at) = place(&users, &id) else { return refused(StatusCode::NOT_FOUND, "no such user") };
    users.list.remove(at);
    users.roles.retain(|(user, _)| *user != id);
    StatusCode::NO_CONTENT.into_response()
}

async fn roles_of(headers: HeaderMap, State(users): State<Shared>, Path(id): Path<String>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let users = users.lock().unwrap();
    let roles: Vec<&String> = users.roles.iter().filter(|(user, _)| *user == id).map(|(_, role)| role).collect();
    Json(json!(roles)).into_response()
}

async fn add_role(
    headers: HeaderMap,
    State(users): State<Shared>,
    Path((id, role)): Path<(String, String)>,
) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let mut users = users.lock().unwrap();
    if place(&users, &id).is_none() {
        return refused(StatusCode::NOT_FOUND, "no such user");
    }
    users.roles.insert((id, role));
    StatusCode::NO_CONTENT.into_response()
}

async fn drop_role(
    headers: HeaderMap,
    State(users): State<Shared>,
    Path((id, role)): Path<(String, String)>,
) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    users.lock().unwrap().roles.remove(&(id, role));
    StatusCode::NO_CONTENT.into_response()
}

async fn memberships(headers: HeaderMap, State(users): State<Shared>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    let users = users.lock().unwrap();
    let all: Vec<Value> = users.roles.iter().map(|(user, role)| json!({"user": user, "role": role})).collect();
    Json(json!(all)).into_response()
}

async fn persons(headers: HeaderMap, State(users): State<Shared>) -> Response {
    if !let_in(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_token");
    }
    Json(json!(users.lock().unwrap().persons)).into_response()
}
