//! `koppel map`: evaluates a mapping.

use koppel::Scrubber;

use crate::args::MapArgs;
use crate::failure::Failure;
use crate::log::Detail;

/// Prints what a mapping gives.
pub(crate) fn map(_args: &MapArgs, _scrubber: &Scrubber, _detail: &Detail) -> Result<(), Failure> {
    Err(Failure::failed("not there yet"))
}
