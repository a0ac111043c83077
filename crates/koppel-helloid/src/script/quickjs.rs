//! The engine: `QuickJS`, with compiled scripts kept.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use koppel::Clock;
use rquickjs::{Ctx, Function, Persistent, Value as Js};
use serde_json::Value;

use super::argument::{self, Shape};
use super::bigint;
use super::outcome::{self, FILE};
use super::plan::{Course, Plan};
use super::random::{Random, SystemRandom};
use super::realm::{Realm, sloppy};
use super::{Engine, Scope, ScriptError, ScriptErrorKind};

/// The longest script.
const LONGEST_SCRIPT: usize = 256 * 1024;

/// How many compiled scripts are kept; HelloID takes 50 fields a system.
const KEPT: usize = 1024;

/// What an engine allows and gives its scripts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// How long one evaluation may take: 50 ms.
    pub time: Duration,
    /// How much memory one evaluation may take, in bytes: 16 MB.
    pub memory: usize,
    /// The zone of the local time of dates.
    pub zone: TimeZone,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The random numbers: those of the operating system.
    pub random: Arc<dyn Random>,
    /// Leaves the dates of a person as text. HelloID makes them dates.
    pub dates_as_text: bool,
}

impl Settings {
    /// The limits that the fields name, in this zone and at this time.
    pub fn new(zone: TimeZone, clock: Arc<dyn Clock>) -> Self {
        Self {
            time: Duration::from_millis(50),
            memory: 16 << 20,
            zone,
            clock,
            random: Arc::new(SystemRandom::default()),
            dates_as_text: false,
        }
    }
}

/// Runs scripts in `QuickJS`.
///
/// # Behaviour
/// - Most scripts share one realm in which everything that outlives a script is frozen, and are compiled once. What could
///   tell this from a realm of its own, such as a script that names `prototype` or `this`, is given one, at some cost.
/// - A script whose last statement is no expression shares the realm and is compiled each time: its value cannot be had
///   in another way.
/// - `deleteDiacriticalMarks` gives an empty text for undefined and null, and takes anything else as text.
/// - An assignment to a part of the language under another name (`let M = Math; M.x = 1`) is ignored.
/// - A date without a time, such as `2020-01-01`, is midnight UTC, as the language has it; a time without a zone is in
///   the zone of the settings.
/// - Dropping it frees all. It stays on the thread that made it.
pub struct QuickJs {
    settings: Settings,
    shared: Option<Shared>,
    /// How much memory a realm of its own takes before its script runs.
    alone: Option<usize>,
    compiled: u64,
}

/// The realm that scripts share, and their functions.
struct Shared {
    // Before the realm: its functions must go first.
    scripts: HashMap<Shape, HashMap<String, Prepared>>,
    kept: usize,
    globals: HashSet<String>,
    realm: Realm,
}

struct Prepared {
    plan: Plan,
    how: How,
}

enum How {
    Shared(Persistent<Function<'static>>),
    Alone,
}

impl fmt::Debug for QuickJs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuickJs")
            .field("settings", &self.settings)
            .field("compiled", &self.compiled)
            .finish_non_exhaustive()
    }
}

impl Engine for QuickJs {
    fn evaluate(&mut self, script: &str, scope: &Scope<'_>) -> Result<Value, ScriptError> {
        if script.len() > LONGEST_SCRIPT {
            let message = format!("the script is {} bytes long; at most {LONGEST_SCRIPT} are read", script.len());
            return Err(outcome::error(ScriptErrorKind::Syntax, &message));
        }
        if let Some(at) = script.find('\0') {
            let message = format!("the script holds a zero byte, at byte {at}");
            return Err(outcome::error(ScriptErrorKind::Syntax, &message));
        }
        self.run(script, scope)
    }
}

impl QuickJs {
    /// An engine; it starts with the first script.
    pub fn new(settings: Settings) -> Self {
        Self { settings, shared: None, alone: None, compiled: 0 }
    }

    /// How many scripts were prepared so far: it stays the same while the same scripts run again. After a script that ran
    /// away all are prepared anew.
    pub fn compiled(&self) -> u64 {
        self.compiled
    }

    fn run(&mut self, script: &str, scope: &Scope<'_>) -> Result<Value, ScriptError> {
        let shape = Shape::of(scope);
        let mut shared = match self.shared.take() {
            Some(shared) => shared,
            None => Shared::new(&self.settings)?,
        };
        if shared.find(shape, script).is_none() {
            if let Some((number, line)) = bigint::find(script) {
                self.shared = Some(shared);
                let refused = outcome::error(ScriptErrorKind::Syntax, &bigint::refused(number));
                return Err(ScriptError { line: Some(line), ..refused });
            }
            self.compiled += 1;
            shared.prepare(shape, script, &self.settings)?;
        }
        let Some(prepared) = shared.find(shape, script) else {
            return Err(outcome::error(ScriptErrorKind::Engine, "the compiled script is gone"));
        };
        let text = argument::text(scope, &prepared.plan)?;
        let flags = shape.flags(&prepared.plan, self.settings.dates_as_text);
        let (given, usable) = match &prepared.how {
            How::Shared(function) => {
                let given = shared.realm.call(function, &text, flags);
                let usable = !shared.realm.tainted.get() && !given.as_ref().is_err_and(|e| e.kind.ends_realm());
                (given, usable)
            }
            How::Alone => (alone(script, shape, &text, flags, &self.settings, &mut self.alone), true),
        };
        self.shared = usable.then_some(shared);
        given
    }
}

