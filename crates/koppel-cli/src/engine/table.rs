//! A plan as tables on the terminal.

use std::collections::VecDeque;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};
use jiff::tz::TimeZone;
use koppel::Scrubber;
use koppel_engine::Verb;
use koppel_engine::plan::{Action, Plan};

use super::words;
use crate::failure::Failure;
use crate::host::environment;
use crate::io::print_line;
use crate::log::visible;

/// Where stdout is no terminal, lines are this wide: they are read in logs, mails and tickets.
const WIDTH: u16 = 120;
/// A table for people has this many rows at most; documents have all.
const MOST_ROWS: usize = 500;
/// And a cell this many fields.
const MOST_CHANGES: usize = 6;

/// A table that fits the terminal, or a page where there is none.
pub(super) struct Sheet {
    table: Table,
    rows: VecDeque<Vec<Cell>>,
    left_out: u64,
    /// Of too many rows the last are shown, not the first.
    newest: bool,
    color: bool,
}

impl Sheet {
    pub(super) fn new(header: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        let color = table.is_tty() && environment("NO_COLOR").is_none_or(|text| text.is_empty());
        if !table.is_tty() {
            table.set_width(WIDTH);
        }
        let bold = |text: &&str| if color { Cell::new(text).add_attribute(Attribute::Bold) } else { Cell::new(text) };
        table.set_header(header.iter().map(bold));
        Self { table, rows: VecDeque::new(), left_out: 0, newest: false, color }
    }

    /// A table that shows the last rows where there are too many.
    pub(super) fn newest(header: &[&str]) -> Self {
        Self { newest: true, ..Self::new(header) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row; what comes from outside is made harmless for the terminal.
    pub(super) fn row(&mut self, cells: &[&str]) {
        self.colored(cells, None);
    }

    /// A row with one cell in a colour, where there are colours.
    pub(super) fn colored(&mut self, cells: &[&str], one: Option<(usize, Color)>) {
        if self.rows.len() == MOST_ROWS {
            self.left_out += 1;
            if !self.newest {
                return;
            }
            self.rows.pop_front();
        }
        let cell = |(place, text): (usize, &&str)| match one {
            Some((at, color)) if at == place && self.color => Cell::new(visible(text)).fg(color),
            _ => Cell::new(visible(text)),
        };
        self.rows.push_back(cells.iter().enumerate().map(cell).collect());
    }

    /// Prints it, and how many rows were left out.
    pub(super) fn print(mut self, scrubber: &Scrubber) -> Result<(), Failure> {
        let left = match (self.left_out, self.newest) {
            (0, _) => None,
            (left, true) => Some(format!("{} earlier are not shown; --json has all of them", words::grouped(left))),
            (left, false) => Some(format!("… and {} more; --json has all of them", words::grouped(left))),
        };
        self.table.add_rows(self.rows);
        let text = self.table.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let (before, after) = if self.newest { (left, None) } else { (None, left) };
        before.map_or(Ok(()), |line| print_line(&line))?;
        print_line(&scrubber.text(&lines.join("\n")))?;
        after.map_or(Ok(()), |line| print_line(&line))
    }
}

/// The plan: what is done per target, what is not and why, what it was made from, what comes next.
pub(super) fn plan(plan: &Plan, zone: &TimeZone, scrubber: &Scrubber) -> Result<(), Failure> {
    let line = |text: &str| print_line(&scrubber.text(&visible(text)));
    let at = words::moment(&plan.at, zone);
    let persons = words::count(plan.persons, "person", "persons");
    if plan.is_empty() && plan.sources.iter().any(words::is_trouble) {
        line(&format!("{at}: nothing is done; not all sources could be read"))?;
    } else if plan.is_empty() {
        line(&format!("{at}: nothing to do; what {persons} have in the targets is what the rules say"))?;
    } else {
        line(&format!("{at}: {} for {persons}", words::count(plan.actions.len(), "action", "actions")))?;
    }
    for (target, actions) in words::by_target(plan) {
        line(&format!("\n{target}: {}", words::tally(actions.iter().copied())))?;
        let mut sheet = Sheet::new(&["person", "action", "why", "changes"]);
        for action in actions {
            let cells = [
                &words::person(&action.name, &action.person),
                &words::doing(action.action, action.permission.as_deref()),
                &words::why(&action.because),
                &changes(action),
            ];
            sheet.colored(&cells.map(String::as_str), Some((1, color(action.action))));
        }
        sheet.print(scrubber)?;
    }
    if !plan.blocked.is_empty() {
        line(&format!("\nNot done: {}", words::tally(plan.blocked.iter().map(|blocked| &blocked.action))))?;
        let mut sheet = Sheet::new(&["target", "person", "action", "reason"]);
        for blocked in &plan.blocked {
            let action = &blocked.action;
            let person = words::person(&action.name, &action.person);
            let doing = words::doing(action.action, action.permission.as_deref());
            sheet.colored(&[&action.target, &person, &doing, &blocked.reason], Some((3, Color::Red)));
        }
        sheet.print(scrubber)?;
    }
    if !plan.thresholds.is_empty() {
        line("\nThresholds that are reached")?;
        let mut sheet = Sheet::new(&["target or source", "kind", "there would be", "of", "limit"]);
        for reached in &plan.thresholds {
            let (count, of) = (words::grouped(reached.count), words::grouped(reached.of));
            sheet.colored(&[&reached.name, &reached.kind, &count, &of, &reached.limit], Some((2, Color::Red)));
        }
        sheet.print(scrubber)?;
    }
    // An empty plan is one line, unless a source is the reason that it is empty.
    if !plan.is_empty() || plan.sources.iter().any(words::is_trouble) {
        sources(plan, zone, scrubber)?;
    }
    for warning in &plan.warnings {
        line(&format!("warning: {warning}"))?;
    }
    match &plan.next {
        Some(next) if !plan.is_empty() => line(&format!("next change at {}", words::moment(next, zone))),
        _ => Ok(()),
    }
}

fn sources(plan: &Plan, zone: &TimeZone, scrubber: &Scrubber) -> Result<(), Failure> {
    print_line("\nSources")?;
    let mut sheet = Sheet::new(&["source", "state", "read at", "persons", ""]);
    for source in &plan.sources {
        let read = source.read_at.as_deref().map_or_else(|| "never".to_owned(), |at| words::moment(at, zone));
        let (state, persons) = (words::freshness(source.state), words::grouped(source.persons as u64));
        let cells = [&source.name, state, &read, &persons, source.message.as_deref().unwrap_or_default()];
        sheet.colored(&cells, words::is_trouble(source).then_some((1, Color::Red)));
    }
    sheet.print(scrubber)
}

fn changes(action: &Action) -> String {
    let mut lines: Vec<String> = action.changes.iter().take(MOST_CHANGES).map(words::change).collect();
    if let Some(more) = action.changes.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
        lines.push(format!("… and {}", words::count(more, "more field", "more fields")));
    }
    lines.join("\n")
}

/// What opens is green, what closes is yellow, what cannot be taken back is red.
pub(super) fn color(action: Verb) -> Color {
    match action {
        Verb::Create | Verb::Enable | Verb::Grant => Color::Green,
        Verb::Update => Color::Cyan,
        Verb::Disable | Verb::Revoke => Color::Yellow,
        Verb::Delete => Color::Red,
    }
}
