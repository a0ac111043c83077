//! The body of a request, bounded in size and time.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use koppel::{Error, ErrorKind};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::Service;
use super::refusal::Refusal;

/// A body, and the room that it takes.
pub(super) struct Taken {
    pub(super) bytes: Bytes,
    pub(super) _room: OwnedSemaphorePermit,
}

/// Reads a body.
pub(super) async fn read(service: &Service, headers: &HeaderMap, body: Body, from: Instant) -> Result<Taken, Refusal> {
    let most = service.limits.body;
    let until = from + service.limits.read;
    // The server has refused a length that is not one number.
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let room = service.gates.room(said.unwrap_or(most), until).await?;
    let read = timeout_at(until, Limited::new(body, most).collect()).await;
    let read = read.map_err(|_| {
        let error = Error::new(
            ErrorKind::Invalid,
            format!("the document did not come within {} s", service.limits.read.as_secs()),
        );
        Refusal::new(StatusCode::REQUEST_TIMEOUT, error)
    })?;
    match read {
        Ok(all) => Ok(Taken { bytes: all.to_bytes(), _room: room }),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(most)),
        Err(_) => Err(Refusal::new(StatusCode::BAD_REQUEST, Error::new(ErrorKind::Invalid, "the document broke off"))),
    }
}

fn too_large(most: usize) -> Refusal {
    let error = Error::new(ErrorKind::Invalid, format!("the document is larger than {most} bytes"));
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, error)
}
