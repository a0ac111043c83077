//! What is left open: actions whose answer nobody has, and jobs that are given up.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use koppel::Result;
use serde_json::Value;
use sqlx::Row as _;

use super::Store;
use super::enqueue::doubt;
use super::jobs::{Job, Lease};

/// An action that was sent, whose answer nobody has, and at which nobody is at work.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// Its number.
    pub id: i64,
    /// What the worker needed to do it.
    pub payload: Value,
}

impl Store {
    /// The actions that were sent, whose answer nobody has, and at which nobody is at work any more. A plan that takes
    /// them into account says so when its jobs are queued: see [`enqueue`](Self::enqueue).
    pub async fn unsettled(&self) -> Result<Vec<Unsettled>> {
        let doing = "look for actions without an answer";
        let fail = self.fail(doing);
        let Some(mut look) = self.look(doing).await? else { return Ok(Vec::new()) };
        let now = self.micros(&mut look).await.map_err(&fail)?;
        let sql = "SELECT a.id, a.payload FROM action a JOIN job j ON j.id = a.job WHERE a.state IN ('sent', 'doubt') \
                   AND (j.token IS NULL OR j.lease_until <= $1) ORDER BY a.id";
        let mut rows = sqlx::query(sql).bind(now).fetch(&mut *look);
        let mut unsettled = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            let payload: String = row.try_get(1).map_err(&fail)?;
            let payload = self.parsed(&payload, doing)?;
            unsettled.push(Unsettled { id: row.try_get(0).map_err(&fail)?, payload });
        }
        Ok(unsettled)
    }

    /// Ends a job. Where all of it is done, it is settled and gone. Where not, what was not sent is dropped, for the next
    /// plan to ask for where it is still needed; what was sent and never answered stays for that plan to settle.
    ///
    /// # Errors
    /// `Conflict` where another worker has the job by now.
    pub async fn give_up(&self, job: &Job) -> Result<()> {
        let doing = "end a job";
        let fail = self.fail(doing);
        let mut transaction = self.begin(doing).await?;
        self.hand_back(&mut transaction, job, 0, doing).await?;
        doubt(&mut transaction, job.id).await.map_err(&fail)?;
        let empty = "DELETE FROM job WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM action WHERE action.job = job.id)";
        sqlx::query(empty).bind(job.id).execute(&mut *transaction).await.map_err(&fail)?;
        self.commit(transaction, doing).await
    }

    /// Keeps the lead for as long again.
    ///
    /// # Errors
    /// `Conflict` where another worker has taken it.
    pub async fn keep_lead(&self, lead: &Lease) -> Result<()> {
        let doing = "keep the lead";
        let fail = self.fail(doing);
        let mut transaction = self.begin(doing).await?;
        self.still_leads(&mut transaction, lead, doing).await?;
        let now = self.micros(&mut transaction).await.map_err(&fail)?;
        let sql = "UPDATE lead SET lease_until = $1 WHERE one = 1";
        sqlx::query(sql).bind(lead.until(now)).execute(&mut *transaction).await.map_err(&fail)?;
        self.commit(transaction, doing).await
    }

    /// Says when the next pass is due, for all workers that share the state.
    pub async fn set_wake(&self, wake: Timestamp) -> Result<()> {
        let sql = "UPDATE lead SET wake = $1 WHERE one = 1";
        let pool = self.writer()?;
        let set = sqlx::query(sql).bind(wake.as_microsecond()).execute(pool).await;
        set.map(drop).map_err(self.fail("say when the next pass is due"))
    }

    /// When the next pass is due; None where nobody ever said.
    pub async fn wake(&self) -> Result<Option<Timestamp>> {
        let doing = "look when the next pass is due";
        let fail = self.fail(doing);
        let Some(pool) = &self.0.pool else { return Ok(None) };
        let row = sqlx::query("SELECT wake FROM lead WHERE one = 1").fetch_one(pool).await.map_err(&fail)?;
        row.try_get::<Option<i64>, _>(0).map_err(&fail)?.map(|micros| self.moment(micros, doing)).transpose()
    }
}
