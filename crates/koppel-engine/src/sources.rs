//! The sources of a configuration: read, weighed, and kept for when they cannot be read.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use koppel::{Ctx, Error, ErrorKind, Instance, Registry, Result, Scrubber, Source};
use koppel_helloid::mapping::SourceMapping;
use koppel_helloid::{FileContent, default_source_mapping};

use crate::config::{Limit, Settings, SourceSettings, SourceThresholds};
use crate::enforce::later;
use crate::plan::{Freshness, Reached, SourceState, written};
use crate::snapshot::{Shape, SourceRows, read};
use crate::store::Store;
use crate::targets::{Given, instance, readable};

/// A source with what the configuration says of it.
#[derive(Debug)]
pub(crate) struct SourceRuntime {
    pub(crate) name: String,
    source: Arc<dyn Source>,
    mapping: SourceMapping,
    max_age: SignedDuration,
    thresholds: SourceThresholds,
}

impl SourceRuntime {
    /// The fields that its persons have.
    pub(crate) fn shape(&self) -> Shape {
        Shape::of(&self.mapping)
    }
}

/// Makes the sources.
///
/// # Errors
/// `Config`, with every fault of the first source that has one.
pub(crate) fn build(settings: &Settings, registry: &Registry, scrubber: &Scrubber) -> Result<Vec<SourceRuntime>> {
    settings.sources.iter().map(|source| one(source, registry, scrubber)).collect()
}

fn one(settings: &SourceSettings, registry: &Registry, scrubber: &Scrubber) -> Result<SourceRuntime> {
    let place = format!("source [{}], {}", settings.name, settings.config_place);
    let given =
        Given { id: &settings.connector, config: &settings.config, place: &place, folder: &settings.config_folder };
    let made = instance(registry, scrubber, &given)?;
    let source: Arc<dyn Source> = match made {
        Instance::Source(source) => Arc::from(source),
        Instance::Target(_) => {
            return Err(Error::new(
                ErrorKind::Config,
                format!("source [{}]: [{}] is a target", settings.name, settings.connector),
            )
            .with_hint("write it as a [[target]]"));
        }
    };
    let mapping = match &settings.mapping {
        None => default_source_mapping(&source.defaults()),
        Some((file, bytes)) => {
            let name = file.display().to_string();
            match readable(FileContent::read(bytes), &name)? {
                FileContent::SourceMapping(mapping) => mapping,
                _ => {
                    return Err(Error::new(ErrorKind::Config, format!("{name} is not a mapping.json"))
                        .with_hint("a source's mapping is the mapping.json that HelloID exports"));
                }
            }
        }
    };
    Ok(SourceRuntime {
        name: settings.name.clone(),
        source,
        mapping,
        max_age: settings.max_age,
        thresholds: settings.thresholds.clone(),
    })
}

/// What all sources gave.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// What counts, of each source that was ever read.
    pub(crate) rows: Vec<SourceRows>,
    /// The sources whose rows are too old, or who have none.
    pub(crate) stale: Vec<String>,
    pub(crate) states: Vec<SourceState>,
    pub(crate) reached: Vec<Reached>,
    /// Until when what was kept in place of a read still counts.
    pub(crate) good_until: Option<Timestamp>,
}

/// How sources are read.
pub(crate) struct Gather<'a> {
    pub(crate) store: &'a Store,
    pub(crate) ctx: &'a Ctx,
    pub(crate) zone: &'a TimeZone,
    /// Remember what was read.
    pub(crate) keep: bool,
    /// Thresholds do not stop anything.
    pub(crate) approve: bool,
}

