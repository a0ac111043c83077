//! Where the state is.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use koppel::{Error, ErrorKind, Result};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// A file, or a server that several share.
pub(super) enum Place {
    Sqlite(PathBuf),
    Postgres { url: Url, shown: String },
}

impl Place {
    /// Reads the `url` of the state.
    pub(super) fn parse(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" | ":memory:" => Err(wrong("the state must outlive the program: name a file")),
                _ if path.contains('?') => Err(wrong("a SQLite file takes no options after a question mark")),
                _ => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if !text.starts_with("postgres:") && !text.starts_with("postgresql:") {
            return Err(wrong("it begins with neither sqlite: nor postgres:"));
        }
        // The text itself may hold a password and is not repeated.
        let url = Url::parse(text).map_err(|error| wrong(&format!("it is no URL: {error}")))?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("postgres://{}{port}{}", url.host_str().unwrap_or_default(), url.path());
        Ok(Self::Postgres { url, shown })
    }

    /// As the database driver wants it. A path is escaped whole: the driver's URL must not take parts of it for a host.
    pub(super) fn driver_url(&self, create: bool) -> String {
        match self {
            Self::Sqlite(path) => {
                let path = path.to_string_lossy();
                let mode = if create { "rwc" } else { "rw" };
                format!("sqlite:{}?mode={mode}", utf8_percent_encode(&path, NON_ALPHANUMERIC))
            }
            Self::Postgres { url, .. } => url.to_string(),
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// Takes the password out of a text.
    pub(super) fn scrub(&self, text: String) -> String {
        let Self::Postgres { url, .. } = self else { return text };
        let Some(password) = url.password().filter(|password| !password.is_empty()) else { return text };
        let plain = percent_decode_str(password).decode_utf8_lossy();
        text.replace(password, "***").replace(plain.as_ref(), "***")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres { shown, .. } => f.write_str(shown),
        }
    }
}

fn wrong(why: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the url of the state cannot be used: {why}"))
        .with_hint("it is sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE")
}

/// Keeps every other writer out for as long as the file is open; the system ends it with the process.
pub(super) fn lock(path: &Path) -> Result<File> {
    let mut name = OsString::from(path);
    name.push(".lock");
    let beside = PathBuf::from(name);
    let fail = |error: io::Error| {
        Error::new(ErrorKind::Config, format!("cannot write {}: {error}", beside.display()))
            .with_hint("the folder of the state must exist, and this user must be allowed to write in it")
    };
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&beside).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            ErrorKind::Conflict,
            format!("another koppel is at work on {} and holds {}", path.display(), beside.display()),
        )
        .with_hint("wait for it, or use PostgreSQL, which several can share")),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_any_sign_reaches_the_driver_as_it_is() {
        for path in ["koppel.db", "/var/lib/a b/koppel#1%20.db", r"C:\Koppel\state.db", "../x/./état.db"] {
            let place = Place::parse(&format!("sqlite:{path}")).unwrap();
            let url = place.driver_url(false);
            let escaped = url.strip_prefix("sqlite:").unwrap().strip_suffix("?mode=rw").unwrap();
            assert_eq!(percent_decode_str(escaped).decode_utf8().unwrap(), path);
            assert_eq!(Url::parse(&url).unwrap().as_str(), url);
        }
    }

    #[test]
    fn the_password_is_in_no_text() {
        let place = Place::parse("postgres://koppel:s3cr%40t@db.example:5433/iam").unwrap();
        assert_eq!(place.to_string(), "postgres://db.example:5433/iam");
        assert_eq!(place.scrub("no s3cr@t and no s3cr%40t".to_owned()), "no *** and no ***");
        let error = Place::parse("postgres://koppel:hush@[db").err().unwrap();
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }

    #[test]
    fn what_is_no_place_for_a_state_is_refused() {
        for url in ["", "koppel.db", "mysql://x/y", "sqlite:", "sqlite::memory:", "sqlite:a.db?mode=ro"] {
            assert_eq!(Place::parse(url).err().map(|error| error.kind()), Some(ErrorKind::Config), "{url}");
        }
    }
}
