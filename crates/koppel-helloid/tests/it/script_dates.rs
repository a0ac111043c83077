//! Dates of scripts: in the zone and at the time of the settings, whatever those of the process are.

use std::process::Command;

use koppel_helloid::script::{Engine, QuickJs, Scope};
use serde_json::{Value, json};

use crate::script::{person, settings, value};

fn zoned(zone: &str, script: &str) -> Value {
    QuickJs::new(settings(zone)).evaluate(script, &Scope::default()).unwrap_or_else(|e| panic!("{zone} {script}: {e}"))
}

/// Scripts and what they give in Amsterdam.
fn cases() -> Vec<(&'static str, Value)> {
    let mut cases = vec![
        ("new Date()", json!("2026-01-15T09:30:00.000Z")),
        ("Date.now()", json!(1_768_469_400_000_u64)),
        ("Date()", json!("Thu Jan 15 2026 10:30:00 GMT+0100")),
        ("new Date().getHours() + ':' + new Date().getTimezoneOffset()", json!("10:-60")),
        ("new Date(2026, 0, 1)", json!("2025-12-31T23:00:00.000Z")),
        ("new Date(2026, 6, 1, 12, 1, 2, 3)", json!("2026-07-01T10:01:02.003Z")),
        ("new Date(99, 0)", json!("1998-12-31T23:00:00.000Z")),
        ("new Date(2026, 2, 29, 2, 30)", json!("2026-03-29T01:30:00.000Z")),
        ("new Date(2026, 2, 29, 2, 30).getHours()", json!(3)),
        ("new Date(2026, 9, 25, 2, 30)", json!("2026-10-25T00:30:00.000Z")),
        ("new Date(2026, 0, 32).getDate()", json!(1)),
        ("new Date('2020-01-01')", json!("2020-01-01T00:00:00.000Z")),
        ("new Date('2020-01-01T00:00:00')", json!("2019-12-31T23:00:00.000Z")),
        ("new Date('2020-07-01T00:00:00.1234567')", json!("2020-06-30T22:00:00.123Z")),
        ("new Date('2020-01-01T10:00Z')", json!("2020-01-01T10:00:00.000Z")),
        ("new Date('2020-01-01T10:00:00+05:30')", json!("2020-01-01T04:30:00.000Z")),
        ("new Date('2020-01-02 10:00')", json!("2020-01-02T09:00:00.000Z")),
        ("new Date('2020-01-02 10:00 +02:00')", json!("2020-01-02T08:00:00.000Z")),
        ("new Date('2020/01/02')", json!("2020-01-01T23:00:00.000Z")),
        ("new Date('1/2/2020 10:00 PM')", json!("2020-01-02T21:00:00.000Z")),
        ("new Date('Jan 2 2020 10:00')", json!("2020-01-02T09:00:00.000Z")),
        ("new Date('2 January 2020')", json!("2020-01-01T23:00:00.000Z")),
        ("new Date('Thu, 02 Jan 2020 10:00:00 GMT')", json!("2020-01-02T10:00:00.000Z")),
        ("new Date('Thu Jan 02 2020 10:00:00 GMT+0100 (CET)')", json!("2020-01-02T09:00:00.000Z")),
        ("new Date('Thu Jan 02 2020 10:00:00 (Zulu)')", json!("2020-01-02T09:00:00.000Z")),
        ("new Date(new Date().toString()).getTime() === Date.now()", json!(true)),
        (
            "isNaN(new Date('rubbish')) && isNaN(Date.parse('2020-13-01')) && isNaN(new Date(NaN).getDate())",
            json!(true),
        ),
        ("Date.parse('2020-01-01T00:00:00')", json!(1_577_833_200_000_u64)),
        ("Date.UTC(2020, 0, 1)", json!(1_577_836_800_000_u64)),
        ("let d = new Date(0); new Date(d) !== d && new Date(d).getTime() === 0", json!(true)),
        ("new Date(undefined).toString()", json!("Invalid Date")),
        ("new Date(null).getTime()", json!(0)),
        ("new Date('2020-01-01T10:00:00Z').toString()", json!("Wed Jan 01 2020 11:00:00 GMT+0100")),
        ("new Date('2020-07-01T10:00:00Z').toDateString()", json!("Wed Jul 01 2020")),
        ("new Date('2020-07-01T10:00:00Z').toTimeString()", json!("12:00:00 GMT+0200")),
        ("new Date('2020-07-01T22:05:00Z').toLocaleString()", json!("07/02/2020, 12:05:00 AM")),
        ("new Date('2020-07-01T22:05:00Z').toLocaleDateString()", json!("07/02/2020")),
        ("new Date('2020-07-01T10:05:00Z').toLocaleTimeString()", json!("12:05:00 PM")),
        ("new Date('2020-07-01T22:05:00Z').toUTCString()", json!("Wed, 01 Jul 2020 22:05:00 GMT")),
        ("`${new Date(0)}`", json!("Thu Jan 01 1970 01:00:00 GMT+0100")),
        ("new Date(0) + 1", json!("Thu Jan 01 1970 01:00:00 GMT+01001")),
        ("new Date(5) - new Date(2)", json!(3)),
        ("JSON.stringify(new Date(0))", json!("\"1970-01-01T00:00:00.000Z\"")),
        ("let d = new Date('2026-03-28T12:00:00Z'); d.setDate(d.getDate() + 1); d", json!("2026-03-29T11:00:00.000Z")),
        ("let d = new Date(2026, 0, 31); d.setMonth(1); d.getMonth() + '-' + d.getDate()", json!("2-3")),
        ("let d = new Date(2026, 0, 15); d.setHours(0, 0, 0, 0); d", json!("2026-01-14T23:00:00.000Z")),
        ("let d = new Date(NaN); d.setFullYear(2026); d", json!("2025-12-31T23:00:00.000Z")),
        ("let d = new Date(0); d.setYear(99); d.getYear()", json!(99)),
        ("new Date(0).setMinutes(5)", json!(300_000)),
        (
            "new Date(0) instanceof Date && new Date(0).constructor === Date && Date.length === 7 && Date.name === 'Date'",
            json!(true),
        ),
        (
            "class D extends Date { iso() { return this.toISOString() } } new D(2026, 0, 1).iso()",
            json!("2025-12-31T23:00:00.000Z"),
        ),
        ("typeof Date.prototype.getDate.call(new Date())", json!("number")),
        ("new Date({valueOf() { return 5 }}).getTime()", json!(5)),
        (
            "new Date({toString() { return '2020-01-01T00:00' }, valueOf() { return {} }})",
            json!("2019-12-31T23:00:00.000Z"),
        ),
        ("let d = new Date(1900, 0, 1, 12); d.getHours()", json!(12)),
    ];
    cases.extend([
        ("new Date('2026-01-15T23:30:00Z').getDay() * 100 + new Date('2026-01-15T23:30:00Z').getDate()", json!(516)),
        ("new Date('2026-01-15T23:30:05.250Z').getMinutes() + new Date('2026-01-15T23:30:05.250Z').getMilliseconds()", json!(280)),
    ]);
    cases
}

