//! The sample organisation of the demo: four persons, two days, and what happens in them.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use koppel_sandbox::inplanning::{HumanResource, LabourHist, ResourceGroup, Shift, User};
use koppel_sandbox::ipassan::{AccessType, Person};
use koppel_sandbox::{Options, Sandbox};

use super::Problem;

/// The first day of the story.
pub(super) const DAY: Date = date(2026, 6, 2);
/// How many days the story covers.
pub(super) const DAYS: i8 = 2;

/// HR, as the file of the first morning.
pub(super) const HR: &str = "\
ExternalId;FirstName;LastName;Email;Department;DepartmentName;Title;Flex;StartDate;EndDate
1001;Fatima;el Amrani;fatima.elamrani@example.nl;Noord;Afdeling Noord;Verpleegkundige;no;2019-03-01;
1002;Daan;de Vries;daan.devries@example.nl;Noord;Afdeling Noord;Verzorgende;yes;2024-09-15;
1003;Zoë;Janssen;zoe.janssen@example.nl;Planning;Planbureau;Planner;no;2026-06-02;
1004;Henk;Bakker;henk.bakker@example.nl;Zuid;Afdeling Zuid;Verzorgende;no;2011-01-10;2026-06-01
";

/// The nurse's line from the second morning on: she works for another department now.
const MOVED: (&str, &str) = (
    "1001;Fatima;el Amrani;fatima.elamrani@example.nl;Noord;Afdeling Noord",
    "1001;Fatima;el Amrani;fatima.elamrani@example.nl;Zuid;Afdeling Zuid",
);

/// A moment at which the demo looks at the world.
pub(super) struct Moment {
    /// When.
    pub(super) at: Zoned,
    /// What is special about it.
    pub(super) title: &'static str,
    /// HR's file at that moment.
    pub(super) hr: String,
}

/// The time zone of the story.
pub(super) fn zone() -> Result<TimeZone, Problem> {
    TimeZone::get("Europe/Amsterdam").map_err(|e| Problem(format!("no time zone database: {e}")))
}

/// The moments, in their order.
pub(super) fn moments() -> Result<Vec<Moment>, Problem> {
    let zone = zone()?;
    let next = DAY.tomorrow().map_err(|e| Problem(e.to_string()))?;
    let moved = HR.replace(MOVED.0, MOVED.1);
    let list: [(DateTime, &'static str, &str); 6] = [
        (DAY.at(8, 0, 0, 0), "The first morning: HR and the roster come in", HR),
        (DAY.at(13, 59, 0, 0), "A minute before the window of the flex worker's shift", HR),
        (DAY.at(14, 0, 0, 0), "60 minutes before the shift", HR),
        (DAY.at(23, 29, 0, 0), "The shift is over, its window is still open", HR),
        (DAY.at(23, 30, 0, 0), "30 minutes after the shift", HR),
        (next.at(8, 0, 0, 0), "The next morning: the nurse has moved to another department", &moved),
    ];
    list.into_iter()
        .map(|(at, title, hr)| {
            let at = at.to_zoned(zone.clone()).map_err(|e| Problem(e.to_string()))?;
            Ok(Moment { at, title, hr: hr.to_owned() })
        })
        .collect()
}

/// The systems as they are before the story begins: rosters planned, the leaver and the nurse known.
pub(super) async fn start() -> Result<Sandbox, Problem> {
    let now: Timestamp = DAY.at(6, 0, 0, 0).to_zoned(zone()?).map_err(|e| Problem(e.to_string()))?.timestamp();
    let sandbox = Sandbox::start(Options::default().persons(0).now(now)).await.map_err(|e| Problem(e.to_string()))?;
    let roster = sandbox.inplanning();
    for (uname, name) in [("Noord", "Afdeling Noord"), ("Zuid", "Afdeling Zuid"), ("Planning", "Planbureau")] {
        roster.put_resource_group(ResourceGroup { uname: uname.into(), name: name.into(), ..ResourceGroup::default() });
    }
    for (number, first, last, group, function) in [
        ("1001", "Fatima", "el Amrani", "Noord", "Verpleegkundige"),
        ("1002", "Daan", "de Vries", "Noord", "Verzorgende"),
        ("1003", "Zoë", "Janssen", "Planning", "Planner"),
        ("1004", "Henk", "Bakker", "Zuid", "Verzorgende"),
    ] {
        roster.put_human_resource(HumanResource {
            uname: number.into(),
            external_id: Some(number.into()),
            first_name: Some(first.into()),
            last_name: Some(last.into()),
            labour_hists: vec![LabourHist { start_date: date(2010, 1, 1), end_date: None }],
            groups: vec![group.into()],
            function: function.into(),
            ..HumanResource::default()
        });
    }
    let next = DAY.tomorrow().map_err(|e| Problem(e.to_string()))?;
    for (number, shifts) in [
        (
            "1001",
            vec![
                Shift::new(DAY, "07:00-15:30 Vroeg", "Noord", "Verpleegkundige"),
                Shift::new(next, "07:00-15:30 Vroeg", "Zuid", "Verpleegkundige"),
            ],
        ),
        ("1002", vec![Shift::new(DAY, "15:00-23:00 Laat", "Noord", "Verzorgende")]),
        (
            "1003",
            vec![
                Shift::new(DAY, "09:00-17:00 Dag", "Planning", "Planner"),
                Shift::new(next, "09:00-17:00 Dag", "Planning", "Planner"),
            ],
        ),
        ("1004", vec![]),
    ] {
        roster.set_shifts(number, shifts).map_err(|e| Problem(e.to_string()))?;
    }
    known_accounts(&sandbox);
    Ok(sandbox)
}

/// The nurse and the leaver have had accounts for years.
fn known_accounts(sandbox: &Sandbox) {
    let profile = |name: &str| sandbox.credentials().access_profiles.get(name).cloned();
    for (number, first, last, department) in
        [("1001", "Fatima", "el Amrani", "Noord"), ("1004", "Henk", "Bakker", "Zuid")]
    {
        sandbox.inplanning().put_user(User {
            username: number.into(),
            first_name: Some(first.into()),
            last_name: Some(last.into()),
            active: true,
            user_group: Some("Root".into()),
            resource: Some(number.into()),
            ..User::default()
        });
        sandbox.ipassan().insert(Person {
            lastname: last.into(),
            firstname: Some(first.into()),
            number: Some(number.into()),
            kind: 2,
            access_type: Some(AccessType { door_permanent: profile(department), ..AccessType::default() }),
            ..Person::default()
        });
    }
}
