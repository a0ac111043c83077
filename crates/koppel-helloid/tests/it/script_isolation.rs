//! One engine serves many evaluations: scripts are compiled once, and nothing is left of one for the next.

use std::fmt::Write as _;

use koppel_helloid::script::{Engine, QuickJs, Scope};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::script::{engine, person};

fn run(engine: &mut QuickJs, script: &str) -> Value {
    let person = person();
    let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
    engine.evaluate(script, &scope).unwrap_or_else(|e| panic!("{script}: {e}"))
}

#[test]
fn a_script_is_compiled_once() {
    let mut engine = engine();
    for _ in 0..3 {
        for script in ["Person.Name.NickName", "if (Iteration === 0) { 'first' }", "this.Person.ExternalId", "}{"] {
            let person = person();
            let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
            let _ = engine.evaluate(script, &scope);
        }
        assert_eq!(engine.compiled(), 4);
    }
    let raw = json!({});
    engine.evaluate("source.id", &Scope { source: Some(&raw), ..Scope::default() }).unwrap();
    assert_eq!(engine.compiled(), 5);
}

#[test]
fn the_kept_scripts_are_bounded() {
    let mut engine = engine();
    for number in 0..1100 {
        let script = format!("{number}");
        assert_eq!(engine.evaluate(&script, &Scope::default()).unwrap(), json!(number));
    }
    assert_eq!(engine.compiled(), 1100);
    engine.evaluate("1099", &Scope::default()).unwrap();
    assert_eq!(engine.compiled(), 1100, "a recent one is still there");
    engine.evaluate("0", &Scope::default()).unwrap();
    assert_eq!(engine.compiled(), 1101, "an old one is not");
}

#[test]
fn nothing_that_a_script_changes_reaches_the_next() {
    let mut engine = engine();
    let probe = "[typeof leaked, typeof Array.leaked, typeof [].leaked, typeof ({}).leaked, typeof Math.leaked, typeof JSON.leaked,
        typeof (() => 1).leaked, typeof Person.leaked, typeof Person.Name.leaked, typeof deleteDiacriticalMarks.leaked,
        typeof new Date().leaked, typeof /x/.leaked, typeof 'x'.leaked, typeof Error.leaked, typeof Object.leaked,
        typeof (function* () {})().leaked, typeof [][Symbol.iterator]().leaked, typeof new Map().leaked, Math.max(1, 2),
        JSON.stringify([1]), 'a'.replace('a', 'b'), [3, 1, 2].sort().join(), new Date(0).getTime(), Person.Name.NickName,
        deleteDiacriticalMarks('é'), String(1), parseInt('7'), typeof Error.stackTraceLimit, Array.from('ab').length]";
    let expected = run(&mut engine, probe);
    for script in [
        "leaked = 1",
        "var leaked = 1; leaked",
        "let leaked = 1; leaked",
        "function leaked() {} 1",
        "function f() { leaked = 1 } f()",
        "if (true) { leaked = 1 }",
        "(() => { leaked = () => leaked })(); 1",
        "this.leaked = 1",
        "globalThis.leaked = 1",
        "(function () { this.leaked = 1 })()",
        "Object.defineProperty(globalThis, 'leaked', {value: 1})",
        "[]['const' + 'ructor']['const' + 'ructor']('Object.define' + 'Property(this, \"leaked\", {value: 1})')()",
        "(() => 1)['const' + 'ructor']('return th' + 'is')().leaked = 1",
        "(function* () {})['const' + 'ructor']('leaked = 1; Object.define' + 'Property(global' + 'This, \"leaked\", {value: 1})')().next(); 1",
        "Array.prototype.leaked = 1",
        "Object.prototype.leaked = 1",
        "({}).__proto__.leaked = 1",
        "[]['__pro' + 'to__'].leaked = 1",
        "(() => 1)['__pro' + 'to__'].leaked = 1",
        "(function* () {})()['__pro' + 'to__']['__pro' + 'to__'].leaked = 1",
        "'x'['__pro' + 'to__'].leaked = 1",
        "/x/['__pro' + 'to__'].leaked = 1; new Date()['__pro' + 'to__'].leaked = 1; new Map()['__pro' + 'to__'].leaked = 1",
        "try { null.x } catch (e) { e['__pro' + 'to__']['__pro' + 'to__'].leaked = 1; e['const' + 'ructor'].leaked = 1 } 1",
        "let m = Math; m.leaked = 1; m.max = () => 9; 1",
        "Math.max = () => 9; Math.leaked = 1; 1",
        "let j = JSON; j.stringify = () => 9; j.leaked = 1; 1",
        "JSON.stringify = () => 9; 1",
        "String = () => 9; 1",
        "parseInt = () => 9; 1",
        "let s = [String, Date, Error, Object, Array]; for (let x of s) { x.leaked = 1; x.now = 1; x.from = 1 } 1",
        "let d = Date; d.prototype; d['proto' + 'type'].getTime = () => 9; 1",
        "deleteDiacriticalMarks.leaked = 1; let f = deleteDiacriticalMarks; f.leaked = 1; 1",
        "deleteDiacriticalMarks = () => 9; 1",
        "Person.leaked = 1; Person.Name.leaked = 1; Person.Name.NickName = 'x'; 1",
        "Person = {}; 1",
        "var Person = {Name: {NickName: 'x'}}; 1",
        "let Person = {Name: {NickName: 'x'}}; 1",
        "delete Person.Name; delete Math.max; 1",
        "let o = Object; o.freeze = 1; o['define' + 'Property'](Math['max'], 'leaked', {value: 1}); 1",
        "let e = Error; e['stackTrace' + 'Limit'] = 0; e['prepareStack' + 'Trace'] = () => 9; 1",
        "Error.stackTraceLimit = 0; 1",
        "[][Symbol.iterator]()['__pro' + 'to__'].leaked = 1",
        "for (leaked of [1, 2]) {} leaked",
        "[leaked] = [1]; leaked",
        "var undefined, NaN = 1, Math = {max: 9}; 1",
        "Object.setPrototypeOf(Math, {leaked: 1}); 1",
    ] {
        let person = person();
        let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
        // Some of them throw, which is no harm.
        let _ = engine.evaluate(script, &scope);
        assert_eq!(run(&mut engine, probe), expected, "after {script}");
    }
}