#[test]
fn dates_are_in_the_zone_and_at_the_time_of_the_settings() {
    for (script, expected) in cases() {
        assert_eq!(zoned("Europe/Amsterdam", script), expected, "{script}");
        // The realm of its own has the same dates.
        assert_eq!(zoned("Europe/Amsterdam", &format!("void this;{script}")), expected, "alone: {script}");
    }
    assert_eq!(
        zoned("America/St_Johns", "new Date('2026-01-15T00:00:00Z').toString()"),
        json!("Wed Jan 14 2026 20:30:00 GMT-0330")
    );
    assert_eq!(zoned("UTC", "new Date(2026, 0, 1).toString()"), json!("Thu Jan 01 2026 00:00:00 GMT+0000"));
    assert_eq!(zoned("UTC", "Object.is(new Date(0).getTimezoneOffset(), 0)"), json!(true));
}

#[test]
fn the_dates_of_a_person_are_dates() {
    for (script, expected) in [
        ("Person.Details.BirthDate.toISOString()", json!("1990-02-28T00:00:00.000Z")),
        ("Person.Details.BirthDate.getFullYear()", json!(1990)),
        ("new Date(Person.Details.BirthDate).getDate()", json!(28)),
        // Without a zone it is local.
        ("Person.PrimaryContract.StartDate", json!("2024-02-29T23:00:00.000Z")),
        ("Person.PrimaryContract.StartDate.getDate()", json!(1)),
        ("Person.PrimaryContract.EndDate", Value::Null),
        // Without a time it is midnight UTC.
        ("Person.Contracts[0].StartDate", json!("2024-03-01T00:00:00.000Z")),
        ("Person.Contracts[0].EndDate", json!("")),
        ("typeof Person.Contracts[1].StartDate + typeof Person.Contracts[1].EndDate", json!("stringstring")),
        ("let p = Person; p.Details.BirthDate instanceof Date", json!(true)),
    ] {
        assert_eq!(value(script), expected, "{script}");
        assert_eq!(value(&format!("void this;{script}")), expected, "alone: {script}");
    }
}

