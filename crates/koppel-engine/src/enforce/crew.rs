//! The worker: takes jobs under a lease, carries their actions out one by one, and gives the jobs back.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use koppel::lifecycle::Report;
use koppel::{Ctx, Error, ErrorKind, Result, Scrubber};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::act::{act, effects};
use super::tell::{Done, Summary, Tell};
use super::wary::Wary;
use crate::config::Rate;
use crate::model::{Entitlement, Held, Verb};
use crate::plan::Action;
use crate::store::{Answered, AuditChange, AuditEntry, Job, QueuedAction, Store};
use crate::targets::TargetRuntime;

/// What stands in the journal of an action.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Queued {
    /// The moment it counts from, where somebody named one.
    pub(crate) at: Option<Timestamp>,
    /// The plan.
    pub(crate) plan: String,
    /// The action.
    pub(crate) action: Action,
}

impl Queued {
    /// What the journal keeps of an action.
    ///
    /// # Errors
    /// `Config` where another version of the program wrote it in a form that this one does not know.
    pub(crate) fn read(payload: &Value) -> Result<Self> {
        Self::deserialize(payload).map_err(|e| {
            Error::new(ErrorKind::Config, format!("the journal has an action that this program cannot read: {e}"))
                .with_hint("use the version of koppel that wrote it")
        })
    }
}

/// So often an action is tried in one pass, where its failure is one that passes.
const MOST_TRIES: u32 = 4;

/// How long the first retry waits; each further one waits four times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// So long a single pass waits for what is to be tried again.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// How often a worker that shares its state looks for what others left.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A worker.
pub(crate) struct Crew<'a> {
    pub(crate) store: &'a Store,
    pub(crate) targets: &'a [Arc<TargetRuntime>],
    pub(crate) ctx: &'a Ctx,
    pub(crate) scrubber: &'a Scrubber,
    pub(crate) worker: &'a str,
    pub(crate) lease: SignedDuration,
    /// When somebody plans anew: nothing is begun after it, and nothing waited for.
    pub(crate) until: Option<Timestamp>,
    pub(crate) tell: &'a dyn Tell,
}

/// What a job came to.
#[derive(Default)]
struct Outcome {
    target: String,
    summary: Summary,
    failed: Option<(String, String)>,
}

/// What is left when nobody has anything to do any more.
#[derive(Default)]
pub(crate) struct Worked {
    pub(crate) summary: Summary,
    /// The persons for whom something failed, by target and key: another plan right now would fail again.
    pub(crate) failed: Vec<(String, String)>,
}

impl Worked {
    fn note(&mut self, outcome: Outcome, busy: &mut BTreeMap<String, u32>) {
        if let Some(count) = busy.get_mut(&outcome.target) {
            *count = count.saturating_sub(1);
        }
        self.summary.add(outcome.summary);
        self.failed.extend(outcome.failed);
    }
}