impl ScriptErrorKind {
    /// Whether the realm where it occurred is thrown away: nobody knows in which state it was left.
    fn ends_realm(self) -> bool {
        matches!(self, Self::TimedOut | Self::OutOfMemory | Self::TooDeep | Self::Engine)
    }
}

/// Runs a script in a realm of its own.
fn alone(
    script: &str,
    shape: Shape,
    text: &str,
    flags: i32,
    settings: &Settings,
    base: &mut Option<usize>,
) -> Result<Value, ScriptError> {
    let realm = Realm::new(settings, false)?;
    realm.limit(*base.get_or_insert_with(|| realm.used()), settings.memory);
    realm.context.with(|ctx| {
        let restore =
            |function: &Persistent<Function<'static>>| function.clone().restore(&ctx).map_err(|e| outcome::engine(&e));
        realm.guard.begin();
        let open = restore(&realm.tools.open)?;
        outcome::call::<_, ()>(&ctx, &realm.guard, &open, (shape.names(), text, flags))?;
        let give = restore(&realm.tools.give)?;
        let value: Js<'_> = ctx
            .eval_with_options(script, sloppy(FILE))
            .map_err(|failure| outcome::thrown(&ctx, &realm.guard, failure))?;
        let given = outcome::call(&ctx, &realm.guard, &give, (value,))?;
        outcome::value(&given)
    })
}

impl Realm {
    /// Runs a script that was made a function.
    fn call(&self, function: &Persistent<Function<'static>>, text: &str, flags: i32) -> Result<Value, ScriptError> {
        self.context.with(|ctx| {
            let script = function.clone().restore(&ctx).map_err(|e| outcome::engine(&e))?;
            let run = self.tools.run.clone().restore(&ctx).map_err(|e| outcome::engine(&e))?;
            self.guard.begin();
            let given = outcome::call(&ctx, &self.guard, &run, (script, text, flags))?;
            outcome::value(&given)
        })
    }

    /// Whether a text is a script: the engine reads it and runs nothing of it.
    fn reads(&self, ctx: &Ctx<'_>, script: &str, names: &[&str]) -> bool {
        let mut text = String::from("if(0){");
        // A script that declares one of them is refused here: for a global it means another thing than for a local.
        let _ = write!(text, "let {};", names.join(","));
        text.push_str(script);
        text.push_str("\n}");
        let read = self.tools.check.clone().restore(ctx).and_then(|check| check.call::<_, ()>((text,)));
        if read.is_err() {
            ctx.catch();
        }
        read.is_ok()
    }
}

impl Shared {
    fn new(settings: &Settings) -> Result<Self, ScriptError> {
        let realm = Realm::new(settings, true)?;
        realm.limit(realm.used(), settings.memory);
        let globals = realm.globals.iter().cloned().collect();
        Ok(Self { scripts: HashMap::new(), kept: 0, globals, realm })
    }

    fn find(&self, shape: Shape, script: &str) -> Option<&Prepared> {
        self.scripts.get(&shape)?.get(script)
    }

    fn prepare(&mut self, shape: Shape, script: &str, settings: &Settings) -> Result<(), ScriptError> {
        if self.kept >= KEPT {
            self.scripts.clear();
            self.kept = 0;
        }
        let mut plan = Plan::of(script, &self.globals);
        self.realm.guard.begin();
        let how = self.realm.context.with(|ctx| self.compile(&ctx, shape, script, &mut plan))?;
        self.realm.limit(self.realm.used(), settings.memory);
        self.scripts.entry(shape).or_default().insert(script.to_owned(), Prepared { plan, how });
        self.kept += 1;
        Ok(())
    }

    fn compile(&self, ctx: &Ctx<'_>, shape: Shape, script: &str, plan: &mut Plan) -> Result<How, ScriptError> {
        let names = shape.names();
        let taken: Vec<&str> = names.iter().copied().chain(self.globals.iter().map(String::as_str)).collect();
        if plan.course == Course::Alone || !self.realm.reads(ctx, script, &taken) {
            *plan = Plan::alone();
            return Ok(How::Alone);
        }
        let save = |function| Persistent::save(ctx, function);
        let parameters = names.join(",");
        if let Course::Function { at, end } = plan.course {
            let (head, last) = (&script[..at], &script[at..end]);
            let body = format!("({parameters})=>{{{head}return({last}\n)}}");
            match ctx.eval_with_options::<Function<'_>, _>(body, sloppy(FILE)) {
                Ok(function) => return Ok(How::Shared(save(function))),
                Err(_) => ctx.catch(),
            };
        }
        let quoted = Value::from(script).to_string();
        let body = format!("({parameters})=>eval({quoted})");
        let function = ctx
            .eval_with_options::<Function<'_>, _>(body, sloppy("wrapper"))
            .map_err(|failure| outcome::thrown(ctx, &self.realm.guard, failure))?;
        Ok(How::Shared(save(function)))
    }
}