impl Gather<'_> {
    /// Reads all sources at once. One that cannot be read does not keep the others; what it gave before counts for as
    /// long as the configuration allows.
    ///
    /// # Errors
    /// Where the state cannot be read or written, or the run was cancelled.
    pub(crate) async fn all(&self, sources: &[SourceRuntime]) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        for result in join_all(sources.iter().map(|source| self.one(source))).await {
            let one = result?;
            gathered.rows.extend(one.rows);
            gathered.stale.extend(one.stale);
            gathered.states.extend(one.states);
            gathered.reached.extend(one.reached);
            gathered.good_until = match (gathered.good_until, one.good_until) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(gathered)
    }

    async fn one(&self, source: &SourceRuntime) -> Result<Gathered> {
        let read = read(&*source.source, self.ctx, &source.mapping, self.zone, &source.name).await;
        match read {
            Ok(rows) => {
                let reached = if self.approve { None } else { self.weigh(source, &rows).await? };
                match reached {
                    None => self.fresh(rows).await,
                    Some(reached) => {
                        let message = format!(
                            "the threshold {} = {} is reached: {} of {}; look whether that is right, and let it \
                             through with --approve",
                            reached.kind, reached.limit, reached.count, reached.of
                        );
                        let mut kept = self.kept(source, message).await?;
                        kept.reached.push(reached);
                        Ok(kept)
                    }
                }
            }
            Err(error) if error.is(ErrorKind::Cancelled) => Err(error),
            Err(error) => self.kept(source, error.to_string()).await,
        }
    }

    async fn fresh(&self, rows: SourceRows) -> Result<Gathered> {
        if self.keep {
            self.store.keep_source(&rows).await?;
        }
        let state = SourceState {
            name: rows.source.clone(),
            state: Freshness::Fresh,
            read_at: Some(written(rows.read_at, self.zone)),
            persons: rows.rows.len(),
            message: None,
        };
        Ok(Gathered { rows: vec![rows], states: vec![state], ..Gathered::default() })
    }

    /// What the source gave before, as long as that counts.
    async fn kept(&self, source: &SourceRuntime, message: String) -> Result<Gathered> {
        let Some(rows) = self.store.source_rows(&source.name).await? else {
            let state = SourceState {
                name: source.name.clone(),
                state: Freshness::Stale,
                read_at: None,
                persons: 0,
                message: Some(message),
            };
            return Ok(Gathered { stale: vec![source.name.clone()], states: vec![state], ..Gathered::default() });
        };
        let good_until = later(rows.read_at, source.max_age);
        let counts = self.ctx.now() <= good_until;
        let state = SourceState {
            name: source.name.clone(),
            state: if counts { Freshness::Kept } else { Freshness::Stale },
            read_at: Some(written(rows.read_at, self.zone)),
            persons: rows.rows.len(),
            message: Some(message),
        };
        Ok(Gathered {
            rows: vec![rows],
            stale: if counts { Vec::new() } else { vec![source.name.clone()] },
            states: vec![state],
            good_until: counts.then_some(good_until),
            ..Gathered::default()
        })
    }

    /// The threshold that what was read reaches, against what the source gave before.
    async fn weigh(&self, source: &SourceRuntime, rows: &SourceRows) -> Result<Option<Reached>> {
        let Some(before) = self.store.source(&source.name).await? else { return Ok(None) };
        let difference = self.store.compare_source(&source.name, &rows.rows).await?;
        let blocked = rows.blocked().saturating_sub(before.blocked);
        let everybody = [Limit::Percent(100.0)];
        let limits = &source.thresholds;
        let removed = if limits.removed.is_empty() { everybody.as_slice() } else { limits.removed.as_slice() };
        let counts = [
            ("persons.removed", difference.removed, removed),
            ("persons.added", difference.added, limits.added.as_slice()),
            ("persons.blocked", blocked, limits.blocked.as_slice()),
        ];
        let reached = counts.into_iter().find_map(|(kind, count, limits)| {
            let limit = limits.iter().find(|limit| limit.reached(count, difference.before))?;
            Some(Reached {
                name: source.name.clone(),
                kind: kind.to_owned(),
                count,
                of: difference.before,
                limit: limit.to_string(),
            })
        });
        Ok(reached)
    }
}
