//! Locks that keep actions on one account apart, and the note each lock keeps.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use event_listener::Event;
use serde::{Deserialize, Serialize};

use crate::account::Reference;
use crate::error::Result;

/// What the last holder of a lock left for the next one.
///
/// Without it a process that listed the accounts a minute ago would not know of the account that another process
/// made since, and would make it a second time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// A create was sent and its outcome is not known (yet): look in the system itself, not in a list from before.
    Pending,
    /// This account was made under the lock.
    Created(Reference),
}

/// A lock that is held; dropping it lets go.
pub trait Held: fmt::Debug + Send + Sync {
    /// The note that was left under this key.
    fn note(&self) -> Option<Note>;
    /// Leaves a note for the next holder.
    fn leave(&mut self, note: Note) -> Result<()>;
}

/// Gives locks by key. Two holders of one key never overlap, as far as the implementation reaches.
#[async_trait]
pub trait Locks: fmt::Debug + Send + Sync {
    /// Waits until the key is free and takes it.
    async fn lock(&self, key: &str) -> Result<Box<dyn Held>>;
}

/// So many notes are kept, the newest; what follows from them is of use for minutes, and a service runs for weeks.
const KEPT_NOTES: usize = 4096;

#[derive(Debug, Default)]
struct Slots {
    taken: Mutex<HashMap<String, Slot>>,
    /// Tells which note is older.
    written: AtomicU64,
    freed: Event,
}

#[derive(Debug, Default)]
struct Slot {
    held: bool,
    note: Option<(u64, Note)>,
}

/// Forgets the oldest notes of keys that nobody holds.
fn forget(taken: &mut HashMap<String, Slot>) {
    let noted = |(key, slot): (&String, &Slot)| match &slot.note {
        Some((written, _)) if !slot.held => Some((*written, key.clone())),
        _ => None,
    };
    while taken.len() > KEPT_NOTES
        && let Some((_, oldest)) = taken.iter().filter_map(noted).min()
    {
        taken.remove(&oldest);
    }
}

/// Locks within one process, with the newest 4096 notes. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LocalLocks(Arc<Slots>);

#[async_trait]
impl Locks for LocalLocks {
    async fn lock(&self, key: &str) -> Result<Box<dyn Held>> {
        loop {
            let freed = self.0.freed.listen();
            {
                let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = taken.entry(key.to_owned()).or_default();
                if !slot.held {
                    slot.held = true;
                    return Ok(Box::new(LocalHeld { slots: Arc::clone(&self.0), key: key.to_owned() }));
                }
            }
            freed.await;
        }
    }
}

#[derive(Debug)]
struct LocalHeld {
    slots: Arc<Slots>,
    key: String,
}

impl Held for LocalHeld {
    fn note(&self) -> Option<Note> {
        let taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get(&self.key).and_then(|slot| slot.note.as_ref()).map(|(_, note)| note.clone())
    }

    fn leave(&mut self, note: Note) -> Result<()> {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.slots.written.fetch_add(1, Ordering::Relaxed);
        taken.entry(self.key.clone()).or_default().note = Some((written, note));
        Ok(())
    }
}

impl Drop for LocalHeld {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = taken.get_mut(&self.key) {
            slot.held = false;
            if slot.note.is_none() {
                taken.remove(&self.key);
            }
        }
        forget(&mut taken);
        drop(taken);
        self.slots.freed.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_held_by_one_at_a_time_and_keeps_its_note() {
        let locks = LocalLocks::default();
        let mut first = locks.lock("a").await.unwrap();
        let other = locks.lock("b").await.unwrap();
        let waiting = tokio::spawn({
            let locks = locks.clone();
            async move { locks.lock("a").await.unwrap().note() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        first.leave(Note::Pending).unwrap();
        drop(other);
        drop(first);
        assert_eq!(waiting.await.unwrap(), Some(Note::Pending));
    }

    #[tokio::test]
    async fn the_oldest_notes_are_forgotten_and_the_newest_kept() {
        let locks = LocalLocks::default();
        for number in 0..KEPT_NOTES + 10 {
            locks.lock(&number.to_string()).await.unwrap().leave(Note::Pending).unwrap();
        }
        assert_eq!(locks.0.taken.lock().unwrap().len(), KEPT_NOTES);
        assert_eq!(locks.lock("0").await.unwrap().note(), None);
        let newest = (KEPT_NOTES + 9).to_string();
        assert_eq!(locks.lock(&newest).await.unwrap().note(), Some(Note::Pending));
    }
}
