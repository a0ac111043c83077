//! `koppel demo`: a story on the stand-in systems, with the real connectors over real HTTP.
//!
//! `story` says what the world is like, `decide` who should have what, `enforce` brings it about, `tell` and `page`
//! show it. The rules in `decide` are fixed; nothing else depends on how they come about.

mod decide;
mod enforce;
mod page;
mod story;
mod tell;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use jiff::{Timestamp, Zoned};
use koppel::{Ctx, FixedClock, Instance, Scrubber, Source, Target};
use koppel_http::StateDir;
use koppel_sandbox::Sandbox;
use serde_json::{Value, json};

use self::decide::{Employee, Shift, Wanted, decide};
use self::enforce::{Enforcer, Event};
use crate::failure::Failure;
use crate::host::{Host, override_key};
use crate::log::Detail;

/// The story cannot go on.
#[derive(Debug)]
struct Problem(String);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::failed(format!("the demo cannot go on: {}", problem.0))
    }
}

/// What is known of a person when the story is over.
struct Ending {
    employee: Employee,
    wanted: Wanted,
    planning: String,
    doors: String,
    doors_before: Option<String>,
}

/// The whole story, for the table and the page.
struct Told {
    shifts: Vec<Shift>,
    events: Vec<Event>,
    endings: Vec<Ending>,
    requests: u64,
}

/// Plays the story, prints it, and writes the page where one is asked for.
pub(crate) async fn demo(report: Option<&Path>, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let host = Host::with_state(&StateDir::none(), scrubber, detail)?;
    if let Some(file) = report {
        // Before the story is played: a folder that is not there is known now.
        page::reserve(file)?;
    }
    let sandbox = story::start().await?;
    let told = play(&host, &sandbox).await;
    let told = match told {
        Ok(told) => told,
        Err(problem) => {
            sandbox.stop().await;
            return Err(problem);
        }
    };
    sandbox.stop().await;
    tell::ending(&told)?;
    if let Some(file) = report {
        page::write(&told, file)?;
        tell::line(&format!("\nThe timeline stands in {}", file.display()))?;
    }
    if told.events.iter().any(|event| !event.success) {
        return Err(Failure::failed("some actions of the story failed; the lines above say why"));
    }
    Ok(())
}

fn target(host: &Host, id: &str, config: &Value) -> Result<Box<dyn Target>, Failure> {
    match host.instance(id, config, "")? {
        Instance::Target(target) => Ok(target),
        Instance::Source(_) => Err(Failure::failed(format!("{id} is no target"))),
    }
}

async fn play(host: &Host, sandbox: &Sandbox) -> Result<Told, Failure> {
    let mut configs = sandbox.configs();
    if let Some(source) = configs.get_mut("inplanning-source") {
        override_key(source, "people", json!("humanresources"));
    }
    let config = |id: &str| configs.get(id).cloned().unwrap_or_default();
    let planning = target(host, "inplanning-target", &config("inplanning-target"))?;
    let doors = target(host, "ipassan-target", &config("ipassan-target"))?;
    let roster = host.source("inplanning-source", &config("inplanning-source"), "")?;
    let profiles = sandbox.credentials().access_profiles.iter().map(|(name, guid)| (guid.clone(), name.clone()));

    tell::opening(sandbox)?;
    let mut enforcer = Enforcer {
        planning: &*planning,
        doors: &*doors,
        profiles: profiles.collect(),
        held: BTreeMap::new(),
        events: Vec::new(),
    };
    let mut shifts = Vec::new();
    let mut last = Vec::new();
    for (number, moment) in story::moments()?.into_iter().enumerate() {
        let ctx = Ctx::new(Arc::new(FixedClock::new(moment.at.timestamp())));
        if number == 0 {
            enforcer.import(&ctx).await?;
        }
        shifts = read_roster(&*roster, &ctx).await?;
        let employees = read_hr(&moment.hr)?;
        let before = enforcer.events.len();
        last = Vec::new();
        for employee in employees {
            let wanted = decide(&employee, &shifts, &moment.at);
            enforcer.enforce(&ctx, &moment.at, &employee, &wanted).await;
            last.push((employee, wanted));
        }
        tell::moment(&moment, enforcer.events.get(before..).unwrap_or_default())?;
    }
    let endings = last.into_iter().map(|(employee, wanted)| ending(&enforcer, employee, wanted)).collect();
    let requests = sandbox.stats();
    let requests = requests.total(koppel_sandbox::System::InPlanning) + requests.total(koppel_sandbox::System::IPassan);
    Ok(Told { shifts, events: enforcer.events, endings, requests })
}

fn ending(enforcer: &Enforcer<'_>, employee: Employee, wanted: Wanted) -> Ending {
    let held = enforcer.held.get(&employee.external_id).cloned().unwrap_or_default();
    let roles: Vec<String> = held.planner.iter().map(|(_, name)| name.replace("&&", " of ")).collect();
    let planning = match (&held.planning, held.planning_enabled) {
        (None, _) => "no account".to_owned(),
        (Some(_), false) => "account, blocked".to_owned(),
        (Some(_), true) if roles.is_empty() => "account".to_owned(),
        (Some(_), true) => format!("account, role {}", roles.join(", ")),
    };
    let doors = match (&held.doors, &held.profile) {
        (None, _) => "no account".to_owned(),
        (Some(_), None) => "closed".to_owned(),
        (Some(_), Some(profile)) => format!("open: {profile}"),
    };
    Ending { employee, wanted, planning, doors, doors_before: held.profile_before }
}

fn read_hr(csv: &str) -> Result<Vec<Employee>, Problem> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(csv.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().map_err(|e| Problem(format!("HR's file: {e}")))
}

/// The roster as the source gives it: every contract is a shift.
async fn read_roster(source: &dyn Source, ctx: &Ctx) -> Result<Vec<Shift>, Failure> {
    let mut persons = source.persons(ctx);
    let mut shifts = Vec::new();
    while let Some(person) = persons.try_next().await? {
        for contract in &person.contracts {
            let contract = Value::Object(contract.clone());
            let text =
                |path: &str| koppel::lookup(&contract, path).and_then(Value::as_str).unwrap_or_default().to_owned();
            let moment = |path: &str| -> Result<Timestamp, Problem> {
                text(path).parse().map_err(|e| Problem(format!("{path} of {}: {e}", person.external_id)))
            };
            shifts.push(Shift {
                person: person.external_id.clone(),
                name: text("shift.uname"),
                department: text("group.uname"),
                start: moment("startAt")?,
                end: moment("endAt")?,
            });
        }
    }
    Ok(shifts)
}

/// A moment of the story as people write it.
fn clock(at: &Zoned) -> String {
    at.strftime("%a %-d %b %H:%M").to_string()
}
