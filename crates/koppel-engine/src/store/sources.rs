//! The last good read of each source.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use koppel::Result;
use sqlx::AnyConnection;
use sqlx::Row as _;

use super::Store;
use super::cells::{Cell, clean, many, sha256};
use crate::snapshot::{Row, SourceRows};

/// When a source was last read, and what it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMark {
    /// When.
    pub read_at: Timestamp,
    /// How many persons.
    pub persons: u64,
    /// How many of them were blocked.
    pub blocked: u64,
}

/// How a new read of a source differs from the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Difference {
    /// How many persons the last read gave.
    pub before: u64,
    /// Persons that it did not give.
    pub added: u64,
    /// Persons that only it gave.
    pub removed: u64,
}

/// A row's id, and which of several under that id it is.
type Key = (String, i64);

fn keys(rows: &[Row]) -> impl Iterator<Item = (Key, &Row)> {
    let mut seen: HashMap<&str, i64> = HashMap::new();
    rows.iter().map(move |row| {
        let times = seen.entry(&row.external_id).or_default();
        *times += 1;
        ((clean(&row.external_id), *times), row)
    })
}

impl Store {
    /// When this source was last read well; None where it never was.
    pub async fn source(&self, name: &str) -> Result<Option<SourceMark>> {
        let doing = "read when a source was read";
        let Some(mut look) = self.look(doing).await? else { return Ok(None) };
        self.source_mark(&mut look, name, doing).await
    }

    async fn source_mark(&self, connection: &mut AnyConnection, name: &str, doing: &str) -> Result<Option<SourceMark>> {
        let fail = self.fail(doing);
        let sql = "SELECT read_at, persons, blocked FROM source WHERE name = $1";
        let Some(row) = sqlx::query(sql).bind(clean(name)).fetch_optional(connection).await.map_err(&fail)? else {
            return Ok(None);
        };
        Ok(Some(SourceMark {
            read_at: self.moment(row.try_get(0).map_err(&fail)?, doing)?,
            persons: self.count(row.try_get(1).map_err(&fail)?, doing)?,
            blocked: self.count(row.try_get(2).map_err(&fail)?, doing)?,
        }))
    }

    /// What this source gave when it was last read well.
    pub async fn source_rows(&self, name: &str) -> Result<Option<SourceRows>> {
        let doing = "read the last rows of a source";
        let fail = self.fail(doing);
        let Some(mut look) = self.look(doing).await? else { return Ok(None) };
        let Some(mark) = self.source_mark(&mut look, name, doing).await? else { return Ok(None) };
        let sql = "SELECT external_id, body FROM source_row WHERE source = $1 ORDER BY external_id, occurrence";
        let mut found = sqlx::query(sql).bind(clean(name)).fetch(&mut *look);
        let mut rows = Vec::with_capacity(usize::try_from(mark.persons).unwrap_or_default());
        while let Some(row) = found.try_next().await.map_err(&fail)? {
            let body: String = row.try_get(1).map_err(&fail)?;
            rows.push(Row { external_id: row.try_get(0).map_err(&fail)?, body: body.into() });
        }
        Ok(Some(SourceRows { source: name.to_owned(), read_at: mark.read_at, rows }))
    }

    /// How these rows differ from the last good read. Changes nothing.
    pub async fn compare_source(&self, name: &str, rows: &[Row]) -> Result<Difference> {
        let doing = "compare a source with its last read";
        let Some(mut look) = self.look(doing).await? else {
            return Ok(Difference { added: rows.len() as u64, ..Difference::default() });
        };
        let before = self.digests(&mut look, name, doing).await?;
        let common = keys(rows).filter(|(key, _)| before.contains_key(key)).count() as u64;
        let count = before.len() as u64;
        Ok(Difference { before: count, added: rows.len() as u64 - common, removed: count - common })
    }

    async fn digests(&self, connection: &mut AnyConnection, name: &str, doing: &str) -> Result<HashMap<Key, String>> {
        let fail = self.fail(doing);
        let sql = "SELECT external_id, occurrence, digest FROM source_row WHERE source = $1";
        let mut found = sqlx::query(sql).bind(clean(name)).fetch(connection);
        let mut digests = HashMap::new();
        while let Some(row) = found.try_next().await.map_err(&fail)? {
            let key = (row.try_get(0).map_err(&fail)?, row.try_get(1).map_err(&fail)?);
            digests.insert(key, row.try_get(2).map_err(&fail)?);
        }
        Ok(digests)
    }

    /// Keeps a good read. Only what changed is written.
    pub async fn keep_source(&self, read: &SourceRows) -> Result<()> {
        let doing = "keep what a source gave";
        let fail = self.fail(doing);
        let name = clean(&read.source);
        let mut transaction = self.begin(doing).await?;
        let sql = "INSERT INTO source (name, read_at, persons, blocked) VALUES ($1, $2, $3, $4) ON CONFLICT (name) \
                   DO UPDATE SET read_at = excluded.read_at, persons = excluded.persons, blocked = excluded.blocked";
        // First of all: it makes two that keep the same source wait for each other.
        sqlx::query(sql)
            .bind(name.clone())
            .bind(read.read_at.as_microsecond())
            .bind(i64::try_from(read.rows.len()).unwrap_or(i64::MAX))
            .bind(i64::try_from(read.blocked()).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await
            .map_err(&fail)?;

        let before = self.digests(&mut transaction, &name, doing).await?;
        let mut now = HashSet::with_capacity(read.rows.len());
        let mut changed = Vec::new();
        for ((id, times), row) in keys(&read.rows) {
            let body = clean(&row.body);
            let digest = sha256(body.as_bytes());
            let key = (id, times);
            if before.get(&key) != Some(&digest) {
                let id = Cell::Text(key.0.clone());
                changed.push(vec![
                    Cell::Text(name.clone()),
                    id,
                    Cell::Number(times),
                    Cell::Text(digest),
                    Cell::Text(body),
                ]);
            }
            now.insert(key);
        }
        let gone = before.into_keys().filter(|key| !now.contains(key));
        let gone: Vec<_> = gone.map(|(id, times)| vec![Cell::Text(id), Cell::Number(times)]).collect();
        let delete = "DELETE FROM source_row WHERE source = $1 AND (external_id, occurrence) IN (VALUES ";
        many(&mut transaction, delete, &[Cell::Text(name)], &gone, ")").await.map_err(&fail)?;
        let insert = "INSERT INTO source_row (source, external_id, occurrence, digest, body) VALUES ";
        let update = " ON CONFLICT (source, external_id, occurrence) \
                      DO UPDATE SET digest = excluded.digest, body = excluded.body";
        many(&mut transaction, insert, &[], &changed, update).await.map_err(&fail)?;
        self.commit(transaction, doing).await
    }
}
