//! One lock file, held over all processes of the machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use koppel::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

use crate::state::{private, unusable};

/// How long a lock is waited for.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A lock file that is held; the system frees it when this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, waiting for other processes at most so long.
    ///
    /// # Errors
    /// `Transient` when another process keeps it longer, `Config` when the file cannot be used.
    pub(crate) async fn take(path: &Path, wait: Duration) -> Result<Self> {
        let fail = |error: io::Error| unusable(path, &error);
        // A file that somebody cleaned away while it was waited for locks nobody out: open it anew.
        for _ in 0..100 {
            let file = open(path).map_err(fail)?;
            let file = match file.try_lock() {
                Ok(()) => file,
                Err(TryLockError::WouldBlock) => wait_for(file, path.to_owned(), wait).await?,
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            };
            if still_at(&file, path) {
                sign(&file);
                return Ok(Self { _file: file });
            }
        }
        Err(fail(io::Error::other("its lock files vanish as soon as they are made")))
    }
}

fn open(path: &Path) -> io::Result<File> {
    private(&mut OpenOptions::new()).read(true).write(true).create(true).truncate(false).open(path)
}

/// Waits in a thread of its own: a blocking task would keep the runtime, and so the process, from ending.
async fn wait_for(file: File, path: PathBuf, wait: Duration) -> Result<File> {
    let (send, receive) = oneshot::channel();
    let spawned = std::thread::Builder::new().name("koppel-lock".to_owned()).spawn(move || {
        let taken = loop {
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
                Ok(()) => break Ok(file),
            }
        };
        // Nobody waits any more: the file is closed and with it the lock.
        let _ = send.send(taken);
    });
    spawned.map_err(|error| unusable(&path, &error))?;
    match tokio::time::timeout(wait, receive).await {
        Ok(Ok(taken)) => taken.map_err(|error| unusable(&path, &error)),
        Ok(Err(_)) => Err(Error::bug("the thread that waits for a lock file is gone")),
        Err(_) => Err(held_elsewhere(&path, wait)),
    }
}

/// Another process keeps the lock.
pub(crate) fn held_elsewhere(path: &Path, wait: Duration) -> Error {
    // Where a lock also bars reading (Windows) the number stays unknown.
    let mut holder = String::new();
    let _ = File::open(path).and_then(|file| file.take(20).read_to_string(&mut holder));
    let holder = match holder.trim().parse::<u32>() {
        Ok(id) => format!("another Koppel process (probably {id})"),
        Err(_) => "another Koppel process".to_owned(),
    };
    Error::new(
        ErrorKind::Transient,
        format!("{holder} works on the same object and did not finish within {} s", wait.as_secs()),
    )
    .with_hint("try again later; if that process hangs, end it")
    .with_detail(format!("lock file {}", path.display()))
}

/// Writes the number of this process into the file, for the message above; failing is harmless.
fn sign(mut file: &File) {
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
}

#[cfg(unix)]
fn still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(there)) => held.ino() == there.ino() && held.dev() == there.dev(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn still_at(_file: &File, path: &Path) -> bool {
    // A file that is open here keeps its name until it is closed.
    path.exists()
}
