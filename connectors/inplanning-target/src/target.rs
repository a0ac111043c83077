//! The primitives of the target.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use inplanning_api::{BaseUrl, Connection, Credentials, InPlanning, User};
use koppel::config::Fault;
use koppel::{
    Account, Change, Changes, Ctx, Cursor, Effect, Error, ErrorKind, Fields, Freshness, Page, Permissions, Record,
    Reference, Result, Scrubber, Switching, Target, reread,
};
use koppel_http::StateDir;
use serde_json::{Map, Value};

use crate::account::{account, fields, made, overlay, sent};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::index::Index;

/// InPlanning as a target.
#[derive(Debug)]
pub(crate) struct InPlanningTarget {
    pub(crate) api: InPlanning,
    pub(crate) catalogue: Catalogue,
    pub(crate) start_date_on_grant: bool,
    create_disabled: bool,
    fields: Fields,
    index: Index,
}

impl InPlanningTarget {
    pub(crate) fn new(config: Config, state: StateDir, scrubber: Scrubber) -> Result<Self> {
        let catalogue = Catalogue::new(&config)?;
        let connection = Connection {
            base_url: BaseUrl::parse(&config.base_url)
                .map_err(|why| Error::config(vec![Fault::new("BaseUrl", why)]))?,
            credentials: Credentials::Body { client_id: config.client_id, client_secret: config.client_secret },
            concurrency: NonZeroUsize::new(config.concurrency).unwrap_or(NonZeroUsize::MIN),
            allow_insecure_http: config.allow_insecure_http,
        };
        Ok(Self {
            api: InPlanning::new(connection, state, scrubber)?,
            catalogue,
            start_date_on_grant: config.start_date_on_grant,
            create_disabled: config.create_disabled,
            fields: fields(),
            index: Index::default(),
        })
    }

    /// The user that was to be made, where the answer to the create does not tell whether it was.
    async fn made_after_all(&self, ctx: &Ctx, data: &Record) -> Result<Account> {
        const TEXT: &str = "InPlanning answered the create with something that is no user";
        let username = data.text("username").unwrap_or_default();
        match self.api.user(ctx, &username).await {
            Ok(user) => user.and_then(|user| account(&self.fields, &user)).ok_or_else(|| {
                Error::new(ErrorKind::Ambiguous, format!("{TEXT}, and does not show the user [{username}]"))
            }),
            Err(error) => Err(error.with_kind(ErrorKind::Ambiguous).context(TEXT)),
        }
    }

    /// Sends the whole user where something differs.
    async fn switch(&self, ctx: &Ctx, current: &Account, data: &Record, on: bool) -> Result<(Account, Effect)> {
        if let Some(active) = data.get("active").and_then(inplanning_api::flag)
            && active != on
        {
            let action = if on { "enable" } else { "disable" };
            return Err(Error::invalid("active", format!("is mapped as {active} for {action}, which makes it {on}"))
                .with_hint(format!("map active as {on} for this action, or leave it out")));
        }
        let mut data = data.clone();
        data.remove("active");
        let mut changes = self.changes(current, &data)?;
        // A user whose state InPlanning does not tell gets one.
        let active = current.raw.get("active").and_then(inplanning_api::flag);
        if active != Some(on) {
            let from = current.data.get("active").cloned().unwrap_or(Value::Null);
            changes.0.push(Change { field: "active".to_owned(), from, to: Value::Bool(on) });
        }
        if changes.is_empty() {
            return Ok((current.clone(), Effect::Unchanged));
        }
        Ok((self.update(ctx, current, &changes).await?, Effect::Changed))
    }
}

#[async_trait]
impl Target for InPlanningTarget {
    fn system(&self) -> &'static str {
        "InPlanning"
    }

    fn scope(&self) -> String {
        self.api.base_url().to_owned()
    }

    fn fields(&self) -> &Fields {
        &self.fields
    }

    async fn check(&self, ctx: &Ctx) -> Result<()> {
        self.api.check(ctx).await
    }

    async fn get(&self, ctx: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        let user = self.api.user(ctx, &reference.text()?).await?;
        Ok(user.and_then(|user| account(&self.fields, &user)))
    }

    async fn find(&self, ctx: &Ctx, field: &str, value: &str, freshness: Freshness) -> Result<Vec<Account>> {
        let field = field.trim();
        if field.is_empty() || field.eq_ignore_ascii_case("username") {
            let user = self.api.user(ctx, value.trim()).await?;
            return Ok(user.and_then(|user| account(&self.fields, &user)).into_iter().collect());
        }
        let known = self.fields.find(field).is_some();
        let name = self.fields.find(field).map_or(field, |field| field.name);
        let mut found = Vec::new();
        for username in self.index.search(&self.api, ctx, (name, known), value, freshness).await? {
            // The list may be from before: the user itself says what it is now.
            let Some(user) = self.api.user(ctx, &username).await? else { continue };
            let still = |account: &Account| {
                let mut fields = account.data.names().filter(|other| other.eq_ignore_ascii_case(name));
                fields.any(|other| account.data.text(other).is_some_and(|text| text.trim() == value.trim()))
            };
            found.extend(account(&self.fields, &user).filter(still));
        }
        Ok(found)
    }

    async fn create(&self, ctx: &Ctx, data: &Record) -> Result<Account> {
        let mut data = data.clone();
        if self.create_disabled {
            data.set("active", false);
        }
        let Value::Object(user) = data.to_nested() else {
            return Err(Error::bug("the data of an account is no object"));
        };
        match self.api.create_user(ctx, &user).await? {
            Some(answer) => sent(&self.fields, made(user, answer).into_raw()),
            None => self.made_after_all(ctx, &data).await,
        }
    }

    async fn update(&self, ctx: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        let user = overlay(&current.raw, changes);
        self.api.put_user(ctx, &user).await?;
        sent(&self.fields, user)
    }

    async fn accounts(&self, ctx: &Ctx, _cursor: Option<Cursor>) -> Result<Page<Account>> {
        let read = reread(ctx, || async {
            let mut accounts = Vec::new();
            let mut nameless = 0;
            let mut users = self.api.users(ctx);
            while let Some(user) = users.next().await {
                match account(&self.fields, &user?) {
                    Some(account) => accounts.push(account),
                    None => nameless += 1,
                }
            }
            Ok((accounts, nameless))
        });
        let (accounts, nameless) = read.await?;
        ctx.progress().advance(accounts.len() as u64);
        warn_of_nameless(ctx, nameless);
        Ok(Page::only(accounts))
    }

    fn switching(&self) -> Option<&dyn Switching> {
        Some(self)
    }

    fn permissions(&self) -> Option<&dyn Permissions> {
        Some(self)
    }
}

#[async_trait]
impl Switching for InPlanningTarget {
    async fn enable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)> {
        self.switch(ctx, current, data, true).await
    }

    async fn disable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)> {
        self.switch(ctx, current, data, false).await
    }
}

/// The user behind an account.
pub(crate) fn user_of(account: &Account) -> User {
    User::new(account.raw.as_object().cloned().unwrap_or_else(Map::new))
}

/// Tells of users that nothing can refer to.
pub(crate) fn warn_of_nameless(ctx: &Ctx, count: usize) {
    if count > 0 {
        ctx.warn(format!("{count} users of InPlanning have no username and were left out"));
    }
}
