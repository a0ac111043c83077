//! `koppel sandbox`: the stand-in systems, until Ctrl-C.

use std::time::Duration;

use koppel::Clock as _;
use koppel_http::SystemClock;
use koppel_sandbox::{Faults, Options, Sandbox};
use serde_json::json;

use crate::failure::Failure;
use crate::io::{flush, print_json};

/// Starts the stand-ins, prints how to reach them as one line of JSON, and runs until Ctrl-C.
pub(crate) async fn sandbox(
    port: u16,
    persons: usize,
    seed: u64,
    fault: Option<&str>,
    latency_ms: u64,
) -> Result<(), Failure> {
    let faults = match fault {
        Some(spec) => spec.parse::<Faults>().map_err(|e| {
            Failure::usage(format!("--fault: {e}")).with_hint("docs/sandbox.md explains the grammar, with examples")
        })?,
        None => Faults::none(),
    };
    let options = Options::default()
        .port(port)
        .persons(persons)
        .seed(seed)
        .now(SystemClock::default().now())
        .latency(Duration::from_millis(latency_ms))
        .faults(faults);
    let sandbox = Sandbox::start(options).await.map_err(|e| Failure::failed(e.to_string()))?;
    // Asked for before the line is out: who reads it may stop the program at once.
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let stopped = futures_util::poll!(&mut stop).is_ready();
    print_json(&json!({
        "inplanning": sandbox.inplanning_url(),
        "ipassan": sandbox.ipassan_url(),
        "configs": sandbox.configs(),
    }))?;
    flush()?;
    if !stopped {
        stop.await.map_err(|e| Failure::failed(format!("cannot wait for Ctrl-C: {e}")))?;
    }
    sandbox.stop().await;
    Ok(())
}
