//! Servers for the tests, and clients for them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use inplanning_api::{BaseUrl, Connection, Credentials, InPlanning};
use koppel::{Ctx, Result, Scrubber, Secret};
use koppel_http::{StateDir, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const SECRET: &str = "s3cret-of-the-client";

pub(crate) fn ctx() -> Ctx {
    Ctx::new(Arc::new(SystemClock::default()))
}

pub(crate) fn body_credentials() -> Credentials {
    Credentials::Body { client_id: "client".into(), client_secret: Secret::new(SECRET) }
}

pub(crate) fn client_with(base: &str, credentials: Credentials) -> InPlanning {
    let connection = Connection {
        base_url: BaseUrl::parse(base).unwrap(),
        credentials,
        concurrency: NonZeroUsize::new(4).unwrap(),
        allow_insecure_http: false,
    };
    InPlanning::new(connection, StateDir::none(), Scrubber::default()).unwrap()
}

/// A server that gives tokens, and a client for it.
pub(crate) async fn start() -> (MockServer, InPlanning) {
    let server = MockServer::start().await;
    let count = AtomicUsize::new(0);
    Mock::given(method("POST"))
        .and(path("/rest/api/token"))
        .respond_with(move |_: &Request| {
            let token = format!("token-number-{}", count.fetch_add(1, Ordering::SeqCst) + 1);
            ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": token, "expires_in": 3600, "token_type": "Bearer"}))
        })
        .mount(&server)
        .await;
    let client = client_with(&format!("{}/rest", server.uri()), body_credentials());
    (server, client)
}

/// Answers a method and a path below the API.
pub(crate) async fn answer(server: &MockServer, verb: &str, at: &str, status: u16, body: Value) {
    answer_with(server, verb, at, ResponseTemplate::new(status).set_body_json(body)).await;
}

pub(crate) async fn answer_with(server: &MockServer, verb: &str, at: &str, template: ResponseTemplate) {
    let at = format!("/rest/api{at}");
    Mock::given(method(verb))
        .and(move |request: &Request| request.url.path() == at)
        .respond_with(template)
        .mount(server)
        .await;
}

/// The requests but those for a token: method, address below the API, body.
pub(crate) async fn requests(server: &MockServer) -> Vec<(String, String, Value)> {
    let all = server.received_requests().await.unwrap();
    all.iter()
        .filter(|request| !request.url.path().ends_with("/token"))
        .map(|request| {
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let place = format!("{}{query}", request.url.path().trim_start_matches("/rest/api"));
            (request.method.to_string(), place, serde_json::from_slice(&request.body).unwrap_or(Value::Null))
        })
        .collect()
}

pub(crate) async fn all<T>(list: BoxStream<'static, Result<T>>) -> Result<Vec<T>> {
    list.try_collect().await
}

/// A server without manners: tokens are given, and what happens to every other request is up to `misbehave`.
pub(crate) async fn raw<F, Fut>(misbehave: F) -> InPlanning
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/rest", listener.local_addr().unwrap());
    let misbehave = Arc::new(misbehave);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let misbehave = Arc::clone(&misbehave);
            tokio::spawn(async move { serve(stream, &*misbehave).await });
        }
    });
    client_with(&base, body_credentials())
}

async fn serve<F: Fn(TcpStream) -> Fut, Fut: Future<Output = ()>>(mut stream: TcpStream, misbehave: &F) {
    let mut head = Vec::new();
    let mut byte = [0_u8; 1];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    if text.starts_with("post /rest/api/token") {
        let token = r#"{"access_token":"token-number-1","expires_in":3600}"#;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{token}", token.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    misbehave(stream).await;
}
