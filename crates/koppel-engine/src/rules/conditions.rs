//! Which rules a value leaves possible.
//!
//! Nearly all persons share their departments and titles with others. So a value is looked at once: it becomes the set
//! of the rules whose conditions on its field hold. The rules of a contract are what all its values leave.

use std::collections::HashMap;

use crate::config::{Condition, Path, Rule};

/// So many different values of a field are remembered; a field with more has hardly any value twice.
const MOST_VALUES: usize = 50_000;

/// A set of rules, a bit for each.
pub(crate) type Mask = Box<[u64]>;

/// The conditions of all rules on one field.
#[derive(Debug)]
pub(crate) struct Column {
    /// The dotted path of the field.
    pub(crate) path: String,
    tests: Vec<(usize, Condition)>,
}

/// All conditions, by field.
#[derive(Debug)]
pub(crate) struct Conditions {
    pub(crate) person: Vec<Column>,
    pub(crate) contract: Vec<Column>,
    /// The rules that ask for contracts of some sources only.
    sources: Vec<(usize, Vec<String>)>,
    rules: usize,
}

impl Conditions {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let mut all = Self { person: Vec::new(), contract: Vec::new(), sources: Vec::new(), rules: rules.len() };
        for (rule, from) in rules.iter().enumerate() {
            all.sources.extend(from.sources.clone().map(|names| (rule, names)));
            for condition in &from.when {
                let (columns, path) = match &condition.path {
                    Path::Person(path) => (&mut all.person, path),
                    Path::Contract(path) => (&mut all.contract, path),
                };
                let test = (rule, condition.clone());
                match columns.iter_mut().find(|column| column.path.eq_ignore_ascii_case(path)) {
                    Some(column) => column.tests.push(test),
                    None => columns.push(Column { path: path.clone(), tests: vec![test] }),
                }
            }
        }
        all
    }

    /// All rules.
    pub(crate) fn all(&self) -> Mask {
        let mut mask = vec![u64::MAX; self.rules.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (mask.last_mut(), self.rules % 64) {
            *last = (1 << rest) - 1;
        }
        mask.into()
    }

    /// The rules that contracts of a source can match.
    pub(crate) fn of_source(&self, source: &str) -> Mask {
        let mut mask = self.all();
        for (rule, names) in &self.sources {
            if !names.iter().any(|name| name == source) {
                remove(&mut mask, *rule);
            }
        }
        mask
    }

    fn left_by(&self, column: &Column, value: Option<&str>) -> Mask {
        let mut mask = self.all();
        for (rule, condition) in &column.tests {
            if !condition.holds(value) {
                remove(&mut mask, *rule);
            }
        }
        mask
    }
}

fn remove(mask: &mut [u64], rule: usize) {
    if let Some(word) = mask.get_mut(rule / 64) {
        *word &= !(1 << (rule % 64));
    }
}

fn narrow(mask: &mut [u64], by: &[u64]) {
    mask.iter_mut().zip(by).for_each(|(word, by)| *word &= by);
}

/// The rules of a mask, in their order.
pub(crate) fn rules_of(mask: &[u64]) -> Box<[u32]> {
    let bits = |word: u64| (0..64_u32).filter(move |bit| word >> bit & 1 == 1);
    (0_u32..).zip(mask).flat_map(|(at, word)| bits(*word).map(move |bit| at * 64 + bit)).collect()
}

/// Looks values up, and remembers what they leave.
pub(crate) struct Matcher<'r> {
    conditions: &'r Conditions,
    person: Vec<Known>,
    contract: Vec<Known>,
    profiles: HashMap<Mask, u32>,
    masks: Vec<Mask>,
    /// What the fields of the person at hand leave.
    of_person: Mask,
    scratch: Mask,
}

#[derive(Default)]
struct Known {
    missing: Option<Mask>,
    values: HashMap<Box<str>, Mask>,
}

impl<'r> Matcher<'r> {
    pub(crate) fn new(conditions: &'r Conditions) -> Self {
        let known = |columns: &[Column]| columns.iter().map(|_| Known::default()).collect();
        Self {
            conditions,
            person: known(&conditions.person),
            contract: known(&conditions.contract),
            profiles: HashMap::new(),
            masks: Vec::new(),
            of_person: conditions.all(),
            scratch: conditions.all(),
        }
    }

    /// Begins with the next person, with the values of the fields that rules name.
    pub(crate) fn person<'v>(&mut self, values: impl Iterator<Item = Option<&'v str>>) {
        self.of_person.fill(u64::MAX);
        narrow(&mut self.of_person, &self.conditions.all());
        for ((column, known), value) in self.conditions.person.iter().zip(&mut self.person).zip(values) {
            known.narrow(&mut self.of_person, value, || self.conditions.left_by(column, value));
        }
    }

    /// The number of the set of rules that a contract of this person can match.
    pub(crate) fn contract<'v>(&mut self, source: &[u64], values: impl Iterator<Item = Option<&'v str>>) -> u32 {
        self.scratch.copy_from_slice(&self.of_person);
        narrow(&mut self.scratch, source);
        for ((column, known), value) in self.conditions.contract.iter().zip(&mut self.contract).zip(values) {
            known.narrow(&mut self.scratch, value, || self.conditions.left_by(column, value));
        }
        number(&mut self.profiles, &mut self.masks, &self.scratch)
    }

    /// The sets of rules by number.
    pub(crate) fn masks(self) -> Vec<Mask> {
        self.masks
    }
}

/// The number of a set of rules, a new one where it was not met before.
pub(crate) fn number(profiles: &mut HashMap<Mask, u32>, masks: &mut Vec<Mask>, mask: &[u64]) -> u32 {
    if let Some(number) = profiles.get(mask) {
        return *number;
    }
    let number = u32::try_from(masks.len()).unwrap_or(u32::MAX);
    masks.push(mask.into());
    profiles.insert(mask.into(), number);
    number
}

impl Known {
    fn narrow(&mut self, mask: &mut [u64], value: Option<&str>, left: impl FnOnce() -> Mask) {
        let by = match value {
            None => self.missing.get_or_insert_with(left),
            Some(value) => {
                if !self.values.contains_key(value) {
                    let left = left();
                    if self.values.len() >= MOST_VALUES {
                        return narrow(mask, &left);
                    }
                    self.values.insert(value.into(), left);
                }
                let Some(known) = self.values.get(value) else { return };
                known
            }
        };
        narrow(mask, by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_bit_for_each_rule_and_no_more() {
        for rules in [0, 1, 63, 64, 65, 130] {
            let conditions = Conditions { person: vec![], contract: vec![], sources: vec![], rules };
            let expected: Vec<u32> = (0..u32::try_from(rules).unwrap()).collect();
            assert_eq!(*rules_of(&conditions.all()), *expected, "{rules}");
        }
    }

    #[test]
    fn a_rule_of_one_source_is_not_left_by_another() {
        let sources = vec![(65, vec!["hr".to_owned()])];
        let conditions = Conditions { person: vec![], contract: vec![], sources, rules: 66 };
        assert_eq!(rules_of(&conditions.of_source("hr")).len(), 66);
        assert_eq!(rules_of(&conditions.of_source("rooster")).last(), Some(&64));
    }
}
