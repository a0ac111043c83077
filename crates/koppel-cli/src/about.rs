//! `koppel connectors`, `describe` and `check`.

use std::path::Path;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use koppel::manifest::manifest;
use koppel::{Connector, Instance, Kind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::host::Host;
use crate::io::print_line;
use crate::source::place;

/// Lists the connectors.
pub(crate) fn connectors(host: &Host, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return pretty(&list(host));
    }
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(["connector", "kind", "version", "what it does"]);
    for c in host.registry().iter() {
        let kind = match c.kind() {
            Kind::Source => "source",
            Kind::Target => "target",
        };
        table.add_row([c.id(), kind, c.version(), c.description()]);
    }
    print_line(&table.to_string())
}

/// The connectors, as JSON.
pub(crate) fn list(host: &Host) -> Vec<Value> {
    let entry = |c: &dyn Connector| json!({ "id": c.id(), "kind": c.kind(), "version": c.version(), "title": c.title(), "description": c.description() });
    host.registry().iter().map(entry).collect()
}

/// Describes a connector.
pub(crate) fn describe(host: &Host, id: &str) -> Result<(), Failure> {
    pretty(&manifest(&**host.connector(id)?)?)
}

/// Checks a configuration, then reaches the system.
pub(crate) async fn check(host: &Host, id: &str, config: &Path) -> Result<(), Failure> {
    let instance = host.instance(id, &host.config(id, config)?, &place(config))?;
    let ctx = host.ctx().for_action(false, None);
    match &instance {
        Instance::Source(source) => source.check(&ctx).await?,
        Instance::Target(target) => target.check(&ctx).await?,
    }
    print_line(&format!("ok: {id} is configured well and reaches the system"))
}

/// JSON for people and programs.
pub(crate) fn pretty(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Failure::failed(format!("cannot write the result: {e}")))?;
    print_line(&text)
}
