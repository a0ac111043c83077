//! Both files, checked to the end before the first person is given.

use std::collections::hash_map::Entry as Slot;

use koppel::{Ctx, Error, Result, SourcePerson};
use serde_json::{Map, Value};

use crate::cells::put;
use crate::columns::{Columns, Layout};
use crate::config::Config;
use crate::dates::{Bound, Calendar, in_force_until};
use crate::faults::{Faults, shown};
use crate::fields::{CONTRACT, PERSON};
use crate::opened::Opened;
use crate::store::{Entry, People, Store};
use crate::table::Table;

const PERSONS: Layout = Layout {
    what: "person",
    given: PERSON,
    known: &["DisplayName"],
    required: &["ExternalId"],
    reserved: &["Contracts", "PrimaryContract", "PrimaryManager", "Accounts", "DisplayName", "Custom"],
};
const CONTRACTS: Layout = Layout {
    what: "contract",
    given: CONTRACT,
    known: &["PersonExternalId"],
    required: &["PersonExternalId", "ExternalId", "StartDate", "EndDate"],
    reserved: &["Context", "Custom"],
};

/// Both files, found to be good.
#[derive(Debug)]
pub(crate) struct Import {
    calendar: Calendar,
    persons: Table,
    contracts: Table,
    store: Store,
    people: People,
}

impl Import {
    /// Reads both files to their end.
    ///
    /// # Errors
    /// `Invalid` with what is wrong in them, `Transient` where one changes meanwhile, `Config` where there is none.
    pub(crate) fn read(config: &Config, calendar: Calendar, ctx: &Ctx) -> Result<Self> {
        let mut faults = Faults::default();
        let persons = Opened::open("persons", &config.persons)?;
        let contracts = Opened::open("contracts", &config.contracts)?;
        let persons = Table::of(persons, config, &PERSONS, &mut faults)?;
        let contracts = Table::of(contracts, config, &CONTRACTS, &mut faults)?;
        let (Some(persons), Some(contracts)) = (persons, contracts) else {
            faults.end()?;
            return Err(Error::bug("a header without columns and without faults"));
        };
        let store = Store::new(contracts.columns.all.len());
        let mut import = Self { calendar, persons, contracts, store, people: People::new() };
        import.read_persons(ctx, &mut faults)?;
        import.read_contracts(ctx, &mut faults)?;
        import.find_doubles(&mut faults);
        // What is wrong with a file that is half written says nothing.
        import.unchanged()?;
        faults.end()?;
        Ok(import)
    }

    /// Gives each person to `give`, until that says no.
    ///
    /// # Errors
    /// `Transient` where a file has changed since it was checked.
    pub(crate) fn give(&self, ctx: &Ctx, mut give: impl FnMut(SourcePerson) -> bool) -> Result<()> {
        let mut faults = Faults::default();
        let id = need(&self.persons.columns, "ExternalId")?;
        self.persons.each(ctx, &mut faults, |_, texts, _| {
            let Some(known) = texts.get(id).and_then(|id| self.people.get(*id)) else { return Ok(false) };
            let person = self.person(texts, known).map_err(Error::bug);
            Ok(give(person?))
        })?;
        self.unchanged()?;
        faults.end()
    }

    /// How many persons there are.
    pub(crate) fn count(&self) -> usize {
        self.people.len()
    }

    fn unchanged(&self) -> Result<()> {
        self.persons.opened.unchanged()?;
        self.contracts.opened.unchanged()
    }

    fn read_persons(&mut self, ctx: &Ctx, faults: &mut Faults) -> Result<()> {
        let Self { calendar, persons, people, .. } = self;
        let file = &persons.opened.name;
        let id = need(&persons.columns, "ExternalId")?;
        persons.each(ctx, faults, |line, texts, faults| {
            good_values(&persons.columns, texts, calendar, file, line, faults);
            match texts.get(id).copied().unwrap_or_default() {
                "" => faults.field(file, line, "ExternalId", "is empty"),
                id => match people.entry(id.into()) {
                    Slot::Vacant(slot) => {
                        slot.insert(Entry { line, contracts: Vec::new() });
                    }
                    Slot::Occupied(known) => {
                        let first = known.get().line;
                        faults.field(
                            file,
                            line,
                            "ExternalId",
                            format!("[{}] stands in line {first} already", shown(id)),
                        );
                    }
                },
            }
            Ok(true)
        })
    }

