//! A stand-in on loopback that answers, cuts and stalls as a test says.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    /// Which request on its connection, from 1.
    pub(crate) turn: usize,
}

impl Seen {
    pub(crate) fn bearer(&self) -> &str {
        self.headers.get("authorization").and_then(|h| h.strip_prefix("Bearer ")).unwrap_or_default()
    }
}

/// What the stand-in does.
pub(crate) enum Reply {
    /// A whole answer.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, and the connection is closed.
    Raw(Vec<u8>),
    /// Chunks without an end being written for as long as anybody reads, then the end of the connection.
    Chunks(Box<dyn Iterator<Item = Vec<u8>> + Send>),
    /// Closes the connection without a byte.
    Cut,
    /// Writes these bytes and nothing after them; the connection stays.
    Hang(&'static str),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Full(status, vec![("content-type", "application/json".into())], body.as_bytes().to_vec())
    }

    pub(crate) fn ok() -> Self {
        Self::json(200, "{}")
    }

    pub(crate) fn status(status: u16, name: &'static str, value: &str) -> Self {
        Self::Full(status, vec![(name, value.to_owned())], Vec::new())
    }

    /// An answer whose body ends before its announced length.
    pub(crate) fn truncated(body: &str) -> Self {
        Self::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 10).into_bytes())
    }
}

#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers every request as the function says.
    pub(crate) async fn start<F, Fut>(answer: F) -> Self
    where
        F: Fn(Seen) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let seen = Arc::clone(&server.seen);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &seen, &*answer).await });
            }
        });
        server
    }

    /// Answers with these, one after the other, and then with the last one... which must not be asked for.
    pub(crate) async fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<std::collections::VecDeque<_>>()));
        Self::start(move |_| {
            let reply = replies.lock().unwrap().pop_front().unwrap_or(Reply::json(599, "the script is over"));
            async move { reply }
        })
        .await
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/api/", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests came in whose target ends so.
    pub(crate) fn count(&self, end: &str) -> usize {
        self.seen().iter().filter(|seen| seen.target.ends_with(end)).count()
    }
}

async fn serve<F, Fut>(stream: TcpStream, seen: &Mutex<Vec<Seen>>, answer: &F)
where
    F: Fn(Seen) -> Fut,
    Fut: Future<Output = Reply>,
{
    let mut stream = BufReader::new(stream);
    for turn in 1.. {
        let Some(request) = read(&mut stream, turn).await else {
            let _ = stream.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
            return;
        };
        seen.lock().unwrap().push(request.clone());
        let out = stream.get_mut();
        let done = match answer(request).await {
            Reply::Full(status, headers, body) => {
                let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.extend([name, ": ", &value, "\r\n"]);
                }
                head.push_str("\r\n");
                out.write_all(&[head.as_bytes(), &body].concat()).await
            }
            Reply::Raw(bytes) => {
                let _ = out.write_all(&bytes).await;
                let _ = out.shutdown().await;
                return;
            }
            Reply::Chunks(chunks) => {
                let mut done = out.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                for chunk in chunks {
                    if done.is_err() {
                        return;
                    }
                    let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat();
                    done = out.write_all(&framed).await;
                }
                if done.is_ok() { out.write_all(b"0\r\n\r\n").await } else { done }
            }
            Reply::Cut => return,
            Reply::Hang(start) => {
                let _ = out.write_all(start.as_bytes()).await;
                std::future::pending().await
            }
        };
        if done.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>, turn: usize) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, target, headers, body: String::from_utf8(body).unwrap(), turn })
}
