//! The chain through the audit log: each entry carries a hash over itself and the entry before it.
//!
//! It shows that somebody changed, took out, put in or reordered entries. Against one who may write the database and
//! makes the whole rest of the chain anew it helps to note [`Verified::head`] elsewhere now and then.

use futures_util::TryStreamExt as _;
use koppel::Result;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::audit::ALL;
use super::cells::Cell;
use crate::digest::hex;

/// So many faults are told one by one.
const TOLD: usize = 100;

/// What the chain says.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last entry as the state remembers it.
    pub head: String,
    /// What is wrong; empty where the log is whole.
    pub faults: Vec<String>,
}

/// The hash of an entry: over the one before it, and over each value with its kind and length, so that no two entries
/// look the same to it.
pub(super) fn link(previous: &str, cells: &[Cell]) -> String {
    let mut hash = Sha256::new();
    let mut add = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(b'p', previous.as_bytes());
    for cell in cells {
        match cell {
            Cell::Text(text) => add(b't', text.as_bytes()),
            Cell::Number(number) => add(b'n', &number.to_be_bytes()),
            Cell::Null => add(b'0', &[]),
        }
    }
    hex(&hash.finalize())
}

impl Store {
    /// Reads the whole audit log and checks every link of its chain.
    pub async fn verify(&self) -> Result<Verified> {
        let doing = "verify the audit log";
        let fail = self.fail(doing);
        let Some(mut look) = self.look(doing).await? else { return Ok(Verified::default()) };
        let sql = "SELECT id, chain_seq, chain_hash FROM state";
        let state = sqlx::query(sql).fetch_one(&mut *look).await.map_err(&fail)?;
        let id: String = state.try_get(0).map_err(&fail)?;
        let (last, head): (i64, String) = (state.try_get(1).map_err(&fail)?, state.try_get(2).map_err(&fail)?);
        let mut check = Check { seq: 0, hash: id, entries: 0, faults: Vec::new(), untold: 0 };
        let mut rows = sqlx::query(ALL).fetch(&mut *look);
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            check.row(&row);
        }
        Ok(check.end(last, head))
    }
}

struct Check {
    /// The number and hash of the entry before.
    seq: i64,
    hash: String,
    entries: u64,
    faults: Vec<String>,
    untold: u64,
}

impl Check {
    fn row(&mut self, row: &AnyRow) {
        self.entries += 1;
        // A value of another kind than the column's is a change like any other.
        let cells: Option<Vec<Cell>> = (0..18).map(|column| cell(row, column)).collect();
        let hash = row.try_get::<String, _>(18).unwrap_or_default();
        let seq = row.try_get::<i64, _>(0).unwrap_or(self.seq + 1);
        if seq <= self.seq {
            // The numbers begin at 1: this one stands before them.
            return self.fault(format!("entry {seq} was put in"));
        }
        if seq != self.seq + 1 {
            self.missing(self.seq + 1, seq - 1);
        } else if cells.is_none_or(|cells| link(&self.hash, &cells) != hash) {
            let before = match self.seq {
                0 => String::new(),
                before => format!(", or entry {before} was and got a new hash"),
            };
            self.fault(format!("entry {seq} was changed{before}"));
        }
        (self.seq, self.hash) = (seq, hash);
    }

    fn end(mut self, last: i64, head: String) -> Verified {
        if self.seq < last {
            self.missing(self.seq + 1, last);
        } else if self.seq > last {
            self.fault(format!("entries after {last} were put in: the state knows of none"));
        } else if self.entries > 0 && self.hash != head {
            self.fault(format!("entry {last} has another hash than the state remembers of it"));
        }
        if self.untold > 0 {
            self.faults.push(format!("and {} more", self.untold));
        }
        Verified { entries: self.entries, head, faults: self.faults }
    }

    fn missing(&mut self, from: i64, to: i64) {
        self.fault(if from == to {
            format!("entry {from} is missing")
        } else {
            format!("entries {from} to {to} are missing")
        });
    }

    fn fault(&mut self, fault: String) {
        if self.faults.len() < TOLD { self.faults.push(fault) } else { self.untold += 1 }
    }
}

fn cell(row: &AnyRow, column: usize) -> Option<Cell> {
    if let Ok(number) = row.try_get::<i64, _>(column) {
        return Some(Cell::Number(number));
    }
    row.try_get::<Option<String>, _>(column).ok().map(|text| text.map_or(Cell::Null, Cell::Text))
}
