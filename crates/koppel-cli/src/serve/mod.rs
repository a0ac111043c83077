//! `koppel serve`: the action documents over HTTPS.

use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::host::Host;

/// Serves until it is stopped.
#[expect(clippy::unused_async, reason = "not there yet")]
pub(crate) async fn serve(_host: &Host, _args: &ServeArgs) -> Result<(), Failure> {
    Err(Failure::failed("not there yet"))
}
