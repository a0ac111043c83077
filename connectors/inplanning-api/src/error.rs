//! What InPlanning's error answers mean.
//!
//! Observed: `{"error": "…", "error_description": "211 - Object does not exist"}`, with the text sometimes under
//! `message`, and `invalid_token` or `token_expired` under `error`. The HTTP status of these answers is not known, so
//! what they say decides, not their status.

use koppel::{Error, ErrorKind};
use koppel_http::{Answer, Verdict};
use serde_json::Value;

/// Reads an answer that is not a success.
pub(crate) fn classify(answer: &Answer) -> Verdict {
    let body: Value = answer.json().unwrap_or(Value::Null);
    let code = body.get("error").and_then(Value::as_str).unwrap_or_default();
    if answer.status() == 401
        || code.eq_ignore_ascii_case("invalid_token")
        || code.eq_ignore_ascii_case("token_expired")
    {
        return Verdict::TokenRefused;
    }
    Verdict::Error(error(answer))
}

/// An error document is not longer than this, in bytes.
const LONGEST_ERROR: usize = 4096;

/// Is it the error document of the API in an answer that says it succeeded? With which status its errors come is not
/// known, so an answer that is nothing but an error is one.
pub(crate) fn disguised(answer: &Answer) -> bool {
    // Every good answer comes by here, so what cannot be an error is told without reading it as JSON.
    let names_error = |text: &str| text.contains("\"error") || text.contains("\"message\"");
    if answer.body().len() > LONGEST_ERROR || !std::str::from_utf8(answer.body()).is_ok_and(names_error) {
        return false;
    }
    let Ok(Value::Object(body)) = answer.json::<Value>() else { return false };
    let says = |key: &str| body.get(key).is_some_and(says_something);
    let content = ["username", "days", "resourceRosters"].iter().any(|key| body.contains_key(*key));
    !content
        && (says("error")
            || says("error_description")
            || body.get("message").and_then(Value::as_str).is_some_and(is_coded))
}

/// Is it more than null, `false`, 0, or an empty text, list or object?
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// Does the text begin with a code of the API, as in `211 - …`? A message without one may tell of a success.
fn is_coded(text: &str) -> bool {
    text.split_once(" - ").is_some_and(|(code, _)| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()))
}

fn error(answer: &Answer) -> Error {
    let request = answer.request();
    let text = answer.error_text();
    if says_missing(&text) {
        // What a change refers to, such as a group, can be missing just as well as what it is to change.
        return if request.starts_with("GET ") {
            answer.fault(ErrorKind::NotFound, &format!("InPlanning has no such object for {request}"))
        } else {
            answer.fault(ErrorKind::Invalid, &format!("InPlanning misses something that {request} names"))
        };
    }
    match answer.status() {
        // Without the text of error 211 it says that the address is wrong, not that the object is missing.
        404 | 410 => answer
            .fault(
                ErrorKind::Protocol,
                &format!("InPlanning answered {request} with HTTP {} and no reason it documents", answer.status()),
            )
            .with_hint("check that BaseUrl is the address of the API itself"),
        400 | 422 | 500 if says_duplicate(&text) => {
            answer.fault(ErrorKind::Conflict, &format!("InPlanning refused {request}: the object exists already"))
        }
        _ => answer.error(),
    }
}

/// Error 211: the object does not exist. The text is decoded: `\u0027` is an apostrophe by now.
fn says_missing(text: &str) -> bool {
    text.starts_with("211 - ")
}

/// What InPlanning says of a user that exists already is not known; these words are inferred.
fn says_duplicate(text: &str) -> bool {
    let text = text.to_lowercase();
    ["already exist", "exists already", "already in use", "duplicate", "not unique", "must be unique", "bestaat al"]
        .iter()
        .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_error_211_says_missing() {
        for text in [
            "211 - Object does not exist",
            "211 - The object does not exist.",
            "211 - resource: The item you're trying to edit does not exist.",
        ] {
            assert!(says_missing(text), "{text}");
        }
        for text in ["", "2110 - x", "12 - error 211 - x", "does not exist", "211", "211- x"] {
            assert!(!says_missing(text), "{text}");
        }
    }

    #[test]
    fn a_duplicate_is_known_by_its_words() {
        assert!(says_duplicate("112 - The object already exists."));
        assert!(!says_duplicate("211 - The object does not exist."));
    }
}
