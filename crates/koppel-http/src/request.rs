//! One request, and sending it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use koppel::{Ctx, Error, Result};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::Answer;
use crate::client::Http;
use crate::encode;
use crate::exchange::{Call, Got};
use crate::list::{self, ListAt};

/// A request that is being put together; [`send`](Self::send) sends it.
#[derive(Debug)]
#[must_use = "nothing is sent without `send`"]
pub struct Request {
    http: Http,
    method: Method,
    path: Result<String>,
    query: Vec<(String, String)>,
    body: Option<(&'static str, Bytes)>,
    fields: Vec<String>,
    repeatable: bool,
    timeout: Option<Duration>,
}

impl Request {
    pub(crate) fn new(http: Http, method: Method, segments: &[&str]) -> Self {
        let repeatable = method.is_idempotent();
        let path = encode::path(segments);
        Self { http, method, path, query: Vec::new(), body: None, fields: Vec::new(), repeatable, timeout: None }
    }

    /// Adds pairs to the query; names and values are encoded.
    pub fn query<N: AsRef<str>, V: AsRef<str>>(mut self, pairs: &[(N, V)]) -> Self {
        self.query.extend(pairs.iter().map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned())));
        self
    }

    /// With a form as body: `application/x-www-form-urlencoded` in UTF-8, names such as `accessType[doorPermanent]` included.
    pub fn form(mut self, pairs: &[(String, String)]) -> Self {
        let body = encode::form(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.fields = pairs.iter().map(|(name, _)| name.clone()).collect();
        self.body = Some(("application/x-www-form-urlencoded", body.into()));
        self
    }

    /// With JSON as body, marked as UTF-8.
    pub fn json(mut self, value: &Value) -> Self {
        self.fields = value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
        self.body = Some(("application/json;charset=utf-8", value.to_string().into()));
        self
    }

    /// May it be sent again when it is not known whether it arrived? By default GET, HEAD, PUT and DELETE may.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }

    /// With another limit for one attempt than the client's.
    pub fn timeout(mut self, attempt: Duration) -> Self {
        self.timeout = Some(attempt);
        self
    }

    fn call(self, attempt: Duration) -> Result<(Http, Call)> {
        let path = self.path?;
        let call = Call {
            about: self.http.0.about(&self.method, &path),
            method: self.method,
            query: encode::query(&self.query),
            body: self.body.map(|(kind, body)| (HeaderValue::from_static(kind), body)),
            fields: self.fields,
            repeatable: self.repeatable,
            timeout: self.timeout.unwrap_or(attempt),
            token: None,
        };
        Ok((self.http, call))
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Behaviour
    /// - In a dry run everything but GET and HEAD is held back.
    /// - What may be repeated is repeated, see [`RetryPolicy`](crate::RetryPolicy); a refused token is replaced once.
    /// - Only an answer with a status of 2xx is `Ok`.
    ///
    /// # Errors
    /// By status as in [`Answer::error`], unless the classifier of the client says otherwise. `Transient`: there was
    /// no answer and nothing was changed, or the request may be repeated. `Ambiguous`: it may not be repeated and may
    /// have been carried out. `RateLimited`: the system asks for more time than there is. `Protocol`: the answer is too
    /// large. `DryRun`, `Cancelled`. `Invalid`: a path segment is empty, `.` or `..`.
    ///
    /// # Cancellation
    /// Waits end at once. A request that reads or asks for a token is dropped; one that changes something and is under way is finished,
    /// within its timeout, so that its outcome is known.
    pub async fn send(self, ctx: &Ctx) -> Result<Answer> {
        let attempt = self.http.0.timeouts.attempt;
        let (http, call) = self.call(attempt)?;
        match http.0.exchange(ctx, &call, false).await? {
            Got::Whole(answer) => Ok(answer),
            Got::Open { .. } => Err(Error::bug("a document was asked for and a stream came")),
        }
    }

    /// Sends it and reads a list item by item, in constant memory however long the list is.
    ///
    /// # Behaviour
    /// - Nothing is sent before the stream is polled; dropping the stream ends the request.
    /// - Attempts are repeated as in [`send`](Self::send) until the answer begins, and not after that.
    /// - The request counts as one at once until its body is read. While the consumer takes its time, and may send
    ///   requests through the same client, reading stops and the place is given to others.
    /// - Must run within a tokio runtime.
    ///
    /// # Errors
    /// As the last thing in the stream, an error says that the list is incomplete: nothing may be concluded from what
    /// is missing. `Transient`: the body broke off. `Protocol`: it is no list, has an item of another shape, something
    /// after its end, or is too large.
    pub fn send_list<T>(self, ctx: &Ctx, at: ListAt) -> BoxStream<'static, Result<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let attempt = self.http.0.timeouts.list;
        list::stream(self.call(attempt), ctx.clone(), at)
    }
}
