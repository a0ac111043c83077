//! The `Value` of a fieldMapping.json: JSON inside a JSON string.

use serde_json::Value;
use serde_json::value::RawValue;

use super::json::kind;

/// What a `Value` holds.
#[derive(Debug, PartialEq)]
pub(super) enum Inner {
    /// As HelloID writes it.
    Sound(Value),
    /// It could be understood; this is what is wrong with it.
    Mended(Value, String),
    /// Nothing.
    Empty,
    /// A text with half a character, or JSON that is nested too deeply.
    Broken,
}

/// Reads a `Value`; absent is [`Inner::Empty`].
pub(super) fn read(raw: Option<&RawValue>) -> Inner {
    let Some(raw) = raw else { return Inner::Empty };
    let outer: Option<String> = serde_json::from_str(raw.get()).ok();
    let Some(text) = outer else {
        return match serde_json::from_str(raw.get()) {
            Ok(Value::Null) => Inner::Empty,
            Err(_) => Inner::Broken,
            Ok(value) => {
                let message = format!("Value is {} and not JSON in a text; it is taken as it is", kind(raw));
                Inner::Mended(value, message)
            }
        };
    };
    match serde_json::from_str(&text) {
        Ok(Value::Null) => Inner::Empty,
        Ok(value @ Value::String(_)) => Inner::Sound(value),
        Ok(value) => {
            let message = "Value holds no text inside its text; it is taken as it is".to_owned();
            Inner::Mended(value, message)
        }
        Err(_) if text.trim().is_empty() => Inner::Empty,
        Err(_) => {
            let inside = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let mended = inside.map_or(text.clone(), unescape);
            let why = if inside.is_some() {
                "Value holds an escape that JSON does not have, or a raw line end; it is read without the backslash"
            } else {
                "Value is no JSON inside its text; it is taken as it is"
            };
            Inner::Mended(Value::String(mended), format!("{why}. Save the mapping in HelloID again to mend it"))
        }
    }
}

/// The escapes of JSON; of an unknown one the character stays, as in JavaScript.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let Some(c) = chars.next() else {
            out.push('\\');
            return out;
        };
        rest = chars.as_str();
        match c {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let (character, length) = unicode(rest);
                out.push(character);
                rest = rest.get(length..).unwrap_or_default();
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

/// The character after `\u` and how many bytes stand for it; what is none is the letter `u`.
fn unicode(text: &str) -> (char, usize) {
    let unit = |text: &str| text.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let Some(first) = unit(text) else { return ('u', 0) };
    let second = text.get(4..).and_then(|rest| rest.strip_prefix("\\u")).and_then(unit);
    let pair =
        second.and_then(|second| char::decode_utf16([first, second]).next()?.ok().filter(|c| c.len_utf16() == 2));
    match (pair, char::from_u32(u32::from(first))) {
        (Some(c), _) => (c, 10),
        (None, Some(c)) => (c, 4),
        (None, None) => (char::REPLACEMENT_CHARACTER, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(json: &str) -> Inner {
        read(Some(serde_json::from_str(json).unwrap()))
    }

    #[test]
    fn json_inside_a_json_text_is_the_value() {
        assert_eq!(of(r#""\"Person.ExternalId\"""#), Inner::Sound(json!("Person.ExternalId")));
        assert_eq!(of(r#""\"\"""#), Inner::Sound(json!("")));
        assert_eq!(of(r#""\"a\\r\\n\\u00e9\"""#), Inner::Sound(json!("a\r\né")));
    }

    #[test]
    fn nothing_has_four_spellings() {
        for json in [r#""""#, r#"" ""#, r#""null""#, "null"] {
            assert_eq!(of(json), Inner::Empty, "{json}");
        }
        assert_eq!(read(None), Inner::Empty);
        assert_eq!(of(r#""\ud800""#), Inner::Broken);
    }

    #[test]
    fn what_is_malformed_is_kept_as_far_as_it_can_be_and_said() {
        for (json, expected) in [
            (r#""\"a;\\r\\get()\"""#, json!("a;\rget()")),
            (r#""\"a\nb\"""#, json!("a\nb")),
            (r#""\"\\q\\u00e9\\ud83d\\ude00\\ud83d\\uzz\\\\\"""#, json!("qé😀\u{fffd}uzz\\")),
            (r#""Person.ExternalId""#, json!("Person.ExternalId")),
            (r#""\"half""#, json!("\"half")),
            ("true", json!(true)),
            (r#""true""#, json!(true)),
            (r#""12""#, json!(12)),
            ("[1]", json!([1])),
        ] {
            let Inner::Mended(value, message) = of(json) else { panic!("{json}") };
            assert!(value == expected && message.starts_with("Value "), "{json}: {value} {message}");
        }
    }
}
