//! Messages on stderr, with every known secret taken out.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use koppel::Scrubber;
use koppel_helloid::Severity;
use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::{LogArgs, LogFormat};
use crate::failure::Failure;
use crate::progress::Shown;

/// Writes each event to stderr, scrubbed.
#[derive(Clone)]
struct Scrubbed(Scrubber, Shown);

/// One event: gathered, scrubbed, written whole.
struct Line<'a> {
    scrubber: &'a Scrubber,
    shown: &'a Shown,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Scrubbed {
    type Writer = Line<'a>;
    fn make_writer(&'a self) -> Line<'a> {
        Line { scrubber: &self.0, shown: &self.1, text: Vec::new() }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let text = self.scrubber.text(&text);
        // Stderr may be closed; there is nowhere left to say so.
        let _ = self.shown.above(|| io::stderr().lock().write_all(text.as_bytes()));
    }
}

/// The target of what a dry run would have sent; it is always shown.
pub(crate) const DRY_RUN: &str = "dry-run";
/// The target of the access log of the service; it is always shown.
pub(crate) const ACCESS: &str = "access";
/// The target of what else the service says of itself; it is always shown.
pub(crate) const SERVICE: &str = "service";

/// What is logged: by `-v`, and by a configuration that asks for debug logging while the program runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Detail(Arc<AtomicU8>, Shown, LogFormat);

impl Detail {
    /// At least as much as one `-v`.
    pub(crate) fn debug(&self) {
        self.0.fetch_max(1, Ordering::Relaxed);
    }

    /// Where bars are drawn.
    pub(crate) fn shown(&self) -> &Shown {
        &self.1
    }

    /// Is each message a JSON object?
    pub(crate) fn is_json(&self) -> bool {
        self.2 == LogFormat::Json
    }

    fn shows(&self, metadata: &Metadata<'_>) -> bool {
        let ours = || OURS.iter().any(|name| metadata.target().split("::").next() == Some(name));
        if *metadata.level() <= Level::WARN || [DRY_RUN, ACCESS, SERVICE].contains(&metadata.target()) {
            return true;
        }
        match self.0.load(Ordering::Relaxed) {
            0 => false,
            1 => *metadata.level() <= Level::DEBUG && ours(),
            _ => true,
        }
    }
}

/// The crates whose requests `-v` shows.
const OURS: [&str; 10] = [
    "koppel",
    "koppel_http",
    "koppel_helloid",
    "koppel_sandbox",
    "koppel_engine",
    "csv_source",
    "inplanning_api",
    "inplanning_source",
    "inplanning_target",
    "ipassan_target",
];

/// Starts logging. Without `-v` only warnings, with it every request of ours, with `-vv` everything.
pub(crate) fn start(args: &LogArgs, scrubber: &Scrubber) -> Detail {
    let detail = Detail(Arc::new(AtomicU8::new(args.verbose)), Shown::default(), args.log_format);
    let filter = dynamic_filter_fn({
        let detail = detail.clone();
        move |metadata, _| detail.shows(metadata)
    })
    // What can never be shown costs nothing where it is logged.
    .with_max_level_hint(if args.verbose < 2 { Level::DEBUG } else { Level::TRACE });
    let layer = tracing_subscriber::fmt::layer().with_writer(Scrubbed(scrubber.clone(), detail.1.clone()));
    let registry = tracing_subscriber::registry();
    let started = match args.log_format {
        LogFormat::Human => {
            let color = io::IsTerminal::is_terminal(&io::stderr());
            registry.with(layer.without_time().with_target(false).with_ansi(color).with_filter(filter)).try_init()
        }
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_ansi(false).with_filter(filter)).try_init()
        }
    };
    // A second start in one process keeps the first.
    drop(started);
    detail
}

/// The text with control characters shown and not sent to the terminal: part of it may come from outside.
pub(crate) fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// Says something about a file or a person on stderr, as a line of its own: `warning: …` or `error: …`.
pub(crate) fn say(severity: Severity, text: &str, scrubber: &Scrubber, detail: &Detail) {
    let message = visible(&scrubber.text(text));
    let (word, level) = match severity {
        Severity::Warning => ("warning", "WARN"),
        Severity::Error => ("error", "ERROR"),
    };
    let line = match detail.2 {
        LogFormat::Human => format!("{word}: {message}\n"),
        LogFormat::Json => format!("{}\n", serde_json::json!({ "level": level, "message": message })),
    };
    // Stderr may be closed; there is nowhere left to say so.
    let _ = detail.1.above(|| io::stderr().lock().write_all(line.as_bytes()));
}

/// Says why the program fails: what, what would help, and with `-v` the detail.
pub(crate) fn failure(failure: &Failure, args: &LogArgs, scrubber: &Scrubber) {
    if failure.message.is_empty() {
        return;
    }
    let message = visible(&scrubber.text(&failure.message));
    let hint = failure.hint.as_deref().map(|hint| scrubber.text(hint));
    let detail = failure.detail.as_deref().map(|detail| scrubber.text(detail));
    let mut text = String::new();
    match args.log_format {
        LogFormat::Json => {
            let line = serde_json::json!({ "level": "ERROR", "message": message, "hint": hint, "detail": detail, "kind": failure.kind, "exit": failure.code });
            text.push_str(&line.to_string());
        }
        LogFormat::Human => {
            text.push_str("error: ");
            text.push_str(&message);
            if let Some(hint) = hint {
                text.push_str("\nhint: ");
                text.push_str(&hint);
            }
            if let Some(detail) = detail.filter(|_| args.verbose > 0) {
                text.push_str("\ndetail: ");
                text.push_str(&detail);
            }
        }
    }
    text.push('\n');
    // Stderr may be closed; there is nowhere left to say so.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
