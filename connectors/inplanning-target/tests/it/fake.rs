//! A stand-in of InPlanning that keeps users, and the target before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use inplanning_target::connector;
use koppel::lifecycle::{self, Action, Correlation, Operation, Report, SubPermissions};
use koppel::{Connector as _, Contract, Ctx, Instance, Person, Record, Reference, Scrubber, Target};
use koppel_http::{StateDir, SystemClock};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

type Users = Arc<Mutex<BTreeMap<String, Value>>>;

/// InPlanning: `PUT` replaces, a new token is given to whoever asks.
#[derive(Clone, Default)]
struct InPlanning(Users);

impl Respond for InPlanning {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut users = self.0.lock().unwrap();
        let ok = |value: Value| ResponseTemplate::new(200).set_body_json(value);
        let path = request.url.path().trim_start_matches("/rest/api").to_owned();
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap();
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/token") => {
                ok(json!({"access_token": "token-of-the-test", "expires_in": 3600, "token_type": "Bearer"}))
            }
            ("GET", "/users") => ok(Value::Array(users.values().cloned().collect())),
            ("GET", one) => match users.get(one.trim_start_matches("/users/")) {
                Some(user) => ok(user.clone()),
                None => missing(),
            },
            ("POST", "/users") => {
                let user = body();
                let name = user["username"].as_str().unwrap().to_owned();
                if users.contains_key(&name) {
                    let text = json!({"error": "x", "error_description": "110 - The object already exists"});
                    return ResponseTemplate::new(400).set_body_json(text);
                }
                users.insert(name, user.clone());
                ok(user)
            }
            ("PUT", "/users") => {
                let user = body();
                let name = user["username"].as_str().unwrap().to_owned();
                if users.insert(name, user).is_some() { ResponseTemplate::new(204) } else { missing() }
            }
            (verb, other) => ResponseTemplate::new(500).set_body_string(format!("unexpected {verb} {other}")),
        }
    }
}

fn missing() -> ResponseTemplate {
    let text = json!({"error": "not_found", "error_description": "211 - Object does not exist"});
    ResponseTemplate::new(404).set_body_json(text)
}

/// The target and what stands behind it.
pub(crate) struct Fake {
    pub(crate) target: Box<dyn Target>,
    pub(crate) server: MockServer,
    pub(crate) ctx: Ctx,
    users: Users,
}

pub(crate) fn permissions() -> Value {
    json!([
        {"name": "Admin", "role": "ADMIN", "resourceGroup": "Company", "exchangeGroup": "Company", "shiftGroup": "Company", "worklocationGroup": "n.v.t.", "userGroup": "Root"},
        {"role": "Leidinggevende", "resourceGroup": "{{CostCenterOwn}}", "exchangeGroup": "Company", "userGroup": "Root"},
        {"role": "Planner", "resourceGroup": "Planner {{locationown}}", "worklocationGroup": "{{LocationOwn}} ({{CostCenterOwn}})"},
    ])
}

pub(crate) fn build(config: &Value, state: StateDir) -> koppel::Result<Box<dyn Target>> {
    match connector(state, Scrubber::default()).build(config)? {
        Instance::Target(target) => Ok(target),
        Instance::Source(_) => unreachable!("it is a target"),
    }
}

