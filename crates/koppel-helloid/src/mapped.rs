//! The fields of an answer: those that the mapping names, in its spelling.

use koppel::lifecycle::Report;
use koppel::{Fields, Record};
use serde_json::Value;

/// What the mapping of an action names.
pub(crate) struct Mapped<'a> {
    /// The fields of the target.
    pub(crate) fields: &'a Fields,
    /// The mapped fields with a value.
    pub(crate) data: &'a Record,
    /// Helper values that the target does not know.
    pub(crate) helpers: &'a Record,
    /// What HelloID filled in beforehand, with the fields that the mapping leaves to the connector.
    pub(crate) prefilled: Option<&'a Record>,
}

impl Mapped<'_> {
    /// Gives the report exactly the mapped fields, spelled as the mapping spells them. HelloID stores no others.
    pub(crate) fn restore(&self, report: &mut Report) {
        let (account, before) = (report.account.take(), report.account_before.take());
        let shown = |account: Option<&Record>, name: &str, value: &Value| {
            account.and_then(|account| account.get(self.system_name(name))).unwrap_or(value).clone()
        };
        if let Some(data) = &mut report.data {
            let mut named = self.named(data);
            for (name, value) in self.helpers.iter() {
                named.set(name, value.clone());
            }
            for (name, value) in self.left_to_the_connector() {
                named.set(name, shown(account.as_ref(), name, value));
            }
            *data = named;
        }
        if let Some(previous) = &mut report.previous {
            let mut named = self.named(previous);
            for (name, value) in self.left_to_the_connector().filter(|_| before.is_some()) {
                named.set(name, shown(before.as_ref(), name, value));
            }
            *previous = named;
        }
        for field in &mut report.non_unique {
            if let Some(name) = self.data.names().find(|name| self.system_name(name) == field) {
                name.clone_into(field);
            }
        }
    }

    /// The mapped fields of a record that has the system's names.
    fn named(&self, record: &Record) -> Record {
        let value = |name: &str| record.get(self.system_name(name)).cloned().unwrap_or(Value::Null);
        self.data.names().map(|name| (name.to_owned(), value(name))).collect()
    }

    fn system_name<'n>(&self, name: &'n str) -> &'n str {
        self.fields.find(name).map_or(name, |field| field.name)
    }

    /// What stands in the prefilled data and not in the mapped.
    fn left_to_the_connector(&self) -> impl Iterator<Item = (&str, &Value)> {
        let known =
            |name: &str| self.data.names().chain(self.helpers.names()).any(|mapped| mapped.eq_ignore_ascii_case(name));
        self.prefilled.into_iter().flat_map(Record::iter).filter(move |(name, _)| !known(name))
    }
}
