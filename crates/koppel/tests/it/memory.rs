//! A target in memory, with the awkward sides that a test asks for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use koppel::{
    Account, Changes, Contract, Ctx, Cursor, Deleting, Deletion, Effect, Entitlement, Error, ErrorKind, Field, Fields,
    FixedClock, Freshness, Membership, Page, Permission, Permissions, PlannedRequest, Record, Reference, Result,
    Switching, Target,
};
use serde_json::{Value, json};

#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) data: Record,
    pub(crate) enabled: bool,
    pub(crate) entitlements: Vec<String>,
}

/// What goes wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The account is made and the answer is lost.
    CreateLostAfter,
    /// The request is lost before the account is made.
    CreateLostBefore,
    /// Reading fails.
    GetFails,
    /// Assigning fails.
    AssignFails,
}

#[derive(Debug)]
pub(crate) struct Memory {
    fields: Fields,
    pub(crate) accounts: Mutex<Vec<(String, Stored)>>,
    pub(crate) mishap: Mutex<Option<Mishap>>,
    /// Finds answer from this copy unless they have to be fresh.
    pub(crate) stale: Mutex<Option<Vec<(String, Stored)>>>,
    pub(crate) writes: AtomicU64,
    next: AtomicU64,
}

impl Memory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            fields: Fields::closed(vec![
                Field::text("name").required(),
                Field::text("number").unique(),
                Field::integer("type"),
                Field::text("_extension.key").helper(),
            ]),
            accounts: Mutex::default(),
            mishap: Mutex::default(),
            stale: Mutex::default(),
            writes: AtomicU64::new(0),
            next: AtomicU64::new(1),
        })
    }

    pub(crate) fn with(self: Arc<Self>, reference: &str, data: &Value, enabled: bool) -> Arc<Self> {
        let stored = Stored { data: Record::from_nested(data), enabled, ..Stored::default() };
        self.accounts.lock().unwrap().push((reference.to_owned(), stored));
        self
    }

    pub(crate) fn once(&self, mishap: Mishap) {
        *self.mishap.lock().unwrap() = Some(mishap);
    }

    fn strikes(&self, mishap: Mishap) -> bool {
        let mut set = self.mishap.lock().unwrap();
        let strikes = *set == Some(mishap);
        if strikes {
            *set = None;
        }
        strikes
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// What the HTTP kit does before a request that changes something.
    fn send(&self, ctx: &Ctx, method: &str) -> Result<()> {
        if ctx.is_dry_run() {
            let request = PlannedRequest { method: method.to_owned(), url: "memory:".to_owned(), fields: vec![] };
            return Err(ctx.hold_back(request));
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn stored(&self, reference: &str) -> Option<Stored> {
        self.accounts.lock().unwrap().iter().find(|(r, _)| r == reference).map(|(_, s)| s.clone())
    }

    fn change(&self, reference: &Reference, change: impl FnOnce(&mut Stored)) -> Account {
        let key = reference.text().unwrap();
        let mut accounts = self.accounts.lock().unwrap();
        let (_, stored) = accounts.iter_mut().find(|(r, _)| *r == key).unwrap();
        change(stored);
        account(&key, stored)
    }
}

fn account(reference: &str, stored: &Stored) -> Account {
    Account {
        reference: Reference::new(reference).unwrap(),
        data: stored.data.clone(),
        enabled: Some(stored.enabled),
        display_name: reference.to_owned(),
        user_name: reference.to_owned(),
        raw: json!({}),
    }
}

pub(crate) fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new(Timestamp::constant(1_780_000_000, 0))))
}

pub(crate) fn dry() -> Ctx {
    ctx().for_action(true, None)
}

