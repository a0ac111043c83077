//! The same question put to a slow evaluator that shares nothing with the fast one.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use koppel_engine::config::{Condition, Margin, Path, Rule};
use koppel_engine::rules::Rules;
use koppel_engine::snapshot::{Snapshot, fold};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{grant, matches, rows, zone};

/// Minutes since the beginning of 2026 in UTC.
type Minute = i64;

fn minute(at: Timestamp) -> Minute {
    (at.as_second() - timestamp(0).as_second()).div_euclid(60)
}

fn timestamp(minute: Minute) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

/// The switches of 2026: 29 March 01:00 UTC and 25 October 01:00 UTC.
const SPRING: Minute = (87 * 24 + 1) * 60;
const AUTUMN: Minute = (297 * 24 + 1) * 60;

/// What the wall shows at a moment, in minutes of local time since the beginning of the year there.
fn wall(at: Minute) -> i64 {
    at + if (SPRING..AUTUMN).contains(&at) { 120 } else { 60 }
}

/// The moments at which the wall shows this; both neighbours of a gap.
fn moments(local: i64) -> (Minute, Minute) {
    let candidates: Vec<Minute> =
        [120, 60].iter().map(|offset| local - offset).filter(|at| wall(*at) == local).collect();
    match candidates[..] {
        [] => (local - 120, local - 60),
        [only] => (only, only),
        _ => (candidates[0], candidates[1]),
    }
}

/// How a contract's date is written.
#[derive(Debug, Clone, Copy)]
enum Style {
    Local,
    Offset,
    Utc,
    Day,
    Missing,
}

fn written(at: Minute, style: Style) -> Value {
    let civil = |minutes: i64| date(2026, 1, 1).at(0, 0, 0, 0) + minutes.minutes();
    match style {
        Style::Local => json!(civil(wall(at)).to_string()),
        Style::Offset => json!(format!("{}+0{}:00", civil(wall(at)), (wall(at) - at) / 60)),
        Style::Utc => json!(format!("{}Z", civil(at))),
        Style::Day => json!(civil(wall(at)).date().to_string()),
        Style::Missing => Value::Null,
    }
}

/// From when until when, as the text of the decision says it.
fn bounds(start: (Minute, Style), end: (Minute, Style)) -> Option<(Option<Minute>, Option<Minute>)> {
    const DAY: i64 = 24 * 60;
    let local = |(at, style): (Minute, Style)| match style {
        Style::Day => wall(at).div_euclid(DAY) * DAY,
        _ => wall(at),
    };
    let exact = |style| matches!(style, Style::Offset | Style::Utc);
    let from = match start.1 {
        Style::Missing => None,
        style if exact(style) => Some(start.0),
        _ => Some(moments(local(start)).0),
    };
    if matches!(end.1, Style::Missing) {
        return Some((from, None));
    }
    let has_time = !matches!(start.1, Style::Missing) && local(start) % DAY != 0;
    let whole_day = matches!(end.1, Style::Day) || (local(end) % DAY == 0 && !has_time);
    let until = match end.1 {
        _ if whole_day => moments(local(end) + DAY).1,
        style if exact(style) => end.0,
        _ => moments(local(end)).1,
    };
    let turned = from.is_some_and(|from| until < from || (whole_day && until == from));
    (!turned).then_some((from, Some(until)))
}

/// The first and the last moment of a window around a contract.
fn window(rule: &Rule, (from, until): (Option<Minute>, Option<Minute>)) -> (Minute, Minute) {
    let days = |days: i32| i64::from(days) * 24 * 60;
    let opens = from.map_or(Minute::MIN, |from| match rule.before {
        Margin::Time(time) => from - time.as_mins(),
        Margin::Days(0) => from,
        Margin::Days(many) => moments(wall(from) - days(many)).0,
    });
    let closes = until.map_or(Minute::MAX, |until| match rule.after {
        Margin::Time(time) => until + time.as_mins(),
        Margin::Days(0) => until,
        Margin::Days(many) => moments(wall(until) + days(many)).1,
    });
    (opens, closes)
}

fn holds(condition: &Condition, value: &Value) -> bool {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_lowercase(),
        other => other.to_string(),
    };
    let is = |texts: &[String]| !text.is_empty() && texts.iter().any(|one| one.to_lowercase() == text);
    let begins = |texts: &[String]| !text.is_empty() && texts.iter().any(|one| text.starts_with(&one.to_lowercase()));
    let asked = !condition.any.is_empty() || !condition.prefix.is_empty();
    (!asked || is(&condition.any) || begins(&condition.prefix)) && !is(&condition.not) && !begins(&condition.not_prefix)
}

