//! An answer before it goes out.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;

/// An answer, complete, so that a fault can still spoil it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: Bytes,
}

impl Reply {
    /// Bytes that are JSON already.
    pub(crate) fn raw(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: "application/json", retry_after: None, body: body.into() }
    }

    /// 200 with a value.
    pub(crate) fn ok<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// A value with a status.
    pub(crate) fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::raw(status, body),
            Err(e) => Self::raw(StatusCode::INTERNAL_SERVER_ERROR, format!("{{\"error\":{:?}}}", e.to_string())),
        }
    }

    /// `{"error":…,"error_description":…}`, the shape of OAuth errors and of all InPlanning errors.
    pub(crate) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Self {
        Self::json(status, &serde_json::json!({"error": error, "error_description": description}))
    }

    /// `{"error":{"message":…}}`, the shape of IPassan's API errors.
    pub(crate) fn api_error(status: StatusCode, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"error": {"message": message}}))
    }

    /// A page for people, where a client expects JSON.
    pub(crate) fn html() -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "text/html; charset=utf-8",
            retry_after: None,
            body: Bytes::from_static(
                b"<!DOCTYPE html>\n<html><head><title>Aanmelden</title></head><body><h1>Aanmelden</h1></body></html>\n",
            ),
        }
    }

    /// 204 without a body.
    pub(crate) fn no_content() -> Self {
        Self::raw(StatusCode::NO_CONTENT, Bytes::new())
    }

    /// The answer as it should be.
    pub(crate) fn whole(self) -> Response<Body> {
        let Self { status, content_type, retry_after, body } = self;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The answer with the length of the whole body and only half of it, after which the connection breaks.
    pub(crate) fn truncated(self) -> Response<Body> {
        let full = self.body.clone();
        let half = full.slice(..full.len() / 2);
        let mut response = self.whole();
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(full.len()));
        let parts = stream::unfold(Some(half), |half| async move {
            if let Some(half) = half {
                return Some((Ok(half), None));
            }
            // The pause lets the first half go out before the connection breaks.
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
        });
        *response.body_mut() = Body::from_stream(parts);
        response
    }
}
