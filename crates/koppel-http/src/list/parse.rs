//! Takes the items out of the body, one at a time.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};

use bytes::Bytes;
use koppel::Result;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::ListAt;
use super::pump::{Body, Place};
use crate::answer::Answer;

/// Parses the body and sends every item, and at the end an error if the list is not whole.
pub(super) fn run<T: DeserializeOwned>(
    answer: &Answer,
    body: Body,
    at: ListAt,
    items: &Sender<Result<T>>,
    place: &Place,
) {
    let mut reader = BufReader::with_capacity(64 * 1024, body);
    let Err(error) = parse(&mut reader, at, Out { items, place }) else { return };
    let mut body = reader.into_inner();
    let error = body.error.take().unwrap_or_else(|| {
        let mut answer = answer.clone();
        answer.body = Bytes::from(std::mem::take(&mut body.head));
        answer.not_understood(&error.to_string())
    });
    // Nobody listens where the consumer has gone, which is one of the reasons to be here.
    let _ = items.blocking_send(Err(error));
}

fn parse<T: DeserializeOwned>(reader: &mut BufReader<Body>, at: ListAt, out: Out<'_, T>) -> serde_json::Result<()> {
    if reader.fill_buf().map_err(serde_json::Error::io)?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    let mut json = serde_json::Deserializer::from_reader(reader.by_ref());
    match at {
        ListAt::Root => json.deserialize_seq(out)?,
        ListAt::Field(name) => json.deserialize_map(InField { name, out })?,
    }
    // Reads to the end of the body: only then is it known that it was whole.
    json.end()
}

/// Where the items go.
struct Out<'a, T> {
    items: &'a Sender<Result<T>>,
    place: &'a Place,
}

impl<T> Clone for Out<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Out<'_, T> {}

impl<T> Out<'_, T> {
    /// `false` when nobody wants it.
    fn give(&self, item: T) -> bool {
        match self.items.try_send(Ok(item)) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(item)) => {
                self.place.leave();
                self.items.blocking_send(item).is_ok()
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Out<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(item) = list.next_element::<T>()? {
            if !self.give(item) {
                return Err(A::Error::custom("the reader of the list has gone"));
            }
        }
        Ok(())
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Out<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

/// An object with the list in one of its fields.
struct InField<'a, T> {
    name: &'static str,
    out: Out<'a, T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for InField<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the list `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(name) = map.next_key::<String>()? {
            if name != self.name {
                map.next_value::<IgnoredAny>()?;
            } else if found {
                return Err(A::Error::custom(format!("the list `{}` is there twice", self.name)));
            } else {
                found = true;
                map.next_value_seed(self.out)?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::custom(format!("there is no list `{}`", self.name))) }
    }
}
