//! Shifts against access per person, as positions on the page.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use koppel_engine::plan::{Bar, Plan, Timeline};
use serde::Serialize;

use super::super::words;

/// How many days the page may show, the shortest first: as few as most persons need to have an edge in sight.
const DAYS: [i32; 4] = [2, 7, 28, 91];
/// A person has this many bars over each other at most.
const MOST_LANES: usize = 12;
/// The page shows this many persons at most.
const MOST_PERSONS: usize = 300;

/// The timelines of the plan.
#[derive(Serialize)]
pub(super) struct Timelines {
    rows: Vec<Line>,
    ticks: Vec<Tick>,
    /// Where the plan's moment is, in per cent.
    now: f64,
    from: String,
    until: String,
    left_out: usize,
}

/// A line of the grid.
#[derive(Serialize)]
struct Tick {
    left: f64,
    label: String,
    day: bool,
}

/// One person.
#[derive(Serialize)]
struct Line {
    name: String,
    key: String,
    todo: Vec<String>,
    bars: Vec<Piece>,
    lanes: usize,
    /// Bars that found no place.
    more: usize,
}

/// A stretch of time, in per cent of the width.
#[derive(Serialize)]
struct Piece {
    class: &'static str,
    left: f64,
    width: f64,
    lane: usize,
    label: String,
    title: String,
    /// It begins before, or goes on after what is shown.
    before: bool,
    after: bool,
}

impl Timelines {
    pub(super) fn new(plan: &Plan, at: Timestamp, zone: &TimeZone) -> Option<Self> {
        let shown = plan.timeline.get(..MOST_PERSONS.min(plan.timeline.len())).unwrap_or_default();
        if shown.is_empty() {
            return None;
        }
        let span = Span::new(shown, at, zone)?;
        let mut todo: HashMap<&str, Vec<String>> = HashMap::new();
        for action in &plan.actions {
            let doing = words::doing(action.action, action.permission.as_deref());
            todo.entry(&action.person).or_default().push(format!("{}: {doing}", action.target));
        }
        let rows = shown.iter().map(|one| line(one, &span, todo.remove(one.person.as_str()).unwrap_or_default()));
        let label = |at: &Zoned| at.strftime("%a %-d %b %Y").to_string();
        Some(Self {
            rows: rows.collect(),
            ticks: span.ticks(),
            now: span.place(at),
            from: label(&span.start),
            // The last day that is shown begins a day before the end.
            until: label(&span.end.yesterday().unwrap_or_else(|_| span.end.clone())),
            left_out: plan.timeline.len() - shown.len(),
        })
    }
}

fn line(one: &Timeline, span: &Span, mut todo: Vec<String>) -> Line {
    todo.truncate(MOST_LANES);
    let mut bars = Vec::new();
    let mut more = 0;
    let mut lanes = 0;
    for (all, access) in [(&one.contracts, false), (&one.access, true)] {
        let first = lanes;
        // Until when each lane is taken.
        let mut taken: Vec<f64> = Vec::new();
        let mut pieces: Vec<Piece> = all.iter().filter_map(|bar| span.piece(bar, access)).collect();
        pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
        for mut piece in pieces {
            let free = taken.iter().position(|until| *until <= piece.left + 0.001);
            if free.is_none() && taken.len() == MOST_LANES {
                more += 1;
                continue;
            }
            let lane = free.unwrap_or(taken.len());
            let until = piece.left + piece.width;
            match taken.get_mut(lane) {
                Some(taken) => *taken = until,
                None => taken.push(until),
            }
            piece.lane = first + lane;
            bars.push(piece);
        }
        lanes = first + taken.len();
    }
    let (name, key) = words::named(&one.name, &one.person);
    Line { name: name.to_owned(), key: key.to_owned(), todo, bars, lanes: lanes.max(1), more }
}

/// The stretch of time that the page shows: whole days around the moment of the plan.
struct Span {
    start: Zoned,
    end: Zoned,
    days: i32,
}

