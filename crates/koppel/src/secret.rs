//! Secrets, and taking them out of every text that leaves the process.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// A value that is never printed: a password, a client secret, an access token.
///
/// It has no `Serialize`, its `Debug` shows `[secret]`, and its memory is wiped when it is dropped.
///
/// ```
/// use koppel::Secret;
/// let password = Secret::new("hunter2-hunter2");
/// assert_eq!(format!("{password:?}"), "[secret]");
/// assert_eq!(password.expose(), "hunter2-hunter2");
/// ```
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself: hand it to the system it is for, and to nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "writeOnly": true, "minLength": 1 })
    }
}

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// Secrets shorter than this many bytes are not scrubbed by value: they would blot out ordinary words.
pub const SHORTEST_SCRUBBED: usize = 4;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Replaces known secrets in a text, in every form in which they travel.
///
/// Each secret is looked for as it is, percent-encoded, form-encoded, in base64, JSON-escaped and HTML-escaped. Clones share
/// one list, so a token that is fetched in the middle of a run is scrubbed from then on everywhere.
///
/// ```
/// use koppel::{Scrubber, Secret};
/// let scrubber = Scrubber::default();
/// scrubber.add(&Secret::new("p@ss word"));
/// assert_eq!(scrubber.text("password=p%40ss%20word failed"), "password=*** failed");
/// ```
///
/// What is added stays for as long as the list, which suits a program that ends after its work. One that goes on for
/// weeks hands out a [`scoped`](Self::scoped) scrubber for each piece of work.
#[derive(Clone, Default)]
pub struct Scrubber {
    known: Arc<RwLock<Known>>,
    scope: Option<Arc<Scope>>,
}

/// The secrets of all scopes, the longest first, so that no part of one stays behind when it holds another.
#[derive(Default)]
struct Known {
    forms: Vec<Form>,
    scopes: u64,
}

/// One form of a secret, and who needs it scrubbed.
struct Form {
    text: SecretString,
    always: bool,
    scopes: Vec<u64>,
}

impl Known {
    fn hold(&mut self, text: String, scope: Option<u64>) {
        let at = match self.forms.iter().position(|known| known.text.expose_secret() == text) {
            Some(at) => at,
            None => {
                let at = self.forms.partition_point(|known| known.text.expose_secret().len() >= text.len());
                self.forms.insert(at, Form { text: text.into(), always: false, scopes: Vec::new() });
                at
            }
        };
        let Some(form) = self.forms.get_mut(at) else { return };
        match scope {
            None => form.always = true,
            Some(scope) if form.scopes.contains(&scope) => {}
            Some(scope) => form.scopes.push(scope),
        }
    }

    fn release(&mut self, scope: u64) {
        self.forms.retain_mut(|form| {
            form.scopes.retain(|held| *held != scope);
            form.always || !form.scopes.is_empty()
        });
    }
}

/// What was added through one scope is forgotten with it.
struct Scope {
    number: u64,
    known: Arc<RwLock<Known>>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).release(self.number);
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber").finish_non_exhaustive()
    }
}

impl Scrubber {
    /// A scrubber over the same list; what is added through it and its clones is forgotten when the last of them is
    /// dropped. What is also known from elsewhere stays.
    ///
    /// ```
    /// use koppel::{Scrubber, Secret};
    /// let scrubber = Scrubber::default();
    /// let passing = scrubber.scoped();
    /// passing.add(&Secret::new("hunter2"));
    /// assert_eq!(scrubber.text("it was hunter2"), "it was ***");
    /// drop(passing);
    /// assert_eq!(scrubber.text("it was hunter2"), "it was hunter2");
    /// ```
    #[must_use]
    pub fn scoped(&self) -> Self {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.scopes += 1;
        let scope = Scope { number: known.scopes, known: Arc::clone(&self.known) };
        Self { known: Arc::clone(&self.known), scope: Some(Arc::new(scope)) }
    }

