//! `koppel plan`: what would happen, and why.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use koppel::Scrubber;
use koppel_engine::plan::Plan;
use koppel_engine::store::Access;

use super::{open, page, settings, signals, table, unless_whole, until_stopped};
use crate::args::PlanArgs;
use crate::failure::Failure;
use crate::host::Host;
use crate::io::{flush, print_json, print_line};
use crate::log::Detail;

/// Makes the plan and shows it. Neither the state nor a system is changed.
pub(crate) async fn plan(args: &PlanArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let signals = signals()?;
    let host = Host::new(scrubber, detail)?;
    let settings = settings(&args.config, scrubber, detail)?;
    // Before the sources are read: a folder that is not there is known now.
    for file in [&args.out, &args.report].into_iter().flatten() {
        reserve(file)?;
    }
    let (plan, zone) = until_stopped(signals, &host, async {
        let engine = open(settings, &host, Access::Read).await?;
        Ok((engine.plan(args.at, false).await?, engine.zone().clone()))
    })
    .await?;
    if let Some(file) = &args.out {
        write(file, &document(&plan)?)?;
    }
    if let Some(file) = &args.report {
        write(file, scrubber.text(&page::render(&plan, &zone)?).as_bytes())?;
    }
    if args.json {
        print_json(&plan)?;
    } else {
        table::plan(&plan, &zone, scrubber)?;
        if let Some(file) = args.out.as_deref().filter(|_| !plan.is_empty()) {
            print_line(&format!("\nkoppel apply {} carries it out", file.display()))?;
        }
        if let Some(file) = &args.report {
            print_line(&format!("\nThe page stands in {}", file.display()))?;
        }
    }
    flush()?;
    unless_whole(&plan)
}

fn document(plan: &Plan) -> Result<Vec<u8>, Failure> {
    let mut text =
        serde_json::to_vec_pretty(plan).map_err(|e| Failure::failed(format!("cannot write the plan: {e}")))?;
    text.push(b'\n');
    Ok(text)
}

/// Makes sure that a file can be written.
fn reserve(file: &Path) -> Result<(), Failure> {
    private()
        .append(true)
        .open(file)
        .map(drop)
        .map_err(|e| Failure::usage(format!("cannot write {}: {e}", file.display())))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot = |e| Failure::failed(format!("cannot write {}: {e}", file.display()));
    let mut opened = private().write(true).truncate(true).open(file).map_err(cannot)?;
    opened.write_all(bytes).and_then(|()| opened.sync_all()).map_err(cannot)
}

/// A file that only its owner reads: it holds personal data. On Windows the folder decides.
fn private() -> OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
