//! Bars on a terminal; nothing where stderr is not one.

use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use koppel::Progress;

#[derive(Debug)]
struct Bar(ProgressBar);

impl Progress for Bar {
    fn total(&self, total: u64) {
        self.0.set_length(total);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            self.0.set_style(style);
        }
    }
    fn advance(&self, by: u64) {
        self.0.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Where messages on stderr find the bar that is drawn there, to write above it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<Option<ProgressBar>>>);

impl Shown {
    /// Writes without leaving pieces of the bar behind.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match bar {
            Some(bar) if !bar.is_finished() => bar.suspend(write),
            _ => write(),
        }
    }

    /// A bar on stderr, gone when the work is done. Where stderr is no terminal it draws nothing.
    pub(crate) fn bar(&self, doing: &'static str) -> Arc<dyn Progress> {
        let bar = ProgressBar::no_length();
        if !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}") {
            bar.set_style(style);
        }
        let bar = bar.with_message(doing);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Arc::new(Bar(bar))
    }
}