    fn read_contracts(&mut self, ctx: &Ctx, faults: &mut Faults) -> Result<()> {
        let Self { calendar, persons, contracts, store, people } = self;
        let file = &contracts.opened.name;
        let columns = &contracts.columns;
        let place = |name: &str| need(columns, name);
        let (person, id) = (place("PersonExternalId")?, place("ExternalId")?);
        let (start, end) = (place("StartDate")?, place("EndDate")?);
        // A person whose own line has a fault is not known, and that was said.
        let all_known = faults.is_empty();
        contracts.each(ctx, faults, |line, texts, faults| {
            let text = |at: usize| texts.get(at).copied().unwrap_or_default();
            for (header, at) in [("PersonExternalId", person), ("ExternalId", id), ("StartDate", start)] {
                if text(at).is_empty() {
                    faults.field(file, line, header, "is empty");
                }
            }
            if good_values(columns, texts, calendar, file, line, faults)
                && let (Ok(Some(from)), Ok(Some(until))) =
                    (calendar.moment(text(start), Bound::Start), calendar.moment(text(end), Bound::End))
                && in_force_until(&until) < from
            {
                let message = format!("[{}] lies before StartDate [{}]", shown(text(end)), shown(text(start)));
                faults.field(file, line, "EndDate", message);
            }
            match people.get_mut(text(person)) {
                Some(known) => {
                    let row = store.add(line, texts).ok_or_else(|| too_many(file))?;
                    known.contracts.push(row);
                }
                None if all_known && !text(person).is_empty() => {
                    let message = format!("[{}] is nobody in {}", shown(text(person)), persons.opened.name);
                    faults.field(file, line, "PersonExternalId", message);
                }
                None => {}
            }
            Ok(true)
        })
    }

    /// No two contracts of a person have one id.
    fn find_doubles(&self, faults: &mut Faults) {
        let Some(id) = self.contracts.columns.find("ExternalId") else { return };
        let mut doubles = Vec::new();
        for (person, known) in &self.people {
            let mut rows = known.contracts.clone();
            rows.sort_by_key(|row| (self.store.text(*row, id), *row));
            for pair in rows.windows(2) {
                let [first, second] = pair else { continue };
                let text = self.store.text(*second, id);
                if !text.is_empty() && text == self.store.text(*first, id) {
                    doubles.push((self.store.line(*second), self.store.line(*first), person, text));
                }
            }
        }
        doubles.sort_unstable();
        for (line, first, person, id) in doubles {
            let message = format!("[{}] stands in line {first} already, for person [{}]", shown(id), shown(person));
            faults.field(&self.contracts.opened.name, line, "ExternalId", message);
        }
    }

    fn person(&self, texts: &[&str], known: &Entry) -> Result<SourcePerson, String> {
        let mut fields = self.values(&self.persons.columns, |at| texts.get(at).copied().unwrap_or_default())?;
        let text = |value: Option<Value>| match value {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let external_id = text(fields.remove("ExternalId")).unwrap_or_default();
        let display_name = text(fields.remove("DisplayName"));
        let display_name = display_name.or_else(|| full_name(&fields)).unwrap_or_else(|| external_id.clone());
        let columns = &self.persons.columns;
        if columns.find("Aggregation").is_none() {
            fields.insert("Aggregation".to_owned(), format!("PERSON{external_id}PERSON").into());
        }
        if columns.find("Name.Convention").is_none() {
            let mut name = fields.remove("Name").and_then(|name| name.as_object().cloned()).unwrap_or_default();
            name.insert("Convention".to_owned(), "B".into());
            for part in PERSON.iter().filter_map(|path| path.strip_prefix("Name.")) {
                name.entry(part).or_insert_with(Value::default);
            }
            fields.insert("Name".to_owned(), name.into());
        }
        let contracts = known.contracts.iter().map(|row| {
            let mut contract = self.values(&self.contracts.columns, |at| self.store.text(*row, at))?;
            contract.remove("PersonExternalId");
            Ok(contract)
        });
        let contracts = contracts.collect::<Result<_, String>>()?;
        Ok(SourcePerson { external_id, display_name, fields, contracts })
    }

    fn values<'t>(&self, columns: &Columns, text: impl Fn(usize) -> &'t str) -> Result<Map<String, Value>, String> {
        let mut fields = Map::new();
        for (at, column) in columns.all.iter().enumerate() {
            put(&mut fields, &column.path, column.holds.value(text(at), &self.calendar)?);
        }
        for path in &columns.empty {
            put(&mut fields, path, Value::Null);
        }
        fields.entry("Custom").or_insert_with(|| Value::Object(Map::new()));
        Ok(fields)
    }
}

/// Looks whether each text is what its column holds.
fn good_values(
    columns: &Columns,
    texts: &[&str],
    calendar: &Calendar,
    file: &str,
    line: u64,
    faults: &mut Faults,
) -> bool {
    let mut good = true;
    for (column, text) in columns.all.iter().zip(texts) {
        if let Err(message) = column.holds.value(text, calendar) {
            good = false;
            faults.field(file, line, &column.name, message);
        }
    }
    good
}

fn need(columns: &Columns, name: &str) -> Result<usize> {
    columns.find(name).ok_or_else(|| Error::bug(format!("a file without {name} was taken for good")))
}

fn too_many(file: &str) -> Error {
    Error::new(koppel::ErrorKind::Invalid, format!("{file} has more contracts than this source takes"))
        .with_hint("split the export, and give each part a source of its own")
}

/// The name that a person goes by, made of its parts.
fn full_name(fields: &Map<String, Value>) -> Option<String> {
    let name = fields.get("Name")?;
    let part = |key: &str| name.get(key).and_then(Value::as_str);
    let first = part("NickName").or_else(|| part("GivenName")).or_else(|| part("Initials"));
    let parts: Vec<&str> = [first, part("FamilyNamePrefix"), part("FamilyName")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
