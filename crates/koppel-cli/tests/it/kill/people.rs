//! A small organisation that changes, the files that tell of it, and what its rules come down to, worked out anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;

/// Numbers that follow from a seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to below `sides`.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    pub(super) fn between(&mut self, first: i32, last: i32) -> i32 {
        first + i32::try_from(self.below(u64::try_from(last - first + 1).unwrap())).unwrap()
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// Titles, each with the profile at the doors that belongs to it.
pub(super) const TITLES: [(&str, &str); 4] =
    [("Verpleegkundige", "Noord"), ("Verzorgende", "Zuid"), ("Planner", "Noord"), ("Receptie", "Zuid")];
/// The title that has another role, in its department.
const PLANNER: &str = "Planner";
/// The title that has no account anywhere.
const EXTERN: &str = "Receptie";
const DEPARTMENTS: [&str; 3] = ["ZORG-A", "ZORG-B", "ZORG-C"];
const NICK: [&str; 6] = ["Sanne", "Daan", "Noor", "Zoë", "Bram", "Fenna"];
const FAMILY: [&str; 6] = ["Berg", "Vries", "Jansen", "Bakker", "O'Hara", "Smit"];

/// An account lives from so many days before a contract until so many after it.
pub(super) const BEFORE: i32 = 14;
pub(super) const AFTER: i32 = 7;

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) key: String,
    pub(super) nick: &'static str,
    pub(super) family: &'static str,
    pub(super) title: usize,
    /// First and last day, and the department.
    contracts: Vec<(i32, i32, &'static str)>,
}

/// What somebody should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) account: bool,
    pub(super) access: bool,
    /// Roles and the groups that they are for.
    pub(super) roles: BTreeSet<(String, String)>,
}

#[derive(Debug, Clone)]
pub(super) struct People {
    pub(super) all: Vec<Person>,
    /// Those who left for good or for a while.
    gone: Vec<Person>,
    pub(super) dice: Dice,
    next: u32,
    first_day: Date,
    /// Days since the first.
    day: i32,
    /// May days go by?
    moves: bool,
}

impl People {
    pub(super) fn new(seed: u64, count: u32, first_day: Date, moves: bool) -> Self {
        let mut people =
            Self { all: Vec::new(), gone: Vec::new(), dice: Dice::new(seed), next: 1001, first_day, day: 0, moves };
        (0..count).for_each(|_| people.joins());
        people
    }

    pub(super) fn today(&self) -> Date {
        self.first_day + self.day.days()
    }

    /// Something happens.
    pub(super) fn change(&mut self) {
        for _ in 0..=self.dice.below(4) {
            match self.dice.below(11) {
                0 | 1 if self.all.len() < 12 => self.joins(),
                2 if self.all.len() > 4 => self.leaves(),
                3 if !self.gone.is_empty() => {
                    let place = self.place(self.gone.len());
                    let back = self.gone.swap_remove(place);
                    self.all.push(back);
                }
                4 | 5 => {
                    let (nick, family) = (self.dice.of(&NICK), self.dice.of(&FAMILY));
                    let who = self.anybody();
                    (who.nick, who.family) = (nick, family);
                }
                6 => {
                    let title = self.place(TITLES.len());
                    self.anybody().title = title;
                }
                7 | 8 => {
                    let contracts = self.contracts();
                    self.anybody().contracts = contracts;
                }
                9 if self.moves => self.day += self.dice.between(1, 6),
                _ => {
                    let department = self.dice.of(&DEPARTMENTS);
                    let first = self.anybody().contracts.first_mut();
                    if let Some(contract) = first {
                        contract.2 = department;
                    }
                }
            }
        }
    }

    fn place(&mut self, count: usize) -> usize {
        usize::try_from(self.dice.below(count as u64)).unwrap()
    }

    fn anybody(&mut self) -> &mut Person {
        let place = self.place(self.all.len());
        &mut self.all[place]
    }

    fn joins(&mut self) {
        let person = Person {
            key: self.next.to_string(),
            nick: self.dice.of(&NICK),
            family: self.dice.of(&FAMILY),
            title: self.place(TITLES.len()),
            contracts: self.contracts(),
        };
        self.next += 1;
        self.all.push(person);
    }

    fn leaves(&mut self) {
        let place = self.place(self.all.len());
        let left = self.all.swap_remove(place);
        self.gone.push(left);
    }

    /// Mostly one that counts today.
    fn contracts(&mut self) -> Vec<(i32, i32, &'static str)> {
        // Where the test goes by the clock, midnight must not change what is due.
        let edges: &[i32] = if self.moves { &[0, 1, 3, 9, 30] } else { &[3, 30, 60] };
        let one = |people: &mut Self| {
            let department = people.dice.of(&DEPARTMENTS);
            let (before, after) = (people.dice.of(edges), people.dice.of(edges));
            match people.dice.below(6) {
                0 => (people.day + before + 1, people.day + before + 40, department),
                1 => (people.day - after - 60, people.day - after - 1, department),
                _ => (people.day - before, people.day + after, department),
            }
        };
        (0..=self.dice.below(2)).map(|_| one(self)).collect()
    }

    /// The files persons.csv and contracts.csv.
    pub(super) fn files(&self) -> (String, String) {
        let mut persons = "ExternalId;Name.NickName;Name.FamilyName;Name.Convention\n".to_owned();
        let mut contracts =
            "PersonExternalId;ExternalId;StartDate;EndDate;Title.Name;Department.ExternalId\n".to_owned();
        for person in &self.all {
            let Person { key, nick, family, title, .. } = person;
            writeln!(persons, "{key};{nick};{family};B").unwrap();
            for (index, (first, last, department)) in person.contracts.iter().enumerate() {
                let date = |day: i32| self.first_day + day.days();
                let title = TITLES[*title].0;
                writeln!(contracts, "{key};{key}-{index};{};{};{title};{department}", date(*first), date(*last))
                    .unwrap();
            }
        }
        (persons, contracts)
    }

    /// What somebody should have today; nothing where nobody knows them.
    pub(super) fn due(&self, key: &str) -> Due {
        let Some(person) = self.all.iter().find(|person| person.key == key) else { return Due::default() };
        let title = TITLES[person.title].0;
        if title == EXTERN {
            return Due::default();
        }
        let mut due = Due::default();
        for (first, last, department) in &person.contracts {
            due.account |= first - BEFORE <= self.day && self.day <= last + AFTER;
            if *first <= self.day && self.day <= *last {
                due.access = true;
                due.roles.insert(("Medewerker".to_owned(), "Company".to_owned()));
                if title == PLANNER {
                    due.roles.insert((PLANNER.to_owned(), format!("Planner {department}")));
                }
            }
        }
        due
    }

    /// Everybody who ever was there.
    pub(super) fn ever(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().chain(&self.gone)
    }

    /// The rules of [`due`](Self::due) in `koppel.toml`.
    pub(super) fn rules() -> String {
        format!(
            r#"
[[rule]]
name = "In dienst"
when = {{ "Title.Name" = {{ not = ["{EXTERN}"] }} }}
window = {{ before = "{BEFORE}d", after = "{AFTER}d" }}
grant = ["deuren:account", "planning:account"]

[[rule]]
name = "Aan het werk"
when = {{ "Title.Name" = {{ not = ["{EXTERN}"] }} }}
grant = ["deuren:access", "planning:access", "planning:permission:Medewerker"]

[[rule]]
name = "Planners"
when = {{ "Title.Name" = "{PLANNER}" }}
grant = "planning:permission:Planner"
"#
        )
    }
}