impl Crew<'_> {
    /// Works until nothing is left to do, here or at other workers, or until the run is cancelled.
    ///
    /// # Errors
    /// Where the state cannot be read or written. Actions whose answer could not be written are settled by the next
    /// pass, which reads the target.
    pub(crate) async fn work(&self) -> Result<Worked> {
        let pacers: Vec<Pacer> = self.targets.iter().map(|target| Pacer::of(target)).collect();
        let mut running = FuturesUnordered::new();
        let mut busy: BTreeMap<String, u32> = BTreeMap::new();
        let mut worked = Worked::default();
        let mut broken = None;
        loop {
            let over = self.until.is_some_and(|until| self.ctx.now() >= until);
            let stopping = self.ctx.cancel().is_cancelled() || broken.is_some() || over;
            if !stopping {
                let mut ended = Vec::new();
                let taken = alongside(&mut running, &mut ended, self.take(&busy)).await;
                for ended in ended {
                    match ended {
                        Ok(outcome) => worked.note(outcome, &mut busy),
                        Err(error) => broken = broken.or(Some(error)),
                    }
                }
                match taken {
                    Ok(jobs) => {
                        for job in jobs {
                            *busy.entry(job.target.clone()).or_default() += 1;
                            running.push(self.job(job, &pacers));
                        }
                    }
                    Err(error) => broken = Some(error),
                }
            }
            let Some(ended) = running.next().await else {
                if stopping {
                    break;
                }
                if self.pause().await? {
                    continue;
                }
                break;
            };
            match ended {
                Ok(outcome) => worked.note(outcome, &mut busy),
                Err(error) => broken = broken.or(Some(error)),
            }
            while let Some(Some(ended)) = running.next().now_or_never() {
                match ended {
                    Ok(outcome) => worked.note(outcome, &mut busy),
                    Err(error) => broken = broken.or(Some(error)),
                }
            }
        }
        match broken {
            Some(error) => Err(error),
            None => Ok(worked),
        }
    }

    /// Takes as many jobs as there is room for.
    async fn take(&self, busy: &BTreeMap<String, u32>) -> Result<Vec<Job>> {
        let room = self.targets.iter().filter_map(|target| {
            let most = u32::try_from(target.concurrency.get()).unwrap_or(u32::MAX);
            let free = most.saturating_sub(busy.get(&target.name).copied().unwrap_or_default());
            (free > 0).then(|| (target.name.clone(), free))
        });
        let room: Vec<(String, u32)> = room.collect();
        if room.is_empty() {
            return Ok(Vec::new());
        }
        self.store.claim(self.worker, &room, self.lease).await
    }

    /// Waits for what comes next while nothing runs here; false where nothing comes.
    async fn pause(&self) -> Result<bool> {
        let Some(due) = self.store.next_due().await? else { return Ok(false) };
        let left = Duration::try_from(due.duration_since(self.store.now().await?)).unwrap_or_default();
        let most = match self.until {
            Some(until) => Duration::try_from(until.duration_since(self.ctx.now())).unwrap_or_default(),
            None => LONGEST_PAUSE,
        };
        if left > most {
            return Ok(false);
        }
        let wait = if self.store.is_shared() { left.min(LOOK_AGAIN) } else { left };
        let cancelled = self.ctx.cancel().cancelled();
        let slept = tokio::time::sleep(wait.max(Duration::from_millis(10)));
        Ok(matches!(select(Box::pin(slept), Box::pin(cancelled)).await, Either::Left(_)))
    }

    /// Carries a job out, with its lease renewed meanwhile.
    async fn job(&self, job: Job, pacers: &[Pacer]) -> Result<Outcome> {
        let target = job.target.clone();
        let work = Box::pin(self.actions(&job, pacers));
        let renew = Box::pin(self.renew(&job));
        let result = match select(work, renew).await {
            Either::Left((result, _)) => result,
            // The work is dropped: its requests are cut, and whoever has the job now settles what they came to.
            Either::Right((error, _)) => Err(error),
        };
        match result {
            Ok(outcome) => Ok(Outcome { target, ..outcome }),
            Err(error) if error.is(ErrorKind::Conflict) => {
                let error = Error::new(
                    ErrorKind::Conflict,
                    format!("another worker took the job of [{}] in [{}] over", job.person, job.target),
                );
                self.tell.trouble(&error);
                Ok(Outcome { target, ..Outcome::default() })
            }
            Err(error) => Err(error),
        }
    }

    /// Renews the lease until that fails; gives why. Well before the lease ends nobody may act on it any more.
    async fn renew(&self, job: &Job) -> Error {
        let lease = Duration::try_from(self.lease).unwrap_or_default();
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(lease / 4).await;
            match self.store.renew(job).await {
                Ok(()) => renewed = Instant::now(),
                Err(error) if error.is(ErrorKind::Transient) && renewed.elapsed() < lease / 2 => {}
                Err(error) => return error,
            }
        }
    }

    async fn actions(&self, job: &Job, pacers: &[Pacer]) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let found = self.targets.iter().zip(pacers).find(|(target, _)| target.name == job.target);
        let Some((target, pacer)) = found else {
            self.store.give_up(job).await?;
            return Ok(outcome);
        };
        let held = self.store.held_by(&job.target, &job.person).await?;
        let others: Vec<Entitlement> = held.iter().map(|held| held.entitlement.clone()).collect();
        let mut account = held.into_iter().find(|held| held.entitlement == Entitlement::Account);
        let mut retry: Option<Option<Duration>> = None;
        let mut failed = false;
        let mut revoke_failed = false;
        for queued in &job.actions {
            let mut entry = Queued::read(&queued.payload)?;
            if revoke_failed && entry.action.entitlements.first() == Some(&Entitlement::Access) {
                // The account goes out of use now; it ends when all of its permissions are gone.
                entry.action.entitlements.truncate(1);
            }
            let action = &entry.action;
            let ends = matches!(action.action, Verb::Disable | Verb::Delete)
                && action.entitlements.first() == Some(&Entitlement::Account);
            if ends && revoke_failed {
                outcome.summary.blocked += 1;
                continue;
            }
            if self.ctx.cancel().is_cancelled() {
                retry = Some(Some(Duration::ZERO));
                break;
            }
            pacer.turn().await;
            let mut doubtful = action.payload.doubtful || job.taken_over || queued.attempts > 0;
            if !doubtful && action.action == Verb::Create && self.store.is_shared() {
                // Another worker may have made the account since this one listed those that there are.
                doubtful = self.store.has_acted(&job.target, &job.person).await?;
            }
            self.store.sending(job, queued.id).await?;
            let report = self.run(target, action, account.as_ref(), &entry, doubtful).await;
            let passing = report.error.as_ref().is_some_and(passes);
            let again = !report.success && passing && job.attempts + 1 < MOST_TRIES;
            self.answer(job, queued, &entry, &report, &mut account, &others, again).await?;
            if report.success {
                outcome.summary.done += 1;
                continue;
            }
            let stopped = report.error.as_ref().is_some_and(|error| error.is(ErrorKind::Cancelled));
            if stopped {
                retry = Some(Some(Duration::ZERO));
            } else if again {
                let asked = report.error.as_ref().and_then(Error::retry_after);
                retry = Some(retry.flatten().max(asked));
            } else {
                outcome.summary.failed += 1;
            }
            failed = true;
            revoke_failed |= matches!(action.action, Verb::Disable | Verb::Revoke);
            if action.action == Verb::Create || account.is_none() || stopped {
                break;
            }
        }
        if failed && retry.is_none() {
            outcome.failed = Some((job.target.clone(), job.person.clone()));
        }
        match retry {
            Some(asked) => {
                let at = later(self.store.now().await?, pause(job.attempts, asked));
                self.store.finish(job, Some(at)).await?;
            }
            // What failed for good, or waits for it, is planned anew by the next pass.
            None => self.store.give_up(job).await?,
        }
        Ok(outcome)
    }

    async fn run(
        &self,
        target: &TargetRuntime,
        action: &Action,
        account: Option<&Held>,
        entry: &Queued,
        doubtful: bool,
    ) -> Report {
        let mut ctx = self.ctx.for_action(false, None);
        if let Some(at) = entry.at {
            ctx = ctx.as_of(at);
        }
        if doubtful {
            let locks = Wary(ctx.shared_locks());
            ctx = ctx.with_locks(Arc::new(locks));
        }
        act(&*target.target, &ctx, action, account).await
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is what an answer is made of")]
    async fn answer(
        &self,
        job: &Job,
        queued: &QueuedAction,
        entry: &Queued,
        report: &Report,
        account: &mut Option<Held>,
        others: &[Entitlement],
        again: bool,
    ) -> Result<()> {
        let action = &entry.action;
        let recorded = self.ctx.now();
        let at = entry.at.unwrap_or(recorded);
        let reference = report.reference.clone().or_else(|| account.as_ref().and_then(|held| held.reference.clone()));
        let effects = effects(action, report, at, account, others);
        let lines: Vec<&str> = report.audit.iter().map(|line| line.message.as_str()).collect();
        let message = self.scrubber.text(&lines.join("; ")).into_owned();
        let outcome = serde_json::to_value(&report.outcome).ok().and_then(|o| o.as_str().map(str::to_owned));
        let outcome = outcome.unwrap_or_else(|| "failed".to_owned());
        let fields: Vec<String> = action.changes.iter().map(|change| change.field.clone()).collect();
        let change = match action.action {
            _ if !report.success => AuditChange::Failed,
            Verb::Create | Verb::Enable | Verb::Grant => AuditChange::Gave,
            Verb::Update => AuditChange::Changed,
            Verb::Disable | Verb::Delete | Verb::Revoke => AuditChange::Took,
        };
        let audit = AuditEntry {
            at,
            recorded,
            target: action.target.clone(),
            person: action.person.clone(),
            person_name: action.name.clone(),
            verb: action.action,
            entitlements: action.entitlements.clone(),
            change,
            permission: action.permission.clone(),
            because: action.because.clone(),
            reference: reference.map(|reference| reference.to_string()),
            success: report.success,
            outcome: outcome.clone(),
            message: message.clone(),
            fields: fields.clone(),
            plan: entry.plan.clone(),
            worker: self.worker.to_owned(),
        };
        let error_kind = report.error.as_ref().map(|error| error.kind().name().to_owned());
        let answered = Answered { error_kind, effects, entry: audit };
        self.store.answered(job, queued.id, answered).await?;
        self.tell.done(&Done {
            at,
            target: action.target.clone(),
            person: action.person.clone(),
            name: action.name.clone(),
            action: action.action,
            permission: action.permission.clone(),
            because: action.because.clone(),
            fields,
            success: report.success,
            outcome,
            message,
            again,
        });
        Ok(())
    }
}

