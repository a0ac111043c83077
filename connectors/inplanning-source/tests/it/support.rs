//! A tenant of InPlanning whose every answer a test decides.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use koppel::{Connector, Ctx, FixedClock, Instance, Result, Scrubber, Source};
use koppel_http::StateDir;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockBuilder, MockServer, Request, ResponseTemplate};

/// Where a configuration of the source points.
const BASE: &str = "/InPlanningServiceAdmin/rest/api";

pub(crate) struct Tenant(pub(crate) MockServer);

impl Tenant {
    /// A tenant that gives tokens and has nobody.
    pub(crate) async fn start() -> Self {
        let tenant = Self(MockServer::start().await);
        tenant.token("token-1").await;
        tenant
    }

    pub(crate) async fn token(&self, token: &str) {
        let body = json!({"access_token": token, "expires_in": 3600, "token_type": "Bearer"});
        self.mount(Mock::given(method("POST")).and(path(format!("{BASE}/token"))), ok(&body)).await;
    }

    pub(crate) async fn users(&self, users: Value) {
        self.mount(get("/users").and(query_param("limit", "0")), ok(&users)).await;
    }

    /// Active users whose resources are these.
    pub(crate) async fn users_of(&self, resources: &[&str]) {
        let user = |resource: &&str| json!({"username": resource, "firstName": "Jan", "lastName": resource, "active": true, "resource": resource});
        self.users(resources.iter().map(user).collect()).await;
    }

    pub(crate) async fn human_resources(&self, resources: Value) {
        self.mount(get("/humanresources").and(query_param("limit", "0")), ok(&resources)).await;
    }

    pub(crate) async fn groups(&self, groups: Value) {
        self.mount(get("/v2/resourcegroups"), ok(&groups)).await;
    }

    pub(crate) async fn roster(&self, resource: &str, days: Value) {
        self.roster_answer(resource, ok(&json!({"days": days}))).await;
    }

    pub(crate) async fn roster_answer(&self, resource: &str, answer: ResponseTemplate) {
        self.mount(get("/roster/resourceRoster").and(query_param("resource", resource)), answer).await;
    }

    pub(crate) async fn group_roster(&self, group: &str, rosters: Value) {
        self.group_answer(group, ok(&json!({"resourceRosters": rosters}))).await;
    }

    pub(crate) async fn group_answer(&self, group: &str, answer: ResponseTemplate) {
        self.mount(get("/roster/groupRoster").and(query_param("resourceGroup", group)), answer).await;
    }

    pub(crate) async fn mount(&self, mock: MockBuilder, answer: ResponseTemplate) {
        mock.respond_with(answer).mount(&self.0).await;
    }

    /// A configuration for this tenant, with these keys as well.
    pub(crate) fn config(&self, more: Value) -> Value {
        let mut config = json!({
            "Username": "koppel", "Password": "geheim-genoeg", "BaseUrl": format!("{}{BASE}", self.0.uri()),
            "HistoricalDays": "1", "FutureDays": "2", "roster": "resource",
        });
        let Value::Object(more) = more else { panic!("keys are an object") };
        config.as_object_mut().unwrap().extend(more);
        config
    }

    /// All persons, or the error that ends the import.
    pub(crate) async fn persons(&self, more: Value, ctx: &Ctx) -> Result<Vec<Value>> {
        persons(&*source(&self.config(more))?, ctx).await
    }

    /// The requests that it got below this path.
    pub(crate) async fn requests(&self, below: &str) -> Vec<Request> {
        let all = self.0.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.url.path().starts_with(&format!("{BASE}{below}"))).collect()
    }
}

pub(crate) fn get(below: &str) -> MockBuilder {
    Mock::given(method("GET")).and(path(format!("{BASE}{below}")))
}

pub(crate) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn slow(body: &Value, wait: Duration) -> ResponseTemplate {
    ok(body).set_delay(wait)
}

/// Error 211.
pub(crate) fn missing() -> ResponseTemplate {
    let text = "211 - resource: The item you're trying to edit does not exist.";
    ResponseTemplate::new(400).set_body_json(json!({"error": "invalid", "error_description": text}))
}

/// A refusal that is final.
pub(crate) fn refused(description: &str) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(json!({"error": "invalid", "error_description": description}))
}

pub(crate) fn day(date: &str, shifts: &[&str]) -> Value {
    let part =
        |shift: &&str| json!({"shift": {"uname": shift}, "group": {"uname": "NRD", "externalId": "NRD"}, "prop": null});
    json!({"rosterDate": date, "absence": null, "parts": shifts.iter().map(part).collect::<Vec<_>>()})
}

/// Half past midnight on 1 June 2026 in Amsterdam; in UTC it is still May.
pub(crate) fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new("2026-05-31T22:30:00Z".parse::<Timestamp>().unwrap())))
}

pub(crate) fn connector() -> impl Connector {
    inplanning_source::connector(StateDir::none(), Scrubber::default())
}

pub(crate) fn source(config: &Value) -> Result<Box<dyn Source>> {
    match connector().build(config)? {
        Instance::Source(source) => Ok(source),
        Instance::Target(_) => panic!("a source"),
    }
}

pub(crate) async fn persons(source: &dyn Source, ctx: &Ctx) -> Result<Vec<Value>> {
    source.persons(ctx).map_ok(|person| serde_json::to_value(person).unwrap()).try_collect().await
}

pub(crate) fn ids(persons: &[Value]) -> Vec<&str> {
    persons.iter().map(|person| person["ExternalId"].as_str().unwrap()).collect()
}
