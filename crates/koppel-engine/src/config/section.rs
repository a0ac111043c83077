//! Tables of the file: their keys, and the values that are asked of them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Report, shown};

/// A value, and where it stands.
pub(super) type Node<'a> = Spanned<DeValue<'a>>;

/// A table with known keys.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    /// What it is, for people: `source [hr]`.
    pub(super) what: String,
    /// Where it begins.
    pub(super) at: usize,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The table that stands here. Anything else is a fault, and so is every key that is not known.
    pub(super) fn of(
        report: &mut Report<'_>,
        what: impl Into<String>,
        node: &'a Node<'a>,
        known: &[&str],
    ) -> Option<Self> {
        let what = what.into();
        match node.get_ref() {
            DeValue::Table(table) => Some(Self::of_table(report, what, node.span().start, table, known)),
            other => {
                report.add(node.span().start, format!("{what} is {}; it must be a table", kind(other)));
                None
            }
        }
    }

    /// A table that begins at a byte.
    pub(super) fn of_table(
        report: &mut Report<'_>,
        what: impl Into<String>,
        at: usize,
        table: &'a DeTable<'a>,
        known: &[&str],
    ) -> Self {
        let what = what.into();
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let message = format!("{what}: the key [{}] is not known", shown(key.get_ref()));
            report.unknown(key.span().start, message, key.get_ref(), known);
        }
        Self { what, at, table }
    }

    /// What stands at a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node<'a>> {
        self.table.get(key)
    }

    /// Where a key's value stands, or the table where there is none.
    pub(super) fn place(&self, key: &str) -> usize {
        self.get(key).map_or(self.at, |node| node.span().start)
    }

    /// The text at a key, trimmed. One that is empty, or no text, is a fault.
    pub(super) fn text(&self, report: &mut Report<'_>, key: &str) -> Option<&'a str> {
        let node = self.get(key)?;
        text(report, &format!("{}: {key}", self.what), node)
    }

    /// The text at a key that must be there.
    pub(super) fn required(&self, report: &mut Report<'_>, key: &str, help: &str) -> Option<&'a str> {
        if self.get(key).is_none() {
            report.hinted(self.at, format!("{}: {key} is missing", self.what), help);
        }
        self.text(report, key)
    }

    /// The text at a key as something else; `parse` says what it must be.
    pub(super) fn parsed<T>(
        &self,
        report: &mut Report<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(report, key)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(why) => {
                report.add(self.place(key), format!("{}: {key} is [{}]; {why}", self.what, shown(text)));
                None
            }
        }
    }
}

/// A text that is not empty, trimmed; anything else is a fault of `what`.
pub(super) fn text<'a>(report: &mut Report<'_>, what: &str, node: &'a Node<'a>) -> Option<&'a str> {
    let at = node.span().start;
    match node.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => {
            report.add(at, format!("{what} is empty"));
            None
        }
        DeValue::String(text) => Some(text.trim()),
        other => {
            report.add(at, format!("{what} is {}; it must be a text", kind(other)));
            None
        }
    }
}

/// The entries of a list, or the one value that stands there instead of a list.
pub(super) fn entries<'a>(node: &'a Node<'a>) -> &'a [Node<'a>] {
    match node.get_ref() {
        DeValue::Array(entries) => entries,
        _ => std::slice::from_ref(node),
    }
}

/// The tables of an array of tables.
pub(super) fn tables<'a>(report: &mut Report<'_>, root: &Section<'a>, key: &str) -> &'a [Node<'a>] {
    match root.get(key) {
        None => &[],
        Some(node) => match node.get_ref() {
            DeValue::Array(entries) => entries,
            other => {
                let message = format!("[{key}] is {}; there can be several", kind(other));
                report.hinted(node.span().start, message, format!("write [[{key}]]"));
                &[]
            }
        },
    }
}

/// What a table is called, for people: by its name, or which of its kind it is.
pub(super) fn title(kind: &str, node: &Node<'_>, index: usize) -> String {
    let name = node.get_ref().get("name").and_then(|name| name.get_ref().as_str()).map(str::trim);
    match name {
        Some(name) if !name.is_empty() => format!("{kind} [{}]", shown(name)),
        _ => format!("{kind} {}", index + 1),
    }
}

/// What a value is, for people.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A whole number, if it is one that is not negative and fits.
pub(super) fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// The values in a table of tables by dotted key: `a.b = 1` is the same as `"a.b" = 1`. A table for which `is_value`
/// holds is a value.
pub(super) fn flat<'a>(
    table: &'a DeTable<'a>,
    is_value: &dyn Fn(&str, &DeTable<'_>) -> bool,
) -> Vec<(String, usize, &'a Node<'a>)> {
    let mut all = Vec::new();
    for (key, node) in table {
        let (name, at) = (key.get_ref().trim(), key.span().start);
        match node.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() && !is_value(name, inner) => {
                let deeper = |rest: &str, table: &DeTable<'_>| is_value(&format!("{name}.{rest}"), table);
                let inner = flat(inner, &deeper).into_iter();
                all.extend(inner.map(|(rest, at, node)| (format!("{name}.{rest}"), at, node)));
            }
            _ => all.push((name.to_owned(), at, node)),
        }
    }
    all.sort_by_key(|(_, at, _)| *at);
    all
}
