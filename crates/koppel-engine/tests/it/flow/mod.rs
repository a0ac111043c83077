//! Whole passes: from the roster to the doors.

mod doubts;
mod faults;
mod passes;
mod sources;
mod system;
mod thresholds;
mod windows;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use koppel::{Ctx, FixedClock, Result, Scrubber};
use koppel_engine::config;
use koppel_engine::enforce::{Done, Summary, Tell};
use koppel_engine::plan::Plan;
use koppel_engine::store::Access;
use koppel_engine::{Engine, Host};
use tempfile::TempDir;

use system::World;

/// Doors on shift, from an hour before it to half an hour after it.
const ON_SHIFT: &str = r#"
[[source]]
name = "roster"
connector = "roster-source"
config = {}

[[target]]
name = "doors"
connector = "doors-target"
config = {}

[[rule]]
name = "Employed"
grant = ["doors:account"]
window = { before = "365d", after = "365d" }

[[rule]]
name = "On shift"
window = { before = "60m", after = "30m" }
grant = ["doors:access"]
"#;

/// A folder with a koppel.toml, a clock, and the world.
struct Stage {
    folder: TempDir,
    clock: Arc<FixedClock>,
    world: World,
}

impl Stage {
    fn new(toml: &str, at: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("koppel.toml"), toml).unwrap();
        Self { folder, clock: Arc::new(FixedClock::new(moment(at))), world: World::default() }
    }

    fn rewrite(&self, toml: &str) {
        std::fs::write(self.folder.path().join("koppel.toml"), toml).unwrap();
    }

    fn ctx(&self) -> Ctx {
        Ctx::new(Arc::clone(&self.clock) as _)
    }

    async fn opened(&self, ctx: Ctx, access: Access) -> Result<Engine> {
        let settings = config::read(&self.folder.path().join("koppel.toml"), &|_| None).unwrap();
        let (registry, scrubber) = (self.world.registry(), Scrubber::default());
        let host = Host { registry: &registry, scrubber: &scrubber, ctx, worker: "worker".to_owned() };
        Engine::open(settings, host, access).await
    }

    async fn engine(&self) -> Engine {
        self.opened(self.ctx(), Access::Write).await.unwrap()
    }

    /// One pass now, by a process of its own.
    async fn pass(&self) -> Summary {
        self.engine().await.sync_once(None, false, &()).await.unwrap()
    }

    /// One pass at a moment.
    async fn at(&self, at: &str) -> Summary {
        self.go(at);
        self.pass().await
    }

    fn go(&self, at: &str) {
        use koppel::Clock as _;
        let by = moment(at).duration_since(self.clock.now());
        self.clock.advance(by.try_into().unwrap());
    }

    async fn plan(&self) -> Plan {
        self.opened(self.ctx(), Access::Read).await.unwrap().plan(None, false).await.unwrap()
    }
}

fn moment(at: &str) -> Timestamp {
    at.parse().unwrap_or_else(|e| panic!("{at}: {e}"))
}

/// The actions of a plan in short: `create 1001`.
fn short(plan: &Plan) -> Vec<String> {
    let one = |action: &koppel_engine::plan::Action| match &action.permission {
        Some(permission) => format!("{} {} {permission}", action.action, action.person),
        None => format!("{} {}", action.action, action.person),
    };
    plan.actions.iter().map(one).collect()
}

/// Keeps what is told.
#[derive(Default)]
struct Told(Mutex<Vec<Done>>);

impl Tell for Told {
    fn done(&self, done: &Done) {
        self.0.lock().unwrap().push(done.clone());
    }
}
