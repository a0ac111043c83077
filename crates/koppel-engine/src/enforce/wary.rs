//! Locks for an action that may have been carried out already.

use std::sync::Arc;

use async_trait::async_trait;
use koppel::{Held, Locks, Note, Result};

/// Says under every lock without a note that somebody began and nobody knows how it ended, so that the policy looks in
/// the system itself before it makes anything.
#[derive(Debug)]
pub(super) struct Wary(pub(super) Arc<dyn Locks>);

#[async_trait]
impl Locks for Wary {
    async fn lock(&self, key: &str) -> Result<Box<dyn Held>> {
        Ok(Box::new(Doubtful(self.0.lock(key).await?)))
    }
}

#[derive(Debug)]
struct Doubtful(Box<dyn Held>);

impl Held for Doubtful {
    fn note(&self) -> Option<Note> {
        self.0.note().or(Some(Note::Pending))
    }

    fn leave(&mut self, note: Note) -> Result<()> {
        self.0.leave(note)
    }
}
