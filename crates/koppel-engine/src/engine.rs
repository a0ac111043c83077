//! The engine as one thing: what a platform embeds and what the command line calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use koppel::{Ctx, Error, ErrorKind, Registry, Result, Scrubber};
use tokio::sync::Mutex;

use crate::config::Settings;
use crate::digest::hex;
use crate::enforce::{Crew, Queued, Summary, Tell, later};
use crate::model::{Held, Verb};
use crate::plan::{Action, ConfigMark, Freshness, Inputs, Plan, compute, timeline, written};
use crate::rules::Rules;
use crate::snapshot::Snapshot;
use crate::sources::{Gather, Gathered, SourceRuntime};
use crate::store::{Access, AuditChange, AuditEntry, Lease, Mark, NewAction, NewJob, Store};
use crate::targets::TargetRuntime;
use crate::{sources, targets};

/// How soon a worker that shares its state looks again at what others do.
const SHARED_LOOK: SignedDuration = SignedDuration::from_secs(1);

/// How soon a pass that failed as a whole is tried again.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(30);

/// So often a pass plans again for what its own actions made possible.
const MOST_ROUNDS: usize = 4;

/// What the engine is given by the program that it runs in.
pub struct Host<'a> {
    /// The connectors.
    pub registry: &'a Registry,
    /// What takes secrets out of texts; the secrets of all configurations are added to it.
    pub scrubber: &'a Scrubber,
    /// Time, locks, cancellation.
    pub ctx: Ctx,
    /// The name of this process, unique among those that share the state; it stands in the audit log.
    pub worker: String,
}

/// Sources, rules, targets and the state of one configuration.
pub struct Engine {
    settings: Settings,
    store: Store,
    sources: Vec<SourceRuntime>,
    targets: Vec<Arc<TargetRuntime>>,
    rules: Arc<Rules>,
    scrubber: Scrubber,
    ctx: Ctx,
    worker: String,
    /// What the last read gave, for the moments between two reads.
    last: Mutex<Option<Arc<View>>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("file", &self.settings.file)
            .field("worker", &self.worker)
            .finish_non_exhaustive()
    }
}

/// The persons as they were read.
struct View {
    snapshot: Arc<Snapshot>,
    gathered: Gathered,
    read_at: Timestamp,
}

/// The moment a pass is for.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Timestamp,
    given: bool,
}

/// What a turn of a run that goes on came to.
struct Turn {
    summary: Summary,
    until: Timestamp,
    /// What happens then; empty where nobody needs to know.
    why: &'static str,
}

impl Engine {
    /// Makes sources and targets and opens the state.
    ///
    /// # Errors
    /// `Config` for what is wrong in a configuration or a mapping, by file; what [`Store::open`] gives.
    pub async fn open(settings: Settings, host: Host<'_>, access: Access) -> Result<Self> {
        let sources = sources::build(&settings, host.registry, host.scrubber)?;
        let targets = targets::build(&settings, host.registry, host.scrubber)?;
        let rules = Arc::new(Rules::compile(&settings.rules, settings.zone.clone()));
        let store = Store::open(&settings.state_url, access, host.ctx.clock()).await?;
        if access == Access::Write {
            store.recover().await?;
        }
        Ok(Self {
            settings,
            store,
            sources,
            targets,
            rules,
            scrubber: host.scrubber.clone(),
            ctx: host.ctx,
            worker: host.worker,
            last: Mutex::new(None),
        })
    }

    /// The state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The time zone of the configuration.
    pub fn zone(&self) -> &TimeZone {
        &self.settings.zone
    }

    /// What would be done at a moment, now where none is named. Reads the sources and the state and changes nothing.
    /// With `approve` thresholds stop nothing.
    ///
    /// # Errors
    /// Where the state cannot be read. A source that cannot be read stands in the plan.
    pub async fn plan(&self, at: Option<Timestamp>, approve: bool) -> Result<Plan> {
        let moment = self.moment(at);
        let view = self.view(moment, false, approve).await?;
        self.planned(moment, &view, approve).await
    }

