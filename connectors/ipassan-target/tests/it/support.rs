//! Targets, contexts and actions for the tests.

#![expect(clippy::unwrap_used, reason = "a test ends where this fails")]

use std::sync::Arc;

use koppel::lifecycle::{self, Action, Correlation, Report};
use koppel::{Clock, Connector, Ctx, FixedClock, Instance, Record, Reference, Scrubber, Target};
use koppel_http::StateDir;
use koppel_sandbox::ipassan::{AccessType, Person};
use koppel_sandbox::{Options, Sandbox, System};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const SITE: &str = "5a0c0000-0000-4000-8000-000000000001";
pub(crate) const NOORD: &str = "8b32bb39-5e9f-459b-8bf1-a864c35b3f79";
pub(crate) const ZUID: &str = "9c32bb39-5e9f-459b-8bf1-a864c35b3f80";
pub(crate) const UUID: &str = "7f0c0000-0000-4000-8000-00000000000a";

pub(crate) const PERSONS: &str = "/api/v1/access/site/{site}/person";
pub(crate) const PERSON: &str = "/api/v1/access/site/{site}/person/{uuid}";

pub(crate) fn ctx() -> Ctx {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::new("2026-06-01T08:00:00Z".parse().unwrap()));
    Ctx::new(clock)
}

pub(crate) fn build(config: &Value) -> koppel::Result<Box<dyn Target>> {
    match ipassan_target::connector(StateDir::none(), Scrubber::default()).build(config)? {
        Instance::Target(target) => Ok(target),
        Instance::Source(_) => unreachable!(),
    }
}

/// The configuration with some keys replaced.
pub(crate) fn with(mut config: Value, extra: &Value) -> Value {
    for (key, value) in extra.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

/// The stand-in and a target on it: keys `Noord` and `Zuid` for profiles that exist, `Spook` for one that does not.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) target: Box<dyn Target>,
    pub(crate) ctx: Ctx,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default().persons(0), &json!({})).await
    }

    pub(crate) async fn with(options: Options, extra: &Value) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let target = build(&with(Self::config(&sandbox), extra)).unwrap();
        Self { sandbox, target, ctx: ctx() }
    }

    pub(crate) fn config(sandbox: &Sandbox) -> Value {
        let known = sandbox.credentials();
        json!({
            "clientID": known.ipassan_client_id, "clientSecret": known.ipassan_client_secret,
            "BaseUrl": sandbox.ipassan_url(), "siteId": known.site_id,
            "accessProfiles": [
                {"HelloIDLookupKey": "Noord", "AccessProfileName": "Noord", "AccessProfileId": known.access_profiles["Noord"]},
                {"HelloIDLookupKey": "Zuid", "AccessProfileName": "Zuid", "AccessProfileId": known.access_profiles["Zuid"]},
                {"HelloIDLookupKey": "Spook", "AccessProfileName": "gone", "AccessProfileId": NOORD},
            ],
        })
    }

    pub(crate) fn guid(&self, profile: &str) -> String {
        self.sandbox.credentials().access_profiles[profile].clone()
    }

    /// Adds a person with this number and, where it is named, this access profile.
    pub(crate) fn person(&self, number: &str, profile: Option<&str>) -> Reference {
        let access = profile.map(|name| AccessType { door_permanent: Some(self.guid(name)), ..AccessType::default() });
        let person = Person {
            lastname: "Jansen".into(),
            firstname: Some("Jan".into()),
            number: Some(number.into()),
            kind: 2,
            access_type: access,
            ..Person::default()
        };
        Reference::new(self.sandbox.ipassan().insert(person).uuid).unwrap()
    }

    pub(crate) fn stored(&self, reference: &Reference) -> Person {
        self.sandbox.ipassan().person(&reference.to_string()).unwrap()
    }

    pub(crate) fn count(&self, method: &str, route: &str) -> u64 {
        self.sandbox.stats().count(System::IPassan, method, route)
    }

    pub(crate) fn writes(&self) -> u64 {
        self.sandbox.stats().writes(System::IPassan)
    }

    pub(crate) fn faults(&self, text: &str) {
        self.sandbox.set_faults(text.parse().unwrap());
    }

    pub(crate) async fn run(&self, action: Action) -> Report {
        checked(lifecycle::run(&*self.target, &self.ctx.for_action(false, None), action).await)
    }

    pub(crate) async fn dry(&self, action: Action) -> Report {
        checked(lifecycle::run(&*self.target, &self.ctx.for_action(true, None), action).await)
    }
}

