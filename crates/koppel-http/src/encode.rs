//! Values made safe for addresses and forms.

use koppel::{Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that mean nothing in a URL is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The segments as a path with a leading slash.
///
/// A segment that is empty, `.` or `..` cannot be written: servers and libraries fold it away, however it is encoded,
/// and the request would reach another object.
pub(crate) fn path(segments: &[&str]) -> Result<String> {
    let mut path = String::new();
    for segment in segments {
        if matches!(*segment, "" | "." | "..") {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("the value \"{segment}\" cannot be part of an address: the request would reach another object"),
            )
            .with_detail(format!("path segments {segments:?}")));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, RESERVED));
    }
    Ok(path)
}

/// The pairs as a query, without the question mark.
pub(crate) fn query(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.extend(utf8_percent_encode(name, RESERVED));
        out.push('=');
        out.extend(utf8_percent_encode(value, RESERVED));
    }
    out
}

/// The pairs as a form body in UTF-8; brackets in names are encoded.
pub(crate) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_bytes_stay_inside_their_segment() {
        assert_eq!(path(&["users", "A/B ü", "&+%?#"]).unwrap(), "/users/A%2FB%20%C3%BC/%26%2B%25%3F%23");
    }

    #[test]
    fn segments_that_servers_fold_away_are_refused() {
        for bad in ["", ".", ".."] {
            let error = path(&["users", bad]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        assert_eq!(path(&["..."]).unwrap(), "/...");
    }

    #[test]
    fn form_names_with_brackets_and_a_plus_are_encoded() {
        assert_eq!(
            form([("accessType[doorPermanent]", "null"), ("phone", "+31 30")]),
            "accessType%5BdoorPermanent%5D=null&phone=%2B31+30"
        );
    }

    proptest! {
        #[test]
        fn any_segment_comes_back_as_it_was(text in "\\PC{1,40}") {
            prop_assume!(text != "." && text != "..");
            let path = path(&["a", &text]).unwrap();
            let url = url::Url::parse(&format!("http://localhost/base{path}")).unwrap();
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            let back = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(back, text);
        }
    }
}