#[derive(Debug, Clone)]
struct Shift {
    start: (Minute, Style),
    end: (Minute, Style),
    title: Value,
}

#[derive(Debug, Clone)]
struct Someone {
    source: usize,
    key: &'static str,
    site: Value,
    shifts: Vec<Shift>,
}

const SOURCES: [&str; 2] = ["hr", "rooster"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("Nurse")),
        Just(json!("nurse aid")),
        Just(json!("COOK")),
        Just(json!(7)),
        Just(json!(" ")),
        Just(Value::Null)
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof![Just("nurse"), Just("Cook"), Just("7"), Just("nur")];
    prop::collection::vec(text.prop_map(str::to_owned), 0..2)
}

fn condition() -> impl Strategy<Value = Condition> {
    let path = prop_oneof![Just(Path::Contract("Title.Name".into())), Just(Path::Person("Custom.Site".into()))];
    (path, texts(), texts(), texts(), texts()).prop_map(|(path, any, prefix, not, not_prefix)| Condition {
        path,
        any,
        prefix,
        not,
        not_prefix,
    })
}

fn margin() -> impl Strategy<Value = Margin> {
    prop_oneof![
        (0_i64..40).prop_map(|fives| Margin::Time(SignedDuration::from_mins(fives * 5))),
        (0_i32..3).prop_map(Margin::Days),
    ]
}

fn a_rule() -> impl Strategy<Value = Rule> {
    let sources = prop::option::of(prop_oneof![Just(vec!["hr".to_owned()]), Just(vec!["rooster".to_owned()])]);
    let grants = prop::collection::vec(prop_oneof![Just(grant("account")), Just(grant("access"))], 1..3);
    (prop::collection::vec(condition(), 0..3), sources, margin(), margin(), grants).prop_map(
        |(when, sources, before, after, grant)| Rule {
            name: String::new(),
            line: 1,
            when,
            sources,
            before,
            after,
            grant,
        },
    )
}

/// Within four days around a switch, on whole five minutes, often at midnight.
fn date_of(switch: Minute) -> impl Strategy<Value = (Minute, Style)> {
    let style =
        prop_oneof![Just(Style::Local), Just(Style::Offset), Just(Style::Utc), Just(Style::Day), Just(Style::Missing)];
    let place = prop_oneof![3 => -576_i64..576, 1 => (-2_i64..2).prop_map(|day| day * 288 + 252), 1 => -24_i64..24];
    (place, style).prop_map(move |(fives, style)| (switch + fives * 5, style))
}

fn world(switch: Minute) -> impl Strategy<Value = (Vec<Someone>, Vec<Rule>)> {
    let shift = (date_of(switch), date_of(switch), value()).prop_map(|(start, end, title)| Shift { start, end, title });
    let key = prop_oneof![Just("a1"), Just(" A1 "), Just("b2"), Just("B2")];
    let someone = (0..SOURCES.len(), key, value(), prop::collection::vec(shift, 0..3))
        .prop_map(|(source, key, site, shifts)| Someone { source, key, site, shifts });
    (prop::collection::vec(someone, 1..5), prop::collection::vec(a_rule(), 1..4))
}

fn built(people: &[Someone], rules: &Rules) -> Snapshot {
    let of = |source: usize| {
        let persons: Vec<Value> = people
            .iter()
            .filter(|someone| someone.source == source)
            .map(|someone| {
                let contract = |shift: &Shift| {
                    json!({"StartDate": written(shift.start.0, shift.start.1), "EndDate": written(shift.end.0, shift.end.1),
                        "Title": {"Name": shift.title}})
                };
                let contracts: Vec<Value> = someone.shifts.iter().map(contract).collect();
                json!({"ExternalId": someone.key, "Custom": {"Site": someone.site}, "Contracts": contracts})
            })
            .collect();
        rows(SOURCES[source], &persons)
    };
    // Handed in the other way round: the order of names counts.
    let order = SOURCES.map(str::to_owned);
    Snapshot::build(rules, &order, "ExternalId", vec![of(1), of(0)], &[], &zone()).unwrap()
}

/// Every match of everybody, by key: grant, rule, contract.
type Found = BTreeMap<String, Vec<(String, u32, u32)>>;

