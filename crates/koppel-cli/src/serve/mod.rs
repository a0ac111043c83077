//! `koppel serve`: the action documents over HTTPS.

mod access;
mod actions;
mod body;
mod connections;
mod files;
mod gates;
mod instances;
mod listen;
mod login;
mod metrics;
mod openapi;
mod patient;
mod refusal;
mod routes;
mod stream;
mod tls;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use koppel::{Cancel, Clock as _, Scrubber};
use koppel_http::SystemClock;

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::host::Host;
use crate::io::{flush, print_line};
use crate::log::Detail;
use crate::signals::Signals;

pub(crate) use openapi::openapi;

/// What the service never goes beyond.
#[derive(Debug, Clone, Copy)]
struct Limits {
    connections: usize,
    concurrency: usize,
    per_connector: usize,
    per_system: usize,
    queue: usize,
    /// Bytes of one document.
    body: usize,
    /// For what a client has to send, and to take.
    read: Duration,
    /// For one action, where the operator is less patient than HelloID.
    action: Option<Duration>,
}

impl Limits {
    fn of(args: &ServeArgs) -> Self {
        Self {
            connections: args.connections.into(),
            concurrency: args.concurrency.into(),
            per_connector: args.per_connector.into(),
            per_system: args.per_system.into(),
            queue: args.queue.into(),
            body: usize::try_from(args.max_body).unwrap_or(usize::MAX),
            read: Duration::from_secs(args.read_timeout),
            action: args.action_timeout.map(Duration::from_secs),
        }
    }
}

/// What all requests share.
struct Service {
    host: Host,
    limits: Limits,
    /// The only folder whose files a configuration may name.
    files: Option<PathBuf>,
    tokens: tokens::Tokens,
    logins: login::Logins,
    instances: instances::Instances,
    gates: gates::Gates,
    metrics: Arc<metrics::Metrics>,
    openapi: Bytes,
    /// Ends imports, which only read, when the service stops.
    stop: Cancel,
    /// The first half of each request's id.
    run: String,
    requests: AtomicU64,
}

/// Serves until it is told to stop.
pub(crate) async fn serve(args: &ServeArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    // Asked for first: who reads the line on stdout may stop the program at once.
    let signals = Signals::listen().map_err(|e| Failure::failed(format!("cannot wait for the signal to stop: {e}")))?;
    let host = Host::lasting(scrubber, detail)?;
    let limits = Limits::of(args);
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => Some(tls::acceptor(cert, key)?),
        _ => None,
    };
    let tokens = tokens::Tokens::open(&args.token_file, scrubber)?;
    let openapi = serde_json::to_vec(&openapi(&host)?).map_err(|e| Failure::failed(e.to_string()))?;
    let listener = listen::bind(&args.listen, tls.is_some()).await?;
    let address = listener.local_addr().map_err(|e| Failure::failed(format!("cannot listen: {e}")))?;
    let service = Arc::new(Service {
        gates: gates::Gates::new(&limits, &host),
        host,
        limits,
        files: args.config_files.clone(),
        tokens,
        logins: login::Logins::default(),
        instances: instances::Instances::default(),
        metrics: Arc::default(),
        openapi: openapi.into(),
        stop: Cancel::default(),
        run: format!("{:x}", SystemClock::default().now().as_microsecond()),
        requests: AtomicU64::default(),
    });
    print_line(&format!("{}://{address}", if tls.is_some() { "https" } else { "http" }))?;
    flush()?;
    connections::run(listener, tls, service, signals).await
}
