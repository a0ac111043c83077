//! The header line: which column leads to which place of a person, a contract or a department.

use std::collections::{BTreeMap, BTreeSet};

use crate::cells::{Holds, text};
use crate::config::UnknownColumns;
use crate::faults::{Faults, shown};
use crate::rows::Row;

/// The most columns of a file.
const MOST_COLUMNS: usize = 1000;

/// What may stand in a header line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// What a line is, such as a person.
    pub(crate) what: &'static str,
    /// The paths that everybody has, with a column or without.
    pub(crate) given: &'static [&'static str],
    /// Other known paths.
    pub(crate) known: &'static [&'static str],
    /// The paths that must be there.
    pub(crate) required: &'static [&'static str],
    /// Names that mean something else.
    pub(crate) reserved: &'static [&'static str],
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its place in a line.
    pub(crate) at: usize,
    /// The path, in HelloID's spelling.
    pub(crate) name: String,
    /// The same in steps.
    pub(crate) path: Vec<String>,
    /// What stands in it.
    pub(crate) holds: Holds,
}

/// The columns of a file.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// Those that are read, in the order of the file.
    pub(crate) all: Vec<Column>,
    /// How many fields a line has.
    pub(crate) width: usize,
    /// Where a known path is without a column, the places that are null.
    pub(crate) empty: Vec<Vec<String>>,
}

impl Columns {
    /// Reads a header line; `None` where it has faults.
    pub(crate) fn read(
        file: &str,
        header: Row<'_>,
        delimiter: u8,
        layout: &Layout,
        unknown: UnknownColumns,
        faults: &mut Faults,
    ) -> Option<Self> {
        let mut names = Vec::new();
        for field in header.fields {
            match text(field, delimiter) {
                Ok(name) => names.push(name),
                Err(message) => {
                    faults.line(file, header.line, message);
                    return None;
                }
            }
        }
        // A delimiter at the end of each line makes no column.
        while names.last().is_some_and(|name| name.is_empty()) {
            names.pop();
        }
        if names.len() > MOST_COLUMNS {
            faults.line(file, header.line, format!("has {} columns; at most {MOST_COLUMNS} are read", names.len()));
            return None;
        }
        let mut all: Vec<Column> = Vec::new();
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let mut bad = false;
        for (at, name) in names.iter().enumerate() {
            match layout.column(at, name, unknown) {
                Ok(Some(column)) => all.push(column),
                Ok(None) => {}
                Err(message) => {
                    bad = true;
                    faults.line(file, header.line, message);
                }
            }
            if !name.is_empty() && seen.insert(name.to_lowercase(), name).is_some() {
                bad = true;
                faults.line(file, header.line, format!("has the header [{}] twice; case does not count", shown(name)));
            }
        }
        for (lower, name) in &seen {
            for (end, _) in lower.match_indices('.') {
                if let Some(above) = lower.get(..end).and_then(|above| seen.get(above)) {
                    bad = true;
                    faults.line(
                        file,
                        header.line,
                        format!(
                            "[{}] cannot stand beside [{}], which is a value of its own",
                            shown(name),
                            shown(above)
                        ),
                    );
                }
            }
        }
        let missing: Vec<&str> =
            layout.required.iter().filter(|name| !all.iter().any(|column| column.name == **name)).copied().collect();
        if !missing.is_empty() {
            bad = true;
            let there = names.iter().take(8).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
            let and = if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() };
            faults.line(
                file,
                header.line,
                format!("has no header {}; between [{and}] it has: {there}", missing.join(", ")),
            );
        }
        (!bad).then(|| Self { width: names.len(), empty: layout.without_column(&all), all })
    }

    /// The place of a required column among those that are read.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|column| column.name == name)
    }

    /// The texts of a line, column by column; `None` where one of them is a fault, which is noted.
    pub(crate) fn texts<'r>(
        &self,
        file: &str,
        row: Row<'r>,
        delimiter: u8,
        faults: &mut Faults,
    ) -> Option<Vec<&'r str>> {
        let count = row.fields.len();
        // A delimiter at the end of a line is no field.
        let behind = row.fields.iter().skip(self.width).any(|field| !field.trim_ascii().is_empty());
        if count < self.width || behind {
            faults.line(file, row.line, format!("has {count} fields, and the header has {}", self.width));
            return None;
        }
        let mut texts = Vec::with_capacity(self.all.len());
        let mut good = true;
        for column in &self.all {
            match text(row.fields.get(column.at).unwrap_or_default(), delimiter) {
                Ok(text) => texts.push(text),
                Err(message) => {
                    good = false;
                    faults.field(file, row.line, &column.name, message);
                }
            }
        }
        good.then_some(texts)
    }
}

impl Layout {
    fn known(&self) -> impl Iterator<Item = &'static str> {
        self.given.iter().chain(self.known).copied()
    }

    /// Everybody has the same fields, whichever columns there are: a known path without one ends in a null, as high up as
    /// no column stands below it.
    fn without_column(&self, all: &[Column]) -> Vec<Vec<String>> {
        let leads = |begin: &[&str]| {
            all.iter()
                .any(|column| column.path.len() > begin.len() && column.path.iter().zip(begin).all(|(a, b)| a == b))
        };
        let mut empty = BTreeSet::new();
        for name in self.given.iter().filter(|name| !all.iter().any(|column| column.name == **name)) {
            let path: Vec<&str> = name.split('.').collect();
            let depth = (1..path.len()).find(|depth| !leads(&path[..*depth])).unwrap_or(path.len());
            empty.insert(path[..depth].iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        }
        empty.into_iter().collect()
    }

    /// The column of a header; `None` for one that is not read.
    fn column(&self, at: usize, name: &str, unknown: UnknownColumns) -> Result<Option<Column>, String> {
        let column = |name: &str, holds: Holds| {
            let path = name.split('.').map(str::to_owned).collect();
            Ok(Some(Column { at, name: name.to_owned(), path, holds }))
        };
        if name.is_empty() {
            return Err(format!("column {} has no header", at + 1));
        }
        if let Some(known) = self.known().find(|known| known.eq_ignore_ascii_case(name)) {
            return column(known, Holds::of(known));
        }
        if name.split('.').any(|part| part.trim().is_empty()) {
            return Err(format!("the header [{}] has an empty part between dots", shown(name)));
        }
        if let Some(rest) = name.get(..7).filter(|begin| begin.eq_ignore_ascii_case("Custom.")).and(name.get(7..)) {
            return column(&format!("Custom.{rest}"), Holds::Text);
        }
        if let Some(reserved) = self.reserved.iter().find(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(format!("the header [{reserved}] cannot be a column"));
        }
        match unknown {
            UnknownColumns::Keep => column(name, Holds::Text),
            UnknownColumns::Ignore => Ok(None),
            UnknownColumns::Refuse => {
                let like = self.known().map(|known| (distance(known, name), known)).min().filter(|(far, _)| *far <= 3);
                let like = like.map_or_else(|| ".".to_owned(), |(_, known)| format!("; is [{known}] meant?"));
                Err(format!(
                    "the header [{}] is no path of a {}{like} It can begin with Custom., or [unknownColumns] can be ignore or keep",
                    shown(name),
                    self.what
                ))
            }
        }
    }
}

/// How many letters have to be put in, left out or changed, without regard to case.
fn distance(known: &str, name: &str) -> usize {
    let known: Vec<u8> = known.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (i, letter) in name.bytes().take(64).map(|b| b.to_ascii_lowercase()).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in known.iter().enumerate() {
            let changed = corner + usize::from(*other != letter);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[known.len()]
}
