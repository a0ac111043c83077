//! Carrying jobs out: under a lease, journaled before an action is sent and after it is answered.

use std::collections::HashMap;
use std::fmt;

use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use koppel::{Error, ErrorKind, Result};
use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::audit::AuditEntry;
use super::cells::{clean, random};
use super::error::unreadable;
use crate::model::{Because, Entitlement, Held, Verb};

/// The right to work on something for a while. Every write must still match it.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    pub(super) token: String,
    length: SignedDuration,
}

impl Lease {
    pub(super) fn new(token: String, length: SignedDuration) -> Self {
        Self { token, length }
    }

    pub(super) fn until(&self, now: i64) -> i64 {
        now.saturating_add(i64::try_from(self.length.as_micros()).unwrap_or(i64::MAX))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&self.token.get(..8).unwrap_or_default()).finish()
    }
}

/// A job that this worker has the lease of.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number, never given twice.
    pub id: i64,
    /// The lease.
    pub lease: Lease,
    /// The id of the plan that asked for it.
    pub batch: String,
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// How often it was given back to be tried again.
    pub attempts: u32,
    /// An earlier worker died, or the answer to an action was lost, of this job or of one that it replaced: read the
    /// target before anything is repeated.
    pub taken_over: bool,
    /// What is still to be done, in order.
    pub actions: Vec<QueuedAction>,
}

/// An action of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct QueuedAction {
    /// Its number, never given twice.
    pub id: i64,
    /// What is to be done.
    pub verb: Verb,
    /// The permission that it is about.
    pub permission: Option<String>,
    /// What the worker needs to do it.
    pub payload: Value,
    /// Why.
    pub because: Because,
    /// The name of the person for people.
    pub person_name: String,
    /// How far it is.
    pub state: ActionState,
    /// How often it was sent.
    pub attempts: u32,
    /// The kind of the last failure.
    pub error_kind: Option<String>,
}

/// How far an action is. One that succeeded is not in a job any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionState {
    /// It was never sent.
    Pending,
    /// It was sent, and nobody knows what became of it.
    Sent,
    /// It failed and may be tried again.
    Failed,
}

/// The answer to an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The kind of the error of an action that failed. `ambiguous` means that it may have been carried out all the same:
    /// it stays [`ActionState::Sent`], whatever later attempts come to, until one succeeds.
    pub error_kind: Option<String>,
    /// What changed in what the person holds.
    pub effects: Vec<Effect>,
    /// What the audit says about it; it also says whether the action succeeded.
    pub entry: AuditEntry,
}

/// A change of what somebody holds.
#[expect(clippy::large_enum_variant, reason = "there are two or three of them at a time")]
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// This is held now, in place of the same entitlement before.
    Put(Held),
    /// This is not held any more.
    Remove {
        /// The name of the target.
        target: String,
        /// The key of the person.
        person: String,
        /// What is not held any more.
        entitlement: Entitlement,
    },
}

/// Materialized: a subquery with a limit may be run again for every row, and would lock more than it was asked for.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (SELECT id FROM job WHERE target = $1 AND not_before <= $2 \
             AND (token IS NULL OR lease_until <= $2) \
             AND EXISTS (SELECT 1 FROM action WHERE action.job = job.id AND action.state <> 'doubt') \
             ORDER BY id LIMIT $3 ",
            $lock,
            ") UPDATE job SET taken_over = CASE WHEN token IS NULL THEN taken_over ELSE 1 END, token = $4, worker = $5, \
             lease_until = $6 WHERE id IN (SELECT id FROM due) RETURNING id, batch, target, person, attempts, taken_over"
        )
    };
}

/// What is only in doubt waits for a plan, not for a worker.
macro_rules! open {
    () => {
        " FROM job WHERE EXISTS (SELECT 1 FROM action WHERE action.job = job.id AND action.state <> 'doubt')"
    };
}

