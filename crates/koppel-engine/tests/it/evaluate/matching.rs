//! Which rules match whom, when.

use jiff::{SignedDuration, Timestamp};
use koppel_engine::config::{Margin, Rule};
use koppel_engine::rules::{Match, Rules};
use koppel_engine::snapshot::Snapshot;
use serde_json::{Value, json};

use super::world::{any, at, contract_field, grant, matches, person_field, rows, rule, snapshot, zone};

fn one(rule: Rule, contract: &Value) -> (Rules, Snapshot) {
    let rules = Rules::compile(&[rule], zone());
    let snapshot = snapshot(&rules, vec![rows("hr", &[json!({"ExternalId": "1", "Contracts": [contract]})])]);
    (rules, snapshot)
}

fn opens_and_closes(rules: &Rules, snapshot: &Snapshot, opens: Timestamp, closes: Timestamp) {
    let second = SignedDuration::from_secs(1);
    for (moment, expected) in [(opens - second, 0), (opens, 1), (closes - second, 1), (closes, 0)] {
        assert_eq!(matches(rules, snapshot, 0, moment).len(), expected, "{moment}: open from {opens} until {closes}");
    }
    let mut edges = vec![opens, closes];
    edges.extend(snapshot.person(0).contracts()[0].start());
    edges.extend(snapshot.person(0).contracts()[0].end());
    edges.sort_unstable();
    edges.dedup();
    let mut next = opens - SignedDuration::from_hours(24 * 60);
    for edge in edges {
        assert_eq!(rules.next_change(snapshot, next), Some(edge));
        next = edge;
    }
    assert_eq!(rules.next_change(snapshot, next), None);
    let all = rules.intervals(snapshot, 0, Timestamp::MIN, Timestamp::MAX);
    assert_eq!(all.iter().map(|one| (one.start, one.end)).collect::<Vec<_>>(), [(opens, closes)]);
}

#[test]
fn a_window_opens_and_closes_at_the_moments_that_a_clock_on_the_wall_shows() {
    let minutes = |minutes| Margin::Time(SignedDuration::from_mins(minutes));
    for (start, end, before, after, opens, closes) in [
        // An evening shift; the window closes after midnight.
        (
            "2026-06-01T15:00:00",
            "2026-06-01T23:45:00",
            minutes(60),
            minutes(30),
            "2026-06-01T12:00:00Z",
            "2026-06-01T22:15:00Z",
        ),
        // One that begins at midnight; the window opens on the day before.
        (
            "2026-06-01T00:00:00+02:00",
            "2026-06-01T08:00:00+02:00",
            minutes(60),
            minutes(0),
            "2026-05-31T21:00:00Z",
            "2026-06-01T06:00:00Z",
        ),
        // The night in which the clock goes forward: an hour is an hour, though the wall shows two.
        (
            "2026-03-29T03:30:00",
            "2026-03-29T08:00:00",
            minutes(60),
            minutes(0),
            "2026-03-29T00:30:00Z",
            "2026-03-29T06:00:00Z",
        ),
        (
            "2026-03-28T22:00:00",
            "2026-03-29T01:30:00",
            minutes(0),
            minutes(60),
            "2026-03-28T21:00:00Z",
            "2026-03-29T01:30:00Z",
        ),
        // The night in which it goes back.
        (
            "2026-10-25T03:30:00",
            "2026-10-25T08:00:00",
            minutes(120),
            minutes(0),
            "2026-10-25T00:30:00Z",
            "2026-10-25T07:00:00Z",
        ),
        (
            "2026-10-24T22:00:00",
            "2026-10-25T01:30:00",
            minutes(0),
            minutes(120),
            "2026-10-24T20:00:00Z",
            "2026-10-25T01:30:00Z",
        ),
        // Days are days of the calendar: midnight stays midnight.
        (
            "2026-04-06",
            "2026-10-20",
            Margin::Days(14),
            Margin::Days(14),
            "2026-03-22T23:00:00Z",
            "2026-11-03T23:00:00Z",
        ),
        ("2026-03-29", "2026-03-29", Margin::Days(1), Margin::Days(1), "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"),
        ("2026-10-25", "2026-10-25", Margin::Days(1), Margin::Days(0), "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z"),
        // A day before, at a time that does not occur, or twice: never later than needed, never shut too early.
        (
            "2026-03-30T02:30:00",
            "2026-03-30T10:00:00",
            Margin::Days(1),
            minutes(0),
            "2026-03-29T00:30:00Z",
            "2026-03-30T08:00:00Z",
        ),
        (
            "2026-10-24T01:00:00",
            "2026-10-24T02:30:00",
            minutes(0),
            Margin::Days(1),
            "2026-10-23T23:00:00Z",
            "2026-10-25T01:30:00Z",
        ),
    ] {
        let mut rule = rule("shift", vec![]);
        (rule.before, rule.after) = (before, after);
        let (rules, snapshot) = one(rule, &json!({"ExternalId": "c", "StartDate": start, "EndDate": end}));
        opens_and_closes(&rules, &snapshot, at(opens), at(closes));
    }
}

