//! `koppel helloid lint`.

use crate::failure::Failure;

/// Not there yet.
pub(crate) fn lint(_files: &[std::path::PathBuf]) -> Result<(), Failure> {
    Err(Failure::failed("not there yet"))
}
