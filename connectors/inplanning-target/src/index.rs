//! Users by the values of their fields, from one list for many searches.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::StreamExt as _;
use inplanning_api::{InPlanning, User};
use koppel::{Ctx, Error, ErrorKind, Freshness, Record, Result, reread, scalar_text};
use serde_json::Value;
use tokio::sync::Mutex;

/// A list that is older than this is read again, in seconds: a run is over by then, or the process serves many.
const OLDEST: i64 = 300;

/// The usernames that have a value in a field. Field names are in lower case, values are trimmed.
#[derive(Debug, Default)]
struct ByValue {
    fields: BTreeMap<String, HashMap<String, Vec<String>>>,
    users: usize,
}

/// The last list of users, kept for the run.
#[derive(Debug, Default)]
pub(crate) struct Index(Mutex<Option<(jiff::Timestamp, Arc<ByValue>)>>);

impl Index {
    /// The names of the users with this value in this field.
    ///
    /// # Errors
    /// `Config` where no user has such a field and it is none of the `known` ones.
    pub(crate) async fn search(
        &self,
        api: &InPlanning,
        ctx: &Ctx,
        field: (&str, bool),
        value: &str,
        freshness: Freshness,
    ) -> Result<Vec<String>> {
        let (field, known) = field;
        let list = self.list(api, ctx, freshness).await?;
        match list.fields.get(&field.to_lowercase()) {
            Some(values) => Ok(values.get(value.trim()).cloned().unwrap_or_default()),
            None if known || list.users == 0 => Ok(Vec::new()),
            None => {
                Err(Error::new(ErrorKind::Config, format!("users of InPlanning have no field [{field}] to search by"))
                    .with_hint("choose username, email or resource as the account correlation field"))
            }
        }
    }

    /// The list, read once by whoever comes first; the others wait for it.
    async fn list(&self, api: &InPlanning, ctx: &Ctx, freshness: Freshness) -> Result<Arc<ByValue>> {
        let mut kept = self.0.lock().await;
        if let Some((read, list)) = &*kept
            && freshness == Freshness::Run
            && ctx.now().as_second() - read.as_second() < OLDEST
        {
            return Ok(Arc::clone(list));
        }
        let read = ctx.now();
        let list = reread(ctx, || async {
            let mut list = ByValue::default();
            let mut users = api.users(ctx);
            while let Some(user) = users.next().await {
                list.add(&user?);
            }
            Ok(list)
        });
        let list = Arc::new(list.await?);
        *kept = Some((read, Arc::clone(&list)));
        Ok(list)
    }
}

impl ByValue {
    fn add(&mut self, user: &User) {
        let Some(username) = user.username() else { return };
        self.users += 1;
        for (field, value) in Record::from_nested(&Value::Object(user.raw().clone())).iter() {
            if value.is_array() {
                continue;
            }
            let values = self.fields.entry(field.to_lowercase()).or_default();
            if let Some(text) = scalar_text(value)
                && !text.trim().is_empty()
            {
                values.entry(text.trim().to_owned()).or_default().push(username.clone());
            }
        }
    }
}
