//! What IPassan's errors mean.

use koppel::{Error, ErrorKind};
use koppel_http::Answer;

/// What helps where IPassan denies access: a wrong site is answered in the same way as a missing right.
pub(crate) const SITE_HINT: &str =
    "check siteId: IPassan answers a wrong site id in the same way as a client without rights on the site";

/// What helps where a good answer did nothing.
pub(crate) const ADDRESS_HINT: &str = "check that BaseUrl is IPassan itself, and what the client may change";

/// The error with what is known of IPassan added to it.
///
/// Which status comes with `Access Denied` is not documented. With 401 the kit fetches another token first; when the
/// answer stays the same it was not the token.
pub(crate) fn explain(error: Error) -> Error {
    // The token endpoint knows no site.
    let denied = denies(error.message()) && error.detail().is_none_or(|detail| detail.contains("/person"));
    match error.kind() {
        ErrorKind::Denied => error.with_hint(SITE_HINT),
        ErrorKind::Auth | ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Protocol if denied => {
            error.with_kind(ErrorKind::Denied).with_hint(SITE_HINT)
        }
        _ => error,
    }
}

/// The error of an answer with a good status whose body is an error object.
pub(crate) fn in_good_answer(answer: &Answer, otherwise: ErrorKind) -> Error {
    explain(answer.fault(otherwise, &format!("{} answered {} with an error", answer.system(), answer.request())))
}

/// Does an error text say that the person is not there? IPassan's own words are not known.
pub(crate) fn says_missing(text: &str) -> bool {
    let text = text.to_lowercase();
    ["not found", "does not exist", "unknown person"].iter().any(|words| text.contains(words))
}

fn denies(text: &str) -> bool {
    text.to_lowercase().contains("access denied")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p19_access_denied_under_any_status_is_denied_with_a_hint() {
        for kind in [ErrorKind::Auth, ErrorKind::Denied, ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Protocol] {
            let error = explain(Error::new(kind, "IPassan refused GET /x: Access Denied"));
            assert_eq!(error.kind(), ErrorKind::Denied);
            assert!(error.to_string().contains("check siteId"), "{error}");
        }
        assert_eq!(explain(Error::new(ErrorKind::Auth, "expired")).kind(), ErrorKind::Auth);
        assert_eq!(explain(Error::new(ErrorKind::Transient, "Access Denied")).kind(), ErrorKind::Transient);
    }
}