pub(crate) fn config_for(server: &MockServer, more: &Value) -> Value {
    let mut config = json!({"ClientId": "client", "ClientSecret": "s3cret-of-client", "BaseUrl": format!("{}/rest", server.uri()), "permissions": permissions()});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

impl Fake {
    pub(crate) async fn start() -> Self {
        Self::with(json!({})).await
    }

    /// With more in the configuration.
    pub(crate) async fn with(more: Value) -> Self {
        let server = MockServer::start().await;
        let users = Users::default();
        Mock::given(any()).respond_with(InPlanning(Arc::clone(&users))).with_priority(9).mount(&server).await;
        let target = build(&config_for(&server, &more), StateDir::none()).unwrap();
        Self { target, server, ctx: Ctx::new(Arc::new(SystemClock::default())), users }
    }

    /// Puts a user there; gives its reference.
    pub(crate) fn put(&self, user: &Value) -> Reference {
        let name = user["username"].as_str().unwrap().to_owned();
        self.users.lock().unwrap().insert(name.clone(), user.clone());
        Reference::new(name).unwrap()
    }

    pub(crate) fn user(&self, name: &str) -> Value {
        self.users.lock().unwrap().get(name).cloned().unwrap_or(Value::Null)
    }

    /// Another answer to these requests, `times` times.
    pub(crate) async fn fail(&self, verb: &str, status: u16, body: &str, times: u64) {
        let verb = verb.to_owned();
        let mock = Mock::given(move |request: &Request| {
            request.method.as_str() == verb && !request.url.path().ends_with("/token")
        });
        let template = ResponseTemplate::new(status).set_body_string(body);
        mock.respond_with(template).up_to_n_times(times).with_priority(1).mount(&self.server).await;
    }

    /// What was sent beyond reading and tokens: method and body.
    pub(crate) async fn writes(&self) -> Vec<(String, Value)> {
        let all = self.server.received_requests().await.unwrap();
        all.iter()
            .filter(|request| request.method.as_str() != "GET" && !request.url.path().ends_with("/token"))
            .map(|request| (request.method.to_string(), serde_json::from_slice(&request.body).unwrap()))
            .collect()
    }

    /// The addresses that were read, below the API.
    pub(crate) async fn reads(&self) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        all.iter()
            .filter(|request| request.method.as_str() == "GET")
            .map(|request| request.url.path().trim_start_matches("/rest/api").to_owned())
            .collect()
    }

    pub(crate) async fn run(&self, action: Action) -> Report {
        lifecycle::run(&*self.target, &self.ctx.for_action(false, None), action).await
    }

    pub(crate) async fn dry_run(&self, action: Action) -> Report {
        lifecycle::run(&*self.target, &self.ctx.for_action(true, None), action).await
    }
}

pub(crate) fn record(value: &Value) -> Record {
    Record::from_nested(value)
}

/// A user as the reference documents it.
pub(crate) fn jan() -> Value {
    json!({
        "username": "1001", "firstName": "Jan", "lastName": "Jansen", "email": "j@x.nl", "active": true, "userGroup": "Root",
        "resource": "1001", "roles": [], "somethingNew": {"kept": true},
    })
}

pub(crate) fn jan_with(roles: &Value) -> Value {
    let mut user = jan();
    user["roles"] = roles.clone();
    user
}

pub(crate) fn create(data: &Value, by: Option<(&str, &str)>) -> Action {
    let correlation = by.map(|(field, value)| Correlation { field: field.into(), value: value.into() });
    Action::Create { correlation, data: record(data) }
}

pub(crate) fn contract(id: &str, location: &str, cost_center: &str) -> Contract {
    let fields = json!({"Division": {"Name": location}, "Department": {"ExternalId": cost_center}});
    Contract { external_id: id.into(), in_conditions: Some(true), fields }
}

pub(crate) fn person(contracts: Vec<Contract>) -> Person {
    Person { external_id: "P1".into(), display_name: "Jan Jansen".into(), contracts }
}

/// Sub-permissions of a permission, with what is believed to be granted.
pub(crate) fn sub(operation: Operation, permission: &str, current: &[Value], contracts: Vec<Contract>) -> Action {
    Action::SubPermissions(SubPermissions {
        reference: Reference::new("1001").unwrap(),
        permission: Reference::new(permission).unwrap(),
        operation,
        current: current.iter().map(|id| (id.clone(), String::new())).collect(),
        person: person(contracts),
    })
}

/// The ids of the sub-permissions that an action reports.
pub(crate) fn ids(report: &Report) -> Vec<String> {
    report.sub_permissions.iter().flatten().map(|entitlement| entitlement.id.clone()).collect()
}

/// The audit lines, joined.
pub(crate) fn audit(report: &Report) -> String {
    report.audit.iter().map(|line| line.message.as_str()).collect::<Vec<_>>().join(" | ")
}
