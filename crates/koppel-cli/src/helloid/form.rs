//! `koppel helloid form`.

use crate::failure::Failure;
use crate::host::Host;

/// Not there yet.
pub(crate) fn form(_host: &Host, _id: &str) -> Result<(), Failure> {
    Err(Failure::failed("not there yet"))
}
