//! What passed between a connector and its system.

use bytes::Bytes;
use serde::Serialize;

/// A request as the connector sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The method, in capitals.
    pub method: String,
    /// The path with its query, as it stood in the request line.
    pub target: String,
    /// The headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Sent {
    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Does it ask for an access token? Such a request changes nothing that anybody keeps.
    pub fn is_token(&self) -> bool {
        let body = std::str::from_utf8(&self.body).unwrap_or_default();
        self.method == "POST" && (body.contains("grant_type=") || body.contains("\"grant_type\""))
    }

    /// Could it change something in the system?
    pub fn changes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS") && !self.is_token()
    }
}

/// An answer as the connector got it, or was to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Got {
    /// An answer of the proxy itself.
    pub(crate) fn own(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }
}

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Its place in the run, from 1.
    pub number: usize,
    /// What the connector asked.
    pub sent: Sent,
    /// What the system answered; `None` where it was not asked, or did not answer.
    pub system: Option<Got>,
    /// What the connector got; `None` where the connection was cut before an answer.
    pub got: Option<Got>,
    /// The fault that was put in, by its name.
    pub fault: Option<&'static str>,
}

/// An exchange for a report: texts, cut to what a person reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its place in the run, from 1.
    pub number: usize,
    /// `GET /api/person?page=1`.
    pub request: String,
    /// The body of the request.
    pub sent: String,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The body of the answer.
    pub got: String,
    /// The fault that was put in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

/// How much of a body stands in a report, in characters.
const SHOWN: usize = 2_000;

impl Exchange {
    /// For a report.
    pub fn shown(&self) -> Shown {
        Shown {
            number: self.number,
            request: format!("{} {}", self.sent.method, self.sent.target),
            sent: text(&self.sent.body),
            status: self.got.as_ref().map_or(0, |got| got.status),
            got: self.got.as_ref().map(|got| text(&got.body)).unwrap_or_default(),
            fault: self.fault,
        }
    }
}

fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.chars().count() <= SHOWN {
        return text.into_owned();
    }
    text.chars().take(SHOWN).chain("… (cut)".chars()).collect()
}
