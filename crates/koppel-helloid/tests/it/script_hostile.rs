//! Scripts that run away: each becomes an error, and the next one runs.

use std::time::Duration;

use koppel_helloid::script::{Engine, QuickJs, Scope, ScriptErrorKind};
use serde_json::json;

use crate::script::{engine, settings};

#[test]
fn a_script_that_runs_away_is_an_error_and_the_next_one_runs() {
    use ScriptErrorKind::{BadResult, OutOfMemory, Thrown, TimedOut, TooDeep};
    let mut engine = engine();
    for (script, kinds) in [
        ("while (true) {}", &[TimedOut][..]),
        ("for (;;) { try { for (;;); } catch (e) {} }", &[TimedOut]),
        ("function f() { try { f() } finally { f() } } f()", &[TimedOut, TooDeep]),
        ("if (true) { while (true) {} }", &[TimedOut]),
        ("this; while (true) {}", &[TimedOut]),
        (
            "(function* () { while (true) yield 1 })().next(); for (const x of (function* () { for (;;) yield 1 })()) {}",
            &[TimedOut],
        ),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", &[TimedOut]),
        ("'a'.repeat(40).replace(/(a|aa)+$/g, 'x') + /^(a+)+$/.exec('a'.repeat(40) + 'b')", &[TimedOut]),
        ("let s = 'x'; for (;;) s += s", &[OutOfMemory, Thrown, TimedOut]),
        ("let s = 'xy'; for (;;) { s = (s + s).replace(/y/, 'z') }", &[OutOfMemory, Thrown, TimedOut]),
        ("let a = []; for (;;) a.push(new Array(1000).fill(a))", &[OutOfMemory, TimedOut]),
        ("let a = [1]; for (;;) a = a.concat(a)", &[OutOfMemory, TimedOut]),
        ("let m = new Map(); for (let i = 0; ; i++) m.set(i, {})", &[OutOfMemory, TimedOut]),
        ("y = []; for (;;) { y = [y, y.slice()] }", &[OutOfMemory, TimedOut]),
        ("'x'.repeat(2 ** 30)", &[OutOfMemory, Thrown]),
        ("'x'.padStart(2 ** 29)", &[OutOfMemory, Thrown]),
        ("new Array(2 ** 32 - 1).fill(0)", &[Thrown]),
        ("let a = []; a[4000000000] = 1; a.join()", &[Thrown]),
        ("let a = []; a.length = 4e9; a.map(x => x)", &[Thrown]),
        ("[1].concat(new Array(2 ** 32 - 1))", &[Thrown]),
        ("`${new Array(2 ** 32 - 1)}`", &[Thrown]),
        ("'x'.repeat(2 ** 22).indexOf('x'.repeat(2 ** 21) + 'y')", &[Thrown]),
        ("'ab'.repeat(2 ** 20).split('ab'.repeat(2 ** 19) + 'y')", &[Thrown]),
        ("new Array(2 ** 32 - 1).join('x')", &[OutOfMemory, TimedOut, Thrown]),
        ("Array.from({length: 2 ** 32})", &[OutOfMemory, TimedOut, Thrown]),
        ("let f = () => f(); f()", &[TooDeep]),
        ("let o = {get a() { return this.a }}; o.a", &[TooDeep]),
        ("let a = []; for (let i = 0; i < 100000; i++) a = [a]; JSON.stringify(a)", &[TooDeep, TimedOut, OutOfMemory]),
        ("JSON.parse('['.repeat(100000))", &[TooDeep, TimedOut, Thrown]),
        ("new RegExp('('.repeat(100000))", &[TooDeep, Thrown]),
        ("let a = []; for (let i = 0; i < 100000; i++) a = [a]; a", &[BadResult, TimedOut]),
        ("({get a() { for (;;); }})", &[TimedOut]),
        ("({toJSON() { for (;;); }})", &[TimedOut]),
        ("({toJSON() { throw new Error('no') }})", &[Thrown]),
        ("({toJSON() { return this }})", &[BadResult]),
        ("new Proxy([], {get(t, k) { return k === 'length' ? 1e9 : 'x'.repeat(1000) }})", &[BadResult, TimedOut]),
        ("new Proxy({}, {ownKeys() { for (;;); }})", &[TimedOut]),
        ("throw {toString() { for (;;); }}", &[TimedOut]),
        ("throw Object.defineProperty(new Error('x'), 'message', {get() { for (;;); }})", &[TimedOut]),
        ("throw Object.defineProperty(new Error('x'), 'stack', {get() { throw 1 }})", &[Thrown]),
        ("9n ** 999999n ** 2n", &[ScriptErrorKind::Syntax]),
        ("[3, 1, 2].sort(() => { for (;;); })", &[TimedOut]),
        ("JSON.stringify({a: new Array(2 ** 32 - 1)})", &[OutOfMemory, TimedOut]),
        ("[...new Array(2 ** 32 - 1)]", &[OutOfMemory, TimedOut]),
        ("(async () => { for (;;); })()", &[TimedOut]),
        ("eval('for (;;);')", &[TimedOut]),
        ("eval('('.repeat(100000))", &[TooDeep, Thrown, OutOfMemory]),
        ("let k = 'a'; for (;;) { k += 'b'; Person[k] = 1 }", &[OutOfMemory, TimedOut]),
    ] {
        let person = json!({"Name": {}});
        let scope = Scope { person: Some(&person), ..Scope::default() };
        let error = engine.evaluate(script, &scope).unwrap_err();
        assert!(kinds.contains(&error.kind), "{script}: {:?} {error}", error.kind);
        assert_eq!(engine.evaluate("6 * 7", &scope).unwrap(), json!(42), "after {script}");
    }
}

