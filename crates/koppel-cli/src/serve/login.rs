//! Who may ask: a bearer token, and what a wrong one costs.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use koppel::{Error, ErrorKind, Scrubber};
use tokio::sync::Semaphore;

use super::refusal::Refusal;
use super::tokens::Tokens;

/// How long the answer to a wrong token waits.
const DELAY: Duration = Duration::from_secs(1);
/// So many such answers wait at once; over that they come at once, and say so.
const MOST_DELAYED: usize = 64;

/// Failed logins.
pub(super) struct Logins(Semaphore);

impl Default for Logins {
    fn default() -> Self {
        Self(Semaphore::new(MOST_DELAYED))
    }
}

/// Which token the headers hold, by its label.
pub(super) fn label(headers: &HeaderMap, tokens: &Tokens) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { tokens.label(token.trim()) } else { None }
}

impl Logins {
    /// The answer to a request without a token that is let in, after a while.
    pub(super) async fn refuse(&self, scrubber: &Scrubber) -> Response {
        let Ok(_delayed) = self.0.try_acquire() else {
            let error = Error::new(ErrorKind::RateLimited, "too many failed logins");
            return Refusal::new(StatusCode::TOO_MANY_REQUESTS, error).error(scrubber);
        };
        tokio::time::sleep(DELAY).await;
        let error = Error::new(ErrorKind::Auth, "the request holds no token that is let in")
            .with_hint("send the header Authorization: Bearer TOKEN, with a token from the service's token file");
        let mut response = Refusal::new(StatusCode::UNAUTHORIZED, error).error(scrubber);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    }
}
