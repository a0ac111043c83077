//! Fields of a line as values.

use serde_json::{Map, Number, Value};

use crate::dates::{Bound, Calendar, rfc3339};
use crate::faults::shown;

/// The most characters of a field, which is also what fits in a cell of Excel.
const MOST_CHARACTERS: usize = 32_767;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Day,
    Number,
    Moment(Bound),
}

impl Holds {
    /// What stands at a known path.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "StartDate" => Self::Moment(Bound::Start),
            "EndDate" => Self::Moment(Bound::End),
            "Details.BirthDate" => Self::Day,
            "Details.Fte" | "Details.HoursPerWeek" | "Details.Percentage" | "Details.Sequence" => Self::Number,
            _ => Self::Text,
        }
    }

    /// The value of a field; an empty one is null.
    pub(crate) fn value(self, text: &str, calendar: &Calendar) -> Result<Value, String> {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        match self {
            Self::Text => Ok(Value::from(text)),
            Self::Day => calendar.day(text).map(|day| Value::from(day.to_string())),
            Self::Number => number(text),
            Self::Moment(bound) => {
                calendar.moment(text, bound).map(|moment| moment.map_or(Value::Null, |m| rfc3339(&m).into()))
            }
        }
    }
}

/// `36`, `0.89` or `0,89`.
fn number(text: &str) -> Result<Value, String> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let good = plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
        && plain.bytes().filter(|b| !b.is_ascii_digit()).count() <= 1
        && plain.starts_with(|c: char| c.is_ascii_digit())
        && plain.ends_with(|c: char| c.is_ascii_digit());
    let odd = || format!("[{}] is no number such as 36, 0.89 or 0,89", shown(text));
    if !good {
        return Err(odd());
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::from(whole));
    }
    let found = text.replace(',', ".").parse::<f64>().ok().and_then(Number::from_f64);
    found.map(Value::Number).ok_or_else(odd)
}

/// The text of a field without blanks around it.
///
/// # Errors
/// Says what cannot be a text.
pub(crate) fn text(bytes: &[u8], delimiter: u8) -> Result<&str, String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim(),
        Err(error) => {
            let (good, bad) = bytes.split_at(error.valid_up_to());
            let byte = bad.first().copied().unwrap_or_default();
            let before = shown(&String::from_utf8_lossy(good));
            return Err(format!(
                "byte {byte:#04x} after [{before}] is not UTF-8; is the file in another encoding, such as windows-1252?"
            ));
        }
    };
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(format!("is longer than {MOST_CHARACTERS} characters: [{}]", shown(text)));
    }
    // A quotation mark that is not closed makes one field of many lines, and their persons would be lost.
    if text.contains('\n') && text.bytes().any(|b| b == b'"' || b == delimiter) {
        return Err(format!("goes on over several lines: [{}]; a quotation mark may not be closed", shown(text)));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(odd) => Err(format!(
            "has the control character U+{:04X} in [{}]; the encoding may be another",
            u32::from(odd),
            shown(text)
        )),
        None => Ok(text),
    }
}

/// Puts a value at a path.
pub(crate) fn put(map: &mut Map<String, Value>, path: &[String], value: Value) {
    let Some((last, above)) = path.split_last() else { return };
    let mut at = map;
    for part in above {
        let inner = at.entry(part.clone()).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(next) = inner else { return };
        at = next;
    }
    at.insert(last.clone(), value);
}
