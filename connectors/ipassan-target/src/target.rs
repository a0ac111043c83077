//! The primitives of a target, over the client.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use koppel::paging::pages;
use koppel::{
    Account, Change, Changes, Ctx, Cursor, Deleting, Deletion, Error, ErrorKind, Fields, Freshness, Page, Record,
    Reference, Result, Scrubber, Switching, Target, scalar_text,
};
use koppel_http::StateDir;
use serde_json::Value;

use crate::access::Door;
use crate::client::Client;
use crate::config::{Config, DeleteMode, OnUnmappedProfile};
use crate::index::{Ids, Index};
use crate::model::{self, LOOKUP_KEY};
use crate::profiles::Profiles;

/// IPassan: the persons of one site.
#[derive(Debug)]
pub(crate) struct IPassan {
    pub(crate) client: Client,
    pub(crate) fields: Fields,
    pub(crate) profiles: Profiles,
    pub(crate) index: Index,
    pub(crate) on_unmapped: OnUnmappedProfile,
    delete: DeleteMode,
    concurrency: NonZeroUsize,
}

impl IPassan {
    /// Makes the target; sends nothing.
    pub(crate) fn new(config: &Config, state: StateDir, scrubber: Scrubber) -> Result<Self> {
        Ok(Self {
            client: Client::new(config, state, scrubber)?,
            fields: model::fields(),
            profiles: Profiles::load(&config.access_profiles, config.access_profiles_file.as_deref())?,
            index: Index::default(),
            on_unmapped: config.on_unmapped_profile,
            delete: config.delete,
            concurrency: config.concurrency,
        })
    }

    /// The fields that differ; helpers, declared or not, are none.
    ///
    /// # Errors
    /// `Invalid` where a field that IPassan needs would become empty.
    pub(crate) fn field_changes(&self, current: &Account, data: &Record) -> Result<Changes> {
        let mut changes = self.fields.changes(&current.data, data)?;
        changes.0.retain(|change| !model::is_extension(&change.field));
        let needed = |name: &str| self.fields.find(name).is_some_and(|field| field.required);
        match changes.names().into_iter().find(|name| needed(name) && data.non_empty(name).is_none()) {
            Some(name) => Err(Error::invalid(name, "is empty; IPassan needs it")),
            None => Ok(changes),
        }
    }

    /// Who has which value in this field, from all pages.
    async fn list(&self, ctx: &Ctx, field: &str) -> Result<Ids> {
        let mut all =
            Box::pin(pages(ctx, |cursor: Option<Cursor>| async move { self.client.page(ctx, cursor.as_ref()).await }));
        let mut ids = Ids::default();
        while let Some(page) = all.try_next().await.map_err(|error| error.context("could not list the persons"))? {
            for person in &page {
                let id = model::listed(person)?;
                if let Some(value) = person.get(field).and_then(scalar_text) {
                    ids.add(&value, id);
                }
            }
        }
        Ok(ids)
    }

    /// Those of these persons that still have the value.
    async fn holders(&self, ctx: &Ctx, ids: Vec<String>, field: &str, value: &str) -> Result<Vec<Account>> {
        let at_once = ctx.concurrency().unwrap_or(self.concurrency).get();
        let persons: Vec<Option<Value>> = stream::iter(ids)
            .map(|id| async move { self.client.person(ctx, &id).await })
            .buffered(at_once)
            .try_collect()
            .await?;
        let mut found = Vec::new();
        for person in persons.into_iter().flatten() {
            let account = model::account(person, &self.fields)?;
            if account.data.text(field).is_some_and(|text| text.trim() == value) {
                found.push(account);
            }
        }
        Ok(found)
    }

    /// Tells the index what a person has now.
    pub(crate) fn moved(&self, id: &str, from: Option<&Record>, to: Option<&Record>) {
        for field in self.index.fields() {
            let text = |data: Option<&Record>| data.and_then(|data| data.text(field));
            self.index.edit(field, id, text(from).as_deref(), text(to).as_deref());
        }
    }
}

