//! What the engine remembers: the last good read of each source, what everybody holds, the open jobs, and the audit.
//!
//! In a `SQLite` file, or in `PostgreSQL` where several machines share the work. Whatever belongs together is one
//! transaction, so a program that ends in the middle of anything leaves the state as it was before or as it is after.

mod audit;
mod cells;
mod chain;
mod enqueue;
mod error;
mod export;
mod held;
mod jobs;
mod lead;
mod place;
mod reason;
mod replay;
mod schema;
mod settle;
mod sources;

use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use koppel::{Clock, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use sqlx::any::{Any, AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Row as _, Transaction};

pub use audit::{AuditChange, AuditEntry, AuditRow, Filter};
pub use chain::Verified;
pub use enqueue::{Enqueued, NewAction, NewJob};
pub use export::{csv_head, csv_line, json_line, tame};
pub use jobs::{ActionState, Answered, Effect, Job, Lease, QueuedAction};
pub use replay::{HeldThen, Replay, access_at};
pub use settle::Unsettled;
pub use sources::{Difference, SourceMark};

use error::{explain, migration, newer, unreadable};
use place::Place;

/// How long the first connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long a call waits for a connection: others of this program may be at something long.
const WAIT_FOR_CONNECTION: Duration = Duration::from_mins(1);

/// Connections of one program to a server.
const CONNECTIONS: u32 = 8;

/// What a program means to do with the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks: nothing is created or changed, and a state that is not there yet is an empty one.
    Read,
    /// It changes the state; on `SQLite` it keeps other writers out.
    Write,
}

/// How far a state is: equal marks, equal entitlements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mark {
    /// The random id that this state got when it was made; empty where there is none yet.
    pub id: String,
    /// It rises with every change of an entitlement.
    pub revision: i64,
}

/// The durable state. Clones share one set of connections.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    place: Place,
    access: Access,
    clock: Arc<dyn Clock>,
    /// None where there is no state yet and none may be made.
    pool: Option<AnyPool>,
    /// After the pool, so that it is freed last.
    _lock: Option<File>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("place", &self.0.place.to_string()).field("access", &self.0.access).finish()
    }
}

impl Store {
    /// Opens the state at `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`. The clock counts for a `SQLite`
    /// file; a server has its own, the same for all that share it.
    ///
    /// # Errors
    /// `Config` for a URL that is none, a file that cannot be used, and tables of another version than this program's
    /// (with [`Access::Write`] older ones are brought up to date); `Conflict` where another program writes the `SQLite`
    /// file; `Transient` where the server cannot be reached; `Auth` where it refuses the password.
    pub async fn open(url: &str, access: Access, clock: Arc<dyn Clock>) -> Result<Self> {
        let place = Place::parse(url)?;
        let mut lock = None;
        if let Place::Sqlite(path) = &place {
            if access == Access::Write {
                lock = Some(place::lock(path)?);
            } else if !path.exists() {
                return Ok(Self(Arc::new(Inner { place, access, clock, pool: None, _lock: None })));
            }
        }
        sqlx::any::install_default_drivers();
        let options: AnyConnectOptions = place
            .driver_url(access == Access::Write)
            .parse()
            .map_err(|error| explain(&error, &place, "open the state"))?;
        let options = options.disable_statement_logging();
        let ready = match tokio::time::timeout(CONNECT_WITHIN, options.connect()).await {
            Ok(connection) => {
                let mut connection = connection.map_err(|error| explain(&error, &place, "open the state"))?;
                let ready = prepare_tables(&mut connection, &place, access).await;
                // Its locks go with it, whatever the outcome.
                let _ = connection.close().await;
                ready?
            }
            Err(_) => return Err(explain(&sqlx::Error::PoolTimedOut, &place, "open the state")),
        };
        let pool = ready.then(|| pool(options, place.is_shared(), access));
        Ok(Self(Arc::new(Inner { place, access, clock, pool, _lock: lock })))
    }

    /// Ends all connections in good order. Dropping the store is as safe, but leaves more to tidy for the next one.
    pub async fn close(self) {
        if let Some(pool) = &self.0.pool {
            pool.close().await;
        }
    }

    /// May several programs work with it at once?
    pub fn is_shared(&self) -> bool {
        self.0.place.is_shared()
    }

    /// How far the state is.
    pub async fn mark(&self) -> Result<Mark> {
        let fail = self.fail("read the state");
        let Some(pool) = &self.0.pool else { return Ok(Mark::default()) };
        let row = sqlx::query("SELECT id, revision FROM state").fetch_one(pool).await.map_err(&fail)?;
        Ok(Mark { id: row.try_get(0).map_err(&fail)?, revision: row.try_get(1).map_err(&fail)? })
    }

    /// The time by which leases end: the server's, or the clock's that the store was opened with.
    pub async fn now(&self) -> Result<Timestamp> {
        match &self.0.pool {
            Some(pool) if self.is_shared() => {
                let fail = self.fail("read the time");
                let mut connection = pool.acquire().await.map_err(&fail)?;
                let micros = self.micros(&mut connection).await.map_err(&fail)?;
                self.moment(micros, "read the time")
            }
            _ => Ok(self.0.clock.now()),
        }
    }

