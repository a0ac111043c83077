//! JSON whose parts know their line, read leniently and within bounds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::finding::Finding;

/// A file may have this many bytes.
pub(crate) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// An object may have this many properties; HelloID's own have seven at most.
const MOST_MEMBERS: usize = 200;

/// So many findings are listed; a file with more is not a mapping with faults, it is something else.
const MOST_FINDINGS: usize = 1_000;

/// What there is to say about a file, while it is read.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    text: &'a str,
    /// A place in the text and the newlines before it: the next place is mostly near.
    seen: (usize, usize),
    findings: Vec<Finding>,
    unlisted: usize,
    /// The short name of the check that the next finding is of.
    code: &'static str,
}

impl<'a> Report<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, seen: (0, 0), findings: Vec::new(), unlisted: 0, code: "" }
    }

    /// The line where a part of the text begins.
    pub(crate) fn line(&mut self, part: &RawValue) -> usize {
        let at = part.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let (seen, lines) = self.seen;
        let newlines = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default().matches('\n').count();
        let lines = if at >= seen { lines + newlines(seen, at) } else { lines.saturating_sub(newlines(at, seen)) };
        self.seen = (at, lines);
        lines + 1
    }

    /// Gives the next finding the short name of its check.
    pub(crate) fn under(&mut self, code: &'static str) -> &mut Self {
        self.code = code;
        self
    }

    pub(crate) fn error(&mut self, part: &RawValue, field: &str, message: impl Into<String>) {
        let line = self.line(part);
        self.add(Finding::error(line, field, message));
    }

    pub(crate) fn warning(&mut self, part: &RawValue, field: &str, message: impl Into<String>) {
        let line = self.line(part);
        self.add(Finding::warning(line, field, message));
    }

    pub(crate) fn add(&mut self, mut finding: Finding) {
        let code = std::mem::take(&mut self.code);
        if finding.code.is_empty() {
            finding.code = code;
        }
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }

    /// All findings, in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.line);
        if self.unlisted > 0 {
            let message =
                format!("there are {} more findings than these; mend the first ones and look again", self.unlisted);
            self.findings.push(Finding::error(0, "", message));
        }
        self.findings
    }
}

/// A part of the file for a message: its beginning, on one line.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String =
        text.chars().take(MOST).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// What a JSON value is, in words.
pub(crate) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// An object, its properties in any case.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pub(crate) raw: &'a RawValue,
    /// What messages call it.
    pub(crate) place: String,
    members: Vec<(String, &'a RawValue)>,
    too_many: bool,
}

impl<'a> Object<'a> {
    /// `None`, and an error in the report, where it is no object.
    pub(crate) fn read(report: &mut Report<'_>, raw: &'a RawValue, place: &str) -> Option<Self> {
        let Ok(Members { members, too_many }) = serde_json::from_str(raw.get()) else {
            let what = if kind(raw) == "an object" { "an object with a broken name of a property" } else { kind(raw) };
            report.error(raw, place, format!("is {what}, where an object belongs"));
            return None;
        };
        Some(Self { raw, place: place.to_owned(), members, too_many })
    }

    /// Says which properties are unknown or stand there twice.
    pub(crate) fn only(&self, report: &mut Report<'_>, known: &[&str]) {
        if self.too_many {
            report.error(self.raw, &self.place, format!("has more than {MOST_MEMBERS} properties"));
        }
        for (index, (name, value)) in self.members.iter().enumerate() {
            let earlier = self.members.iter().take(index).any(|(other, _)| other.eq_ignore_ascii_case(name));
            if earlier {
                report.under("key-twice").error(value, &self.place, format!("has [{}] twice", shown(name)));
            } else if !known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                let message = format!("has [{}], which HelloID does not know there; it is left out", shown(name));
                report.under("unknown-key").warning(value, &self.place, message);
            }
        }
    }

    /// A property that is there and not null; the last one where it stands there twice.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.any(name).filter(|value| value.get() != "null")
    }

    /// A property that is there, perhaps null.
    pub(crate) fn any(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.members.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// A text; `None` where it is absent or no text, which is an error.
    pub(crate) fn text(&self, report: &mut Report<'_>, name: &str) -> Option<String> {
        let raw = self.get(name)?;
        let text = serde_json::from_str(raw.get()).ok();
        if text.is_none() {
            report.error(raw, &self.place, format!("{name} is {}, where a text belongs", broken(raw)));
        }
        text
    }

    /// True or false, also as text; absent is false.
    pub(crate) fn flag(&self, report: &mut Report<'_>, name: &str) -> bool {
        let Some(raw) = self.get(name) else { return false };
        match raw.get().trim_matches('"').to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                report.error(raw, &self.place, format!("{name} is neither true nor false"));
                false
            }
        }
    }

    /// A list of at most so many; absent is empty. One object or text in place of a list is a list of it.
    pub(crate) fn list(&self, report: &mut Report<'_>, name: &str, most: usize) -> Vec<&'a RawValue> {
        let Some(raw) = self.get(name) else { return Vec::new() };
        let items = match kind(raw) {
            "a list" => items(raw, most),
            "an object" | "a text" => {
                report.warning(
                    raw,
                    &self.place,
                    format!("{name} is {} and no list; it counts as a list of one", kind(raw)),
                );
                return vec![raw];
            }
            _ => None,
        };
        let Some(Items { items, too_many }) = items else {
            report.error(raw, &self.place, format!("{name} is {}, where a list belongs", broken(raw)));
            return Vec::new();
        };
        if too_many {
            report.error(raw, &self.place, format!("{name} has more than {most} entries; the rest is not read"));
        }
        items
    }
}

fn broken(raw: &RawValue) -> &'static str {
    if kind(raw) == "a text" { "a text with a broken character" } else { kind(raw) }
}

/// The entries of a list, at most so many; `None` where it is no list.
pub(crate) fn items(raw: &RawValue, most: usize) -> Option<Items<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    deserializer.deserialize_seq(ItemsVisitor(most)).ok()
}

/// The first entries of a list.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    pub(crate) items: Vec<&'a RawValue>,
    too_many: bool,
}

struct ItemsVisitor(usize);

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.0 {
            let Some(item) = seq.next_element()? else { return Ok(Items { items, too_many: false }) };
            items.push(item);
        }
        let mut too_many = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            too_many = true;
        }
        Ok(Items { items, too_many })
    }
}

struct Members<'a> {
    members: Vec<(String, &'a RawValue)>,
    too_many: bool,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while members.len() < MOST_MEMBERS {
            let Some(member) = map.next_entry()? else { return Ok(Members { members, too_many: false }) };
            members.push(member);
        }
        let mut too_many = false;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            too_many = true;
        }
        Ok(Members { members, too_many })
    }
}
