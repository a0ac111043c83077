//! The sample organisation of the demo: four persons, three days, and what happens in them.

use std::path::Path;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use koppel_sandbox::inplanning::{HumanResource, LabourHist, ResourceGroup, Shift, User};
use koppel_sandbox::ipassan::{AccessType, Person};
use koppel_sandbox::{Options, Sandbox};
use serde_json::json;

use super::problem;
use crate::failure::Failure;
use crate::host::override_key;

/// The names of the systems in koppel.toml.
pub(super) const PLANNING: &str = "InPlanning";
pub(super) const DOORS: &str = "IPassan";
pub(super) const ROSTER: &str = "roster";

/// The days of the story.
const BEFORE: Date = date(2026, 6, 1);
const DAY: Date = date(2026, 6, 2);
const NEXT: Date = date(2026, 6, 3);

/// The stretch of time that the page shows.
pub(super) const SHOWN: (DateTime, DateTime) = (BEFORE.at(18, 0, 0, 0), date(2026, 6, 4).at(0, 0, 0, 0));

/// The file of the engine, and what it names.
const CONTRACTS: &str = include_str!("care/contracts.csv");
const FILES: [(&str, &str); 4] = [
    ("koppel.toml", include_str!("care/koppel.toml")),
    ("fieldMapping.json", include_str!("care/fieldMapping.json")),
    ("persons.csv", include_str!("care/persons.csv")),
    ("contracts.csv", CONTRACTS),
];

/// The nurse's contract from the second morning on: she works for another department now.
const MOVED: (&str, &str) = ("Verpleegkundige;Noord;Afdeling Noord", "Verpleegkundige;Zuid;Afdeling Zuid");

/// Somebody of the story, as InPlanning knows them.
pub(super) struct Employee {
    pub(super) number: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    group: &'static str,
    pub(super) function: &'static str,
    shifts: &'static [(Date, &'static str, &'static str)],
    /// Did this person have accounts before the story began?
    known: bool,
}

