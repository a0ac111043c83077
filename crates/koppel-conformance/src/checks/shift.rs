//! Sources: shifts over midnight, and in the nights in which the clock changes.

use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use koppel::{Clock as _, Kind};
use koppel_http::SystemClock;

use super::checks;
use super::roster::{bounds, contracts, employing, text};
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::world::{Employee, Shift};

checks! {
    "source.shifts.midnight", Some(Kind::Source), needs ["persons"], changes true,
        "a shift over midnight, up to it, or from it on starts and ends at its own moments, in summer, in winter and at the end of a year",
        "a night shift that ends on the day on which it began is never active" => midnight;
    "source.shifts.spring", Some(Kind::Source), needs ["persons"], changes true,
        "in the night in which Amsterdam puts the clock forward no shift becomes shorter, also where its time does not exist",
        "whoever works that night must get in and out" => |bench| night(bench, true);
    "source.shifts.autumn", Some(Kind::Source), needs ["persons"], changes true,
        "in the night in which Amsterdam puts the clock back no shift becomes shorter, also where its time comes twice",
        "whoever works that night must get in and out" => |bench| night(bench, false);
}

/// Where the shifts are worked.
const ZONE: &str = "Europe/Amsterdam";

/// From when on a moment is good, and up to when.
type Span = (Timestamp, Timestamp);

fn zone() -> Result<TimeZone, Stop> {
    TimeZone::get(ZONE).map_err(|e| Stop::Skip(e.to_string()))
}

/// The day it is in Amsterdam.
pub(super) fn today() -> Date {
    SystemClock::default().now().to_zoned(zone().unwrap_or(TimeZone::UTC)).date()
}

/// The next day on which the clock is put to summer time, or back from it; not tomorrow, so that the night before is
/// ahead as well.
fn switch(zone: &TimeZone, to_summer: bool) -> Result<Date, Stop> {
    let soon = SystemClock::default().now() + 48.hours();
    let found = zone.following(soon).find(|switch| switch.dst().is_dst() == to_summer);
    let found = found.ok_or_else(|| Stop::Skip(format!("the clock of {ZONE} does not change any more")))?;
    Ok(found.timestamp().to_zoned(zone.clone()).date())
}

fn shift(day: Date, from: (i8, i8), until: (i8, i8)) -> Shift {
    let at = |(hour, minute): (i8, i8)| Time::constant(hour, minute, 0, 0);
    Shift { day, from: at(from), until: at(until) }
}

async fn midnight(bench: &Bench<'_>) -> Outcome {
    let zone = zone()?;
    let mut shifts = vec![shift(date(today().year(), 12, 31), (22, 30), (7, 0))];
    for to_summer in [true, false] {
        let day = switch(&zone, to_summer)?.saturating_add(7.days());
        shifts.extend([shift(day, (22, 30), (7, 0)), shift(day, (15, 0), (0, 0)), shift(day, (0, 0), (8, 0))]);
    }
    keeps(bench, &zone, &shifts).await
}

async fn night(bench: &Bench<'_>, to_summer: bool) -> Outcome {
    let zone = zone()?;
    let day = switch(&zone, to_summer)?;
    let before = day.saturating_sub(1.day());
    // Over the whole night, up to the hour in question, and from it on.
    let shifts = [shift(before, (22, 0), (7, 0)), shift(before, (22, 0), (2, 30)), shift(day, (2, 30), (10, 0))];
    keeps(bench, &zone, &shifts).await
}

