//! `POST /v1/{connector}/{action}`: a document in, its answer out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Version};
use axum::response::Response;
use koppel::{Connector, Ctx, Error, ErrorKind, Kind};
use koppel_helloid::{ActionName, Answer, Document, answer};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::access::Visit;
use super::body::{self, Taken};
use super::gates::{Admission, Turn};
use super::instances::{Is, Prepared};
use super::refusal::{Refusal, json, not_found, scrubbed};
use super::{Service, files, stream};
use crate::actions::led_in;
use crate::log::ACCESS;

/// How long an import may take.
const IMPORT_BUDGET: Duration = Duration::from_mins(15);
/// What an action may take beyond its time to end by itself: a request that changes something is waited for.
const GRACE: Duration = Duration::from_secs(3);
/// A document over this size is read beside the threads that serve.
const LARGE: usize = 64 * 1024;

/// What is asked of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Action(ActionName),
    Persons,
    Departments,
}

impl What {
    pub(super) const SOURCE: [(&'static str, Self); 2] =
        [("persons", Self::Persons), ("departments", Self::Departments)];

    fn name(self) -> &'static str {
        match self {
            Self::Action(action) => action.name(),
            Self::Persons => "persons",
            Self::Departments => "departments",
        }
    }

    /// Is it answered object by object?
    pub(super) fn streams(self) -> bool {
        matches!(self, Self::Persons | Self::Departments | Self::Action(ActionName::Import(_)))
    }

    fn budget(self, dry_run: bool) -> Duration {
        match self {
            Self::Action(action) => action.budget(dry_run).unwrap_or(IMPORT_BUDGET),
            Self::Persons | Self::Departments => IMPORT_BUDGET,
        }
    }
}

/// A connector and what is asked of it.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) what: What,
}

impl Asked {
    fn find(service: &Service, id: &str, name: &str) -> Result<Self, Refusal> {
        let connector = find(service, id)?;
        let source = What::SOURCE.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let what = match connector.kind() {
            Kind::Source => source.map(|(_, what)| what),
            Kind::Target => name.parse::<ActionName>().ok().map(What::Action),
        };
        let what = what.ok_or_else(|| {
            let names: Vec<&str> = match connector.kind() {
                Kind::Source => What::SOURCE.iter().map(|(name, _)| *name).collect(),
                Kind::Target => ActionName::ALL.iter().map(|(name, _)| *name).collect(),
            };
            not_found(format!("{} has no such action", connector.id()), format!("there are: {}", names.join(", ")))
        })?;
        Ok(Self { connector, what })
    }

    pub(super) fn id(&self) -> &'static str {
        self.connector.id()
    }

    pub(super) fn name(&self) -> &'static str {
        self.what.name()
    }

    /// A refusal in the form that this is answered in.
    pub(super) fn refuse(&self, service: &Service, refusal: Refusal) -> Response {
        let scrubber = service.host.scrubber();
        if self.what.streams() { refusal.error(scrubber) } else { refusal.document(scrubber) }
    }
}

/// A connector by its id.
pub(super) fn find(service: &Service, id: &str) -> Result<Arc<dyn Connector>, Refusal> {
    service.host.registry().get(id).cloned().map_err(|_| {
        let known: Vec<&str> = service.host.registry().iter().map(Connector::id).collect();
        not_found("there is no such connector", format!("there are: {}", known.join(", ")))
    })
}

/// The request.
pub(super) async fn post(
    State(service): State<Arc<Service>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let found = match path {
        Ok(Path((id, name))) => Asked::find(&service, &id, &name),
        Err(_) => Err(not_found("there is no such path", "its parts must be UTF-8")),
    };
    let asked = match found {
        Ok(asked) => asked,
        Err(refusal) => return refusal.error(service.host.scrubber()),
    };
    let (head, body) = request.into_parts();
    let Some(visit) = head.extensions.get::<Arc<Visit>>().cloned() else {
        return asked.refuse(&service, Refusal::bug());
    };
    visit.asked(asked.id(), asked.name());
    if asked.what.streams() && head.version < Version::HTTP_11 {
        let error = Error::new(ErrorKind::Invalid, "an import needs HTTP/1.1")
            .with_hint("with HTTP/1.0 an import that breaks off looks complete");
        return asked.refuse(&service, Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, error));
    }
    let work = async {
        let admission = service.gates.admit()?;
        let taken = body::read(&service, &head.headers, body, visit.received).await?;
        Ok((admission, taken))
    };
    let (admission, taken) = match work.await {
        Ok(ready) => ready,
        Err(refusal) => return asked.refuse(&service, refusal),
    };
    visit.read(taken.bytes.len());
    let job =
        Job { service, asked, received: visit.received, request_id: visit.id.clone(), taken, _admission: admission };
    if job.asked.what.streams() { stream::answer(job, visit).await } else { carry_out(job, &visit).await }
}

