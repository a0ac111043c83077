//! What an error body says, in few words.

use serde_json::Value;

/// How many characters of a body an error shows.
pub(crate) const SHOWN: usize = 300;

/// What an error body says: `error_description`, `message`, `error.message` or `error` of a JSON object, and where
/// there is none of these the body itself, without HTML tags and at most 300 characters long.
///
/// ```
/// use koppel_http::error_text;
/// assert_eq!(error_text(br#"{"error":"x","error_description":"211 - The object does not exist."}"#), "211 - The object does not exist.");
/// assert_eq!(error_text(br#"{"error":{"message":"Access Denied"}}"#), "Access Denied");
/// assert_eq!(error_text(b"<html><body><h1>502</h1> Bad Gateway</body></html>"), "502 Bad Gateway");
/// ```
pub fn error_text(body: &[u8]) -> String {
    if let Ok(json) = serde_json::from_slice::<Value>(without_bom(body)) {
        let error = json.get("error");
        let found = [json.get("error_description"), json.get("message"), error.and_then(|e| e.get("message")), error]
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::trim)
            .find(|text| !text.is_empty());
        if let Some(text) = found {
            return shorten(text, SHOWN);
        }
    }
    snippet(body)
}

/// How much of a body is looked at for a short piece of it, in bytes.
pub(crate) const SNIPPET: usize = 16 * 1024;

/// The path with each segment that is a UUID cut to its first part: `/site/7f0c0000…/person`.
pub(crate) fn short_path(path: &str) -> String {
    let short = |segment: &str| match segment.get(..8) {
        Some(first) if is_uuid(segment) => format!("{first}…"),
        _ => segment.to_owned(),
    };
    path.split('/').map(short).collect::<Vec<_>>().join("/")
}

fn is_uuid(text: &str) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    text.len() == 36 && text.bytes().enumerate().all(|(at, b)| if dash(at) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// A short piece of a body for a message: one line, no HTML tags.
pub(crate) fn snippet(body: &[u8]) -> String {
    // Tags can be long; what is shown cannot.
    let piece = body.get(..body.len().min(SNIPPET)).unwrap_or_default();
    let text = String::from_utf8_lossy(without_bom(piece));
    let text = text.trim();
    if text.starts_with('<') {
        let bare = shorten(&without_tags(text), SHOWN);
        if !bare.is_empty() {
            return bare;
        }
    }
    shorten(text, SHOWN)
}

/// The body without the mark that some servers put before UTF-8.
pub(crate) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// One line of at most so many characters.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}

/// The text between the tags; scripts and styles are no text.
fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        out.push(' ');
        rest = rest.get(open..).unwrap_or_default();
        let lower = rest.get(..8).unwrap_or(rest).to_ascii_lowercase();
        let end = ["script", "style"].into_iter().find(|name| lower.get(1..).is_some_and(|l| l.starts_with(name)));
        if let Some(name) = end {
            let close = format!("</{name}");
            match rest.to_ascii_lowercase().find(&close) {
                Some(at) => rest = rest.get(at..).unwrap_or_default(),
                None => return out,
            }
        }
        match rest.find('>') {
            Some(close) => rest = rest.get(close + 1..).unwrap_or_default(),
            None => return out,
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_chain_of_places_is_followed_in_order() {
        for (body, text) in [
            (r#"{"error":"invalid_token","error_description":"expired"}"#, "expired"),
            (r#"{"message":"no","error":"x"}"#, "no"),
            (r#"{"error":{"message":"Access Denied"}}"#, "Access Denied"),
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
            (r#"{"error_description":"","error":"x"}"#, "x"),
            (r#"{"other":1}"#, r#"{"other":1}"#),
            (r#"{"error_description":"211 - you\u0027re"}"#, "211 - you're"),
            ("", ""),
            ("a < b", "a < b"),
            ("<html><head><style>p{}</style><script>x<y</script></head><p>Not\n found</p>", "Not found"),
        ] {
            assert_eq!(error_text(body.as_bytes()), text, "{body}");
        }
        assert_eq!(error_text(&[b'x'; 5000]).chars().count(), SHOWN);
        assert_eq!(error_text(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_uuid_in_a_path_is_shown_by_its_beginning() {
        let id = "7f0c0000-0000-4000-8000-00000000000a";
        assert_eq!(short_path(&format!("/site/{id}/person/{}", id.to_uppercase())), "/site/7f0c0000…/person/7F0C0000…");
        for other in ["/", "/users/1001", "/users/%C3%BC", &format!("/x{id}"), &format!("/{}", id.replace('a', "g"))] {
            assert_eq!(short_path(other), other);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_one_short_line(body in proptest::collection::vec(any::<u8>(), 0..600), tail in "[<>a-z/ ]{0,200}") {
            let text = error_text(&[b"<".as_slice(), &body, tail.as_bytes()].concat());
            prop_assert!(text.chars().count() <= SHOWN && !text.contains('\n'));
        }
    }
}