#[test]
fn a_contract_without_dates_is_matched_at_every_moment_and_nothing_ever_changes() {
    let (rules, snapshot) = one(rule("all", vec![]), &json!({"StartDate": null, "EndDate": " "}));
    for moment in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        assert_eq!(matches(&rules, &snapshot, 0, moment).len(), 1, "{moment}");
    }
    assert_eq!(rules.next_change(&snapshot, Timestamp::MIN), None);
    let all = rules.intervals(&snapshot, 0, at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
    assert_eq!((all.len(), all[0].start, all[0].end), (1, at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z")));
}

#[test]
fn a_contract_that_ends_before_it_begins_is_matched_by_no_rule_however_wide_its_window() {
    let mut wide = rule("wide", vec![]);
    (wide.before, wide.after) = (Margin::Days(14), Margin::Days(14));
    let (rules, snapshot) = one(wide, &json!({"ExternalId": "c", "StartDate": "2026-06-02", "EndDate": "2026-06-01"}));
    assert_eq!(matches(&rules, &snapshot, 0, at("2026-06-01T12:00:00Z")), []);
    let contract = &snapshot.person(0).contracts()[0];
    assert!(contract.is_void());
    assert_eq!(
        (contract.start(), contract.end()),
        (Some(at("2026-06-01T22:00:00Z")), Some(at("2026-06-01T22:00:00Z")))
    );
    assert_eq!(rules.next_change(&snapshot, Timestamp::MIN), None);
    assert_eq!(
        snapshot.warnings(),
        ["contract [c] of person [1], source hr, ends before it begins; no rule matches it"]
    );
}

#[test]
fn what_several_rules_grant_is_told_once_per_grant_with_every_rule_and_contract_in_order() {
    let mut first = rule("first", vec![any(contract_field("title.name"), &["nurse"])]);
    first.grant = vec![grant("access"), grant("account"), grant("access")];
    let second = rule("second", vec![any(person_field("Custom.Site"), &["North"])]);
    let rules = Rules::compile(&[first, second], zone());
    assert_eq!(
        rules.grants().iter().map(|grant| grant.entitlement.to_string()).collect::<Vec<_>>(),
        ["access", "account"]
    );
    assert_eq!((rules.rule_name(0), rules.rule_name(1), rules.rule_name(2)), ("first", "second", ""));
    let person = json!({"ExternalId": "1", "Custom": {"Site": "north"}, "Contracts": [
        {"Title": {"Name": "Nurse"}}, {"Title": {"Name": "Cook"}}, {"Title": {"Name": "NURSE "}},
    ]});
    let snapshot = snapshot(&rules, vec![rows("hr", &[person])]);
    let found = matches(&rules, &snapshot, 0, at("2026-06-01T12:00:00Z"));
    let found: Vec<_> = found.iter().map(|found| (found.grant.0, found.rule, found.contract)).collect();
    assert_eq!(found, [(0, 0, 0), (0, 0, 2), (1, 0, 0), (1, 0, 2), (1, 1, 0), (1, 1, 1), (1, 1, 2)]);
}

#[test]
fn a_rule_of_one_source_matches_contracts_of_that_source_and_a_stale_one_says_so() {
    let mut shifts = rule("shifts", vec![]);
    shifts.sources = Some(vec!["rooster".to_owned()]);
    let rules = Rules::compile(&[shifts], zone());
    let person = |id: &str| json!({"ExternalId": "1", "Contracts": [{"ExternalId": id}]});
    let sources = vec![rows("hr", &[person("employment")]), rows("rooster", &[person("shift")])];
    let stale = ["rooster".to_owned()];
    let snapshot = Snapshot::build(&rules, &[], "ExternalId", sources, &stale, &zone()).unwrap();
    let found = matches(&rules, &snapshot, 0, at("2026-06-01T12:00:00Z"));
    assert_eq!(found.iter().map(|found| (found.contract, found.stale)).collect::<Vec<_>>(), [(1, true)]);
    let person = snapshot.person(0);
    assert!(person.is_stale() && person.contracts()[1].is_stale() && !person.contracts()[0].is_stale());
    assert_eq!((person.contracts()[1].source(), person.contracts()[1].external_id()), ("rooster", "shift"));
}

#[test]
fn more_rules_than_a_word_has_bits_keep_apart() {
    let rules: Vec<Rule> = (0..130)
        .map(|number| rule(&number.to_string(), vec![any(contract_field("Title.Code"), &[&(number % 65).to_string()])]))
        .collect();
    let rules = Rules::compile(&rules, zone());
    let contracts: Vec<Value> = [3, 64].iter().map(|code| json!({"Title": {"Code": code}})).collect();
    let snapshot = snapshot(&rules, vec![rows("hr", &[json!({"ExternalId": "1", "Contracts": contracts})])]);
    let found: Vec<Match> = matches(&rules, &snapshot, 0, at("2026-06-01T12:00:00Z"));
    let found: Vec<_> = found.iter().map(|found| (found.rule, found.contract)).collect();
    assert_eq!(found, [(3, 0), (64, 1), (68, 0), (129, 1)]);
}
