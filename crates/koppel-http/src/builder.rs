//! What a client is made of.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use koppel::config::Fault;
use koppel::{Error, Result, Scrubber};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use url::{Host, Url};

use crate::answer::Answer;
use crate::auth::{Access, Auth};
use crate::client::{Http, Inner};
use crate::gate::Gate;
use crate::retry::RetryPolicy;
use crate::state::StateDir;
use crate::verdict::{Classify, Verdict};

/// How long a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included. Default 5 s.
    pub connect: Duration,
    /// For one attempt, from the first byte sent to the last one read; a request can have its own. Default 15 s.
    pub attempt: Duration,
    /// For a streamed list: until the answer begins, and then from one piece to the next. Default 60 s.
    pub list: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), attempt: Duration::from_secs(15), list: Duration::from_mins(1) }
    }
}

/// Makes an [`Http`]; get one from [`Http::builder`].
#[derive(Clone)]
pub struct HttpBuilder {
    system: String,
    base: String,
    insecure: bool,
    auth: Auth,
    timeouts: Timeouts,
    max_body: u64,
    max_list_body: u64,
    retry: RetryPolicy,
    per_second: Option<NonZeroU32>,
    at_once: Option<NonZeroUsize>,
    classify: Classify,
    state: StateDir,
    scrubber: Scrubber,
}

impl fmt::Debug for HttpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not looked at yet: there may be a password in it.
        f.debug_struct("HttpBuilder").field("system", &self.system).finish_non_exhaustive()
    }
}

impl HttpBuilder {
    pub(crate) fn new(system: &str, base: &str) -> Self {
        Self {
            system: system.to_owned(),
            base: base.to_owned(),
            insecure: false,
            auth: Auth::Open,
            timeouts: Timeouts::default(),
            max_body: 16 * 1024 * 1024,
            max_list_body: 64 * 1024 * 1024,
            retry: RetryPolicy::default(),
            per_second: None,
            at_once: None,
            classify: Classify::default(),
            state: StateDir::none(),
            scrubber: Scrubber::default(),
        }
    }

    /// May the address be plain `http` on another machine? Not by default; loopback always may.
    #[must_use]
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.insecure = allow;
        self
    }

    /// How it says who it is. Default: not at all.
    #[must_use]
    pub fn auth(mut self, auth: impl Into<Auth>) -> Self {
        self.auth = auth.into();
        self
    }

    /// How long it waits.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The largest document it reads, in bytes after unpacking. Default 16 MiB.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = bytes;
        self
    }

    /// The largest streamed list it reads, in bytes after unpacking. Default 64 MiB.
    #[must_use]
    pub fn max_list_body(mut self, bytes: u64) -> Self {
        self.max_list_body = bytes;
        self
    }

    /// When it tries again.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// At most so many requests a second, evenly spread. Default: no limit.
    #[must_use]
    pub fn rate_limit(mut self, per_second: NonZeroU32) -> Self {
        self.per_second = Some(per_second);
        self
    }

    /// At most so many requests at once. Default: no limit.
    #[must_use]
    pub fn concurrency(mut self, at_once: NonZeroUsize) -> Self {
        self.at_once = Some(at_once);
        self
    }

    /// How errors of this system are read. It sees every answer that is not 2xx; default [`Verdict::of`].
    #[must_use]
    pub fn classify(mut self, read: impl Fn(&Answer) -> Verdict + Send + Sync + 'static) -> Self {
        self.classify.read = Arc::new(read);
        self
    }

    /// For a system that reports failures with a 2xx status: which documents are such. They are classified as other
    /// failures are. Lists that are streamed are not looked at. Default: none.
    #[must_use]
    pub fn disguised_failures(mut self, is_failure: fn(&Answer) -> bool) -> Self {
        self.classify.disguised = is_failure;
        self
    }

    /// Where the token is shared with other processes. Default: nowhere.
    #[must_use]
    pub fn state(mut self, state: StateDir) -> Self {
        self.state = state;
        self
    }

    /// What takes secrets out of texts; the client adds its own secrets and every token it gets.
    #[must_use]
    pub fn scrubber(mut self, scrubber: Scrubber) -> Self {
        self.scrubber = scrubber;
        self
    }

    /// Makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// `Config` with the fault path `BaseUrl` when the address is none, or is plain `http` where it may not be.
    pub fn build(self) -> Result<Http> {
        let base = read_base(&self.base, self.insecure)?;
        let client = transport(&base, self.timeouts.connect)
            .map_err(|error| Error::bug(format!("the HTTP client cannot be made: {error}")))?;
        let access = Access::new(self.auth, base.as_str().trim_end_matches('/'), self.state, &self.scrubber)?;
        Ok(Http(Arc::new(Inner {
            system: self.system.into(),
            base: base.as_str().trim_end_matches('/').to_owned(),
            client,
            access,
            timeouts: self.timeouts,
            max_body: self.max_body,
            max_list_body: self.max_list_body,
            retry: self.retry,
            gate: Gate::new(self.at_once, self.per_second),
            classify: self.classify,
            scrubber: self.scrubber,
        })))
    }
}

pub(crate) fn read_base(text: &str, insecure: bool) -> Result<Url> {
    let wrong = |message: String| Error::config(vec![Fault::new("BaseUrl", message)]);
    let url = Url::parse(text.trim()).map_err(|error| {
        wrong(format!("is not an address: {error}")).with_hint("it begins with https:// and the name of the host")
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(format!("is an address that begins with {}: and not with https://", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user or a password; they have their own keys".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has something after a ? or a #, which an address to build on cannot have".to_owned()));
    }
    if url.scheme() == "http" && !insecure && !is_loopback(&url) {
        return Err(wrong("begins with http://, so everybody on the way could read the password".to_owned())
            .with_hint("use https://, or set allowInsecureHttp to true if the network in between can be trusted"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}

pub(crate) fn transport(base: &Url, connect: Duration) -> reqwest::Result<reqwest::Client> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("koppel/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        // What may be sent again is decided in one place, and that is not there.
        .retry(reqwest::retry::never())
        .connect_timeout(connect)
        // Shorter than most servers keep an idle connection, so that few requests meet one that is being closed.
        .pool_idle_timeout(Duration::from_secs(20))
        .gzip(true);
    if is_loopback(base) {
        builder = builder.no_proxy();
        if base.scheme() == "http" {
            // No TLS can come of it, so the root certificates need not be read: they cost more than the rest of a start.
            builder = builder.tls_certs_only(std::iter::empty());
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use koppel::ErrorKind;

    #[test]
    fn plain_http_is_for_loopback_or_on_request() {
        for good in [
            "http://127.0.0.1:8080/api/",
            "http://localhost",
            "http://[::1]:1/x",
            "http://[::ffff:127.0.0.1]/",
            "https://x.example/rest/api",
        ] {
            read_base(good, false).unwrap();
        }
        for bad in ["http://x.example", "http://127.0.0.1.example", "http://localhost.example", "http://10.0.0.1/"] {
            let error = read_base(bad, false).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert_eq!(error.faults().first().unwrap().path, "BaseUrl");
            assert!(error.to_string().contains("allowInsecureHttp"), "{error}");
            read_base(bad, true).unwrap();
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        for bad in [
            "",
            "x.example",
            "ftp://x.example",
            "https://",
            "https://u:hunter2@x.example",
            "https://x.example/?a=b",
            "mailto:x",
        ] {
            let error = read_base(bad, true).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
