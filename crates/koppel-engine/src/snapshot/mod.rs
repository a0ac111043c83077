//! All persons of all sources, brought together by their key.
//!
//! [`read`] takes the persons of one source in and maps them. [`Snapshot::build`] brings those of all sources together:
//! persons with the same key are one, with the contracts of all. A person is kept as the texts that the sources gave, and
//! is put together only when somebody asks; for the rules each contract is a moment of begin, one of end, and the number
//! of the set of rules whose conditions hold.

mod build;
mod extract;
pub(crate) mod moment;
mod person;
mod read;
mod shape;

use jiff::tz::TimeZone;

pub use person::{ContractRow, PersonRef};
pub use read::{Row, SourceRows, read};
pub use shape::Shape;

use person::{Part, PersonRow};

/// So many warnings about persons are kept; the rest is counted.
const MOST_WARNINGS: usize = 1_000;

/// The persons of all sources, as they were when they were read.
#[derive(Debug)]
pub struct Snapshot {
    /// In the order of keys.
    persons: Vec<PersonRow>,
    /// What the sources gave, those of one person together.
    parts: Vec<Part>,
    /// Those of one person together.
    contracts: Vec<ContractRow>,
    /// The sets of rules that contracts can match.
    profiles: Vec<Box<[u32]>>,
    /// How many rules it was built with.
    pub(crate) rules: usize,
    sources: Vec<Source>,
    warnings: Vec<String>,
    zone: TimeZone,
}

/// A source, as far as persons refer to it.
#[derive(Debug)]
struct Source {
    name: String,
    is_stale: bool,
    shape: Shape,
}

impl Snapshot {
    /// With the fields that the persons of each source have: those without a value are null when a person is put
    /// together. Without a shape they are absent.
    #[must_use]
    pub fn shaped(mut self, shape: impl Fn(&str) -> Shape) -> Self {
        for source in &mut self.sources {
            source.shape = shape(&source.name);
        }
        self
    }

    /// How many persons there are.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// All persons, in the order of their [folded](fold) keys.
    pub fn persons(&self) -> impl ExactSizeIterator<Item = PersonRef<'_>> {
        (0..self.len()).map(|at| self.person(at))
    }

    /// The place of the person with a key, in any spelling.
    pub fn find(&self, key: &str) -> Option<usize> {
        let key = fold(key);
        self.persons.binary_search_by(|person| (*person.key).cmp(&key)).ok()
    }

    /// The person at a place below [`len`](Self::len).
    ///
    /// # Panics
    /// Where there is no such place.
    pub fn person(&self, at: usize) -> PersonRef<'_> {
        PersonRef { snapshot: self, at, row: &self.persons[at] }
    }

    /// What an administrator should know: two persons of one source with the same key, dates that cannot be read,
    /// contracts that end before they begin. Of very many the first, and how many more there are.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The contracts of a person, by place.
    pub(crate) fn contracts_of(&self, person: usize) -> &[ContractRow] {
        let end = self.persons.get(person + 1).map_or(self.contracts.len(), |next| next.contracts as usize);
        self.persons.get(person).and_then(|row| self.contracts.get(row.contracts as usize..end)).unwrap_or_default()
    }

    /// What the sources gave of a person, the first of them first.
    fn parts_of(&self, person: usize) -> &[Part] {
        let end = self.persons.get(person + 1).map_or(self.parts.len(), |next| next.parts as usize);
        self.persons.get(person).and_then(|row| self.parts.get(row.parts as usize..end)).unwrap_or_default()
    }

    pub(crate) fn all_contracts(&self) -> &[ContractRow] {
        &self.contracts
    }

    /// The rules whose conditions hold for a contract; none for one that is void.
    pub(crate) fn profile(&self, row: &ContractRow) -> &[u32] {
        self.profiles.get(row.profile as usize).map_or(&[], |profile| profile)
    }

    fn source(&self, at: u16) -> Option<&Source> {
        self.sources.get(usize::from(at))
    }
}

/// A key as persons are compared by it: in lower case, without blanks around it.
pub fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}