#[test]
fn the_dates_of_a_manager_are_dates_and_those_of_a_source_are_text() {
    let person = person();
    let mut engine = QuickJs::new(settings("Europe/Amsterdam"));
    let managed = Scope { person: Some(&person), manager: Some(&person), ..Scope::default() };
    assert_eq!(engine.evaluate("Manager.Details.BirthDate.getMonth()", &managed).unwrap(), json!(1));
    let raw = Scope { source: Some(&person), source_contract: Some(&person), ..Scope::default() };
    let script = "typeof source.Details.BirthDate + typeof sourceContract.PrimaryContract.StartDate";
    assert_eq!(engine.evaluate(script, &raw).unwrap(), json!("stringstring"));
}

#[test]
fn dates_stay_text_if_the_settings_say_so() {
    let mut settings = settings("Europe/Amsterdam");
    settings.dates_as_text = true;
    let person = person();
    let scope = Scope { person: Some(&person), ..Scope::default() };
    let given = QuickJs::new(settings).evaluate("Person.PrimaryContract.StartDate", &scope).unwrap();
    assert_eq!(given, json!("2024-03-01T00:00:00"));
}

const CHILD: &str = "KOPPEL_TEST_PRINTS_ITS_DATES";
const MARK: &str = "the dates: ";

/// Run by [`the_zone_of_the_process_does_not_matter`] in other zones; by itself it proves that the cases hold in this one.
#[test]
fn print_the_dates() {
    let given: Vec<Value> = cases().into_iter().map(|(script, _)| zoned("Europe/Amsterdam", script)).collect();
    assert_eq!(given, cases().into_iter().map(|(_, expected)| expected).collect::<Vec<_>>());
    if std::env::var_os(CHILD).is_some() {
        println!("{MARK}{}", json!(given));
    }
}

#[test]
fn the_zone_of_the_process_does_not_matter() {
    let printed = |zone: &str| {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "script_dates::print_the_dates", "--nocapture"])
            .env("TZ", zone)
            .env(CHILD, "1")
            .output()
            .unwrap();
        let out = String::from_utf8(child.stdout).unwrap();
        let line = out.lines().find_map(|line| line.split_once(MARK)).map(|(_, dates)| dates.to_owned());
        line.unwrap_or_else(|| panic!("{zone}: {out}{}", String::from_utf8_lossy(&child.stderr)))
    };
    let here = printed("UTC");
    for zone in ["Pacific/Kiritimati", "America/Los_Angeles", "EST5EDT", "XYZ-13:45"] {
        assert_eq!(printed(zone), here, "{zone}");
    }
}
