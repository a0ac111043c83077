//! Scripts: what they are given and what is taken from them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use koppel::FixedClock;
use koppel_helloid::script::{Engine, QuickJs, Random, Scope, ScriptError, ScriptErrorKind, Settings};
use serde_json::{Value, json};

/// Half past ten on a winter's morning in Amsterdam.
pub(crate) const NOW: &str = "2026-01-15T09:30:00Z";

pub(crate) fn settings(zone: &str) -> Settings {
    Settings::new(TimeZone::get(zone).unwrap(), Arc::new(FixedClock::new(NOW.parse().unwrap())))
}

pub(crate) fn engine() -> QuickJs {
    QuickJs::new(settings("Europe/Amsterdam"))
}

pub(crate) fn person() -> Value {
    json!({
        "ExternalId": "1000042",
        "Name": {"NickName": "Zoë", "FamilyName": "Øster", "Convention": "B"},
        "Details": {"BirthDate": "1990-02-28T00:00:00Z", "Gender": null},
        "PrimaryContract": {"StartDate": "2024-03-01T00:00:00", "EndDate": null, "Title": {"Name": "Nurse"}},
        "Contracts": [
            {"StartDate": "2024-03-01", "EndDate": ""},
            {"StartDate": "2024-02-30", "EndDate": "next year"},
        ],
        "Accounts": {"MicrosoftActiveDirectory": {"mail": "zoe@example.org"}, "Gone": null},
    })
}

/// The value of a script for the person, with a fresh engine.
pub(crate) fn value(script: &str) -> Value {
    outcome(script).unwrap_or_else(|e| panic!("{script}: {e}"))
}

pub(crate) fn outcome(script: &str) -> Result<Value, ScriptError> {
    let person = person();
    let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
    engine().evaluate(script, &scope)
}

