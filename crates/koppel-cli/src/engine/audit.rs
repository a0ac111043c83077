//! `koppel audit`: what was done and why, and who had which access when.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Result as KoppelResult, Scrubber, Secret};
use koppel_engine::config::Settings;
use koppel_engine::store::{Access, AuditRow, Filter, HeldThen, Replay, Store, csv_head, csv_line, json_line, tame};

use super::table::{Sheet, color};
use super::{settings, signals, until_stopped, words};
use crate::args::{AuditArgs, AuditCommand};
use crate::failure::Failure;
use crate::host::Host;
use crate::io::{flush, print_line};
use crate::log::Detail;

/// Looks into the audit log. It needs the state alone, and reaches no system.
pub(crate) async fn audit(args: &AuditArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let signals = signals()?;
    let host = Host::new(scrubber, detail)?;
    let file: &Path = match (&args.command, &args.config) {
        (Some(AuditCommand::Verify { config }), _) | (None, Some(config)) => config,
        (None, None) => return Err(Failure::usage("--config is needed")),
    };
    let settings = settings(file, scrubber, detail)?;
    let work = async {
        let store = open(&settings, &host).await?;
        match (&args.command, args.at) {
            (Some(AuditCommand::Verify { .. }), _) => verify(&store).await?,
            (None, None) => entries(&store, args, &settings.zone, scrubber).await?,
            (None, Some(at)) => access(&store, args, at, &settings.zone, scrubber).await?,
        }
        store.close().await;
        Ok(())
    };
    until_stopped(signals, &host, work).await?;
    flush()
}

async fn open(settings: &Settings, host: &Host) -> Result<Store, Failure> {
    if let Some(password) = url::Url::parse(&settings.state_url).ok().and_then(|url| url.password().map(Secret::new)) {
        host.scrubber().add(&password);
    }
    Ok(Store::open(&settings.state_url, Access::Read, host.ctx().clock()).await?)
}

fn filter(args: &AuditArgs, until: Option<Timestamp>) -> Filter {
    Filter { person: args.person.as_deref().map(|person| person.trim().to_owned()), until }
}

/// What was done.
async fn entries(store: &Store, args: &AuditArgs, zone: &TimeZone, scrubber: &Scrubber) -> Result<(), Failure> {
    if args.json || args.csv {
        let line = if args.json { json_line } else { csv_line };
        let mut lines = Lines::default();
        if args.csv {
            lines.write(&csv_head()?);
        }
        // A log of years is not gathered in memory.
        store
            .audit(filter(args, None), &mut |row| {
                lines.write(&line(&row)?);
                lines.check()
            })
            .await
            .or_else(|error| if lines.is_broken() { Ok(()) } else { Err(error) })?;
        return lines.end();
    }
    let mut sheet = Sheet::newest(&["when", "person", "target", "action", "why", "answer"]);
    store
        .audit(filter(args, None), &mut |row| {
            entry(&mut sheet, &row, zone);
            Ok(())
        })
        .await?;
    if sheet.is_empty() {
        return print_line(&match &args.person {
            Some(person) => {
                format!("nothing is known about {person}; --person takes the key that the sources agree on")
            }
            None => "nothing was done yet".to_owned(),
        });
    }
    sheet.print(scrubber)
}

fn entry(sheet: &mut Sheet, row: &AuditRow, zone: &TimeZone) {
    let entry = &row.entry;
    let mut doing = words::doing(entry.verb, entry.permission.as_deref());
    if !entry.fields.is_empty() {
        doing = format!("{doing} [{}]", entry.fields.join(", "));
    }
    let answer = if entry.success { &entry.message } else { &format!("FAILED: {}", entry.message) };
    let (at, person) = (words::stamp(entry.at, zone), words::person(&entry.person_name, &entry.person));
    let cells = [&at, &person, &entry.target, &doing, &words::why(&entry.because), answer];
    sheet.colored(&cells.map(String::as_str), Some((3, color(entry.verb))));
}

