//! `koppel helloid`: HelloID's own files, read, written and checked.

mod form;
mod lint;
mod shim;

use crate::args::HelloidCommand;
use crate::failure::Failure;
use crate::host::Host;

/// Carries a subcommand out.
pub(crate) fn helloid(host: &Host, command: &HelloidCommand) -> Result<(), Failure> {
    match command {
        HelloidCommand::Form { id } => form::form(host, id),
        HelloidCommand::Lint { files } => lint::lint(files),
        HelloidCommand::Shim { id, out, url } => shim::shim(host, id, out, url.as_deref()),
    }
}