    /// Adds a secret in all its forms; one shorter than [`SHORTEST_SCRUBBED`] is left out.
    pub fn add(&self, secret: &Secret) {
        let value = secret.expose();
        if value.len() < SHORTEST_SCRUBBED {
            return;
        }
        let percent = utf8_percent_encode(value, UNRESERVED).to_string();
        let form = percent.replace("%20", "+");
        let json = serde_json::Value::from(value).to_string();
        let forms = [
            value.to_owned(),
            percent.to_lowercase(),
            percent,
            form,
            ascii_json(json.trim_matches('"')),
            json.trim_matches('"').to_owned(),
            value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(value),
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value),
        ];
        let scope = self.scope.as_ref().map(|scope| scope.number);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms {
            known.hold(form, scope);
        }
    }

    /// The text with every known secret replaced by [`MASK`].
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut out = Cow::Borrowed(text);
        for secret in known.forms.iter().map(|form| form.text.expose_secret()) {
            if out.contains(secret) {
                out = Cow::Owned(out.replace(secret, MASK));
            }
        }
        out
    }
}

/// Characters outside ASCII as JSON writers may escape them.
fn ascii_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_scrubbed() {
        let scrubber = Scrubber::default();
        scrubber.add(&Secret::new("s3cr\"et &+ü"));
        for form in [
            "s3cr\"et &+ü",
            "s3cr%22et%20%26%2B%C3%BC",
            "s3cr%22et+%26%2B%C3%BC",
            "s3cr\\\"et &+ü",
            "s3cr\\\"et &+\\u00fc",
            "s3cr&quot;et &amp;+ü",
            "czNjciJldCAmK8O8",
        ] {
            assert_eq!(scrubber.text(&format!("<{form}>")), "<***>", "{form}");
        }
    }

    #[test]
    fn a_clone_knows_a_secret_that_is_added_later() {
        let scrubber = Scrubber::default();
        let clone = scrubber.clone();
        scrubber.add(&Secret::new("token-of-later"));
        assert_eq!(clone.text("x token-of-later y"), "x *** y");
    }

    #[test]
    fn a_scope_forgets_its_secrets_with_its_last_clone() {
        let scrubber = Scrubber::default();
        let scope = scrubber.scoped();
        let clone = scope.clone();
        clone.add(&Secret::new("passing-secret"));
        drop(clone);
        assert_eq!(scrubber.text("passing-secret"), MASK);
        drop(scope);
        assert_eq!(scrubber.text("passing-secret"), "passing-secret");
        assert!(scrubber.known.read().unwrap().forms.is_empty());
    }

    #[test]
    fn what_another_scope_or_the_list_itself_knows_too_stays() {
        let scrubber = Scrubber::default();
        let (first, second) = (scrubber.scoped(), scrubber.scoped());
        for holder in [&first, &second, &second] {
            holder.add(&Secret::new("shared-secret"));
        }
        drop(first);
        assert_eq!(scrubber.text("shared-secret"), MASK);
        scrubber.add(&Secret::new("shared-secret"));
        drop(second);
        assert_eq!(scrubber.text("shared-secret"), MASK);
    }

    #[test]
    fn a_thousand_scopes_leave_nothing_behind() {
        let scrubber = Scrubber::default();
        scrubber.add(&Secret::new("of-the-program"));
        let before = scrubber.known.read().unwrap().forms.len();
        for number in 0..1000 {
            scrubber.scoped().add(&Secret::new(format!("secret-{number}")));
        }
        assert_eq!(scrubber.known.read().unwrap().forms.len(), before);
    }

    #[test]
    fn a_secret_that_holds_another_is_replaced_whole_whichever_came_first() {
        for order in [["inner-secret", "the-inner-secret-too"], ["the-inner-secret-too", "inner-secret"]] {
            let scrubber = Scrubber::default();
            for secret in order {
                scrubber.add(&Secret::new(secret));
            }
            assert_eq!(scrubber.text("<the-inner-secret-too>"), "<***>");
        }
    }

    #[test]
    fn a_very_short_secret_does_not_blot_out_words() {
        let scrubber = Scrubber::default();
        scrubber.add(&Secret::new("b"));
        assert_eq!(scrubber.text("abba"), "abba");
    }
}