impl Store {
    /// Takes jobs that are due and that nobody is at work on: for each target at most so many, the oldest first.
    pub async fn claim(&self, worker: &str, targets: &[(String, u32)], lease: SignedDuration) -> Result<Vec<Job>> {
        let doing = "take jobs";
        let fail = self.fail(doing);
        let lease = Lease::new(random()?, lease);
        let mut transaction = self.begin(doing).await?;
        let now = self.micros(&mut transaction).await.map_err(&fail)?;
        let sql = if self.is_shared() { claim!("FOR UPDATE SKIP LOCKED") } else { claim!("") };
        let mut jobs = Vec::new();
        for (target, most) in targets {
            let rows = sqlx::query(sql)
                .bind(clean(target))
                .bind(now)
                .bind(i64::from(*most))
                .bind(lease.token.clone())
                .bind(clean(worker))
                .bind(lease.until(now))
                .fetch_all(&mut *transaction)
                .await
                .map_err(&fail)?;
            for row in &rows {
                jobs.push(self.job(row, &lease, doing)?);
            }
        }
        if !jobs.is_empty() {
            self.add_actions(&mut transaction, &mut jobs, &lease, doing).await?;
        }
        self.commit(transaction, doing).await?;
        jobs.sort_by_key(|job| job.id);
        Ok(jobs)
    }

    fn job(&self, row: &AnyRow, lease: &Lease, doing: &str) -> Result<Job> {
        let fail = self.fail(doing);
        Ok(Job {
            id: row.try_get(0).map_err(&fail)?,
            lease: lease.clone(),
            batch: row.try_get(1).map_err(&fail)?,
            target: row.try_get(2).map_err(&fail)?,
            person: row.try_get(3).map_err(&fail)?,
            attempts: self.attempts(row.try_get(4).map_err(&fail)?, doing)?,
            taken_over: row.try_get::<i64, _>(5).map_err(&fail)? != 0,
            actions: Vec::new(),
        })
    }

