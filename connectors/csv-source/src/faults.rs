//! What is wrong with the files: all of it at once, up to a bound.

use koppel::{Error, ErrorKind, Fault, Result};

/// So many faults are told one by one.
const MOST: usize = 20;
/// So much of a value is shown.
const SHOWN: usize = 60;

/// The faults so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    told: Vec<Fault>,
    more: usize,
}

impl Faults {
    /// One more, about a whole line of a file.
    pub(crate) fn line(&mut self, file: &str, line: u64, message: impl Into<String>) {
        self.add(format!("{file} line {line}"), message);
    }

    /// One more, about a field.
    pub(crate) fn field(&mut self, file: &str, line: u64, header: &str, message: impl Into<String>) {
        self.add(format!("{file} line {line}, {header}"), message);
    }

    fn add(&mut self, place: String, message: impl Into<String>) {
        if self.told.len() < MOST {
            self.told.push(Fault::new(place, message));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Nothing where there are none.
    ///
    /// # Errors
    /// `Invalid` with the faults.
    pub(crate) fn end(mut self) -> Result<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        if self.more > 0 {
            self.told.push(Fault::new("", format!("and {} more of the kind", self.more)));
        }
        let message = self.told.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Err(Error::new(ErrorKind::Invalid, message).with_faults(self.told))
    }
}

/// A value as it is shown in a message: short, and on one line.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String = value.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
