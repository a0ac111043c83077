//! The address, and whether it may go without TLS.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::failure::Failure;

/// Listens on an address.
///
/// # Errors
/// Wrong usage where it is no address, or not loopback and without TLS; a failure where it is taken.
pub(super) async fn bind(listen: &str, with_tls: bool) -> Result<TcpListener, Failure> {
    let resolved = tokio::net::lookup_host(listen).await.map_err(|e| {
        Failure::usage(format!("--listen [{listen}]: {e}"))
            .with_hint("it is HOST:PORT, such as 127.0.0.1:8443 or [::1]:8443")
    })?;
    let addresses: Vec<SocketAddr> = resolved.collect();
    if addresses.is_empty() {
        return Err(Failure::usage(format!("--listen [{listen}]: the name has no address")));
    }
    let open = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
    if let Some(address) = open.filter(|_| !with_tls) {
        return Err(Failure::usage(format!(
            "--listen [{listen}]: {} is not loopback, so everybody on the way could read the tokens and the documents",
            address.ip()
        ))
        .with_hint(
            "add --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy on this machine that speaks TLS",
        ));
    }
    TcpListener::bind(&*addresses).await.map_err(|error| {
        let failure = Failure::failed(format!("cannot listen on {listen}: {error}"));
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.with_hint("another program has this port; choose another one"),
            io::ErrorKind::PermissionDenied => failure.with_hint("this user may not open the port; try one above 1023"),
            io::ErrorKind::AddrNotAvailable => failure.with_hint("this machine does not have the address"),
            _ => failure,
        }
    })
}
