//! A plan becomes jobs.

use std::collections::{HashMap, HashSet};

use futures_util::TryStreamExt as _;
use koppel::{Error, ErrorKind, Result};
use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::Row as _;

use super::cells::{Cell, clean, many};
use super::jobs::Lease;
use super::{Mark, Store};
use crate::model::{Because, Verb};

/// All that is to be done for one person in one target, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// The name of the target.
    pub target: String,
    /// The key of the person.
    pub person: String,
    /// What is to be done.
    pub actions: Vec<NewAction>,
}

/// One thing that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAction {
    /// What.
    pub verb: Verb,
    /// The permission that it is about.
    pub permission: Option<String>,
    /// What the worker needs to do it.
    pub payload: Value,
    /// Why.
    pub because: Because,
    /// The name of the person for people.
    pub person_name: String,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enqueued {
    /// Jobs that wait to be carried out.
    pub jobs: u64,
    /// Jobs of the batch that were not taken, since an earlier one for the same person and target is at work or has to
    /// be settled first. The next plan sees what came of it.
    pub kept_running: u64,
}

/// A job that stands in the table.
struct Standing {
    id: i64,
    attempts: i64,
    not_before: i64,
    /// Somebody is at work on it.
    running: bool,
    /// Its first action.
    first: Option<(String, Option<String>)>,
    /// Its actions that were sent and whose answer nobody has.
    unsettled: Vec<i64>,
}

impl Standing {
    /// It begins with the same as a new one.
    fn begins_like(&self, job: &NewJob) -> bool {
        let first = self.first.as_ref().zip(job.actions.first());
        first.is_some_and(|((verb, permission), new)| {
            verb == new.verb.name() && *permission == new.permission.as_deref().map(clean)
        })
    }
}

impl Store {
    /// Replaces all jobs that nobody is at work on by these, in one transaction.
    ///
    /// A job that is at work stays as it is, and so does one with an action that was sent, never answered, and is not
    /// among the `considered`: those that [`unsettled`](Self::unsettled) gave when the plan was made. For neither is the
    /// new one taken. A considered action is not sent again, and stays unsettled until the job that is queued now for
    /// the same person and target is done. A job that begins with the same action as before keeps its attempts and the
    /// moment before which it is not tried again.
    ///
    /// # Errors
    /// `Conflict` where the state is not at the expected mark any more, or another worker has taken the lead; nothing
    /// is changed then.
    pub async fn enqueue(
        &self,
        batch: &str,
        jobs: &[NewJob],
        expected: Option<&Mark>,
        lead: Option<&Lease>,
        considered: &[i64],
    ) -> Result<Enqueued> {
        let doing = "queue the actions of a plan";
        let fail = self.fail(doing);
        let wanted: HashSet<_> = jobs.iter().map(|job| (clean(&job.target), clean(&job.person))).collect();
        if wanted.len() < jobs.len() {
            return Err(Error::bug("a plan has two jobs for one person in one target"));
        }
        let considered: HashSet<i64> = considered.iter().copied().collect();
        let ids = jobs.len() + jobs.iter().map(|job| job.actions.len()).sum::<usize>();

        let mut transaction = self.begin(doing).await?;
        let mut next = self.reserve(&mut transaction, ids, expected, doing).await?;
        if let Some(lead) = lead {
            self.still_leads(&mut transaction, lead, doing).await?;
        }
        let now = self.micros(&mut transaction).await.map_err(&fail)?;
        let standing = self.standing(&mut transaction, now, doing).await?;
        let stays = |job: &Standing| job.running || job.unsettled.iter().any(|id| !considered.contains(id));
        let mut gone = Vec::new();
        for job in standing.values().filter(|job| !stays(job)) {
            if job.unsettled.is_empty() {
                gone.push(vec![Cell::Number(job.id)]);
            } else {
                doubt(&mut transaction, job.id).await.map_err(&fail)?;
            }
        }
        many(&mut transaction, "DELETE FROM job WHERE (id) IN (VALUES ", &[], &gone, ")").await.map_err(&fail)?;

        let mut id = || {
            next += 1;
            next
        };
        let mut enqueued = Enqueued::default();
        let mut rows = Vec::new();
        let mut actions = Vec::new();
        for job in jobs.iter().filter(|job| !job.actions.is_empty()) {
            let key = (clean(&job.target), clean(&job.person));
            let before = standing.get(&key);
            if before.is_some_and(stays) {
                enqueued.kept_running += 1;
                continue;
            }
            enqueued.jobs += 1;
            let like = before.filter(|before| before.begins_like(job));
            let (attempts, not_before) = like.map_or((0, 0), |before| (before.attempts, before.not_before));
            let job_id = match before.filter(|before| !before.unsettled.is_empty()) {
                Some(before) => {
                    let sql = "UPDATE job SET batch = $1, attempts = $2, not_before = $3 WHERE id = $4";
                    let update = sqlx::query(sql).bind(clean(batch)).bind(attempts).bind(not_before).bind(before.id);
                    update.execute(&mut *transaction).await.map_err(&fail)?;
                    before.id
                }
                None => {
                    let new = id();
                    let (target, person) = (Cell::Text(key.0), Cell::Text(key.1));
                    let numbers = [attempts, not_before, 0].map(Cell::Number);
                    rows.push([vec![Cell::Number(new), Cell::text(batch), target, person], numbers.to_vec()].concat());
                    new
                }
            };
            for action in &job.actions {
                actions.push(vec![
                    Cell::Number(id()),
                    Cell::Number(job_id),
                    Cell::text(action.verb.name()),
                    Cell::maybe(action.permission.as_deref()),
                    Cell::json(&action.payload)?,
                    Cell::json(&action.because)?,
                    Cell::text(&action.person_name),
                    Cell::text("pending"),
                    Cell::Number(0),
                ]);
            }
        }
        let insert = "INSERT INTO job (id, batch, target, person, attempts, not_before, taken_over) VALUES ";
        many(&mut transaction, insert, &[], &rows, "").await.map_err(&fail)?;
        let insert =
            "INSERT INTO action (id, job, verb, permission, payload, because, person_name, state, attempts) VALUES ";
        many(&mut transaction, insert, &[], &actions, "").await.map_err(&fail)?;
        self.commit(transaction, doing).await?;
        Ok(enqueued)
    }

