//! The `koppel` command.

mod about;
mod actions;
mod args;
mod conformance;
mod demo;
mod engine;
mod failure;
mod helloid;
mod host;
mod io;
mod log;
mod map;
mod progress;
mod run;
mod sandbox;
mod schema;
mod serve;
mod signals;
mod source;

use std::process::ExitCode;

use clap::Parser as _;
use koppel::Scrubber;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::host::Host;
use crate::log::Detail;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let scrubber = Scrubber::default();
    let detail = log::start(&cli.log, &scrubber);
    match start(&cli.command, &scrubber, &detail) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log::failure(&failure, &cli.log, &scrubber);
            ExitCode::from(failure.code)
        }
    }
}

/// Runs the command on a runtime of its own size: one action needs one thread, and starts faster with it.
fn start(command: &Command, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let mut builder = match command {
        Command::Run { batch: false, .. }
        | Command::Check { .. }
        | Command::Map(_)
        | Command::Persons { .. }
        | Command::Departments { .. } => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build().map_err(|e| Failure::failed(format!("cannot start: {e}")))?;
    let result = runtime.block_on(dispatch(command, scrubber, detail));
    // A thread that still reads stdin or waits for a lock must not hold the program up.
    runtime.shutdown_background();
    result
}

async fn dispatch(command: &Command, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    match command {
        Command::Demo { report } => return demo::demo(report.as_deref(), scrubber, detail).await,
        Command::Sandbox { port, persons, seed, fault, latency_ms } => {
            return sandbox::sandbox(*port, *persons, *seed, fault.as_deref(), *latency_ms).await;
        }
        Command::Conformance(args) => return conformance::conformance(args, scrubber, detail).await,
        Command::Map(args) => return map::map(args, scrubber, detail),
        Command::Serve(args) => return serve::serve(args, scrubber, detail).await,
        Command::Plan(args) => return engine::plan(args, scrubber, detail).await,
        Command::Apply(args) => return engine::apply(args, scrubber, detail).await,
        Command::Sync(args) => return engine::sync(args, scrubber, detail).await,
        Command::Audit(args) => return engine::audit(args, scrubber, detail).await,
        _ => {}
    }
    let host = Host::new(scrubber, detail)?;
    let cancel = host.ctx().cancel().clone();
    let stop = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.cancel();
        }
    });
    // The task asks for the signal when it first runs, which is now.
    tokio::task::yield_now().await;
    let result = with_host(command, &host).await;
    stop.abort();
    result
}

async fn with_host(command: &Command, host: &Host) -> Result<(), Failure> {
    match command {
        Command::Demo { .. }
        | Command::Sandbox { .. }
        | Command::Conformance(_)
        | Command::Map(_)
        | Command::Serve(_)
        | Command::Plan(_)
        | Command::Apply(_)
        | Command::Sync(_)
        | Command::Audit(_) => Ok(()),
        Command::Helloid { command } => helloid::helloid(host, command),
        Command::Connectors { json } => about::connectors(host, *json),
        Command::Describe { id } => about::describe(host, id),
        Command::Check { id, config } => about::check(host, id, &config.config).await,
        Command::Run { id, action, input, batch, concurrency } => {
            let run = run::Run::new(host, id, *action, input.as_deref(), *concurrency)?;
            if *batch { run::batch(host, &run).await } else { run::single(host, &run).await }
        }
        Command::Persons { id, config, concurrency } => source::persons(host, id, &config.config, *concurrency).await,
        Command::Departments { id, config } => source::departments(host, id, &config.config).await,
        Command::Schema { out, pages, check } => schema::schema(host, out, pages.as_deref(), *check),
    }
}
