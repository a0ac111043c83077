//! Sources and targets: which connector, with which configuration, within which limits.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde_json::Value;

use super::fault::Report;
use super::limit::{self, Rate, SourceThresholds, Thresholds, thresholds};
use super::margin;
use super::names::Names;
use super::path;
use super::reader::Reader;
use super::section::{Section, kind, tables, title, whole_number};

/// So many sources, and so many targets.
const MOST: usize = 100;
const MOST_CONCURRENT: u64 = 100;
const DEFAULT_CONCURRENT: NonZeroUsize = NonZeroUsize::new(4).unwrap();
const CONNECTOR: &str = "the id of a connector, such as inplanning-source; `koppel connectors` lists them";

/// A source.
#[derive(Clone)]
pub struct SourceSettings {
    /// Its name.
    pub name: String,
    /// The id of its connector.
    pub connector: String,
    /// The configuration of the connector, with the environment in it. It may hold secrets.
    pub config: Value,
    /// Where the configuration stands, for messages: a file, or `koppel.toml source.hr.config`.
    pub config_place: String,
    /// From where relative paths in the configuration count.
    pub config_folder: PathBuf,
    /// A mapping.json and its bytes; without one the connector's own default counts.
    pub mapping: Option<(PathBuf, Vec<u8>)>,
    /// How old the last good read may be before it counts no more.
    pub max_age: SignedDuration,
    /// The limits of an import.
    pub thresholds: SourceThresholds,
}

/// A target.
#[derive(Clone)]
pub struct TargetSettings {
    /// Its name.
    pub name: String,
    /// The id of its connector.
    pub connector: String,
    /// The configuration of the connector, with the environment in it. It may hold secrets.
    pub config: Value,
    /// Where the configuration stands, for messages: a file, or `koppel.toml target.deuren.config`.
    pub config_place: String,
    /// From where relative paths in the configuration count.
    pub config_folder: PathBuf,
    /// A fieldMapping.json and its bytes; without one the connector's own default counts.
    pub mapping: Option<(PathBuf, Vec<u8>)>,
    /// How an account that is there already is recognised.
    pub correlate: Option<Correlate>,
    /// So many persons at a time.
    pub concurrency: NonZeroUsize,
    /// So many actions in a time, at most.
    pub rate: Option<Rate>,
    /// What ends an account.
    pub on_revoke: OnRevoke,
    /// The limits of an enforcement.
    pub thresholds: Thresholds,
}

/// How an account that is there already is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlate {
    /// The field of the person, such as `ExternalId`.
    pub person: String,
    /// The field of the account that has the same value.
    pub account: String,
}

/// What is done to an account that nobody is entitled to any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnRevoke {
    /// It stays and may not be used.
    #[default]
    Disable,
    /// It goes.
    Delete,
}

impl fmt::Debug for SourceSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the configuration, which may hold secrets.
        f.debug_struct("SourceSettings")
            .field("name", &self.name)
            .field("connector", &self.connector)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TargetSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetSettings")
            .field("name", &self.name)
            .field("connector", &self.connector)
            .finish_non_exhaustive()
    }
}

/// All sources, as far as they are in order, and the names of all.
pub(super) fn sources(reader: &mut Reader<'_>, root: &Section<'_>) -> (Vec<SourceSettings>, Names) {
    let known = ["name", "connector", "config", "mapping", "max_age", "thresholds"];
    let mut names = Names::default();
    let mut all = Vec::new();
    for section in sections(reader, root, "source", &known) {
        let name = names.read(&mut reader.report, &section, "source", &[]);
        let connector = section.required(&mut reader.report, "connector", CONNECTOR);
        let place = format!("source.{}", name.as_deref().unwrap_or_default());
        let config = reader.config(&section, &place);
        let mapping = reader.mapping(&section);
        let max_age = section.parsed(&mut reader.report, "max_age", margin::age);
        let limits = thresholds(&mut reader.report, &section.what, section.get("thresholds"), &limit::OF_SOURCES);
        let (Some(name), Some(connector), Some(config)) = (name, connector, config) else { continue };
        let of = |key: &str| {
            limits.iter().find(|(known, _)| known == key).map(|(_, limits)| limits.clone()).unwrap_or_default()
        };
        let [removed, added, blocked] = limit::OF_SOURCES.map(of);
        all.push(SourceSettings {
            name,
            connector: connector.to_owned(),
            config: config.value,
            config_place: config.place,
            config_folder: config.folder,
            mapping,
            max_age: max_age.unwrap_or(SignedDuration::from_mins(60)),
            thresholds: SourceThresholds { removed, added, blocked },
        });
    }
    (all, names)
}

