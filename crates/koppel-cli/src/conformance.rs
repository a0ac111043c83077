//! `koppel conformance`: the kit on a connector.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use futures_util::future::join_all;
use koppel::{Clock as _, Connector, Ctx, FixedClock, Kind, Progress, Scrubber};
use koppel_conformance::subject::{Inside, Outside, Subject};
use koppel_conformance::{Check, Options, Recording, Report, Ruling, Scenario, Session, Stand, Tape, Verdict, checks};
use koppel_http::{StateDir, SystemClock};
use serde_json::{Map, Value};

use crate::args::ConformanceArgs;
use crate::failure::Failure;
use crate::host::{Host, override_key};
use crate::io::{print_line, read_config};
use crate::log::Detail;

/// So many checks run side by side on stand-ins of their own: most of the time of a check is waiting.
const LANES: usize = 4;

/// Runs the checks and says what came of them.
pub(crate) async fn conformance(args: &ConformanceArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let folder = Folder::new()?;
    let host = Host::with_state(&StateDir::at(folder.0.join("state")), scrubber, detail)?;
    let connector = Arc::clone(host.connector(&args.id)?);
    let tape = args.replay.as_deref().map(|file| read_tape(file, &args.id)).transpose()?;
    let options = options(args, tape.as_ref());
    let all = checks::all();
    let chosen: Vec<(usize, &Check)> = all.iter().enumerate().filter(|(_, check)| options.wants(check)).collect();
    if chosen.is_empty() {
        return Err(Failure::usage(format!("no check is called {}", args.checks.join(", ")))
            .with_hint(format!("koppel conformance {} --list names them all", args.id)));
    }
    if args.list {
        return list(&chosen);
    }
    let unknown = args.waived.iter().find(|(id, _)| !all.iter().any(|check| check.id == id));
    if let Some((id, _)) = unknown {
        return Err(Failure::usage(format!("--waive: no check is called [{id}]")));
    }
    args.reports.iter().try_for_each(|file| form(file).map(drop))?;
    let scenario = scenario(args)?;
    let broken = |why: String| Failure::failed(why);
    let recording = args.record.as_ref().map(|_| Recording::default());
    let on_stand_in = args.config.is_none() && tape.is_none() && recording.is_none();
    let mut lanes = Vec::new();
    let mut config = Value::Null;
    for lane in 0..if on_stand_in { LANES.min(chosen.len()) } else { 1 } {
        let place = folder.0.join(format!("lane-{lane}"));
        fs::create_dir(&place).map_err(|e| broken(format!("cannot make {}: {e}", place.display())))?;
        let subject = subject(args, &host, &connector, tape.as_ref(), &place).await?;
        let mut stand = match (&args.config, &tape) {
            (_, Some(tape)) => Stand::real(tape.config.clone()),
            (Some(file), None) => Stand::real(host.config(&args.id, file)?),
            (None, None) if args.id == "csv-source" => Stand::real(sample(&place)?),
            (None, None) => Stand::sandbox(&args.id).await.map_err(broken)?,
        };
        connector.config_schema().scrub_into(&stand.config, scrubber);
        let several = connector.config_schema().as_value().pointer("/properties/concurrency").is_some();
        if recording.is_some() && several {
            // One request at a time, so that a replay sends them in the same order.
            override_key(&mut stand.config, "concurrency", 1.into());
        }
        config.clone_from(&stand.config);
        let session = match &tape {
            Some(tape) => Session::through(subject, stand, scenario.clone(), tape.replay()).await,
            None => Session::open(subject, stand, scenario.clone(), recording.as_ref()).await,
        };
        lanes.push(session.map_err(broken)?);
    }
    let began = SystemClock::default().now().to_string();
    let bar = host.bar("checking");
    bar.total(chosen.len() as u64);
    let verdicts = run_all(&chosen, &lanes, &options, &*bar).await;
    drop(bar);
    let report = Report {
        connector: args.id.clone(),
        version: connector.version().to_owned(),
        mode: format!(
            "{}, against {}",
            if args.binary { "through the binary" } else { "in process" },
            match (&args.config, &tape) {
                (_, Some(_)) => "a recording",
                (Some(_), None) => "the configured system",
                (None, None) => "a stand-in",
            }
        ),
        began,
        verdicts,
    };
    if let (Some(file), Some(recording)) = (&args.record, &recording) {
        let schema = connector.config_schema();
        let tape = recording.tape(&koppel_conformance::Run {
            connector: &args.id,
            tag: &options.tag,
            began: &report.began,
            config: &config,
            schema: &schema,
            scenario: &scenario,
        });
        fs::write(file, tape.json().map_err(broken)?)
            .map_err(|e| broken(format!("cannot write {}: {e}", file.display())))?;
    }
    write_reports(&args.reports, &report, scrubber)?;
    conclude(&report, args.config.is_some(), options.cancel.is_cancelled())
}

