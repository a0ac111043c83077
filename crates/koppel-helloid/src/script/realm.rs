//! A runtime with one context in it: where scripts run.

use std::cell::Cell;
use std::rc::Rc;

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::{CatchResultExt, Context, Ctx, Error, Exception, Function, Object, Persistent, Runtime};

use super::guard::Guard;
use super::outcome;
use super::quickjs::Settings;
use super::random;
use super::{ScriptError, ScriptErrorKind, zone};

/// What a script can use: nothing that reaches the outside. Without Promise an async function corrupts the engine's
/// memory (`QuickJS-ng` 0.16); what a promise would run later never runs.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::Promise,
);

/// How much of the stack a script may take.
const STACK: usize = 256 * 1024;

/// A context for scripts, be it that they run in it or are only read: both need the same of the engine.
pub(crate) fn context(runtime: &Runtime) -> Result<Context, Error> {
    runtime.set_max_stack_size(STACK);
    Context::custom::<Intrinsics>(runtime)
}

/// A runtime with one context in it.
pub(super) struct Realm {
    // In this order: what is kept of a runtime must go before it does.
    pub(super) tools: Tools,
    pub(super) context: Context,
    pub(super) runtime: Runtime,
    pub(super) guard: Rc<Guard>,
    /// Whether a script got hold of something by which it can leave traces.
    pub(super) tainted: Rc<Cell<bool>>,
    /// The names of the globals of a frozen realm.
    pub(super) globals: Vec<String>,
}

/// The functions of the realm that the engine calls.
pub(super) struct Tools {
    /// `(script, text, flags)`: runs a script that is a function.
    pub(super) run: Persistent<Function<'static>>,
    /// `(names, text, flags)`: makes globals.
    pub(super) open: Persistent<Function<'static>>,
    /// `(value)`: what a script gave, for [`super::outcome`].
    pub(super) give: Persistent<Function<'static>>,
    /// `(text)`: compiles by `eval` in a function.
    pub(super) check: Persistent<Function<'static>>,
}

impl Realm {
    /// A realm, without a limit of its memory; one that serves many scripts is frozen.
    pub(super) fn new(settings: &Settings, frozen: bool) -> Result<Self, ScriptError> {
        let failed = |failure: Error| outcome::engine(&failure);
        let runtime = Runtime::new().map_err(failed)?;
        let guard = Rc::new(Guard::new(settings.time));
        let asked = Rc::clone(&guard);
        let context = context(&runtime).map_err(failed)?;
        let tainted = Rc::new(Cell::new(false));
        let (tools, globals) = context.with(|ctx| {
            let prepared = prepare(&ctx, settings, frozen.then_some(&tainted)).catch(&ctx);
            prepared.map_err(|why| {
                outcome::error(ScriptErrorKind::Engine, &format!("the JavaScript engine failed to start: {why}"))
            })
        })?;
        runtime.set_interrupt_handler(Some(Box::new(move || asked.must_stop())));
        Ok(Self { tools, context, runtime, guard, tainted, globals })
    }

    /// How much memory it takes. Slow: it looks at every object.
    pub(super) fn used(&self) -> usize {
        usize::try_from(self.runtime.memory_usage().malloc_size).unwrap_or_default()
    }

    /// From here on it may take so much more.
    pub(super) fn limit(&self, used: usize, more: usize) {
        self.runtime.set_memory_limit(used.saturating_add(more));
    }
}

/// Evaluates in sloppy mode, as scripts are.
pub(super) fn sloppy(name: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.into());
    options
}

fn strict(name: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.filename = Some(name.into());
    options
}

fn prepare(ctx: &Ctx<'_>, settings: &Settings, taint: Option<&Rc<Cell<bool>>>) -> Result<(Tools, Vec<String>), Error> {
    let native = native(ctx, settings)?;
    let dates: Function<'_> = ctx.eval_with_options(include_str!("dates.js"), strict("dates.js"))?;
    let dates: Object<'_> = dates.call((native.clone(),))?;
    let host: Function<'_> = ctx.eval_with_options(include_str!("host.js"), strict("host.js"))?;
    let tools: Object<'_> = host.call((native, dates))?;
    let check: Function<'_> = ctx.eval_with_options("(text) => { eval(text); }", sloppy("check.js"))?;
    let limits: Function<'_> = ctx.eval_with_options(include_str!("limits.js"), strict("limits.js"))?;
    limits.call::<_, ()>(())?;
    let globals = match taint {
        None => Vec::new(),
        Some(tainted) => {
            let tainted = Rc::clone(tainted);
            let freeze: Function<'_> = ctx.eval_with_options(include_str!("freeze.js"), strict("freeze.js"))?;
            freeze.call((Function::new(ctx.clone(), move || tainted.set(true))?,))?
        }
    };
    let keep = |name: &str| Ok::<_, Error>(Persistent::save(ctx, tools.get::<_, Function<'_>>(name)?));
    let tools =
        Tools { run: keep("run")?, open: keep("open")?, give: keep("give")?, check: Persistent::save(ctx, check) };
    Ok((tools, globals))
}

/// What the scripts of the realm itself ask of Rust.
fn native<'js>(ctx: &Ctx<'js>, settings: &Settings) -> Result<Object<'js>, Error> {
    let native = Object::new(ctx.clone())?;
    let tz = settings.zone.clone();
    native.set("offset", Function::new(ctx.clone(), move |moment: f64| zone::offset(&tz, moment))?)?;
    let tz = settings.zone.clone();
    native.set("moment", Function::new(ctx.clone(), move |wall: f64| zone::moment(&tz, wall))?)?;
    let clock = settings.clock.clone();
    #[allow(clippy::cast_precision_loss, reason = "a double holds every millisecond that a date can be")]
    native.set("now", Function::new(ctx.clone(), move || clock.now().as_millisecond() as f64)?)?;
    let source = settings.random.clone();
    let draw = move |ctx: Ctx<'_>| match source.bits() {
        Ok(bits) => Ok(random::unit(bits)),
        Err(why) => Err(Exception::throw_message(&ctx, &why)),
    };
    native.set("random", Function::new(ctx.clone(), draw)?)?;
    Ok(native)
}
