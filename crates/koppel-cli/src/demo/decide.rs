//! Who should have which access at a moment, and why. Nothing here knows how it is told or carried out.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, Zoned};
use serde::Deserialize;

/// A line of HR's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Employee {
    pub(super) external_id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) department: String,
    pub(super) department_name: String,
    pub(super) title: String,
    pub(super) flex: String,
    pub(super) start_date: Date,
    pub(super) end_date: Option<Date>,
}

impl Employee {
    /// The name for people.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    fn is_flex(&self) -> bool {
        self.flex == "yes"
    }

    fn is_employed(&self, on: Date) -> bool {
        self.start_date <= on && self.end_date.is_none_or(|end| on <= end)
    }
}

/// A shift of the roster, as the source gave it.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    pub(super) person: String,
    pub(super) name: String,
    pub(super) department: String,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// Why something is granted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Because {
    /// The name of the rule.
    pub(super) rule: &'static str,
    /// The contract or the shift that the rule matched.
    pub(super) contract: String,
}

/// What a person should have.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Accounts in both systems that may be used at all.
    pub(super) employed: bool,
    /// Why, or why not.
    pub(super) account: Because,
    /// The role Planner in InPlanning.
    pub(super) planner: Option<Because>,
    /// The key of the access profile on the doors.
    pub(super) doors: Option<(String, Because)>,
    /// Why there are no doors.
    pub(super) no_doors: Because,
}

/// How long before its shift access begins, and how long after it ends: minutes.
const WINDOW: (i64, i64) = (60, 30);

/// The fixed rules of the demo.
pub(super) fn decide(employee: &Employee, shifts: &[Shift], at: &Zoned) -> Wanted {
    let contract = match employee.end_date {
        Some(end) => format!("contract {} until {end}", employee.title),
        None => format!("contract {} since {}", employee.title, employee.start_date),
    };
    let because = |rule| Because { rule, contract: contract.clone() };
    if !employee.is_employed(at.date()) {
        let left = because("Left: everything closed");
        return Wanted { employed: false, account: left.clone(), planner: None, doors: None, no_doors: left };
    }
    let planner = (employee.title == "Planner").then(|| because("Planner: the role Planner"));
    let (doors, no_doors) = if employee.is_flex() {
        let none = Because { rule: "Flex: doors only on shift", contract: "no shift now".to_owned() };
        let shift = shifts.iter().find(|shift| shift.person == employee.external_id && is_open(shift, at.timestamp()));
        let doors = shift.map(|shift| {
            (
                shift.department.clone(),
                Because { rule: "Flex: doors only on shift", contract: format!("shift {}", shift.name) },
            )
        });
        (doors, none)
    } else {
        let rule = because("Permanent: doors of the own department");
        (Some((employee.department.clone(), rule.clone())), rule)
    };
    Wanted { employed: true, account: because("Employed: an account"), planner, doors, no_doors }
}

fn is_open(shift: &Shift, at: Timestamp) -> bool {
    let opens = shift.start.saturating_sub(WINDOW.0.minutes());
    let closes = shift.end.saturating_add(WINDOW.1.minutes());
    match (opens, closes) {
        (Ok(opens), Ok(closes)) => opens <= at && at < closes,
        _ => false,
    }
}