/// All targets, as far as they are in order, and the names of all.
pub(super) fn targets(reader: &mut Reader<'_>, root: &Section<'_>) -> (Vec<TargetSettings>, Names) {
    let known =
        ["name", "connector", "config", "mapping", "correlate", "concurrency", "rate", "on_revoke", "thresholds"];
    let mut names = Names::default();
    let mut all = Vec::new();
    for section in sections(reader, root, "target", &known) {
        // The colon ends the name in a grant.
        let name = names.read(&mut reader.report, &section, "target", &[':']);
        let connector = section.required(&mut reader.report, "connector", CONNECTOR);
        let place = format!("target.{}", name.as_deref().unwrap_or_default());
        let config = reader.config(&section, &place);
        let mapping = reader.mapping(&section);
        let report = &mut reader.report;
        let correlate = correlate(report, &section);
        let concurrency = concurrency(report, &section);
        let rate = section.parsed(report, "rate", Rate::parse);
        let on_revoke = section.parsed(report, "on_revoke", on_revoke).unwrap_or_default();
        let limits =
            thresholds(report, &section.what, section.get("thresholds"), &limit::OF_TARGETS.map(|(key, _)| key));
        let (Some(name), Some(connector), Some(config)) = (name, connector, config) else { continue };
        let of = |(key, limits)| limit::OF_TARGETS.iter().find(|(known, _)| *known == key).map(|(_, of)| (*of, limits));
        all.push(TargetSettings {
            name,
            connector: connector.to_owned(),
            config: config.value,
            config_place: config.place,
            config_folder: config.folder,
            mapping,
            correlate,
            concurrency,
            rate,
            on_revoke,
            thresholds: limits.iter().filter_map(|(key, limits)| of((key.as_str(), limits.clone()))).collect(),
        });
    }
    (all, names)
}

/// The tables of a kind that must be there.
fn sections<'a>(reader: &mut Reader<'_>, root: &Section<'a>, kind: &str, known: &[&str]) -> Vec<Section<'a>> {
    let report = &mut reader.report;
    let nodes = tables(report, root, kind);
    if nodes.is_empty() && root.get(kind).is_none_or(|node| node.get_ref().is_array()) {
        report.hinted(root.place(kind), format!("there is no {kind}"), format!("add a [[{kind}]]"));
    }
    if let Some(one_too_many) = nodes.get(MOST) {
        report.add(one_too_many.span().start, format!("there are more than {MOST} {kind}s"));
    }
    let read = |(index, node)| Section::of(report, title(kind, node, index), node, known);
    nodes.iter().take(MOST).enumerate().filter_map(read).collect()
}

fn correlate(report: &mut Report<'_>, target: &Section<'_>) -> Option<Correlate> {
    const HELP: &str = "such as correlate = { person = \"ExternalId\", account = \"number\" }";
    let what = format!("{}: correlate", target.what);
    let section = Section::of(report, what, target.get("correlate")?, &["person", "account"])?;
    let person = section.required(report, "person", HELP);
    let account = section.required(report, "account", HELP);
    let person = person.and_then(|field| path::of_person(report, section.place("person"), &section.what, field));
    Some(Correlate { person: person?, account: account?.to_owned() })
}

fn concurrency(report: &mut Report<'_>, target: &Section<'_>) -> NonZeroUsize {
    let Some(node) = target.get("concurrency") else { return DEFAULT_CONCURRENT };
    let number = whole_number(node.get_ref()).filter(|number| *number <= MOST_CONCURRENT);
    number.and_then(|number| NonZeroUsize::new(usize::try_from(number).ok()?)).unwrap_or_else(|| {
        let is = match node.get_ref() {
            toml::de::DeValue::Integer(number) => number.to_string(),
            other => kind(other).to_owned(),
        };
        let message = format!("{}: concurrency is {is}; it must be a number from 1 to {MOST_CONCURRENT}", target.what);
        report.add(node.span().start, message);
        DEFAULT_CONCURRENT
    })
}

fn on_revoke(text: &str) -> Result<OnRevoke, String> {
    match text {
        "disable" => Ok(OnRevoke::Disable),
        "delete" => Ok(OnRevoke::Delete),
        _ => Err("it must be disable or delete".to_owned()),
    }
}
