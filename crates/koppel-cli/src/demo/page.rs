//! The story as one self-contained HTML page: shifts against door access, per person.

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use minijinja::{Environment, context};
use serde::Serialize;

use super::decide::Shift;
use super::enforce::Event;
use super::story::{DAY, DAYS, zone};
use super::{Problem, Told, clock};
use crate::failure::Failure;

#[derive(Serialize)]
struct Row {
    name: String,
    function: String,
    planning: String,
    doors: String,
    why: String,
    shifts: Vec<Bar>,
    access: Vec<Bar>,
}

/// A stretch of time on the timeline, in per cent of its width.
#[derive(Serialize)]
struct Bar {
    left: f64,
    width: f64,
    label: String,
    title: String,
}

#[derive(Serialize)]
struct Line {
    at: String,
    person: String,
    system: &'static str,
    outcome: String,
    detail: String,
    rule: &'static str,
    contract: String,
    answer: String,
    success: bool,
}

/// The stretch of time that the page shows.
struct Span {
    start: Timestamp,
    seconds: f64,
    zone: TimeZone,
}

impl Span {
    fn at(&self, moment: Timestamp) -> f64 {
        let part = moment.duration_since(self.start).as_secs_f64() / self.seconds;
        (part * 100.0).clamp(0.0, 100.0)
    }

    fn bar(&self, from: Timestamp, until: Timestamp, label: &str, open: bool) -> Bar {
        let clock = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%a %H:%M").to_string();
        let end = if open { "on".to_owned() } else { clock(until) };
        Bar {
            left: self.at(from),
            width: self.at(until) - self.at(from),
            label: label.to_owned(),
            title: format!("{label}: {} – {end}", clock(from)),
        }
    }
}

/// Makes sure that the page can be written.
pub(super) fn reserve(file: &Path) -> Result<(), Failure> {
    let opened = fs::OpenOptions::new().create(true).append(true).open(file);
    opened.map(drop).map_err(|e| Failure::usage(format!("cannot write {}: {e}", file.display())))
}

/// Writes the page.
pub(super) fn write(told: &Told, file: &Path) -> Result<(), Failure> {
    let html = render(told)?;
    fs::write(file, html).map_err(|e| Failure::failed(format!("cannot write {}: {e}", file.display())))
}

fn render(told: &Told) -> Result<String, Problem> {
    let problem = |e: &dyn std::fmt::Display| Problem(format!("the page: {e}"));
    let zone = zone()?;
    let start = DAY.to_zoned(zone.clone()).map_err(|e| problem(&e))?;
    let end = start.checked_add(DAYS.days()).map_err(|e| problem(&e))?;
    let seconds = end.timestamp().duration_since(start.timestamp()).as_secs_f64();
    let span = Span { start: start.timestamp(), seconds, zone };
    let rows: Vec<Row> = told
        .endings
        .iter()
        .map(|ending| {
            let name = ending.employee.name();
            let why = ending.wanted.doors.as_ref().map_or(&ending.wanted.no_doors, |(_, because)| because);
            Row {
                shifts: shifts(&told.shifts, &ending.employee.external_id, &span),
                access: access(&told.events, &name, ending.doors_before.as_deref(), end.timestamp(), &span),
                function: ending.employee.title.clone(),
                planning: ending.planning.clone(),
                doors: ending.doors.clone(),
                why: format!("{} ({})", why.rule, why.contract),
                name,
            }
        })
        .collect();
    let hours: Vec<(f64, String)> = (0..=i32::from(DAYS) * 4)
        .filter_map(|step| {
            let at = start.checked_add((step * 6).hours()).ok()?;
            Some((span.at(at.timestamp()), at.strftime("%a %H:%M").to_string()))
        })
        .collect();
    let lines: Vec<Line> = told.events.iter().map(line).collect();
    let mut environment = Environment::new();
    environment.add_template("page.html", include_str!("page.html")).map_err(|e| problem(&e))?;
    let template = environment.get_template("page.html").map_err(|e| problem(&e))?;
    template
        .render(context! { rows, hours, lines, requests => told.requests, version => env!("CARGO_PKG_VERSION") })
        .map_err(|e| problem(&e))
}

fn line(event: &Event) -> Line {
    Line {
        at: clock(&event.at),
        person: event.person.clone(),
        system: event.system,
        outcome: event.outcome.clone(),
        detail: event.detail.clone(),
        rule: event.because.rule,
        contract: event.because.contract.clone(),
        answer: event.answer.clone(),
        success: event.success,
    }
}

fn shifts(all: &[Shift], person: &str, span: &Span) -> Vec<Bar> {
    all.iter()
        .filter(|shift| shift.person == person)
        .map(|shift| span.bar(shift.start, shift.end, &shift.name, false))
        .collect()
}

/// When the doors were open, from what was done to them. What was open before the story began is open from its start.
fn access(events: &[Event], person: &str, before: Option<&str>, end: Timestamp, span: &Span) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut open = before.map(|profile| (span.start, profile.to_owned()));
    for event in events.iter().filter(|e| e.person == person && e.system == "IPassan" && e.success) {
        let at = event.at.timestamp();
        let opens = matches!(event.outcome.as_str(), "enabled" | "updated");
        let closes = matches!(event.outcome.as_str(), "disabled" | "updated" | "deleted");
        if let Some((from, label)) = open.take_if(|_| closes) {
            bars.push(span.bar(from, at, &label, false));
        }
        if opens {
            let profile = event.detail.rsplit(' ').next().unwrap_or_default();
            open = Some((at, profile.to_owned()));
        }
    }
    bars.extend(open.map(|(from, label)| span.bar(from, end, &label, true)));
    bars
}
