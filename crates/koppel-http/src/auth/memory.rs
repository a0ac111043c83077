//! Tokens in memory, for the clients of one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::store::Token;

/// So many tokens are kept at most, the newest.
const MOST: usize = 1024;

/// The right to fetch one token.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// Tokens by what tells their clients apart.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<String, Slot>>);

#[derive(Debug, Default)]
struct Slot {
    turn: Arc<AsyncMutex<()>>,
    token: Option<Token>,
}

impl Slot {
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.turn) == 1
    }

    fn since(&self) -> i64 {
        self.token.as_ref().map_or(i64::MIN, |token| token.since)
    }
}

impl Memory {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the right to fetch this token.
    pub(super) async fn turn(&self, name: &str) -> Turn {
        let turn = {
            let mut slots = self.slots();
            if slots.len() >= MOST {
                // Where the credentials are refused no token follows.
                slots.retain(|_, slot| !slot.is_idle() || slot.token.is_some());
            }
            Arc::clone(&slots.entry(name.to_owned()).or_default().turn)
        };
        turn.lock_owned().await
    }

    pub(super) fn read(&self, name: &str) -> Option<Token> {
        self.slots().get(name).and_then(|slot| slot.token.clone())
    }

    /// Keeps the token, and forgets those that nobody can use any more.
    pub(super) fn write(&self, name: &str, token: &Token) {
        let mut slots = self.slots();
        slots.entry(name.to_owned()).or_default().token = Some(token.clone());
        let now = token.since;
        let lives = |known: &Token| now.saturating_sub(known.since) < known.lifetime;
        slots.retain(|_, slot| !slot.is_idle() || slot.token.as_ref().is_some_and(lives));
        while slots.len() > MOST {
            let idle = slots.iter().filter(|(known, slot)| slot.is_idle() && *known != name);
            let Some(oldest) = idle.min_by_key(|(_, slot)| slot.since()).map(|(known, _)| known.clone()) else { break };
            slots.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use koppel::Secret;

    use super::*;

    fn token(since: i64) -> Token {
        Token { value: Secret::new("a token"), id: 1, since, lifetime: 300 }
    }

    #[tokio::test]
    async fn a_dead_token_is_forgotten_and_one_that_is_being_fetched_is_not() {
        let memory = Memory::default();
        memory.write("dead", &token(0));
        let turn = memory.turn("fetched").await;
        memory.write("alive", &token(1000));
        let known = |memory: &Memory| {
            let mut names: Vec<String> = memory.slots().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(known(&memory), ["alive", "fetched"]);
        drop(turn);
        memory.write("alive", &token(1001));
        assert_eq!(known(&memory), ["alive"]);
    }

    #[tokio::test]
    async fn turns_that_no_token_followed_are_forgotten() {
        let memory = Memory::default();
        for number in 0..1100 {
            drop(memory.turn(&number.to_string()).await);
        }
        assert!(memory.slots().len() <= MOST);
    }

    #[test]
    fn the_newest_are_kept() {
        let memory = Memory::default();
        for number in 0..1100 {
            memory.write(&number.to_string(), &Token { lifetime: i64::MAX, ..token(number) });
        }
        assert_eq!(memory.slots().len(), MOST);
        assert!(memory.read("0").is_none() && memory.read("1099").is_some());
    }
}
