//! The engine: plan, apply, sync, audit.

mod apply;
mod audit;
mod page;
mod plan;
mod sync;
mod table;
mod tell;
mod words;

use std::future::Future;
use std::io::{self, Write as _};
use std::path::Path;
use std::pin::pin;

use koppel::{Clock as _, Error, Scrubber};
use koppel_engine::config::{self, Settings};
use koppel_engine::plan::Plan;
use koppel_engine::store::Access;
use koppel_engine::{Engine, Host as Given};
use koppel_http::SystemClock;

use crate::failure::Failure;
use crate::host::{Host, environment};
use crate::log::{Detail, SERVICE, visible};
use crate::signals::Signals;

pub(crate) use apply::apply;
pub(crate) use audit::audit;
pub(crate) use plan::plan;
pub(crate) use sync::sync;

/// The engine's file.
///
/// # Errors
/// Exit code 2, after every fault was printed on stderr as a line of its own: `koppel.toml:12:7: …`.
fn settings(file: &Path, scrubber: &Scrubber, detail: &Detail) -> Result<Settings, Failure> {
    config::read(file, &environment).map_err(|faults| {
        for fault in &faults {
            let line = visible(&scrubber.text(&fault.to_string()));
            let line = if detail.is_json() {
                serde_json::json!({ "level": "ERROR", "message": line }).to_string()
            } else {
                line
            };
            // Stderr may be closed; there is nowhere left to say so.
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
        let faults = words::count(faults.len(), "fault", "faults");
        Failure::usage(format!("{} has {faults}; nothing was read or changed", file.display()))
    })
}

/// The engine over the file's state and systems.
async fn open(settings: Settings, host: &Host, access: Access) -> Result<Engine, Failure> {
    let given =
        Given { registry: host.registry(), scrubber: host.scrubber(), ctx: host.ctx().clone(), worker: worker() };
    Ok(Engine::open(settings, given, access).await?)
}

/// A name that no other process has: those of one state tell each other apart by it.
fn worker() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let machine = machine.or_else(|| environment("COMPUTERNAME")).or_else(|| environment("HOSTNAME"));
    let machine = machine.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let machine = machine.unwrap_or_else(|| "koppel".to_owned());
    // In containers of one image machine and process id may be the same.
    format!("{machine}-{}-{:x}", std::process::id(), SystemClock::default().now().as_microsecond())
}

/// Does the work until it is done or a signal comes. After the first signal actions in flight are waited for; after
/// the second nothing is.
async fn until_stopped<T>(
    mut signals: Signals,
    host: &Host,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = signals.next() => {}
    }
    tracing::info!(target: SERVICE, "stopping: actions in flight are waited for; a second signal ends at once");
    host.ctx().cancel().cancel();
    tokio::select! {
        biased;
        done = &mut work => done,
        () = signals.next() => Err(Failure::failed("stopped at once: actions in flight are cut off")
            .with_hint("the next koppel sync settles them by reading the target first")),
    }
}

/// From now on signals come here.
fn signals() -> Result<Signals, Failure> {
    Signals::listen().map_err(|e| Failure::failed(format!("cannot wait for the signal to stop: {e}")))
}

/// What keeps a plan from being whole: exit code 1, with what would help.
fn unless_whole(plan: &Plan) -> Result<(), Failure> {
    let mut why = Vec::new();
    if !plan.thresholds.is_empty() {
        why.push(format!("{} reached", words::count(plan.thresholds.len(), "threshold is", "thresholds are")));
    }
    if !plan.blocked.is_empty() {
        why.push(format!("{} blocked", words::count(plan.blocked.len(), "action is", "actions are")));
    }
    let unread = plan.sources.iter().filter(|source| words::is_trouble(source)).map(|source| source.name.as_str());
    let unread: Vec<&str> = unread.collect();
    if !unread.is_empty() {
        why.push(format!("could not be read: {}", unread.join(", ")));
    }
    if why.is_empty() {
        return Ok(());
    }
    let failure = Failure::failed(why.join("; "));
    Err(if plan.thresholds.is_empty() {
        failure
    } else {
        failure.with_hint("if so many are right, koppel apply and koppel sync --once take --approve")
    })
}

/// An error on one line, with what would help.
fn said(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}
