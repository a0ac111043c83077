//! TLS from a certificate and its key.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

use crate::failure::Failure;
use crate::io::read_all;

/// What speaks TLS 1.2 and 1.3 with this certificate.
///
/// # Errors
/// Wrong usage, naming the file: one that cannot be read, or a key of another certificate.
pub(super) fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&read(cert)?).collect();
    let chain = chain.map_err(|e| Failure::usage(format!("--tls-cert {}: {e}", cert.display())))?;
    if chain.is_empty() {
        return Err(Failure::usage(format!("--tls-cert {}: holds no certificate", cert.display()))
            .with_hint("it must be PEM, with lines BEGIN CERTIFICATE: the server's own first, then those above it"));
    }
    let parsed = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| {
        Failure::usage(format!("--tls-key {}: holds no private key that can be read", key.display())).with_hint(
            "it must be PEM without a password, with a line BEGIN PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY",
        )
    })?;
    let made = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, parsed));
    let mut config = made.map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            Failure::usage(format!("--tls-key {} is not the key of --tls-cert {}", key.display(), cert.display()))
                .with_hint("the first certificate of the file must be the server's own")
        }
        other => Failure::usage(format!("--tls-cert {} with --tls-key {}: {other}", cert.display(), key.display())),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    read_all(File::open(path).map_err(|e| Failure::usage(format!("cannot read {name}: {e}")))?, &name.to_string())
}
