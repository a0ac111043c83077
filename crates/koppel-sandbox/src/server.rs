//! Starting and stopping.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::credentials::Credentials;
use crate::dispatch::{World, serve};
use crate::faults::{FaultEngine, Faults};
use crate::inplanning::InPlanning;
use crate::ipassan::IPassan;
use crate::options::Options;
use crate::sample;
use crate::stats::{Recorder, Stats};
use crate::watch::{Watch, Watchers};
use crate::wire::{Cut, CuttableListener};

/// How long [`Sandbox::stop`] waits for requests in work.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// The sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// The status for error 211 is none.
    #[error("not_found_status {0} is no HTTP status of an answer")]
    Status(u16),
}

/// Both stand-ins, running on loopback. Dropping it stops them too, without waiting.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    credentials: Credentials,
    world: Arc<World>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sandbox {
    /// Starts both systems. Must be called within a tokio runtime with IO and time.
    ///
    /// # Errors
    /// Where the port is taken or an option makes no sense.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if !(200..600).contains(&options.not_found_status) {
            return Err(StartError::Status(options.not_found_status));
        }
        let port = options.port;
        let listen = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let credentials = Credentials::new(options.seed);
        let world = Arc::new(World {
            latency: options.latency,
            recorder: Recorder::default(),
            watchers: Watchers::default(),
            faults: FaultEngine::new(options.seed, options.faults.clone()),
            inplanning: InPlanning::new(&options, &credentials),
            ipassan: IPassan::new(&options, &credentials),
        });
        sample::fill(&options, &credentials, &world.inplanning, &world.ipassan);

        let app =
            Router::new().fallback(serve).with_state(Arc::clone(&world)).into_make_service_with_connect_info::<Cut>();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async {
                // Either the signal or the end of the sandbox.
                let _ = stopped.await;
            };
            // axum's serve never returns an error.
            let _ = axum::serve(CuttableListener(listener), app).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { address, credentials, world, stop, task })
    }

    /// InPlanning's base URL as the target connector has it: `http://127.0.0.1:PORT/InPlanningService/rest`.
    pub fn inplanning_url(&self) -> String {
        format!("http://{}/InPlanningService/rest", self.address)
    }

    /// InPlanning's base URL as the source connector has it: `http://127.0.0.1:PORT/InPlanningServiceAdmin/rest/api`.
    pub fn inplanning_admin_url(&self) -> String {
        format!("http://{}/InPlanningServiceAdmin/rest/api", self.address)
    }

    /// IPassan's base URL: `http://127.0.0.1:PORT`.
    pub fn ipassan_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address both listen on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The clients, their secrets and the ids a configuration needs.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// InPlanning's state.
    pub fn inplanning(&self) -> &InPlanning {
        &self.world.inplanning
    }

    /// IPassan's state.
    pub fn ipassan(&self) -> &IPassan {
        &self.world.ipassan
    }

    /// Takes other fault rules from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.world.faults.replace(faults);
    }

    /// Has somebody see every request from now on, in place of who did before.
    pub fn watch(&self, watch: Arc<dyn Watch>) {
        self.world.watchers.set(watch);
    }

    /// What reached the systems. Tokens are counted over the whole life of the sandbox.
    pub fn stats(&self) -> Stats {
        let mut stats = self.world.recorder.read();
        stats.inplanning_tokens = self.world.inplanning.tokens_issued();
        stats.ipassan_tokens = self.world.ipassan.tokens_issued();
        stats.faults = self.world.faults.counts();
        stats
    }

    /// Sets the request counters of [`Sandbox::stats`] to zero.
    pub fn reset_stats(&self) {
        self.world.recorder.reset();
    }

    /// Takes no new connections, lets the requests in work finish (for at most five seconds) and stops.
    pub async fn stop(self) {
        // Nobody listens any more only where the server has ended already.
        let _ = self.stop.send(());
        let mut task = self.task;
        if tokio::time::timeout(STOP_PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
