//! What came of a script: a value or an error.

use rquickjs::function::IntoArgs;
use rquickjs::{CaughtError, Coerced, Ctx, Error, FromJs, Function, Object, Type, Value as Js};
use serde_json::{Number, Value};

use super::guard::Guard;
use super::{ScriptError, ScriptErrorKind};

/// The longest message of an error.
const LONGEST_MESSAGE: usize = 500;

/// The largest value, as JSON.
const LARGEST_RESULT: usize = 1 << 20;

/// The file that a script is to the engine, and the one that the text of an `eval` is.
pub(super) const FILE: &str = "script";
const EVAL_FILE: &str = "<input>";

/// An error; its message is one line, whatever the script threw.
pub(super) fn error(kind: ScriptErrorKind, message: &str) -> ScriptError {
    let mut end = message.len().min(LONGEST_MESSAGE);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let dots = if end < message.len() { "…" } else { "" };
    let message = one_line(&message[..end]) + dots;
    ScriptError { kind, message, line: None }
}

/// The same with everything that would break the line written as in a script: `\n`.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// The engine itself failed.
pub(super) fn engine(failure: &Error) -> ScriptError {
    error(ScriptErrorKind::Engine, &format!("the JavaScript engine failed: {failure}"))
}

/// What `give` of host.js gave.
pub(super) fn value(given: &Js<'_>) -> Result<Value, ScriptError> {
    let bad = |why: &str| error(ScriptErrorKind::BadResult, &format!("the value of the script {why}"));
    let read = |text: &Js<'_>| text.as_string().map(|text| text.to_string().map_err(|e| engine(&e))).transpose();
    match given.type_of() {
        Type::Null | Type::Undefined => Ok(Value::Null),
        Type::Bool => Ok(Value::Bool(given.as_bool().unwrap_or_default())),
        Type::Int => Ok(Value::from(given.as_int().unwrap_or_default())),
        Type::Float => Ok(given.as_float().and_then(number).map_or(Value::Null, Value::Number)),
        Type::String => match read(given)? {
            Some(text) if text.len() > LARGEST_RESULT => Err(bad("is larger than 1 MB")),
            text => Ok(text.map_or(Value::Null, Value::String)),
        },
        _ => {
            let Some(list) = given.as_array() else { return Err(bad("cannot be read")) };
            let first = list.get::<Js<'_>>(0).map_err(|e| engine(&e))?;
            let Some(text) = read(&first)? else {
                let why = list.get::<String>(1).map_err(|e| engine(&e))?;
                return Err(bad(&why));
            };
            if text.len() > LARGEST_RESULT {
                return Err(bad("is larger than 1 MB"));
            }
            serde_json::from_str(&text).map_err(|e| bad(&format!("cannot be read: {e}")))
        }
    }
}

/// A number as JSON has it: 3 and not 3.0.
#[allow(clippy::cast_possible_truncation, reason = "it is whole and in range")]
fn number(value: f64) -> Option<Number> {
    const LARGEST_WHOLE: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && value.abs() <= LARGEST_WHOLE {
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// Calls, and makes what it threw an error.
pub(super) fn call<'js, A: IntoArgs<'js>, R: FromJs<'js>>(
    ctx: &Ctx<'js>,
    guard: &Guard,
    function: &Function<'js>,
    args: A,
) -> Result<R, ScriptError> {
    function.call(args).map_err(|failure| thrown(ctx, guard, failure))
}

/// What was thrown, as an error.
pub(super) fn thrown(ctx: &Ctx<'_>, guard: &Guard, failure: Error) -> ScriptError {
    let caught = CaughtError::from_error(ctx, failure);
    // Reading it may run code of the script again, which may throw again.
    let found = match &caught {
        CaughtError::Error(failure) => engine(failure),
        CaughtError::Exception(exception) => exception_error(exception.as_object()),
        // So the engine does when there is no memory left for an error.
        CaughtError::Value(value) if value.is_null() => {
            error(ScriptErrorKind::OutOfMemory, "the script took too much memory, or threw null")
        }
        CaughtError::Value(value) => error(ScriptErrorKind::Thrown, &text(ctx, value)),
    };
    if ctx.has_exception() {
        ctx.catch();
    }
    if guard.stopped() {
        return error(ScriptErrorKind::TimedOut, "the script ran too long");
    }
    found
}

fn exception_error(exception: &Object<'_>) -> ScriptError {
    let field = |name: &str| {
        let value = exception.get::<_, Js<'_>>(name).unwrap_or_else(|_| Js::new_undefined(exception.ctx().clone()));
        if value.is_undefined() { String::new() } else { text(exception.ctx(), &value) }
    };
    let (name, message) = (field("name"), field("message"));
    let stack = field("stack");
    match (name.as_str(), message.as_str()) {
        ("InternalError", message) if message.contains("out of memory") => {
            return error(ScriptErrorKind::OutOfMemory, "the script took too much memory");
        }
        ("RangeError", "Maximum call stack size exceeded") | ("InternalError", "stack overflow") => {
            return error(ScriptErrorKind::TooDeep, "the script called itself too deeply");
        }
        _ => {}
    }
    let message = match (name.is_empty(), message.is_empty()) {
        (true, _) => message,
        (false, true) => name.clone(),
        (false, false) => format!("{name}: {message}"),
    };
    // What reads text, such as JSON.parse, names a place in that text first.
    let files: &[&str] = if name == "SyntaxError" { &[FILE] } else { &[FILE, EVAL_FILE] };
    let line = line(&stack, files);
    // A script that the engine cannot read has a place, but no call that led there.
    let unread = name == "SyntaxError" && stack.trim_start().starts_with(&format!("at {FILE}:"));
    let kind = if unread { ScriptErrorKind::Syntax } else { ScriptErrorKind::Thrown };
    ScriptError { line, ..error(kind, &message) }
}

fn text<'js>(ctx: &Ctx<'js>, value: &Js<'js>) -> String {
    let given = match value.type_of() {
        Type::Symbol => Ok("a symbol".into()),
        _ => Coerced::<String>::from_js(ctx, value.clone()).map(|text| text.0),
    };
    given.unwrap_or_else(|_| {
        ctx.catch();
        "something that cannot be shown as text".into()
    })
}

/// The line of the innermost call in one of these files.
fn line(stack: &str, files: &[&str]) -> Option<u32> {
    stack.lines().find_map(|call| {
        let after = files.iter().find_map(|file| call.rsplit_once(&format!("{file}:")))?.1;
        let number = after.split(|c: char| !c.is_ascii_digit()).next()?;
        number.parse().ok()
    })
}
