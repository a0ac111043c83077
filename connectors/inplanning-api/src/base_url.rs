//! The address of the API.

use std::fmt;

use url::{Host, Url};

/// The address of the REST API, normalised: `https://customer.rooster.nl/InPlanningService/rest/api`.
///
/// Configurations in use have it with and without `/api`, with and without a slash at the end.
///
/// ```
/// use inplanning_api::BaseUrl;
/// for text in ["https://X.rooster.nl/InPlanningService/rest", "https://x.rooster.nl/InPlanningService/rest/api/"] {
///     assert_eq!(BaseUrl::parse(text)?.as_str(), "https://x.rooster.nl/InPlanningService/rest/api");
/// }
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, for the fault of the configuration.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains(['<', '>', '[', ']', '{', '}'])
            && Url::parse(text).map_or(true, |url| !matches!(url.host(), Some(Host::Ipv6(_))))
        {
            return Err(format!("[{text}] still has a placeholder in it: fill in the name of the customer"));
        }
        let url = Url::parse(text).map_err(|error| {
            format!("[{text}] is not an address such as https://customer.rooster.nl/InPlanningService/rest: {error}")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("[{text}] does not begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user name or password: those have fields of their own".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("[{text}] has a query or a fragment; the address ends in /rest or /rest/api"));
        }
        let mut path = url.path().trim_end_matches('/');
        if path.len() >= 4 && path.get(path.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case("/api")) {
            path = path.get(..path.len() - 4).unwrap_or(path).trim_end_matches('/');
        }
        let origin = url.origin().ascii_serialization();
        Ok(Self(format!("{origin}{path}/api")))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_use_is_one_address() {
        for text in [
            "https://x.rooster.nl/InPlanningService/rest",
            " https://x.rooster.nl/InPlanningService/rest/ ",
            "https://x.rooster.nl/InPlanningService/rest/api",
            "https://x.rooster.nl/InPlanningService/rest//API//",
            "HTTPS://X.ROOSTER.NL:443/InPlanningService/rest/api",
        ] {
            assert_eq!(
                BaseUrl::parse(text).unwrap().as_str(),
                "https://x.rooster.nl/InPlanningService/rest/api",
                "{text}"
            );
        }
        assert_eq!(BaseUrl::parse("http://127.0.0.1:8080").unwrap().as_str(), "http://127.0.0.1:8080/api");
        assert_eq!(BaseUrl::parse("http://[::1]:8080/rest").unwrap().as_str(), "http://[::1]:8080/rest/api");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, why) in [
            ("", "is not an address"),
            ("x.rooster.nl/rest", "is not an address"),
            ("ftp://x.rooster.nl/rest", "does not begin with https://"),
            ("https://<name>.rooster.nl/InPlanningService/rest", "still has a placeholder"),
            ("https://[customer].rooster.nl/rest", "still has a placeholder"),
            ("https://a:b@x.rooster.nl/rest", "holds a user name"),
            ("https://x.rooster.nl/rest?limit=0", "has a query"),
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
