//! `koppel demo`: a story on the stand-in systems, played by the engine with the real connectors over real HTTP.
//!
//! `care/` is the folder that an administrator would have, `story` says what the world around it is like and when the
//! engine looks at it, `heard` notes what the engine tells, `tell` and `page` show it.

mod heard;
mod page;
mod story;
mod tell;

use std::path::Path;

use koppel::Scrubber;
use koppel_engine::store::{Access, Verified};
use koppel_engine::{Because, Engine, Entitlement, Held, Host as Given, config};
use koppel_http::StateDir;
use koppel_sandbox::{Sandbox, System};

use self::heard::{Event, Heard, Shift};
use self::story::{DOORS, Employee, PLANNING, ROSTER};
use crate::failure::Failure;
use crate::host::{Host, environment};
use crate::log::Detail;
use crate::signals::Signals;

/// The story cannot go on.
fn problem(doing: &str, why: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("the demo cannot go on: {doing}: {why}"))
}

/// The whole story, for the table and the page.
struct Told {
    shifts: Vec<Shift>,
    events: Vec<Event>,
    endings: Vec<Ending>,
    audit: Verified,
    requests: u64,
    /// Everything that was needed was done.
    whole: bool,
}

impl Told {
    /// What following the chain through the audit log came to.
    fn chain(&self) -> &str {
        self.audit.faults.first().map_or("none changed and none missing", String::as_str)
    }
}

/// What a person has when the story is over.
struct Ending {
    employee: &'static Employee,
    planning: String,
    doors: String,
    /// Why the doors are open, or closed.
    why: String,
}

/// Plays the story, prints it, and writes the page where one is asked for.
pub(crate) async fn demo(report: Option<&Path>, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    if let Some(file) = report {
        // Before the story is played: a folder that is not there is known now.
        page::reserve(file)?;
    }
    let mut signals = Signals::listen().map_err(|e| problem("waiting for the signal to stop", e))?;
    let sandbox = story::start().await?;
    let told = tokio::select! {
        told = play(&sandbox, scrubber, detail) => told,
        () = signals.next() => Err(Failure::failed("the demo was stopped")),
    };
    sandbox.stop().await;
    let told = told?;
    tell::ending(&told)?;
    if let Some(file) = report {
        page::write(&told, file)?;
        tell::line(&format!("\nThe timeline stands in {}", file.display()))?;
    }
    if !told.whole {
        return Err(Failure::failed("some actions of the story failed; the lines above say why"));
    }
    Ok(())
}

/// The story in a folder that is gone afterwards, however it ends.
async fn play(sandbox: &Sandbox, scrubber: &Scrubber, detail: &Detail) -> Result<Told, Failure> {
    let folder = tempfile::Builder::new().prefix("koppel-demo-").tempdir();
    let folder = folder.map_err(|e| problem("a temporary folder", e))?;
    let host = Host::with_state(&StateDir::at(folder.path().join("locks")), scrubber, detail)?;
    story::furnish(folder.path(), sandbox)?;
    let settings = config::read(&folder.path().join("koppel.toml"), &environment).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        problem("its configuration", faults.join("; "))
    })?;
    let given = Given {
        registry: host.registry(),
        scrubber: host.scrubber(),
        ctx: host.ctx().clone(),
        worker: "demo".to_owned(),
    };
    let engine = Engine::open(settings, given, Access::Write).await?;
    let told = run(&engine, folder.path(), sandbox).await;
    // Not every system removes a file that is open.
    engine.store().clone().close().await;
    told
}

async fn run(engine: &Engine, folder: &Path, sandbox: &Sandbox) -> Result<Told, Failure> {
    tell::opening(sandbox)?;
    let heard = Heard::default();
    let mut events = Vec::new();
    let mut whole = true;
    for moment in story::moments()? {
        if let Some((file, text)) = &moment.export {
            story::write(folder, file, text)?;
        }
        let summary = engine.sync_once(Some(moment.at.timestamp()), false, &heard).await?;
        let now = heard.take();
        let troubles = [heard.warnings(), summary.troubles.clone()].concat();
        tell::moment(&moment, &now, heard.next(), &troubles)?;
        whole &= summary.is_whole();
        events.extend(now);
    }
    let held = engine.store().held().await?;
    let audit = engine.store().verify().await?;
    Ok(Told {
        whole: whole && audit.faults.is_empty(),
        endings: story::EMPLOYEES.iter().map(|employee| ending(employee, &held, &events)).collect(),
        audit,
        requests: sandbox.stats().total(System::InPlanning) + sandbox.stats().total(System::IPassan),
        shifts: heard.shifts(),
        events,
    })
}

/// What the state says that somebody has.
fn ending(employee: &'static Employee, held: &[Held], events: &[Event]) -> Ending {
    let held: Vec<&Held> = held.iter().filter(|held| held.person == employee.number).collect();
    let has = |target: &str, entitlement: &Entitlement| {
        held.iter().find(|held| held.target == target && held.entitlement == *entitlement).copied()
    };
    let is_done = |event: &&Event| event.done.person == employee.number && event.done.success;
    let done: Vec<&Event> = events.iter().filter(is_done).collect();
    let last = |target: &str| done.iter().rfind(|event| event.done.target == target);
    let roles: Vec<String> = held
        .iter()
        .filter(|held| held.target == PLANNING)
        .flat_map(|held| &held.subs)
        .map(|sub| sub.name.replace("&&", " of "))
        .collect();
    let planning = match (has(PLANNING, &Entitlement::Access), last(PLANNING)) {
        (Some(_), _) if roles.is_empty() => "account".to_owned(),
        (Some(_), _) => format!("account, role {}", roles.join(", ")),
        (None, Some(_)) => "account, blocked".to_owned(),
        (None, None) => "no account".to_owned(),
    };
    let access = has(DOORS, &Entitlement::Access);
    let profile = done.iter().rev().find_map(|event| event.profile.as_deref()).unwrap_or_default();
    let doors = access.map_or_else(|| "closed".to_owned(), |_| format!("open: {profile}"));
    let because = access.map(|held| &held.because).or(last(DOORS).map(|event| &event.done.because));
    Ending { employee, planning, doors, why: because.map(why).unwrap_or_default() }
}

/// The rule, the contract or shift with its source, and what is special about it.
fn why(because: &Because) -> String {
    let note = if because.note.is_empty() { String::new() } else { format!("; {}", because.note) };
    let kind = if because.source == ROSTER { "shift" } else { "contract" };
    format!("{} ({kind} {} in {}{note})", because.rule, because.contract, because.source)
}
