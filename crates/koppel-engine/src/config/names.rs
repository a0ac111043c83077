//! The names of sources, targets and rules.

use std::collections::HashSet;

use super::fault::{Report, shown};
use super::section::{Node, Section, text};

/// A name may have this many characters.
const LONGEST: usize = 100;

/// The names of one kind so far, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<String>,
    /// In lower case: two names that differ in case only would be mistaken for each other.
    seen: HashSet<String>,
}

impl Names {
    /// The name of a table. One that is missing, has one of the `forbidden` characters, or is there already is a fault.
    pub(super) fn read(
        &mut self,
        report: &mut Report<'_>,
        section: &Section<'_>,
        kind: &str,
        forbidden: &[char],
    ) -> Option<String> {
        let name = section.required(report, "name", "a name of your own, by which it is told apart")?;
        let at = section.place("name");
        if name.chars().count() > LONGEST {
            report.add(at, format!("{}: the name is longer than {LONGEST} characters", section.what));
        }
        if let Some(c) = name.chars().find(|c| c.is_control() || forbidden.contains(c)) {
            report.add(at, format!("{}: a name cannot have [{}] in it", section.what, c.escape_debug()));
        }
        if !self.seen.insert(name.to_lowercase()) {
            let message = format!("there are two {kind}s called [{}]", shown(name));
            report.hinted(at, message, "upper and lower case are the same in a name");
        }
        self.all.push(name.to_owned());
        Some(name.to_owned())
    }

    /// The name, if there is one spelled so.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all.iter().find(|known| *known == name).map(String::as_str)
    }

    /// The name that is written here; one that is not there is a fault.
    pub(super) fn find(&self, report: &mut Report<'_>, what: &str, node: &Node<'_>, kind: &str) -> Option<String> {
        let name = text(report, what, node)?;
        let found = self.get(name).map(str::to_owned);
        if found.is_none() {
            let message = format!("{what}: there is no {kind} [{}]", shown(name));
            report.unknown(node.span().start, message, name, &self.all);
        }
        found
    }

    /// All names.
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }
}
