//! The token on disk, for the other processes of the machine; or in memory, for the other clients of this one.

use std::path::PathBuf;

use jiff::Timestamp;
use koppel::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::memory::Turn;
use super::seal::Seal;
use crate::filelock::{FileLock, LONGEST_WAIT};
use crate::state::{StateDir, write_whole};

/// An access token and how long it is good.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: Secret,
    /// Tells this fetch from every other, also where the system gives the same token again.
    pub(super) id: u64,
    /// When it was fetched, Unix time in seconds.
    pub(super) since: i64,
    /// How long the system said it lives, in seconds.
    pub(super) lifetime: i64,
}

impl Token {
    /// Has it enough life left? A token from the future (the clock was set back) is not trusted.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.as_second().saturating_sub(self.since);
        age >= -60 && age < self.lifetime.saturating_mul(9) / 10
    }
}

/// How it stands in the file, before encryption.
#[derive(Serialize, Deserialize)]
struct Written {
    token: String,
    id: u64,
    since: i64,
    lifetime: i64,
}

/// Held while a token is fetched.
pub(super) enum Alone {
    InFile { _lock: FileLock },
    InMemory { _turn: Turn },
    Unshared,
}

/// The place of one token.
#[derive(Debug)]
pub(super) struct Store {
    state: StateDir,
    seal: Option<Seal>,
}

impl Store {
    pub(super) fn new(state: StateDir, endpoint: &str, id: &str, secret: &Secret) -> Self {
        Self { state, seal: Seal::new(endpoint, id, secret) }
    }

    fn file(&self, extension: &str) -> Result<Option<(PathBuf, &Seal)>> {
        let (Some(folder), Some(seal)) = (self.state.path()?, &self.seal) else { return Ok(None) };
        Ok(Some((folder.join(format!("token-{}.{extension}", seal.name())), seal)))
    }

    /// Keeps the others from fetching; nobody where nothing is shared.
    pub(super) async fn lock(&self) -> Result<Alone> {
        if let (Some(memory), Some(seal)) = (self.state.memory(), &self.seal) {
            return Ok(Alone::InMemory { _turn: memory.turn(seal.name()).await });
        }
        match self.file("lock")? {
            Some((path, _)) => Ok(Alone::InFile { _lock: FileLock::take(&path, LONGEST_WAIT).await? }),
            None => Ok(Alone::Unshared),
        }
    }

    /// The token in the file; whatever cannot be read is no token.
    pub(super) fn read(&self) -> Result<Option<Token>> {
        if let (Some(memory), Some(seal)) = (self.state.memory(), &self.seal) {
            return Ok(memory.read(seal.name()));
        }
        let Some((path, seal)) = self.file("bin")? else { return Ok(None) };
        let written = std::fs::read(path).ok().and_then(|sealed| seal.open(&sealed));
        let written = written.and_then(|plain| serde_json::from_slice::<Written>(&plain).ok());
        Ok(written.map(|w| Token { value: Secret::new(w.token), id: w.id, since: w.since, lifetime: w.lifetime }))
    }

    /// Leaves the token for the others. Failing is told in the log: this process can go on, the others fetch their own.
    pub(super) fn write(&self, token: &Token) -> Result<()> {
        if let (Some(memory), Some(seal)) = (self.state.memory(), &self.seal) {
            memory.write(seal.name(), token);
            return Ok(());
        }
        let Some((path, seal)) = self.file("bin")? else { return Ok(()) };
        let written = Written {
            token: token.value.expose().to_owned(),
            id: token.id,
            since: token.since,
            lifetime: token.lifetime,
        };
        let sealed = serde_json::to_vec(&written).ok().and_then(|plain| seal.seal(&plain));
        let done = sealed
            .map_or_else(|| Err(std::io::Error::other("it cannot be encrypted")), |sealed| write_whole(&path, &sealed));
        if let Err(error) = done {
            tracing::warn!(path = %path.display(), %error, "the access token cannot be kept for other processes");
        }
        Ok(())
    }
}
