//! `koppel helloid shim`.

use crate::failure::Failure;
use crate::host::Host;

/// Not there yet.
pub(crate) fn shim(_host: &Host, _id: &str, _out: &std::path::Path, _url: Option<&str>) -> Result<(), Failure> {
    Err(Failure::failed("not there yet"))
}