#[test]
fn what_the_engine_would_do_for_minutes_is_refused_before() {
    let mut engine = engine();
    let lying = "{get length() { return 2 ** 53 - 1 }}";
    let array = "methods of arrays take arrays";
    let long = "items is too long";
    for (script, why) in [
        ("String.raw({raw: {length: 2 ** 53 - 1}})".to_owned(), "pieces is too long"),
        ("String.raw({raw: 'x'.repeat(2 ** 22)})".to_owned(), "pieces is too long"),
        ("String.raw({raw: new Array(4e9)})".to_owned(), "pieces is too long"),
        (format!("Array.prototype.join.call({lying}, '')"), array),
        (format!("[].indexOf.call({lying}, 1)"), array),
        (format!("[].includes.call(Object.create({lying}), 1)"), array),
        ("[].join.call({length: {valueOf() { return 4e9 }}}, '')".to_owned(), array),
        ("[].join.call({length: 4e9}, '')".to_owned(), long),
        ("[].join.call({length: '4e9'}, '')".to_owned(), long),
        ("[].indexOf.call(new Proxy([], {}), 1)".to_owned(), array),
        ("[].indexOf.call(Proxy.revocable([], {}).proxy, 1)".to_owned(), array),
        ("[].concat(new Proxy([], {get() { return 2 ** 53 - 1 }}))".to_owned(), array),
        (format!("let a = {lying}; a[Symbol.isConcatSpreadable] = true; [].concat(a)"), array),
        ("[].concat({length: 4e9, [Symbol.isConcatSpreadable]: true})".to_owned(), long),
        ("[new Array(4e9)].flat()".to_owned(), long),
        ("[1].flatMap(() => new Array(4e9))".to_owned(), long),
        ("[1].flatMap(() => new Proxy([], {}))".to_owned(), array),
        ("JSON.stringify([], new Array(4e9))".to_owned(), long),
        ("JSON.stringify([], new Proxy([], {}))".to_owned(), array),
        ("JSON.stringify(new Array(4e9))".to_owned(), long),
        ("'a'.repeat(3e6).replaceAll('', 'b')".to_owned(), "to replace all"),
        ("new String('a'.repeat(3e6)).replaceAll({toString() { return '' }}, 'b')".to_owned(), "to replace all"),
        ("let t = 'x'.repeat(2 ** 21); (t + t).indexOf({toString: () => t + 'y'})".to_owned(), "to look for"),
        ("9n".to_owned(), "[9n] is a BigInt"),
        ("`${9n ** 99999n}`".to_owned(), "[9n] is a BigInt"),
        ("{}\n/a/.test(9n)".to_owned(), "[9n] is a BigInt"),
        ("BigInt('9')".to_owned(), "BigInt is not defined"),
        ("new Array(4e9).values().drop(4e9)".to_owned(), "not a function"),
        ("new Set().union({size: 0, has() {}, keys: () => new Array(4e9).values()})".to_owned(), "not a function"),
        ("new Map(new Array(4e9))".to_owned(), "TypeError"),
    ] {
        for script in [script.clone(), format!("this; {script}")] {
            let error = engine.evaluate(&script, &Scope::default()).unwrap_err();
            assert!(error.message.contains(why), "{script}: {error}");
            assert!(matches!(error.kind, ScriptErrorKind::Thrown | ScriptErrorKind::Syntax), "{script}: {error}");
        }
    }
    for script in [
        "new Set(new Array(4e9))",
        "new Set(new Array(4e9).values())",
        "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)",
    ] {
        let error = engine.evaluate(script, &Scope::default()).unwrap_err();
        assert_eq!(error.kind, ScriptErrorKind::TimedOut, "{script}: {error}");
    }
    for script in ["[...new Array(4e9)]", "Math.max(...new Array(4e9))"] {
        let error = engine.evaluate(script, &Scope::default()).unwrap_err();
        assert!(matches!(error.kind, ScriptErrorKind::OutOfMemory | ScriptErrorKind::TimedOut), "{script}: {error}");
    }
}