impl Span {
    fn new(shown: &[Timeline], at: Timestamp, zone: &TimeZone) -> Option<Self> {
        let today = at.to_zoned(zone.clone()).start_of_day().ok()?;
        let span = |days: i32| {
            // A quarter of it is past, but two days are today and tomorrow.
            let start = today.checked_sub((days / 4).days()).ok()?;
            let start = if days == 2 { today.clone() } else { start };
            Some(Self { end: start.checked_add(days.days()).ok()?, start, days })
        };
        let edges: Vec<Vec<Timestamp>> = shown.iter().map(edges).collect();
        let seen = |span: &Self| edges.iter().filter(|edges| edges.iter().any(|edge| span.has(*edge))).count();
        let widest = span(*DAYS.last()?)?;
        let most = seen(&widest);
        DAYS.iter().filter_map(|days| span(*days)).find(|span| seen(span) * 2 >= most).or(Some(widest))
    }

    fn has(&self, at: Timestamp) -> bool {
        self.start.timestamp() <= at && at <= self.end.timestamp()
    }

    /// In per cent, to a thousandth.
    fn place(&self, at: Timestamp) -> f64 {
        let all = self.end.timestamp().duration_since(self.start.timestamp()).as_secs_f64();
        let part = at.duration_since(self.start.timestamp()).as_secs_f64() / all;
        rounded((part * 100.0).clamp(0.0, 100.0))
    }

    /// The part of it that is shown.
    fn piece(&self, bar: &Bar, access: bool) -> Option<Piece> {
        let (from, until) = (moment(bar.start.as_deref())?, moment(bar.end.as_deref())?);
        let (first, last) = (self.start.timestamp(), self.end.timestamp());
        if from.is_some_and(|from| from >= last) || until.is_some_and(|until| until <= first) {
            return None;
        }
        // A contract that ends before it begins.
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return None;
        }
        let left = from.map_or(0.0, |from| self.place(from));
        let right = until.map_or(100.0, |until| self.place(until));
        let told = |at: Option<Timestamp>, open: &str| {
            at.map_or_else(|| open.to_owned(), |at| words::clock(at, self.start.time_zone()))
        };
        let about = if bar.detail.is_empty() { String::new() } else { format!(" ({})", bar.detail) };
        let label = &bar.label;
        Some(Piece {
            class: class(bar, access),
            left,
            width: rounded(right - left),
            lane: 0,
            label: label.clone(),
            title: format!("{label}{about}: {} – {}", told(from, "since ever"), told(until, "for ever")),
            before: from.is_none_or(|from| from < first),
            after: until.is_none_or(|until| until > last),
        })
    }

    /// Hours for two days, days for weeks, weeks for months. Days of a clock change have their own width.
    fn ticks(&self) -> Vec<Tick> {
        let hours: &[i8] = if self.days == 2 { &[0, 6, 12, 18] } else { &[0] };
        let every = match self.days {
            2 | 7 => 1,
            28 => 7,
            _ => 14,
        };
        let mut ticks = Vec::new();
        for day in (0..self.days).filter(|day| self.days <= 28 || day % 7 == 0) {
            let labelled = day % every == 0;
            let Ok(date) = self.start.checked_add(day.days()) else { continue };
            for hour in hours {
                let at = date.date().at(*hour, 0, 0, 0).to_zoned(self.start.time_zone().clone());
                let Ok(at) = at else { continue };
                let format = match (self.days, hour) {
                    (2, 0) => "%a %-d %b",
                    (2, _) => "%H:%M",
                    (7, _) => "%a %-d",
                    _ => "%-d %b",
                };
                ticks.push(Tick {
                    left: self.place(at.timestamp()),
                    label: if labelled { at.strftime(format).to_string() } else { String::new() },
                    day: *hour == 0,
                });
            }
        }
        ticks
    }
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// The moments at which something begins or ends.
fn edges(one: &Timeline) -> Vec<Timestamp> {
    let bars = one.contracts.iter().chain(&one.access);
    bars.flat_map(|bar| [&bar.start, &bar.end]).filter_map(|edge| edge.as_deref()?.parse().ok()).collect()
}

/// A moment of the document: open where there is none; `None` where it cannot be read.
#[expect(clippy::option_option, reason = "open and unreadable are two things")]
fn moment(text: Option<&str>) -> Option<Option<Timestamp>> {
    text.map(|text| text.parse().ok()).map_or(Some(None), |at: Option<Timestamp>| at.map(Some))
}

fn class(bar: &Bar, access: bool) -> &'static str {
    match access {
        false => "contract",
        true if bar.label.contains("permission") => "permission",
        true if bar.label.ends_with("account") => "account",
        true => "access",
    }
}
