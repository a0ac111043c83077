//! Roles as permissions.

use async_trait::async_trait;
use futures_util::StreamExt as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use koppel::{
    Account, Change, Changes, Contract, Ctx, Cursor, Effect, Entitlement, Membership, Page, Permission, Permissions,
    Reference, Result, Target as _, reread,
};
use serde_json::Value;

use crate::assignment::{Today, assign};
use crate::role::{canonical, ended};
use crate::target::{InPlanningTarget, user_of, warn_of_nameless};

/// The day in the Netherlands, where the customers of InPlanning are.
fn today(ctx: &Ctx) -> Date {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    ctx.moment().to_zoned(zone).date()
}

#[async_trait]
impl Permissions for InPlanningTarget {
    async fn list(&self, _: &Ctx, _: Option<Cursor>) -> Result<Page<Permission>> {
        Ok(Page::only(self.catalogue.permissions()))
    }

    fn per_contract(&self, permission: &Reference) -> Result<bool> {
        self.catalogue.per_contract(permission)
    }

    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        self.catalogue.resolve(permission, contract)
    }

    fn canonical(&self, id: &Value) -> Option<String> {
        canonical(id, &self.catalogue.literal_roles())
    }

    async fn assign(
        &self,
        ctx: &Ctx,
        account: &Account,
        grant: &[Entitlement],
        revoke: &[Entitlement],
    ) -> Result<Vec<Effect>> {
        let today = Today { date: today(ctx), starts: self.start_date_on_grant };
        let user = user_of(account);
        let assigned = assign(&user, grant, revoke, today)?;
        if assigned.changes_anything() {
            let from = Value::Array(user.roles()?.to_vec());
            let roles = Change { field: "roles".to_owned(), from, to: Value::Array(assigned.roles) };
            self.update(ctx, account, &Changes(vec![roles])).await?;
        }
        Ok(assigned.effects)
    }

    async fn memberships(&self, ctx: &Ctx, _: Option<Cursor>) -> Result<Page<Membership>> {
        let today = today(ctx);
        let (memberships, nameless) = reread(ctx, || self.read_memberships(ctx, today)).await?;
        warn_of_nameless(ctx, nameless);
        Ok(Page::only(memberships))
    }
}

impl InPlanningTarget {
    /// Who has what, and how many users have no username.
    async fn read_memberships(&self, ctx: &Ctx, today: Date) -> Result<(Vec<Membership>, usize)> {
        let mut memberships = Vec::new();
        let mut nameless = 0;
        let mut users = self.api.users(ctx);
        while let Some(user) = users.next().await {
            let user = user?;
            let Some(account) = user.username().and_then(Reference::new) else {
                nameless += 1;
                continue;
            };
            let mut seen: Vec<String> = Vec::new();
            for role in user.roles()?.iter().filter(|role| !ended(role, today)) {
                let Some((permission, entitlement)) = self.catalogue.recognise(role) else { continue };
                let id = entitlement.id.to_lowercase();
                if !seen.contains(&id) {
                    seen.push(id);
                    let account = account.clone();
                    memberships.push(Membership { permission, entitlement: Some(entitlement), account });
                }
            }
        }
        Ok((memberships, nameless))
    }
}
