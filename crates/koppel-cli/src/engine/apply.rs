//! `koppel apply`: exactly the plan in a file.

use std::path::Path;

use koppel::Scrubber;
use koppel_engine::plan::Plan;
use koppel_engine::store::Access;

use super::tell::Lines;
use super::{open, settings, signals, until_stopped};
use crate::args::ApplyArgs;
use crate::failure::Failure;
use crate::host::Host;
use crate::io::{flush, read_up_to};
use crate::log::Detail;

/// A plan for a hundred thousand persons has less.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Carries out the plan, and says each answer as it comes.
pub(crate) async fn apply(args: &ApplyArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let signals = signals()?;
    let host = Host::new(scrubber, detail)?;
    let plan = read(&args.plan)?;
    let settings = settings(Path::new(&plan.config.file), scrubber, detail)?;
    let work = async {
        let engine = open(settings, &host, Access::Write).await?;
        let lines = Lines::new(args.json, engine.zone(), scrubber, host.ctx().cancel());
        let summary = engine.apply(&plan, args.approve, &lines).await?;
        lines.conclude(&summary)
    };
    until_stopped(signals, &host, work).await?;
    flush()
}

fn read(file: &Path) -> Result<Plan, Failure> {
    let name = file.display();
    let opened = std::fs::File::open(file).map_err(|e| Failure::usage(format!("cannot read {name}: {e}")))?;
    let bytes = read_up_to(MOST_BYTES, opened, &name.to_string())?;
    serde_json::from_slice(&bytes).map_err(|e| {
        // serde_json ends with the place, which stands in front where editors look for it.
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Failure::usage(format!("{name}:{}:{}: is no plan: {message}", e.line(), e.column()))
            .with_hint("koppel plan -c FILE --out plan.json writes one")
    })
}
