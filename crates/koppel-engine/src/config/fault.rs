//! What is wrong with a file, and where.

use std::fmt;

/// So many faults are told at once.
const MOST: usize = 30;
/// So many are looked for; a file with more is no file for the engine.
const MOST_SOUGHT: usize = 1_000;
/// So much of a text is shown.
const MOST_SHOWN: usize = 60;

/// Something that is wrong with `koppel.toml`, or with a file that it names. It never shows a value of a connector's
/// configuration: that may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The character in the line, from 1; 0 where the whole file is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would help.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl std::error::Error for Fault {}

/// Line and character of a byte in a text, from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before.get(start..).unwrap_or_default().chars().count() + 1)
}

/// A text that somebody else wrote, short and on one line.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The faults of a file so far.
#[derive(Debug)]
pub(super) struct Report<'a> {
    file: &'a str,
    text: &'a str,
    /// Where its lines begin.
    lines: Vec<usize>,
    found: Vec<Found>,
}

/// A fault, and the byte in the file to which it belongs.
#[derive(Debug)]
struct Found {
    at: usize,
    /// File, line and character, where the fault is in a file that this one names.
    elsewhere: Option<(String, usize, usize)>,
    message: String,
    hint: Option<String>,
}

impl<'a> Report<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let after = |(newline, _): (usize, &str)| newline + 1;
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(after)).collect();
        Self { file, text, lines, found: Vec::new() }
    }

    /// A fault at a byte of the file.
    pub(super) fn add(&mut self, at: usize, message: impl Into<String>) {
        self.push(Found { at, elsewhere: None, message: message.into(), hint: None });
    }

    /// A fault, with what would help.
    pub(super) fn hinted(&mut self, at: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Found { at, elsewhere: None, message: message.into(), hint: Some(hint.into()) });
    }

    /// A name that is none of the known ones; with the nearest, or all of them.
    pub(super) fn unknown(&mut self, at: usize, message: impl Into<String>, wrong: &str, known: &[impl AsRef<str>]) {
        let all: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let all = if all.is_empty() { "there are none".to_owned() } else { format!("there are: {}", all.join(", ")) };
        self.nearest(at, message, wrong, known, &all);
    }

    /// A name that is none of the known ones; with the nearest, or other help where none is near.
    pub(super) fn nearest(
        &mut self,
        at: usize,
        message: impl Into<String>,
        wrong: &str,
        known: &[impl AsRef<str>],
        other: &str,
    ) {
        // Looking for the nearest name takes time, and what is told in the end is far less than this.
        if !self.is_full() {
            let hint =
                nearest(wrong, known).map_or_else(|| other.to_owned(), |nearest| format!("did you mean [{nearest}]?"));
            self.hinted(at, message, hint);
        }
    }

    /// A fault in a file that is named at this byte.
    pub(super) fn elsewhere(&mut self, at: usize, file: &str, place: (usize, usize), message: impl Into<String>) {
        let elsewhere = Some((file.to_owned(), place.0, place.1));
        self.push(Found { at, elsewhere, message: message.into(), hint: None });
    }

    /// Is it no use to look for more?
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MOST_SOUGHT
    }

    fn push(&mut self, found: Found) {
        if !self.is_full() {
            self.found.push(found);
        }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// The file as it was read.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The faults in the order of the file; of very many the first, and how many there are.
    pub(super) fn finish(mut self) -> Vec<Fault> {
        let all = self.found.len();
        self.found.sort_by_key(|found| found.at);
        self.found.truncate(MOST);
        let mut faults: Vec<Fault> = Vec::with_capacity(self.found.len());
        for Found { at, elsewhere, message, hint } in self.found {
            let (file, line, column) = elsewhere.unwrap_or_else(|| {
                let (line, column) = place(self.text, at);
                (self.file.to_owned(), line, column)
            });
            faults.push(Fault { file, line, column, message, hint });
        }
        if all > MOST {
            let more = match all - MOST {
                1 => "one more fault".to_owned(),
                _ if all >= MOST_SOUGHT => "very many more faults".to_owned(),
                more => format!("{more} more faults"),
            };
            faults.push(whole(self.file, format!("and {more}")));
        }
        faults
    }
}

/// A fault of a file as a whole.
pub(super) fn whole(file: &str, message: String) -> Fault {
    Fault { file: file.to_owned(), line: 0, column: 0, message, hint: None }
}

/// The known name that was probably meant.
fn nearest<'k>(wrong: &str, known: &'k [impl AsRef<str>]) -> Option<&'k str> {
    let length = wrong.chars().count();
    if length > MOST_SHOWN {
        return None;
    }
    let wrong = wrong.to_lowercase();
    known
        .iter()
        .map(|known| (strsim::osa_distance(&wrong, &known.as_ref().to_lowercase()), known.as_ref()))
        .filter(|(distance, known)| *distance <= 1 + length.min(known.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_characters_and_a_line_begins_after_the_newline() {
        let text = "a = 1\né = \"ü\" # x\n";
        assert_eq!(place(text, 0), (1, 1));
        assert_eq!(place(text, text.find('#').unwrap()), (2, 9));
        assert_eq!(place(text, text.len()), (3, 1));
        let report = Report::new("koppel.toml", text);
        assert_eq!([0, 5, 6, 15, text.len()].map(|at| report.line(at)), [1, 1, 2, 2, 3]);
    }

    #[test]
    fn the_nearest_name_is_told_and_a_far_one_is_not() {
        let known = ["connector", "config", "mapping"];
        assert_eq!(nearest("conector", &known), Some("connector"));
        assert_eq!(nearest("Config", &known), Some("config"));
        assert_eq!(nearest("window", &known), None);
        assert_eq!(nearest(&"x".repeat(10_000), &known), None);
    }

    #[test]
    fn of_very_many_faults_the_first_are_told_and_the_rest_is_counted() {
        let mut report = Report::new("koppel.toml", "");
        for at in (0..40).rev() {
            report.add(at, format!("fault {at}"));
        }
        let faults = report.finish();
        assert_eq!(faults.len(), 31);
        assert_eq!(faults[0].message, "fault 0");
        assert_eq!(faults[30].to_string(), "koppel.toml: and 10 more faults");
    }
}
