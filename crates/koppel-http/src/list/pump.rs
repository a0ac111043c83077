//! Carries the body of a list from the network to the parser.

use std::future::Future;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf as _, Bytes};
use koppel::{Ctx, Error, ErrorKind, Result};
use tokio::sync::mpsc;

use crate::client::Http;
use crate::exchange::Call;
use crate::gate::Permit;
use crate::transport::innermost;
use crate::wait::unless_stopped;

/// The place of a list among the requests at once; given back while the consumer takes its time.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<Mutex<Option<Permit>>>);

impl Place {
    pub(super) fn new(permit: Permit) -> Self {
        Self(Arc::new(Mutex::new(Some(permit))))
    }

    pub(super) fn leave(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn is_taken(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn retake(&self, permit: Permit) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
    }
}

/// Reads pieces and hands them on until the body ends, breaks off, or nobody wants it any more.
pub(super) async fn run(
    http: Http,
    ctx: Ctx,
    call: Call,
    mut response: reqwest::Response,
    place: Place,
    pieces: mpsc::Sender<Result<Bytes>>,
    unwanted: impl Future<Output = ()>,
) {
    let mut read = 0_u64;
    let work = async {
        loop {
            let piece = match piece(&http, &ctx, &call, &mut response, &place).await {
                Ok(Some(piece)) => piece,
                Ok(None) => return,
                Err(error) => {
                    let _ = pieces.send(Err(error)).await;
                    return;
                }
            };
            read += piece.len() as u64;
            let most = http.0.max_list_body;
            let message =
                format!("{} answered {} with a list of more than {most} bytes", http.system(), call.about.request());
            let piece =
                if read > most { Err(call.about.error(ErrorKind::Protocol, &message, "too large")) } else { Ok(piece) };
            let last = piece.is_err();
            if pieces.send(piece).await.is_err() || last {
                return;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = unwanted => {}
        // The parser had enough: it is no list.
        () = pieces.closed() => {}
    }
    place.leave();
}

async fn piece(
    http: &Http,
    ctx: &Ctx,
    call: &Call,
    response: &mut reqwest::Response,
    place: &Place,
) -> Result<Option<Bytes>> {
    if !place.is_taken() {
        place.retake(http.0.gate.place(ctx).await?);
    }
    let broke_off = |why: String| {
        let message = format!("the list that {} gave for {} broke off: {why}", http.system(), call.about.request());
        call.about
            .error(ErrorKind::Transient, &message, "incomplete body")
            .with_hint("nothing was concluded from the incomplete list; try again")
    };
    match unless_stopped(ctx, tokio::time::timeout(call.timeout, response.chunk())).await? {
        Ok(Ok(piece)) => Ok(piece),
        Ok(Err(error)) => Err(broke_off(innermost(&error.without_url()))),
        Err(_) => Err(broke_off(format!("nothing came for {} s", call.timeout.as_secs()))),
    }
}

/// The body, for a parser that blocks.
pub(super) struct Body {
    pieces: mpsc::Receiver<Result<Bytes>>,
    piece: Bytes,
    /// The first bytes, for a message.
    pub(super) head: Vec<u8>,
    /// Why it broke off, if it did.
    pub(super) error: Option<Error>,
}

/// How much of the body is kept for a message, in bytes.
const HEAD: usize = 1024;

impl Body {
    pub(super) fn new(pieces: mpsc::Receiver<Result<Bytes>>) -> Self {
        Self { pieces, piece: Bytes::new(), head: Vec::new(), error: None }
    }
}

impl Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Ok(piece)) => {
                    let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
                    self.head.extend_from_slice(piece.get(..room).unwrap_or_default());
                    self.piece = piece;
                }
                Some(Err(error)) => {
                    self.error = Some(error);
                    return Err(io::Error::other("the body broke off"));
                }
                None => return Ok(0),
            }
        }
        let count = out.len().min(self.piece.len());
        self.piece.copy_to_slice(out.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
