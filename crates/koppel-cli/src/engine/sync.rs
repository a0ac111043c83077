//! `koppel sync`: all targets as the rules say, once or again and again.

use koppel::Scrubber;
use koppel_engine::store::Access;

use super::tell::Lines;
use super::{open, settings, signals, until_stopped};
use crate::args::SyncArgs;
use crate::failure::Failure;
use crate::host::Host;
use crate::io::flush;
use crate::log::Detail;

/// Plans and carries out, and says each answer as it comes.
pub(crate) async fn sync(args: &SyncArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let signals = signals()?;
    let host = Host::new(scrubber, detail)?;
    let settings = settings(&args.config, scrubber, detail)?;
    let work = async {
        let engine = open(settings, &host, Access::Write).await?;
        let lines = Lines::new(args.json, engine.zone(), scrubber, host.ctx().cancel());
        let summary = match args.every {
            Some(every) => engine.sync_every(every, args.approve, &lines).await?,
            None => engine.sync_once(args.at, args.approve, &lines).await?,
        };
        lines.conclude(&summary)
    };
    until_stopped(signals, &host, work).await?;
    flush()
}
