//! Counters in the text format of Prometheus. A label is a route, connector or action that exists, never what was sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What Prometheus expects of this format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper bounds of the buckets, in seconds.
const BUCKETS: [f64; 12] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 900.0];

/// All counters of the service.
#[derive(Default)]
pub(super) struct Metrics {
    requests: Family<u64>,
    durations: Family<Histogram>,
    actions: Family<u64>,
    imports: Family<u64>,
    objects: Family<u64>,
    pub(super) failed_logins: AtomicU64,
    pub(super) connections: Gauge,
    pub(super) in_flight: Gauge,
    pub(super) waiting: Gauge,
    pub(super) instances: Gauge,
}

/// A number that goes up and down.
#[derive(Default, Clone)]
pub(super) struct Gauge(Arc<AtomicI64>);

/// One more, until it is dropped.
pub(super) struct Counted(Gauge);

impl Gauge {
    pub(super) fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    pub(super) fn set(&self, value: usize) {
        self.0.store(i64::try_from(value).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One value for each set of labels, which are written as they are shown.
#[derive(Default)]
struct Family<T>(Mutex<BTreeMap<String, T>>);

impl<T: Default> Family<T> {
    fn with(&self, labels: &[(&str, &str)], change: impl FnOnce(&mut T)) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(labels.join(",")).or_default());
    }

    fn each(&self, mut write: impl FnMut(&str, &T)) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().for_each(|(labels, value)| write(labels, value));
    }
}

#[derive(Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    sum: f64,
    count: u64,
}

impl Metrics {
    /// A request was answered.
    pub(super) fn request(&self, route: &str, connector: &str, action: &str, status: &str, took: Duration) {
        let labels = [("route", route), ("connector", connector), ("action", action), ("status", status)];
        self.requests.with(&labels, |count| *count += 1);
        let seconds = took.as_secs_f64();
        let [route, connector, action, _] = labels;
        self.durations.with(&[route, connector, action], |histogram| {
            for (bucket, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
                *bucket += u64::from(seconds <= bound);
            }
            histogram.sum += seconds;
            histogram.count += 1;
        });
    }

    /// An action was carried out.
    pub(super) fn action(&self, connector: &str, action: &str, outcome: &str) {
        self.actions.with(&[("connector", connector), ("action", action), ("outcome", outcome)], |count| *count += 1);
    }

    /// An import ended.
    pub(super) fn import(&self, connector: &str, action: &str, outcome: &str, objects: u64) {
        self.imports.with(&[("connector", connector), ("action", action), ("outcome", outcome)], |count| *count += 1);
        self.objects.with(&[("connector", connector), ("action", action)], |count| *count += objects);
    }

    /// All of it, as text.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
        head(&mut out, "koppel_build_info", "gauge", "The version that runs.");
        line(&mut out, "koppel_build_info", &version, 1);
        counters(&mut out, "koppel_http_requests_total", "Requests that were answered.", &self.requests);
        counters(&mut out, "koppel_actions_total", "Actions that were carried out.", &self.actions);
        counters(&mut out, "koppel_imports_total", "Imports that ended.", &self.imports);
        counters(&mut out, "koppel_import_objects_total", "Objects that imports gave.", &self.objects);
        head(&mut out, "koppel_failed_logins_total", "counter", "Requests without a token that is let in.");
        line(&mut out, "koppel_failed_logins_total", "", self.failed_logins.load(Ordering::Relaxed));
        for (name, help, gauge) in [
            ("koppel_http_connections", "Connections that are open.", &self.connections),
            ("koppel_http_requests_in_flight", "Requests that are not answered yet.", &self.in_flight),
            ("koppel_actions_waiting", "Actions and imports that wait for their turn.", &self.waiting),
            ("koppel_instances", "Configurations whose connections are kept.", &self.instances),
        ] {
            head(&mut out, name, "gauge", help);
            line(&mut out, name, "", gauge.0.load(Ordering::Relaxed));
        }
        let name = "koppel_http_request_duration_seconds";
        head(&mut out, name, "histogram", "How long requests took, from their headers to the end of the answer.");
        self.durations.each(|labels, histogram| {
            for (count, bound) in histogram.buckets.iter().zip(BUCKETS) {
                line(&mut out, &format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), count);
            }
            line(&mut out, &format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), histogram.count);
            line(&mut out, &format!("{name}_sum"), labels, histogram.sum);
            line(&mut out, &format!("{name}_count"), labels, histogram.count);
        });
        out
    }
}

fn counters(out: &mut String, name: &str, help: &str, family: &Family<u64>) {
    head(out, name, "counter", help);
    family.each(|labels, count| line(out, name, labels, count));
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = match labels {
        "" => writeln!(out, "{name} {value}"),
        labels => writeln!(out, "{name}{{{labels}}} {value}"),
    };
}
