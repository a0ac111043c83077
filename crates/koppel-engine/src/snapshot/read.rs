//! Takes the persons of a source in.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Clock, Ctx, Error, ErrorKind, FixedClock, Result, Source, SourcePerson};
use koppel_helloid::mapping::{SourceMapping, SourceOptions};
use koppel_helloid::script::{QuickJs, Settings};
use koppel_helloid::{Finding, Severity, tidy};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::shape::without_nulls;

/// So many persons wait to be mapped: reading and mapping go on side by side, and neither runs away.
const WAITING: usize = 256;

/// So many different warnings of a mapping are told; what is so for every person is told once.
const MOST_TOLD: usize = 200;

/// So many characters of a reason are kept.
const LONGEST_REASON: usize = 500;

/// The persons of a source, mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRows {
    /// The name of the source.
    pub source: String,
    /// When reading began: what is newer may be missing.
    pub read_at: Timestamp,
    /// The persons, in the order of the source.
    pub rows: Vec<Row>,
}

impl SourceRows {
    /// How many persons the source, or the mapping, blocks.
    pub fn blocked(&self) -> u64 {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            status: Status,
        }
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Status {
            blocked: bool,
        }
        let is_blocked = |body: &str| serde_json::from_str::<Body>(body).is_ok_and(|body| body.status.blocked);
        self.rows.iter().filter(|row| is_blocked(&row.body)).count() as u64
    }
}

/// A person of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the source knows the person by, before any mapping.
    pub external_id: String,
    /// The mapped person as compact JSON: HelloID's `personContext.Person` with `Contracts` and `Status`, without
    /// `PrimaryContract` and `PrimaryManager`, which change with time, and without fields that have no value; see
    /// [`Shape`](super::Shape).
    pub body: Box<str>,
}

/// Reads all persons of a source and maps them.
///
/// A person that cannot be mapped, as when a script fails, is blocked, with the reason; the fields that could be mapped
/// are kept, so that the person is recognised. What a mapping warns of is told to the context, each thing once.
///
/// # Errors
/// Those of the source; `Protocol` where it gives a person twice or one without an id; `Cancelled` when the run is
/// stopped. A source that could not be read to its end gives nothing.
pub async fn read(
    source: &dyn Source,
    ctx: &Ctx,
    mapping: &SourceMapping,
    zone: &TimeZone,
    name: &str,
) -> Result<SourceRows> {
    let read_at = ctx.now();
    let (send, receive) = mpsc::channel(WAITING);
    let work = Mapper {
        mapping: mapping.clone(),
        options: SourceOptions::new(ctx.moment(), zone.clone()),
        ctx: ctx.clone(),
        source: name.to_owned(),
    };
    // The engine for scripts stays on one thread.
    let mapped = tokio::task::spawn_blocking(move || work.run(receive));
    let streamed = stream(source, ctx, send).await;
    let rows = mapped.await.map_err(|_| Error::bug(format!("mapping the persons of the source {name} panicked")))?;
    streamed.map_err(|e| e.context(format_args!("could not read the source {name}")))?;
    Ok(SourceRows { source: name.to_owned(), read_at, rows })
}

async fn stream(source: &dyn Source, ctx: &Ctx, send: mpsc::Sender<SourcePerson>) -> Result<()> {
    let mut ids = HashSet::new();
    let mut persons = source.persons(ctx);
    while let Some(person) = persons.next().await {
        ctx.go_on()?;
        let person = person?;
        if person.external_id.trim().is_empty() {
            return Err(Error::new(ErrorKind::Protocol, "a person without an ExternalId was given"));
        }
        if !ids.insert(person.external_id.clone()) {
            let message = format!("the person [{}] was given twice", person.external_id);
            return Err(Error::new(ErrorKind::Protocol, message)
                .with_hint("one of the two would lose access, so neither is taken; correct the source"));
        }
        if send.send(person).await.is_err() {
            // Its own error is told by the one who waits for it.
            return Err(Error::bug("the mapping ended before the source did"));
        }
    }
    ctx.go_on()
}

struct Mapper {
    mapping: SourceMapping,
    options: SourceOptions,
    ctx: Ctx,
    source: String,
}

impl Mapper {
    fn run(self, mut receive: mpsc::Receiver<SourcePerson>) -> Vec<Row> {
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::new(self.options.at));
        let mut engine = QuickJs::new(Settings::new(self.options.zone.clone(), clock));
        let mut told = HashSet::new();
        let mut untold = 0_usize;
        let mut rows = Vec::new();
        while let Some(person) = receive.blocking_recv() {
            let external_id = person.external_id.clone();
            let (body, findings) = self.map(&mut engine, person);
            for finding in findings {
                let known = told.contains(&finding);
                if !known && told.len() < MOST_TOLD {
                    self.ctx.warn(format!("source {}, person [{external_id}]: {finding}", self.source));
                    told.insert(finding);
                } else {
                    untold += 1;
                }
            }
            rows.push(Row { external_id, body: body.to_string().into() });
        }
        if untold > 0 {
            let message = format!("source {}: {untold} more warnings like these, about other persons", self.source);
            self.ctx.warn(message);
        }
        rows
    }

    /// The person as it is kept, and what is to be said of it.
    fn map(&self, engine: &mut QuickJs, person: SourcePerson) -> (Value, Vec<Finding>) {
        let id = person.external_id.clone();
        let raw = match serde_json::to_value(person) {
            Ok(raw) => tidy(raw),
            Err(e) => return (blocked(json!({ "ExternalId": id }), &e.to_string()), Vec::new()),
        };
        match self.mapping.evaluate(engine, &raw, &self.options) {
            Ok(mapped) => (kept(mapped.person), mapped.findings),
            Err(findings) => {
                let known = self.what_can_be_mapped(engine, raw, &findings);
                let reason = findings.iter().find(|finding| finding.severity == Severity::Error);
                let reason = reason.map_or_else(|| "it cannot be mapped".to_owned(), told);
                (blocked(known.unwrap_or_else(|| json!({ "ExternalId": id })), &reason), findings)
            }
        }
    }

    /// The fields of a person whose rules do not fail: the person must be recognised to be left alone.
    fn what_can_be_mapped(&self, engine: &mut QuickJs, mut raw: Value, findings: &[Finding]) -> Option<Value> {
        let fails = |name: &str| findings.iter().any(|f| f.severity == Severity::Error && f.field == name);
        let sound = self.mapping.person.iter().filter(|rule| !fails(&rule.name)).cloned().collect();
        let mapping = SourceMapping { person: sound, contract: Vec::new() };
        raw.as_object_mut()?.insert("Contracts".to_owned(), json!([]));
        mapping.evaluate(engine, &raw, &self.options).ok().map(|mapped| kept(mapped.person))
    }
}

/// A person without what changes with time, and without what has no value.
fn kept(mut person: Value) -> Value {
    if let Value::Object(fields) = &mut person {
        for name in ["PrimaryContract", "PrimaryManager", "Accounts"] {
            fields.remove(name);
        }
    }
    without_nulls(&mut person);
    person
}

fn blocked(mut person: Value, reason: &str) -> Value {
    let reason: String = reason.chars().take(LONGEST_REASON).collect();
    person["Status"] = json!({ "Blocked": true, "Reason": reason });
    person["Contracts"] = json!([]);
    person
}

/// A finding as a reason: without how bad it is.
fn told(finding: &Finding) -> String {
    if finding.field.is_empty() {
        return finding.message.clone();
    }
    format!("field {}: {}", finding.field, finding.message)
}