    /// Locks the state, checks its mark, and takes numbers: the ones after what is returned.
    async fn reserve(
        &self,
        connection: &mut AnyConnection,
        ids: usize,
        expected: Option<&Mark>,
        doing: &str,
    ) -> Result<i64> {
        let fail = self.fail(doing);
        let ids = i64::try_from(ids).unwrap_or(i64::MAX);
        let sql = "UPDATE state SET last_id = last_id + $1 WHERE one = 1 RETURNING id, revision, last_id";
        let row = sqlx::query(sql).bind(ids).fetch_one(connection).await.map_err(&fail)?;
        let mark = Mark { id: row.try_get(0).map_err(&fail)?, revision: row.try_get(1).map_err(&fail)? };
        match expected {
            // A plan that was made before there was a state has no id: only its revision counts, which is 0.
            Some(expected) if !expected.id.is_empty() && expected.id != mark.id => Err(Error::new(
                ErrorKind::Conflict,
                format!("the plan was made for another state than {}", self.0.place),
            )
            .with_hint("make a plan with this state")),
            Some(expected) if expected.revision != mark.revision => {
                let (then, now) = (expected.revision, mark.revision);
                let what = format!("the state moved on since the plan was made: from revision {then} to {now}");
                Err(Error::new(ErrorKind::Conflict, what).with_hint("make the plan again"))
            }
            _ => Ok(row.try_get::<i64, _>(2).map_err(&fail)? - ids),
        }
    }

    /// All jobs. Where several share the state, nobody takes one of them before the transaction ends.
    async fn standing(
        &self,
        connection: &mut AnyConnection,
        now: i64,
        doing: &str,
    ) -> Result<HashMap<(String, String), Standing>> {
        let fail = self.fail(doing);
        let sql = if self.is_shared() {
            "SELECT id, target, person, attempts, not_before, lease_until FROM job ORDER BY id FOR UPDATE"
        } else {
            "SELECT id, target, person, attempts, not_before, lease_until FROM job"
        };
        let mut standing = HashMap::new();
        let mut of = HashMap::new();
        let mut rows = sqlx::query(sql).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            let key: (String, String) = (row.try_get(1).map_err(&fail)?, row.try_get(2).map_err(&fail)?);
            let until: Option<i64> = row.try_get(5).map_err(&fail)?;
            let job = Standing {
                id: row.try_get(0).map_err(&fail)?,
                attempts: row.try_get(3).map_err(&fail)?,
                not_before: row.try_get(4).map_err(&fail)?,
                running: until.is_some_and(|until| until > now),
                first: None,
                unsettled: Vec::new(),
            };
            of.insert(job.id, key.clone());
            standing.insert(key, job);
        }
        drop(rows);
        let sql = "SELECT id, job, verb, permission, state FROM action ORDER BY id";
        let mut rows = sqlx::query(sql).fetch(connection);
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            let job: i64 = row.try_get(1).map_err(&fail)?;
            let Some(job) = of.get(&job).and_then(|key| standing.get_mut(key)) else { continue };
            let state: String = row.try_get(4).map_err(&fail)?;
            if job.first.is_none() && state != "doubt" {
                job.first = Some((row.try_get(2).map_err(&fail)?, row.try_get(3).map_err(&fail)?));
            }
            if matches!(state.as_str(), "sent" | "doubt") {
                job.unsettled.push(row.try_get(0).map_err(&fail)?);
            }
        }
        Ok(standing)
    }
}

/// What was sent of a job is not sent again and waits for a plan to settle it; the rest is dropped.
pub(super) async fn doubt(connection: &mut AnyConnection, job: i64) -> Result<(), sqlx::Error> {
    let steps = [
        "UPDATE job SET token = NULL, worker = NULL, lease_until = NULL, taken_over = 0 WHERE id = $1",
        "DELETE FROM action WHERE job = $1 AND state NOT IN ('sent', 'doubt')",
        "UPDATE action SET state = 'doubt' WHERE job = $1 AND state = 'sent'",
    ];
    for sql in steps {
        sqlx::query(sql).bind(job).execute(&mut *connection).await?;
    }
    Ok(())
}
