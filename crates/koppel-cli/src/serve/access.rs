//! The access log: one line per request, without personal data or secrets.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use super::Service;
use super::metrics::{Counted, Metrics};
use super::routes::ROUTES;
use crate::log::ACCESS;

/// Who sent the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Logged as the status of a request whose client went away before its answer.
const GONE: u16 = 499;

/// What became of a request, logged when the last of its answer is out.
pub(super) struct Visit {
    pub(super) id: String,
    pub(super) received: Instant,
    pub(super) client: Option<IpAddr>,
    method: &'static str,
    pub(super) route: &'static str,
    bytes_in: AtomicU64,
    facts: Mutex<Facts>,
    metrics: Arc<Metrics>,
    _in_flight: Counted,
}

#[derive(Default)]
struct Facts {
    connector: Option<&'static str>,
    action: Option<&'static str>,
    token: Option<String>,
    status: Option<StatusCode>,
    outcome: Option<&'static str>,
    bytes_out: u64,
}

impl Visit {
    fn new(service: &Service, request: &Request) -> Self {
        let number = service.requests.fetch_add(1, Ordering::Relaxed);
        let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            id: format!("{}-{number:x}", service.run),
            received: Instant::now(),
            client: request.extensions().get::<Peer>().map(|peer| peer.0),
            method: known_method(request.method()),
            route: ROUTES.into_iter().find(|route| Some(*route) == matched).unwrap_or("none"),
            bytes_in: AtomicU64::default(),
            facts: Mutex::default(),
            metrics: Arc::clone(&service.metrics),
            _in_flight: service.metrics.in_flight.count(),
        }
    }

    fn note(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was asked, where it exists.
    pub(super) fn asked(&self, connector: &'static str, action: &'static str) {
        self.note(|facts| (facts.connector, facts.action) = (Some(connector), Some(action)));
    }

    /// Which token was sent, by its label.
    pub(super) fn token(&self, label: String) {
        self.note(|facts| facts.token = Some(label));
    }

    /// How the action came out.
    pub(super) fn outcome(&self, outcome: &'static str) {
        self.note(|facts| facts.outcome = Some(outcome));
    }

    /// So much of the body was read.
    pub(super) fn read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let facts = self.facts.get_mut().unwrap_or_else(PoisonError::into_inner);
        let took = self.received.elapsed();
        let status = facts.status.map_or(GONE, |status| status.as_u16());
        let (connector, action) = (facts.connector.unwrap_or_default(), facts.action.unwrap_or_default());
        self.metrics.request(self.route, connector, action, &status.to_string(), took);
        tracing::info!(
            target: ACCESS,
            request_id = self.id,
            client = self.client.map(tracing::field::display),
            token = facts.token,
            method = self.method,
            route = self.route,
            connector = facts.connector,
            action = facts.action,
            status,
            outcome = facts.outcome,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            bytes_in = self.bytes_in.load(Ordering::Relaxed),
            bytes_out = facts.bytes_out,
            "request"
        );
    }
}

/// A method can be any word, and so could hold anything.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Logs the request and names it in its answer.
pub(super) async fn log(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let visit = Arc::new(Visit::new(&service, &request));
    request.extensions_mut().insert(Arc::clone(&visit));
    let response = next.run(request).await;
    visit.note(|facts| facts.status = Some(response.status()));
    let (mut head, body) = response.into_parts();
    if let Ok(id) = HeaderValue::from_str(&visit.id) {
        head.headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    head.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Response::from_parts(head, Body::new(Logged { body, visit }))
}

/// Counts what goes out; the request is logged when this is dropped.
struct Logged {
    body: Body,
    visit: Arc<Visit>,
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.visit.note(|facts| facts.bytes_out += data.len() as u64);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
