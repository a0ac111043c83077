//! Rosters as the API tells them, written without copying what is known already.

use jiff::civil::Date;
use serde::Serialize;

use super::model::{Function, LabourHist, Shift};
use super::pattern::ShiftKind;
use super::state::{Entry, Groups};

/// The dates from `first` to `last`, both included.
pub(super) fn dates(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(move |date| *date <= last)
}

/// The answer for one employee.
#[derive(Debug, Serialize)]
pub(super) struct ResourceRoster<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uname: Option<&'a str>,
    days: Vec<DayView<'a>>,
}

/// The answer for a group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupRoster<'a> {
    pub(super) resource_rosters: Vec<ResourceRoster<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DayView<'a> {
    roster_date: Date,
    absence: Option<Named<'a>>,
    parts: Vec<PartView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartView<'a> {
    shift: Named<'a>,
    group: GroupView<'a>,
    prop: Function<'a>,
    labour_hist: Option<&'a LabourHist>,
    labour_hist_group: Option<Named<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Named<'a> {
    uname: &'a str,
    name: &'a str,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupView<'a> {
    uname: &'a str,
    name: &'a str,
    external_id: Option<&'a str>,
    description: Option<&'a str>,
}

impl<'a> ResourceRoster<'a> {
    /// The days of an employee; with the `uname` in the answer for a group.
    pub(super) fn new(entry: &'a Entry, groups: &'a Groups, period: (Date, Date), named: bool) -> Self {
        let writer = Writer {
            entry,
            groups,
            function: Function::find(&entry.resource.function),
            home: entry.resource.groups.first().map(|g| {
                let GroupView { uname, name, .. } = group_view(groups, g);
                Named { uname, name }
            }),
        };
        Self {
            uname: named.then_some(entry.resource.uname.as_str()),
            days: dates(period.0, period.1).map(|date| writer.day(date)).collect(),
        }
    }
}

struct Writer<'a> {
    entry: &'a Entry,
    groups: &'a Groups,
    function: Function<'a>,
    home: Option<Named<'a>>,
}

impl<'a> Writer<'a> {
    fn day(&self, date: Date) -> DayView<'a> {
        let entry = self.entry;
        let (absence, parts) = if let Some(day) = entry.days.get(&date) {
            let absence = day.absence.as_ref().map(|a| Named { uname: &a.uname, name: &a.name });
            (absence, day.shifts.iter().map(|s| self.set_part(s)).collect())
        } else {
            let generated = entry.generated(date);
            let (group, digits) = entry.group_of(&generated);
            let group = group_view(self.groups, group);
            let part = |kind: &'static ShiftKind| {
                let shift = Named { uname: kind.uname(digits), name: kind.name };
                self.part(date, shift, group, self.function)
            };
            let absence = generated.absence.map(|(uname, name)| Named { uname, name });
            (absence, generated.shifts.into_iter().flatten().map(part).collect())
        };
        DayView { roster_date: date, absence, parts }
    }

    fn set_part(&self, shift: &'a Shift) -> PartView<'a> {
        let named = Named { uname: &shift.uname, name: &shift.name };
        let group = group_view(self.groups, &shift.group);
        self.part(shift.date, named, group, Function::find(&shift.function))
    }

    fn part(&self, date: Date, shift: Named<'a>, group: GroupView<'a>, prop: Function<'a>) -> PartView<'a> {
        PartView {
            shift,
            group,
            prop,
            labour_hist: self.entry.resource.labour_hists.iter().find(|l| l.covers(date)),
            labour_hist_group: self.home,
        }
    }
}

/// The group as rosters tell it; one that is not known has its `uname` for a name.
fn group_view<'a>(groups: &'a Groups, uname: &'a str) -> GroupView<'a> {
    match groups.get(uname) {
        Some(group) => GroupView {
            uname,
            name: &group.name,
            external_id: group.external_id.as_deref(),
            description: group.description.as_deref(),
        },
        None => GroupView { uname, name: uname, external_id: None, description: None },
    }
}