    /// The same for arithmetic, on a connection that is at hand.
    async fn micros(&self, connection: &mut AnyConnection) -> Result<i64, sqlx::Error> {
        if !self.is_shared() {
            return Ok(self.0.clock.now().as_microsecond());
        }
        let now = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        sqlx::query(now).fetch_one(connection).await?.try_get(0)
    }

    /// Tells an administrator what could not be done.
    fn fail<'a>(&'a self, doing: &'a str) -> impl Fn(sqlx::Error) -> Error + 'a {
        move |error| explain(&error, &self.0.place, doing)
    }

    fn moment(&self, micros: i64, doing: &str) -> Result<Timestamp> {
        Timestamp::from_microsecond(micros).map_err(|error| unreadable(&self.0.place, doing, error))
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, text: &str, doing: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| unreadable(&self.0.place, doing, error))
    }

    fn count(&self, count: i64, doing: &str) -> Result<u64> {
        u64::try_from(count).map_err(|error| unreadable(&self.0.place, doing, error))
    }

    fn writer(&self) -> Result<&AnyPool> {
        match (&self.0.pool, self.0.access) {
            (Some(pool), Access::Write) => Ok(pool),
            _ => Err(Error::bug(format!("the state in {} was opened for reading only", self.0.place))),
        }
    }

    /// A transaction that changes something.
    async fn begin(&self, doing: &str) -> Result<Transaction<'static, Any>> {
        let pool = self.writer()?;
        // A SQLite transaction that begins by reading may find later that it cannot write.
        let begun = if self.is_shared() { pool.begin().await } else { pool.begin_with("BEGIN IMMEDIATE").await };
        begun.map_err(self.fail(doing))
    }

    /// A transaction that sees one moment of the state; None where there is no state.
    async fn look(&self, doing: &str) -> Result<Option<Transaction<'static, Any>>> {
        let Some(pool) = &self.0.pool else { return Ok(None) };
        let shared = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let begun = pool.begin_with(if self.is_shared() { shared } else { "BEGIN" }).await;
        begun.map(Some).map_err(self.fail(doing))
    }

    /// Ends a transaction. Where the answer is lost nobody knows whether it was kept.
    async fn commit(&self, transaction: Transaction<'static, Any>, doing: &str) -> Result<()> {
        transaction.commit().await.map_err(|error| {
            let lost = matches!(error, sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed);
            let error = explain(&error, &self.0.place, doing);
            if lost { error.with_kind(ErrorKind::Ambiguous) } else { error }
        })
    }
}

/// Makes the tables or checks them; false where there are none and none may be made.
async fn prepare_tables(connection: &mut AnyConnection, place: &Place, access: Access) -> Result<bool> {
    let fail = |error: sqlx::Error| explain(&error, place, "open the state");
    set_up(connection, place.is_shared(), access).await.map_err(fail)?;
    let version = schema::version(connection, place.is_shared()).await.map_err(fail)?;
    if version > schema::newest() {
        return Err(newer(place, version));
    }
    if access == Access::Write {
        schema::migrate(connection).await.map_err(|error| migration(&error, place))?;
        let first = "INSERT INTO state (one, id, revision, last_id, chain_seq, chain_hash) VALUES (1, $1, 0, 0, 0, $1) \
                     ON CONFLICT DO NOTHING";
        sqlx::query(first).bind(cells::random()?).execute(&mut *connection).await.map_err(fail)?;
        sqlx::query("INSERT INTO lead (one) VALUES (1) ON CONFLICT DO NOTHING")
            .execute(connection)
            .await
            .map_err(fail)?;
    } else if version == 0 {
        return Ok(false);
    } else if version < schema::newest() {
        let what = format!("the state in {place} was written by an older koppel (its tables are of version {version})");
        return Err(Error::new(ErrorKind::Config, what)
            .with_hint("`koppel sync --once`, or any command that writes, brings it up to date"));
    }
    Ok(true)
}

/// What each connection is told first.
async fn set_up(connection: &mut AnyConnection, shared: bool, access: Access) -> Result<(), sqlx::Error> {
    let sql = match (shared, access) {
        (true, Access::Read) => "SET default_transaction_read_only = on",
        // The marks and row locks are made for it, whatever the server's default is.
        (true, Access::Write) => "SET default_transaction_isolation = 'read committed'",
        (false, Access::Read) => "PRAGMA busy_timeout = 10000; PRAGMA query_only = ON",
        (false, Access::Write) => {
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"
        }
    };
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

fn pool(options: AnyConnectOptions, shared: bool, access: Access) -> AnyPool {
    let pool = AnyPoolOptions::new()
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .after_connect(move |connection, _| Box::pin(set_up(connection, shared, access)));
    if shared {
        return pool.max_connections(CONNECTIONS).connect_lazy_with(options);
    }
    // One connection to a file: its transactions queue here instead of finding each other's locks.
    pool.max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options)
}
