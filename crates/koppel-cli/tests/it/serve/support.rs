//! A service beside the test, and a way into a system that the test opens when it wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

#[cfg(unix)]
use crate::support::Output;
use crate::support::{Koppel, Running, World, document, new_person};

/// A token that is let in; every output is searched for its first word.
pub(super) const TOKEN: &str = "canary-service-token-0123456789";

/// Nothing in these tests takes a tenth of this.
const PATIENCE: Duration = Duration::from_mins(2);

/// A service that runs.
pub(super) struct Service {
    #[cfg_attr(not(unix), expect(dead_code, reason = "ends with the test"))]
    running: Running,
    pub(super) url: String,
    pub(super) runtime: Runtime,
    pub(super) client: reqwest::Client,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    /// Did the answer end as it should?
    pub(super) whole: bool,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        self.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        assert!(self.headers.contains_key("x-request-id"), "{self:#?}");
        self
    }

    /// A document with exactly one error line, as a script copies it back.
    pub(super) fn refused(self, status: u16, says: &str) -> Value {
        let document = self.is(status).json();
        let inner = &document["outputContext"];
        assert_eq!(inner["Success"], false, "{document:#}");
        let lines = inner["AuditLogs"].as_array().unwrap();
        assert_eq!(lines.len(), 1, "{document:#}");
        assert!(lines[0]["IsError"] == true && lines[0]["Message"].as_str().unwrap().contains(says), "{document:#}");
        document
    }
}

/// The arguments that every service is started with.
pub(super) fn arguments(world: &World, listen: &str) -> Vec<String> {
    let tokens = world.path("tokens");
    if !tokens.exists() {
        std::fs::write(&tokens, format!("# for the tests\n\n{TOKEN}\n")).unwrap();
    }
    ["serve", "--listen", listen, "--token-file", tokens.to_str().unwrap()].map(str::to_owned).to_vec()
}

impl Service {
    pub(super) fn start(world: &World, more: &[&str]) -> Self {
        Self::on(world, "127.0.0.1:0", more, client())
    }

    pub(super) fn on(world: &World, listen: &str, more: &[&str], client: reqwest::ClientBuilder) -> Self {
        let mut all = arguments(world, listen);
        all.extend(more.iter().map(ToString::to_string));
        // Without the state folder of the world: the service keeps nothing on disk.
        let (running, _) = Koppel::new(&all).env("XDG_CACHE_HOME", world.path("cache")).start();
        let url = running.line();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let client = runtime.block_on(async { client.build().unwrap() });
        Self { running, url, runtime, client }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.url.split("://").nth(1).unwrap().parse().unwrap()
    }

    pub(super) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.url)).bearer_auth(TOKEN)
    }

    pub(super) fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        self.runtime.block_on(reply(request))
    }

    pub(super) fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request("POST", path).body(body.to_string()))
    }

    /// A request that is answered while the test goes on.
    pub(super) fn begin(&self, path: &str, body: &Value) -> Pending {
        let request = self.request("POST", path).body(body.to_string());
        let (send, receive) = channel();
        let task = self.runtime.spawn(async move {
            // The test may have given it up.
            let _ = send.send(reply(request).await);
        });
        Pending { receive, task }
    }

    /// A connection without anything in between.
    pub(super) fn raw(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    #[cfg(unix)]
    pub(super) fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill").args([name, &self.running.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end.
    #[cfg(unix)]
    pub(super) fn finish(self) -> Output {
        // Connections that the client keeps for later are no reason to wait.
        drop(self.client);
        self.running.finish()
    }

    /// Stops it; everything that it said.
    #[cfg(unix)]
    pub(super) fn stop(self) -> Output {
        self.signal("-TERM");
        self.finish().exits(0)
    }
}

/// A request whose answer is awaited later.
pub(super) struct Pending {
    receive: Receiver<Reply>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "given up on unix only"))]
    task: tokio::task::JoinHandle<()>,
}

impl Pending {
    pub(super) fn reply(self) -> Reply {
        self.receive.recv_timeout(PATIENCE).unwrap()
    }

    /// The client goes away.
    #[cfg(unix)]
    pub(super) fn give_up(self) {
        self.task.abort();
    }
}

async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let mut answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let mut bytes = Vec::new();
    let whole = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Reply { status, headers, text: String::from_utf8(bytes).unwrap(), whole }
}

pub(super) fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

/// Everything that comes until the connection ends, however it ends.
pub(super) fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has said what it had to say.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// The headers of an authorised request.
pub(super) fn head(method: &str, path: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}: Bearer {TOKEN}\r\n{more}\r\n")
}

/// A way to the stand-ins that lets nothing through until the test says so.
pub(super) struct Gate {
    address: SocketAddr,
    arrived: Receiver<()>,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    pub(super) fn before(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, behind) = (listener.local_addr().unwrap(), world.sandbox.address());
        let open = Arc::new((Mutex::new(false), Condvar::new()));
        let (arrive, arrived) = channel();
        let opened = Arc::clone(&open);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let opened = Arc::clone(&opened);
                if arrive.send(()).is_err() {
                    return;
                }
                thread::spawn(move || {
                    let (lock, signal) = &*opened;
                    drop(signal.wait_while(lock.lock().unwrap(), |open| !*open).unwrap());
                    join(&stream, &TcpStream::connect(behind).unwrap());
                });
            }
        });
        Self { address, arrived, open }
    }

    /// Waits until somebody stands before it.
    pub(super) fn arrival(&self) {
        self.arrived.recv_timeout(PATIENCE).unwrap();
    }

    pub(super) fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }

    /// A create in the doors that has to pass it.
    pub(super) fn create(&self, world: &World, number: &str) -> Value {
        let config = world.config_with(crate::support::DOORS, &json!({"BaseUrl": format!("http://{}", self.address)}));
        document(&config, &new_person(number))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

fn join(one: &TcpStream, other: &TcpStream) {
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    copy(one.try_clone().unwrap(), other.try_clone().unwrap());
    copy(other.try_clone().unwrap(), one.try_clone().unwrap());
}

/// A file of the tests' TLS.
pub(super) fn tls(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/serve/tls").join(name).to_str().unwrap().to_owned()
}
