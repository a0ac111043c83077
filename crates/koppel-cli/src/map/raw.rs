//! The raw persons of a source, one after the other.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::path::Path;

use koppel_helloid::tidy;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::{Deserializer, Value};

use crate::failure::Failure;
use crate::io::{MOST_BYTES, lines_of, open};

/// Hands out every raw person of a file: an object, objects one after the other as in JSON lines, or a list of objects.
/// Only one person at a time is in memory.
pub(super) fn each(path: &Path, handle: impl FnMut(Value) -> Result<(), Failure>) -> Result<(), Failure> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(Failure::usage(format!("{name} is a folder")));
    }
    let unreadable = |e: &dyn std::fmt::Display| Failure::usage(format!("{name}: {e}"));
    let mut reader = lines_of(open(Some(path))?)?;
    let start = reader.fill_buf().map_err(|e| unreadable(&e))?;
    if start.starts_with(&[0xEF, 0xBB, 0xBF]) {
        reader.consume(3);
    }
    let first = first(&mut reader).map_err(|e| unreadable(&e))?;
    let left = Cell::new(MOST_BYTES);
    let mut reader = Deserializer::from_reader(Bounded { reader, left: &left });
    let mut persons = Persons { handle, left: &left, failure: None };
    let read = match first {
        None => return Err(unreadable(&"is empty; it must hold raw persons as JSON objects")),
        Some(b'[') => reader.deserialize_seq(&mut persons).and_then(|()| reader.end()),
        Some(_) => {
            let mut values = reader.into_iter::<Value>();
            values.try_for_each(|person| persons.take(person?))
        }
    };
    match (persons.failure, read) {
        (Some(failure), _) => Err(failure),
        (None, Err(e)) if e.is_io() => Err(unreadable(&e)),
        (None, Err(e)) => Err(unreadable(&format!("is not JSON: {e}"))),
        (None, Ok(())) => Ok(()),
    }
}

/// The first byte that is no blank; it stays to be read.
fn first(reader: &mut dyn BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(0) => return Ok(buffer.first().copied()),
            found => {
                let blanks = found.unwrap_or(buffer.len());
                reader.consume(blanks);
            }
        }
    }
}

/// A reader that ends with an error where one person is too large.
struct Bounded<'a, R> {
    reader: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other(format!("a person is larger than {} MiB", MOST_BYTES / 1024 / 1024)));
        }
        let most = usize::try_from(self.left.get()).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.reader.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get() - read as u64);
        Ok(read)
    }
}

/// What is done with each person.
struct Persons<'a, F> {
    handle: F,
    left: &'a Cell<u64>,
    failure: Option<Failure>,
}

impl<F: FnMut(Value) -> Result<(), Failure>> Persons<'_, F> {
    fn take(&mut self, person: Value) -> serde_json::Result<()> {
        self.left.set(MOST_BYTES);
        (self.handle)(tidy(person)).map_err(|failure| {
            self.failure = Some(failure);
            serde::de::Error::custom("the program ends")
        })
    }
}

impl<'de, F: FnMut(Value) -> Result<(), Failure>> Visitor<'de> for &mut Persons<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of persons")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(person) = seq.next_element()? {
            self.take(person).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}
