//! The operations of the API that the connectors use.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use jiff::civil::Date;
use koppel::{Ctx, Error, ErrorKind, Result, Scrubber, reread};
use koppel_http::{Answer, Http, ListAt, StateDir};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::connection::Connection;
use crate::error::{classify, disguised};
use crate::model::{Days, HumanResource, ResourceGroup, ResourceRoster, RosterDay, User};

/// All of a list in one answer (observed; the page size without it is not known).
const ALL: (&str, &str) = ("limit", "0");

/// The client of one InPlanning environment. Clones share its token and its connections.
///
/// # Errors
/// - `NotFound` only where InPlanning itself says so to a request that reads, with error 211; a status alone never
///   means that. In answer to a change it is `Invalid`: what is missing may be a group that the change refers to.
/// - `Auth` where it refuses the credentials, also after a fresh token.
/// - `Conflict` where an object exists already (the words it uses are inferred).
/// - All else by HTTP status, as `koppel_http` reads it, with the text of the API.
#[derive(Debug, Clone)]
pub struct InPlanning {
    http: Http,
}

impl InPlanning {
    /// Makes a client; sends nothing. Through `state` its token is shared with the other processes of the machine: a
    /// new token ends the life of the one before it.
    ///
    /// # Errors
    /// `Config` where the address may not be used, such as plain http to another machine.
    pub fn new(connection: Connection, state: StateDir, scrubber: Scrubber) -> Result<Self> {
        let http = Http::builder("InPlanning", connection.base_url.as_str())
            .auth(connection.credentials.into_auth())
            .allow_insecure_http(connection.allow_insecure_http)
            .concurrency(connection.concurrency)
            .classify(classify)
            .disguised_failures(disguised)
            .state(state)
            .scrubber(scrubber)
            .build()?;
        Ok(Self { http })
    }

    /// The address of the API, normalised.
    pub fn base_url(&self) -> &str {
        self.http.base()
    }

    /// Asks for a token and reads the first user: as little as proves that actions can begin.
    pub async fn check(&self, ctx: &Ctx) -> Result<()> {
        let first = self.list::<User>(ctx, &["users"], &[("limit", "1")], "users", ListAt::Root).next().await;
        first.transpose().map(|_| ())
    }

