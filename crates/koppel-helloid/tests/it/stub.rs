//! A target that answers what it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use koppel::{
    Account, Changes, Contract, Ctx, Cursor, Effect, Entitlement, Error, ErrorKind, Field, Fields, FixedClock,
    Freshness, Membership, Page, Permission, Permissions, Record, Reference, Resource, Resources, Result, Target,
};
use serde_json::{Value, json};

#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) fields: Fields,
    /// Every method fails with this text.
    pub(crate) failing: Option<String>,
    pub(crate) calls: AtomicU64,
    pub(crate) members: usize,
    /// Does its permission depend on contracts?
    pub(crate) per_contract: bool,
}

impl Stub {
    pub(crate) fn new() -> Self {
        let fields =
            Fields::open(vec![Field::text("username").required().unique(), Field::text("name"), Field::text("number")]);
        Self { fields, failing: None, calls: AtomicU64::new(0), members: 3, per_contract: true }
    }

    pub(crate) fn failing(text: &str) -> Self {
        Self { failing: Some(text.to_owned()), ..Self::new() }
    }

    fn call(&self) -> Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match &self.failing {
            Some(text) => Err(Error::new(ErrorKind::Transient, text.clone())),
            None => Ok(()),
        }
    }
}

pub(crate) fn ctx() -> Ctx {
    Ctx::new(Arc::new(FixedClock::new(jiff::Timestamp::constant(1_780_000_000, 0))))
}

/// An account; the system gives every one a number of its own.
fn account(name: &str, data: &Value) -> Account {
    let mut data = data.clone();
    data["number"] = "n".into();
    Account {
        reference: Reference::new(name).unwrap(),
        data: Record::from_nested(&data),
        enabled: Some(true),
        display_name: format!("{name} {}", "é".repeat(120)),
        user_name: name.to_owned(),
        raw: json!({}),
    }
}

fn planner() -> Permission {
    Permission { reference: Reference::new("Planner").unwrap(), display_name: "Planner".into() }
}

#[async_trait]
impl Target for Stub {
    fn system(&self) -> &'static str {
        "Stub"
    }
    fn scope(&self) -> String {
        "stub:".into()
    }
    fn fields(&self) -> &Fields {
        &self.fields
    }
    async fn check(&self, _: &Ctx) -> Result<()> {
        self.call()
    }
    async fn get(&self, _: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        self.call()?;
        let name = reference.text()?;
        Ok((name != "gone").then(|| account(&name, &json!({"username": name, "name": "old"}))))
    }
    async fn find(&self, _: &Ctx, _: &str, value: &str, _: Freshness) -> Result<Vec<Account>> {
        self.call()?;
        Ok(if value == "known" { vec![account("known", &json!({"username": "known", "name": "old"}))] } else { vec![] })
    }
    async fn create(&self, _: &Ctx, data: &Record) -> Result<Account> {
        self.call()?;
        Ok(account(&data.text("username").unwrap(), &data.to_nested()))
    }
    async fn update(&self, _: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        self.call()?;
        let mut after = current.clone();
        for change in &changes.0 {
            after.data.set(change.field.clone(), change.to.clone());
        }
        Ok(after)
    }
    async fn accounts(&self, _: &Ctx, cursor: Option<Cursor>) -> Result<Page<Account>> {
        self.call()?;
        Ok(match cursor {
            None => Page { items: vec![account("1", &json!({"username": "1"}))], next: Some(Cursor("2".into())) },
            Some(_) => Page::only(vec![account("2", &json!({"username": "2", "name": "N"}))]),
        })
    }
    fn permissions(&self) -> Option<&dyn Permissions> {
        Some(self)
    }
    fn resources(&self) -> Option<&dyn Resources> {
        Some(self)
    }
}

#[async_trait]
impl Resources for Stub {
    async fn exists(&self, _: &Ctx, resource: &Resource) -> Result<bool> {
        self.call()?;
        Ok(resource.id() == "there")
    }
    async fn create(&self, _: &Ctx, resource: &Resource) -> Result<()> {
        match resource.id().as_str() {
            id if id.starts_with("bad") => Err(Error::new(ErrorKind::Invalid, "the name is refused")),
            "denied" => Err(Error::new(ErrorKind::Auth, "the login is refused")),
            _ => self.call(),
        }
    }
}

#[async_trait]
impl Permissions for Stub {
    async fn list(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Permission>> {
        self.call()?;
        Ok(Page::only(vec![planner()]))
    }
    fn per_contract(&self, _: &Reference) -> Result<bool> {
        Ok(self.per_contract)
    }
    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        if !self.per_contract {
            return Ok(Entitlement::known(permission.to_string()));
        }
        Ok(Entitlement::known(format!("Planner&&{}", contract.unwrap().text("Department.ExternalId").unwrap())))
    }
    async fn assign(&self, _: &Ctx, _: &Account, grant: &[Entitlement], revoke: &[Entitlement]) -> Result<Vec<Effect>> {
        self.call()?;
        Ok(vec![Effect::Changed; grant.len() + revoke.len()])
    }
    async fn memberships(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Membership>> {
        self.call()?;
        let items = (0..self.members).map(|number| Membership {
            permission: planner(),
            entitlement: Some(Entitlement::known(if number % 2 == 0 { "Planner&&D1" } else { "Planner&&D2" })),
            account: Reference::new(number.to_string()).unwrap(),
        });
        Ok(Page::only(items.collect()))
    }
}
