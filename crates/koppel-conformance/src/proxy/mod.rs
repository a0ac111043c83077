//! A proxy on loopback between a connector and its system: it keeps every exchange and puts planned faults in.

mod exchange;
mod fault;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Limited, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use koppel::{Error, ErrorKind, Result};
use koppel_http::Forward;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};

pub use exchange::{Exchange, Got, Sent, Shown};
use fault::Schedule;
pub use fault::{Fault, Hits, Planned};

/// The largest body that passes, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How many pieces a slow body comes in, and how long each is waited with.
const SLOW_PIECES: usize = 8;
const SLOW_PAUSE: Duration = Duration::from_millis(10);

/// How long a system is waited for that has a request of somebody who is gone.
const SETTLING: Duration = Duration::from_secs(30);

/// Where answers come from.
#[async_trait]
pub trait Upstream: std::fmt::Debug + Send + Sync {
    /// The answer to a request.
    ///
    /// # Errors
    /// Where there is none.
    async fn answer(&self, sent: &Sent) -> Result<Got>;
}

#[async_trait]
impl Upstream for Forward {
    async fn answer(&self, sent: &Sent) -> Result<Got> {
        let got = self.send(&sent.method, &sent.target, &sent.headers, sent.body.clone()).await?;
        Ok(Got { status: got.status, headers: got.headers, body: got.body })
    }
}

/// A proxy that is running; it stops when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    upstream: Box<dyn Upstream>,
    state: Mutex<State>,
    /// How many requests the system has and did not answer yet.
    open: watch::Sender<usize>,
}

/// An answer that is held back.
#[derive(Debug, Default)]
struct Hold {
    /// It is there.
    came: Notify,
    /// It may go on.
    free: Notify,
}

#[derive(Debug, Default)]
struct State {
    exchanges: Vec<Exchange>,
    schedule: Schedule,
    /// The first two answers per path, for pages that repeat.
    first: Vec<(String, Got)>,
    /// The paths whose answers are altered from now on.
    altered: Vec<(String, Fault)>,
    /// Why the system could not be asked.
    unreachable: Vec<String>,
    /// The tokens that were given out, since the start.
    tokens: Vec<String>,
    /// The answer that is held back.
    hold: Arc<Hold>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// `Transient` where this machine gives no port.
    pub async fn start(upstream: impl Upstream + 'static) -> Result<Self> {
        let failed = |e: std::io::Error| Error::new(ErrorKind::Transient, format!("no port on loopback: {e}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let open = watch::Sender::new(0);
        let shared = Arc::new(Shared { upstream: Box::new(upstream), state: Mutex::default(), open });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { address, shared, server })
    }

    /// Its address, such as `http://127.0.0.1:4711`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets the exchanges so far and plans faults.
    pub fn plan(&self, planned: &[Planned]) {
        let mut state = self.shared.state();
        let tokens = std::mem::take(&mut state.tokens);
        // Nobody would release it any more.
        state.hold.free.notify_one();
        *state = State { schedule: Schedule::new(planned), tokens, ..State::default() };
    }

    /// The exchanges since the last plan.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.state().exchanges.clone()
    }

    /// The planned faults that did not happen.
    pub fn missed(&self) -> Vec<Planned> {
        self.shared.state().schedule.missed()
    }

    /// Resolves when an answer is held back ([`Fault::Held`]) since the last plan.
    pub async fn held(&self) {
        let hold = Arc::clone(&self.shared.state().hold);
        hold.came.notified().await;
    }

    /// Lets the answer go on that is held back.
    pub fn release(&self) {
        self.shared.state().hold.free.notify_one();
    }

    /// Waits until the system has answered everything that it was asked, also by somebody who is gone: what it still
    /// carries out would not be seen by whoever looks now. Gives up after half a minute.
    pub async fn settled(&self) {
        let mut open = self.shared.open.subscribe();
        let _ = tokio::time::timeout(SETTLING, open.wait_for(|open| *open == 0)).await;
    }

