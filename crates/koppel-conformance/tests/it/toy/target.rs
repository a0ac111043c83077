//! A target for the small system, sound or with one flaw.

use async_trait::async_trait;
use base64::Engine as _;
use koppel::{
    Account, Change, Changes, Contract, Ctx, Cursor, Deleting, Deletion, Effect, Entitlement, Error, ErrorKind, Field,
    Fields, Freshness, Membership, Page, Permission, Permissions, Record, Reference, Result, Scrubber, Secret,
    Switching, Target, scalar_text,
};
use koppel_http::{ClientCredentials, Forward, Http, StateDir};
use serde_json::{Value, json};

use super::Flaw;
use super::system::PAGE;

/// The permissions on offer.
const OFFERED: [&str; 2] = ["Reader", "Writer"];

#[derive(Debug)]
pub(crate) struct Toy {
    http: Http,
    base: String,
    fields: Fields,
    flaw: Flaw,
}

impl Toy {
    pub(crate) fn new(base: &str, secret: &Secret, flaw: Flaw, scrubber: Scrubber) -> Result<Self> {
        if flaw == Flaw::LogsSecret {
            let basic = base64::engine::general_purpose::STANDARD.encode(format!("toy:{}", secret.expose()));
            tracing::warn!("going in with Basic {basic}");
        }
        let auth = ClientCredentials::new(&["token"], "toy", secret.clone()).named("Secret");
        let http = Http::builder("Toy", base)
            .auth(auth)
            .state(StateDir::none())
            .scrubber(scrubber)
            .retry(super::quick())
            .build()?;
        let fields = vec![
            Field::text("number").required().unique().immutable().max_length(64),
            Field::text("name").required(),
            Field::text("mail"),
            Field::text("note"),
            Field::text("grade"),
        ];
        Ok(Self { http, base: base.to_owned(), fields: Fields::closed(fields), flaw })
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn account(raw: &Value) -> Result<Account> {
        let text = |name: &str| raw.get(name).and_then(scalar_text).unwrap_or_default();
        let reference =
            Reference::new(text("id")).ok_or_else(|| Error::new(ErrorKind::Protocol, "a user without id"))?;
        Ok(Account {
            reference,
            data: Record::from_nested(&json!({
                "number": raw["number"], "name": raw["name"], "mail": raw["mail"], "note": raw["note"],
                "grade": raw["grade"],
            })),
            enabled: Some(raw["active"] == json!(true)),
            display_name: text("number"),
            user_name: text("number"),
            raw: raw.clone(),
        })
    }

    async fn list(&self, ctx: &Ctx, query: &[(&str, &str)]) -> Result<(Vec<Account>, Option<String>)> {
        let body: Value = self.http.get(&["users"]).query(query).send(ctx).await?.json()?;
        let items = body["items"].as_array().cloned().unwrap_or_default();
        let accounts = items.iter().map(Self::account).collect::<Result<_>>()?;
        Ok((accounts, scalar_text(&body["next"])))
    }

    async fn patch(&self, ctx: &Ctx, id: &str, changes: &Value) -> Result<Account> {
        let answer = self.http.patch(&["users", id]).json(changes).repeatable(true).send(ctx).await?;
        Self::account(&answer.json()?)
    }

    /// Past the HTTP kit and its guard.
    async fn smuggle(&self, method: &str, path: &str, body: Value) -> Result<()> {
        let forward = Forward::to(&self.base, 1 << 20)?;
        let headers = [
            ("authorization".to_owned(), format!("Bearer {}", super::system::TOKEN)),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        forward.send(method, path, &headers, body.to_string().into()).await.map(drop)
    }
}

#[async_trait]
impl Target for Toy {
    fn system(&self) -> &'static str {
        "Toy"
    }
    fn scope(&self) -> String {
        self.base.clone()
    }
    fn fields(&self) -> &Fields {
        &self.fields
    }

    async fn check(&self, ctx: &Ctx) -> Result<()> {
        self.list(ctx, &[]).await.map(drop)
    }

    async fn get(&self, ctx: &Ctx, reference: &Reference) -> Result<Option<Account>> {
        let id = reference.text()?;
        match self.http.get(&["users", &id]).send(ctx).await {
            Ok(answer) => Ok(Some(Self::account(&answer.json()?)?)),
            Err(error) if error.is(ErrorKind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, ctx: &Ctx, _: &str, value: &str, _: Freshness) -> Result<Vec<Account>> {
        let mut found = self.list(ctx, &[("number", value)]).await?.0;
        if self.is(Flaw::FindsOnlyOne) {
            found.truncate(1);
        }
        Ok(found)
    }

    async fn create(&self, ctx: &Ctx, data: &Record) -> Result<Account> {
        if self.is(Flaw::CreatesInDryRun) && ctx.is_dry_run() {
            self.smuggle("POST", "/users", data.to_nested()).await?;
        }
        let mut data = data.clone();
        if self.is(Flaw::CreateDropsMail) {
            data.remove("mail");
        }
        let request = self.http.post(&["users"]).json(&data.to_nested()).repeatable(self.is(Flaw::CreateIsRepeated));
        let mut account = Self::account(&request.send(ctx).await?.json()?)?;
        if self.is(Flaw::CreateGivesAnotherReference)
            && let Some(other) = Reference::new(format!("x{}", account.reference))
        {
            account.reference = other;
        }
        Ok(account)
    }

    async fn update(&self, ctx: &Ctx, current: &Account, changes: &Changes) -> Result<Account> {
        let mut body: Value = changes
            .0
            .iter()
            .map(|change| (change.field.clone(), change.to.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        if self.is(Flaw::UpdateEmptiesTheRest) {
            for field in ["name", "mail", "note"] {
                if body.get(field).is_none() {
                    body[field] = Value::Null;
                }
            }
        }
        for value in body.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            let Value::String(text) = value else { continue };
            match self.flaw {
                Flaw::LosesEmoji => text.retain(|c| c.len_utf16() == 1),
                Flaw::LosesPlus => *text = text.replace('+', " "),
                Flaw::CutsText => *text = text.chars().take(255).collect(),
                _ => {}
            }
        }
        if self.is(Flaw::LeavesOutEmpty) {
            body.as_object_mut().into_iter().for_each(|map| map.retain(|_, value| value != ""));
        }
        self.patch(ctx, &current.reference.text()?, &body).await
    }

    fn changes(&self, current: &Account, data: &Record) -> Result<Changes> {
        if self.is(Flaw::UpdateAlwaysWrites) {
            let change = |(name, to): (&str, &Value)| Change { field: name.into(), from: Value::Null, to: to.clone() };
            return self.fields.changes(&current.data, data).map(|_| Changes(data.iter().map(change).collect()));
        }
        self.fields.changes(&current.data, data)
    }

    async fn accounts(&self, ctx: &Ctx, cursor: Option<Cursor>) -> Result<Page<Account>> {
        let after = cursor.map(|cursor| cursor.0);
        let first = after.is_none();
        let late = after.as_deref().and_then(|after| after.parse::<usize>().ok()).is_some_and(|after| after > 60);
        let query: Vec<(&str, &str)> = after.iter().map(|after| ("after", after.as_str())).collect();
        let (mut items, next) = self.list(ctx, &query).await?;
        if self.is(Flaw::ImportStopsEarly) && late {
            return Ok(Page::only(items));
        }
        if self.is(Flaw::ImportLosesTheLastOfAFullPage) && next.is_none() && items.len() == PAGE {
            items.pop();
        }
        if (self.is(Flaw::ImportRepeatsTheFirst) && first || self.is(Flaw::ImportRepeatsOverPages) && !first)
            && let Some(again) = items.first().cloned()
        {
            items.push(again);
        }
        Ok(Page { items, next: next.map(Cursor) })
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
impl Switching for Toy {
    async fn enable(&self, ctx: &Ctx, current: &Account, _: &Record) -> Result<(Account, Effect)> {
        if self.is(Flaw::EnableOnlySaysSo) {
            return Ok((current.clone(), Effect::Changed));
        }
        self.switch(ctx, current, true).await
    }
    async fn disable(&self, ctx: &Ctx, current: &Account, _: &Record) -> Result<(Account, Effect)> {
        if self.is(Flaw::DisableOnlySaysSo) {
            return Ok((current.clone(), Effect::Changed));
        }
        self.switch(ctx, current, false).await
    }
}

impl Toy {
    async fn switch(&self, ctx: &Ctx, current: &Account, on: bool) -> Result<(Account, Effect)> {
        let always = if on { Flaw::EnableAlwaysWrites } else { Flaw::DisableAlwaysWrites };
        if current.enabled == Some(on) && !self.is(always) {
            return Ok((current.clone(), Effect::Unchanged));
        }
        let after = self.patch(ctx, &current.reference.text()?, &json!({ "active": on })).await?;
        Ok((after, Effect::Changed))
    }
}

#[async_trait]
impl Deleting for Toy {
    async fn delete(&self, ctx: &Ctx, current: &Account) -> Result<Deletion> {
        if self.is(Flaw::DeleteOnlySaysSo) {
            return Ok(Deletion::Deleted);
        }
        match self.http.delete(&["users", &current.reference.text()?]).send(ctx).await {
            Err(error) if !error.is(ErrorKind::NotFound) => Err(error),
            _ => Ok(Deletion::Deleted),
        }
    }
}

#[async_trait]
impl Permissions for Toy {
    async fn list(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Permission>> {
        let permission = |name: &str| Some(Permission { reference: Reference::new(name)?, display_name: name.into() });
        let names = if self.is(Flaw::OffersTwice) { ["Reader", "Reader"] } else { OFFERED };
        Ok(Page::only(names.iter().filter_map(|name| permission(name)).collect()))
    }
    fn per_contract(&self, permission: &Reference) -> Result<bool> {
        if !OFFERED.contains(&permission.to_string().as_str()) && !self.is(Flaw::AcceptsAnyPermission) {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no permission [{permission}]")));
        }
        Ok(true)
    }
    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        let place = contract.and_then(|c| c.text("Department.ExternalId"));
        let place = place.ok_or_else(|| Error::invalid("Department.ExternalId", "the contract has none"))?;
        Ok(Entitlement::known(format!("{permission}&&{place}")))
    }
    async fn assign(
        &self,
        ctx: &Ctx,
        account: &Account,
        grant: &[Entitlement],
        revoke: &[Entitlement],
    ) -> Result<Vec<Effect>> {
        let id = account.reference.text()?;
        let held: Vec<String> = self.http.get(&["users", &id, "roles"]).send(ctx).await?.json()?;
        let mut effects = Vec::new();
        for (entitlement, on) in grant.iter().map(|e| (e, true)).chain(revoke.iter().map(|e| (e, false))) {
            let always = if on { Flaw::GrantAlwaysWrites } else { Flaw::RevokeAlwaysWrites };
            if held.contains(&entitlement.id) == on && !self.is(always) {
                effects.push(Effect::Unchanged);
                continue;
            }
            let path = ["users", &id, "roles", &entitlement.id];
            if on {
                self.http.put(&path).send(ctx).await?;
            } else {
                self.http.delete(&path).send(ctx).await?;
            }
            effects.push(Effect::Changed);
        }
        Ok(effects)
    }
    async fn memberships(&self, ctx: &Ctx, _: Option<Cursor>) -> Result<Page<Membership>> {
        let all: Vec<Value> = self.http.get(&["memberships"]).send(ctx).await?.json()?;
        let membership = |row: &Value| {
            let id = row["role"].as_str()?;
            let name = id.split("&&").next()?;
            Some(Membership {
                permission: Permission { reference: Reference::new(name)?, display_name: name.into() },
                entitlement: Some(Entitlement::known(id)),
                account: Reference::new(row["user"].as_str()?)?,
            })
        };
        Ok(Page::only(all.iter().filter_map(membership).collect()))
    }
}
