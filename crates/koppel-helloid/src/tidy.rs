//! What `ConvertTo-Json` makes of objects, made plain again.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Undoes the wrappers of Windows PowerShell 5.1, everywhere in a document:
///
/// - `{"value": […], "Count": 2}` is the array;
/// - `{"value": "34b9…", "Guid": "34b9…"}`, and a text that still carries where it was read from, is the value;
/// - `{"value": "/Date(…)/", "DateTime": "…"}` and `"/Date(1609459200000)/"` are an RFC 3339 time in UTC.
///
/// ```
/// use serde_json::json;
/// assert_eq!(koppel_helloid::tidy(json!("/Date(1609459200000)/")), json!("2021-01-01T00:00:00Z"));
/// ```
pub fn tidy(value: Value) -> Value {
    match value {
        Value::Object(map) => match wrapped(map) {
            Ok(inner) => tidy(inner),
            Err(map) => Value::Object(map.into_iter().map(|(key, value)| (key, tidy(value))).collect()),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        Value::String(text) => Value::String(date(&text).unwrap_or(text)),
        other => other,
    }
}

/// The value inside a wrapper, or the object back where it is none.
fn wrapped(mut map: Map<String, Value>) -> Result<Value, Map<String, Value>> {
    let has = |name: &str| map.keys().any(|key| key == name);
    let array = map.len() == 2 && has("Count") && map.get("value").is_some_and(Value::is_array);
    let scalar = map.get("value").is_some_and(|value| !value.is_array() && !value.is_object())
        && ((map.len() == 2 && has("Guid")) || has("DateTime") || has("PSPath") || has("ReadCount"));
    if array || scalar { Ok(map.remove("value").unwrap_or_default()) } else { Err(map) }
}

/// `/Date(1609459200000)/`, perhaps with an offset that says nothing about the moment.
fn date(text: &str) -> Option<String> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map_or(inner.len(), |(at, _)| at);
    let millis: i64 = inner.get(..end)?.parse().ok()?;
    Some(Timestamp::from_millisecond(millis).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_wrappers_of_windows_powershell_come_off() {
        let given = json!({
            "list": {"value": [{"value": "34b9", "Guid": "34b9"}], "Count": 1},
            "when": "/Date(1609459200000)/",
            "then": {"value": "/Date(-1000+0100)/", "DisplayHint": 2, "DateTime": "…"},
            "own": {"value": "x", "other": 1},
        });
        let expected = json!({
            "list": ["34b9"], "when": "2021-01-01T00:00:00Z", "then": "1969-12-31T23:59:59Z", "own": {"value": "x", "other": 1},
        });
        assert_eq!(tidy(given), expected);
    }
}
