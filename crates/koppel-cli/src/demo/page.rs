//! The story as one self-contained HTML page: shifts against door access, per person.

use std::fs;
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use koppel_engine::Verb;
use minijinja::{Environment, context};
use serde::Serialize;

use super::heard::{Event, Shift};
use super::story::{DOORS, SHOWN, zone};
use super::tell::clock;
use super::{Told, problem, why};
use crate::failure::Failure;

#[derive(Serialize)]
struct Row<'a> {
    name: String,
    function: &'a str,
    planning: &'a str,
    doors: &'a str,
    why: &'a str,
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

/// A moment on the axis.
#[derive(Serialize)]
struct Mark {
    left: f64,
    label: String,
    day: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    person: &'a str,
    system: &'a str,
    what: String,
    why: String,
    answer: &'a str,
    success: bool,
}

/// The stretch of time that the page shows.
struct Span {
    start: Timestamp,
    end: Timestamp,
    zone: TimeZone,
}

impl Span {
    fn new() -> Result<Self, Failure> {
        let zone = zone()?;
        let moment = |at: DateTime| at.to_zoned(zone.clone()).map(|at| at.timestamp());
        let (start, end) = (moment(SHOWN.0), moment(SHOWN.1));
        let failed = |e| problem("the page", e);
        Ok(Self { start: start.map_err(failed)?, end: end.map_err(failed)?, zone })
    }

    fn at(&self, moment: Timestamp) -> f64 {
        let part = moment.duration_since(self.start).as_secs_f64() / self.end.duration_since(self.start).as_secs_f64();
        (part * 100.0).clamp(0.0, 100.0)
    }

    fn text(&self, moment: Timestamp, format: &str) -> String {
        moment.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn bar(&self, from: Timestamp, until: Timestamp, label: String, about: &str) -> Bar {
        let format = "%a %H:%M";
        let begin = if from <= self.start { "before".to_owned() } else { self.text(from, format) };
        let end = if until >= self.end { "on".to_owned() } else { self.text(until, format) };
        let title = format!("{about}: {begin} – {end}");
        Bar { left: self.at(from), width: self.at(until) - self.at(from), label, title }
    }

    /// A mark every six hours, and the day at midnight.
    fn hours(&self) -> Vec<Mark> {
        let moments = (0..).step_by(6).map_while(|hours| self.start.checked_add(hours.hours()).ok());
        let mark = |at| {
            let hour = self.text(at, "%H:%M");
            let day = hour == "00:00";
            Mark { left: self.at(at), label: if day { self.text(at, "%a %-d %b") } else { hour }, day }
        };
        moments.take_while(|at| *at <= self.end).map(mark).collect()
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

fn render(told: &Told) -> Result<String, Failure> {
    let span = Span::new()?;
    let rows: Vec<Row<'_>> = told
        .endings
        .iter()
        .map(|ending| Row {
            name: ending.employee.name(),
            function: ending.employee.function,
            planning: &ending.planning,
            doors: &ending.doors,
            why: &ending.why,
            shifts: shifts(&told.shifts, ending.employee.number, &span),
            access: access(&told.events, ending.employee.number, &span),
        })
        .collect();
    let lines: Vec<Line<'_>> = told.events.iter().map(|event| line(event, &span)).collect();
    let mut environment = Environment::new();
    environment.add_template("page.html", include_str!("page.html")).map_err(|e| problem("the page", e))?;
    let page = environment.get_template("page.html").and_then(|template| {
        let values = context! {
            rows, lines,
            hours => span.hours(),
            requests => told.requests,
            entries => told.audit.entries,
            chain => told.chain(),
            version => env!("CARGO_PKG_VERSION"),
        };
        template.render(values)
    });
    page.map_err(|e| problem("the page", e))
}

fn line<'a>(event: &'a Event, span: &Span) -> Line<'a> {
    let done = &event.done;
    Line {
        at: clock(&done.at.to_zoned(span.zone.clone())),
        person: &done.name,
        system: &done.target,
        what: event.what(),
        why: why(&done.because),
        answer: &done.message,
        success: done.success,
    }
}

fn shifts(all: &[Shift], person: &str, span: &Span) -> Vec<Bar> {
    all.iter()
        .filter(|shift| shift.person == person)
        .map(|shift| {
            let label = format!("{}–{}", span.text(shift.start, "%H:%M"), span.text(shift.end, "%H:%M"));
            span.bar(shift.start, shift.end, label, &shift.id)
        })
        .collect()
}

/// When the doors were open, from what was done to them.
fn access(events: &[Event], person: &str, span: &Span) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut open: Option<(Timestamp, &str)> = None;
    for event in events.iter().filter(|e| e.done.person == person && e.done.target == DOORS && e.done.success) {
        let at = event.done.at;
        let ends = event.profile.is_some() || matches!(event.done.action, Verb::Disable | Verb::Delete);
        if let Some((from, label)) = open.take_if(|_| ends) {
            bars.push(span.bar(from, at, label.to_owned(), label));
        }
        if let Some(profile) = &event.profile {
            // What need not be opened was open when the story began.
            let opened = matches!(event.done.outcome.as_str(), "enabled" | "updated");
            open = Some((if opened { at } else { span.start }, profile));
        }
    }
    bars.extend(open.map(|(from, label)| span.bar(from, span.end, label.to_owned(), label)));
    bars
}
