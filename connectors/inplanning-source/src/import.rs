//! An import: whose rosters are asked for, in which way, and what becomes of a failure.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use inplanning_api::{InPlanning, ResourceRoster, RosterDay};
use koppel::{Ctx, Error, ErrorKind, Result, SourcePerson, broke_off};
use tokio::sync::Semaphore;

use crate::config::{Config, RosterMode};
use crate::contracts::Contracts;
use crate::people::Humans;
use crate::seen::Seen;
use crate::window::Window;

/// How many rosters, for each request at once, may wait for one before them that is slow.
const AHEAD: usize = 16;

/// One import. Its streams share it.
#[derive(Debug)]
pub(crate) struct Import<'a> {
    /// Where everything comes from.
    pub(crate) api: &'a InPlanning,
    /// What the import was started with.
    pub(crate) ctx: &'a Ctx,
    /// What the administrator wants.
    pub(crate) config: &'a Config,
    /// The days that are asked for.
    pub(crate) window: Window,
    /// Whose rosters are asked for.
    pub(crate) humans: Humans,
    /// How days become contracts.
    pub(crate) contracts: Contracts,
    /// Who was named by a group's roster.
    pub(crate) seen: Mutex<Seen>,
    /// How many rosters failed and were tolerated.
    pub(crate) failed: AtomicU32,
    /// How many resources InPlanning does not know a roster of (error 211).
    pub(crate) unknown: AtomicU32,
}