#[test]
fn the_value_of_a_script_is_that_of_its_last_statement() {
    for (script, expected) in [
        ("1 + 1", json!(2)),
        ("'S' + Person.ExternalId", json!("S1000042")),
        ("function f() { return Person.Name.NickName }\nf()", json!("Zoë")),
        ("function f() { return 1 }\nf();;\n// the end", json!(1)),
        ("if (Person.ExternalId) { 'yes' } else { 'no' }", json!("yes")),
        ("switch (Person.Name.Convention) { case 'B': {'PB'; break;} default: 'x' }", json!("PB")),
        ("switch (1) { case 1: {'PB'\nbreak;} }", json!("PB")),
        ("switch (1) { case 1: 'one'; break; }", json!("one")),
        ("let a = 3; { a * 2 }", json!(6)),
        ("for (let i = 0; i < 3; i++) i", json!(2)),
        ("try { null.x } catch (e) { 'caught' }", json!("caught")),
        ("var a = 1;", Value::Null),
        ("", Value::Null),
        ("// nothing", Value::Null),
        ("name = 'sloppy'; name", json!("sloppy")),
        // Here the function is called: f is 1.
        ("var f = function () { return 1 }\n(2)", Value::Null),
        ("var f = function () { return 1 }\n(2)\nf", json!(1)),
        // One statement: the template calls x.
        ("let f = x => x\n`t`", Value::Null),
        ("var x = 8\n/2/1\nx", json!(4)),
        ("if (false) 1; else 2", json!(2)),
        ("({a: 1})", json!({"a": 1})),
        ("{a: 1}", json!(1)),
        ("var first = 'a'\nfirst", json!("a")),
        ("first: 5", json!(5)),
        ("'use strict'; typeof this", json!("object")),
        ("const text = `${`${Person.ExternalId}`}`; text", json!("1000042")),
        ("/[/]\\/'/.test(\"/'\") ? 1 : 2", Value::from(2)),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn a_return_outside_a_function_is_refused() {
    let refused = outcome("var a = 1;\nreturn a").unwrap_err();
    assert_eq!((refused.kind, refused.line), (ScriptErrorKind::Syntax, Some(2)), "{refused}");
}

#[test]
fn a_script_sees_what_its_scope_has_and_nothing_else() {
    let (person, source, contract) = (person(), json!({"id": 7}), json!({"hours": 36}));
    let names = "[typeof Person, typeof Manager, typeof Iteration, typeof source, typeof sourceContract]";
    let mut engine = engine();
    let target = Scope { person: Some(&person), iteration: Some(2), ..Scope::default() };
    let all = json!(["object", "object", "number", "undefined", "undefined"]);
    assert_eq!(engine.evaluate(names, &target).unwrap(), all);
    assert_eq!(engine.evaluate("Manager", &target).unwrap(), Value::Null);
    assert_eq!(engine.evaluate("Iteration === 0 ? '' : Iteration", &target).unwrap(), json!(2));
    let managed = Scope { manager: Some(&person), ..target };
    assert_eq!(engine.evaluate("Manager.Name.NickName", &managed).unwrap(), json!("Zoë"));
    let raw = Scope { source: Some(&source), source_contract: Some(&contract), ..Scope::default() };
    let only = json!(["undefined", "undefined", "undefined", "object", "object"]);
    assert_eq!(engine.evaluate(names, &raw).unwrap(), only);
    assert_eq!(engine.evaluate("sourceContract.hours + source.id", &raw).unwrap(), json!(43));
    let missing = engine.evaluate("Person.ExternalId", &raw).unwrap_err();
    assert!(missing.message.contains("Person is not defined"), "{missing}");
}

#[test]
fn a_script_is_given_everything_that_it_can_see() {
    for (script, expected) in [
        ("JSON.stringify(Person).includes('Nurse')", json!(true)),
        ("Object.keys(Person).length", json!(6)),
        ("let p = Person; p.PrimaryContract.Title.Name", json!("Nurse")),
        ("function f(x) { return x.Name.FamilyName } f(Person)", json!("Øster")),
        ("Person['Exter' + 'nalId']", json!("1000042")),
        ("Person?.ExternalId", json!("1000042")),
        ("Person.hasOwnProperty('Contracts')", json!(true)),
        ("'Details' in Person", json!(true)),
        ("let { Name } = Person; Name.NickName", json!("Zoë")),
        ("!Person || !Person.Name ? 'none' : 'some'", json!("some")),
        ("`${Person.Name.NickName} ${Person.ExternalId}`", json!("Zoë 1000042")),
        ("eval('Person.Name.NickName')", json!("Zoë")),
        ("[1].map(function () { return this.Person.ExternalId })", json!(["1000042"])),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn an_account_that_is_missing_acts_as_an_empty_object() {
    for (script, expected) in [
        ("Person.Accounts.MicrosoftActiveDirectory.mail", json!("zoe@example.org")),
        ("Person.Accounts.TOPdesk.mail", Value::Null),
        ("typeof Person.Accounts.TOPdesk.mail !== 'undefined'", json!(false)),
        ("Person.Accounts.Gone.mail", Value::Null),
        ("'TOPdesk' in Person.Accounts", json!(false)),
        ("Object.keys(Person.Accounts)", json!(["Gone", "MicrosoftActiveDirectory"])),
        ("typeof Person.Accounts[Symbol.iterator]", json!("undefined")),
        ("Person.Accounts.hasOwnProperty('TOPdesk')", json!(false)),
        ("`${Person.Accounts}`", json!("[object Object]")),
        ("JSON.stringify(Person.Accounts).length > 2", json!(true)),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
    let bare = json!({"ExternalId": "1"});
    let scope = Scope { person: Some(&bare), ..Scope::default() };
    assert_eq!(engine().evaluate("typeof Person.Accounts.X.mail", &scope).unwrap(), json!("undefined"));
}

#[test]
fn diacritical_marks_are_those_of_the_table_and_no_others() {
    let marks = "ÀÁÂÃÄÅàáâãäåÒÓÔÕÕÖØòóôõöøÈÉÊËèéêëðÇĆçćÐÌÍÎÏìíîïÙÚÛÜùúûüÑñŠṠṢṤṦṨŞšṡṣṥṧṩşŸÿýŽž'";
    let plain = "AAAAAAaaaaaaOOOOOOOooooooEEEEeeeeeCCccDIIIIiiiiUUUUuuuuNnSSSSSSSsssssssYyyZz";
    assert_eq!(value(&format!("deleteDiacriticalMarks({})", json!(marks))), json!(plain));
    assert_eq!(value("deleteDiacriticalMarks('āłÝæßœ x-1')"), json!("āłÝæßœ x-1"));
    assert_eq!(value("deleteDiacriticalMarks('Zoë') + deleteDiacriticalMarks('Zoë')"), json!("ZoeZoe"));
    assert_eq!(
        value("[deleteDiacriticalMarks(null), deleteDiacriticalMarks(), deleteDiacriticalMarks(5)]"),
        json!(["", "", "5"])
    );
}

#[test]
fn values_become_json() {
    for (script, expected) in [
        ("undefined", Value::Null),
        ("null", Value::Null),
        ("true", json!(true)),
        ("3.0", json!(3)),
        ("-0.5", json!(-0.5)),
        ("1e21", json!(1e21)),
        ("9007199254740991", json!(9_007_199_254_740_991_u64)),
        ("new Date(0)", json!("1970-01-01T00:00:00.000Z")),
        ("[1, [undefined], {a: null, b: undefined}]", json!([1, [null], {"a": null}])),
        ("new String('boxed')", json!("boxed")),
        ("({toJSON() { return 'own' }})", json!("own")),
        ("'\\ud83d' + 'x'", json!("\u{fffd}x")),
        ("['\\udc00', {'\\udc00': 1}]", json!(["\u{fffd}", {"\u{fffd}": 1}])),
        ("'\\ud83d\\ude00'", json!("😀")),
        ("({__proto__: null, ['__proto__']: 1})", json!({"__proto__": 1})),
        ("Person.Details.BirthDate", json!("1990-02-28T00:00:00.000Z")),
        ("new Map([[1, 2]])", json!({})),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn what_json_does_not_know_is_a_bad_result() {
    for (script, why) in [
        ("NaN", "NaN"),
        ("[1 / 0]", "Infinity"),
        ("new Date('no')", "invalid date"),
        ("x => x", "function"),
        ("Symbol('s')", "symbol"),
        ("[x => x]", "function"),
        ("let a = []; a.push(a); a", "64 deep"),
        ("let a = 1; for (let i = 0; i < 70; i++) a = [a]; a", "64 deep"),
        ("'x'.repeat(1 << 20) + 'y'", "1 MB"),
        ("'é'.repeat(600000)", "1 MB"),
        ("let a = []; a.length = 2000000; a", "1 MB"),
        ("['\"'.repeat(700000)]", "1 MB"),
    ] {
        let refused = outcome(script).unwrap_err();
        assert_eq!(refused.kind, ScriptErrorKind::BadResult, "{script}: {refused}");
        assert!(refused.message.contains(why), "{script}: {refused}");
    }
}

#[test]
fn an_error_says_what_and_where() {
    for (script, kind, line, message) in [
        ("\nlet a;\na.mail", ScriptErrorKind::Thrown, Some(3), "TypeError: "),
        ("function f() {\n  return Person.name.NickName\n}\nf()", ScriptErrorKind::Thrown, Some(2), "TypeError: "),
        ("if (true) {\n  missing\n}", ScriptErrorKind::Thrown, Some(2), "ReferenceError: missing is not defined"),
        ("this;\n\nmissing", ScriptErrorKind::Thrown, Some(3), "ReferenceError: missing is not defined"),
        ("1;\nlet = = 2", ScriptErrorKind::Syntax, Some(2), "SyntaxError: "),
        ("\n\nfunction (", ScriptErrorKind::Syntax, Some(3), "SyntaxError: "),
        ("eval('a b')", ScriptErrorKind::Thrown, Some(1), "SyntaxError: "),
        ("var f; function f() {} JSON.parse('{')", ScriptErrorKind::Thrown, Some(1), "SyntaxError: "),
        ("throw 'a text'", ScriptErrorKind::Thrown, None, "a text"),
        ("throw null", ScriptErrorKind::OutOfMemory, None, "threw null"),
        ("throw Object.create(null)", ScriptErrorKind::Thrown, None, "something"),
        ("'a\0b'", ScriptErrorKind::Syntax, None, "zero byte, at byte 2"),
    ] {
        let error = outcome(script).unwrap_err();
        assert_eq!((error.kind, error.line), (kind, line), "{script}: {error}");
        assert!(error.message.contains(message), "{script}: {error}");
    }
    let long = outcome("throw new Error('é'.repeat(9000))").unwrap_err();
    assert!(long.message.len() < 600 && long.message.ends_with('…'), "{long}");
}

#[derive(Debug)]
struct Given(Result<u64, String>);

impl Random for Given {
    fn bits(&self) -> Result<u64, String> {
        self.0.clone()
    }
}

#[test]
fn random_numbers_come_from_where_the_settings_say() {
    let with = |bits| {
        let mut settings = settings("UTC");
        settings.random = Arc::new(Given(bits));
        QuickJs::new(settings).evaluate("Math.random()", &Scope::default())
    };
    assert_eq!(with(Ok(0)).unwrap(), json!(0));
    assert_eq!(with(Ok(1 << 63)).unwrap(), json!(0.5));
    assert!(with(Ok(u64::MAX)).unwrap().as_f64().unwrap() < 1.0);
    let failed = with(Err("the well is dry".into())).unwrap_err();
    assert!(failed.message.contains("the well is dry"), "{failed}");
    let spread = value("let s = new Set(); for (let i = 0; i < 1000; i++) s.add(Math.random()); s.size");
    assert_eq!(spread, json!(1000));
}

#[test]
fn a_script_reaches_nothing_outside() {
    let outside =
        "[typeof require, typeof process, typeof fetch, typeof setTimeout, typeof std, typeof os, typeof console,
        typeof performance, typeof navigator, typeof WebAssembly, typeof SharedArrayBuffer]";
    assert_eq!(value(outside), json!(vec!["undefined"; 11]));
    assert!(outcome("import('fs'); 1").is_ok_and(|value| value == json!(1)));
    assert_eq!(outcome("import fs from 'fs'; 1").unwrap_err().kind, ScriptErrorKind::Syntax);
    assert_eq!(
        value("let done = 0; (async () => { await 1; done = 1 })(); Promise.resolve().then(() => { done = 2 }); done"),
        json!(0)
    );
}
