//! Locks that keep actions on one account apart, and the note each lock keeps.

use std::collections::HashMap;
use std::fmt;
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
pub trait Held: fmt::Debug + Send {
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

#[derive(Debug, Default)]
struct Slots {
    taken: Mutex<HashMap<String, Slot>>,
    freed: Event,
}

#[derive(Debug, Default)]
struct Slot {
    held: bool,
    note: Option<Note>,
}

/// Locks within one process. Clones share them.
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
        taken.get(&self.key).and_then(|slot| slot.note.clone())
    }

    fn leave(&mut self, note: Note) -> Result<()> {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.entry(self.key.clone()).or_default().note = Some(note);
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
}
