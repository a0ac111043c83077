//! A small system and a small roster, in memory, with faults that a test orders.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use koppel::{
    About, Account, Changes, ConnectorConfig, Contract, Ctx, Cursor, Definition, Deleting, Deletion, Department,
    Effect, Entitlement, Error, ErrorKind, Field, Fields, Freshness, Membership, Origin, Page, Permission, Permissions,
    PersonDefault, PersonDefaults, Record, Reference, Registry, Result, Source, SourcePerson, Stage, Switching, Target,
};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

/// A shift: its id, begin, end and title.
pub(crate) type Shift<'a> = (&'a str, &'a str, &'a str, &'a str);

/// What a request of the system meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused; nothing was done.
    Refused,
    /// It fails for now; nothing was done.
    Busy,
    /// It is carried out, and the answer is lost.
    Lost,
    /// It is carried out, and the answer never comes.
    Hangs,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) data: Record,
    pub(crate) enabled: bool,
    pub(crate) permissions: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) accounts: BTreeMap<String, Entry>,
    pub(crate) writes: Vec<String>,
    made: u32,
    /// By the person's number: what the next writes meet.
    faults: BTreeMap<String, VecDeque<Fault>>,
    pub(crate) persons: Vec<SourcePerson>,
    /// Why the source cannot be read.
    pub(crate) down: Option<String>,
    pub(crate) reads: u32,
}

/// The world outside: the doors and the roster.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    pub(crate) written: Arc<Notify>,
}

impl World {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// What the next writes for a person meet.
    pub(crate) fn faults(&self, number: &str, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.entry(number.to_owned()).or_default().extend(faults);
    }