#[test]
fn a_script_begins_anew_each_time() {
    let mut engine = engine();
    for script in [
        "const a = 1; let b = 2; a + b",
        "function f() { f.calls = (f.calls || 0) + 1; return f.calls } f()",
        "let r = /a/g; r.test('aa'); r.lastIndex",
        "if (typeof seen === 'undefined') { seen = 1 } else { seen = 2 } seen",
        "Person.Contracts.push({}); Person.Contracts.length",
        "let t = x => x; let a = t`one`; a.join()",
        "class A { static n = 0 } A.n++; A.n",
        "Person.Accounts.New = {mail: 'x'}; Object.keys(Person.Accounts).length",
        "if (true) { let n = 0; n += 1 }",
        "this.count = (this.count || 0) + 1",
    ] {
        let first = run(&mut engine, script);
        assert_eq!(run(&mut engine, script), first, "{script}");
    }
}

#[test]
fn ordinary_code_does_not_notice_that_the_realm_is_frozen() {
    let mut engine = engine();
    for (script, expected) in [
        ("let o = {}; o.toString = () => 'mine'; `${o}`", json!("mine")),
        ("let o = {}; o.valueOf = () => 5; o + 1", json!(6)),
        ("let o = {}; o.hasOwnProperty = 1; Object.keys(o)", json!(["hasOwnProperty"])),
        ("let e = new Error('a'); e.message = 'b'; e.name = 'Own'; `${e}`", json!("Own: b")),
        ("let f = () => 1; f.call = 2; f.call", json!(2)),
        ("let a = [1]; a.toString = () => 'mine'; `${a}`", json!("mine")),
        ("let d = new Date(0); d.toString = () => 'mine'; `${d}`", json!("mine")),
        ("class A { toString() { return 'A' } } `${new A()}`", json!("A")),
        ("class B extends Error {} try { throw new B('x') } catch (e) { e instanceof B && e.message }", json!("x")),
        (
            "let m = {}; for (let w of ['toString', 'a', 'valueOf']) { m[w] = (m.hasOwnProperty(w) ? m[w] : 0) + 1 } m",
            json!({"toString": 1, "a": 1, "valueOf": 1}),
        ),
        ("[3, 1, 2].sort().concat([9]).reverse()", json!([9, 3, 2, 1])),
        ("Object.assign({}, {toString: 1})", json!({"toString": 1})),
        ("let s = 0; for (let k in {a: 1}) s++; s", json!(1)),
        ("Array.prototype.last = function () { return this[this.length - 1] }; [1, 2].last()", json!(2)),
        ("Math.double = x => 2 * x; Math.double(4)", json!(8)),
        ("function P(n) { this.n = n } P.prototype.get = function () { return this.n }; new P(7).get()", json!(7)),
        ("[1, 2].constructor === Array", json!(true)),
        ("var Person = Person || {}; Person.ExternalId", json!("1000042")),
        ("(function () { return typeof this })()", json!("object")),
        ("Array.from(new Set('aab')).join('')", json!("ab")),
        ("let { length } = 'abc'; length", json!(3)),
        ("String.raw`a\\n`", json!("a\\n")),
    ] {
        assert_eq!(run(&mut engine, script), expected, "{script}");
    }
}

