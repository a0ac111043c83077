//! Imports: a JSON line per object, as they come.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use koppel::{Error, ErrorKind, Result as KoppelResult};
use koppel_helloid::{ActionName, import};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout_at;

use super::access::Visit;
use super::actions::{Job, Ready, What};
use super::instances::Is;
use super::refusal::{Refusal, error_object, scrubbed};

/// So many lines may be ahead of the client.
const AHEAD: usize = 64;

/// What the import says, piece by piece. One that ends without `End` is not complete.
enum Piece {
    Line(Bytes),
    End,
    Failed(Refusal),
}

/// What the body says next.
enum Next {
    Piece(Piece, mpsc::Receiver<Piece>),
    Wait(mpsc::Receiver<Piece>),
    /// The connection is cut, so that nobody takes what came for the whole.
    Cut,
    Over,
}

/// Answers with a stream, or with an error where it fails before its first object.
pub(super) async fn answer(job: Job, visit: Arc<Visit>) -> Response {
    let (service, asked) = (Arc::clone(&job.service), job.asked.clone());
    let (send, mut pieces) = mpsc::channel(AHEAD);
    tokio::spawn(pour(job, send));
    let first = match pieces.recv().await {
        Some(Piece::Failed(refusal)) => {
            visit.outcome(refusal.error.kind().name());
            return asked.refuse(&service, refusal);
        }
        None => return asked.refuse(&service, Refusal::bug()),
        Some(piece) => piece,
    };
    let scrubber = service.host.scrubber().clone();
    let lines = stream::unfold(Next::Piece(first, pieces), move |next| {
        let (visit, scrubber) = (Arc::clone(&visit), scrubber.clone());
        async move {
            let (piece, pieces) = match next {
                Next::Piece(piece, pieces) => (Some(piece), pieces),
                Next::Wait(mut pieces) => (pieces.recv().await, pieces),
                Next::Cut => {
                    // What was said before goes out first.
                    tokio::task::yield_now().await;
                    return Some((Err(io::Error::other("the import broke off")), Next::Over));
                }
                Next::Over => return None,
            };
            let error = match piece {
                Some(Piece::Line(line)) => return Some((Ok(line), Next::Wait(pieces))),
                Some(Piece::End) => {
                    visit.outcome("success");
                    return None;
                }
                Some(Piece::Failed(refusal)) => refusal.error,
                None => Refusal::bug().error,
            };
            visit.outcome(error.kind().name());
            let last = line(&error_object(&error, &scrubber)).unwrap_or_default();
            Some((Ok(last), Next::Cut))
        }
    });
    let body = Body::from_stream(lines);
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

/// Runs the import until it ends, fails, is stopped, or nobody reads it any more.
async fn pour(mut job: Job, pieces: mpsc::Sender<Piece>) {
    let ready = tokio::select! {
        ready = job.ready() => ready,
        () = pieces.closed() => return,
    };
    let outcome = match ready {
        Ok(ready) => objects(&job, ready, &pieces).await,
        Err(refusal) => Err(refusal),
    };
    let last = match outcome {
        Ok(()) => Piece::End,
        Err(refusal) => Piece::Failed(refusal),
    };
    // Nobody reads it any more where this fails.
    let _ = timeout_at(job.until(false), pieces.send(last)).await;
}

async fn objects(job: &Job, ready: Ready, pieces: &mpsc::Sender<Piece>) -> Result<(), Refusal> {
    let ctx = ready.ctx.clone().with_cancel(job.service.stop.clone());
    let until = job.until(ready.document.dry_run);
    let mut given = 0;
    let done = async {
        let mut lines: BoxStream<'_, KoppelResult<Bytes>> = match (&ready.prepared.is, job.asked.what) {
            (Is::Target(target), What::Action(ActionName::Import(what))) => {
                import(&**target, &ctx, what, &ready.document).map(to_line).boxed()
            }
            (Is::Source(source), What::Persons) => source.persons(&ctx).map(to_line).boxed(),
            (Is::Source(source), What::Departments) => source.departments(&ctx).map(to_line).boxed(),
            _ => return Err(Error::bug("this is no import")),
        };
        while let Some(next) = lines.next().await {
            let sent = timeout_at(until, pieces.send(Piece::Line(next?))).await;
            match sent {
                Ok(Ok(())) => given += 1,
                Ok(Err(_)) => return Err(gone()),
                Err(_) => {
                    return Err(Error::new(ErrorKind::Transient, "the client does not read, and the time is over"));
                }
            }
        }
        Ok(())
    };
    let done = tokio::select! {
        done = done => done,
        () = pieces.closed() => Err(gone()),
    };
    let outcome = done.as_ref().err().map_or("success", |error| error.kind().name());
    job.service.metrics.import(job.asked.id(), job.asked.name(), outcome, given);
    done.map_err(|error| {
        tracing::debug!(request_id = job.request_id, ?error, "the import broke off");
        Refusal::of_import(scrubbed(&error, job.service.host.scrubber()))
    })
}

fn gone() -> Error {
    Error::new(ErrorKind::Cancelled, "the client went away")
}

fn to_line<T: Serialize>(object: KoppelResult<T>) -> KoppelResult<Bytes> {
    line(&object?).ok_or_else(|| Error::bug("an object cannot be written as JSON"))
}

fn line(object: &impl Serialize) -> Option<Bytes> {
    let mut line = serde_json::to_vec(object).ok()?;
    line.push(b'\n');
    Some(line.into())
}
