//! A file while it is read: what it is called, and whether somebody writes to it meanwhile.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use koppel::{Error, ErrorKind, Fault, Result};

/// The largest file, in bytes: a million persons with everything that HelloID knows of them.
const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// A file while it is read.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its name for messages, without the folder.
    pub(crate) name: String,
    shown: String,
    file: File,
    stamp: Stamp,
}

/// What changes when a file is written to.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Opened {
    /// Opens the file that a key of the configuration names.
    ///
    /// # Errors
    /// `Config` where there is no such file, or it is too large; `Transient` where it cannot be read now.
    pub(crate) fn open(key: &str, path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let metadata = fs::metadata(path).map_err(|error| unreadable(key, &shown, &error))?;
        if !metadata.is_file() {
            return Err(Error::config(vec![Fault::new(key, format!("[{shown}] is not a file"))]));
        }
        let file = File::open(path).map_err(|error| unreadable(key, &shown, &error))?;
        let stamp = stamp(&file).map_err(|error| unreadable(key, &shown, &error))?;
        if stamp.bytes > MOST_BYTES {
            let message = format!("[{shown}] is larger than {} MiB", MOST_BYTES / 1024 / 1024);
            return Err(Error::config(vec![Fault::new(key, message)]));
        }
        let name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
        Ok(Self { name, shown, file, stamp })
    }

    /// The file from a place on.
    pub(crate) fn from(&self, at: u64) -> io::Result<&File> {
        (&self.file).seek(SeekFrom::Start(at))?;
        Ok(&self.file)
    }

    /// Fails where the file was written to since it was opened: its beginning and its end may be of two exports.
    pub(crate) fn unchanged(&self) -> Result<()> {
        let now = stamp(&self.file).map_err(|error| self.broken(&error))?;
        if now == self.stamp {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Transient, format!("{} changed while it was read", self.shown)).with_hint(
            "the export may still be running: let it write to another file and rename that when it is whole, or read later",
        ))
    }

    /// The file cannot be read any further.
    pub(crate) fn broken(&self, error: &io::Error) -> Error {
        Error::new(ErrorKind::Transient, format!("cannot read {}: {error}", self.shown))
    }
}

fn stamp(file: &File) -> io::Result<Stamp> {
    let metadata = file.metadata()?;
    // Where a file system keeps no time of change, the size has to do.
    Ok(Stamp { bytes: metadata.len(), modified: metadata.modified().ok() })
}

fn unreadable(key: &str, shown: &str, error: &io::Error) -> Error {
    let message = format!("cannot read [{shown}]: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => Error::config(vec![Fault::new(key, message)])
            .with_hint("a path that is not absolute counts from the folder of the configuration"),
        io::ErrorKind::PermissionDenied => Error::new(ErrorKind::Denied, format!("{key}: {message}")),
        _ => Error::new(ErrorKind::Transient, format!("{key}: {message}")),
    }
}
