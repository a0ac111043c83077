//! `koppel.toml`: which systems there are, and who should have what in them.
//!
//! [`read`] gives [`Settings`], or everything that is wrong with the file at once. It reads the files that
//! `koppel.toml` names, and makes no connector.

mod condition;
mod environment;
mod fault;
mod limit;
mod margin;
mod names;
mod path;
mod reader;
mod rule;
mod schema;
mod section;
mod system;

use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml::de::DeTable;

use self::fault::{Report, shown, whole};
use self::names::Names;
use self::reader::{MOST_BYTES, Reader};
use self::section::{Section, entries};

pub use self::condition::Condition;
pub use self::fault::Fault;
pub use self::limit::{Change, Kind, Limit, Rate, SourceThresholds, Thresholds};
pub use self::margin::Margin;
pub use self::path::Path;
pub use self::rule::{Grant, Rule};
pub use self::schema::schema;
pub use self::system::{Correlate, OnRevoke, SourceSettings, TargetSettings};

const DEFAULT_STATE: &str = "sqlite:koppel.db";
const DEFAULT_ZONE: &str = "Europe/Amsterdam";
const DEFAULT_LEASE: SignedDuration = SignedDuration::from_secs(30);

/// Everything that `koppel.toml` says.
#[derive(Clone)]
pub struct Settings {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Its folder, absolute; relative paths count from here.
    pub folder: PathBuf,
    /// The SHA-256, in hex, of the text of the file and of the configurations and mappings that it names. The
    /// environment is not in it.
    pub digest: String,
    /// Where the state is: `sqlite:` and an absolute path, or `postgres://…`. It may hold a password.
    pub state_url: String,
    /// How long a worker that fell silent keeps its jobs, before another takes them over.
    pub lease: SignedDuration,
    /// The zone in which days begin.
    pub zone: TimeZone,
    /// The field of a person that is the same in every source, such as `ExternalId`.
    pub persons_key: String,
    /// The names of all sources; a field of a person comes from the first that has it.
    pub persons_order: Vec<String>,
    /// The sources, in the order of the file.
    pub sources: Vec<SourceSettings>,
    /// The targets, in the order of the file.
    pub targets: Vec<TargetSettings>,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("file", &self.file)
            .field("digest", &self.digest)
            .field("sources", &self.sources)
            .field("targets", &self.targets)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// Reads a `koppel.toml` of at most 1 MiB, and the files that it names. `environment` gives the variables that stand
/// in it as `${NAME}`.
///
/// # Errors
/// Everything that is wrong, in the order of the file; of very many faults the first. Where the file is no TOML only
/// that is told.
///
/// ```
/// let folder = std::env::temp_dir();
/// let faults = koppel_engine::config::read(&folder.join("no such file.toml"), &|_| None).unwrap_err();
/// assert!(faults[0].message.contains("does not exist"));
/// ```
pub fn read(file: &FilePath, environment: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Vec<Fault>> {
    let name = file.display().to_string();
    let refused = |message: String| vec![whole(&name, message)];
    let bytes = reader::bytes(file, MOST_BYTES).map_err(|why| refused(format!("the file {why}")))?;
    let text = koppel_helloid::decode(&bytes).map_err(|why| refused(format!("the file {why}")))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(FilePath::new("."));
    let folder =
        std::path::absolute(folder).map_err(|e| refused(format!("the folder of the file is not known: {e}")))?;

    let (root, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let mut report = Report::new(&name, &text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            report.add(at, format!("the file is not TOML: {}", error.message()));
        }
        return Err(report.finish());
    }
    let mut reader = Reader::new(file, &name, &text, folder.clone(), environment);
    let known = ["state", "time_zone", "persons", "source", "target", "rule"];
    let root = Section::of_table(&mut reader.report, "the file", 0, root.get_ref(), &known);
    let state = state(&mut reader, &root, &folder);
    let zone = zone(&mut reader.report, &root);
    let (sources, names) = system::sources(&mut reader, &root);
    let (persons_key, persons_order) = persons(&mut reader.report, &root, &names);
    let (targets, target_names) = system::targets(&mut reader, &root);
    let rules = rule::rules(&mut reader.report, &root, &names, &target_names);

    let digest = reader.digest();
    let faults = reader.report.finish();
    match (state, zone) {
        (Some((state_url, lease)), Some(zone)) if faults.is_empty() => Ok(Settings {
            file: file.to_owned(),
            folder,
            digest,
            state_url,
            lease,
            zone,
            persons_key,
            persons_order,
            sources,
            targets,
            rules,
        }),
        _ => Err(faults),
    }
}

/// Where the state is, and how long a lease on it lasts.
fn state(reader: &mut Reader<'_>, root: &Section<'_>, folder: &FilePath) -> Option<(String, SignedDuration)> {
    let Some(node) = root.get("state") else { return Some((absolute(DEFAULT_STATE, folder), DEFAULT_LEASE)) };
    let section = Section::of(&mut reader.report, "state", node, &["url", "lease"])?;
    let lease = match section.get("lease") {
        Some(_) => section.parsed(&mut reader.report, "lease", margin::lease),
        None => Some(DEFAULT_LEASE),
    };
    let url = state_url(reader, &section, folder);
    url.zip(lease)
}

fn state_url(reader: &mut Reader<'_>, section: &Section<'_>, folder: &FilePath) -> Option<String> {
    let Some(node) = section.get("url") else { return Some(absolute(DEFAULT_STATE, folder)) };
    let written = section.text(&mut reader.report, "url")?;
    let url = reader.expanded("state: url", node, written)?;
    let path = url.strip_prefix("sqlite:").map(|path| path.split('?').next().unwrap_or_default());
    match path {
        Some(path) if path.trim_start_matches('/').is_empty() => {
            reader.report.hinted(node.span().start, "state: url names no file", format!("such as {DEFAULT_STATE}"));
            None
        }
        Some(_) => Some(absolute(&url, folder)),
        None if url.starts_with("postgres://") || url.starts_with("postgresql://") => Some(url),
        None => {
            // The text is not shown: it may have a password in it.
            let message = "state: url begins with neither sqlite: nor postgres://";
            reader.report.hinted(
                node.span().start,
                message,
                format!("such as {DEFAULT_STATE}, or postgres://USER@HOST/NAME"),
            );
            None
        }
    }
}

/// The URL of a database file, with a relative path made absolute.
fn absolute(url: &str, folder: &FilePath) -> String {
    let path = url.trim_start_matches("sqlite:");
    let path = path.strip_prefix("//").unwrap_or(path);
    let file = path.split('?').next().unwrap_or_default();
    if file == ":memory:" || FilePath::new(file).is_absolute() || file.starts_with('/') {
        return format!("sqlite:{path}");
    }
    // The folder is a path, and what is written is part of a URL.
    let mut escaped = folder.display().to_string();
    for (character, code) in [('%', "%25"), ('?', "%3F"), ('#', "%23")] {
        escaped = escaped.replace(character, code);
    }
    format!("sqlite:{escaped}{}{path}", std::path::MAIN_SEPARATOR)
}

fn zone(report: &mut Report<'_>, root: &Section<'_>) -> Option<TimeZone> {
    let name = match root.get("time_zone") {
        Some(_) => root.text(report, "time_zone")?,
        None => DEFAULT_ZONE,
    };
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let message = format!("time_zone: there is no time zone [{}]", shown(name));
        report.nearest(
            root.place("time_zone"),
            message,
            name,
            &known,
            "a name of the IANA database, such as Europe/Amsterdam",
        );
    }
    zone
}

/// The key of persons, and the sources in the order in which they are asked.
fn persons(report: &mut Report<'_>, root: &Section<'_>, sources: &Names) -> (String, Vec<String>) {
    let mut key = "ExternalId".to_owned();
    let mut order: Vec<String> = Vec::new();
    let section = root.get("persons").and_then(|node| Section::of(report, "persons", node, &["key", "order"]));
    if let Some(section) = section {
        if let Some(text) = section.text(report, "key") {
            key = path::of_person(report, section.place("key"), "persons: key", text).unwrap_or(key);
        }
        for entry in section.get("order").map(entries).unwrap_or_default() {
            if let Some(name) = sources.find(report, "persons: order", entry, "source") {
                if order.contains(&name) {
                    report.add(entry.span().start, format!("persons: order: the source [{name}] is there twice"));
                }
                order.push(name);
            }
        }
    }
    let rest: Vec<String> = sources.all().iter().filter(|name| !order.contains(name)).cloned().collect();
    order.extend(rest);
    (key, order)
}
