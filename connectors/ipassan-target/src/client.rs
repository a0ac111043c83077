//! The requests that this connector sends, and how their answers are read.

use koppel::{Ctx, Cursor, Error, ErrorKind, Page, Result, Scrubber, scalar_text};
use koppel_http::{Answer, ClientCredentials, Http, Request, StateDir, Verdict};
use serde_json::Value;

use crate::config::Config;
use crate::error::{ADDRESS_HINT, SITE_HINT, explain, in_good_answer, says_missing};
use crate::model::uuid;

/// How many persons are on a page; the API takes no more.
const PAGE: &str = "50";

/// The persons of one site.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: Http,
    site: String,
}

impl Client {
    /// Makes the client; sends nothing.
    pub(crate) fn new(config: &Config, state: StateDir, scrubber: Scrubber) -> Result<Self> {
        let auth = ClientCredentials::new(&["api", "v1", "token"], &config.client_id, config.client_secret.clone())
            .pair("scope", "all")
            .named("clientID and clientSecret");
        let http = Http::builder("IPassan", &config.base_url)
            .auth(auth)
            .allow_insecure_http(config.allow_insecure_http)
            .concurrency(config.concurrency)
            .classify(classify)
            .state(state)
            .scrubber(scrubber)
            .build()?;
        Ok(Self { http, site: config.site_id.trim().to_owned() })
    }

    /// The site whose persons these are, as an address.
    pub(crate) fn scope(&self) -> String {
        format!("{}/api/v1/access/site/{}", self.http.base(), self.site.to_lowercase())
    }

    fn persons(&self) -> [&str; 6] {
        ["api", "v1", "access", "site", &self.site, "person"]
    }

    fn one<'a>(&'a self, id: &'a str) -> [&'a str; 7] {
        ["api", "v1", "access", "site", &self.site, "person", id]
    }

    /// A page of all persons, in the order of the system.
    pub(crate) async fn page(&self, ctx: &Ctx, cursor: Option<&Cursor>) -> Result<Page<Value>> {
        let offset = cursor.map_or("0", |cursor| cursor.0.as_str());
        let request = self.http.get(&self.persons()).query(&[("limit", PAGE), ("offset", offset)]);
        let answer = send(ctx, request).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => error.with_hint(SITE_HINT),
            _ => error,
        })?;
        let mut body: Value = answer.json()?;
        if has_error(&body) {
            return Err(in_good_answer(&answer, ErrorKind::Protocol));
        }
        let Some(Value::Array(items)) = body.get_mut("data").map(Value::take) else {
            return Err(answer.not_understood("it has no list [data]"));
        };
        let next = match body.get("next_cursor") {
            None | Some(Value::Null) => None,
            Some(cursor @ (Value::String(_) | Value::Number(_))) => scalar_text(cursor).filter(|c| !c.is_empty()),
            Some(_) => return Err(answer.not_understood("[next_cursor] is neither a text nor a number")),
        };
        Ok(Page { items, next: next.map(Cursor) })
    }

    /// The person, or `None` where the system has none: 404, or a good answer that is empty or without a uuid. What
    /// cannot come from IPassan, such as the page of a proxy, is an error.
    pub(crate) async fn person(&self, ctx: &Ctx, id: &str) -> Result<Option<Value>> {
        let answer = match send(ctx, self.http.get(&self.one(id))).await {
            Ok(answer) => answer,
            Err(error) if error.is(ErrorKind::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if is_blank(&answer) {
            return Ok(None);
        }
        let person: Value = answer.json()?;
        if has_error(&person) {
            let error = in_good_answer(&answer, ErrorKind::Protocol);
            return if error.is(ErrorKind::Protocol) && says_missing(&answer.error_text()) {
                Ok(None)
            } else {
                Err(error)
            };
        }
        match uuid(&person) {
            None if is_nobody(&person) => Ok(None),
            None => Err(answer.not_understood("it is no person")),
            Some(found) if found.eq_ignore_ascii_case(id.trim()) => Ok(Some(person)),
            Some(found) => Err(answer.not_understood(&format!("the person [{found}] instead of [{id}]"))),
        }
    }

    /// The person after a write, which the error names where the person cannot be read.
    pub(crate) async fn read_back(&self, ctx: &Ctx, id: &str, write: &str) -> Result<Option<Value>> {
        self.person(ctx, id).await.map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::Transient | ErrorKind::RateLimited => ErrorKind::Ambiguous,
                kind => kind,
            };
            error.with_kind(kind).context(format!("the {write} was sent but could not be verified"))
        })
    }

    /// Makes a person and gives it as the system answered it, with a uuid.
    ///
    /// # Errors
    /// `Ambiguous` wherever the person may exist without our knowing its uuid.
    pub(crate) async fn create(&self, ctx: &Ctx, form: &[(String, String)]) -> Result<Value> {
        let unknown = |error: Error| match error.kind() {
            ErrorKind::Protocol => error.with_kind(ErrorKind::Ambiguous),
            _ => error,
        };
        let answer = send(ctx, self.http.post(&self.persons()).form(form)).await.map_err(unknown)?;
        let person: Value = answer.json().map_err(unknown)?;
        if uuid(&person).is_some() {
            return Ok(person);
        }
        if has_error(&person) {
            return Err(in_good_answer(&answer, ErrorKind::Invalid));
        }
        Err(unknown(answer.not_understood("it has no uuid, so the new person is not known")))
    }

    /// Changes these fields of a person. Only reading the person tells whether a good answer is true; whether the
    /// answer can be IPassan's own is what comes back.
    pub(crate) async fn update(&self, ctx: &Ctx, id: &str, form: &[(String, String)]) -> Result<bool> {
        let answer = send(ctx, self.http.put(&self.one(id)).form(form)).await?;
        refused(&answer)?;
        Ok(is_own(&answer))
    }

    /// Deletes a person; one that is gone already is no error. After an answer that is not IPassan's own, the person
    /// tells what became of it.
    pub(crate) async fn delete(&self, ctx: &Ctx, id: &str) -> Result<()> {
        let answer = match send(ctx, self.http.delete(&self.one(id))).await {
            Ok(answer) => answer,
            Err(error) if error.is(ErrorKind::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        if is_own(&answer) {
            return refused(&answer).or_else(|error| if says_missing(error.message()) { Ok(()) } else { Err(error) });
        }
        match self.read_back(ctx, id, "delete").await? {
            None => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::Protocol,
                format!("person [{id}] is still there: the answer to the delete was not understood"),
            )
            .with_hint(ADDRESS_HINT)),
        }
    }
}

