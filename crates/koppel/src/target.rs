//! Targets: the systems that accounts and permissions are kept in.

use std::fmt;

use async_trait::async_trait;

use crate::account::{Account, Changes, Reference};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::fields::Fields;
use crate::paging::{Cursor, Page};
use crate::permission::{Effect, Permissions};
use crate::record::Record;
use crate::resource::Resources;

/// May an answer come from a list that was read earlier in this run?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// A list from earlier in the run will do; what is found in it is read once more.
    Run,
    /// Only what the system says now.
    Now,
}

/// A system that accounts are kept in: the primitives, and no policy.
///
/// A connector says how one thing is done in its system. When it is done, in which order, what a missing account
/// means, what a dry run is and what stands in the audit log is decided once, in [`lifecycle`](crate::lifecycle).
///
/// What a target offers beyond the required methods is known from the parts it returns: [`switching`](Self::switching),
/// [`deleting`](Self::deleting), [`permissions`](Self::permissions). The manifest is derived from them.
///
/// # Behaviour
/// - References are stable: what [`create`](Self::create) returned is accepted by every other method, and is what
///   [`accounts`](Self::accounts) gives.
/// - Data is named and typed as [`fields`](Self::fields) says; a connector converts nothing.
/// - Every request takes the `Ctx`: in a dry run the HTTP kit holds back what would change something.
///
/// # Cancellation
/// A future that is dropped may leave a request behind whose outcome is unknown; the SDK waits for writes.
#[async_trait]
pub trait Target: fmt::Debug + Send + Sync {
    /// The name of the system for people, such as `IPassan`.
    fn system(&self) -> &'static str;

    /// The system that is changed, such as `https://ipassan.com/site/7f0c`: actions on one scope keep clear of each
    /// other. Never a secret.
    fn scope(&self) -> String;

    /// The fields of its accounts.
    fn fields(&self) -> &Fields;

    /// Reaches the system with the configured credentials and reads as little as proves that actions can begin.
    async fn check(&self, ctx: &Ctx) -> Result<()>;

    /// The account with this reference, or `None` where the system says that there is none. Every other failure to
    /// read it is an error.
    async fn get(&self, ctx: &Ctx, reference: &Reference) -> Result<Option<Account>>;

    /// All accounts with this value in this field.
    ///
    /// # Errors
    /// `Config` for a field that this system cannot be searched by.
    async fn find(&self, ctx: &Ctx, field: &str, value: &str, freshness: Freshness) -> Result<Vec<Account>>;

    /// Makes an account.
    ///
    /// # Errors
    /// `Ambiguous` where it may or may not have been made; the SDK then reads the system.
    async fn create(&self, ctx: &Ctx, data: &Record) -> Result<Account>;

    /// What differs between the account and the data, `data` being typed already. Connectors rarely override it.
    fn changes(&self, current: &Account, data: &Record) -> Result<Changes> {
        self.fields().changes(&current.data, data)
    }

    /// Changes these fields and leaves all others as they are. Gives the account afterwards.
    async fn update(&self, ctx: &Ctx, current: &Account, changes: &Changes) -> Result<Account>;

    /// A page of all accounts.
    async fn accounts(&self, ctx: &Ctx, cursor: Option<Cursor>) -> Result<Page<Account>>;

    /// Enabling and disabling, if the system knows it.
    fn switching(&self) -> Option<&dyn Switching> {
        None
    }

    /// Deleting, if the system can.
    fn deleting(&self) -> Option<&dyn Deleting> {
        None
    }

    /// Permissions, if the system has them.
    fn permissions(&self) -> Option<&dyn Permissions> {
        None
    }

    /// Resources that have to be there before accounts and permissions refer to them, if the system has such.
    fn resources(&self) -> Option<&dyn Resources> {
        None
    }
}

/// The part of a [`Target`] whose accounts can be enabled and disabled.
#[async_trait]
pub trait Switching: fmt::Debug + Send + Sync {
    /// Lets the account be used; `data` holds the fields mapped for this action, which may be none. Gives the account
    /// afterwards, and whether anything had to change.
    async fn enable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)>;

    /// Keeps the account from being used, whatever `data` leaves out.
    async fn disable(&self, ctx: &Ctx, current: &Account, data: &Record) -> Result<(Account, Effect)>;
}

/// What a delete came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The account is gone.
    Deleted,
    /// The account stays, out of use, as the configuration says.
    Disabled,
}

/// The part of a [`Target`] whose accounts can be deleted.
#[async_trait]
pub trait Deleting: fmt::Debug + Send + Sync {
    /// Deletes the account, or does what the configuration says in its place. An account that is gone already is no
    /// error.
    async fn delete(&self, ctx: &Ctx, current: &Account) -> Result<Deletion>;
}