/// Waits for something while jobs go on: one of them may have the only connection to the state, and gives it back only
/// where it is polled. What ended meanwhile is gathered.
async fn alongside<J: Future, T>(
    running: &mut FuturesUnordered<J>,
    ended: &mut Vec<J::Output>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    while !running.is_empty() {
        match select(work.as_mut(), running.next()).await {
            Either::Left((done, _)) => return done,
            Either::Right((outcome, _)) => ended.extend(outcome),
        }
    }
    work.await
}

/// A moment after another; the end of time where there is none.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Is this a failure that passes?
fn passes(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Transient | ErrorKind::Ambiguous)
}

/// How long to wait before another try: what the system asked for, else four times as long as before.
fn pause(attempts: u32, asked: Option<Duration>) -> SignedDuration {
    let pause = asked.unwrap_or_else(|| FIRST_PAUSE * 4_u32.saturating_pow(attempts.min(5)));
    SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX)
}

/// Keeps the actions on a target apart by what its rate allows.
struct Pacer(Option<(Duration, Mutex<Instant>)>);

impl Pacer {
    fn of(target: &TargetRuntime) -> Self {
        Self::new(target.rate)
    }

    fn new(rate: Option<Rate>) -> Self {
        Self(rate.map(|rate| {
            let each = Duration::try_from(rate.per).unwrap_or_default() / rate.count.get();
            (each, Mutex::new(Instant::now()))
        }))
    }

    /// Waits for the next turn.
    async fn turn(&self) {
        let Some((each, next)) = &self.0 else { return };
        let at = {
            let mut next = next.lock().await;
            let at = (*next).max(Instant::now());
            *next = at + *each;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn actions_keep_the_distance_of_the_rate_whoever_asks() {
        let pacer = Pacer::new(Some(Rate::parse("10/s").unwrap()));
        let began = Instant::now();
        // Ten at once, and one after them.
        futures_util::future::join_all((0..10).map(|_| pacer.turn())).await;
        assert_eq!(began.elapsed().as_millis(), 900);
        pacer.turn().await;
        assert_eq!(began.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits() {
        let began = Instant::now();
        Pacer::new(None).turn().await;
        assert!(began.elapsed().is_zero());
    }
}