    /// The access tokens that passed since the start.
    pub fn tokens(&self) -> Vec<String> {
        self.shared.state().tokens.clone()
    }

    /// Why the system could not be asked, for each request that it could not be asked for.
    pub fn unreachable(&self) -> Vec<String> {
        self.shared.state().unreachable.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { exchange(&shared, request).await }
    });
    // A connection that is cut on purpose ends in an error here; the exchange says so.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection is to be cut.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

type Body = BoxBody<Bytes, Cut>;

async fn exchange(shared: &Arc<Shared>, request: Request<Incoming>) -> std::result::Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|_| Cut)?.to_bytes();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let sent = Sent {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        headers: parts.headers.iter().filter_map(header).collect(),
        body,
    };
    let (number, fault, hold) = {
        let mut state = shared.state();
        let fault = state.schedule.due(&sent);
        let path = sent.path().to_owned();
        if let Some(fault) = fault.filter(|fault| fault.lasts()) {
            state.altered.push((path, fault));
        }
        let number = state.exchanges.len() + 1;
        state.exchanges.push(Exchange {
            number,
            sent: sent.clone(),
            system: None,
            got: None,
            fault: fault.map(Fault::name),
        });
        (number, fault, Arc::clone(&state.hold))
    };
    let system = match fault {
        Some(
            Fault::TooMany
            | Fault::TooManyUntold
            | Fault::TokenGone
            | Fault::Unavailable
            | Fault::CutBefore
            | Fault::Html
            | Fault::Nothing,
        ) => None,
        _ => ask(shared, &sent).await,
    };
    if fault == Some(Fault::Held) {
        // Whoever asked may be gone before it goes on.
        if let Some(exchange) = shared.state().exchanges.get_mut(number - 1) {
            exchange.system.clone_from(&system);
        }
        hold.came.notify_one();
        hold.free.notified().await;
    }
    let (got, how) = outcome(shared, &sent, fault, system.as_ref());
    {
        let mut state = shared.state();
        if let Some(token) = system.as_ref().filter(|_| sent.is_token()).and_then(token)
            && !state.tokens.contains(&token)
        {
            state.tokens.push(token);
        }
        if let Some(exchange) = state.exchanges.get_mut(number - 1) {
            exchange.system.clone_from(&system);
            exchange.got.clone_from(&got);
        }
        let kept = state.first.iter().filter(|(path, _)| path == sent.path()).count();
        if let Some(system) = system.filter(|_| kept < 2) {
            state.first.push((sent.path().to_owned(), system));
        }
    }
    got.map(|got| respond(got, how)).ok_or(Cut)
}

/// What the system says; `None` where it says nothing. A request that was begun is waited for to its end, also where
/// whoever sent it is gone.
async fn ask(shared: &Arc<Shared>, sent: &Sent) -> Option<Got> {
    shared.open.send_modify(|open| *open += 1);
    let (shared, sent) = (Arc::clone(shared), sent.clone());
    let asked = tokio::spawn(async move {
        let answer = shared.upstream.answer(&sent).await;
        shared.open.send_modify(|open| *open -= 1);
        match answer {
            Ok(got) => Some(got),
            Err(error) => {
                shared.state().unreachable.push(error.message().to_owned());
                None
            }
        }
    });
    asked.await.ok().flatten()
}

/// The token in the answer to a request for one.
fn token(got: &Got) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(&got.body).ok()?;
    answer.get("access_token").or_else(|| answer.get("token"))?.as_str().map(str::to_owned)
}

/// How an answer is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Whole,
    Slowly,
    Broken,
}