/// One document that is being worked on. It goes on when the client goes away: a change must not be cut in half.
pub(super) struct Job {
    pub(super) service: Arc<Service>,
    pub(super) asked: Asked,
    pub(super) received: Instant,
    pub(super) request_id: String,
    taken: Taken,
    _admission: Admission,
}

/// A document whose turn has come.
pub(super) struct Ready {
    pub(super) prepared: Arc<Prepared>,
    pub(super) document: Document,
    pub(super) ctx: Ctx,
    _turn: Turn,
}

impl Job {
    /// When the answer has to be there at the latest, waiting included.
    pub(super) fn until(&self, dry_run: bool) -> Instant {
        let budget = self.asked.what.budget(dry_run);
        self.received + self.service.limits.action.map_or(budget, |most| most.min(budget))
    }

    /// Reads the document, finds or makes the instance and waits for the turn.
    pub(super) async fn ready(&mut self) -> Result<Ready, Refusal> {
        let invalid = |message: String| Refusal::new(StatusCode::BAD_REQUEST, Error::new(ErrorKind::Invalid, message));
        let bytes = std::mem::take(&mut self.taken.bytes);
        let read = if bytes.len() > LARGE {
            tokio::task::spawn_blocking(move || Document::read(&bytes)).await.map_err(|_| Refusal::bug())?
        } else {
            Document::read(&bytes)
        };
        let document = read.map_err(|error| invalid(error.to_string()))?;
        let service = &self.service;
        let scrubber = service.host.scrubber().scoped();
        let schema = self.asked.connector.config_schema();
        let made = files::within(service.files.as_deref(), &schema, &document.configuration)
            .and_then(|own| service.instances.get(service, self.asked.id(), &own, &scrubber));
        let prepared = made.map_err(|error| {
            let status =
                if error.is(ErrorKind::Config) { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
            // While the secrets of this configuration are still known.
            Refusal::new(status, scrubbed(&led_in(error), &scrubber))
        })?;
        let until = self.until(document.dry_run);
        let turn = service.gates.turn(self.asked.id(), &prepared.system, until, &service.metrics.waiting).await?;
        let left = until.saturating_duration_since(Instant::now());
        let ctx = service.host.ctx().for_action(document.dry_run, Some(left));
        Ok(Ready { prepared, document, ctx, _turn: turn })
    }

    async fn run(mut self, action: ActionName) -> (Self, Result<Answer, Refusal>) {
        let mut ready = match self.ready().await {
            Ok(ready) => ready,
            Err(refusal) => return (self, Err(refusal)),
        };
        if matches!(action, ActionName::Permissions | ActionName::Resources) {
            // They may take long, and can end between two requests.
            ready.ctx = ready.ctx.with_cancel(self.service.stop.clone());
        }
        let Is::Target(target) = &ready.prepared.is else { return (self, Err(Refusal::bug())) };
        let answer = answer(&**target, &ready.ctx, action, &ready.document, self.service.host.scrubber()).await;
        self.service.metrics.action(self.asked.id(), self.asked.name(), outcome(&answer));
        if let Some(error) = &answer.error {
            tracing::debug!(request_id = self.request_id, ?error, "the action failed");
        }
        (self, Ok(answer))
    }
}

fn outcome(answer: &Answer) -> &'static str {
    match (answer.success, &answer.error) {
        (true, _) => "success",
        (false, Some(error)) => error.kind().name(),
        (false, None) => "failed",
    }
}

async fn carry_out(job: Job, visit: &Visit) -> Response {
    let What::Action(action) = job.asked.what else { return job.asked.refuse(&job.service, Refusal::bug()) };
    let (service, asked) = (Arc::clone(&job.service), job.asked.clone());
    // What a dry run may take is known when the document is read; the longer of both will do here.
    let until = job.until(false).max(job.until(true)) + GRACE;
    let (send, receive) = oneshot::channel();
    tokio::spawn(async move {
        let (job, result) = job.run(action).await;
        if let Err(Ok(answer)) = send.send(result) {
            // Whoever reads the log knows then what became of the change.
            tracing::info!(target: ACCESS, request_id = job.request_id, outcome = outcome(&answer), "an action ended after its client went away");
        }
    });
    match timeout_at(until, receive).await {
        Ok(Ok(Ok(answer))) => {
            visit.outcome(outcome(&answer));
            json(StatusCode::OK, &answer.document)
        }
        Ok(Ok(Err(refusal))) => asked.refuse(&service, refusal),
        // The task is gone without an answer.
        Ok(Err(_)) => asked.refuse(&service, Refusal::bug()),
        Err(_) => {
            let error = Error::new(ErrorKind::Ambiguous, "the action has not ended in its time, and goes on")
                .with_hint("read the system, or repeat the action: it compares before it changes");
            asked.refuse(&service, Refusal::new(StatusCode::GATEWAY_TIMEOUT, error))
        }
    }
}
