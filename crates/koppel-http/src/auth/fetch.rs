//! The token request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use koppel::{Ctx, Error, ErrorKind, Result, Scrubber, Secret};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::store::Token;
use super::{ClientCredentials, CredentialStyle, Grant};
use crate::answer::Answer;
use crate::client::Inner;
use crate::encode;
use crate::exchange::{Call, Got};

/// What is assumed where the system does not say how long a token lives, in seconds.
const ASSUMED_LIFETIME: i64 = 300;
/// No token is trusted for longer than this, in seconds.
const LONGEST_LIFETIME: i64 = 24 * 60 * 60;

/// `Basic …` with the credentials in UTF-8, known to the scrubber in every form.
pub(super) fn basic(user: &str, password: &Secret, scrubber: &Scrubber) -> Result<HeaderValue> {
    let pair = Secret::new(format!("{user}:{}", password.expose()));
    let encoded = Secret::new(STANDARD.encode(pair.expose()));
    scrubber.add(&pair);
    scrubber.add(&encoded);
    header(&format!("Basic {}", encoded.expose()))
}

/// Makes a token known to the scrubber, by itself and as it stands in a header.
pub(super) fn hide(scrubber: &Scrubber, token: &Secret) {
    scrubber.add(token);
    scrubber.add(&Secret::new(format!("Bearer {}", token.expose())));
}

/// Makes whatever may be a token in the answer of a token endpoint known to the scrubber: also an error may hold one.
fn hide_all(scrubber: &Scrubber, body: &Value) {
    match body {
        Value::Object(map) => map.iter().for_each(|(name, value)| match value {
            Value::String(token) if name.to_ascii_lowercase().ends_with("token") => {
                hide(scrubber, &Secret::new(token.trim()));
            }
            _ => hide_all(scrubber, value),
        }),
        Value::Array(list) => list.iter().for_each(|value| hide_all(scrubber, value)),
        _ => {}
    }
}

/// Can there be a token in it?
fn names_token(answer: &Answer) -> bool {
    answer.body().to_ascii_lowercase().windows(5).any(|piece| piece == b"token")
}

/// A header value that no log shows.
pub(super) fn header(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::new(ErrorKind::Config, "the credentials hold characters that cannot be sent in a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Fetches a new token.
pub(super) async fn fetch(http: &Inner, ctx: &Ctx, with: &ClientCredentials) -> Result<Token> {
    let segments: Vec<&str> = with.endpoint.iter().map(String::as_str).collect();
    let mut pairs = vec![("grant_type", "client_credentials")];
    let mut grant = Grant::default();
    match with.style {
        CredentialStyle::Body => {
            pairs.push(("client_id", &with.id));
            pairs.push(("client_secret", with.secret.expose()));
        }
        CredentialStyle::Basic => grant = Grant::authorization(basic(&with.id, &with.secret, &http.scrubber)?),
    }
    pairs.extend(with.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let call = Call {
        about: http.about(&Method::POST, &encode::path(&segments)?),
        method: Method::POST,
        query: String::new(),
        body: Some((HeaderValue::from_static("application/x-www-form-urlencoded"), Bytes::from(encode::form(pairs)))),
        fields: Vec::new(),
        // Another token does no harm; the one that got lost is never used.
        repeatable: true,
        timeout: http.timeouts.attempt,
        token: Some(grant),
    };
    match http.exchange(ctx, &call, false).await? {
        Got::Whole(answer) => read(ctx, &answer, &with.keys),
        Got::Open { .. } => Err(Error::bug("a token is not a stream")),
    }
}

/// The error of a token request; none of these may look as if an account was not there.
pub(crate) fn refused(answer: &Answer, keys: &str) -> Error {
    let mut answer = answer.clone();
    match answer.json::<Value>() {
        Ok(body) => hide_all(&answer.about.scrubber, &body),
        // Nothing is shown of what cannot be searched.
        Err(_) if names_token(&answer) => answer.body = Bytes::new(),
        Err(_) => {}
    }
    let system = answer.system();
    match answer.status() {
        400 | 401 | 403 => answer
            .fault(ErrorKind::Auth, &format!("{system} refused the credentials"))
            .with_hint(format!("check {keys}")),
        404 | 405 | 410 => answer
            .fault(ErrorKind::Config, &format!("{system} has no token endpoint at {}", answer.request()))
            .with_hint("check BaseUrl"),
        409 | 422 => answer.fault(ErrorKind::Protocol, &format!("{system} gave no access token")),
        _ => answer.error(),
    }
}

fn read(ctx: &Ctx, answer: &Answer, keys: &str) -> Result<Token> {
    let body: Value = match answer.json() {
        // A page of a web server may be shown.
        Err(error) if answer.body().trim_ascii_start().starts_with(b"<") && !names_token(answer) => return Err(error),
        other => other.unwrap_or_default(),
    };
    let token = body.get("access_token").and_then(Value::as_str).filter(|token| !token.trim().is_empty());
    let Some(token) = token else {
        let says = |name: &str| body.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        if says("error") || says("error_description") {
            hide_all(&answer.about.scrubber, &body);
            let lead = format!("{} refused the credentials", answer.system());
            return Err(answer.fault(ErrorKind::Auth, &lead).with_hint(format!("check {keys}")));
        }
        // The body is not shown: it may hold the token in another place.
        return Err(Error::new(
            ErrorKind::Protocol,
            format!("{} gave an answer without an access token", answer.system()),
        )
        .with_hint("check that BaseUrl is the address of the API itself")
        .with_detail(format!("{}: HTTP {}", answer.request(), answer.status())));
    };
    Ok(Token {
        value: Secret::new(token.trim()),
        id: fastrand::u64(..),
        since: ctx.now().as_second(),
        lifetime: lifetime(body.get("expires_in")),
    })
}

/// Seconds as a number or as text, within reason.
fn lifetime(expires_in: Option<&Value>) -> i64 {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates, and it is clamped")]
    match seconds {
        Some(seconds) if seconds >= 1.0 => (seconds as i64).min(LONGEST_LIFETIME),
        _ => ASSUMED_LIFETIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_lifetime_is_a_number_or_a_text_and_within_reason() {
        for (value, seconds) in [
            (json!(3600), 3600),
            (json!("3600"), 3600),
            (json!(59.9), 59),
            (json!(0), ASSUMED_LIFETIME),
            (json!(-5), ASSUMED_LIFETIME),
            (json!(1e300), LONGEST_LIFETIME),
            (json!("soon"), ASSUMED_LIFETIME),
            (json!(null), ASSUMED_LIFETIME),
        ] {
            assert_eq!(lifetime(Some(&value)), seconds, "{value}");
        }
        assert_eq!(lifetime(None), ASSUMED_LIFETIME);
    }
}
