//! The audit log: who, what, why, when, and what the target answered. It is only ever added to.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use koppel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::cells::{Cell, bind, clean};
use super::chain;
use crate::model::{Because, Entitlement, Verb};

/// What an action did to what somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditChange {
    /// It gave the entitlements.
    Gave,
    /// It took them.
    Took,
    /// They were held before and after; something about them changed.
    Changed,
    /// It failed and changed nothing.
    Failed,
}

impl AuditChange {
    /// Its name in documents: `gave`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gave => "gave",
            Self::Took => "took",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }
}

/// One entry, as it is handed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The moment for which it was decided. The state keeps moments to the microsecond.
    pub at: Timestamp,
    /// The moment at which it was answered.
    pub recorded: Timestamp,
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// The name of the person for people.
    pub person_name: String,
    /// What was done.
    pub verb: Verb,
    /// The entitlements that it gave, took or changed.
    pub entitlements: Vec<Entitlement>,
    /// What it did to them.
    pub change: AuditChange,
    /// The permission that it was about.
    pub permission: Option<String>,
    /// Why.
    pub because: Because,
    /// The account, as text.
    pub reference: Option<String>,
    /// Did it succeed?
    pub success: bool,
    /// What came of it, in a word.
    pub outcome: String,
    /// What the target answered, for people.
    pub message: String,
    /// The names of the fields that were changed. Their values are not kept.
    pub fields: Vec<String>,
    /// The id of the plan.
    pub plan: String,
    /// The process that did it.
    pub worker: String,
}

/// One entry, as the log has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Its number; they are without holes.
    pub seq: i64,
    /// What happened.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// The hash over this entry and the hash before it.
    pub hash: String,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those about the person with this key.
    pub person: Option<String>,
    /// Only those for a moment up to and with this one.
    pub until: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "seq, at, recorded, target, person, person_name, verb, entitlements, change, permission, because, reference, \
         success, outcome, message, fields, plan, worker, hash"
    };
}

macro_rules! select {
    ($where:literal) => {
        concat!("SELECT ", columns!(), " FROM audit", $where, " ORDER BY seq")
    };
}
/// Where the next entry goes.
pub(super) struct Head {
    seq: i64,
    hash: String,
}

impl Store {
    /// Was anything ever done for somebody in a target?
    pub async fn has_acted(&self, target: &str, person: &str) -> Result<bool> {
        let Some(pool) = &self.0.pool else { return Ok(false) };
        let sql = "SELECT 1 FROM audit WHERE person = $1 AND target = $2 LIMIT 1";
        let found = sqlx::query(sql).bind(clean(person)).bind(clean(target)).fetch_optional(pool).await;
        found.map(|row| row.is_some()).map_err(self.fail("read the audit log"))
    }

    /// Hands over the entries in the order of the chain, one by one; an error ends it.
    pub async fn audit(&self, filter: Filter, each: &mut (dyn FnMut(AuditRow) -> Result<()> + Send)) -> Result<()> {
        let doing = "read the audit log";
        let Some(pool) = &self.0.pool else { return Ok(()) };
        let until = filter.until.map_or(i64::MAX, Timestamp::as_microsecond);
        let query = match filter.person {
            Some(person) => sqlx::query(select!(" WHERE at <= $1 AND person = $2")).bind(until).bind(clean(&person)),
            None => sqlx::query(select!(" WHERE at <= $1")).bind(until),
        };
        let mut rows = query.fetch(pool);
        while let Some(row) = rows.try_next().await.map_err(self.fail(doing))? {
            each(self.audit_row(&row, doing)?)?;
        }
        Ok(())
    }

    fn audit_row(&self, row: &AnyRow, doing: &str) -> Result<AuditRow> {
        let fail = self.fail(doing);
        let text = |column: usize| row.try_get::<String, _>(column).map_err(&fail);
        let moment = |column: usize| self.moment(row.try_get(column).map_err(&fail)?, doing);
        let word = |column: usize| text(column).map(|text| format!("\"{text}\""));
        Ok(AuditRow {
            seq: row.try_get(0).map_err(&fail)?,
            entry: AuditEntry {
                at: moment(1)?,
                recorded: moment(2)?,
                target: text(3)?,
                person: text(4)?,
                person_name: text(5)?,
                verb: self.parsed(&word(6)?, doing)?,
                entitlements: self.parsed(&text(7)?, doing)?,
                change: self.parsed(&word(8)?, doing)?,
                permission: row.try_get(9).map_err(&fail)?,
                because: self.parsed(&text(10)?, doing)?,
                reference: row.try_get(11).map_err(&fail)?,
                success: row.try_get::<i64, _>(12).map_err(&fail)? != 0,
                outcome: text(13)?,
                message: text(14)?,
                fields: self.parsed(&text(15)?, doing)?,
                plan: text(16)?,
                worker: text(17)?,
            },
            hash: text(18)?,
        })
    }

    /// Locks the state for a change, and says where the chain ends.
    pub(super) async fn chain_head(&self, connection: &mut AnyConnection, changes: bool, doing: &str) -> Result<Head> {
        let fail = self.fail(doing);
        let sql = "UPDATE state SET revision = revision + $1 WHERE one = 1 RETURNING chain_seq, chain_hash";
        let row = sqlx::query(sql).bind(i64::from(changes)).fetch_one(connection).await.map_err(&fail)?;
        Ok(Head { seq: row.try_get(0).map_err(&fail)?, hash: row.try_get(1).map_err(&fail)? })
    }

    /// Adds an entry after the head that [`Self::chain_head`] gave in the same transaction.
    pub(super) async fn append(
        &self,
        connection: &mut AnyConnection,
        head: Head,
        entry: &AuditEntry,
        doing: &str,
    ) -> Result<()> {
        let fail = self.fail(doing);
        let seq = head.seq + 1;
        let mut cells = cells(seq, entry)?;
        let hash = chain::link(&head.hash, &cells);
        cells.push(Cell::Text(hash.clone()));
        bind(sqlx::query(INSERT), cells).execute(&mut *connection).await.map_err(&fail)?;
        let sql = "UPDATE state SET chain_seq = $1, chain_hash = $2 WHERE one = 1";
        sqlx::query(sql).bind(seq).bind(hash).execute(connection).await.map(drop).map_err(&fail)
    }
}

/// The whole log in the order of the chain.
pub(super) const ALL: &str = select!("");

const INSERT: &str = concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
);

/// What the table keeps, without the hash, in the order of its columns: also what the hash is made of.
fn cells(seq: i64, entry: &AuditEntry) -> Result<Vec<Cell>> {
    Ok(vec![
        Cell::Number(seq),
        Cell::moment(entry.at),
        Cell::moment(entry.recorded),
        Cell::text(&entry.target),
        Cell::text(&entry.person),
        Cell::text(&entry.person_name),
        Cell::text(entry.verb.name()),
        Cell::json(&entry.entitlements)?,
        Cell::text(entry.change.name()),
        Cell::maybe(entry.permission.as_deref()),
        Cell::json(&entry.because)?,
        Cell::maybe(entry.reference.as_deref()),
        Cell::Number(i64::from(entry.success)),
        Cell::text(&entry.outcome),
        Cell::text(&entry.message),
        Cell::json(&entry.fields)?,
        Cell::text(&entry.plan),
        Cell::text(&entry.worker),
    ])
}
