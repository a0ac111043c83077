//! Brings the persons of all sources together.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use jiff::tz::TimeZone;
use koppel::{Error, ErrorKind, Result};
use koppel_helloid::mapping::display_name_of;

use super::extract::{self, Texts, Wanted};
use super::moment::{Bounds, Odd, bounds};
use super::person::{NO_RULES, Part, PersonRow};
use super::{ContractRow, MOST_WARNINGS, Shape, Snapshot, Source, SourceRows, fold};
use crate::rules::Rules;
use crate::rules::conditions::{Mask, Matcher, number, rules_of};

/// What the name of a person is made of, and what says that the person is blocked.
const NAMES: [&str; 8] = [
    "ExternalId",
    "Name.Convention",
    "Name.NickName",
    "Name.FamilyNamePrefix",
    "Name.FamilyName",
    "Name.FamilyNamePartnerPrefix",
    "Name.FamilyNamePartner",
    "DisplayName",
];
const STATUS: [&str; 2] = ["Status.Blocked", "Status.Reason"];
/// They are read of every person, and the key behind them.
const ALWAYS: usize = NAMES.len() + STATUS.len() + 1;
const DATED: [&str; 3] = ["ExternalId", "StartDate", "EndDate"];

/// So much of a text is shown.
const MOST_SHOWN: usize = 60;

/// So many dates that cannot be read are named as a reason; one is enough to block.
const MOST_REASONS: usize = 5;

/// More threads than this gain nothing: memory is the limit.
const MOST_THREADS: usize = 8;

/// A row, with the key it is sorted by.
struct Keyed {
    key: Box<str>,
    /// The source gives the person no key.
    keyless: bool,
    source: u16,
    id: Box<str>,
    body: Box<str>,
}

impl Snapshot {
    /// Brings the persons of the sources together: those with the same value at `key`, without regard to case and blanks
    /// around it, are one.
    ///
    /// `order` names the sources whose fields come first; those it does not name follow in their own order. The rows of a
    /// source in `stale` are too old to act on: they are taken in and marked. A person without a value at the key is
    /// alone and blocked; so is one with a date that cannot be read: what it bounds cannot be told.
    ///
    /// # Errors
    /// `Bug` where a row is no JSON object.
    pub fn build(
        rules: &Rules,
        order: &[String],
        key: &str,
        mut sources: Vec<SourceRows>,
        stale: &[String],
        zone: &TimeZone,
    ) -> Result<Self> {
        sources.sort_by_key(|rows| order.iter().position(|name| *name == rows.source).unwrap_or(order.len()));
        let known: Vec<Source> = sources
            .iter()
            .map(|rows| Source {
                name: rows.source.clone(),
                is_stale: stale.contains(&rows.source),
                shape: Shape::default(),
            })
            .collect();
        let mut rows = keyed(key, sources)?;
        rows.sort_unstable_by(|a, b| (&a.key, a.source, &a.id).cmp(&(&b.key, b.source, &b.id)));
        let work = Work {
            rules,
            key,
            zone,
            sources: known.iter().map(|source| OfSource::new(source, rules)).collect(),
            wanted: Wanted::new(NAMES.into_iter().chain(STATUS).chain([key]).chain(paths(&rules.conditions.person))),
            of_contract: Wanted::new(DATED.into_iter().chain(paths(&rules.conditions.contract))),
        };
        let chunks = chunks(&rows, threads());
        let done: Vec<Result<Chunk>> = thread::scope(|scope| {
            let running: Vec<_> =
                chunks.into_iter().map(|range| scope.spawn(|| work.chunk(range.start, &rows[range]))).collect();
            running.into_iter().map(joined).collect()
        });
        drop(work);
        let mut snapshot = Self {
            persons: Vec::new(),
            parts: rows.into_iter().map(|row| Part { source: row.source, body: row.body }).collect(),
            contracts: Vec::new(),
            profiles: Vec::new(),
            rules: rules.len(),
            sources: known,
            warnings: Vec::new(),
            zone: zone.clone(),
        };
        snapshot.take(done)?;
        Ok(snapshot)
    }

