//! The source itself: files are read on a thread of their own, and persons come through a channel.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use koppel::{Ctx, Department, Error, PersonDefaults, Result, Source, SourcePerson};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::config::Config;
use crate::dates::Calendar;
use crate::import::Import;
use crate::{departments, fields};

/// So many persons are read ahead of who takes them.
const AHEAD: usize = 256;

/// Files as a source of persons.
#[derive(Debug)]
pub(crate) struct CsvSource {
    config: Config,
    calendar: Calendar,
}

impl CsvSource {
    /// Makes the source; nothing is read.
    pub(crate) fn new(config: Config) -> Result<Self> {
        let wrong = |fault| Error::config(vec![fault]);
        let calendar = Calendar { dates: config.dates, zone: config.zone().map_err(wrong)? };
        config.separator().map_err(wrong)?;
        Ok(Self { config, calendar })
    }

    /// Does something with the files, away from the threads that wait for others.
    async fn apart<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        work: impl FnOnce(&Config, Calendar, &Ctx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (config, calendar, ctx) = (self.config.clone(), self.calendar.clone(), ctx.clone());
        spawn_blocking(move || work(&config, calendar, &ctx)).await.unwrap_or_else(|_| Err(broke_off()))
    }
}

fn broke_off() -> Error {
    Error::bug("reading the files broke off")
}

#[async_trait]
impl Source for CsvSource {
    async fn check(&self, ctx: &Ctx) -> Result<()> {
        let check = |config: &Config, calendar, ctx: &Ctx| {
            Import::read(config, calendar, ctx)?;
            departments::read(config, ctx).map(drop)
        };
        self.apart(ctx, check).await
    }

    fn defaults(&self) -> PersonDefaults {
        fields::defaults()
    }

    fn persons<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>> {
        let begin = async move {
            let (sender, persons) = mpsc::channel(AHEAD);
            let (config, calendar, ctx) = (self.config.clone(), self.calendar.clone(), ctx.clone());
            let reader = spawn_blocking(move || {
                let import = Import::read(&config, calendar, &ctx)?;
                ctx.progress().total(import.count() as u64);
                import.give(&ctx, |person| {
                    ctx.progress().advance(1);
                    // Nobody listens any more where the stream was dropped.
                    sender.blocking_send(person).is_ok()
                })
            });
            Reading { persons, reader: Some(reader) }
        };
        stream::once(begin).flat_map(|reading| stream::unfold(reading, Reading::next)).boxed()
    }

    fn departments<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<Department>> {
        let all = async move {
            let all = self.apart(ctx, |config, _, ctx| departments::read(config, ctx)).await?;
            Ok(stream::iter(all.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }
}

/// The persons that are on their way.
struct Reading {
    persons: mpsc::Receiver<SourcePerson>,
    reader: Option<JoinHandle<Result<()>>>,
}

impl Reading {
    /// The next person; behind the last, whether the reader came to the end of the files.
    async fn next(mut self) -> Option<(Result<SourcePerson>, Self)> {
        if let Some(person) = self.persons.recv().await {
            return Some((Ok(person), self));
        }
        let ended = self.reader.take()?.await.unwrap_or_else(|_| Err(broke_off()));
        ended.err().map(|error| (Err(error), self))
    }
}