#[async_trait]
impl Target for IPassan {
    fn system(&self) -> &'static str {
        "IPassan"
    }

    fn scope(&self) -> String {
        self.client.scope()
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    async fn check(&self, ctx: &Ctx) -> Result<()> {
        self.client.page(ctx, None).await.map(drop)
    }

    async fn get(&self, ctx: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        let person = self.client.person(ctx, &reference.text()?).await?;
        person.map(|person| model::account(person, &self.fields)).transpose()
    }

    async fn find(&self, ctx: &Ctx, field: &str, value: &str, freshness: Freshness) -> Result<Vec<Account>> {
        let Some(known) = self.fields.find(field).filter(|field| !field.helper) else {
            let searchable: Vec<&str> =
                self.fields.fields.iter().filter(|field| !field.helper).map(|field| field.name).collect();
            return Err(Error::new(ErrorKind::Config, format!("an IPassan person cannot be found by [{field}]"))
                .with_hint(format!("choose one of {}", searchable.join(", "))));
        };
        let (name, value) = (known.name, value.trim());
        let ids = self.index.ids(ctx, name, value, freshness, || self.list(ctx, name)).await?;
        let nobody = ids.is_empty();
        let found = self.holders(ctx, ids, name, value).await?;
        if !found.is_empty() || nobody || freshness == Freshness::Now {
            return Ok(found);
        }
        // All that the list told was out of date, so it may lack somebody as well.
        let ids = self.index.ids(ctx, name, value, Freshness::Now, || self.list(ctx, name)).await?;
        self.holders(ctx, ids, name, value).await
    }

    async fn create(&self, ctx: &Ctx, data: &Record) -> Result<Account> {
        let form = model::form(data.iter())?;
        let mut person = self.client.create(ctx, &form).await.inspect_err(|error| {
            if error.is(ErrorKind::Ambiguous) {
                self.index.forget();
            }
        })?;
        let id = model::uuid(&person).unwrap_or_default().to_owned();
        if !model::shows(&person, data) {
            // The person is made whatever becomes of this.
            person = self.client.person(ctx, &id).await.ok().flatten().unwrap_or(person);
        }
        self.moved(&id, None, Some(data));
        model::account(person, &self.fields)
    }

    fn changes(&self, current: &Account, data: &Record) -> Result<Changes> {
        let mut changes = self.field_changes(current, data)?;
        // A person without a profile is not given one here: that is what enable is for.
        if let (Some(key), Some(now)) = (data.non_empty(LOOKUP_KEY), current.data.non_empty(LOOKUP_KEY))
            && let Some(profile) = self.another(&key, &now)?
        {
            changes.0.push(Change { field: LOOKUP_KEY.to_owned(), from: now.into(), to: profile.id.clone().into() });
        }
        Ok(changes)
    }

    async fn update(&self, ctx: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        let profile = changes.0.iter().find(|change| change.field == LOOKUP_KEY).and_then(|change| change.to.as_str());
        self.write(ctx, current, changes, profile.map_or(Door::Leave, Door::Give)).await
    }

    async fn accounts(&self, ctx: &Ctx, cursor: Option<Cursor>) -> Result<Page<Account>> {
        let page = self.client.page(ctx, cursor.as_ref()).await?;
        let items: Result<Vec<Account>> =
            page.items.into_iter().map(|person| model::account(person, &self.fields)).collect();
        Ok(Page { items: items?, next: page.next })
    }

    fn switching(&self) -> Option<&dyn Switching> {
        Some(self)
    }

    fn deleting(&self) -> Option<&dyn Deleting> {
        Some(self)
    }
}

#[async_trait]
impl Deleting for IPassan {
    async fn delete(&self, ctx: &Ctx, current: &Account) -> Result<Deletion> {
        match self.delete {
            DeleteMode::Hard => {
                let id = current.reference.text()?;
                let _steady = self.index.steady(ctx).await?;
                self.client.delete(ctx, &id).await?;
                self.moved(&id, Some(&current.data), None);
                Ok(Deletion::Deleted)
            }
            DeleteMode::Disable => {
                self.disable(ctx, current, &Record::new()).await?;
                Ok(Deletion::Disabled)
            }
        }
    }
}
