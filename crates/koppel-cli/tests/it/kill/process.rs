//! A process that is to be killed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::watcher::Event;
use crate::support::Koppel;

/// Nothing here takes a tenth of it; what hangs fails its test.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Process {
    child: Child,
    stderr: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts it; the events say when it prints and when it ends.
    pub(super) fn start(koppel: Koppel, events: Sender<Event>) -> Self {
        let mut command = koppel.into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            // The test may have had enough.
            for _ in stdout.lines().map_while(Result::ok) {
                let _ = events.send(Event::Line);
            }
            let _ = events.send(Event::End);
        });
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, stderr: Some(stderr) }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// It must not have ended by itself.
    pub(super) fn goes_on(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            let said = self.stderr.take().map(|stderr| stderr.join().unwrap()).unwrap_or_default();
            panic!("a worker ended by itself, {status}: {said}");
        }
    }

    /// Ends it as a power cut does, and gives what it said on stderr. It must not have panicked.
    pub(super) fn kill(mut self) -> String {
        // It may have ended already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        let said = self.stderr.take().map(|stderr| stderr.join().unwrap()).unwrap_or_default();
        assert!(!said.contains("panicked at"), "{said}");
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next event.
pub(super) fn next(events: &Receiver<Event>) -> Event {
    events.recv_timeout(PATIENCE).expect("something happens")
}