/// Has somebody work each of these shifts in turn, and looks at the moments that the source gives.
async fn keeps(bench: &Bench<'_>, zone: &TimeZone, shifts: &[Shift]) -> Outcome {
    if !bench.scenario.shifts {
        return Err(Stop::NotApplicable("the scenario says that contracts have no hours".into()));
    }
    let mut config = bench.config.clone();
    for (key, value) in &bench.scenario.window {
        if let Some(map) = config.as_object_mut() {
            map.retain(|known, _| !known.eq_ignore_ascii_case(key));
            map.insert(key.clone(), value.clone());
        }
    }
    for shift in shifts {
        let somebody = Employee { name: "de Vries".into(), shift: *shift };
        let all = employing(bench, &[somebody], async || Ok(bench.subject.persons(&config).await)).await?;
        let all = all.map_err(|refused| Stop::fail("an import of persons", refused.to_string()))?;
        let given: Vec<_> = all.iter().flat_map(contracts).collect();
        let [contract] = given.as_slice() else {
            return Err(Stop::fail(format!("one contract for the shift {shift}"), given.len().to_string()));
        };
        let (start, end) = bounds(bench, contract);
        let moment = |written: &str| {
            let unread =
                |_| Stop::Skip(format!("[{written}] of contract [{}] is no moment", text(contract, "ExternalId")));
            written.parse::<Timestamp>().map_err(unread)
        };
        for (what, written, opens) in [("start", &start, true), ("end", &end, false)] {
            let (from, until) = span(zone, shift, opens).map_err(|e| Stop::Skip(e.to_string()))?;
            let good = if from == until { from.to_string() } else { format!("from {from} to {until}") };
            let moment = moment(written)?;
            ensure((from..=until).contains(&moment), &format!("{good} as the {what} of the shift {shift}"), || {
                format!("[{written}], which is {moment}")
            })?;
        }
    }
    Ok(())
}

/// The moments that a shift may begin at, or end at. Of a time that comes twice the one that makes the shift longer;
/// for one that does not exist any from there to when the clock changes.
fn span(zone: &TimeZone, shift: &Shift, opens: bool) -> Result<Span, jiff::Error> {
    let Shift { day, from, until } = *shift;
    let local: DateTime = match (opens, until <= from) {
        (true, _) => day.to_datetime(from),
        (false, true) => day.tomorrow()?.to_datetime(until),
        (false, false) => day.to_datetime(until),
    };
    let meant = zone.to_ambiguous_zoned(local);
    let gap = matches!(meant.offset(), AmbiguousOffset::Gap { .. });
    let (earlier, later) = (meant.clone().earlier()?.timestamp(), meant.later()?.timestamp());
    let longest = if opens { earlier } else { later };
    let change = zone.preceding(later).next().filter(|_| gap).map_or(longest, |change| change.timestamp());
    Ok(if opens { (longest, change) } else { (change, longest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(day: Date, from: (i8, i8), until: (i8, i8)) -> [String; 4] {
        let (zone, shift) = (zone().unwrap(), shift(day, from, until));
        let (start, end) = (span(&zone, &shift, true).unwrap(), span(&zone, &shift, false).unwrap());
        [start.0, start.1, end.0, end.1].map(|moment| moment.to_string())
    }

    #[test]
    fn a_shift_on_any_other_day_has_one_moment_for_each_of_its_times() {
        let night = moments(date(2026, 6, 1), (22, 30), (7, 0));
        assert_eq!(
            night,
            ["2026-06-01T20:30:00Z", "2026-06-01T20:30:00Z", "2026-06-02T05:00:00Z", "2026-06-02T05:00:00Z"]
        );
        assert_eq!(moments(date(2026, 12, 31), (15, 0), (0, 0))[3], "2026-12-31T23:00:00Z");
    }

    #[test]
    fn a_time_that_does_not_exist_may_be_any_up_to_the_change_of_the_clock() {
        let [from, until, end, _] = moments(date(2026, 3, 29), (2, 30), (10, 0));
        assert_eq!([from, until, end], ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T08:00:00Z"]);
        let [_, start, from, until] = moments(date(2026, 3, 28), (22, 0), (2, 30));
        assert_eq!([start, from, until], ["2026-03-28T21:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
    }

    #[test]
    fn a_time_that_comes_twice_is_the_one_that_makes_the_shift_longer() {
        let [from, until, ..] = moments(date(2026, 10, 25), (2, 30), (10, 0));
        assert_eq!([from, until], ["2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"]);
        let [.., from, until] = moments(date(2026, 10, 24), (22, 0), (2, 30));
        assert_eq!([from, until], ["2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"]);
    }

    #[test]
    fn the_next_switches_lie_within_the_days_that_a_window_reaches() {
        let zone = zone().unwrap();
        for to_summer in [true, false] {
            let ahead = today().until(switch(&zone, to_summer).unwrap()).unwrap().get_days();
            assert!((1..=368).contains(&ahead), "{ahead}");
        }
    }
}
