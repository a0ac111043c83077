//! The layers around an attempt, from the outside in: dry run, cancellation and deadline, retry, token, rate limit and
//! concurrency, timeout, transport.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use koppel::{Ctx, Error, ErrorKind, PlannedRequest, Result};
use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::time::Instant;

use crate::answer::{About, Answer};
use crate::auth::Grant;
use crate::client::Inner;
use crate::gate::Permit;
use crate::retry::{Next, RetryPolicy, Run};
use crate::transport::Failure;
use crate::verdict::Verdict;
use crate::wait::pause;

/// A request, ready to be sent any number of times.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) about: Arc<About>,
    pub(crate) method: Method,
    /// Encoded, without the question mark.
    pub(crate) query: String,
    pub(crate) body: Option<(HeaderValue, Bytes)>,
    /// The names of the fields in the body.
    pub(crate) fields: Vec<String>,
    pub(crate) repeatable: bool,
    pub(crate) timeout: Duration,
    /// Set for the token request itself: what it is sent with.
    pub(crate) token: Option<Grant>,
}

impl Call {
    /// Could it change something in the system?
    pub(crate) fn changes(&self) -> bool {
        !self.method.is_safe()
    }
}

/// A good answer.
#[derive(Debug)]
pub(crate) enum Got {
    /// With its body.
    Whole(Answer),
    /// With its body still to be read; the permit is kept until then.
    Open { answer: Answer, response: reqwest::Response, permit: Permit },
}

/// Said with every `Ambiguous` error.
const AMBIGUOUS: &str = "the request may have been carried out; Koppel reads the system before it is repeated";

impl Inner {
    /// Sends a request until there is a good answer, a final error, or no time.
    pub(crate) async fn exchange(&self, ctx: &Ctx, call: &Call, open: bool) -> Result<Got> {
        let only_reads = matches!(call.method, Method::GET | Method::HEAD);
        if ctx.is_dry_run() && !only_reads && call.token.is_none() {
            return Err(ctx.hold_back(PlannedRequest {
                method: call.method.to_string(),
                url: call.about.url.clone(),
                fields: call.fields.clone(),
            }));
        }
        // One list that hangs may not use up the time of the attempt after it.
        let least = if open { call.timeout.saturating_mul(3) } else { Duration::ZERO };
        let mut run = Run::start(RetryPolicy { total: self.retry.total.max(least), ..self.retry });
        let mut refused: Option<Grant> = None;
        loop {
            ctx.go_on()?;
            let queued = Instant::now();
            let grant = match &call.token {
                Some(grant) => grant.clone(),
                None => self.access.grant(self, ctx, refused.as_ref()).await?,
            };
            let permit = self.gate.enter(ctx).await?;
            // The wait for the token and the place may have used up the time; nothing was sent yet.
            ctx.go_on()?;
            run.queued(queued.elapsed());
            run.attempt();
            let failure = match self.attempt(ctx, call, &grant, permit, open, run.left(ctx)).await {
                Ok(Got::Whole(answer)) if call.token.is_none() && (self.classify.disguised)(&answer) => {
                    Failure::Status(Box::new(answer))
                }
                Ok(got) => return Ok(got),
                Err(failure) => failure,
            };
            let answered = matches!(failure, Failure::Status(_));
            let (error, again, asked) = match failure {
                Failure::Final(error) => return Err(run.mark(error)),
                Failure::NotSent(why) => (self.unanswered(call, &run, ErrorKind::Transient, &why), true, None),
                Failure::Unclear(why) => {
                    let kind = if call.repeatable { ErrorKind::Transient } else { ErrorKind::Ambiguous };
                    (self.unanswered(call, &run, kind, &why), call.repeatable, None)
                }
                Failure::Status(answer) => match self.verdict(&answer, call) {
                    Verdict::TokenRefused if refused.is_none() && grant.is_renewable() => {
                        tracing::debug!(path = %call.about.path, "the token was refused and is replaced");
                        refused = Some(grant);
                        continue;
                    }
                    Verdict::TokenRefused => return Err(run.mark(self.token_refused(&answer))),
                    Verdict::Error(error) => judge(error, &answer, call),
                },
            };
            if !again {
                return Err(run.mark(error));
            }
            // An error without answer says it already.
            let told = |error: Error| match run.effort().filter(|_| answered && run.attempts() > 1) {
                Some(effort) => error.context(effort),
                None => error,
            };
            match run.next(ctx, asked) {
                Next::Wait(wait) => {
                    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                    tracing::warn!(method = %call.method, path = %call.about.path, attempt = run.attempts(), wait_ms = ms, reason = error.kind().name(), "trying again");
                    pause(ctx, wait).await?;
                }
                Next::GiveUp => return Err(run.mark(told(error))),
                Next::TooLong(asked) => {
                    let hint = format!(
                        "the system asks to wait {} s; lower the number of concurrent actions",
                        asked.as_secs()
                    );
                    return Err(
                        run.mark(told(error).with_kind(ErrorKind::RateLimited).with_retry_after(asked).with_hint(hint))
                    );
                }
            }
        }
    }

    fn verdict(&self, answer: &Answer, call: &Call) -> Verdict {
        if call.token.is_some() {
            return Verdict::Error(crate::auth::refused(answer, self.access.keys()));
        }
        (self.classify.read)(answer)
    }

    fn token_refused(&self, answer: &Answer) -> Error {
        let lead = format!("{} refused the credentials for {}", self.system, answer.request());
        answer.fault(ErrorKind::Auth, &lead).with_hint(format!("check {}", self.access.keys()))
    }

    fn unanswered(&self, call: &Call, run: &Run, kind: ErrorKind, why: &str) -> Error {
        let effort = run.effort().map(|effort| format!(" ({effort})")).unwrap_or_default();
        let message = format!("{} did not answer {}{effort}: {why}", self.system, call.about.request());
        let error = call.about.error(kind, &message, "no answer");
        match kind {
            ErrorKind::Ambiguous => error.with_hint(AMBIGUOUS),
            _ => error.with_hint("check that the system runs and that BaseUrl leads to it"),
        }
    }
}

/// What an error by status means for this request: the error, whether to try again, and the wait that was asked for.
fn judge(error: Error, answer: &Answer, call: &Call) -> (Error, bool, Option<Duration>) {
    let status = answer.status();
    let asked = error.retry_after().or_else(|| answer.retry_after());
    // A server that failed may have done it before it failed.
    let unclear = matches!(status, 408 | 425 | 500..=599);
    match error.kind() {
        ErrorKind::RateLimited => (error, true, asked),
        ErrorKind::Transient if unclear && !call.repeatable => {
            (error.with_kind(ErrorKind::Ambiguous).with_hint(AMBIGUOUS), false, None)
        }
        ErrorKind::Transient => (error, !unclear || matches!(status, 408 | 425 | 500 | 502 | 503 | 504), asked),
        _ => (error, false, None),
    }
}
