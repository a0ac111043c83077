//! The story on the terminal.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use koppel_sandbox::Sandbox;

use super::enforce::Event;
use super::story::Moment;
use super::{Told, clock};
use crate::failure::Failure;
use crate::io::{flush, print_line};

/// One line of the story.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    print_line(text)
}

/// Who is who.
pub(super) fn opening(sandbox: &Sandbox) -> Result<(), Failure> {
    line("Koppel demo: rosters and HR data in, accounts and door access out.")?;
    line(&format!("Stand-in systems: InPlanning {} and IPassan {}", sandbox.inplanning_url(), sandbox.ipassan_url()))?;
    line("Four persons of a care organisation: a nurse with a permanent contract (Fatima), a flex worker (Daan),")?;
    line("someone who starts today (Zoë), someone who left yesterday (Henk).")
}

/// What happened at a moment: who, what, why, and what the system answered.
pub(super) fn moment(moment: &Moment, events: &[Event]) -> Result<(), Failure> {
    line(&format!("\n{}  {}", clock(&moment.at), moment.title))?;
    if events.is_empty() {
        return line("  nothing to do: everybody has what the rules say");
    }
    for event in events {
        let mark = if event.success { ' ' } else { '!' };
        let what = if event.detail.is_empty() {
            event.outcome.clone()
        } else {
            format!("{}: {}", event.outcome, event.detail)
        };
        line(&format!("{mark} {} · {} · {what}", event.person, event.system))?;
        line(&format!("      why     {} ({})", event.because.rule, event.because.contract))?;
        line(&format!("      answer  {}", event.answer))?;
    }
    flush()
}

/// Who has which access in the end, and why.
pub(super) fn ending(told: &Told) -> Result<(), Failure> {
    line("\nWho has which access now, and why")?;
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["person", "function", "InPlanning", "doors (IPassan)", "why"]);
    for ending in &told.endings {
        let why = ending.wanted.doors.as_ref().map_or(&ending.wanted.no_doors, |(_, because)| because);
        table.add_row([
            ending.employee.name(),
            ending.employee.title.clone(),
            ending.planning.clone(),
            ending.doors.clone(),
            format!("{} ({})", why.rule, why.contract),
        ]);
    }
    line(&table.to_string())?;
    line(&format!("{} actions, {} HTTP requests.", told.events.len(), told.requests))?;
    flush()
}
