//! The table in a file: a CSV with `;`, or a JSON array.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use koppel::Fault;
use serde_json::Value;

use super::{Placed, row};
use crate::config::ProfileRow;

pub(super) const KEY: &str = "HelloIDLookupKey";
pub(super) const NAME: &str = "AccessProfileName";
pub(super) const ID: &str = "AccessProfileId";

/// Where a fault of the file stands.
const PLACE: &str = "accessProfilesFile";
/// A larger file is not such a table.
const LARGEST: u64 = 1024 * 1024;

/// The rows of the file.
pub(super) fn read(path: &Path, faults: &mut Vec<Fault>) -> Vec<Placed> {
    match contents(path).and_then(|text| parse(&text)) {
        Ok(rows) => rows,
        Err(fault) => {
            faults.push(fault);
            Vec::new()
        }
    }
}

fn contents(path: &Path) -> Result<String, Fault> {
    let unreadable = |error: std::io::Error| Fault::new(PLACE, format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::new(PLACE, format!("{} is larger than 1 MiB", path.display())));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|b| *b == b'\n').count();
        Fault::new(PLACE, format!("line {line}: is not UTF-8; save the file as CSV UTF-8"))
    })
}

fn parse(text: &str) -> Result<Vec<Placed>, Fault> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('[') { json(text) } else { csv(text) }
}

fn json(text: &str) -> Result<Vec<Placed>, Fault> {
    let items: Vec<Value> = serde_json::from_str(text)
        .map_err(|error| Fault::new(PLACE, format!("line {}, column {}: {error}", error.line(), error.column())))?;
    Ok(items.iter().enumerate().map(|(i, item)| Placed { place: format!("{PLACE}[{i}]"), row: row(item) }).collect())
}

fn csv(text: &str) -> Result<Vec<Placed>, Fault> {
    let mut reader = ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut columns: Option<[usize; 3]> = None;
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let line = line_after_blanks(text, reader.position());
        if !reader.read_record(&mut record).map_err(|error| Fault::new(PLACE, format!("line {line}: {error}")))? {
            break;
        }
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some([key, name, id]) = columns else {
            columns = Some(header(&record, line)?);
            continue;
        };
        let cell = |i: usize| record.get(i).unwrap_or_default().to_owned();
        let row = ProfileRow { lookup_key: cell(key), access_profile_name: cell(name), access_profile_id: cell(id) };
        rows.push(Placed { place: format!("{PLACE}[line {line}]"), row });
    }
    if columns.is_none() {
        return Err(Fault::new(PLACE, format!("line 1: is empty; it needs the headers {KEY};{NAME};{ID}")));
    }
    Ok(rows)
}

/// The line of the next row; the reader's own count stands before the blank lines that it skips.
fn line_after_blanks(text: &str, at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    at.line() + rest.bytes().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| *b == b'\n').map(|_| 1).sum::<u64>()
}

/// The places of the three columns.
fn header(record: &StringRecord, line: u64) -> Result<[usize; 3], Fault> {
    let find = |name: &str| record.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    let (key, id) = (find(KEY), find(ID));
    let missing: Vec<&str> =
        [(KEY, key), (ID, id)].iter().filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect();
    match (key, id) {
        // The name is for people; a table without it is good.
        (Some(key), Some(id)) => Ok([key, find(NAME).unwrap_or(usize::MAX), id]),
        _ => Err(Fault::new(
            PLACE,
            format!("line {line}: has no header {}; the columns are {KEY};{NAME};{ID}", missing.join(", ")),
        )),
    }
}
