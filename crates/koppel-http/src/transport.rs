//! One attempt.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use koppel::{Ctx, Error, ErrorKind};
use reqwest::header::CONTENT_TYPE;

use crate::answer::{About, Answer};
use crate::auth::Grant;
use crate::client::Inner;
use crate::exchange::{Call, Got};
use crate::gate::Permit;
use crate::wait::stopped;

/// How much of an error is read, in bytes.
const ERROR_BODY: usize = 256 * 1024;

/// How an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no connection: nothing was sent.
    NotSent(String),
    /// It was sent, perhaps, and no whole answer came.
    Unclear(String),
    /// An answer that is no success.
    Status(Box<Answer>),
    /// Trying again cannot help.
    Final(Error),
}

impl Inner {
    /// Sends a request once.
    pub(crate) async fn attempt(
        &self,
        ctx: &Ctx,
        call: &Call,
        grant: &Grant,
        permit: Permit,
        open: bool,
        left: Duration,
    ) -> Result<Got, Failure> {
        let started = Instant::now();
        let limit = call.timeout.min(left);
        let work = tokio::time::timeout(limit, self.exchange_once(ctx, call, grant, permit, open));
        let done = if call.changes() && call.token.is_none() {
            // Its outcome would be unknown; it has a limit of its own.
            work.await
        } else {
            tokio::select! {
                biased;
                () = ctx.cancel().cancelled() => return Err(Failure::Final(stopped())),
                done = work => done,
            }
        };
        let done = done.unwrap_or_else(|_| {
            let over = ctx.remaining().is_some_and(|left| left.is_zero());
            let time = || format!("no answer within {:.1} s", limit.as_secs_f64());
            Err(Failure::Unclear(if over { "the time for this action is over".to_owned() } else { time() }))
        });
        let status = match &done {
            Ok(Got::Whole(answer) | Got::Open { answer, .. }) => answer.status(),
            Err(Failure::Status(answer)) => answer.status(),
            Err(_) => 0,
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(method = %call.method, path = %call.about.path, status, ms, "request");
        done
    }

    async fn exchange_once(
        &self,
        ctx: &Ctx,
        call: &Call,
        grant: &Grant,
        permit: Permit,
        open: bool,
    ) -> Result<Got, Failure> {
        let mut address = call.about.url.clone();
        if !call.query.is_empty() {
            address.push('?');
            address.push_str(&call.query);
        }
        let mut request = self.client.request(call.method.clone(), address);
        if let Some((kind, body)) = &call.body {
            request = request.header(CONTENT_TYPE, kind).body(body.clone());
        }
        if let Some((name, value)) = grant.header() {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| not_answered(&call.about, error))?;
        let mut answer = Answer {
            about: Arc::clone(&call.about),
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: Bytes::new(),
            now: ctx.now(),
        };
        if open && answer.status.is_success() {
            return Ok(Got::Open { answer, response, permit });
        }
        answer.body = self.body(&mut response, &answer, call).await?;
        drop(permit);
        if answer.status.is_success() { Ok(Got::Whole(answer)) } else { Err(Failure::Status(Box::new(answer))) }
    }

    /// Reads a body that is not larger than it may be; of an error, as much as there is and as is needed.
    async fn body(&self, response: &mut reqwest::Response, answer: &Answer, call: &Call) -> Result<Bytes, Failure> {
        let most = self.max_body;
        let good = answer.status.is_success();
        let mut body = BytesMut::new();
        loop {
            if !good && body.len() >= ERROR_BODY {
                return Ok(body.freeze());
            }
            if good && (response.content_length().is_some_and(|length| length > most) || body.len() as u64 > most) {
                return Err(too_large(answer, call, most));
            }
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body.freeze()),
                Err(_) if !good => return Ok(body.freeze()),
                Err(error) => return Err(Failure::Unclear(format!("the answer broke off: {}", innermost(&error)))),
            }
        }
    }
}

fn too_large(answer: &Answer, call: &Call, most: u64) -> Failure {
    let what = format!("HTTP {}", answer.status());
    let message = format!("{} answered {} with more than {most} bytes", answer.system(), answer.request());
    // The answer is of no use, but the request was carried out.
    let kind = if call.repeatable { ErrorKind::Protocol } else { ErrorKind::Ambiguous };
    Failure::Final(
        call.about.error(kind, &message, &what).with_hint("check that BaseUrl is the address of the API itself"),
    )
}

fn not_answered(about: &About, error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let cause = about.scrubber.text(&innermost(&error)).into_owned();
    if error.is_builder() {
        return Failure::Final(about.error(
            ErrorKind::Bug,
            &format!("{} cannot be sent: {cause}", about.request()),
            "not sent",
        ));
    }
    if !error.is_connect() {
        return Failure::Unclear(cause);
    }
    if is_tls(&error) {
        let message = format!("no secure connection to {} can be made: {cause}", about.system);
        return Failure::Final(
            about
                .error(ErrorKind::Config, &message, "not sent")
                .with_hint("check BaseUrl, and that the certificate of the system is known to this machine"),
        );
    }
    Failure::NotSent(if error.is_timeout() { "no connection in time".to_owned() } else { cause })
}

/// The other side speaks, but no TLS that can be accepted; another attempt would end in the same way.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut at: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = at {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        // An IO error that wraps another one gives the source of that one as its own.
        at = match io.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// The cause at the bottom: what is above it says only that sending failed.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let mut at: &(dyn std::error::Error + 'static) = error;
    while let Some(inner) = at.source() {
        at = inner;
    }
    at.to_string()
}