/// Can it come from IPassan itself, and not from something in between?
fn is_own(answer: &Answer) -> bool {
    is_blank(answer) || answer.json().is_ok_and(|body: Value| body.is_object() || is_nobody(&body))
}

async fn send(ctx: &Ctx, request: Request) -> Result<Answer> {
    request.send(ctx).await.map_err(explain)
}

/// A refused token is known by its status or, under another one, by the `OAuth2` code. A 404 in another form than JSON
/// is not from IPassan, and says nothing about a person.
fn classify(answer: &Answer) -> Verdict {
    match answer.json::<Value>() {
        Ok(body) if matches!(body["error"].as_str(), Some("invalid_token" | "expired_token")) => Verdict::TokenRefused,
        Err(_) if matches!(answer.status(), 404 | 410) && !is_blank(answer) => {
            Verdict::Error(answer.not_understood("it is not the 404 of IPassan"))
        }
        _ => Verdict::of(answer),
    }
}

fn is_blank(answer: &Answer) -> bool {
    answer.body().trim_ascii().is_empty()
}

/// Is it one of the ways to say that there is no person: null, an empty list, or an object without a uuid?
fn is_nobody(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => matches!(body["uuid"], Value::Null | Value::String(_)) && uuid(body).is_none(),
        _ => false,
    }
}

/// Is it an error object, in either form that IPassan has?
fn has_error(body: &Value) -> bool {
    uuid(body).is_none() && body.get("error").is_some_and(|error| !error.is_null())
}

/// A write that was answered with a good status and an error. What else the body holds does not matter.
fn refused(answer: &Answer) -> Result<()> {
    match answer.json::<Value>() {
        Ok(body) if has_error(&body) => Err(in_good_answer(answer, ErrorKind::Invalid)),
        _ => Ok(()),
    }
}
