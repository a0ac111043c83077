//! Where tokens and locks live.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use koppel::config::Fault;
use koppel::{Error, Result};

use crate::auth::Memory;

/// The folder that the processes of one user on one machine share: access tokens and lock files.
///
/// It is made when it is first needed, readable for this user only.
#[derive(Debug, Clone)]
pub struct StateDir(Kept);

#[derive(Debug, Clone)]
enum Kept {
    Nowhere,
    InMemory(Arc<Memory>),
    In(Arc<Place>),
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// In a folder that everybody may write to: whose it is has to be looked at.
    shared_parent: bool,
    made: OnceLock<()>,
}

impl StateDir {
    /// This folder.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::place(path.into(), false)
    }

    /// The user's own: `koppel` in the cache folder of the system, else a private one in the temporary folder.
    pub fn for_user() -> Self {
        match dirs::cache_dir() {
            Some(cache) => Self::place(cache.join("koppel"), false),
            None => Self::place(std::env::temp_dir().join(private_name()), true),
        }
    }

    /// None: tokens are shared within the client only.
    pub fn none() -> Self {
        Self(Kept::Nowhere)
    }

    /// No folder: tokens are shared by all clients that are given this or a clone of it, and nothing is on disk.
    pub fn in_memory() -> Self {
        Self(Kept::InMemory(Arc::default()))
    }

    /// What is kept in memory in place of a folder.
    pub(crate) fn memory(&self) -> Option<&Memory> {
        match &self.0 {
            Kept::InMemory(memory) => Some(memory),
            Kept::Nowhere | Kept::In(_) => None,
        }
    }

    fn place(path: PathBuf, shared_parent: bool) -> Self {
        Self(Kept::In(Arc::new(Place { path, shared_parent, made: OnceLock::new() })))
    }

    /// The folder, made if it is not there; `None` for [`none`](Self::none) and [`in_memory`](Self::in_memory).
    ///
    /// # Errors
    /// `Config` when it cannot be made, or is in a shared place and belongs to somebody else.
    pub fn path(&self) -> Result<Option<&Path>> {
        let Kept::In(place) = &self.0 else { return Ok(None) };
        if place.made.get().is_none() {
            make_private(&place.path, place.shared_parent).map_err(|error| unusable(&place.path, &error))?;
            let _ = place.made.set(());
        }
        Ok(Some(&place.path))
    }
}

/// The state folder, or a file in it, cannot be used.
pub(crate) fn unusable(path: &Path, error: &io::Error) -> Error {
    let fault = Fault::new("", format!("the state folder cannot be used: {}: {error}", path.display()));
    Error::config(vec![fault]).with_hint("set KOPPEL_STATE_DIR to a folder on a local disk that this user can write to")
}

#[cfg(unix)]
fn private_name() -> String {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of what this process makes is its user; there is no safe call for the id itself.
    let probe = std::env::temp_dir().join(format!("koppel-probe-{}-{:x}", std::process::id(), fastrand::u64(..)));
    let owner =
        OpenOptions::new().write(true).create_new(true).open(&probe).and_then(|file| file.metadata()).map(|m| m.uid());
    let _ = std::fs::remove_file(&probe);
    owner.map_or_else(|_| "koppel".to_owned(), |uid| format!("koppel-{uid}"))
}

#[cfg(not(unix))]
fn private_name() -> String {
    // The temporary folder is the user's own.
    "koppel".to_owned()
}

#[cfg(unix)]
fn make_private(path: &Path, shared_parent: bool) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if shared_parent {
        let found = std::fs::symlink_metadata(path)?;
        let probe = path.join(format!("probe-{}-{:x}", std::process::id(), fastrand::u64(..)));
        let owner = private(&mut OpenOptions::new()).write(true).create_new(true).open(&probe)?.metadata()?.uid();
        std::fs::remove_file(&probe)?;
        if !found.is_dir() || found.uid() != owner || found.mode() & 0o077 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it does not belong to this user alone"));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(path: &Path, _shared_parent: bool) -> io::Result<()> {
    // What a user makes below the own profile is readable for this user and administrators.
    DirBuilder::new().recursive(true).create(path)
}

/// A file made with these options is readable for this user only.
#[cfg(unix)]
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

/// A file made with these options takes the rights of its folder, which is the user's own.
#[cfg(not(unix))]
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Writes a file in one step: who reads it sees the old or the new content, also when this process is killed.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}-{:x}.tmp", std::process::id(), fastrand::u64(..)));
    let write = || -> io::Result<()> {
        let mut file: File = private(&mut OpenOptions::new()).write(true).create_new(true).open(&beside)?;
        file.write_all(content)?;
        drop(file);
        std::fs::rename(&beside, path)
    };
    let done = write();
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}
