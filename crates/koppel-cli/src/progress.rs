//! Bars on a terminal; nothing where stderr is not one.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

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

/// A bar on stderr, gone when the work is done. Without a terminal it draws nothing.
pub(crate) fn bar(doing: &'static str) -> Arc<dyn Progress> {
    let bar = ProgressBar::no_length();
    if !io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}") {
        bar.set_style(style);
    }
    Arc::new(Bar(bar.with_message(doing)))
}