#[async_trait]
impl Target for Memory {
    fn system(&self) -> &'static str {
        "Memory"
    }
    fn scope(&self) -> String {
        "memory:".into()
    }
    fn fields(&self) -> &Fields {
        &self.fields
    }
    async fn check(&self, _: &Ctx) -> Result<()> {
        Ok(())
    }
    async fn get(&self, _: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        if self.strikes(Mishap::GetFails) {
            return Err(Error::new(ErrorKind::Transient, "the system is down"));
        }
        let key = reference.text()?;
        Ok(self.stored(&key).map(|stored| account(&key, &stored)))
    }
    async fn find(&self, _: &Ctx, field: &str, value: &str, freshness: Freshness) -> Result<Vec<Account>> {
        // Lets others in between the look and the make.
        tokio::task::yield_now().await;
        let now = self.accounts.lock().unwrap().clone();
        let list = match freshness {
            Freshness::Run => self.stale.lock().unwrap().clone().unwrap_or(now),
            Freshness::Now => now,
        };
        let hits = list.iter().filter(|(_, s)| s.data.text(field).as_deref() == Some(value));
        Ok(hits.map(|(r, s)| account(r, s)).collect())
    }
    async fn create(&self, ctx: &Ctx, data: &Record) -> Result<Account> {
        self.send(ctx, "POST")?;
        assert!(!data.contains("_extension.key"), "a helper was sent");
        let lost = Error::new(ErrorKind::Ambiguous, "the connection was cut");
        if self.strikes(Mishap::CreateLostBefore) {
            return Err(lost);
        }
        let reference = format!("r{}", self.next.fetch_add(1, Ordering::SeqCst));
        let stored = Stored { data: data.clone(), ..Stored::default() };
        let made = account(&reference, &stored);
        self.accounts.lock().unwrap().push((reference, stored));
        if self.strikes(Mishap::CreateLostAfter) {
            return Err(lost);
        }
        Ok(made)
    }
    async fn update(&self, ctx: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        self.send(ctx, "PUT")?;
        Ok(self.change(&current.reference, |stored| {
            for change in &changes.0 {
                stored.data.set(change.field.clone(), change.to.clone());
            }
        }))
    }
    async fn accounts(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Account>> {
        Ok(Page::only(self.accounts.lock().unwrap().iter().map(|(r, s)| account(r, s)).collect()))
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
impl Switching for Memory {
    async fn enable(&self, ctx: &Ctx, current: &Account, _: &Record) -> Result<(Account, Effect)> {
        if current.enabled == Some(true) {
            return Ok((current.clone(), Effect::Unchanged));
        }
        self.send(ctx, "PUT")?;
        Ok((self.change(&current.reference, |stored| stored.enabled = true), Effect::Changed))
    }
    async fn disable(&self, ctx: &Ctx, current: &Account, _: &Record) -> Result<(Account, Effect)> {
        if current.enabled == Some(false) {
            return Ok((current.clone(), Effect::Unchanged));
        }
        self.send(ctx, "PUT")?;
        Ok((self.change(&current.reference, |stored| stored.enabled = false), Effect::Changed))
    }
}

#[async_trait]
impl Deleting for Memory {
    async fn delete(&self, ctx: &Ctx, current: &Account) -> Result<Deletion> {
        self.send(ctx, "DELETE")?;
        let key = current.reference.text()?;
        self.accounts.lock().unwrap().retain(|(r, _)| *r != key);
        Ok(Deletion::Deleted)
    }
}

#[async_trait]
impl Permissions for Memory {
    async fn list(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Permission>> {
        Ok(Page::only(vec![]))
    }
    fn per_contract(&self, permission: &Reference) -> Result<bool> {
        Ok(permission.text()? == "by-department")
    }
    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        match contract {
            None => Ok(Entitlement::known(permission.text()?)),
            Some(contract) => contract.text("Department.ExternalId").map(Entitlement::known).ok_or_else(|| {
                Error::invalid("Department.ExternalId", format!("is empty in {}", contract.external_id))
            }),
        }
    }
    async fn assign(
        &self,
        ctx: &Ctx,
        account: &Account,
        grant: &[Entitlement],
        revoke: &[Entitlement],
    ) -> Result<Vec<Effect>> {
        if self.strikes(Mishap::AssignFails) {
            return Err(Error::new(ErrorKind::Transient, "the system is down"));
        }
        let held = self.stored(&account.reference.text()?).unwrap().entitlements;
        let mut effects: Vec<Effect> =
            grant.iter().map(|e| if held.contains(&e.id) { Effect::Unchanged } else { Effect::Changed }).collect();
        effects.extend(revoke.iter().map(|e| if held.contains(&e.id) { Effect::Changed } else { Effect::Unchanged }));
        if effects.contains(&Effect::Changed) {
            self.send(ctx, "PUT")?;
            self.change(&account.reference, |stored| {
                stored.entitlements.retain(|held| !revoke.iter().any(|r| r.id == *held));
                for e in grant {
                    if !stored.entitlements.contains(&e.id) {
                        stored.entitlements.push(e.id.clone());
                    }
                }
            });
        }
        Ok(effects)
    }
    async fn memberships(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Membership>> {
        Ok(Page::only(vec![]))
    }
}
