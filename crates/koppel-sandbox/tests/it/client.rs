//! A plain client: no retries, no token handling, nothing that could hide what the stand-ins answer.

use koppel_sandbox::{Options, Sandbox};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A running sandbox and a client with a token for each system.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    pub(crate) inplanning_token: String,
    pub(crate) ipassan_token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

pub(crate) fn plain_http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Rig {
    pub(crate) async fn start(options: Options) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let mut rig =
            Self { sandbox, http: plain_http(), inplanning_token: String::new(), ipassan_token: String::new() };
        rig.inplanning_token = rig.new_inplanning_token().await;
        rig.ipassan_token = rig.new_ipassan_token().await;
        rig
    }

    pub(crate) async fn with_faults(spec: &str) -> Self {
        let rig = Self::start(Options::default().persons(120)).await;
        rig.sandbox.set_faults(spec.parse().unwrap());
        rig
    }

    pub(crate) async fn new_inplanning_token(&self) -> String {
        let c = self.sandbox.credentials();
        let answer = self.inplanning_form_token(&c.inplanning_client_id, &c.inplanning_client_secret).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn inplanning_form_token(&self, id: &str, secret: &str) -> Answer {
        let request = self.http.post(format!("{}/api/token", self.sandbox.inplanning_url())).form(&[
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
        ]);
        finish(request).await.unwrap()
    }

    pub(crate) async fn new_ipassan_token(&self) -> String {
        let c = self.sandbox.credentials();
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "all"),
            ("client_id", &c.ipassan_client_id),
            ("client_secret", &c.ipassan_client_secret),
        ];
        let request = self.http.post(format!("{}/api/v1/token", self.sandbox.ipassan_url()));
        let answer = finish(request.form(&form)).await.unwrap();
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A request to InPlanning, below `…/rest/api`.
    pub(crate) fn inplanning(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api{path}", self.sandbox.inplanning_url());
        self.http.request(method, url).bearer_auth(&self.inplanning_token)
    }

    pub(crate) async fn inplanning_get(&self, path: &str) -> Answer {
        finish(self.inplanning(Method::GET, path)).await.unwrap()
    }

    pub(crate) async fn inplanning_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        finish(self.inplanning(method, path).json(body)).await.unwrap()
    }

    /// A request to IPassan, below the site's persons.
    pub(crate) fn person(&self, method: Method, below: &str) -> reqwest::RequestBuilder {
        let site = &self.sandbox.credentials().site_id;
        self.ipassan(method, &format!("/api/v1/access/site/{site}/person{below}"))
    }

    pub(crate) fn ipassan(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.sandbox.ipassan_url());
        self.http.request(method, url).bearer_auth(&self.ipassan_token)
    }

    pub(crate) async fn person_get(&self, below: &str) -> Answer {
        finish(self.person(Method::GET, below)).await.unwrap()
    }

    pub(crate) async fn person_form(&self, method: Method, below: &str, form: &[(&str, &str)]) -> Answer {
        finish(self.person(method, below).form(form)).await.unwrap()
    }

    /// The GUID of an access profile.
    pub(crate) fn profile(&self, name: &str) -> String {
        self.sandbox.credentials().access_profiles[name].clone()
    }
}

pub(crate) async fn finish(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    Ok(Answer { status, text })
}