fn slowly(people: &[Someone], rules: &[Rule], at: Minute) -> Found {
    let mut found = Found::new();
    for key in ["a1", "b2"] {
        let mut all: Vec<&Someone> = people.iter().filter(|one| one.key.trim().to_lowercase() == key).collect();
        all.sort_by_key(|one| one.source);
        if all.is_empty() {
            continue;
        }
        let site = all
            .iter()
            .map(|one| &one.site)
            .find(|site| !site.is_null() && **site != json!(" "))
            .unwrap_or(&Value::Null);
        let shifts: Vec<(usize, &Shift)> =
            all.iter().flat_map(|one| one.shifts.iter().map(|shift| (one.source, shift))).collect();
        let mut matched = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            for (place, (source, shift)) in shifts.iter().enumerate() {
                let of_source =
                    rule.sources.as_ref().is_none_or(|names| names.iter().any(|name| name == SOURCES[*source]));
                let open = bounds(shift.start, shift.end).is_some_and(|bounds| {
                    let (opens, closes) = window(rule, bounds);
                    opens <= at && at < closes
                });
                let all_hold = rule.when.iter().all(|condition| match condition.path {
                    Path::Person(_) => holds(condition, site),
                    Path::Contract(_) => holds(condition, &shift.title),
                });
                if of_source && open && all_hold {
                    for grant in &rule.grant {
                        let row = (
                            grant.entitlement.to_string(),
                            u32::try_from(number).unwrap(),
                            u32::try_from(place).unwrap(),
                        );
                        if !matched.contains(&row) {
                            matched.push(row);
                        }
                    }
                }
            }
        }
        matched.sort();
        found.insert(key.to_owned(), matched);
    }
    found
}

fn fast(rules: &Rules, snapshot: &Snapshot, at: Minute) -> Found {
    let of = |person: usize| {
        let found = matches(rules, snapshot, person, timestamp(at));
        assert!(found.is_sorted());
        let name = |grant: u32| rules.grants()[grant as usize].entitlement.to_string();
        let mut found: Vec<_> = found.iter().map(|one| (name(one.grant.0), one.rule, one.contract)).collect();
        found.sort();
        found
    };
    (0..snapshot.len()).map(|person| (fold(snapshot.person(person).key()), of(person))).collect()
}

/// Rows that have the same key in one source are in the order of their ids; the slow one takes that of the world. No world
/// here has ten of them.
fn check(switch: Minute, people: &[Someone], rules: &[Rule]) -> Result<(), TestCaseError> {
    let compiled = Rules::compile(rules, zone());
    let snapshot = built(people, &compiled);
    for fives in (-900..900).step_by(3) {
        let at = switch + fives * 5;
        prop_assert_eq!(fast(&compiled, &snapshot, at), slowly(people, rules, at), "at {}", timestamp(at));
    }
    Ok(())
}

/// What is so at a moment: matches, and which contracts are active.
fn so(rules: &Rules, snapshot: &Snapshot, at: Minute) -> (Found, Vec<bool>) {
    let active = |person: usize| snapshot.person(person).contracts().iter().map(|row| row.is_active(timestamp(at)));
    (fast(rules, snapshot, at), (0..snapshot.len()).flat_map(active).collect())
}

fn check_next(switch: Minute, people: &[Someone], rules: &[Rule]) -> Result<(), TestCaseError> {
    let rules = Rules::compile(rules, zone());
    let snapshot = built(people, &rules);
    let mut now = switch - 6 * 24 * 60;
    let end = switch + 6 * 24 * 60;
    let mut next = rules.next_change(&snapshot, timestamp(now));
    let mut before = so(&rules, &snapshot, now);
    while now < end {
        now += 5;
        let then = so(&rules, &snapshot, now);
        prop_assert_eq!(
            then != before,
            next.is_some_and(|next| minute(next) == now),
            "at {}, next {:?}",
            timestamp(now),
            next
        );
        if then != before {
            next = rules.next_change(&snapshot, timestamp(now));
        }
        before = then;
    }
    prop_assert!(next.is_none_or(|next| minute(next) > end));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_evaluator_finds_what_the_slow_one_finds_around_both_switches(
        (people, rules) in world(0), autumn in any::<bool>(),
    ) {
        let switch = if autumn { AUTUMN } else { SPRING };
        let (people, rules) = (moved(people, switch), rules);
        check(switch, &people, &rules)?;
    }

    #[test]
    fn the_next_change_is_the_first_moment_at_which_something_differs(
        (people, rules) in world(0), autumn in any::<bool>(),
    ) {
        let switch = if autumn { AUTUMN } else { SPRING };
        check_next(switch, &moved(people, switch), &rules)?;
    }
}

/// The same people around another moment.
fn moved(mut people: Vec<Someone>, by: Minute) -> Vec<Someone> {
    for shift in people.iter_mut().flat_map(|someone| &mut someone.shifts) {
        shift.start.0 += by;
        shift.end.0 += by;
    }
    people
}