    /// Takes in what the threads found.
    fn take(&mut self, chunks: Vec<Result<Chunk>>) -> Result<()> {
        let (mut numbers, mut masks) = (HashMap::new(), Vec::new());
        let mut untold = 0;
        for chunk in chunks {
            let chunk = chunk?;
            let renumbered: Vec<u32> = chunk.masks.iter().map(|mask| number(&mut numbers, &mut masks, mask)).collect();
            let before = place(self.contracts.len())?;
            self.contracts.extend(chunk.contracts.into_iter().map(|mut contract| {
                contract.profile = renumbered.get(contract.profile as usize).copied().unwrap_or(NO_RULES);
                contract
            }));
            self.persons.extend(chunk.persons.into_iter().map(|mut person| {
                person.contracts += before;
                person
            }));
            let room = MOST_WARNINGS - self.warnings.len();
            untold += chunk.warned - chunk.warnings.len().min(room);
            self.warnings.extend(chunk.warnings.into_iter().take(room));
        }
        place(self.contracts.len())?;
        if untold > 0 {
            self.warnings.push(format!("and {untold} more warnings like these, about other persons"));
        }
        self.profiles = masks.iter().map(|mask| rules_of(mask)).collect();
        self.parts.shrink_to_fit();
        self.persons.shrink_to_fit();
        self.contracts.shrink_to_fit();
        Ok(())
    }
}

fn paths(columns: &[crate::rules::conditions::Column]) -> impl Iterator<Item = &str> {
    columns.iter().map(|column| column.path.as_str())
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(Error::bug("a thread that builds the snapshot panicked")))
}

fn place(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| {
        Error::new(ErrorKind::Invalid, format!("the sources give {count} contracts; at most {} are taken", u32::MAX))
    })
}

fn broken(source: &str, id: &str, e: &serde_json::Error) -> Error {
    Error::bug(format!("what is kept of person [{id}] of the source {source} is no person: {e}"))
}

/// All rows with their keys.
fn keyed(key: &str, sources: Vec<SourceRows>) -> Result<Vec<Keyed>> {
    let wanted = Wanted::new([key]);
    let mut all = Vec::with_capacity(sources.iter().map(|rows| rows.rows.len()).sum());
    for (at, SourceRows { source, rows, .. }) in sources.into_iter().enumerate() {
        let place = u16::try_from(at).map_err(|_| Error::bug("there are more than 65,535 sources"))?;
        let size = rows.len().div_ceil(threads()).max(1);
        let found: Vec<Result<Vec<Option<Box<str>>>>> = thread::scope(|scope| {
            let running: Vec<_> = rows.chunks(size).map(|rows| scope.spawn(|| keys(&wanted, &source, rows))).collect();
            running.into_iter().map(joined).collect()
        });
        let keys = found.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten();
        all.extend(rows.into_iter().zip(keys).map(|(row, key)| {
            let keyless = key.is_none();
            // No value of a source looks like it, by its name in front.
            let key = key.unwrap_or_else(|| format!("{}:{}", fold(&source), fold(&row.external_id)).into());
            Keyed { key, keyless, source: place, id: row.external_id.into(), body: row.body }
        }));
    }
    place(all.len())?;
    Ok(all)
}

fn keys(wanted: &Wanted, source: &str, rows: &[super::Row]) -> Result<Vec<Option<Box<str>>>> {
    let key = |row: &super::Row| {
        let mut texts = vec![None];
        extract::fields(&row.body, wanted, &mut texts).map_err(|e| broken(source, &row.external_id, &e))?;
        Ok(texts.pop().flatten().map(|text| fold(&text).into()))
    };
    rows.iter().map(key).collect()
}

