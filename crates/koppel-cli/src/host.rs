//! What every command shares: connectors, secrets to scrub, locks, clock, cancellation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use koppel::{Connector, Ctx, Instance, Kind, Progress, Registry, Result as KoppelResult, Scrubber, Source};
use koppel_http::{FileLocks, StateDir, SystemClock};
use serde_json::Value;

use crate::actions;
use crate::failure::Failure;
use crate::io::{print_json, read_config};
use crate::log::Detail;

/// Where tokens and locks are kept, in place of the user's cache folder.
pub(crate) const STATE_DIR: &str = "KOPPEL_STATE_DIR";

/// What every command shares.
pub(crate) struct Host {
    registry: Registry,
    state: StateDir,
    scrubber: Scrubber,
    detail: Detail,
    ctx: Ctx,
}

impl Host {
    /// The connectors of this program, with tokens and locks shared over all processes of this user.
    pub(crate) fn new(scrubber: &Scrubber, detail: &Detail) -> Result<Self, Failure> {
        let state = named_folder().map_or_else(StateDir::for_user, StateDir::at);
        Self::with_state(&state, scrubber, detail)
    }

    /// The same with tokens and locks in another place.
    pub(crate) fn with_state(state: &StateDir, scrubber: &Scrubber, detail: &Detail) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock::default());
        let locks = FileLocks::new(state.clone(), clock.clone());
        Self::over(state, Ctx::new(clock).with_locks(Arc::new(locks)), scrubber, detail)
    }

    /// For a program that serves many: tokens and locks in memory, unless a folder is named to share them with others.
    pub(crate) fn lasting(scrubber: &Scrubber, detail: &Detail) -> Result<Self, Failure> {
        match named_folder() {
            Some(folder) => Self::with_state(&StateDir::at(folder), scrubber, detail),
            None => Self::over(&StateDir::in_memory(), Ctx::new(Arc::new(SystemClock::default())), scrubber, detail),
        }
    }

    fn over(state: &StateDir, ctx: Ctx, scrubber: &Scrubber, detail: &Detail) -> Result<Self, Failure> {
        let registry = connectors(state, scrubber)?;
        Ok(Self { registry, state: state.clone(), scrubber: scrubber.clone(), detail: detail.clone(), ctx })
    }

    /// The connectors.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What takes secrets out of texts.
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    /// A bar for long work.
    pub(crate) fn bar(&self, doing: &'static str) -> Arc<dyn Progress> {
        self.detail.shown().bar(doing)
    }

    /// Prints a result, above a bar that is drawn on the same terminal.
    pub(crate) fn print(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.detail.shown().above(|| print_json(value))
    }

    /// Logs more if the configuration asks for it, as many HelloID connectors' do with `isDebug`.
    pub(crate) fn heed_debug(&self, config: &Value) {
        let asked = koppel::lookup(config, "isDebug").and_then(koppel::scalar_text);
        if asked.is_some_and(|asked| matches!(asked.to_ascii_lowercase().as_str(), "true" | "1")) {
            self.detail.debug();
        }
    }

    /// The context of this program.
    pub(crate) fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// A connector by its id.
    pub(crate) fn connector(&self, id: &str) -> Result<&Arc<dyn Connector>, Failure> {
        self.registry.get(id).map_err(|error| Failure { code: 2, ..Failure::from(error) })
    }

    /// The configuration in a file; the files that it names count from its folder.
    pub(crate) fn config(&self, id: &str, file: &Path) -> Result<Value, Failure> {
        let config = read_config(file)?;
        let folder = file.parent().filter(|_| file != Path::new("-")).unwrap_or(Path::new(""));
        Ok(self.connector(id)?.config_schema().with_files_from(folder, config))
    }

    /// An instance for a configuration whose secrets are scrubbed from now on; `place` names the file in faults.
    pub(crate) fn instance(&self, id: &str, config: &Value, place: &str) -> Result<Instance, Failure> {
        self.heed_debug(config);
        let made = actions::instance(&**self.connector(id)?, config, &self.scrubber);
        made.map_err(|error| Failure::of(&error, place))
    }

    /// An instance that tells its secrets, and the tokens that it fetches, to this scrubber and no other. With a
    /// [`scoped`](Scrubber::scoped) one they are forgotten with the instance.
    pub(crate) fn passing(&self, id: &str, config: &Value, scrubber: &Scrubber) -> KoppelResult<Instance> {
        actions::instance(&**connectors(&self.state, scrubber)?.get(id)?, config, scrubber)
    }

    /// Makes sure that this is a source, before its configuration is read.
    pub(crate) fn expect_source(&self, id: &str) -> Result<(), Failure> {
        match self.connector(id)?.kind() {
            Kind::Source => Ok(()),
            Kind::Target => Err(is_target(id)),
        }
    }

    /// A source for a configuration.
    pub(crate) fn source(&self, id: &str, config: &Value, place: &str) -> Result<Box<dyn Source>, Failure> {
        match self.instance(id, config, place)? {
            Instance::Source(source) => Ok(source),
            Instance::Target(_) => Err(is_target(id)),
        }
    }
}

/// The connectors of this program.
fn connectors(state: &StateDir, scrubber: &Scrubber) -> KoppelResult<Registry> {
    Registry::default()
        .with(csv_source::connector())?
        .with(inplanning_source::connector(state.clone(), scrubber.clone()))?
        .with(inplanning_target::connector(state.clone(), scrubber.clone()))?
        .with(ipassan_target::connector(state.clone(), scrubber.clone()))
}

/// The folder that the environment names for tokens and locks.
fn named_folder() -> Option<PathBuf> {
    environment(STATE_DIR).filter(|folder| !folder.trim().is_empty()).map(PathBuf::from)
}

/// A variable of the environment; none where it is not set, or no Unicode.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_target(id: &str) -> Failure {
    Failure::usage(format!("{id} is a target and has no persons"))
        .with_hint(format!("koppel run {id} import-accounts prints its accounts"))
}

/// Sets a key of a configuration, however it is spelled there.
pub(crate) fn override_key(config: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = config {
        map.retain(|known, _| !known.eq_ignore_ascii_case(key));
        map.insert(key.to_owned(), value);
    }
}