    /// What was written since the last time.
    pub(crate) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().writes)
    }

    pub(crate) fn of(&self, number: &str) -> Vec<Entry> {
        let inner = self.lock();
        let of = inner.accounts.values().filter(|entry| entry.data.text("number").as_deref() == Some(number));
        of.cloned().collect()
    }

    /// May the person come in?
    pub(crate) fn is_open(&self, number: &str) -> bool {
        self.of(number).iter().any(|entry| entry.enabled)
    }

    /// The shifts of the roster, by person.
    pub(crate) fn roster(&self, persons: &[(&str, &str, &[Shift<'_>])]) {
        let contract = |(id, start, end, title): &Shift<'_>| -> Map<String, Value> {
            let fields = json!({ "id": id, "start": start, "end": end, "title": title });
            fields.as_object().cloned().unwrap_or_default()
        };
        self.lock().persons = persons
            .iter()
            .map(|(number, name, contracts)| SourcePerson {
                external_id: (*number).to_owned(),
                display_name: (*name).to_owned(),
                fields: Map::from_iter([("name".to_owned(), json!(name))]),
                contracts: contracts.iter().map(contract).collect(),
            })
            .collect();
    }

    /// The connectors `doors-target`, `roster-source`, and `broken-source`, which never answers.
    pub(crate) fn registry(&self) -> Registry {
        let about = |id| About { id, version: "1", title: "Doors", description: "For tests" };
        let (doors, roster) = (self.clone(), self.clone());
        let broken = Self::default();
        broken.lock().down = Some("nobody answers".to_owned());
        Registry::default()
            .with(Definition::target(about("doors-target"), json!({}), move |_: Nothing| {
                Ok(Doors { world: doors.clone(), fields: fields() })
            }))
            .unwrap()
            .with(Definition::source(about("roster-source"), json!({}), move |_: Nothing| Ok(Roster(roster.clone()))))
            .unwrap()
            .with(Definition::source(about("broken-source"), json!({}), move |_: Nothing| Ok(Roster(broken.clone()))))
            .unwrap()
    }

    async fn write<T>(&self, number: &str, what: String, write: impl FnOnce(&mut Inner) -> T) -> Result<T> {
        let fault = {
            let mut inner = self.lock();
            inner.faults.get_mut(number).and_then(VecDeque::pop_front)
        };
        match fault {
            Some(Fault::Refused) => return Err(Error::new(ErrorKind::Invalid, "the doors refuse that")),
            Some(Fault::Busy) => return Err(Error::new(ErrorKind::Transient, "the doors are busy")),
            _ => {}
        }
        let done = {
            let mut inner = self.lock();
            inner.writes.push(what);
            write(&mut inner)
        };
        self.written.notify_one();
        match fault {
            Some(Fault::Lost) => Err(Error::new(ErrorKind::Ambiguous, "the answer was lost")),
            Some(Fault::Hangs) => std::future::pending().await,
            _ => Ok(done),
        }
    }
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}
impl ConnectorConfig for Nothing {}

fn fields() -> Fields {
    use Stage::{Create, Enable, Update};
    Fields::closed(vec![
        Field::text("number").required().unique().by_default(&[Create], Origin::Person("ExternalId")),
        Field::text("name").by_default(&[Create, Update], Origin::Person("Name.NickName")),
        Field::text("title").by_default(&[Create, Update, Enable], Origin::Person("PrimaryContract.Title.Name")),
    ])
}

#[derive(Debug)]
struct Doors {
    world: World,
    fields: Fields,
}

fn account(id: &str, entry: &Entry) -> Account {
    Account {
        reference: Reference::new(id).unwrap(),
        data: entry.data.clone(),
        enabled: Some(entry.enabled),
        display_name: id.to_owned(),
        user_name: id.to_owned(),
        raw: Value::Null,
    }
}

fn number(account: &Account) -> String {
    account.data.text("number").unwrap_or_default()
}

impl Doors {
    async fn change(&self, current: &Account, what: &str, change: impl FnOnce(&mut Entry)) -> Result<Account> {
        let id = current.reference.text()?;
        let number = number(current);
        self.world
            .write(&number, format!("{what} {number}"), |inner| {
                let entry = inner.accounts.entry(id.clone()).or_default();
                change(entry);
                account(&id, entry)
            })
            .await
    }
}

#[async_trait]
impl Target for Doors {
    fn system(&self) -> &'static str {
        "Doors"
    }
    fn scope(&self) -> String {
        "doors".to_owned()
    }
    fn fields(&self) -> &Fields {
        &self.fields
    }
    async fn check(&self, _: &Ctx) -> Result<()> {
        Ok(())
    }
    async fn get(&self, _: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        let id = reference.text()?;
        Ok(self.world.lock().accounts.get(&id).map(|entry| account(&id, entry)))
    }
    async fn find(&self, _: &Ctx, field: &str, value: &str, _: Freshness) -> Result<Vec<Account>> {
        let inner = self.world.lock();
        let found = inner.accounts.iter().filter(|(_, entry)| entry.data.text(field).as_deref() == Some(value));
        Ok(found.map(|(id, entry)| account(id, entry)).collect())
    }
    async fn create(&self, _: &Ctx, data: &Record) -> Result<Account> {
        let number = data.text("number").unwrap_or_default();
        self.world
            .write(&number, format!("create {number}"), |inner| {
                inner.made += 1;
                let id = format!("A{}", inner.made);
                let entry = Entry { data: data.clone(), ..Entry::default() };
                inner.accounts.insert(id.clone(), entry.clone());
                account(&id, &entry)
            })
            .await
    }
    async fn update(&self, _: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        let what = format!("update {}", changes.names().join(","));
        self.change(current, &what, |entry| {
            for change in &changes.0 {
                entry.data.set(change.field.clone(), change.to.clone());
            }
        })
        .await
    }
    async fn accounts(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Account>> {
        Ok(Page::only(self.world.lock().accounts.iter().map(|(id, entry)| account(id, entry)).collect()))
    }
    fn switching(&self) -> Option<&dyn Switching> {
        Some(self)
    }
    fn deleting(&self) -> Option<&dyn Deleting> {
        Some(self)
    }
    fn permissions(&self) -> Option<&dyn Permissions> {
        Some(self)
    }
}

#[async_trait]
impl Switching for Doors {
    async fn enable(&self, _: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)> {
        let differs = data.iter().any(|(name, value)| current.data.get(name) != Some(value));
        if current.enabled == Some(true) && !differs {
            return Ok((current.clone(), Effect::Unchanged));
        }
        let enable = |entry: &mut Entry| {
            entry.enabled = true;
            data.iter().for_each(|(name, value)| entry.data.set(name, value.clone()));
        };
        Ok((self.change(current, "enable", enable).await?, Effect::Changed))
    }
    async fn disable(&self, _: &Ctx, current: &Account, _: &Record) -> Result<(Account, Effect)> {
        if current.enabled == Some(false) {
            return Ok((current.clone(), Effect::Unchanged));
        }
        Ok((self.change(current, "disable", |entry| entry.enabled = false).await?, Effect::Changed))
    }
}

#[async_trait]
impl Deleting for Doors {
    async fn delete(&self, _: &Ctx, current: &Account) -> Result<Deletion> {
        let id = current.reference.text()?;
        let number = number(current);
        let delete = |inner: &mut Inner| drop(inner.accounts.remove(&id));
        self.world.write(&number, format!("delete {number}"), delete).await?;
        Ok(Deletion::Deleted)
    }
}

/// `Team` depends on the title of a contract; `Lobby` does not.
#[async_trait]
impl Permissions for Doors {
    async fn list(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Permission>> {
        Ok(Page::only(Vec::new()))
    }
    fn per_contract(&self, permission: &Reference) -> Result<bool> {
        match permission.text()?.as_str() {
            "Team" => Ok(true),
            "Lobby" => Ok(false),
            other => Err(Error::new(ErrorKind::NotFound, format!("there is no permission [{other}]"))),
        }
    }
    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        let name = permission.text()?;
        let Some(contract) = contract else { return Ok(Entitlement::known(name)) };
        let title = contract.text("Title.Name").ok_or_else(|| Error::invalid("Title.Name", "is missing"))?;
        Ok(Entitlement::known(format!("{name} {title}")))
    }
    async fn assign(
        &self,
        _: &Ctx,
        current: &Account,
        grant: &[Entitlement],
        revoke: &[Entitlement],
    ) -> Result<Vec<Effect>> {
        let id = current.reference.text()?;
        let has = self.world.lock().accounts.get(&id).map(|entry| entry.permissions.clone()).unwrap_or_default();
        let mut effects = Vec::new();
        for (want, entitlements) in [(true, grant), (false, revoke)] {
            for entitlement in entitlements {
                if has.contains(&entitlement.id) == want {
                    effects.push(Effect::Unchanged);
                    continue;
                }
                let what = format!("{} {}", if want { "grant" } else { "revoke" }, entitlement.id);
                let change = |entry: &mut Entry| {
                    if want {
                        entry.permissions.insert(entitlement.id.clone());
                    } else {
                        entry.permissions.remove(&entitlement.id);
                    }
                };
                self.change(current, &what, change).await?;
                effects.push(Effect::Changed);
            }
        }
        Ok(effects)
    }
    async fn memberships(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Membership>> {
        Ok(Page::only(Vec::new()))
    }
}

#[derive(Debug)]
struct Roster(World);

#[async_trait]
impl Source for Roster {
    async fn check(&self, _: &Ctx) -> Result<()> {
        Ok(())
    }
    fn defaults(&self) -> PersonDefaults {
        let field = PersonDefault::field;
        PersonDefaults {
            person: vec![
                field("ExternalId", "ExternalId"),
                field("Name.NickName", "name"),
                PersonDefault::fixed("Name.Convention", "B"),
            ],
            contract: vec![
                field("ExternalId", "id"),
                field("StartDate", "start"),
                field("EndDate", "end"),
                field("Title.Name", "title"),
            ],
        }
    }
    fn persons<'a>(&'a self, _: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>> {
        let mut inner = self.0.lock();
        inner.reads += 1;
        if let Some(why) = &inner.down {
            return stream::iter([Err(Error::new(ErrorKind::Transient, why.clone()))]).boxed();
        }
        stream::iter(inner.persons.clone().into_iter().map(Ok)).boxed()
    }
    fn departments<'a>(&'a self, _: &'a Ctx) -> BoxStream<'a, Result<Department>> {
        stream::empty().boxed()
    }
}
