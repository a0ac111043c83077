//! Sees the requests go by, and holds up the one at which somebody is to be killed.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard};

use koppel_sandbox::{Pass, Seen, System, Watch};

/// Something that a test waits for.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// The request that was waited for is there, and held where it was to be; with what it is where it is a write.
    Request(Option<Write>),
    /// A process printed a line: an action was answered, and the answer is written down.
    Line,
    /// A process closed its stdout.
    End,
}

/// A moment of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Counted from the beginning of the run.
    pub(super) nth: u64,
    /// Only requests that could change something are counted.
    pub(super) writes: bool,
    pub(super) pass: Pass,
}

/// A write, and when it began and ended, counted in events.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) system: System,
    /// Whom it is about: a username, the number of a new person, or the id of one.
    pub(super) whom: String,
    pub(super) creates: bool,
    pub(super) began: u64,
    pub(super) ended: Option<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    awaited: Option<(Moment, Sender<Event>)>,
    writes: BTreeMap<u64, Write>,
    clock: u64,
}

#[derive(Debug, Default)]
pub(super) struct Watcher(Mutex<Inner>);

impl Watcher {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Waits for a moment.
    pub(super) fn wait_for(&self, moment: Moment, sender: Sender<Event>) {
        self.lock().awaited = Some((moment, sender));
    }

    /// Waits for nothing any more.
    pub(super) fn rest(&self) {
        self.lock().awaited = None;
    }

    /// All writes so far.
    pub(super) fn writes(&self) -> Vec<Write> {
        self.lock().writes.values().cloned().collect()
    }
}

impl Watch for Watcher {
    fn arrives(&self, seen: &Seen<'_>) -> Pass {
        let mut inner = self.lock();
        inner.clock += 1;
        if seen.is_write() {
            let write = Write {
                system: seen.system,
                whom: whom(seen),
                creates: seen.method == "POST",
                began: inner.clock,
                ended: None,
            };
            inner.writes.insert(seen.number, write);
        }
        let Some((moment, sender)) = &mut inner.awaited else { return Pass::On };
        if moment.writes && !seen.is_write() {
            return Pass::On;
        }
        moment.nth -= 1;
        if moment.nth > 0 {
            return Pass::On;
        }
        let pass = moment.pass;
        if pass == Pass::On {
            // Whoever waited may have gone.
            let _ = sender.send(Event::Request(None));
            inner.awaited = None;
        } else {
            // Others that arrive before the end of the process are let through.
            moment.nth = u64::MAX;
        }
        pass
    }

    fn is_held(&self, number: u64) {
        let mut inner = self.lock();
        if let Some((_, sender)) = inner.awaited.take() {
            let _ = sender.send(Event::Request(inner.writes.get(&number).cloned()));
        }
    }

    fn ends(&self, number: u64) {
        let mut inner = self.lock();
        inner.clock += 1;
        let now = inner.clock;
        if let Some(write) = inner.writes.get_mut(&number) {
            write.ended = Some(now);
        }
    }
}

fn whom(seen: &Seen<'_>) -> String {
    let body = String::from_utf8_lossy(seen.body);
    let named = match (seen.system, seen.method) {
        (System::InPlanning, _) => {
            let user: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            user["username"].as_str().map(str::to_owned)
        }
        (System::IPassan, "POST") => body.split('&').find_map(|pair| pair.strip_prefix("number=")).map(str::to_owned),
        (System::IPassan, _) => seen.path.rsplit('/').next().map(str::to_owned),
    };
    named.unwrap_or_else(|| panic!("a write about nobody: {seen:?} {body}"))
}