/// Runs the checks, on each lane one at a time, and gives their verdicts in the order of the checks.
async fn run_all(chosen: &[(usize, &Check)], lanes: &[Session], options: &Options, bar: &dyn Progress) -> Vec<Verdict> {
    // What is searched for secrets is what was written on a lane until then.
    let (last, side_by_side): (Vec<_>, Vec<_>) =
        chosen.iter().copied().partition(|(_, check)| check.id.starts_with("secret."));
    let waiting = Mutex::new(side_by_side.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = async |session: &Session| {
        let mut verdicts = Vec::new();
        while let Some((number, check)) = next().filter(|_| !options.cancel.is_cancelled()) {
            let verdict = session.run(check, number, options).await;
            bar.advance(1);
            tell(&verdict);
            verdicts.push((number, verdict));
        }
        verdicts
    };
    let mut verdicts = join_all(lanes.iter().map(lane)).await.concat();
    for (number, check) in last.into_iter().take_while(|_| !options.cancel.is_cancelled()) {
        let mut worst: Option<Verdict> = None;
        for session in lanes {
            let verdict = session.run(check, number, options).await;
            if worst.as_ref().is_none_or(|worst| matches!(worst.result, Ruling::Pass)) {
                worst = Some(verdict);
            }
        }
        bar.advance(1);
        if let Some(verdict) = worst {
            tell(&verdict);
            verdicts.push((number, verdict));
        }
    }
    verdicts.sort_by_key(|(number, _)| *number);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn write_reports(files: &[PathBuf], report: &Report, scrubber: &Scrubber) -> Result<(), Failure> {
    for file in files {
        let text = match form(file)? {
            Form::Json => report.json(),
            Form::Junit => report.junit(),
            Form::Html => report.html(),
        };
        let text = text.map_err(Failure::failed)?;
        fs::write(file, scrubber.text(&text).as_bytes())
            .map_err(|e| Failure::failed(format!("cannot write {}: {e}", file.display())))?;
    }
    Ok(())
}

/// The connector, in this process or behind this program.
async fn subject(
    args: &ConformanceArgs,
    host: &Host,
    connector: &Arc<dyn Connector>,
    tape: Option<&Tape>,
    folder: &Path,
) -> Result<Box<dyn Subject>, Failure> {
    if args.binary {
        let program = std::env::current_exe().map_err(|e| Failure::failed(format!("cannot find this program: {e}")))?;
        let outside = Outside::new(program, &args.id, folder.to_owned()).await.map_err(Failure::failed)?;
        return Ok(Box::new(outside));
    }
    let ctx = match tape {
        Some(tape) => Ctx::new(Arc::new(FixedClock::new(tape.moment().map_err(Failure::usage)?))),
        None => host.ctx().clone(),
    };
    let inside = Inside::new(Arc::clone(connector), host.scrubber().clone(), ctx).map_err(Failure::failed)?;
    Ok(Box::new(inside))
}

fn read_tape(file: &Path, id: &str) -> Result<Tape, Failure> {
    let tape = Tape::read(&read_config(file)?.to_string());
    let tape = tape.map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?;
    if tape.connector != id {
        return Err(Failure::usage(format!("{} was recorded with {}", file.display(), tape.connector)));
    }
    Ok(tape)
}

/// A folder of this run alone, gone with it.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let name =
            format!("koppel-conformance-{}-{}", std::process::id(), SystemClock::default().now().as_microsecond());
        let folder = std::env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        // Configurations with their secrets are written into it. On Windows the folder lies in the user's own profile.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|e| Failure::failed(format!("cannot make {}: {e}", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{} could not be removed: {error}", self.0.display());
        }
    }
}

fn options(args: &ConformanceArgs, tape: Option<&Tape>) -> Options {
    // The same number never comes again on this machine, and few objects of two runs meet in one system.
    let since = SystemClock::default().now().as_second();
    let run = u32::try_from(since.rem_euclid(36 * 36 * 36 * 36 * 36)).unwrap_or_default();
    let cancel = koppel::Cancel::default();
    let ours = cancel.clone();
    tokio::spawn(async move {
        // Without the signal the run goes on to its end.
        if tokio::signal::ctrl_c().await.is_ok() {
            ours.cancel();
        }
    });
    Options {
        read_only: args.read_only,
        only: args.checks.clone(),
        waived: args.waived.iter().cloned().collect(),
        tag: tape.map_or_else(|| format!("kt{}", base36(run)), |tape| tape.tag.clone()),
        // A replay has no system to fill, so what is recorded must not depend on one.
        as_real: args.record.is_some(),
        cancel,
    }
}

