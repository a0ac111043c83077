//! `koppel persons` and `koppel departments`.

use std::num::NonZeroUsize;
use std::path::Path;

use futures_util::stream::{BoxStream, TryStreamExt as _};
use koppel::Error;
use serde::Serialize;

use crate::failure::Failure;
use crate::host::{Host, override_key};
use crate::io::{config_name, flush};

/// Prints the persons of a source.
pub(crate) async fn persons(
    host: &Host,
    id: &str,
    config: &Path,
    concurrency: Option<NonZeroUsize>,
) -> Result<(), Failure> {
    host.expect_source(id)?;
    let mut value = host.config(id, config)?;
    if let Some(concurrency) = concurrency {
        override_key(&mut value, "concurrency", concurrency.get().into());
    }
    let source = host.source(id, &value, &place(config))?;
    let ctx = host.ctx().for_action(false, None).with_progress(host.bar("persons"));
    print_all(host, source.persons(&ctx)).await
}

/// Prints the departments of a source.
pub(crate) async fn departments(host: &Host, id: &str, config: &Path) -> Result<(), Failure> {
    host.expect_source(id)?;
    let source = host.source(id, &host.config(id, config)?, &place(config))?;
    let ctx = host.ctx().for_action(false, None);
    print_all(host, source.departments(&ctx)).await
}

/// How a fault in this file is led in.
pub(crate) fn place(config: &Path) -> String {
    format!("{}: ", config_name(config))
}

async fn print_all<T: Serialize>(host: &Host, mut stream: BoxStream<'_, Result<T, Error>>) -> Result<(), Failure> {
    while let Some(object) = stream.try_next().await? {
        host.print(&object)?;
    }
    flush()
}
