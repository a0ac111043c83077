//! A long list, item by item.

mod parse;
mod pump;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use koppel::{Ctx, Error, Result};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::client::Http;
use crate::exchange::{Call, Got};
use pump::{Body, Place};

/// Where in the answer the list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAt {
    /// The answer is the list.
    Root,
    /// The answer is an object, and the list is its field with this name.
    Field(&'static str),
}

/// Items that wait for the consumer.
const ITEMS_AHEAD: usize = 8;
/// Pieces of the body that wait for the parser.
const PIECES_AHEAD: usize = 2;

/// The list as a stream.
pub(crate) fn stream<T>(call: Result<(Http, Call)>, ctx: Ctx, at: ListAt) -> BoxStream<'static, Result<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    stream::once(async move {
        match start(call, ctx, at).await {
            Ok(items) => {
                stream::unfold(items, |mut items| async { items.recv().await.map(|item| (item, items)) }).boxed()
            }
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    })
    .flatten()
    .boxed()
}

async fn start<T>(call: Result<(Http, Call)>, ctx: Ctx, at: ListAt) -> Result<mpsc::Receiver<Result<T>>>
where
    T: DeserializeOwned + Send + 'static,
{
    let (http, call) = call?;
    let Got::Open { answer, response, permit } = http.0.exchange(&ctx, &call, true).await? else {
        return Err(Error::bug("a stream was asked for and a document came"));
    };
    let (items, receiver) = mpsc::channel(ITEMS_AHEAD);
    let (pieces, body) = mpsc::channel(PIECES_AHEAD);
    let place = Place::new(permit);
    let reader = Body::new(body);
    tokio::spawn(pump::run(http, ctx, call, response, place.clone(), pieces, {
        let items = items.clone();
        async move { items.closed().await }
    }));
    tokio::task::spawn_blocking(move || parse::run(&answer, reader, at, &items, &place));
    Ok(receiver)
}
