//! What is said while actions are carried out.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::{Cancel, Error, Scrubber};
use koppel_engine::enforce::{Done, Summary, Tell};
use koppel_engine::plan::Plan;

use super::{said, words};
use crate::failure::Failure;
use crate::io::{print_json, print_line};
use crate::log::{SERVICE, visible};

/// A line on stdout for each answer, the rest on stderr.
pub(super) struct Lines<'a> {
    json: bool,
    zone: &'a TimeZone,
    scrubber: &'a Scrubber,
    cancel: &'a Cancel,
    /// In this pass: succeeded, failed.
    counts: [AtomicU64; 2],
    /// Why stdout could not be written.
    broken: Mutex<Option<Failure>>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(json: bool, zone: &'a TimeZone, scrubber: &'a Scrubber, cancel: &'a Cancel) -> Self {
        Self { json, zone, scrubber, cancel, counts: Default::default(), broken: Mutex::default() }
    }

    /// What it came to: said on stderr, and an error unless all is as it should be.
    pub(super) fn conclude(self, summary: &Summary) -> Result<(), Failure> {
        if let Some(failure) = self.broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let Summary { done, failed, blocked, troubles } = summary;
        let counts = format!(
            "{} done, {} failed, {} blocked",
            words::grouped(*done),
            words::grouped(*failed),
            words::grouped(*blocked)
        );
        if summary.is_whole() {
            tracing::info!(target: SERVICE, "{counts}");
            return Ok(());
        }
        let said: Vec<&str> = [counts.as_str()].into_iter().chain(troubles.iter().map(String::as_str)).collect();
        Err(Failure::failed(said.join("; ")))
    }

    fn text(&self, done: &Done) -> String {
        let outcome = match (done.success, done.again) {
            (true, _) => done.outcome.clone(),
            (false, true) => "failed, is tried again".to_owned(),
            (false, false) => "FAILED".to_owned(),
        };
        let mut doing = words::doing(done.action, done.permission.as_deref());
        if !done.fields.is_empty() {
            doing = format!("{doing} [{}]", done.fields.join(", "));
        }
        let parts = [
            words::stamp(done.at, self.zone),
            words::person(&done.name, &done.person),
            done.target.clone(),
            doing,
            words::why(&done.because),
            format!("{outcome}: {}", done.message),
        ];
        // One line is one action, whatever a system answers.
        visible(&parts.join(" · ").replace('\n', " "))
    }
}

impl Tell for Lines<'_> {
    fn planned(&self, plan: &Plan) {
        for reached in &plan.thresholds {
            tracing::warn!(
                "{}: threshold {} is reached: {} of {}, the limit is {}",
                reached.name,
                reached.kind,
                words::grouped(reached.count),
                words::grouped(reached.of),
                reached.limit
            );
        }
        for source in plan.sources.iter().filter(|source| words::is_trouble(source)) {
            let why = source.message.as_deref().unwrap_or("could not be read");
            tracing::warn!("source {}: {why}; {}", source.name, words::freshness(source.state));
        }
        for warning in &plan.warnings {
            tracing::warn!("{warning}");
        }
    }

    fn done(&self, done: &Done) {
        if !done.again {
            self.counts[usize::from(!done.success)].fetch_add(1, Ordering::Relaxed);
        }
        let printed = if self.json { print_json(done) } else { print_line(&self.scrubber.text(&self.text(done))) };
        if let Err(failure) = printed {
            // Nobody reads any more; actions in flight end, and no others begin.
            self.cancel.cancel();
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        }
    }

    fn waiting(&self, until: Timestamp, why: &str) {
        let [done, failed] = self.counts.each_ref().map(|count| words::grouped(count.swap(0, Ordering::Relaxed)));
        let until = words::stamp(until, self.zone);
        tracing::info!(target: SERVICE, "{done} done, {failed} failed; waiting until {until}: {why}");
    }

    fn trouble(&self, error: &Error) {
        tracing::warn!("{}", said(error));
    }
}
