//! The lines of a file as rows of fields.

use std::io;

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Terminator};

use crate::opened::Opened;
use crate::text::{END, Letters, Text};

/// What the first line of a file may stand between its fields, the likelier first.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Why a file has no next row.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What stands in this line.
    Odd(u64, String),
    /// The file cannot be read.
    Unreadable(io::Error),
}

/// The rows of a file that are not blank.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    reader: Reader<Text<'a>>,
    record: ByteRecord,
    /// The line of the row that was read last.
    line: Option<u64>,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Its fields.
    pub(crate) fields: &'r ByteRecord,
}

impl<'a> Rows<'a> {
    /// From the beginning of the file on.
    pub(crate) fn of(opened: &'a Opened, letters: Letters, delimiter: u8) -> io::Result<Self> {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(letters.read(opened)?);
        Ok(Self { reader, record: ByteRecord::new(), line: None })
    }

    /// The next row; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, Stop> {
        self.line = None;
        loop {
            let begin = self.reader.position().line();
            self.reader.get_mut().next_line();
            let more = self.reader.read_byte_record(&mut self.record);
            let more = more.map_err(|error| stop(begin, error))?;
            let inside: u64 = self.record.iter().flatten().filter(|b| **b == b'\n').map(|_| 1).sum();
            let line = self.reader.position().line().saturating_sub(inside + 1);
            if self.record.len() == 1 && &self.record[0] == END {
                let mut behind = ByteRecord::new();
                return match self.reader.read_byte_record(&mut behind) {
                    Ok(false) => Ok(None),
                    _ => Err(Stop::Odd(line, "has the control character U+0001".to_owned())),
                };
            }
            if !more || self.record.iter().any(|field| field.ends_with(b"\n\x01\n")) {
                // The end was swallowed by a field, and with it the end of the line.
                return Err(Stop::Odd(line + 1, "a quotation mark opens here and is never closed".to_owned()));
            }
            if !self.record.iter().all(|field| field.trim_ascii().is_empty()) {
                self.line = Some(line);
                return Ok(self.last());
            }
        }
    }

    /// The row that was read last.
    pub(crate) fn last(&self) -> Option<Row<'_>> {
        self.line.map(|line| Row { line, fields: &self.record })
    }
}

fn stop(line: u64, error: csv::Error) -> Stop {
    let said = error.to_string();
    match error.into_kind() {
        ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => Stop::Odd(line, error.to_string()),
        ErrorKind::Io(error) => Stop::Unreadable(error),
        // Neither lengths nor letters are checked by the reader.
        _ => Stop::Odd(line, said),
    }
}

/// How a line begins that says the delimiter and is no header, as Excel knows it: `sep=;`.
pub(crate) const SAYS_DELIMITER: &[u8] = b"sep=";

/// The delimiter of a file: what its first line says, or has most of.
pub(crate) fn delimiter(opened: &Opened, letters: Letters) -> Result<u8, Stop> {
    // With a sign that no file has, so that a line is one field.
    let mut lines = Rows::of(opened, letters, b'\x02').map_err(Stop::Unreadable)?;
    let Some(row) = lines.next()? else { return Ok(DELIMITERS[0]) };
    let first = row.fields.get(0).unwrap_or_default();
    if let Some([said, ..]) = first.strip_prefix(SAYS_DELIMITER) {
        return Ok(*said);
    }
    let count = |delimiter: u8| first.split(|b| *b == delimiter).count();
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    Ok(best.unwrap_or(DELIMITERS[0]))
}
