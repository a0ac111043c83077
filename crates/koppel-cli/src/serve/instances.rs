//! Connections, token and correlation index of each configuration, kept for the next request with the same one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use koppel::{Instance, Result, Scrubber, Source, Target};
use serde_json::Value;
use tokio::time::Instant;

use super::Service;
use super::gates::System;

/// So many configurations are kept at most.
const MOST: usize = 64;
/// One that nobody asks for is dropped after this time.
const IDLE: Duration = Duration::from_mins(1);
/// And any after this: what it read of its system must not grow old, nor the list of tokens it had long.
const OLDEST: Duration = Duration::from_mins(5);

/// A connector with its configuration.
pub(super) struct Prepared {
    pub(super) is: Is,
    /// The turns on its system.
    pub(super) system: Arc<System>,
    /// Its secrets are scrubbed for as long as it lives, and forgotten with it.
    _scrubber: Scrubber,
}

pub(super) enum Is {
    Source(Box<dyn Source>),
    Target(Box<dyn Target>),
}

/// Tells configurations apart without keeping their secrets.
type Key = [u8; 32];

struct Kept {
    key: Key,
    prepared: Arc<Prepared>,
    made: Instant,
    used: Instant,
}

fn is_good(made: Instant, used: Instant, now: Instant) -> bool {
    now.duration_since(used) < IDLE && now.duration_since(made) < OLDEST
}

/// What is kept.
#[derive(Default)]
pub(super) struct Instances(Mutex<Vec<Kept>>);

impl Instances {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The instance for a configuration. Its secrets are told to `scrubber`, a scoped one, whatever comes of it.
    ///
    /// # Errors
    /// `Config` with every fault.
    pub(super) fn get(
        &self,
        service: &Service,
        connector: &str,
        configuration: &Value,
        scrubber: &Scrubber,
    ) -> Result<Arc<Prepared>> {
        let key = key(connector, configuration);
        // Held while it is made, which sends nothing: two of one configuration would not know of each other's index.
        let mut kept = self.kept();
        sweep(&mut kept);
        let now = Instant::now();
        if let Some(known) = kept.iter_mut().find(|known| known.key == key) {
            known.used = now;
            return Ok(Arc::clone(&known.prepared));
        }
        let made = service.host.passing(connector, configuration, scrubber)?;
        let (is, scope) = match made {
            Instance::Target(target) => {
                let scope = target.scope();
                (Is::Target(target), scope)
            }
            // A source does not name its system.
            Instance::Source(source) => (Is::Source(source), format!("{connector} {key:?}")),
        };
        let system = service.gates.system(&scope);
        let prepared = Arc::new(Prepared { is, system, _scrubber: scrubber.clone() });
        if kept.len() >= MOST
            && let Some(oldest) = kept.iter().enumerate().min_by_key(|(_, known)| known.used).map(|(at, _)| at)
        {
            kept.swap_remove(oldest);
        }
        kept.push(Kept { key, prepared: Arc::clone(&prepared), made: now, used: now });
        service.metrics.instances.set(kept.len());
        Ok(prepared)
    }

    /// Drops what nobody asked for lately, so that secrets do not stay in memory where nothing comes any more.
    pub(super) fn sweep(&self, service: &Service) {
        let mut kept = self.kept();
        sweep(&mut kept);
        service.metrics.instances.set(kept.len());
    }
}

fn sweep(kept: &mut Vec<Kept>) {
    let now = Instant::now();
    kept.retain(|known| is_good(known.made, known.used, now));
}

fn key(connector: &str, configuration: &Value) -> Key {
    let mut context = Context::new(&SHA256);
    context.update(connector.as_bytes());
    context.update(b"\n");
    // The keys of an object are in order, so one configuration is written in one way.
    context.update(configuration.to_string().as_bytes());
    let mut key = Key::default();
    key.copy_from_slice(context.finish().as_ref());
    key
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instance_goes_when_nobody_asks_for_it_and_when_it_is_old() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let is_good = |used: u64, now: u64| is_good(at(0), at(used), at(now));
        assert!(is_good(0, 59) && !is_good(0, 61));
        assert!(is_good(290, 299) && !is_good(299, 301));
    }

    #[test]
    fn one_configuration_has_one_key_and_another_has_another() {
        let one = json!({"a": 1, "b": 2});
        assert_eq!(key("x", &one), key("x", &json!({"b": 2, "a": 1})));
        for (connector, configuration) in [("y", one.clone()), ("x", json!({"a": 1, "b": 3})), ("x", json!({}))] {
            assert_ne!(key("x", &one), key(connector, &configuration));
        }
    }
}
