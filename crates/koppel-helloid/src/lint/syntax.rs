//! Whether a script is JavaScript, without running it.

use rquickjs::context::EvalOptions;
use rquickjs::{CaughtError, Context, Ctx, Error, Exception, Function, Runtime};

use crate::script::{self, bigint, one_line};

/// What reading one script may take.
const MEMORY: usize = 16 << 20;

/// Reads scripts.
#[derive(Default)]
pub(super) struct Reader(Option<Context>);

impl Reader {
    /// Reads a script.
    ///
    /// # Errors
    /// Says why it is no JavaScript, and in which line.
    pub(super) fn read(&mut self, script: &str) -> Result<(), String> {
        let context = match self.0.take() {
            Some(context) => context,
            None => context().map_err(|e| format!("the JavaScript engine failed: {e}"))?,
        };
        context.with(|ctx| read(&ctx, script))?;
        // One that met something it could not read is not used again.
        self.0 = Some(context);
        match bigint::find(script) {
            Some((number, line)) => Err(format!("{} (line {line} of the script)", bigint::refused(number))),
            None => Ok(()),
        }
    }
}

fn context() -> Result<Context, Error> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(MEMORY);
    script::context(&runtime)
}

/// `eval` reads the whole text before it runs anything, and then meets a `throw` first.
fn read(ctx: &Ctx<'_>, script: &str) -> Result<(), String> {
    let mut options = EvalOptions::default();
    options.strict = false;
    let failed = |e: Error| match CaughtError::from_error(ctx, e) {
        CaughtError::Value(_) => Ok(()),
        CaughtError::Exception(exception) => Err(told(&exception)),
        CaughtError::Error(e) => Err(format!("the JavaScript engine failed: {e}")),
    };
    let eval: Result<Function<'_>, Error> = ctx.eval_with_options("(function(text) { eval(text); })", options);
    match eval.and_then(|eval| eval.call::<_, ()>((format!("throw 0;{script}"),))) {
        Ok(()) => Ok(()),
        Err(e) => failed(e),
    }
}

fn told(exception: &Exception<'_>) -> String {
    let message = one_line(&exception.message().unwrap_or_default());
    // The first place in the stack that is one of the text: `at <input>:3:5`.
    let stack = exception.stack().unwrap_or_default();
    let line = stack.lines().next().and_then(|place| {
        let mut parts = place.trim_end_matches(')').rsplit(':');
        parts.next()?.parse::<usize>().ok()?;
        parts.next()?.parse::<usize>().ok()
    });
    match line {
        Some(line) => format!("{message} (line {line} of the script)"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_and_nothing_of_it_runs() {
        let mut reader = Reader::default();
        for good in [
            "",
            "while (true) {}",
            "function f() {} var f; f()",
            "let a = 1; a",
            "let a = 2; a",
            "`${Person.x}` + /[/]/g.source",
            "switch (1) { case 1: { 'x'; break; } }",
            "undeclared = 010; with ({}) {}",
            "a => a; [...b]; x?.y ?? z; async () => { await 1 }",
            "// only a remark",
            "async function f() {}",
            "async function* f() {} async function g() { await 1 }",
            "function* f() { yield 1 } class A { static async b() {} async *c() {} }",
            "new Proxy({}, {}); new Set(); JSON.parse('1'); new Date()",
        ] {
            assert_eq!(reader.read(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_no_javascript_is_told_with_its_line() {
        let mut reader = Reader::default();
        for (bad, line) in [
            ("let a = 1;\nlet b = ;\n", 2),
            ("function f() {\n  return 1;\n", 3),
            ("} {", 1),
            ("\n\nreturn 1", 3),
            ("let a;\nlet a;", 2),
            ("'a\nb'", 1),
            ("/(/", 1),
            ("1;\n9n", 2),
            ("getName();\n\\getName()", 2),
        ] {
            let why = reader.read(bad).unwrap_err();
            assert!(why.contains(&format!("(line {line} of the script)")), "{bad}: {why}");
        }
        assert_eq!(reader.read("1"), Ok(()), "the next one is read again");
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        let mut reader = Reader::default();
        assert!(reader.read(&"(".repeat(200_000)).is_err());
        assert!(reader.read(&"[".repeat(200_000)).is_err());
        assert_eq!(reader.read("1"), Ok(()));
    }
}