    async fn add_actions(
        &self,
        connection: &mut AnyConnection,
        jobs: &mut [Job],
        lease: &Lease,
        doing: &str,
    ) -> Result<()> {
        let fail = self.fail(doing);
        let mut by_id: HashMap<_, _> = jobs.iter_mut().map(|job| (job.id, job)).collect();
        let sql = "SELECT a.id, a.verb, a.permission, a.payload, a.because, a.person_name, a.state, a.attempts, \
                   a.error_kind, a.job FROM action a JOIN job j ON j.id = a.job WHERE j.token = $1 ORDER BY a.id";
        let mut rows = sqlx::query(sql).bind(lease.token.clone()).fetch(connection);
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            let text = |column: usize| row.try_get::<String, _>(column).map_err(&fail);
            let Some(job) = by_id.get_mut(&row.try_get::<i64, _>(9).map_err(&fail)?) else { continue };
            let state = match text(6)?.as_str() {
                "doubt" => {
                    job.taken_over = true;
                    continue;
                }
                "pending" => ActionState::Pending,
                "sent" => ActionState::Sent,
                "failed" => ActionState::Failed,
                other => return Err(unreadable(&self.0.place, doing, format!("[{other}] is no state of an action"))),
            };
            job.taken_over |= state == ActionState::Sent;
            job.actions.push(QueuedAction {
                id: row.try_get(0).map_err(&fail)?,
                verb: self.parsed(&format!("\"{}\"", text(1)?), doing)?,
                permission: row.try_get(2).map_err(&fail)?,
                payload: self.parsed(&text(3)?, doing)?,
                because: self.parsed(&text(4)?, doing)?,
                person_name: text(5)?,
                state,
                attempts: self.attempts(row.try_get(7).map_err(&fail)?, doing)?,
                error_kind: row.try_get(8).map_err(&fail)?,
            });
        }
        Ok(())
    }

    fn attempts(&self, attempts: i64, doing: &str) -> Result<u32> {
        u32::try_from(attempts).map_err(|error| unreadable(&self.0.place, doing, error))
    }

    /// Notes that an action is about to be sent, and begins the lease anew.
    ///
    /// # Errors
    /// `Conflict` where another worker has the job by now: the action must not be sent.
    pub async fn sending(&self, job: &Job, action: i64) -> Result<()> {
        let doing = "note that an action is sent";
        let mut transaction = self.begin(doing).await?;
        self.keep(&mut transaction, job, doing).await?;
        // What was sent before and never answered stays in doubt, whatever this attempt comes to, until one succeeds.
        let sql = "UPDATE action SET error_kind = CASE WHEN state = 'sent' THEN 'ambiguous' ELSE error_kind END, \
                   state = 'sent', attempts = attempts + 1 WHERE id = $1 AND job = $2";
        let sent =
            sqlx::query(sql).bind(action).bind(job.id).execute(&mut *transaction).await.map_err(self.fail(doing))?;
        if sent.rows_affected() != 1 {
            return Err(Error::bug(format!("action {action} is none of the open ones of job {}", job.id)));
        }
        self.commit(transaction, doing).await
    }

    /// Begins the lease anew, for work that takes long.
    ///
    /// # Errors
    /// `Conflict` where another worker has the job by now.
    pub async fn renew(&self, job: &Job) -> Result<()> {
        let doing = "keep a job";
        let mut transaction = self.begin(doing).await?;
        self.keep(&mut transaction, job, doing).await?;
        self.commit(transaction, doing).await
    }

    /// The job is still this worker's, and stays so until the transaction ends.
    async fn keep(&self, connection: &mut AnyConnection, job: &Job, doing: &str) -> Result<()> {
        let fail = self.fail(doing);
        let now = self.micros(connection).await.map_err(&fail)?;
        let kept = sqlx::query("UPDATE job SET lease_until = $1 WHERE id = $2 AND token = $3")
            .bind(job.lease.until(now))
            .bind(job.id)
            .bind(job.lease.token.clone())
            .execute(connection)
            .await
            .map_err(&fail)?;
        if kept.rows_affected() == 1 { Ok(()) } else { Err(lease_lost(job)) }
    }

    /// Notes the answer to an action with all that follows from it, in one transaction: what the person holds now, the
    /// revision of the state, and the entry of the audit.
    ///
    /// # Errors
    /// `Conflict` where another worker has the job by now; it settles the action. `Ambiguous` where the database's
    /// answer was lost: the next to take the job sees what was kept.
    pub async fn answered(&self, job: &Job, action: i64, answer: Answered) -> Result<()> {
        let doing = "note the answer to an action";
        let fail = self.fail(doing);
        let mut transaction = self.begin(doing).await?;
        // The state first, as everywhere: see its table.
        let head = self.chain_head(&mut transaction, !answer.effects.is_empty(), doing).await?;
        self.keep(&mut transaction, job, doing).await?;
        let open = if answer.entry.success {
            sqlx::query("DELETE FROM action WHERE id = $1 AND job = $2").bind(action).bind(job.id)
        } else {
            let ambiguous = answer.error_kind.as_deref() == Some(ErrorKind::Ambiguous.name());
            let sql = "UPDATE action SET state = CASE WHEN error_kind = 'ambiguous' THEN 'sent' ELSE $3 END, \
                       error_kind = CASE WHEN error_kind = 'ambiguous' THEN error_kind ELSE $4 END \
                       WHERE id = $1 AND job = $2";
            sqlx::query(sql)
                .bind(action)
                .bind(job.id)
                .bind(if ambiguous { "sent" } else { "failed" })
                .bind(answer.error_kind)
        };
        if open.execute(&mut *transaction).await.map_err(&fail)?.rows_affected() != 1 {
            return Err(Error::bug(format!("action {action} of job {} was answered before", job.id)));
        }
        if answer.entry.success {
            self.settle(&mut transaction, job, &answer.entry, doing).await?;
        }
        for effect in &answer.effects {
            self.take_effect(&mut transaction, effect, doing).await?;
        }
        self.append(&mut transaction, head, &answer.entry, doing).await?;
        self.commit(transaction, doing).await
    }

    /// What succeeded settles what was in doubt about the same, and the last action of a job all of it. It is one
    /// transaction with the answer: of a program that ends after it no doubt stays behind that no plan would look at.
    async fn settle(&self, connection: &mut AnyConnection, job: &Job, done: &AuditEntry, doing: &str) -> Result<()> {
        let about = match done.verb {
            _ if done.permission.is_some() => [Verb::Grant, Verb::Update, Verb::Revoke],
            Verb::Enable | Verb::Disable => [Verb::Enable, Verb::Disable, Verb::Disable],
            _ => [Verb::Create, Verb::Update, Verb::Delete],
        };
        let sql = "DELETE FROM action WHERE job = $1 AND state = 'doubt' \
                   AND ((verb IN ($2, $3, $4) AND COALESCE(permission, '') = $5) \
                   OR NOT EXISTS (SELECT 1 FROM action other WHERE other.job = $1 AND other.state <> 'doubt'))";
        let mut settled = sqlx::query(sql).bind(job.id);
        for verb in about {
            settled = settled.bind(verb.name());
        }
        settled
            .bind(done.permission.as_deref().map(clean).unwrap_or_default())
            .execute(connection)
            .await
            .map(drop)
            .map_err(self.fail(doing))
    }

    /// Gives a job back. Where all of it is done, it is gone. Where not, it is free again: from `retry_at` on, or at once.
    ///
    /// # Errors
    /// `Conflict` where another worker has the job by now.
    pub async fn finish(&self, job: &Job, retry_at: Option<Timestamp>) -> Result<()> {
        let doing = "give a job back";
        let mut transaction = self.begin(doing).await?;
        self.hand_back(&mut transaction, job, retry_at.map_or(0, Timestamp::as_microsecond), doing).await?;
        self.commit(transaction, doing).await
    }

    /// Ends the lease, and the job where nothing of it is left to do: that also settles what was in doubt.
    pub(super) async fn hand_back(
        &self,
        connection: &mut AnyConnection,
        job: &Job,
        not_before: i64,
        doing: &str,
    ) -> Result<()> {
        let fail = self.fail(doing);
        let sql = "UPDATE job SET token = NULL, worker = NULL, lease_until = NULL, taken_over = 0, \
                   attempts = attempts + 1, not_before = $1 WHERE id = $2 AND token = $3";
        let back = sqlx::query(sql)
            .bind(not_before)
            .bind(job.id)
            .bind(job.lease.token.clone())
            .execute(&mut *connection)
            .await
            .map_err(&fail)?;
        if back.rows_affected() != 1 {
            return Err(lease_lost(job));
        }
        let sql = "DELETE FROM job WHERE id = $1 AND NOT EXISTS \
                   (SELECT 1 FROM action WHERE action.job = job.id AND action.state <> 'doubt')";
        sqlx::query(sql).bind(job.id).execute(connection).await.map(drop).map_err(&fail)
    }

    /// How many jobs are to be carried out, or are at it.
    pub async fn open_jobs(&self) -> Result<u64> {
        let doing = "count the jobs";
        let fail = self.fail(doing);
        let Some(pool) = &self.0.pool else { return Ok(0) };
        let row = sqlx::query(concat!("SELECT COUNT(*)", open!())).fetch_one(pool).await.map_err(&fail)?;
        self.count(row.try_get(0).map_err(&fail)?, doing)
    }

    /// The moment at which the next job can be taken; for one that is at work, when its lease ends. It may have passed.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        let doing = "look for the next job";
        let fail = self.fail(doing);
        let Some(pool) = &self.0.pool else { return Ok(None) };
        let sql =
            concat!("SELECT MIN(CASE WHEN lease_until > not_before THEN lease_until ELSE not_before END)", open!());
        let row = sqlx::query(sql).fetch_one(pool).await.map_err(&fail)?;
        row.try_get::<Option<i64>, _>(0).map_err(&fail)?.map(|micros| self.moment(micros, doing)).transpose()
    }

    /// Ends the leases of a program that died, and says how many. In a `SQLite` file only: whoever may write it is alone.
    pub async fn recover(&self) -> Result<u64> {
        if self.is_shared() {
            return Ok(0);
        }
        let doing = "take over from a program that died";
        let fail = self.fail(doing);
        let mut transaction = self.begin(doing).await?;
        let ended = sqlx::query("UPDATE job SET lease_until = 0 WHERE token IS NOT NULL");
        let ended = ended.execute(&mut *transaction).await.map_err(&fail)?.rows_affected();
        let lead = sqlx::query("UPDATE lead SET token = NULL, worker = NULL, lease_until = NULL");
        lead.execute(&mut *transaction).await.map_err(&fail)?;
        self.commit(transaction, doing).await?;
        Ok(ended)
    }
}

pub(super) fn lease_lost(job: &Job) -> Error {
    let what =
        format!("the lease on the actions of {} in {} ended and another worker took them", job.person, job.target);
    Error::new(ErrorKind::Conflict, what).with_hint("the other one carries them out")
}
