//! The story on the terminal.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use jiff::{Timestamp, Zoned};
use koppel_sandbox::Sandbox;

use super::heard::Event;
use super::story::Moment;
use super::{Told, why};
use crate::failure::Failure;
use crate::io::{flush, print_line};

/// Where stdout is no terminal, lines are this wide.
const WIDTH: u16 = 120;

/// One line of the story.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    print_line(text)
}

/// Who is who.
pub(super) fn opening(sandbox: &Sandbox) -> Result<(), Failure> {
    line("Koppel demo: rosters and HR data in, accounts and door access out.")?;
    line(&format!("Stand-in systems: InPlanning {} and IPassan {}", sandbox.inplanning_url(), sandbox.ipassan_url()))?;
    line("Four persons of a care organisation: a nurse with a permanent contract (Fatima), a flex worker (Daan),")?;
    line("someone who starts on 2 June (Zoë), someone whose last day is 1 June (Henk).")
}

/// What happened at a moment: who, what, why, and what the system answered.
pub(super) fn moment(
    moment: &Moment,
    events: &[Event],
    next: Option<Timestamp>,
    troubles: &[String],
) -> Result<(), Failure> {
    line(&format!("\n{}  {}", clock(&moment.at), moment.title))?;
    if events.is_empty() && troubles.is_empty() {
        let next = next
            .map(|next| format!("; the next change is on {}", clock(&next.to_zoned(moment.at.time_zone().clone()))))
            .unwrap_or_default();
        line(&format!("  nothing to do: everybody has what the rules say{next}"))?;
    }
    for event in events {
        let done = &event.done;
        let mark = if done.success { ' ' } else { '!' };
        line(&format!("{mark} {} · {} · {}", done.name, done.target, event.what()))?;
        line(&format!("      why     {}", why(&done.because)))?;
        line(&format!("      answer  {}", done.message))?;
    }
    for trouble in troubles {
        line(&format!("! {trouble}"))?;
    }
    flush()
}

/// Who has which access in the end, and why.
pub(super) fn ending(told: &Told) -> Result<(), Failure> {
    line("\nWho has which access now, and why")?;
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table.set_header(["person", "function", "InPlanning", "doors (IPassan)", "why"]);
    for ending in &told.endings {
        let name = ending.employee.name();
        table.add_row([&name, ending.employee.function, &ending.planning, &ending.doors, &ending.why]);
    }
    table.lines().try_for_each(|row| line(row.trim_end()))?;
    line(&format!(
        "{} actions, {} HTTP requests. The audit log has {} entries, {}.",
        told.events.len(),
        told.requests,
        told.audit.entries,
        told.chain()
    ))?;
    flush()
}

/// A moment of the story as people write it.
pub(super) fn clock(at: &Zoned) -> String {
    at.strftime("%a %-d %b %H:%M").to_string()
}
