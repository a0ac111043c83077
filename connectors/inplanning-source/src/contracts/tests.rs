use std::sync::Arc;

use inplanning_api::ResourceGroup;
use jiff::tz::TimeZone;
use koppel::FixedClock;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::ContractTimes;

fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH)))
}

fn contracts() -> Contracts {
    let groups: Vec<ResourceGroup> = serde_json::from_value(json!([
        {"uname": "4711", "name": "Noord", "parent": "ZORG"},
        {"uname": "4712", "name": "Zuid", "parent": null},
    ]))
    .unwrap();
    Contracts {
        moments: Moments { zone: TimeZone::get("Europe/Amsterdam").unwrap(), style: ContractTimes::Zoned },
        unknown_shift: UnknownShift::default(),
        absence: Absence::default(),
        contract_id: ContractId::default(),
        groups: Groups::new(groups),
        told: Mutex::default(),
    }
}

fn shift(name: &str) -> Value {
    json!({"shift": {"uname": name}, "group": {"uname": "NRD", "externalId": "4711"}})
}

fn day(date: &str, parts: &[Value]) -> Value {
    json!({"rosterDate": date, "absence": null, "parts": parts})
}

fn of(contracts: &Contracts, ctx: &Ctx, days: Value) -> Vec<Map<String, Value>> {
    let days: Vec<RosterDay> = serde_json::from_value(days).unwrap();
    contracts.of("1001", &days, ctx).unwrap()
}

fn column(contracts: &[Map<String, Value>], key: &str) -> Vec<Value> {
    contracts.iter().map(|contract| contract[key].clone()).collect()
}

#[test]
fn a_shift_is_a_contract_with_every_key() {
    let part = json!({
        "shift": {"uname": "07:00-15:30 Vroeg", "name": "Vroeg"},
        "group": {"uname": "NRD", "name": "Noord", "externalId": 4711, "description": "Team Noord"},
        "prop": {"uname": "VPK", "name": "Verpleegkundige"},
        "labourHist": {"id": 7}, "labourHistGroup": {"id": 8},
    });
    let full = of(&contracts(), &ctx(), json!([day("2026-06-01", &[part])]));
    assert_eq!(
        Value::from(full[0].clone()),
        json!({
            "externalId": "1001-2026-06-01-1",
            "startAt": "2026-06-01T07:00:00+02:00", "endAt": "2026-06-01T15:30:00+02:00",
            "shift": {"uname": "07:00-15:30 Vroeg", "name": "Vroeg"},
            "group": {"uname": "NRD", "name": "Noord", "externalId": 4711, "description": "Team Noord"},
            "parentGroup": "ZORG",
            "functioncode": "VPK", "functionname": "Verpleegkundige",
            "labourHist": {"id": 7}, "labourHistGroup": {"id": 8},
        })
    );
    let empty = of(&contracts(), &ctx(), json!([day("2026-06-01", &[json!({})])]));
    assert!(full[0].keys().eq(empty[0].keys()));
    assert_eq!((&empty[0]["functioncode"], &empty[0]["functionname"]), (&json!(""), &json!("")));
    for key in ["shift", "group", "parentGroup", "labourHist", "labourHistGroup"] {
        assert_eq!(empty[0][key], Value::Null, "{key}");
    }
}

#[test]
fn s3_a_shift_without_hours_is_the_whole_day_and_is_told_once() {
    let (contracts, ctx) = (contracts(), ctx());
    let days = json!([day("2026-06-01", &[shift("Dag"), shift("Dag"), json!({})])]);
    let got = of(&contracts, &ctx, days);
    assert_eq!(column(&got, "startAt"), vec![json!("2026-06-01T00:00:00+02:00"); 3]);
    assert_eq!(column(&got, "endAt"), vec![json!("2026-06-02T00:00:00+02:00"); 3]);
    assert_eq!(
        ctx.warnings(),
        [
            "the name of shift [Dag] does not begin with its hours: it counts as the whole day",
            "the name of shift [] does not begin with its hours: it counts as the whole day",
        ]
    );
}

#[test]
fn s3_a_shift_without_hours_can_be_left_out() {
    let (contracts, ctx) = (Contracts { unknown_shift: UnknownShift::Skip, ..contracts() }, ctx());
    let got = of(&contracts, &ctx, json!([day("2026-06-01", &[shift("Dag"), shift("0700-1530")])]));
    assert_eq!(column(&got, "externalId"), ["1001-2026-06-01-2"]);
    assert_eq!(ctx.warnings(), ["the name of shift [Dag] does not begin with its hours: it is left out"]);
}

#[test]
fn s3_a_shift_without_hours_can_have_no_length_as_before() {
    let contracts = Contracts { unknown_shift: UnknownShift::LegacyZero, ..contracts() };
    let got = of(&contracts, &ctx(), json!([day("2026-06-01", &[shift("Dag")])]));
    assert_eq!(got[0]["startAt"], got[0]["endAt"]);
}