impl<'a> Import<'a> {
    /// All persons with shifts.
    pub(crate) fn persons(self) -> BoxStream<'a, Result<SourcePerson>> {
        let import = Arc::new(self);
        import.ctx.progress().total(import.humans.len() as u64);
        let everybody = 0..import.humans.len();
        let fewer = import.contracts.groups.len() < import.humans.len();
        match import.config.roster {
            RosterMode::Group => Arc::clone(&import).by_group().chain(import.end(Self::tell_unnamed)).boxed(),
            RosterMode::Auto if fewer => {
                // The second stream is made when the first one is through: not before then it is known who is left.
                let rest = Arc::clone(&import);
                let rest = stream::once(async move {
                    let unnamed = rest.seen().unnamed();
                    rest.one_by_one(unnamed.into_iter())
                });
                Arc::clone(&import).by_group().chain(rest.flatten()).chain(import.end(Self::tell_differing)).boxed()
            }
            RosterMode::Auto | RosterMode::Resource => {
                Arc::clone(&import).one_by_one(everybody).chain(import.end(|_| ())).boxed()
            }
        }
    }

    /// The persons at these places, in their order, with a request for each.
    ///
    /// More are begun than may ask at once: while a slow answer holds up the persons after it, these are asked for.
    fn one_by_one(
        self: Arc<Self>,
        places: impl Iterator<Item = usize> + Send + 'a,
    ) -> impl Stream<Item = Result<SourcePerson>> + Send + 'a {
        let at_once = self.at_once();
        let requests = Arc::new(Semaphore::new(at_once));
        let ask = Arc::clone(&self);
        stream::iter(places)
            .map(move |place| Arc::clone(&ask).ask_for_person(place, Arc::clone(&requests)))
            .buffered(at_once.saturating_mul(AHEAD))
            .map(move |answer| {
                self.ctx.progress().advance(1);
                answer.or_else(|error| self.tolerate(error).map(|()| None))
            })
            .try_filter_map(|person| async move { Ok(person) })
    }

    async fn ask_for_person(self: Arc<Self>, place: usize, requests: Arc<Semaphore>) -> Result<Option<SourcePerson>> {
        let turn = requests.acquire().await.map_err(|_| Error::bug("the semaphore of the import is closed"))?;
        self.ctx.go_on()?;
        let Some(human) = self.humans.list().get(place) else { return Ok(None) };
        let resource = &*human.resource;
        let days = self.api.resource_roster(self.ctx, resource, self.window.start, self.window.end).await?;
        drop(turn);
        if days.is_none() {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        self.person(place, &days.unwrap_or_default())
    }

    /// The persons whom the rosters of all groups name, each once, with a request for each group.
    ///
    /// Several groups are asked at once, but their answers are read one after the other, person by person: what waits
    /// stays on the wire, and memory does not grow with the size of a group.
    fn by_group(self: Arc<Self>) -> impl Stream<Item = Result<SourcePerson>> + Send + 'a {
        let at_once = self.at_once();
        let groups: Vec<String> = self.contracts.groups.names().map(str::to_owned).collect();
        let ask = Arc::clone(&self);
        stream::iter(groups)
            .map(move |group| Arc::clone(&ask).ask_for_group(group))
            .buffered(at_once)
            .flatten()
            .filter_map(move |roster| std::future::ready(self.of_group(roster).transpose()))
    }

    /// The roster of a group, whose beginning has arrived.
    async fn ask_for_group(self: Arc<Self>, group: String) -> BoxStream<'a, Result<ResourceRoster>> {
        if let Err(error) = self.ctx.go_on() {
            return stream::once(std::future::ready(Err(error))).boxed();
        }
        let mut rosters = self.group_again(group).peekable();
        Pin::new(&mut rosters).peek().await;
        rosters.boxed()
    }

    /// The roster of a group, asked for again where it breaks off: who was given already is not given twice.
    fn group_again(self: Arc<Self>, group: String) -> BoxStream<'a, Result<ResourceRoster>> {
        let (start, end) = (self.window.start, self.window.end);
        let first = self.api.group_rosters(self.ctx, &group, start, end);
        stream::unfold((first, 2_u8), move |(mut rosters, mut left)| {
            let (import, group) = (Arc::clone(&self), group.clone());
            async move {
                loop {
                    match rosters.next().await? {
                        Err(error) if left > 0 && broke_off(&error) && import.ctx.go_on().is_ok() => {
                            left -= 1;
                            tracing::debug!("reading it again: {error}");
                            rosters = import.api.group_rosters(import.ctx, &group, start, end);
                        }
                        item => return Some((item, (rosters, left))),
                    }
                }
            }
        })
        .boxed()
    }

    /// The person of an item of a group's roster, if it is one that is asked for and not yet given.
    fn of_group(&self, roster: Result<ResourceRoster>) -> Result<Option<SourcePerson>> {
        match roster {
            Ok(roster) => self.named(&roster).or_else(|error| self.tolerate(error).map(|()| None)),
            Err(error) if error.is(ErrorKind::NotFound) => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => self.tolerate(error).map(|()| None),
        }
    }

    /// The person of a roster within a group's, the first time that the person is named.
    fn named(&self, roster: &ResourceRoster) -> Result<Option<SourcePerson>> {
        let place = roster.uname.as_deref().and_then(|uname| self.humans.place(uname));
        let Some(place) = place else { return Ok(None) };
        let named = self.seen().note(place, &roster.days);
        self.ctx.progress().advance(named.first.into());
        if !named.to_give {
            return Ok(None);
        }
        self.person(place, &roster.days)
    }

    /// The person at a place; `None` without shifts.
    fn person(&self, place: usize, days: &[RosterDay]) -> Result<Option<SourcePerson>> {
        let Some(human) = self.humans.list().get(place) else { return Ok(None) };
        let contracts = self.contracts.of(&human.resource, days, self.ctx)?;
        Ok((!contracts.is_empty()).then(|| human.person(contracts)))
    }

    /// Lets a failure pass while the configuration allows as many.
    ///
    /// Only what concerns one roster can pass: refused credentials, a run that is over and mistakes never do.
    fn tolerate(&self, error: Error) -> Result<()> {
        let passing = matches!(
            error.kind(),
            ErrorKind::Transient
                | ErrorKind::RateLimited
                | ErrorKind::Ambiguous
                | ErrorKind::Protocol
                | ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::Denied
                | ErrorKind::Conflict
        );
        let most = self.config.max_roster_failures;
        if !passing || most == 0 || self.ctx.go_on().is_err() {
            return Err(error);
        }
        if self.failed.fetch_add(1, Ordering::Relaxed) >= most {
            return Err(
                error.with_hint(format!("{most} rosters failed before it, which is all that maxRosterFailures allows"))
            );
        }
        self.ctx.warn(format!("{error}: the import goes on without it, as maxRosterFailures allows"));
        Ok(())
    }

    /// Nothing more, once this is told and logged.
    fn end(self: Arc<Self>, tell: fn(&Self)) -> impl Stream<Item = Result<SourcePerson>> + Send + 'a {
        let told = stream::once(async move {
            tell(&self);
            let unknown = self.unknown.load(Ordering::Relaxed);
            let failed = self.failed.load(Ordering::Relaxed);
            tracing::info!(people = self.humans.len(), unknown, failed, "all rosters are read");
            if unknown > 0 {
                tracing::info!(
                    "InPlanning knows no roster of {unknown} that it was asked for (error 211): they have no shifts"
                );
            }
            Ok(None)
        });
        told.try_filter_map(|person| async move { Ok(person) })
    }

    fn tell_unnamed(&self) {
        let unnamed = self.seen().unnamed().len();
        if unnamed > 0 {
            self.ctx.progress().advance(unnamed as u64);
            self.ctx.warn(format!(
                "{unnamed} of {} active persons are in no group's roster and are left out; roster \"auto\" asks for them one by one",
                self.humans.len()
            ));
        }
        self.tell_differing();
    }

    fn tell_differing(&self) {
        let differing = self.seen().differing();
        if differing > 0 {
            self.ctx.warn(format!(
                "{differing} persons have other shifts in one group's roster than in another's: the first is taken; roster \"resource\" reads all their shifts"
            ));
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_once(&self) -> usize {
        self.ctx.concurrency().map_or(usize::from(self.config.concurrency), usize::from).max(1)
    }
}

/// The stream up to and with its first error: what is incomplete has no further persons, and no further requests.
pub(crate) fn until_error<'a, T: Send + 'a>(
    stream: impl Stream<Item = Result<T>> + Send + 'a,
) -> BoxStream<'a, Result<T>> {
    let items = stream::unfold(Some(stream.boxed()), |stream| async move {
        let mut stream = stream?;
        let item = stream.next().await?;
        let rest = item.is_ok().then_some(stream);
        Some((item, rest))
    });
    items.boxed()
}