#[test]
fn what_is_bounded_works_as_ever_within_its_bounds() {
    let mut engine = unhurried();
    for (script, expected) in [
        ("String.raw`a\\n${1}b${2}`", json!("a\\n1b2")),
        ("String.raw({raw: ['x', 'y', 'z']}, 0, 1, 2)", json!("x0y1z")),
        ("[].map.call('abc', c => c + c)", json!(["aa", "bb", "cc"])),
        ("[].join.call({0: 'a', 1: 'b', length: 2}, '-')", json!("a-b")),
        ("(function () { return [].slice.call(arguments, 1) })(1, 2, 3)", json!([2, 3])),
        ("[1, [2, [3, [4]]]].flat()", json!([1, 2, [3, [4]]])),
        ("[1, [2, [3, [4]]]].flat(Infinity)", json!([1, 2, 3, 4])),
        ("[1, 2].flatMap(x => [x, [x]])", json!([1, [1], 2, [2]])),
        ("[1].concat(2, [3], {a: 4}, 'x')", json!([1, 2, 3, {"a": 4}, "x"])),
        ("[...new Set([1, 1, 2])].concat(new Set('aab').size)", json!([1, 2, 2])),
        ("class S extends Set { two() { return this.size } } new S([1, 2]).two()", json!(2)),
        ("new Set() instanceof Set && new Set().constructor === Set", json!(true)),
        ("new Proxy({}, {get: () => 7}).x", json!(7)),
        ("JSON.stringify({a: 1, b: 2}, ['a'])", json!("{\"a\":1}")),
        ("JSON.stringify([1], null, 1)", json!("[\n 1\n]")),
        ("'a.b.c'.replaceAll('.', '-') + 'a.b'.replace(/\\./g, (m) => '<' + m + '>')", json!("a-b-ca<.>b")),
        ("'abc'.split('').length + 'a1b2'.split(/\\d/).length + 'abcabc'.indexOf('c', 3)", json!(11)),
        ("[].concat(Person.Accounts).length", json!(1)),
    ] {
        let person = json!({"Accounts": {}});
        let scope = Scope { person: Some(&person), ..Scope::default() };
        for script in [script.to_owned(), format!("globalThis; {script}")] {
            assert_eq!(engine.evaluate(&script, &scope).unwrap(), expected, "{script}");
        }
    }
}

#[test]
fn the_message_of_an_error_is_one_line() {
    let mut engine = engine();
    for script in ["throw new Error('a\\nb\\u2028c')", "throw 'a\\nb\\u2028c'"] {
        let error = engine.evaluate(script, &Scope::default()).unwrap_err();
        assert!(error.message.contains("a\\nb\\u{2028}c"), "{error}");
    }
}

#[test]
fn a_script_as_deep_as_the_parser_can_bear_is_an_error() {
    let mut engine = engine();
    for script in [
        "(".repeat(100_000),
        "[".repeat(100_000) + &"]".repeat(100_000),
        "{".repeat(100_000),
        "-".repeat(200_001),
        "a=>".repeat(80_000),
    ] {
        engine.evaluate(&script, &Scope::default()).unwrap_err();
        assert_eq!(engine.evaluate("6 * 7", &Scope::default()).unwrap(), json!(42));
    }
    let long = engine.evaluate(&" ".repeat(300_000), &Scope::default()).unwrap_err();
    assert!(long.message.contains("300000 bytes"), "{long}");
}

/// These tests are about memory: a slow machine is no reason to fail.
fn unhurried() -> QuickJs {
    let mut settings = settings("UTC");
    settings.time = Duration::from_mins(1);
    QuickJs::new(settings)
}

#[test]
fn memory_counts_for_one_evaluation_only() {
    let mut engine = unhurried();
    let large = "let a = []; for (let i = 0; i < 100000; i++) a.push(i + 0.5); kept = a; a.length";
    for _ in 0..50 {
        assert_eq!(engine.evaluate(large, &Scope::default()).unwrap(), json!(100_000));
    }
}

#[test]
fn memory_that_holds_itself_does_not_add_up() {
    let mut engine = unhurried();
    let cycle = "let o = {a: new Array(20000).fill(1.5)}; o.self = o; 1";
    for _ in 0..300 {
        assert_eq!(engine.evaluate(cycle, &Scope::default()).unwrap(), json!(1));
    }
}

#[test]
fn the_settings_bound_time_and_memory() {
    let mut small = settings("UTC");
    small.memory = 1 << 20;
    small.time = Duration::from_mins(1);
    let mut engine = QuickJs::new(small);
    let error = engine.evaluate("let a = []; for (;;) a.push(a.length + 0.5)", &Scope::default()).unwrap_err();
    assert_eq!(error.kind, ScriptErrorKind::OutOfMemory, "{error}");
    let mut brief = settings("UTC");
    brief.time = Duration::ZERO;
    let mut engine = QuickJs::new(brief);
    assert_eq!(
        engine.evaluate("1 + 1", &Scope::default()).unwrap(),
        json!(2),
        "a script that takes few steps is let through"
    );
    let error = engine.evaluate("for (;;);", &Scope::default()).unwrap_err();
    assert_eq!(error.kind, ScriptErrorKind::TimedOut, "{error}");
}
