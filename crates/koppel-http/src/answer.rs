//! What a system answered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use koppel::{Error, ErrorKind, Result, Scrubber};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::text::{SNIPPET, error_text, short_path, snippet, without_bom};

/// A whole answer: status, headers and body.
#[derive(Clone)]
pub struct Answer {
    pub(crate) about: Arc<About>,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) now: jiff::Timestamp,
}

/// Which request it is the answer to.
pub(crate) struct About {
    pub(crate) system: Arc<str>,
    pub(crate) method: String,
    /// Below the base address, encoded.
    pub(crate) path: String,
    /// The whole address without its query.
    pub(crate) url: String,
    pub(crate) scrubber: Scrubber,
}

impl About {
    /// `GET /users/1001`, a UUID in it by its beginning: messages have little room.
    pub(crate) fn request(&self) -> String {
        format!("{} {}", self.method, short_path(&self.path))
    }

    /// An error about this request, scrubbed, with the request in its detail.
    pub(crate) fn error(&self, kind: ErrorKind, message: &str, what: &str) -> Error {
        let detail = format!("{} {}: {what}", self.method, self.url);
        Error::new(kind, self.scrubber.text(message)).with_detail(self.scrubber.text(&detail))
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("request", &self.about.request())
            .field("status", &self.status.as_u16())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// The HTTP status, such as 404.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header, by its name without regard to case; `None` also where it is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body, unpacked and as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The name of the system, as the client was given it.
    pub fn system(&self) -> &str {
        &self.about.system
    }

    /// The request for a message: `GET /users/1001`, below the base address, without query, and with the beginning of
    /// each UUID only.
    pub fn request(&self) -> String {
        self.about.request()
    }

    /// What an error body says, in few words: see [`error_text`](crate::error_text).
    pub fn error_text(&self) -> String {
        self.about.scrubber.text(&error_text(&self.scrubbed(usize::MAX))).into_owned()
    }

    /// How long the system asks to wait (`Retry-After`, as seconds or as a date).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        parse_retry_after(text, self.now)
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// `Protocol`, with a short piece of the body, when it is not JSON or of another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(without_bom(&self.body)).map_err(|error| self.not_understood(&error.to_string()))
    }

    /// The error for an answer whose status is good and whose content is not what the API promises.
    pub fn not_understood(&self, why: &str) -> Error {
        let shown = snippet(&self.scrubbed(SNIPPET));
        let shown = if shown.is_empty() { "the body is empty".to_owned() } else { format!("it begins with: {shown}") };
        let message =
            format!("{} answered {} with something unexpected: {why}; {shown}", self.about.system, self.request());
        self.about
            .error(ErrorKind::Protocol, &message, &format!("HTTP {}", self.status()))
            .with_hint("check that BaseUrl is the address of the API itself")
    }

    /// The error that this status and body mean, as the kit reads them: the classifier of a connector falls back on it.
    ///
    /// 401 is `Auth`, 403 `Denied`, 404 and 410 `NotFound`, 409 `Conflict`, 400 and 422 `Invalid`, 429 `RateLimited`,
    /// 408, 425 and 5xx `Transient` (the client makes it `Ambiguous` where the request may not be repeated), all else
    /// `Protocol`.
    pub fn error(&self) -> Error {
        let system = &self.about.system;
        let request = self.request();
        let status = self.status();
        let (kind, lead) = match status {
            401 => (ErrorKind::Auth, format!("{system} refused the credentials for {request}")),
            403 => (ErrorKind::Denied, format!("{system} does not allow {request}")),
            404 | 410 => (ErrorKind::NotFound, format!("{system} does not know {}", short_path(&self.about.path))),
            409 => (ErrorKind::Conflict, format!("{system} refused {request} because of a conflict")),
            400 | 422 => (ErrorKind::Invalid, format!("{system} refused {request}")),
            429 => (ErrorKind::RateLimited, format!("{system} gets too many requests and refused {request}")),
            408 | 425 | 500..=599 => (ErrorKind::Transient, format!("{system} failed on {request} with HTTP {status}")),
            300..=399 => return self.redirected(),
            _ => (ErrorKind::Protocol, format!("{system} answered {request} with HTTP {status}")),
        };
        let error = self.fault(kind, &lead);
        match self.retry_after() {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// An error of this kind: the lead, then what the body says.
    pub fn fault(&self, kind: ErrorKind, lead: &str) -> Error {
        let text = error_text(&self.scrubbed(usize::MAX));
        let message = if text.is_empty() { lead.to_owned() } else { format!("{lead}: {text}") };
        self.about.error(kind, &message, &format!("HTTP {}", self.status()))
    }

    /// The body, or the beginning of it, without secrets: when it is made short for a message, half of one could stay.
    fn scrubbed(&self, most: usize) -> Vec<u8> {
        let body = self.body.get(..self.body.len().min(most)).unwrap_or_default();
        self.about.scrubber.text(&String::from_utf8_lossy(body)).into_owned().into_bytes()
    }

    fn redirected(&self) -> Error {
        let to = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let host = url::Url::parse(to).ok().and_then(|url| url.host_str().map(str::to_owned));
        let place = host.map_or_else(|| "another address".to_owned(), |host| format!("the host {host}"));
        let message =
            format!("{} sends {} on to {place}; redirects are not followed", self.about.system, self.request());
        self.about
            .error(ErrorKind::Protocol, &message, &format!("HTTP {}", self.status()))
            .with_hint("check BaseUrl: the scheme (https), the host and the path")
    }
}

/// Seconds, or an HTTP date.
fn parse_retry_after(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "2026-06-01T10:00:00Z".parse().unwrap();
        for (text, wait) in [
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("Mon, 01 Jun 2026 10:00:30 GMT", Some(30)),
            ("Mon, 01 Jun 2026 09:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_retry_after(text, now), wait.map(Duration::from_secs), "{text}");
        }
    }
}
