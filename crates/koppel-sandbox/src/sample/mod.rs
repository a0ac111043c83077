//! The generated sample: a care organisation that follows from the seed.

mod groups;
mod names;
mod people;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::credentials::Credentials;
use crate::inplanning::InPlanning;
use crate::ipassan::IPassan;
use crate::options::Options;
use people::People;

/// Fills both systems; with no persons asked for, only the groups.
pub(crate) fn fill(options: &Options, credentials: &Credentials, inplanning: &InPlanning, ipassan: &IPassan) {
    let groups = groups::tree(options.groups.max(1));
    let people = People {
        seed: options.seed,
        today: today(options),
        roster: (options.roster_back, options.roster_ahead),
        teams: groups::teams(&groups),
        credentials,
    };
    for group in groups {
        inplanning.put_resource_group(group);
    }
    let persons: Vec<_> = (0..options.persons).map(|i| people.person(i)).collect();
    inplanning.fill(
        persons.iter().map(|p| people.user(p)).collect(),
        persons.iter().map(|p| people.human_resource(p)).collect(),
    );
    ipassan.fill(persons.iter().map(|p| people.ipassan_person(p)));
}

/// The day it is where the organisation is.
fn today(options: &Options) -> Date {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    options.now.to_zoned(zone).date()
}

/// Some days later, or earlier; the day itself where the calendar ends.
fn days_from(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).unwrap_or(date)
}