#[test]
fn the_names_of_unknown_shifts_do_not_fill_the_log() {
    let (contracts, ctx) = (contracts(), ctx());
    let parts: Vec<Value> = (0..500).map(|n| shift(&format!("Dienst {n}"))).collect();
    of(&contracts, &ctx, json!([day("2026-06-01", &parts)]));
    assert_eq!(ctx.warnings().len(), TOLD + 1);
}

#[test]
fn s4_the_number_in_an_id_begins_anew_each_day() {
    let two = [shift("07:00-15:30"), shift("18:00-20:00")];
    let month = of(&contracts(), &ctx(), json!([day("2026-06-01", &two), day("2026-06-02", &two)]));
    let ids = ["1001-2026-06-01-1", "1001-2026-06-01-2", "1001-2026-06-02-1", "1001-2026-06-02-2"];
    assert_eq!(column(&month, "externalId"), ids);
    // The window moves on by a day: the ids of the days that stay are the same.
    let tomorrow = of(&contracts(), &ctx(), json!([day("2026-06-02", &two)]));
    assert_eq!(column(&tomorrow, "externalId"), ids[2..]);
    // A day that the roster names twice does not give one id twice.
    let twice = of(&contracts(), &ctx(), json!([day("2026-06-01", &two[..1]), day("2026-06-01", &two[1..])]));
    assert_eq!(column(&twice, "externalId"), ids[..2]);
}

#[test]
fn s4_a_stable_id_does_not_change_when_another_shift_comes() {
    let contracts = Contracts { contract_id: ContractId::Stable, ..contracts() };
    let late = shift("18:00-20:00 Laat");
    let before = of(&contracts, &ctx(), json!([day("2026-06-01", std::slice::from_ref(&late))]));
    assert_eq!(column(&before, "externalId"), ["1001-2026-06-01-18:00-20:00-NRD-1"]);
    let days = json!([day("2026-06-01", &[shift("2230-0700"), late.clone(), late, shift("Dag"), json!({})])]);
    let after = of(&contracts, &ctx(), days);
    assert_eq!(
        column(&after, "externalId"),
        [
            "1001-2026-06-01-22:30-07:00-NRD-1",
            "1001-2026-06-01-18:00-20:00-NRD-1",
            "1001-2026-06-01-18:00-20:00-NRD-2",
            "1001-2026-06-01-Dag-NRD-1",
            "1001-2026-06-01---1",
        ]
    );
}

#[test]
fn s14_the_shifts_of_a_day_of_absence_are_left_out_unless_they_are_kept() {
    let days = json!([
        {"rosterDate": "2026-06-01", "absence": {"uname": "VAK"}, "parts": [shift("0700-1530")]},
        day("2026-06-02", &[shift("0700-1530")]),
        day("2026-06-03", &[]),
    ]);
    let got = of(&contracts(), &ctx(), days.clone());
    assert_eq!(column(&got, "externalId"), ["1001-2026-06-02-1"]);
    let keep = Contracts { absence: Absence::Keep, ..contracts() };
    assert_eq!(column(&of(&keep, &ctx(), days), "externalId"), ["1001-2026-06-01-1", "1001-2026-06-02-1"]);
}

#[test]
fn s17_a_shift_does_not_take_the_parent_group_of_the_shift_before_it() {
    let part = |group: Value| json!({"shift": {"uname": "0700-1530"}, "group": group});
    let parts = [
        part(json!({"externalId": "4711"})),
        part(json!({"externalId": null})),
        part(json!({"externalId": "4712"})),
        part(json!({"externalId": "9999"})),
        part(json!(null)),
    ];
    let got = of(&contracts(), &ctx(), json!([day("2026-06-01", &parts)]));
    assert_eq!(column(&got, "parentGroup"), [json!("ZORG"), json!(null), json!(null), json!(null), json!(null)]);
}

#[test]
fn a_day_beyond_the_calendar_is_an_error_that_names_the_resource() {
    let days: Vec<RosterDay> = serde_json::from_value(json!([day("9999-12-31", &[shift("2230-0700")])])).unwrap();
    let error = contracts().of("1001", &days, &ctx()).unwrap_err();
    assert!(error.is(ErrorKind::Protocol) && error.message().contains("resource [1001]"), "{error}");
}

proptest! {
    #[test]
    fn no_two_contracts_of_a_person_have_one_id(
        names in prop::collection::vec(prop::sample::select(vec!["0700-1530", "07:00-15:30 A", "Dag", "A-1", "A"]), 0..12),
        dates in prop::collection::vec(1_u8..4, 12),
        groups in prop::collection::vec(prop::sample::select(vec!["", "N", "1-N", "N-1"]), 12),
        stable: bool,
    ) {
        let contracts = Contracts { contract_id: if stable { ContractId::Stable } else { ContractId::Day }, ..contracts() };
        let days: Vec<Value> = names.iter().zip(dates).zip(groups).map(|((name, date), group)| {
            day(&format!("2026-06-0{date}"), &[json!({"shift": {"uname": name}, "group": {"uname": group}})])
        }).collect();
        let got = of(&contracts, &ctx(), Value::from(days));
        let ids: HashSet<String> = column(&got, "externalId").iter().map(ToString::to_string).collect();
        prop_assert_eq!((got.len(), ids.len()), (names.len(), names.len()));
    }
}