/// Short, and fit for names in any system.
fn base36(mut number: u32) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit(number % 36, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.into_iter().rev().collect()
}

fn scenario(args: &ConformanceArgs) -> Result<Scenario, Failure> {
    let Some(file) = &args.scenario else {
        let text = match args.id.as_str() {
            "csv-source" => csv_source::SCENARIO,
            "inplanning-source" => inplanning_source::SCENARIO,
            "inplanning-target" => inplanning_target::SCENARIO,
            "ipassan-target" => ipassan_target::SCENARIO,
            _ => "{}",
        };
        return Scenario::read(text).map_err(Failure::failed);
    };
    let value = read_config(file)?;
    Scenario::read(&value.to_string()).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))
}

/// The stand-in of a source that reads files: such files.
fn sample(folder: &Path) -> Result<Value, Failure> {
    let mut config = Map::new();
    for (key, name, content) in csv_source::SAMPLE {
        let file = folder.join(name);
        fs::write(&file, content).map_err(|e| Failure::failed(format!("cannot write {}: {e}", file.display())))?;
        config.insert(key.to_owned(), file.to_string_lossy().into_owned().into());
    }
    Ok(Value::Object(config))
}

/// The form of a report, by the ending of its file.
enum Form {
    Json,
    Junit,
    Html,
}

fn form(file: &Path) -> Result<Form, Failure> {
    match file.extension().and_then(std::ffi::OsStr::to_str).map(str::to_ascii_lowercase).as_deref() {
        Some("json") => Ok(Form::Json),
        Some("xml") => Ok(Form::Junit),
        Some("html" | "htm") => Ok(Form::Html),
        _ => Err(Failure::usage(format!("--report: {} ends in none of .json, .xml and .html", file.display()))),
    }
}

fn list(checks: &[(usize, &Check)]) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(["check", "for", "needs", "changes data", "what must hold"]);
    for (_, check) in checks {
        let kind = match check.kind {
            Some(Kind::Source) => "sources",
            Some(Kind::Target) => "targets",
            None => "both",
        };
        let changes = if check.changes { "yes" } else { "no" };
        table.add_row([check.id, kind, &check.needs.join(", "), changes, check.title]);
    }
    print_line(&table.to_string())
}

/// One check, on stderr while the run goes on.
fn tell(verdict: &Verdict) {
    if let Ruling::Fail { expected, came, .. } = &verdict.result {
        tracing::warn!("{} failed: expected {expected}; came {came}", verdict.id);
    }
}

fn conclude(report: &Report, real: bool, stopped: bool) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(["check", "verdict", "ms", ""]);
    for verdict in &report.verdicts {
        let why = match &verdict.result {
            Ruling::Pass => String::new(),
            Ruling::Fail { expected, came, .. } => format!("expected {expected}; came {came}"),
            Ruling::Waived { reason, expected, came } => {
                format!("{reason} (expected {expected}; came {came})")
            }
            Ruling::Skip { reason } | Ruling::NotApplicable { reason } => reason.clone(),
        };
        table.add_row([verdict.id, verdict.result.word(), &verdict.millis.to_string(), &why]);
    }
    print_line(&table.to_string())?;
    let counts = report.counts();
    print_line(&format!(
        "{} passed, {} failed, {} waived, {} skipped, {} not applicable",
        counts.passed, counts.failed, counts.waived, counts.skipped, counts.not_applicable
    ))?;
    // What stays in a stand-in is gone with it.
    for left in report.left_behind().filter(|_| real) {
        tracing::warn!("left behind in the system: {left}");
    }
    if stopped {
        let left = if real && report.left_behind().next().is_some() {
            "what they made and could not be removed is named above"
        } else {
            "what they made is removed"
        };
        return Err(Failure::failed(format!(
            "stopped before all checks were run, and {} failed; {left}",
            counts.failed
        )));
    }
    if counts.failed > 0 {
        return Err(Failure::failed(format!("{} of {} checks failed", counts.failed, report.verdicts.len()))
            .with_hint("--report FILE.html shows the requests behind each failure"));
    }
    Ok(())
}
