//! What reading the file needs besides its text: the folder, the environment, and the files that it names.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};
use toml::de::DeValue;

use super::environment::{Environment, Problem, expand};
use super::fault::{Report, place, shown};
use super::section::{Node, Section, kind};

/// The file, and a configuration that it names, may have this many bytes.
pub(super) const MOST_BYTES: usize = 1024 * 1024;
/// A mapping may have this many, as everywhere.
const MOST_BYTES_OF_MAPPING: usize = 16 * 1024 * 1024;
/// All named files together may have this many.
const MOST_BYTES_OF_ALL: usize = 128 * 1024 * 1024;

/// The file being read.
pub(super) struct Reader<'a> {
    pub(super) report: Report<'a>,
    /// The name of the file.
    name: &'a str,
    /// The folder of the file, as the file was named: for messages.
    shown: &'a Path,
    /// The same, absolute.
    folder: PathBuf,
    environment: Environment<'a>,
    digest: Sha256,
    left: usize,
}

/// The configuration of a connector, where it stands and from where paths in it count.
pub(super) struct Config {
    pub(super) value: Value,
    pub(super) place: String,
    pub(super) folder: PathBuf,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &'a Path,
        name: &'a str,
        text: &'a str,
        folder: PathBuf,
        environment: Environment<'a>,
    ) -> Self {
        let shown = file.parent().unwrap_or(Path::new(""));
        let mut reader = Self {
            report: Report::new(name, text),
            name,
            shown,
            folder,
            environment,
            digest: Sha256::new(),
            left: MOST_BYTES_OF_ALL,
        };
        reader.count("", text.as_bytes());
        reader
    }

    /// A text with what the environment has for its variables.
    pub(super) fn expanded(&mut self, what: &str, node: &Node<'_>, text: &str) -> Option<String> {
        expand(text, self.environment).map_err(|problems| self.problems(what, node, problems)).ok()
    }

    /// The configuration of a source or target: a file, or a table.
    pub(super) fn config(&mut self, section: &Section<'_>, kind_and_name: &str) -> Option<Config> {
        const HELP: &str = "the path of a JSON file, or a table; {} where the connector needs nothing";
        let what = format!("{}: config", section.what);
        let Some(node) = section.get("config") else {
            self.report.hinted(section.at, format!("{what} is missing"), HELP);
            return None;
        };
        match node.get_ref() {
            DeValue::String(_) => self.config_file(section, node),
            DeValue::Table(_) => {
                let value = self.value(&what, node)?;
                let place = format!("{} {kind_and_name}.config", self.name);
                Some(Config { value, place, folder: self.folder.clone() })
            }
            other => {
                self.report.hinted(node.span().start, format!("{what} is {}", kind(other)), HELP);
                None
            }
        }
    }

    /// The mapping of a source or target; its content is for others to read.
    pub(super) fn mapping(&mut self, section: &Section<'_>) -> Option<(PathBuf, Vec<u8>)> {
        let path = section.text(&mut self.report, "mapping")?;
        let bytes = self.file(section, "mapping", path, MOST_BYTES_OF_MAPPING)?;
        Some((self.folder.join(path), bytes))
    }

    /// The SHA-256 of everything that was read, in hex.
    pub(super) fn digest(&self) -> String {
        format!("{:x}", self.digest.clone().finalize())
    }

    fn config_file(&mut self, section: &Section<'_>, node: &Node<'_>) -> Option<Config> {
        let at = node.span().start;
        let path = section.text(&mut self.report, "config")?;
        let bytes = self.file(section, "config", path, MOST_BYTES)?;
        let shown = self.shown.join(path).display().to_string();
        let text = match koppel_helloid::decode(&bytes) {
            Ok(text) => text,
            Err(why) => {
                self.report.elsewhere(at, &shown, (0, 0), format!("the file {why}"));
                return None;
            }
        };
        let mut value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                let (place, why) = broken(&text, &error);
                self.report.elsewhere(at, &shown, place, format!("the file is not JSON: {why}"));
                return None;
            }
        };
        if !value.is_object() {
            self.report.elsewhere(at, &shown, (1, 1), "the configuration is not a JSON object");
            return None;
        }
        let mut problems = Vec::new();
        expand_all(&mut value, self.environment, &mut problems);
        if !problems.is_empty() {
            // The variables as they stand in the file; only one that is written with escapes is not found there.
            let found = expand(&text, self.environment).err().unwrap_or(problems);
            for (in_file, why) in found {
                self.report.elsewhere(at, &shown, place(&text, in_file), why);
            }
            return None;
        }
        let path = self.folder.join(path);
        let folder = path.parent().map_or_else(|| self.folder.clone(), Path::to_owned);
        Some(Config { value, place: shown, folder })
    }

    /// A file that is named at a key. One that cannot be read is a fault.
    fn file(&mut self, section: &Section<'_>, key: &str, path: &str, most: usize) -> Option<Vec<u8>> {
        match bytes(&self.folder.join(path), most.min(self.left)) {
            Ok(bytes) => {
                self.left -= bytes.len();
                self.count(path, &bytes);
                Some(bytes)
            }
            Err(why) => {
                let shown = self.shown.join(path).display().to_string();
                let message = format!("{}: {key}: the file [{shown}] {why}", section.what);
                self.report.hinted(section.place(key), message, "a relative path counts from the folder of this file");
                None
            }
        }
    }

    /// Lengths keep one part from running into the next.
    fn count(&mut self, name: &str, bytes: &[u8]) {
        for part in [name.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
    }

    /// A value as JSON, with the environment in its texts. All that is wrong is told; then there is no value.
    fn value(&mut self, what: &str, node: &Node<'_>) -> Option<Value> {
        let at = node.span().start;
        match node.get_ref() {
            DeValue::String(text) => self.expanded(what, node, text).map(Value::String),
            DeValue::Integer(number) => {
                let (text, radix) = (number.as_str(), number.radix());
                let number = i64::from_str_radix(text, radix).map(Number::from);
                let number = number.or_else(|_| u64::from_str_radix(text, radix).map(Number::from));
                number
                    .map(Value::Number)
                    .map_err(|_| self.report.add(at, format!("{what}: the number is too large")))
                    .ok()
            }
            DeValue::Float(number) => {
                let number = number.as_str().parse().ok().and_then(Number::from_f64);
                if number.is_none() {
                    self.report.add(at, format!("{what}: the number is none that JSON has"));
                }
                number.map(Value::Number)
            }
            DeValue::Boolean(value) => Some(Value::Bool(*value)),
            DeValue::Datetime(value) => Some(Value::String(value.to_string())),
            DeValue::Array(entries) => {
                // Every entry is read, so that every fault is told.
                let values: Vec<Option<Value>> = entries.iter().map(|entry| self.value(what, entry)).collect();
                values.into_iter().collect::<Option<Vec<Value>>>().map(Value::Array)
            }
            DeValue::Table(table) => {
                let read = |(key, node): (&toml::Spanned<toml::de::DeString<'_>>, &Node<'_>)| {
                    Some((key.get_ref().to_string(), self.value(&format!("{what}.{}", shown(key.get_ref())), node)?))
                };
                let values: Vec<Option<(String, Value)>> = table.iter().map(read).collect();
                values.into_iter().collect::<Option<Map<String, Value>>>().map(Value::Object)
            }
        }
    }

    fn problems(&mut self, what: &str, node: &Node<'_>, problems: Vec<Problem>) {
        // Places in the file; those in the value differ where it has escapes.
        let span = node.span();
        let written = self.report.text().get(span.clone()).unwrap_or_default();
        let (start, found) = match expand(written, self.environment) {
            Err(found) => (span.start, found),
            Ok(_) => (span.start, problems.into_iter().map(|(_, why)| (0, why)).collect()),
        };
        for (at, why) in found {
            self.report.add(start + at, format!("{what}: {why}"));
        }
    }
}

