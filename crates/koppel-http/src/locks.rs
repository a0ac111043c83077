//! Locks over all processes of the machine.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use koppel::{Clock, Error, Held, Locks, Note, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::filelock::{FileLock, LONGEST_WAIT, held_elsewhere};
use crate::state::{StateDir, unusable, write_whole};

/// A note is forgotten after this many seconds.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// One stripe keeps the newest notes, this many.
const KEPT_NOTES: usize = 128;

/// Locks by key over all tasks and all processes of a machine.
///
/// Keys are spread over 256 lock files. Within the process every key has its own fair queue, and the process holds a
/// lock file once for all its keys in it: two keys that share a file do not wait for each other, and a task that
/// holds two keys cannot wait for itself.
///
/// # Behaviour
/// - A process that ends, however it ends, leaves nothing locked.
/// - Notes outlive the process, up to a day; a stripe keeps the newest 128.
/// - A lock of another process is waited for at most 60 s, then it is a `Transient` error. Waiting for another task of
///   this process has no limit of its own.
///
/// # Hazard
/// Hold one key at a time: two processes that each hold one and wait for the other's can only run into the limit.
#[derive(Debug, Clone)]
pub struct FileLocks(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: StateDir,
    clock: Arc<dyn Clock>,
    wait: Duration,
    keys: Mutex<HashMap<String, Weak<AsyncMutex<()>>>>,
    stripes: Vec<AsyncMutex<Weak<FileLock>>>,
    /// The notes of one stripe are changed by one task at a time.
    notes: Mutex<()>,
}

impl FileLocks {
    /// Locks in this folder. With [`StateDir::none`] taking one is a `Bug` error: use `koppel::LocalLocks` then.
    pub fn new(state: StateDir, clock: Arc<dyn Clock>) -> Self {
        Self::with_wait(state, clock, LONGEST_WAIT)
    }

    /// The same, with another limit for waiting on another process.
    pub fn with_wait(state: StateDir, clock: Arc<dyn Clock>, wait: Duration) -> Self {
        let stripes = (0..256).map(|_| AsyncMutex::new(Weak::new())).collect();
        Self(Arc::new(Shared { state, clock, wait, keys: Mutex::default(), stripes, notes: Mutex::default() }))
    }

    fn folder(&self) -> Result<PathBuf> {
        let state = self.0.state.path()?.ok_or_else(|| Error::bug("there is no folder for the lock files"))?;
        let folder = state.join("locks");
        if !folder.is_dir() {
            StateDir::at(&folder).path()?;
        }
        Ok(folder)
    }

    /// The queue of a key within this process.
    fn queue(&self, key: &str) -> Arc<AsyncMutex<()>> {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = keys.get(key).and_then(Weak::upgrade) {
            return queue;
        }
        if keys.len() >= 1024 {
            keys.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::new(AsyncMutex::new(()));
        keys.insert(key.to_owned(), Arc::downgrade(&queue));
        queue
    }
}

#[async_trait]
impl Locks for FileLocks {
    async fn lock(&self, key: &str) -> Result<Box<dyn Held>> {
        let name = hash(key);
        let turn = self.queue(key).lock_owned().await;
        let folder = self.folder()?;
        let number = name.get(..2).and_then(|hex| usize::from_str_radix(hex, 16).ok()).unwrap_or_default();
        let stripe = folder.join(format!("{number:02x}"));
        let slot = self.0.stripes.get(number).ok_or_else(|| Error::bug("a lock file out of range"))?;
        let until = Instant::now() + self.0.wait;
        let held = tokio::time::timeout_at(until, slot.lock()).await;
        let mut held = held.map_err(|_| held_elsewhere(&stripe.with_extension("lock"), self.0.wait))?;
        let file = if let Some(file) = held.upgrade() {
            file
        } else {
            let left = until.saturating_duration_since(Instant::now());
            let file = Arc::new(FileLock::take(&stripe.with_extension("lock"), left).await?);
            *held = Arc::downgrade(&file);
            file
        };
        drop(held);
        let notes = stripe.with_extension("json");
        Ok(Box::new(HeldFile { _file: file, _turn: turn, name, notes, shared: Arc::clone(&self.0) }))
    }
}

/// The file is let go before the turn: fields are dropped in this order.
#[derive(Debug)]
struct HeldFile {
    _file: Arc<FileLock>,
    _turn: OwnedMutexGuard<()>,
    name: String,
    notes: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Unix time in seconds.
    at: i64,
    note: Note,
}

type Notes = BTreeMap<String, Kept>;

impl HeldFile {
    fn is_fresh(&self, kept: &Kept) -> bool {
        self.shared.clock.now().as_second().saturating_sub(kept.at) < KEPT_SECONDS
    }
}

impl Held for HeldFile {
    fn note(&self) -> Option<Note> {
        let _one = self.shared.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = read(&self.notes).remove(&self.name)?;
        self.is_fresh(&kept).then_some(kept.note)
    }

    fn leave(&mut self, note: Note) -> Result<()> {
        let _one = self.shared.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes = read(&self.notes);
        notes.retain(|_, kept| self.is_fresh(kept));
        notes.insert(self.name.clone(), Kept { at: self.shared.clock.now().as_second(), note });
        while notes.len() > KEPT_NOTES {
            let oldest = notes.iter().filter(|(name, _)| **name != self.name).min_by_key(|(_, kept)| kept.at);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { break };
            notes.remove(&name);
        }
        let text =
            serde_json::to_vec(&notes).map_err(|error| Error::bug(format!("a note cannot be written: {error}")))?;
        write_whole(&self.notes, &text).map_err(|error| unusable(&self.notes, &error))
    }
}

/// The notes of a stripe; a file that is not there or not ours has none.
fn read(path: &Path) -> Notes {
    let Ok(content) = std::fs::read(path) else { return Notes::new() };
    serde_json::from_slice(&content).unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), %error, "the notes of a lock file are unreadable and are left out");
        Notes::new()
    })
}

/// The same for one key in every process and every version.
fn hash(key: &str) -> String {
    hex(digest(&SHA256, key.as_bytes()).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        use std::fmt::Write as _;
        let _ = write!(out, "{byte:02x}");
        out
    })
}
