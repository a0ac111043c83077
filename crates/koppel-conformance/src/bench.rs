//! What a check works with: the connector, the way to its system, good values, and what it made.

mod clean;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use koppel::lifecycle::Correlation;
use koppel::{Contract, Person, Record, Reference, lookup, scalar_text};
use serde_json::{Map, Value};

use crate::check::Stop;
use crate::proxy::{Exchange, Planned, Proxy};
use crate::scenario::{Scenario, tagged, tagged_map};
use crate::subject::{Act, Acted, Facts, Imported, Subject};
use crate::world::World;

/// What a check works with.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The connector.
    pub(crate) subject: &'a dyn Subject,
    /// The way to its system.
    pub(crate) proxy: &'a Proxy,
    /// A configuration that leads through the proxy.
    pub(crate) config: Value,
    /// Good values.
    pub(crate) scenario: &'a Scenario,
    /// The system itself, where the run may fill and empty it.
    pub(crate) world: Option<&'a dyn World>,
    /// What tells the objects of this run from all others.
    tag: String,
    used: AtomicUsize,
    /// Was a create begun?
    tried: AtomicBool,
    /// The references that were given for new accounts.
    made: Mutex<Vec<Reference>>,
}

/// Values for one new account.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) data: Record,
    pub(crate) by: Correlation,
}