/// Nearly equal parts; the rows of a person stay together.
fn chunks(rows: &[Keyed], parts: usize) -> Vec<Range<usize>> {
    let mut all = Vec::with_capacity(parts);
    let mut start = 0;
    for part in 1..=parts {
        let mut end = (rows.len() * part / parts).max(start);
        while end > start && end < rows.len() && rows[end].key == rows[end - 1].key {
            end += 1;
        }
        all.push(start..end);
        start = end;
    }
    all
}

/// What all threads share.
struct Work<'a> {
    rules: &'a Rules,
    key: &'a str,
    zone: &'a TimeZone,
    sources: Vec<OfSource>,
    wanted: Wanted,
    of_contract: Wanted,
}

struct OfSource {
    name: Arc<str>,
    is_stale: bool,
    mask: Mask,
}

impl OfSource {
    fn new(source: &Source, rules: &Rules) -> Self {
        let Source { name, is_stale, .. } = source;
        Self { name: name.as_str().into(), is_stale: *is_stale, mask: rules.conditions.of_source(name) }
    }
}

/// What one thread found.
#[derive(Default)]
struct Chunk {
    persons: Vec<PersonRow>,
    contracts: Vec<ContractRow>,
    masks: Vec<Mask>,
    warnings: Vec<String>,
    warned: usize,
}

impl Chunk {
    fn warn(&mut self, warning: String) {
        self.warned += 1;
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push(warning);
        }
    }
}

/// What is read of a person, kept for the next one.
struct Scratch<'t> {
    /// Of the names, of the status, the key, then of the conditions on persons.
    texts: Texts<'t>,
    /// Of the contracts, one after the other.
    contracts: Texts<'t>,
    /// The source of each contract.
    sources: Vec<u16>,
}