/// The bytes of a file.
///
/// # Errors
/// Why it cannot be read, to follow its name.
pub(super) fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, String> {
    let why = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {e}"),
    };
    // Opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path).map_err(why)?.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(why)?.take(most as u64 + 1).read_to_end(&mut bytes).map_err(why)?;
    if bytes.len() > most {
        return Err(format!("is larger than {} KiB", most / 1024));
    }
    Ok(bytes)
}

/// Where a text stops being JSON, and why.
fn broken(text: &str, error: &serde_json::Error) -> ((usize, usize), String) {
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = (0..=error.column().saturating_sub(1)).rev().find_map(|end| line.get(..end)).unwrap_or_default();
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default().to_owned();
    ((error.line().max(1), before.chars().count() + 1), why)
}

fn expand_all(value: &mut Value, environment: Environment<'_>, problems: &mut Vec<Problem>) {
    match value {
        Value::String(text) => match expand(text, environment) {
            Ok(expanded) => *text = expanded,
            Err(wrong) => problems.extend(wrong.into_iter().map(|(_, why)| (0, why))),
        },
        Value::Array(entries) => entries.iter_mut().for_each(|entry| expand_all(entry, environment, problems)),
        Value::Object(map) => map.values_mut().for_each(|entry| expand_all(entry, environment, problems)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