    /// Carries out exactly this plan.
    ///
    /// # Errors
    /// `Conflict` where the state, the configuration or the time moved on since the plan was made; nothing is done then.
    pub async fn apply(&self, plan: &Plan, approve: bool, tell: &dyn Tell) -> Result<Summary> {
        let again = "make the plan again: koppel plan";
        if plan.config.digest != self.settings.digest {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("{}, or a file that it names, changed since the plan was made", self.settings.file.display()),
            )
            .with_hint(again));
        }
        if let (false, Some(next)) = (plan.given, &plan.next) {
            let next: Timestamp =
                next.parse().map_err(|e| Error::invalid("next", format!("[{next}] is no moment: {e}")))?;
            if self.ctx.now() >= next {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "the plan is out of date: access opens or closes, or a contract begins or ends, since it was made",
                )
                .with_hint(again));
            }
        }
        let moment = Moment { at: plan.moment()?, given: plan.given };
        let mut actions = plan.actions.clone();
        if approve {
            actions.extend(plan.approved());
        }
        tell.planned(plan);
        self.enqueue(&plan.id, moment, &actions, &plan.settles, Some(&plan.state), None).await?;
        let mut summary = self.crew(tell, None).work().await?.summary;
        if !approve {
            summary.blocked += plan.blocked.len() as u64;
        }
        Ok(summary)
    }

    /// One pass: reads, plans and carries out, until nothing is left to do.
    ///
    /// # Errors
    /// Where the state cannot be read or written. What fails for one person or source stands in the summary.
    pub async fn sync_once(&self, at: Option<Timestamp>, approve: bool, tell: &dyn Tell) -> Result<Summary> {
        let moment = self.moment(at);
        let Some(lead) = self.store.lead(&self.worker, self.settings.lease).await? else {
            // Another worker plans at this moment; what it finds to do is done together.
            return self.help(tell, None).await;
        };
        let (summary, ..) = self.lead(moment, None, None, approve, tell, &lead).await?;
        Ok(summary)
    }

    /// Passes until the run is cancelled: the sources are read so often, and in between everything is looked at again
    /// at the moments at which access opens or closes. A pass that fails is told, and the next one comes. Workers that
    /// share a state take turns in planning, and carry out together.
    ///
    /// # Errors
    /// What the first pass gives: a state that never could be reached is no passing failure.
    pub async fn sync_every(&self, every: SignedDuration, approve: bool, tell: &dyn Tell) -> Result<Summary> {
        let mut total = Summary::default();
        let mut first = true;
        while !self.ctx.cancel().is_cancelled() {
            let turn = self.turn(every, approve, first, tell).await;
            let (until, why) = match turn {
                Ok(Turn { summary, until, why }) => {
                    for trouble in &summary.troubles {
                        tell.trouble(&Error::new(ErrorKind::Transient, trouble));
                    }
                    total.troubles.clear();
                    total.add(summary);
                    (until, why)
                }
                Err(error) if error.is(ErrorKind::Cancelled) => break,
                Err(error) if first => return Err(error),
                Err(error) => {
                    tell.trouble(&error);
                    total.troubles = vec![self.scrubber.text(&error.to_string()).into_owned()];
                    (later(self.ctx.now(), AFTER_FAILURE.min(every)), "the pass failed and is tried again")
                }
            };
            first = false;
            if !why.is_empty() {
                tell.waiting(until, why);
            }
            self.wait(until, tell, &mut total).await;
        }
        Ok(total)
    }

    /// One turn of a run that goes on: a pass, unless another worker is at it or has just done it.
    async fn turn(&self, every: SignedDuration, approve: bool, first: bool, tell: &dyn Tell) -> Result<Turn> {
        let moment = self.moment(None);
        let Some(lead) = self.store.lead(&self.worker, self.settings.lease).await? else {
            let until = later(moment.at, SHARED_LOOK);
            return Ok(Turn { summary: self.help(tell, Some(until)).await?, until, why: "" });
        };
        if !first && self.store.is_shared() {
            match self.store.wake().await {
                Ok(Some(wake)) if wake > moment.at => {
                    self.store.follow(&lead).await?;
                    return Ok(Turn { summary: Summary::default(), until: wake, why: "" });
                }
                Ok(_) => {}
                Err(error) => {
                    self.store.follow(&lead).await?;
                    return Err(error);
                }
            }
        }
        let kept = self.last.lock().await.clone();
        let kept = kept.filter(|view| {
            let outlived = view.gathered.good_until.is_some_and(|until| moment.at > until);
            !outlived && moment.at < later(view.read_at, every)
        });
        let (summary, view, until) = self.lead(moment, kept, Some(every), approve, tell, &lead).await?;
        let reads = later(view.read_at, every);
        let why = if until.is_some_and(|until| until < reads) {
            "access opens or closes, or a contract begins or ends"
        } else {
            "the sources are read again"
        };
        Ok(Turn { summary, until: until.unwrap_or(reads), why })
    }

    /// Waits for a moment. Where others share the state, what they leave is done meanwhile.
    async fn wait(&self, until: Timestamp, tell: &dyn Tell, total: &mut Summary) {
        let mut until = until;
        while !self.ctx.cancel().is_cancelled() {
            let left = Duration::try_from(until.duration_since(self.ctx.now())).unwrap_or_default();
            if left.is_zero() {
                return;
            }
            // A clock that is set, or a machine that slept, is noticed within a minute.
            let step = if self.store.is_shared() { SHARED_LOOK } else { SignedDuration::from_secs(60) };
            let slept = tokio::time::sleep(left.min(Duration::try_from(step).unwrap_or_default()));
            let cancelled = self.ctx.cancel().cancelled();
            if let Either::Right(_) = select(Box::pin(slept), Box::pin(cancelled)).await {
                return;
            }
            if self.store.is_shared() {
                match self.help(tell, Some(until)).await {
                    Ok(summary) => total.add(summary),
                    Err(error) => tell.trouble(&error),
                }
                if let Ok(Some(wake)) = self.store.wake().await {
                    until = until.min(wake);
                }
            }
        }
    }

    /// Takes part in what another worker planned.
    async fn help(&self, tell: &dyn Tell, until: Option<Timestamp>) -> Result<Summary> {
        if self.store.open_jobs().await? == 0 {
            return Ok(Summary::default());
        }
        Ok(self.crew(tell, until).work().await?.summary)
    }

    fn moment(&self, at: Option<Timestamp>) -> Moment {
        Moment { at: at.unwrap_or_else(|| self.ctx.now()), given: at.is_some() }
    }

    fn crew<'a>(&'a self, tell: &'a dyn Tell, until: Option<Timestamp>) -> Crew<'a> {
        Crew {
            store: &self.store,
            targets: &self.targets,
            ctx: &self.ctx,
            scrubber: &self.scrubber,
            worker: &self.worker,
            lease: self.settings.lease,
            until,
            tell,
        }
    }

    /// Plans and carries out with the lead, which is given back in any case. Gives the next moment at which something
    /// changes, or with `every` the sources are read again.
    async fn lead(
        &self,
        moment: Moment,
        kept: Option<Arc<View>>,
        every: Option<SignedDuration>,
        approve: bool,
        tell: &dyn Tell,
        lead: &Lease,
    ) -> Result<(Summary, Arc<View>, Option<Timestamp>)> {
        let work = Box::pin(self.rounds(moment, kept, every, approve, tell, lead));
        let keep = Box::pin(self.keep(lead));
        let done = match select(work, keep).await {
            Either::Left((done, _)) => done,
            Either::Right((error, _)) => Err(error),
        };
        if let (Ok((_, _, Some(wake))), true) = (&done, self.store.is_shared()) {
            self.store.set_wake(*wake).await?;
        }
        self.store.follow(lead).await?;
        let (mut summary, view, until) = done?;
        for state in view.gathered.states.iter().filter(|state| state.state != Freshness::Fresh) {
            let message = state.message.clone().unwrap_or_default();
            let counts = match (state.state, &state.read_at) {
                (Freshness::Kept, Some(read_at)) => format!("what it gave at {read_at} still counts"),
                (_, Some(read_at)) => format!("what it gave at {read_at} is too old: on it nothing opens or closes"),
                (_, None) => "it never gave anything: on it nothing opens or closes".to_owned(),
            };
            summary.troubles.push(format!("source [{}]: {counts}. {message}", state.name));
        }
        Ok((summary, view, until))
    }

    /// Keeps the lead until that fails; gives why.
    async fn keep(&self, lead: &Lease) -> Error {
        let quarter = Duration::try_from(self.settings.lease).unwrap_or_default() / 4;
        let mut kept = tokio::time::Instant::now();
        loop {
            tokio::time::sleep(quarter).await;
            match self.store.keep_lead(lead).await {
                Ok(()) => kept = tokio::time::Instant::now(),
                Err(error) if error.is(ErrorKind::Transient) && kept.elapsed() < quarter * 2 => {}
                Err(error) => return error,
            }
        }
    }

    /// Plans, carries out, and plans again for what that made possible.
    async fn rounds(
        &self,
        moment: Moment,
        kept: Option<Arc<View>>,
        every: Option<SignedDuration>,
        approve: bool,
        tell: &dyn Tell,
        lead: &Lease,
    ) -> Result<(Summary, Arc<View>, Option<Timestamp>)> {
        let view = match kept {
            Some(view) => view,
            None => self.view(moment, true, approve).await?,
        };
        *self.last.lock().await = Some(Arc::clone(&view));
        let next = self.rules.next_change(&view.snapshot, moment.at);
        let until = every.map(|every| {
            let reads = later(view.read_at, every);
            let outlives = view.gathered.good_until;
            [next, outlives].into_iter().flatten().fold(reads, Timestamp::min)
        });
        let mut summary = Summary::default();
        let mut failed: Vec<(String, String)> = Vec::new();
        let mut moved = false;
        for round in 0..MOST_ROUNDS {
            let plan = self.planned(moment, &view, approve).await?;
            summary.blocked = plan.blocked.len() as u64;
            let fresh = |action: &&Action| {
                !failed.iter().any(|(target, person)| *target == action.target && *person == action.person)
            };
            let actions: Vec<Action> = plan.actions.iter().filter(fresh).cloned().collect();
            if round == 0 || !actions.is_empty() {
                tell.planned(&plan);
            }
            let expected = self.store.is_shared().then_some(&plan.state);
            match self.enqueue(&plan.id, moment, &actions, &plan.settles, expected, Some(lead)).await {
                // Others finished something that an earlier plan asked for: what is left of that comes first.
                Err(error) if error.is(ErrorKind::Conflict) && self.store.mark().await? != plan.state => moved = true,
                queued => {
                    queued?;
                    moved = false;
                    if !plan.reasons.is_empty() {
                        self.store.note_reasons(lead, &self.reasons(moment, &plan)).await?;
                    }
                }
            }
            let worked = self.crew(tell, until).work().await?;
            summary.add(worked.summary);
            failed.extend(worked.failed);
            let over = until.is_some_and(|until| self.ctx.now() >= until);
            if (actions.is_empty() && !moved) || over || self.ctx.cancel().is_cancelled() {
                break;
            }
        }
        if moved {
            let why = "others changed the state during each of several plans; the next pass plans again";
            summary.troubles.push(why.to_owned());
            return Ok((summary, view, Some(self.ctx.now())));
        }
        Ok((summary, view, until))
    }

    /// Reads the sources and puts their persons together.
    async fn view(&self, moment: Moment, keep: bool, approve: bool) -> Result<Arc<View>> {
        let ctx = if moment.given { self.ctx.clone().as_of(moment.at) } else { self.ctx.clone() };
        let gather = Gather { store: &self.store, ctx: &ctx, zone: &self.settings.zone, keep, approve };
        let read_at = self.ctx.now();
        let mut gathered = gather.all(&self.sources).await?;
        let rows = std::mem::take(&mut gathered.rows);
        let (order, key) = (&self.settings.persons_order, &self.settings.persons_key);
        let snapshot = Snapshot::build(&self.rules, order, key, rows, &gathered.stale, &self.settings.zone)?;
        let shape = |name: &str| self.sources.iter().find(|source| source.name == name).map(SourceRuntime::shape);
        let snapshot = snapshot.shaped(|name| shape(name).unwrap_or_default());
        Ok(Arc::new(View { snapshot: Arc::new(snapshot), gathered, read_at }))
    }

    async fn planned(&self, moment: Moment, view: &View, approve: bool) -> Result<Plan> {
        // The mark first: what changes after it makes the plan one of the past.
        let state = self.store.mark().await?;
        let held: Vec<Held> = self.store.held().await?;
        let unsettled = self.store.unsettled().await?;
        let inputs = Inputs {
            at: moment.at,
            zone: self.settings.zone.clone(),
            snapshot: Arc::clone(&view.snapshot),
            rules: Arc::clone(&self.rules),
            targets: self.targets.clone(),
            held,
            unsettled: unsettled
                .iter()
                .map(|sent| Queued::read(&sent.payload).map(|queued| queued.action))
                .collect::<Result<_>>()?,
            stale: view.gathered.stale.clone(),
            approve,
        };
        let rules = Arc::clone(&self.rules);
        let snapshot = Arc::clone(&view.snapshot);
        let zone = self.settings.zone.clone();
        let computed = tokio::task::spawn_blocking(move || {
            let computed = compute(&inputs);
            let drawn = timeline(&snapshot, &rules, moment.at, &zone, &computed.actions, &computed.blocked);
            (computed, drawn)
        });
        let (computed, timeline) =
            computed.await.map_err(|e| Error::bug(format!("planning ended unexpectedly: {e}")))?;
        let zone = &self.settings.zone;
        let mut thresholds = view.gathered.reached.clone();
        thresholds.extend(computed.reached);
        let mut warnings = view.snapshot.warnings().to_vec();
        warnings.extend(computed.warnings);
        Ok(Plan {
            id: random_id()?,
            at: written(moment.at, zone),
            given: moment.given,
            actions: computed.actions,
            blocked: computed.blocked,
            thresholds,
            sources: view.gathered.states.clone(),
            warnings,
            reasons: computed.reasons,
            next: self.rules.next_change(&view.snapshot, moment.at).map(|next| written(next, zone)),
            persons: view.snapshot.len(),
            config: ConfigMark { file: self.settings.file.display().to_string(), digest: self.settings.digest.clone() },
            state,
            settles: unsettled.iter().map(|sent| sent.id).collect(),
            timeline,
        })
    }

    /// The entries of the audit for what goes on being held for another reason.
    fn reasons(&self, moment: Moment, plan: &Plan) -> Vec<(Held, AuditEntry)> {
        let recorded = self.ctx.now();
        let at = if moment.given { moment.at } else { recorded };
        let entry = |held: &Held| AuditEntry {
            at,
            recorded,
            target: held.target.clone(),
            person: held.person.clone(),
            person_name: held.name.clone(),
            verb: Verb::Update,
            entitlements: vec![held.entitlement.clone()],
            change: AuditChange::Changed,
            permission: held.entitlement.permission().map(str::to_owned),
            because: held.because.clone(),
            reference: held.reference.as_ref().map(ToString::to_string),
            success: true,
            outcome: "no-change".to_owned(),
            message: "It stays, for another contract; nothing was sent".to_owned(),
            fields: Vec::new(),
            plan: plan.id.clone(),
            worker: self.worker.clone(),
        };
        plan.reasons.iter().map(|held| (held.clone(), entry(held))).collect()
    }

    async fn enqueue(
        &self,
        plan: &str,
        moment: Moment,
        actions: &[Action],
        settles: &[i64],
        expected: Option<&Mark>,
        lead: Option<&Lease>,
    ) -> Result<()> {
        let mut jobs: Vec<NewJob> = Vec::new();
        for action in actions {
            let queued =
                Queued { at: moment.given.then_some(moment.at), plan: plan.to_owned(), action: action.clone() };
            let payload = serde_json::to_value(&queued).map_err(|e| Error::bug(format!("an action: {e}")))?;
            let new = NewAction {
                verb: action.action,
                permission: action.permission.clone(),
                payload,
                because: action.because.clone(),
                person_name: action.name.clone(),
            };
            match jobs.last_mut().filter(|job| job.target == action.target && job.person == action.person) {
                Some(job) => job.actions.push(new),
                None => jobs.push(NewJob {
                    target: action.target.clone(),
                    person: action.person.clone(),
                    actions: vec![new],
                }),
            }
        }
        self.store.enqueue(plan, &jobs, expected, lead, settles).await?;
        Ok(())
    }
}

fn random_id() -> Result<String> {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::bug(format!("the operating system gives no random numbers: {e}")))?;
    Ok(hex(&bytes))
}
