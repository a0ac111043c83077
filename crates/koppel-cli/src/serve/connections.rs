//! Connections: how they are taken, bounded and ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::Service;
use super::access::Peer;
use super::patient::Patient;
use super::routes::router;
use crate::failure::Failure;
use crate::log::SERVICE;
use crate::signals::Signals;

/// Headers may have this many bytes in all.
const MOST_HEADER_BYTES: usize = 32 * 1024;
/// And be this many.
const MOST_HEADERS: usize = 100;
/// When the service stops, what is in hand may take this long: an action's time, and some.
const STOP_PATIENCE: Duration = Duration::from_secs(35);
/// What nobody asks for any more is looked for this often.
const SWEEP: Duration = Duration::from_secs(10);

/// Serves until a signal, then lets what is in hand end.
///
/// # Errors
/// A failure where something had to be cut off.
pub(super) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    mut signals: Signals,
) -> Result<(), Failure> {
    let most = service.limits.connections;
    let places = Arc::new(Semaphore::new(most));
    let (stop, stopping) = watch::channel(false);
    let server = Server { router: router(&service), tls, service: Arc::clone(&service), stopping };
    let sweeper = tokio::spawn(sweep(Arc::clone(&service)));
    tokio::select! {
        () = accept(&listener, &server, &places) => {}
        () = signals.next() => {}
    }
    drop(listener);
    sweeper.abort();
    tracing::info!(target: SERVICE, "stopping: no new connections; actions in hand are carried out");
    service.stop.cancel();
    // Nobody listens where no connection is open.
    let _ = stop.send(true);
    let idle = async {
        let _ = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
        service.gates.idle().await;
    };
    tokio::select! {
        () = idle => Ok(()),
        () = signals.next() => Err(Failure::failed("stopped at once: what was in hand is cut off, and its outcome unknown")),
        () = tokio::time::sleep(STOP_PATIENCE) => {
            Err(Failure::failed(format!("stopped after {} s: what is still in hand is cut off", STOP_PATIENCE.as_secs())))
        }
    }
}

async fn sweep(service: Arc<Service>) {
    let mut every = tokio::time::interval(SWEEP);
    loop {
        every.tick().await;
        service.instances.sweep(&service);
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    router: Router,
    tls: Option<TlsAcceptor>,
    service: Arc<Service>,
    stopping: watch::Receiver<bool>,
}

/// Takes connections, as many as there is place for; the others wait in the system's queue.
async fn accept(listener: &TcpListener, server: &Server, places: &Arc<Semaphore>) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, client)) => drop(tokio::spawn(server.clone().connection(stream, client, place))),
            Err(error) => {
                // Often too many open files: some will be closed soon.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Resolves when the service stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error says that nobody is there to stop it.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

impl Server {
    async fn connection(self, stream: TcpStream, client: SocketAddr, _place: OwnedSemaphorePermit) {
        let _counted = self.service.metrics.connections.count();
        // Without it small answers wait; one that cannot be set is no reason to refuse the client.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.service.limits.read);
        let Some(tls) = self.tls.clone() else { return self.speak(stream, client).await };
        let mut stopping = self.stopping.clone();
        let handshake = tokio::select! {
            handshake = tokio::time::timeout(self.service.limits.read, tls.accept(stream)) => handshake,
            () = stopped(&mut stopping) => return,
        };
        match handshake {
            Ok(Ok(stream)) => self.speak(stream, client).await,
            Ok(Err(error)) => tracing::debug!(client = %client.ip(), %error, "a TLS handshake failed"),
            Err(_) => tracing::debug!(client = %client.ip(), "a TLS handshake took too long"),
        }
    }

    /// Speaks HTTP/1.1 until the client is done, or the service stops and the request in hand is answered.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send, client: SocketAddr) {
        let routes = TowerToHyperService::new(self.router);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(client.ip().to_canonical()));
            routes.call(request.map(Body::new))
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.service.limits.read)
            .max_buf_size(MOST_HEADER_BYTES)
            .max_headers(MOST_HEADERS);
        let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut stopping = self.stopping;
        let done = tokio::select! {
            done = connection.as_mut() => done,
            () = stopped(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = done {
            tracing::debug!(client = %client.ip(), %error, "a connection broke off");
        }
    }
}
