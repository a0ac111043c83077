//! `koppel helloid shim`: the files that put a connector into HelloID.

mod folder;

use std::io::{self, Write as _};
use std::path::Path;

use koppel::manifest::manifest;
use koppel_helloid::shim::{Through, files};
use url::{Host as UrlHost, Url};

use self::folder::Folder;
use crate::failure::Failure;
use crate::host::Host;
use crate::io::{flush, print_line};

/// Writes the set into a folder and says where it is.
pub(crate) fn shim(host: &Host, id: &str, out: &Path, url: Option<&str>) -> Result<(), Failure> {
    let manifest = manifest(&**host.connector(id)?)?;
    let url = url.map(address).transpose()?;
    let through = url.as_deref().map_or(Through::Program, Through::Service);
    let folder = Folder::open(out, id)?;
    let written = folder.write(&files(&manifest, through)?)?;
    for path in &written.paths {
        print_line(&path.display().to_string())?;
    }
    flush()?;
    let left =
        written.left.iter().map(|path| format!("warning: {} is no longer part of the set; delete it", path.display()));
    let next = format!("next: {} says how to install them", out.join("README.md").display());
    let told: Vec<String> = left.chain([next]).collect();
    // Stderr may be closed; there is nowhere left to say so.
    let _ = writeln!(io::stderr(), "{}", told.join("\n"));
    Ok(())
}

/// The address of a service without the slash at its end: `https`, or `http` on this machine.
fn address(text: &str) -> Result<String, Failure> {
    let wrong = |what: &str| {
        Failure::usage(format!("--url: [{text}] {what}")).with_hint("it is like https://koppel.example.com:8443")
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Not repeated: it holds a password.
        return Err(Failure::usage("--url holds a user name or a password; the token goes into the form of HelloID"));
    }
    let loopback = match url.host() {
        Some(UrlHost::Domain(name)) => name == "localhost",
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(wrong("must begin with https://, for secrets go along")),
        _ => return Err(wrong("must begin with https://")),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must end with its path, without ? and #"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
