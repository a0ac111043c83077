//! One client per system.

use std::fmt;
use std::sync::Arc;

use koppel::Scrubber;
use reqwest::Method;

use crate::answer::About;
use crate::auth::Access;
use crate::builder::{HttpBuilder, Timeouts};
use crate::gate::Gate;
use crate::request::Request;
use crate::retry::RetryPolicy;
use crate::verdict::Classify;

/// The client of one system; clones share everything.
///
/// ```no_run
/// # async fn example(ctx: &koppel::Ctx, secret: koppel::Secret) -> koppel::Result<()> {
/// use koppel_http::{ClientCredentials, Http, StateDir};
/// let http = Http::builder("InPlanning", "https://planning.example/rest/api")
///     .auth(ClientCredentials::new(&["token"], "koppel", secret).named("ClientId and ClientSecret"))
///     .state(StateDir::for_user())
///     .build()?;
/// let user: serde_json::Value = http.get(&["users", "1001"]).send(ctx).await?.json()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Http(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) system: Arc<str>,
    /// Without a slash at the end.
    pub(crate) base: String,
    pub(crate) client: reqwest::Client,
    pub(crate) access: Access,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_body: u64,
    pub(crate) max_list_body: u64,
    pub(crate) retry: RetryPolicy,
    pub(crate) gate: Gate,
    pub(crate) classify: Classify,
    pub(crate) scrubber: Scrubber,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("system", &self.0.system).field("base", &self.0.base).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn about(&self, method: &Method, path: &str) -> Arc<About> {
        Arc::new(About {
            system: Arc::clone(&self.system),
            method: method.to_string(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            url: format!("{}{path}", self.base),
            scrubber: self.scrubber.clone(),
        })
    }
}

impl Http {
    /// A client for the system with this name (for messages) at this base address, with or without a slash at the end.
    pub fn builder(system: &str, base: &str) -> HttpBuilder {
        HttpBuilder::new(system, base)
    }

    /// The name of the system, for messages.
    pub fn system(&self) -> &str {
        &self.0.system
    }

    /// The base address, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.0.base
    }

    /// A request. Each segment of its path is encoded on its own, whatever is in it.
    ///
    /// A segment that is empty, `.` or `..` makes sending it an `Invalid` error.
    pub fn request(&self, method: Method, segments: &[&str]) -> Request {
        Request::new(self.clone(), method, segments)
    }

    /// A request that reads.
    pub fn get(&self, segments: &[&str]) -> Request {
        self.request(Method::GET, segments)
    }

    /// A request that may not be repeated when it is not known whether it arrived.
    pub fn post(&self, segments: &[&str]) -> Request {
        self.request(Method::POST, segments)
    }

    /// A request that does the same when it arrives twice.
    pub fn put(&self, segments: &[&str]) -> Request {
        self.request(Method::PUT, segments)
    }

    /// A request that changes a part; not repeated by default, like POST.
    pub fn patch(&self, segments: &[&str]) -> Request {
        self.request(Method::PATCH, segments)
    }

    /// A request that does the same when it arrives twice.
    pub fn delete(&self, segments: &[&str]) -> Request {
        self.request(Method::DELETE, segments)
    }
}