/// Who had which access at a moment, and why: the log up to it, played back.
async fn access(
    store: &Store,
    args: &AuditArgs,
    at: Timestamp,
    zone: &TimeZone,
    scrubber: &Scrubber,
) -> Result<(), Failure> {
    let mut replay = Replay::default();
    store
        .audit(filter(args, Some(at)), &mut |row| {
            replay.add(&row);
            Ok(())
        })
        .await?;
    let mut held = replay.held();
    held.sort_by(|a, b| {
        (&a.name, &a.person, &a.target, &a.entitlement).cmp(&(&b.name, &b.person, &b.target, &b.entitlement))
    });
    if args.json {
        let mut lines = Lines::default();
        for one in &held {
            let line = serde_json::to_string(one);
            lines.write(&line.map_err(|e| Failure::failed(format!("cannot write the result: {e}")))?);
            lines.write("\n");
        }
        return lines.end();
    }
    if args.csv {
        return csv(&held);
    }
    if held.is_empty() {
        let who = args.person.as_deref().unwrap_or("nobody");
        let had = if args.person.is_some() { "had no access" } else { "had access" };
        return print_line(&format!("{who} {had} at {}", words::clock(at, zone)));
    }
    let mut sheet = Sheet::new(&["person", "target", "has", "since", "why", "entry"]);
    for one in &held {
        let cells = [
            words::person(&one.name, &one.person),
            one.target.clone(),
            one.entitlement.to_string(),
            words::stamp(one.since, zone),
            words::why(&one.because),
            one.entry.to_string(),
        ];
        sheet.row(&cells.each_ref().map(String::as_str));
    }
    sheet.print(scrubber)
}

fn csv(held: &[HeldThen]) -> Result<(), Failure> {
    let cannot = |e: csv::Error| match e.into_kind() {
        csv::ErrorKind::Io(e) => Failure::stdout(e),
        other => Failure::failed(format!("cannot write CSV: {other:?}")),
    };
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let columns = [
        "person",
        "name",
        "target",
        "entitlement",
        "since",
        "rule",
        "contract",
        "source",
        "note",
        "reference",
        "entry",
    ];
    writer.write_record(columns).map_err(cannot)?;
    for one in held {
        let because = &one.because;
        let (entitlement, since, entry) = (one.entitlement.to_string(), one.since.to_string(), one.entry.to_string());
        let reference = one.reference.as_deref().unwrap_or_default();
        let cells: [&str; 11] = [
            &one.person,
            &one.name,
            &one.target,
            &entitlement,
            &since,
            &because.rule,
            &because.contract,
            &because.source,
            &because.note,
            reference,
            &entry,
        ];
        writer.write_record(cells.map(|cell| tame(cell.to_owned()))).map_err(cannot)?;
    }
    writer.flush().map_err(Failure::stdout)
}

/// Looks at every link of the chain.
async fn verify(store: &Store) -> Result<(), Failure> {
    let verified = store.verify().await?;
    let entries = words::count(usize::try_from(verified.entries).unwrap_or(usize::MAX), "entry", "entries");
    if verified.faults.is_empty() {
        return print_line(&match verified.head.as_str() {
            "" => "ok: there is no state yet, so no entries".to_owned(),
            head => format!("ok: {entries}, none changed and none missing; the last hash is {head}"),
        });
    }
    for fault in &verified.faults {
        print_line(fault)?;
    }
    flush()?;
    let faults = words::count(verified.faults.len(), "fault", "faults");
    Err(Failure::failed(format!("{faults} in {entries}: the audit log was changed"))
        .with_hint("compare it with a backup of the state, or with what koppel audit --json printed before"))
}

/// Many lines on stdout, written in large pieces. What cannot be written ends the reading too.
#[derive(Default)]
struct Lines {
    out: Option<BufWriter<io::Stdout>>,
    broken: Option<io::Error>,
}

impl Lines {
    fn write(&mut self, text: &str) {
        let out = self.out.get_or_insert_with(|| BufWriter::with_capacity(64 * 1024, io::stdout()));
        if let Err(error) = out.write_all(text.as_bytes()) {
            self.broken.get_or_insert(error);
        }
    }

    /// An error once nobody reads any more.
    fn check(&self) -> KoppelResult<()> {
        if self.is_broken() { Err(koppel::Error::bug("stdout is closed")) } else { Ok(()) }
    }

    fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    fn end(mut self) -> Result<(), Failure> {
        let flushed = self.out.as_mut().map_or(Ok(()), BufWriter::flush);
        self.broken.map_or(flushed, Err).map_err(Failure::stdout)
    }
}