/// A report as every action must give it.
pub(crate) fn checked(report: Report) -> Report {
    let errors = report.audit.iter().filter(|line| line.is_error).count();
    assert_eq!(errors, usize::from(!report.success), "{report:#?}");
    assert_eq!(report.success, report.error.is_none(), "{report:#?}");
    report
}

pub(crate) fn record(value: &Value) -> Record {
    Record::from_nested(value)
}

pub(crate) fn create(number: &str, data: &Value) -> Action {
    let correlation = Some(Correlation { field: "number".into(), value: number.into() });
    Action::Create { correlation, data: record(&with(json!({"lastname": "Jansen", "number": number}), data)) }
}

pub(crate) fn update(reference: &Reference, data: &Value) -> Action {
    Action::Update { reference: reference.clone(), data: record(data) }
}

pub(crate) fn enable(reference: &Reference, key: Option<&str>) -> Action {
    let data = key.map_or_else(Record::new, |key| record(&json!({"_extension": {"accessProfileLookupKey": key}})));
    Action::Enable { reference: reference.clone(), data }
}

pub(crate) fn disable(reference: &Reference) -> Action {
    Action::Disable { reference: reference.clone(), data: Record::new() }
}

pub(crate) fn delete(reference: &Reference) -> Action {
    Action::Delete { reference: reference.clone(), data: Record::new() }
}

pub(crate) fn key(key: &str) -> Value {
    json!({"_extension": {"accessProfileLookupKey": key}})
}

/// A system whose answers are made up.
pub(crate) struct Mocked {
    pub(crate) server: MockServer,
    pub(crate) target: Box<dyn Target>,
    pub(crate) ctx: Ctx,
}

impl Mocked {
    pub(crate) async fn new() -> Self {
        Self::with(&json!({})).await
    }

    pub(crate) async fn with(extra: &Value) -> Self {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/api/v1/token"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({"access_token": "token-of-the-test", "expires_in": 3600})),
            )
            .mount(&server)
            .await;
        let config = json!({
            "clientID": "me", "clientSecret": "secret-of-the-test", "BaseUrl": server.uri(), "siteId": SITE,
            "accessProfiles": [
                {"HelloIDLookupKey": "Noord", "AccessProfileId": NOORD},
                {"HelloIDLookupKey": "Zuid", "AccessProfileId": ZUID},
            ],
        });
        let target = build(&with(config, extra)).unwrap();
        Self { server, target, ctx: ctx() }
    }

    pub(crate) fn list() -> String {
        format!("/api/v1/access/site/{SITE}/person")
    }

    pub(crate) fn one() -> String {
        format!("{}/{UUID}", Self::list())
    }

    pub(crate) async fn on(&self, verb: &str, at: &str, answer: ResponseTemplate) -> &Self {
        Mock::given(method(verb)).and(path(at)).respond_with(answer).mount(&self.server).await;
        self
    }

    /// The person, who is another one from the second time on that it is read.
    pub(crate) async fn then(&self, first: &Value, after: &Value) -> &Self {
        let reads = || Mock::given(method("GET")).and(path(Self::one()));
        reads().respond_with(answer(200, first)).up_to_n_times(1).mount(&self.server).await;
        reads().respond_with(answer(200, after)).mount(&self.server).await;
        self
    }

    pub(crate) async fn run(&self, action: Action) -> Report {
        checked(lifecycle::run(&*self.target, &self.ctx.for_action(false, None), action).await)
    }

    /// The bodies of the requests with this method, in order; those for tokens are not among them.
    pub(crate) async fn bodies(&self, verb: &str) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        let wanted = all.into_iter().filter(|r| r.method.as_str() == verb && !r.url.path().ends_with("/token"));
        wanted.map(|r| String::from_utf8(r.body).unwrap()).collect()
    }
}

pub(crate) fn reference() -> Reference {
    Reference::new(UUID).unwrap()
}

pub(crate) fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn jan(extra: &Value) -> Value {
    with(
        json!({"uuid": UUID, "lastname": "Jansen", "firstname": "Jan", "number": "7", "type": 2, "mail": null, "phone": null, "other": null}),
        extra,
    )
}