/// The same script in a realm of its own, which is plain global code: its first words see to that.
fn alone(script: &str) -> String {
    format!("void this;{script}")
}

const PIECES: [&str; 91] = [
    "var a = 1",
    "let b = [1, 2]",
    "const c = {d: 3}",
    "a",
    "b",
    "c",
    "c.d",
    "f()",
    "f",
    "function f() { return 2 }",
    "var g = function () { return 3 }",
    "var h = () => 4",
    "let k = () => { return a }",
    "k()",
    "g",
    "g()",
    "h()",
    "(4)",
    "[5]",
    "`t`",
    "`t${1 + 1}u`",
    "`${`x${a}`}`",
    "/x/.test('x')",
    "/[/']/g",
    "/ 2",
    "/2/1",
    "+1",
    "-1",
    "++a",
    "a++",
    "--a",
    "if (a) 1",
    "if (a) { 'i' }",
    "if (0) a",
    "else 2",
    "else { 'e' }",
    "{ 3 }",
    "{}",
    "do a++; while (a < 3)",
    "do { a } while (0)",
    "while (0) 1",
    "for (;0;) 1",
    "for (var i of b || []) i",
    "for (let i = 0; i < 2; i++) { i }",
    "switch (a) { case 1: 's' }",
    "switch (1) { case 1: 't'; break; default: 'u' }",
    "try { 1 } catch (e) { 2 }",
    "try { missing } catch (e) { 'm' }",
    "finally { 3 }",
    "'text'",
    "\"text\"",
    "a = {b: 1}",
    "x => x",
    "in c",
    "instanceof Object",
    ", 2",
    "? 1 : 2",
    ".b",
    ".length",
    "return 1",
    "label: 1",
    "Person.ExternalId",
    "Person",
    "Person = 3",
    "var Person",
    "let Iteration = 5",
    "Iteration",
    "y = 6",
    "y",
    "throw 1",
    "// c",
    "/* c */",
    "/*\n*/",
    "class A {}",
    "new A",
    "new Date(0).getTime()",
    "typeof a",
    "void 0",
    "delete c.d",
    "missing",
    "}",
    "{",
    ")",
    "(",
    "async",
    "of",
    "get",
    "=> 1",
    "=",
    "!a",
    "this.a",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the pieces of a script are, it gives what global code gives; an engine that runs them all shows leaks, too.
    #[test]
    fn a_script_gives_what_global_code_gives(
        pieces in prop::collection::vec((0..PIECES.len(), prop::sample::select(vec!["", " ", "\n", ";", ";\n", "\n\n", "; "])), 1..7)
    ) {
        thread_local!(static ENGINE: std::cell::RefCell<QuickJs> = std::cell::RefCell::new(engine()));
        let mut script = String::new();
        for (piece, separator) in pieces {
            write!(script, "{}{separator}", PIECES[piece]).unwrap();
        }
        let person = person();
        let scope = Scope { person: Some(&person), iteration: Some(0), ..Scope::default() };
        ENGINE.with_borrow_mut(|engine| {
            let shared = engine.evaluate(&script, &scope);
            let again = engine.evaluate(&script, &scope);
            let global = engine.evaluate(&alone(&script), &scope);
            let outcome = |given: &Result<Value, koppel_helloid::script::ScriptError>| match given {
                Ok(value) => format!("{value}"),
                Err(e) => format!("{:?} {}", e.kind, e.message),
            };
            prop_assert_eq!(outcome(&shared), outcome(&global), "{}", &script);
            prop_assert_eq!(outcome(&again), outcome(&shared), "{}", &script);
            Ok(())
        })?;
    }

    /// No text whatever ends the process or leaves the engine unusable.
    #[test]
    fn any_text_is_a_script_or_an_error(script in "\\PC{0,40}|[-+a(){}\\[\\];\n'\"`/$\\\\.=!<>#@0-9e ]{0,40}") {
        thread_local!(static ENGINE: std::cell::RefCell<QuickJs> = std::cell::RefCell::new(engine()));
        ENGINE.with_borrow_mut(|engine| {
            let _ = engine.evaluate(&script, &Scope::default());
            prop_assert_eq!(engine.evaluate("typeof a", &Scope::default()).unwrap(), json!("undefined"));
            Ok(())
        })?;
    }
}