impl Employee {
    /// The name for people.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// Who is in the story.
pub(super) const EMPLOYEES: [Employee; 4] = [
    Employee {
        number: "1001",
        first_name: "Fatima",
        last_name: "el Amrani",
        group: "Noord",
        function: "Verpleegkundige",
        shifts: &[(DAY, "07:00-15:30 Vroeg", "Noord"), (NEXT, "07:00-15:30 Vroeg", "Zuid")],
        known: true,
    },
    Employee {
        number: "1002",
        first_name: "Daan",
        last_name: "de Vries",
        group: "Noord",
        function: "Verzorgende",
        shifts: &[(DAY, "15:00-23:00 Laat", "Noord")],
        known: false,
    },
    Employee {
        number: "1003",
        first_name: "Zoë",
        last_name: "Janssen",
        group: "Planning",
        function: "Planner",
        shifts: &[(DAY, "09:00-17:00 Dag", "Planning"), (NEXT, "09:00-17:00 Dag", "Planning")],
        known: false,
    },
    Employee {
        number: "1004",
        first_name: "Henk",
        last_name: "Bakker",
        group: "Zuid",
        function: "Verzorgende",
        shifts: &[],
        known: true,
    },
];

/// A moment at which the engine looks at the world.
pub(super) struct Moment {
    /// When.
    pub(super) at: Zoned,
    /// What is special about it.
    pub(super) title: &'static str,
    /// The file that HR exported just before, and what is in it.
    pub(super) export: Option<(&'static str, String)>,
}

/// The time zone of the story.
pub(super) fn zone() -> Result<TimeZone, Failure> {
    TimeZone::get("Europe/Amsterdam").map_err(|e| problem("the time zone", e))
}

/// The moments, in their order.
pub(super) fn moments() -> Result<Vec<Moment>, Failure> {
    let zone = zone()?;
    let list: [(DateTime, &'static str); 7] = [
        (BEFORE.at(20, 0, 0, 0), "The evening before: HR and the roster come in, and what there is already is linked"),
        (DAY.at(8, 0, 0, 0), "The first morning: one contract has begun, another has ended"),
        (DAY.at(13, 59, 0, 0), "A minute before the window of the flex worker's shift"),
        (DAY.at(14, 0, 0, 0), "60 minutes before the shift"),
        (DAY.at(23, 29, 0, 0), "The shift is over, its window is still open"),
        (DAY.at(23, 30, 0, 0), "30 minutes after the shift"),
        (NEXT.at(8, 0, 0, 0), "The next morning: the nurse has moved to another department"),
    ];
    list.into_iter()
        .map(|(at, title)| {
            let export = (at.date() == NEXT).then(|| ("contracts.csv", CONTRACTS.replace(MOVED.0, MOVED.1)));
            let at = at.to_zoned(zone.clone()).map_err(|e| problem("a moment", e))?;
            Ok(Moment { at, title, export })
        })
        .collect()
}

/// Puts into the folder what an administrator would: the engine's file, the connectors' configurations and HR's export.
pub(super) fn furnish(folder: &Path, sandbox: &Sandbox) -> Result<(), Failure> {
    for (name, text) in FILES {
        write(folder, name, text)?;
    }
    let mut configs = sandbox.configs();
    let roster = &mut configs["inplanning-source"];
    // Who starts has no user in InPlanning yet, but stands in its roster.
    override_key(roster, "people", json!("humanresources"));
    // The id of a shift says its hours.
    override_key(roster, "contractId", json!("stable"));
    for (id, config) in configs.as_object().into_iter().flatten() {
        write(folder, &format!("{id}.json"), &config.to_string())?;
    }
    Ok(())
}

/// Writes a file of the folder.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(folder.join(name), text).map_err(|e| problem(name, e))
}

/// The systems as they are before the story begins: rosters planned, the leaver and the nurse known.
pub(super) async fn start() -> Result<Sandbox, Failure> {
    let now: Timestamp = BEFORE.at(18, 0, 0, 0).to_zoned(zone()?).map_err(|e| problem("a moment", e))?.timestamp();
    let options = Options::default().persons(0).now(now);
    let sandbox = Sandbox::start(options).await.map_err(|e| problem("the stand-in systems", e))?;
    let roster = sandbox.inplanning();
    for (uname, name) in [("Noord", "Afdeling Noord"), ("Zuid", "Afdeling Zuid"), ("Planning", "Planbureau")] {
        roster.put_resource_group(ResourceGroup { uname: uname.into(), name: name.into(), ..ResourceGroup::default() });
    }
    for employee in &EMPLOYEES {
        roster.put_human_resource(HumanResource {
            uname: employee.number.into(),
            external_id: Some(employee.number.into()),
            first_name: Some(employee.first_name.into()),
            last_name: Some(employee.last_name.into()),
            labour_hists: vec![LabourHist { start_date: date(2010, 1, 1), end_date: None }],
            groups: vec![employee.group.into()],
            function: employee.function.into(),
            ..HumanResource::default()
        });
        let shifts = employee.shifts.iter().map(|(day, name, group)| Shift::new(*day, name, group, employee.function));
        roster.set_shifts(employee.number, shifts.collect()).map_err(|e| problem("the roster", e))?;
        if employee.known {
            known(&sandbox, employee);
        }
    }
    Ok(sandbox)
}

/// Somebody who has had accounts for years.
fn known(sandbox: &Sandbox, employee: &Employee) {
    sandbox.inplanning().put_user(User {
        username: employee.number.into(),
        first_name: Some(employee.first_name.into()),
        last_name: Some(employee.last_name.into()),
        active: true,
        user_group: Some("Root".into()),
        resource: Some(employee.number.into()),
        ..User::default()
    });
    let door_permanent = sandbox.credentials().access_profiles.get(employee.group).cloned();
    sandbox.ipassan().insert(Person {
        lastname: employee.last_name.into(),
        firstname: Some(employee.first_name.into()),
        number: Some(employee.number.into()),
        kind: 2,
        access_type: Some(AccessType { door_permanent, ..AccessType::default() }),
        ..Person::default()
    });
}
