//! What InPlanning's answers hold.
//!
//! Answers are read tolerantly: an unknown key is kept, a value that may be null may also be absent. What the API
//! promises is known from scripts in use, not from a published schema.

mod people;
mod roster;
mod user;

use koppel::scalar_text;
use serde_json::{Map, Value};

pub use people::{Employment, HumanResource, ResourceGroup};
pub(crate) use roster::Days;
pub use roster::{ResourceRoster, RosterDay, RosterPart, Shift};
pub use user::User;

/// True or false, as InPlanning and the scripts around it write it: a boolean, `"True"`, `"False"`, `1`, `0`.
///
/// ```
/// use serde_json::json;
/// assert_eq!(inplanning_api::flag(&json!("True")), Some(true));
/// assert_eq!(inplanning_api::flag(&json!(null)), None);
/// ```
pub fn flag(value: &Value) -> Option<bool> {
    match scalar_text(value)?.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The trimmed text of a scalar, unless it is blank.
fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    let text = scalar_text(map.get(key)?)?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A day: `2026-06-01`, also where a time follows it.
fn date(text: &str) -> Option<jiff::civil::Date> {
    text.trim().get(..10)?.parse().ok()
}
