//! What is answered where nothing was carried out, and what says so.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use koppel::{Error, ErrorKind, Scrubber};
use koppel_helloid::refused;
use serde::Serialize;
use serde_json::{Value, json};

/// A request that is not carried out.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: Error,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }

    /// Too much at once.
    pub(super) fn busy(message: &str) -> Self {
        let error =
            Error::new(ErrorKind::RateLimited, message).with_hint("try again in a moment, with fewer requests at once");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }

    /// A mistake in the program.
    pub(super) fn bug() -> Self {
        let error = Error::bug("the service met a mistake of its own").with_hint("its log says more; report it");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }

    /// An import that failed before its first object.
    pub(super) fn of_import(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Config | ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error)
    }

    /// As the document of an action, which the caller's script can copy back as it is.
    pub(super) fn document(self, scrubber: &Scrubber) -> Response {
        let status = self.status;
        patient(json(status, &refused(self.error, scrubber).document))
    }

    /// As an error by itself.
    pub(super) fn error(&self, scrubber: &Scrubber) -> Response {
        patient(json(self.status, &error_object(&self.error, scrubber)))
    }
}

/// The error without the secrets that this scrubber knows now: those of a configuration are forgotten with it.
pub(super) fn scrubbed(error: &Error, scrubber: &Scrubber) -> Error {
    let clean = Error::new(error.kind(), scrubber.text(error.message()));
    match error.hint() {
        Some(hint) => clean.with_hint(scrubber.text(hint)),
        None => clean,
    }
}

/// Says when to come back, where that is what would help.
fn patient(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE || response.status() == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// An error as JSON; never a secret.
pub(super) fn error_object(error: &Error, scrubber: &Scrubber) -> Value {
    let mut object = json!({ "error": scrubber.text(error.message()), "kind": error.kind().name() });
    if let Some(hint) = error.hint() {
        object["hint"] = scrubber.text(hint).into();
    }
    object
}

/// A route, a connector or an action that is not there.
pub(super) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Error::new(ErrorKind::NotFound, message).with_hint(hint))
}

/// JSON with a status.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