impl<'a> Bench<'a> {
    /// A bench for one check.
    pub(crate) fn new(
        subject: &'a dyn Subject,
        proxy: &'a Proxy,
        config: Value,
        scenario: &'a Scenario,
        world: Option<&'a dyn World>,
        tag: String,
    ) -> Self {
        let (used, tried, made) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::default());
        Self { subject, proxy, config, scenario, world, tag, used, tried, made }
    }

    pub(crate) fn facts(&self) -> &Facts {
        self.subject.facts()
    }

    /// A text that no other object has.
    pub(crate) fn tag(&self) -> String {
        format!("{}{}", self.tag, self.used.fetch_add(1, Ordering::Relaxed))
    }

    /// Values for an account that is not there yet.
    pub(crate) fn new_account(&self) -> Result<New, Stop> {
        let data = Record::from_nested(&Value::Object(tagged_map(&self.scenario.create, &self.tag())));
        let field = self.scenario.correlate.clone();
        let value = data.text(&field).ok_or_else(|| {
            Stop::Skip(format!("the scenario's [create] has no value for [{field}], the field in [correlate]"))
        })?;
        Ok(New { data, by: Correlation { field, value } })
    }

    /// The fields of another part of the scenario.
    pub(crate) fn fields(&self, part: &Map<String, Value>) -> Record {
        Record::from_nested(&Value::Object(tagged_map(part, &self.tag())))
    }

    /// Carries an action out.
    pub(crate) async fn act(&self, act: Act) -> Acted {
        if act.action == "create" {
            // Whatever it comes to: it may be dropped before it comes to anything.
            self.tried.store(true, Ordering::SeqCst);
        }
        let acted = self.subject.act(&self.config, &act).await;
        if act.action == "create"
            && !acted.correlated
            && !act.dry_run
            && let Some(reference) = &acted.reference
        {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            if !made.contains(reference) {
                made.push(reference.clone());
            }
        }
        acted
    }

    /// Creates or links an account.
    pub(crate) async fn create(&self, new: &New) -> Acted {
        self.act(Act { action: "create", data: new.data.clone(), correlation: Some(new.by.clone()), ..Act::default() })
            .await
    }

    /// An account that is there; where it cannot be made, or is not seen afterwards, the check cannot go on: another
    /// check says so.
    pub(crate) async fn existing(&self) -> Result<(Reference, New), Stop> {
        let (reference, new) = self.made().await?;
        if self.facts().can("import-accounts") && self.imported_one(&reference).await?.is_none() {
            return Err(Stop::Skip(format!("the account that was made as [{reference}] is not in the import")));
        }
        Ok((reference, new))
    }

    /// The same without a look at the import, for checks that have looked before.
    pub(crate) async fn made(&self) -> Result<(Reference, New), Stop> {
        let new = self.new_account()?;
        let acted = self.create(&new).await;
        match acted.reference.clone().filter(|_| acted.success) {
            Some(reference) => Ok((reference, new)),
            None => Err(Stop::Skip(format!("no account could be made: {}", said(&acted)))),
        }
    }

    /// An action on an account.
    pub(crate) async fn on(&self, action: &'static str, reference: &Reference, data: &Record) -> Acted {
        self.act(Act { action, account: Some(reference.clone()), data: data.clone(), ..Act::default() }).await
    }

    /// A reference that has the shape of one of this system and leads to nothing: that of an account that was deleted.
    pub(crate) async fn gone(&self) -> Result<Reference, Stop> {
        let (reference, _) = self.existing().await?;
        let deleted = self.on("delete", &reference, &Record::new()).await;
        if !deleted.success || self.imported_one(&reference).await?.is_some() {
            return Err(Stop::Skip(format!("the account could not be deleted: {}", said(&deleted))));
        }
        Ok(reference)
    }

    /// The imported accounts with this value in the correlation field.
    pub(crate) async fn found(&self, by: &Correlation) -> Result<Vec<Imported>, Stop> {
        let all = self.imported().await?;
        Ok(all.into_iter().filter(|a| a.data.text(&by.field).as_deref() == Some(by.value.as_str())).collect())
    }

    /// All accounts, where the import is good.
    pub(crate) async fn imported(&self) -> Result<Vec<Imported>, Stop> {
        let all = self.subject.accounts(&self.config).await;
        all.map_err(|refused| Stop::fail("an import of all accounts", refused.to_string()))
    }

    /// The account of this reference in the import.
    pub(crate) async fn imported_one(&self, reference: &Reference) -> Result<Option<Imported>, Stop> {
        Ok(self.imported().await?.into_iter().find(|account| &account.reference == reference))
    }

    /// The fields of an update; without them the check cannot go on.
    pub(crate) fn update_fields(&self) -> Result<Record, Stop> {
        let data = self.fields(&self.scenario.update);
        if data.is_empty() { Err(Stop::Skip("the scenario has no [update]".into())) } else { Ok(data) }
    }

    /// Is what came back what was sent, in the type of the field?
    pub(crate) fn same(&self, name: &str, sent: &Value, got: &Value) -> bool {
        let blank = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let kind = self.facts().fields.iter().find(|f| f.name.eq_ignore_ascii_case(name)).map(|f| f.kind.clone());
        let (a, b) = (scalar_text(sent), scalar_text(got));
        match kind.as_deref() {
            Some("boolean") => a.map(|t| t.to_lowercase()) == b.map(|t| t.to_lowercase()),
            _ => (blank(sent) && blank(got)) || (a.is_some() && a == b),
        }
    }

    /// A person of the scenario.
    pub(crate) fn person(&self, of: &Value) -> Person {
        let person = tagged(of, &self.tag);
        let text = |value: &Value, name: &str| lookup(value, name).and_then(scalar_text).unwrap_or_default();
        let contracts = lookup(&person, "Contracts").and_then(Value::as_array).cloned().unwrap_or_default();
        Person {
            external_id: text(&person, "ExternalId"),
            display_name: text(&person, "DisplayName"),
            contracts: contracts
                .into_iter()
                .map(|fields| Contract { external_id: text(&fields, "ExternalId"), in_conditions: Some(true), fields })
                .collect(),
        }
    }

    /// Forgets the exchanges so far.
    pub(crate) fn watch(&self) {
        self.proxy.plan(&[]);
    }

    /// Forgets the exchanges so far and plans faults.
    pub(crate) fn plan(&self, planned: &[Planned]) {
        self.proxy.plan(planned);
    }

    /// The requests since then that could change something.
    pub(crate) fn changes(&self) -> Vec<Exchange> {
        self.proxy.exchanges().into_iter().filter(|exchange| exchange.sent.changes()).collect()
    }

    /// Every planned fault happened, or the check proves nothing.
    pub(crate) fn all_fired(&self) -> Result<(), Stop> {
        let missed = self.proxy.missed();
        if missed.is_empty() {
            return Ok(());
        }
        Err(Stop::fail("every planned fault to happen", format!("these did not: {missed:?}")))
    }
}

/// What an action says, for a message.
pub(crate) fn said(acted: &Acted) -> String {
    let lines = acted.lines.iter().map(|line| {
        let action = line.action.as_deref().unwrap_or("-");
        format!("{action}{}: {}", if line.is_error { " (error)" } else { "" }, line.message)
    });
    let kind = acted.error.as_ref().map(|e| format!(" [{}]", e.kind)).unwrap_or_default();
    format!("Success {}{kind}; {}", acted.success, lines.collect::<Vec<_>>().join(" | "))
}
