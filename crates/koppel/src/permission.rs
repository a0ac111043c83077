//! Permissions: what an account may be granted beyond existing.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::{Account, Reference};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::paging::{Cursor, Page};
use crate::person::Contract;

/// A permission that a target offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Permission {
    /// What the target knows it by.
    pub reference: Reference,
    /// Its name for people, at most 100 characters.
    pub display_name: String,
}

/// What a permission comes down to in the system for one contract: the thing that is granted or revoked.
#[derive(Debug, Clone, PartialEq)]
pub struct Entitlement {
    /// Its stable id; the same id means the same entitlement.
    pub id: String,
    /// Its name for people.
    pub display_name: String,
    /// What the connector needs to grant it; only its connector reads it. Null for one that is known by id alone.
    pub detail: Value,
}

impl Entitlement {
    /// An entitlement that is known by its id alone, such as one that was granted in the past.
    pub fn known(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { display_name: id.clone(), id, detail: Value::Null }
    }
}

/// What granting or revoking one entitlement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The system was changed.
    Changed,
    /// It was so already; nothing was sent.
    Unchanged,
}

/// Who has which permission.
#[derive(Debug, Clone, PartialEq)]
pub struct Membership {
    /// The permission.
    pub permission: Permission,
    /// The entitlement within it, for a permission that depends on contracts.
    pub entitlement: Option<Entitlement>,
    /// The account that has it.
    pub account: Reference,
}

/// The permissions part of a [`Target`](crate::Target).
///
/// # Behaviour
/// - `assign` makes the account hold every entitlement of `grant` and none of `revoke`, compares with what the account
///   holds now, and sends nothing where nothing differs.
/// - An entitlement is found again by its id alone: what was granted a year ago can be revoked today.
#[async_trait]
pub trait Permissions: fmt::Debug + Send + Sync {
    /// A page of the permissions on offer.
    async fn list(&self, ctx: &Ctx, cursor: Option<Cursor>) -> Result<Page<Permission>>;

    /// Does what is granted depend on the person's contracts?
    ///
    /// # Errors
    /// `NotFound` for a permission that the target does not offer.
    fn per_contract(&self, permission: &Reference) -> Result<bool>;

    /// What a permission comes down to, for a contract where it depends on one.
    ///
    /// # Errors
    /// `NotFound` for a permission that the target does not offer; `Invalid` where the contract lacks a value that it
    /// needs, naming both.
    fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement>;

    /// The id of an entitlement in today's form; an id in a form of the past is recognised.
    fn canonical(&self, id: &Value) -> Option<String> {
        id.as_str().map(str::to_owned)
    }

    /// Grants and revokes in one go; the effects are those of `grant`, then those of `revoke`, in their order.
    async fn assign(
        &self,
        ctx: &Ctx,
        account: &Account,
        grant: &[Entitlement],
        revoke: &[Entitlement],
    ) -> Result<Vec<Effect>>;

    /// A page of who has what.
    async fn memberships(&self, ctx: &Ctx, cursor: Option<Cursor>) -> Result<Page<Membership>>;
}
