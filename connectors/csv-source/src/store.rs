//! Contracts in little memory, until their person comes by.

use std::collections::HashMap;

/// The texts of rows with one number of columns, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Store {
    width: usize,
    text: String,
    ends: Vec<u32>,
    lines: Vec<u32>,
}

/// Where a person stands, and the contracts.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The line in the file with persons.
    pub(crate) line: u64,
    /// The rows in the store.
    pub(crate) contracts: Vec<u32>,
}

/// The persons by their id.
pub(crate) type People = HashMap<Box<str>, Entry>;

impl Store {
    /// For rows with so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Takes a row in; `None` where there is no room for it.
    pub(crate) fn add(&mut self, line: u64, texts: &[&str]) -> Option<u32> {
        let row = u32::try_from(self.lines.len()).ok()?;
        for text in texts {
            self.text.push_str(text);
            self.ends.push(u32::try_from(self.text.len()).ok()?);
        }
        self.lines.push(u32::try_from(line).ok()?);
        Some(row)
    }

    /// The text in a column of a row.
    pub(crate) fn text(&self, row: u32, column: usize) -> &str {
        let at = row as usize * self.width + column;
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let begin = at.checked_sub(1).map_or(0, end);
        self.text.get(begin..end(at)).unwrap_or_default()
    }

    /// The line that a row came from.
    pub(crate) fn line(&self, row: u32) -> u64 {
        self.lines.get(row as usize).copied().map_or(0, u64::from)
    }
}
