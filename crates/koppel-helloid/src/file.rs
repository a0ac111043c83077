//! HelloID's own files, told apart by what is in them: their names vary.

use serde_json::value::RawValue;

use crate::finding::{Finding, Read};
use crate::mapping::json::{MOST_BYTES, Object, Report, items};
use crate::mapping::{FieldMapping, SourceMapping, read_fields, read_source};
use crate::text::decode;

/// So many entries of a list are looked at to find out what it is.
const MOST_LOOKED_AT: usize = 1_000;

/// What a file of HelloID is.
#[derive(Debug, Clone, PartialEq)]
pub enum FileContent {
    /// A configuration.json: its text, decoded.
    Form(String),
    /// A fieldMapping.json of a target.
    FieldMapping(FieldMapping),
    /// A mapping.json of a source.
    SourceMapping(SourceMapping),
    /// Nothing but blanks.
    Empty,
}

impl FileContent {
    /// Reads a file in UTF-8 or UTF-16 and finds out what it is. Everything that is wrong is found at once; the
    /// content is `None` where the bytes are no text, no JSON, larger than 16 MiB, or no file of HelloID.
    ///
    /// ```
    /// use koppel_helloid::FileContent;
    /// let read = FileContent::read(br#"{"personMappings": [], "contractMappings": []}"#);
    /// assert!(matches!(read.value, Some(FileContent::SourceMapping(_))));
    /// assert_eq!(FileContent::read(b" ").value, Some(FileContent::Empty));
    /// let read = FileContent::read(br#"{"MappingFields": []} x"#);
    /// assert!(read.findings[0].message.contains("byte 22"));
    /// ```
    pub fn read(bytes: &[u8]) -> Read<Self> {
        if bytes.len() > MOST_BYTES {
            let message = format!("the file is larger than {} MiB", MOST_BYTES / 1024 / 1024);
            return refused(Finding::error(0, "", message));
        }
        let text = match decode(bytes) {
            Ok(text) => text,
            Err(e) => return refused(Finding::error(0, "", format!("the file {e}"))),
        };
        if text.trim().is_empty() {
            let finding = Finding::warning(0, "", "the file is empty; nothing is mapped").coded("empty-file");
            return Read { value: Some(Self::Empty), findings: vec![finding] };
        }
        let mut report = Report::new(&text);
        let root = match root(&text) {
            Ok((root, rest)) => {
                if let Some(rest) = rest {
                    let line = 1 + text.get(..rest).unwrap_or_default().matches('\n').count();
                    let message =
                        format!("the JSON ends before byte {}, and more follows it", place(bytes, &text, rest));
                    report.add(Finding::error(line, "", message));
                }
                root
            }
            Err(finding) => return refused(finding),
        };
        let value = content(&mut report, root, &text);
        Read { value, findings: report.finish() }
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Form(_) => "a configuration form",
            Self::FieldMapping(_) => "the field mapping of a target",
            Self::SourceMapping(_) => "the mapping of a source",
            Self::Empty => "empty",
        }
    }
}

impl FieldMapping {
    /// Reads the fieldMapping.json of a target, in UTF-8 or UTF-16. An empty file is a mapping without fields, and a
    /// warning. Everything that is wrong is found at once, with its line; do not use a mapping that has errors.
    pub fn read(bytes: &[u8]) -> Read<Self> {
        let Read { value, findings } = FileContent::read(bytes);
        match value {
            Some(FileContent::FieldMapping(mapping)) => Read { value: Some(mapping), findings },
            Some(FileContent::Empty) => Read { value: Some(Self::default()), findings },
            other => another(other, findings, "a fieldMapping.json has MappingFields"),
        }
    }
}

impl SourceMapping {
    /// Reads the mapping.json of a source, as [`FieldMapping::read`] does.
    pub fn read(bytes: &[u8]) -> Read<Self> {
        let Read { value, findings } = FileContent::read(bytes);
        match value {
            Some(FileContent::SourceMapping(mapping)) => Read { value: Some(mapping), findings },
            Some(FileContent::Empty) => Read { value: Some(Self::default()), findings },
            other => another(other, findings, "the mapping.json of a source has personMappings and contractMappings"),
        }
    }
}

fn refused(finding: Finding) -> Read<FileContent> {
    Read { value: None, findings: vec![finding] }
}

/// A file of another kind than the one asked for.
fn another<T>(found: Option<FileContent>, mut findings: Vec<Finding>, expected: &str) -> Read<T> {
    if let Some(found) = found {
        findings = vec![Finding::error(0, "", format!("the file is {}; {expected}", found.kind()))];
    }
    Read { value: None, findings }
}

/// The JSON value of the file, and where it goes on behind it.
fn root(text: &str) -> Result<(&RawValue, Option<usize>), Finding> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let root = match values.next() {
        Some(Ok(root)) => root,
        Some(Err(e)) => return Err(Finding::error(e.line(), "", format!("the file is not JSON: {e}"))),
        None => return Err(Finding::error(0, "", "the file is not JSON")),
    };
    let end = values.byte_offset();
    let rest = text.get(end..).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start().len();
    Ok((root, (blanks < rest.len()).then_some(end + blanks)))
}

/// Where a place in the decoded text stands in the file.
fn place(bytes: &[u8], text: &str, at: usize) -> usize {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return 2 + 2 * text.get(..at).unwrap_or_default().encode_utf16().count();
    }
    at + bytes.len() - text.len()
}

fn content(report: &mut Report<'_>, root: &RawValue, text: &str) -> Option<FileContent> {
    if let Some(entries) = items(root, MOST_LOOKED_AT) {
        let mut quiet = Report::new(text);
        let form = entries
            .items
            .iter()
            .any(|entry| Object::read(&mut quiet, entry, "").is_some_and(|entry| entry.any("key").is_some()));
        if form || entries.items.is_empty() {
            return Some(FileContent::Form(text.to_owned()));
        }
    } else if let Some(object) = Object::read(&mut Report::new(text), root, "") {
        if object.any("MappingFields").is_some() {
            return Some(FileContent::FieldMapping(read_fields(report, &object)));
        }
        if object.any("personMappings").is_some() || object.any("contractMappings").is_some() {
            return Some(FileContent::SourceMapping(read_source(report, &object)));
        }
    }
    report.add(Finding::error(
        0,
        "",
        "this is no file of HelloID: a fieldMapping.json has MappingFields, the mapping.json of a source has \
         personMappings and contractMappings, and a configuration.json is a list of objects with a key",
    ));
    None
}