impl Work<'_> {
    fn chunk(&self, first: usize, rows: &[Keyed]) -> Result<Chunk> {
        let mut chunk = Chunk::default();
        let mut matcher = Matcher::new(&self.rules.conditions);
        let texts = vec![None; ALWAYS + self.rules.conditions.person.len()];
        let mut scratch = Scratch { texts, contracts: Vec::new(), sources: Vec::new() };
        let mut at = first;
        for person in rows.chunk_by(|a, b| a.key == b.key) {
            let reasons = self.read(&mut chunk, &mut scratch, person)?;
            self.person(&mut chunk, &mut matcher, &scratch, person, at, reasons)?;
            at += person.len();
        }
        chunk.masks = matcher.masks();
        Ok(chunk)
    }

    /// Reads what the sources say of a person; gives why the person is blocked.
    fn read<'t>(&self, chunk: &mut Chunk, scratch: &mut Scratch<'t>, rows: &'t [Keyed]) -> Result<Vec<String>> {
        scratch.texts.fill(None);
        scratch.contracts.clear();
        scratch.sources.clear();
        let slots = DATED.len() + self.rules.conditions.contract.len();
        let mut reasons = Vec::new();
        for (before, row) in rows.iter().enumerate() {
            let source = self.source(row.source)?;
            let Scratch { texts, contracts, sources } = &mut *scratch;
            let mut each = |texts: &mut Texts<'t>| {
                contracts.extend(texts.iter_mut().map(Option::take));
                sources.push(row.source);
            };
            extract::person(&row.body, &self.wanted, texts, &self.of_contract, slots, &mut each)
                .map_err(|e| broken(&source.name, &row.id, &e))?;
            // Each source may block; what it says must not count as said by the next one.
            let [blocked, reason] = [NAMES.len(), NAMES.len() + 1].map(|at| texts.get_mut(at).and_then(Option::take));
            if blocked.is_some_and(|blocked| matches!(blocked.trim().to_ascii_lowercase().as_str(), "true" | "1")) {
                let reason = reason.as_deref().unwrap_or("its mapping says so");
                reasons.push(format!("{}: {reason}", source.name));
            }
            if row.keyless {
                reasons.push(format!("{}: no value for the key {}", source.name, self.key));
            }
            if let Some(twin) = rows.get(before.wrapping_sub(1)).filter(|twin| twin.source == row.source) {
                chunk.warn(format!(
                    "the source {} gives two persons with the key [{}], [{}] and [{}]; they count as one",
                    source.name, row.key, twin.id, row.id
                ));
            }
        }
        Ok(reasons)
    }

    fn person(
        &self,
        chunk: &mut Chunk,
        matcher: &mut Matcher<'_>,
        scratch: &Scratch<'_>,
        rows: &[Keyed],
        at: usize,
        mut reasons: Vec<String>,
    ) -> Result<()> {
        let Some(Keyed { key, .. }) = rows.first() else { return Ok(()) };
        let (known, of_rules) = scratch.texts.split_at(ALWAYS);
        matcher.person(of_rules.iter().map(Option::as_deref));
        let first = place(chunk.contracts.len())?;
        let slots = DATED.len() + self.rules.conditions.contract.len();
        for (texts, source) in scratch.contracts.chunks(slots).zip(&scratch.sources) {
            let source = self.source(*source)?;
            let (dated, of_rules) = texts.split_at(DATED.len());
            let [id, start, end] = [0, 1, 2].map(|at| dated.get(at).and_then(Option::as_deref));
            let id = id.unwrap_or_default().trim();
            let (bounds, profile) = match bounds(start, end, self.zone) {
                Ok(bounds) => (bounds, matcher.contract(&source.mask, of_rules.iter().map(Option::as_deref))),
                Err(Odd::Turned(bounds)) => {
                    chunk.warn(format!(
                        "contract [{id}] of person [{key}], source {}, ends before it begins; no rule matches it",
                        source.name
                    ));
                    (bounds, NO_RULES)
                }
                Err(odd) => {
                    let (field, text) = if odd == Odd::Start { ("StartDate", start) } else { ("EndDate", end) };
                    let text: String = text.unwrap_or_default().chars().take(MOST_SHOWN).collect();
                    let what = format!("{field} of contract [{id}] is [{text}], and no date such as 2026-05-31");
                    chunk.warn(format!("person [{key}], source {}: {what}; the person is blocked", source.name));
                    if reasons.len() < MOST_REASONS {
                        reasons.push(format!("{}: {what}", source.name));
                    }
                    (Bounds::ALWAYS, NO_RULES)
                }
            };
            let (source, is_stale) = (Arc::clone(&source.name), source.is_stale);
            chunk.contracts.push(ContractRow { external_id: id.into(), source, bounds, profile, is_stale });
        }
        let stale = |row: &Keyed| self.sources.get(usize::from(row.source)).is_some_and(|source| source.is_stale);
        let spelled = known.last().and_then(Option::as_deref).map(str::trim).filter(|spelled| **spelled != **key);
        chunk.persons.push(PersonRow {
            key: key.clone(),
            spelled: spelled.map(Into::into),
            name: name(known, rows.len() == 1).into(),
            blocked: (!reasons.is_empty()).then(|| reasons.join("; ").into()),
            parts: place(at)?,
            contracts: first,
            is_stale: rows.iter().any(stale),
        });
        Ok(())
    }

    fn source(&self, at: u16) -> Result<&OfSource> {
        self.sources.get(usize::from(at)).ok_or_else(|| Error::bug("a row is of no source"))
    }
}

/// The name for people: what the one source calculated, or what the names of all come to.
fn name(texts: &[Option<Cow<'_, str>>], is_of_one: bool) -> String {
    let text = |name: &str| {
        let at = NAMES.iter().position(|known| *known == name)?;
        texts.get(at)?.as_deref().map(|text| text.trim().to_owned())
    };
    let given = text("DisplayName");
    if is_of_one && let Some(given) = given {
        return given;
    }
    let has_name =
        ["Name.NickName", "Name.FamilyName", "Name.FamilyNamePartner"].iter().any(|name| text(name).is_some());
    match given {
        Some(given) if !has_name => given,
        _ => display_name_of(&text),
    }
}
