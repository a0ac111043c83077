//! One line in a test file gives one test per check.

use std::path::Path;
use std::sync::Arc;

use koppel::{Connector, Ctx, Scrubber};
use koppel_http::{FileLocks, StateDir, SystemClock};

use crate::check::Ruling;
use crate::checks;
use crate::run::Options;
use crate::scenario::Scenario;
use crate::stand::{Session, Stand};
use crate::subject::Inside;

/// Runs one check of a connector against its stand-in and panics where it fails; what [`suite!`](crate::suite) calls.
///
/// # Panics
/// With what was expected, what came, and the requests in between.
#[doc(hidden)]
pub fn check(
    id: &str,
    folder: &Path,
    make: impl FnOnce(StateDir, Scrubber) -> Arc<dyn Connector>,
    scenario: &str,
    stand: impl AsyncFnOnce() -> Result<Stand, String>,
) {
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| e.to_string())
        .and_then(|runtime| runtime.block_on(one(id, folder, make, scenario, stand)));
    // Tokens and locks of this one test; there may be none.
    let _ = std::fs::remove_dir_all(folder);
    if let Err(why) = result {
        panic!("{why}");
    }
}

async fn one(
    id: &str,
    folder: &Path,
    make: impl FnOnce(StateDir, Scrubber) -> Arc<dyn Connector>,
    scenario: &str,
    stand: impl AsyncFnOnce() -> Result<Stand, String>,
) -> Result<(), String> {
    let all = checks::all();
    let (number, check) = all.iter().enumerate().find(|(_, check)| check.id == id).ok_or(format!("no check [{id}]"))?;
    let state = StateDir::at(folder.to_owned());
    let scrubber = Scrubber::default();
    let clock = Arc::new(SystemClock::default());
    let ctx = Ctx::new(clock.clone()).with_locks(Arc::new(FileLocks::new(state.clone(), clock)));
    let subject = Inside::new(make(state, scrubber.clone()), scrubber, ctx)?;
    let session = Session::open(Box::new(subject), stand().await?, Scenario::read(scenario)?, None).await?;
    let verdict = session.run(check, number, &Options { tag: "kt".into(), ..Options::default() }).await;
    match &verdict.result {
        Ruling::Pass | Ruling::NotApplicable { .. } => Ok(()),
        // What cannot be found out against a stand-in is a gap in the scenario.
        Ruling::Skip { reason } => Err(format!("{id} could not be found out: {reason}")),
        Ruling::Fail { .. } | Ruling::Waived { .. } => {
            Err(serde_json::to_string_pretty(&verdict).unwrap_or_else(|e| e.to_string()))
        }
    }
}

/// One `#[test]` per check of the kit, against the stand-in of a connector.
///
/// ```text
/// koppel_conformance::suite!(
///     |state, scrubber| std::sync::Arc::new(ipassan_target::connector(state, scrubber)),
///     include_str!("../../conformance.json"),
///     async || koppel_conformance::Stand::sandbox("ipassan-target").await
/// );
/// ```
#[macro_export]
macro_rules! suite {
    ($make:expr, $scenario:expr, $stand:expr $(,)?) => {
        $crate::each_check!($crate::suite_test, $make, $scenario, $stand);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! suite_test {
    ($make:expr, $scenario:expr, $stand:expr; $($name:ident $id:literal)*) => { $(
        #[test]
        fn $name() {
            let folder = ::std::env::temp_dir().join(::std::format!("koppel-kt-{}-{}", ::std::process::id(), $id));
            $crate::suite::check($id, &folder, $make, $scenario, $stand);
        }
    )* };
}