/// What the connector gets.
fn outcome(shared: &Shared, sent: &Sent, fault: Option<Fault>, system: Option<&Got>) -> (Option<Got>, How) {
    const JSON: &str = "application/json";
    let own = |status, body: &'static str| (Some(Got::own(status, JSON, body)), How::Whole);
    match fault {
        Some(Fault::TooMany) => {
            let mut got = Got::own(429, JSON, r#"{"error":"too many requests"}"#);
            got.headers.push(("retry-after".into(), "1".into()));
            (Some(got), How::Whole)
        }
        Some(Fault::TooManyUntold) => own(429, r#"{"error":"too many requests"}"#),
        Some(Fault::TokenGone) => {
            own(401, r#"{"error":"invalid_token","error_description":"the token is no longer valid"}"#)
        }
        Some(Fault::Unavailable) => own(503, r#"{"error":"out of service"}"#),
        Some(Fault::Html) => {
            (Some(Got::own(200, "text/html", "<!doctype html><title>Maintenance</title><p>Back soon")), How::Whole)
        }
        Some(Fault::Nothing) => own(200, "{}"),
        Some(Fault::CutBefore | Fault::CutAfter | Fault::OtherOrder) => (None, How::Whole),
        Some(Fault::LostAnswer) => own(502, r#"{"error":"bad gateway"}"#),
        Some(Fault::Truncated) => (system.cloned(), How::Broken),
        Some(Fault::Slow) => (system.cloned(), How::Slowly),
        Some(Fault::RepeatedPage | Fault::CyclicPages | Fault::Held) | None => {
            (system.map(|got| altered(shared, sent, got)), How::Whole)
        }
    }
}

/// The answer of a path whose answers are altered.
fn altered(shared: &Shared, sent: &Sent, got: &Got) -> Got {
    let state = shared.state();
    let fault = state.altered.iter().find(|(path, _)| path == sent.path()).map(|(_, fault)| *fault);
    let pages: Vec<&Got> = state.first.iter().filter(|(path, _)| path == sent.path()).map(|(_, page)| page).collect();
    let asked = state.exchanges.iter().filter(|e| e.sent.path() == sent.path()).count();
    match (fault, pages.as_slice()) {
        (Some(Fault::RepeatedPage), [first, ..]) => Got::clone(first),
        // This request is among those that were asked: the third gets the first page.
        (Some(Fault::CyclicPages), [first, second]) => Got::clone(if asked % 2 == 1 { first } else { second }),
        (Some(Fault::OtherOrder), _) => Got { body: reversed(&got.body), ..got.clone() },
        _ => got.clone(),
    }
}

/// The document with its lists the other way round.
fn reversed(body: &Bytes) -> Bytes {
    fn turn(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => {
                items.reverse();
                items.iter_mut().for_each(turn);
            }
            serde_json::Value::Object(map) => map.values_mut().for_each(turn),
            _ => {}
        }
    }
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(mut value) => {
            turn(&mut value);
            Bytes::from(value.to_string())
        }
        Err(_) => body.clone(),
    }
}

fn respond(got: Got, how: How) -> Response<Body> {
    let mut response = Response::builder().status(got.status);
    for (name, value) in &got.headers {
        if !name.eq_ignore_ascii_case("content-encoding") {
            response = response.header(name, value);
        }
    }
    let length = got.body.len();
    let body: Body = match how {
        How::Whole => http_body_util::Full::new(got.body).map_err(|never: Infallible| match never {}).boxed(),
        How::Slowly => {
            let size = length.div_ceil(SLOW_PIECES).max(1);
            let pieces: Vec<Bytes> =
                (0..length).step_by(size).map(|at| got.body.slice(at..(at + size).min(length))).collect();
            let pieces = stream::iter(pieces).then(|piece| async {
                tokio::time::sleep(SLOW_PAUSE).await;
                Ok(Frame::data(piece))
            });
            http_body_util::BodyExt::boxed(StreamBody::new(pieces))
        }
        How::Broken => {
            // The length promises more than comes.
            response = response.header("content-length", length.max(2));
            let half = got.body.slice(..length / 2);
            http_body_util::BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(half)), Err(Cut)])))
        }
    };
    let unheard = |_| Response::new(http_body_util::Empty::new().map_err(|never: Infallible| match never {}).boxed());
    response.body(body).unwrap_or_else(unheard)
}