    /// All users. The list is one answer and is read as it comes: memory does not grow with it.
    pub fn users(&self, ctx: &Ctx) -> BoxStream<'static, Result<User>> {
        self.list(ctx, &["users"], &[ALL], "users", ListAt::Root)
    }

    /// The user with this name, or `None` where InPlanning says (error 211) that there is none.
    ///
    /// A name that cannot stand in an address, or that a server refuses to find in one, is looked for in the list.
    pub async fn user(&self, ctx: &Ctx, username: &str) -> Result<Option<User>> {
        let doing = format!("could not read user [{username}]");
        if matches!(username.trim(), "" | "." | "..") {
            return self.user_in_list(ctx, username).await.map_err(|error| error.context(doing));
        }
        match self.http.get(&["users", username]).send(ctx).await {
            Ok(answer) => read_user(&answer, username).map(Some).map_err(|error| error.context(doing)),
            Err(error) if error.is(ErrorKind::NotFound) => Ok(None),
            // Newer servers refuse an encoded slash in a path (documented), before the API has seen it.
            Err(error)
                if username.contains(['/', '\\'])
                    && matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Protocol) =>
            {
                self.user_in_list(ctx, username).await.map_err(|error| error.context(doing))
            }
            Err(error) => Err(error.context(doing)),
        }
    }

    async fn user_in_list(&self, ctx: &Ctx, username: &str) -> Result<Option<User>> {
        reread(ctx, || self.look_for_user(ctx, username)).await
    }

    async fn look_for_user(&self, ctx: &Ctx, username: &str) -> Result<Option<User>> {
        let mut users = self.users(ctx);
        while let Some(user) = users.next().await {
            let user = user?;
            if user.username().is_some_and(|name| name.trim() == username.trim()) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// Makes a user. Gives it as InPlanning answered, or `None` where the answer is no user with a name: then it is
    /// not known whether the user was made.
    ///
    /// # Errors
    /// `Conflict` where the user exists already; `Ambiguous` where it may or may not have been made.
    pub async fn create_user(&self, ctx: &Ctx, user: &Map<String, Value>) -> Result<Option<User>> {
        let name = named(user);
        let sent = self.http.post(&["users"]).json(&Value::Object(user.clone())).send(ctx).await;
        let answer = sent.map_err(|error| lead(error, &format!("could not create user [{name}]")))?;
        Ok(answer.json::<User>().ok().filter(|user| user.username().is_some()))
    }

    /// Replaces a user, which the `username` in the object names. Whether keys that are left out survive is not known:
    /// send the whole object. What is answered does not matter, as long as it is nothing or JSON that is no error.
    ///
    /// # Errors
    /// `Ambiguous` where the answer is something else, such as the page of a proxy.
    pub async fn put_user(&self, ctx: &Ctx, user: &Map<String, Value>) -> Result<()> {
        let name = named(user);
        let sent = self.http.put(&["users"]).json(&Value::Object(user.clone())).send(ctx).await;
        let answered = sent.and_then(|answer| match answer.json::<IgnoredAny>() {
            Err(error) if !answer.body().trim_ascii().is_empty() => Err(error.with_kind(ErrorKind::Ambiguous)),
            _ => Ok(()),
        });
        answered.map_err(|error| lead(error, &format!("could not change user [{name}]")))
    }

    /// All employees, those without a user included.
    pub fn human_resources(&self, ctx: &Ctx) -> BoxStream<'static, Result<HumanResource>> {
        self.list(ctx, &["humanresources"], &[ALL], "human resources", ListAt::Root)
    }

    /// All resource groups.
    pub async fn resource_groups(&self, ctx: &Ctx) -> Result<Vec<ResourceGroup>> {
        collect(self.list(ctx, &["v2", "resourcegroups"], &[], "resource groups", ListAt::Root)).await
    }

    /// The roster of one person over these days, both included; `None` where InPlanning says (error 211) that there is
    /// none.
    pub async fn resource_roster(
        &self,
        ctx: &Ctx,
        resource: &str,
        start: Date,
        end: Date,
    ) -> Result<Option<Vec<RosterDay>>> {
        let (start, end) = (start.to_string(), end.to_string());
        let query = [("resource", resource), ("startDate", &start), ("endDate", &end)];
        let read = async { self.http.get(&["roster", "resourceRoster"]).query(&query).send(ctx).await?.json::<Days>() };
        unless_missing(read.await.map(|roster| roster.days))
            .map_err(|error| error.context(format!("could not read the roster of resource [{resource}]")))
    }

    /// The rosters of everybody in a group over these days, both included, as they come: memory does not grow with the
    /// group. One person may stand in the rosters of several groups, with the same days.
    ///
    /// # Errors
    /// `NotFound` as the only item where InPlanning says (error 211) that there is no such group.
    pub fn group_rosters(
        &self,
        ctx: &Ctx,
        group: &str,
        start: Date,
        end: Date,
    ) -> BoxStream<'static, Result<ResourceRoster>> {
        let (start, end) = (start.to_string(), end.to_string());
        let query = [("resourceGroup", group), ("startDate", start.as_str()), ("endDate", end.as_str())];
        let what = format!("roster of resource group [{group}]");
        self.list(ctx, &["roster", "groupRoster"], &query, &what, ListAt::Field("resourceRosters"))
    }

    fn list<T: DeserializeOwned + Send + 'static>(
        &self,
        ctx: &Ctx,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
        at: ListAt,
    ) -> BoxStream<'static, Result<T>> {
        let doing = format!("could not read the {what}");
        let list = self.http.get(path).query(query).send_list::<T>(ctx, at);
        list.map(move |item| item.map_err(|error| error.context(&doing))).boxed()
    }
}

async fn collect<T>(mut list: BoxStream<'static, Result<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while let Some(item) = list.next().await {
        items.push(item?);
    }
    Ok(items)
}

fn unless_missing<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is(ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The user in an answer, which must be the one that was asked for.
fn read_user(answer: &Answer, username: &str) -> Result<User> {
    let user: User = answer.json()?;
    match user.username() {
        Some(name) if name.trim().to_lowercase() == username.trim().to_lowercase() => Ok(user),
        Some(other) => Err(answer.not_understood(&format!("it is user [{other}]"))),
        None => Err(answer.not_understood("it is no user, for it has no username")),
    }
}

fn named(user: &Map<String, Value>) -> String {
    user.get("username").and_then(koppel::scalar_text).unwrap_or_default()
}

/// What was being done, in front of a failure; a request that a dry run holds back is none.
fn lead(error: Error, doing: &str) -> Error {
    if error.is(ErrorKind::DryRun) { error } else { error.context(doing) }
}
