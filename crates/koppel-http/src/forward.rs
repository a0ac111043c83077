//! Raw exchanges, for programs that stand between a connector and its system.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use koppel::{Error, ErrorKind, Result};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::builder::{read_base, transport};
use crate::transport::innermost;

/// Sends requests on as they are: no retry, no token, no redirect, no judgement of the answer.
///
/// A connector never needs it; a recorder or a proxy does.
#[derive(Debug, Clone)]
pub struct Forward {
    origin: Url,
    client: reqwest::Client,
    most: usize,
}

/// An answer as it came, unpacked.
#[derive(Debug, Clone)]
pub struct Forwarded {
    /// The status.
    pub status: u16,
    /// The headers that concern more than one hop, in lower case, with those that are not text left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Forward {
    /// To this address; its path is not used. Bodies are bounded.
    ///
    /// # Errors
    /// `Config` where it is no address of a web server.
    pub fn to(origin: &str, most: usize) -> Result<Self> {
        let origin = read_base(origin, true)?;
        let client = transport(&origin, Duration::from_secs(5))
            .map_err(|error| Error::bug(format!("the HTTP client cannot be made: {error}")))?;
        Ok(Self { origin, client, most })
    }

    /// Sends one request. `target` is the path with its query, as it stands in a request line.
    ///
    /// # Errors
    /// `Transient` where no whole answer came, `Protocol` where it is too large, `Invalid` for what is no request.
    pub async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: Bytes,
    ) -> Result<Forwarded> {
        let no_request = |what: &str| Error::new(ErrorKind::Invalid, format!("{method} {target}: {what}"));
        let method_ = Method::from_bytes(method.as_bytes()).map_err(|_| no_request("is no method"))?;
        let address = self.origin.join(target).map_err(|_| no_request("is no path"))?;
        if address.origin() != self.origin.origin() {
            return Err(no_request("leads to another host"));
        }
        let mut out = HeaderMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| !concerns_one_hop(name)) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| no_request("has a header that is none"))?;
            let value = HeaderValue::from_str(value).map_err(|_| no_request("has a header that is none"))?;
            out.append(name, value);
        }
        let failed = |error: reqwest::Error| {
            Error::new(ErrorKind::Transient, format!("{method} {target}: {}", innermost(&error.without_url())))
        };
        let request = self.client.request(method_, address).headers(out).body(body).timeout(Duration::from_mins(1));
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().filter(|(name, _)| !concerns_one_hop(name.as_str()));
        let headers = headers.filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned()))).collect();
        let mut whole = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if whole.len() + chunk.len() > self.most {
                let message = format!("{method} {target}: the answer has more than {} bytes", self.most);
                return Err(Error::new(ErrorKind::Protocol, message));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(Forwarded { status, headers, body: whole.freeze() })
    }
}

/// Headers between two neighbours, and those that no longer hold when a body was unpacked.
fn concerns_one_hop(name: &str) -> bool {
    const ONE_HOP: [&str; 11] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "accept-encoding",
    ];
    ONE_HOP.iter().any(|known| known.eq_ignore_ascii_case(name))
}
