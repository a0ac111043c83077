//! The policy: what an action does, step by step, whatever the system.
//!
//! Every action reads before it writes, compares, changes only what differs, and reports one typed outcome with its
//! audit lines. A connector brings the primitives of its system ([`Target`]) and nothing of this.
//!
//! | action | account missing in the system | nothing to change |
//! | --- | --- | --- |
//! | create | is made; one that correlates is linked | – |
//! | update, enable, grant | failure | success, nothing sent |
//! | disable, delete, revoke | success | success, nothing sent |
//! | sub-permissions | failure, but success when all are revoked | success, nothing sent |
//! | resources | – | success, nothing sent |

mod account;
mod permission;
mod report;
mod resource;

use crate::account::{Account, Reference};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::Held;
use crate::person::Person;
use crate::record::Record;
use crate::resource::Resource;
use crate::target::Target;
pub use permission::{Operation, SubPermissions};
pub use report::{AuditAction, AuditLine, Outcome, Report};

/// How an existing account is recognised before one is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The field of the account.
    pub field: String,
    /// The value it must have.
    pub value: String,
}

/// An action on an account or its permissions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Action {
    /// Links the account that correlates, or makes one.
    Create {
        /// How to recognise an existing one; `None` always makes one.
        correlation: Option<Correlation>,
        /// The fields of a new account.
        data: Record,
    },
    /// Changes the fields that differ.
    Update {
        /// The account.
        reference: Reference,
        /// The fields as they should be.
        data: Record,
    },
    /// Lets the account be used.
    Enable {
        /// The account.
        reference: Reference,
        /// The fields mapped for this action.
        data: Record,
    },
    /// Keeps the account from being used.
    Disable {
        /// The account.
        reference: Reference,
        /// The fields mapped for this action.
        data: Record,
    },
    /// Deletes the account.
    Delete {
        /// The account.
        reference: Reference,
        /// The fields mapped for this action: what the report says of the account that was.
        data: Record,
    },
    /// Grants a permission.
    Grant {
        /// The account.
        reference: Reference,
        /// The permission.
        permission: Reference,
        /// Whose contracts decide, for a permission that depends on them.
        person: Person,
    },
    /// Revokes a permission.
    Revoke {
        /// The account.
        reference: Reference,
        /// The permission.
        permission: Reference,
        /// Whose contracts decide, for a permission that depends on them.
        person: Person,
    },
    /// Brings the entitlements of one permission up to date with the contracts.
    SubPermissions(SubPermissions),
    /// Makes the resources that are not there.
    Resources(Vec<Resource>),
    /// Looks for other accounts that have the values of the unique fields.
    Uniqueness {
        /// The account itself, if it exists already: it does not count.
        reference: Option<Reference>,
        /// The fields to look for.
        data: Record,
    },
}

impl Action {
    /// What it is called in a message: `create`, `update`.
    fn doing(&self, target: &dyn Target) -> String {
        let system = target.system();
        match self {
            Self::Create { .. } => format!("create or correlate {system} account"),
            Self::Update { .. } => format!("update {system} account"),
            Self::Enable { .. } => format!("enable {system} account"),
            Self::Disable { .. } => format!("disable {system} account"),
            Self::Delete { .. } => format!("delete {system} account"),
            Self::Grant { .. } => format!("grant {system} permission"),
            Self::Revoke { .. } => format!("revoke {system} permission"),
            Self::SubPermissions(_) => format!("manage {system} permissions"),
            Self::Resources(_) => format!("create {system} resources"),
            Self::Uniqueness { .. } => format!("check the uniqueness of {system} fields"),
        }
    }
}

/// Runs an action. It never fails as a function: a failure is a [`Report`] with exactly one error line.
///
/// In a dry run ([`Ctx::for_action`]) everything is read, compared and validated; the requests that would change
/// something are held back by the HTTP kit, and the report says what it would have come to.
///
/// # Cancellation
/// Cancel through [`Ctx::cancel`]: the request in flight is waited for. Dropping the future leaves its outcome unknown.
pub async fn run(target: &dyn Target, ctx: &Ctx, action: Action) -> Report {
    let doing = action.doing(target);
    let sub_permissions = match &action {
        Action::SubPermissions(sub) => Some(sub.current_entitlements(target)),
        _ => None,
    };
    let result = match action {
        Action::Create { correlation, data } => account::create(target, ctx, correlation.as_ref(), &data).await,
        Action::Update { reference, data } => account::update(target, ctx, &reference, &data).await,
        Action::Enable { reference, data } => account::switch(target, ctx, &reference, &data, true).await,
        Action::Disable { reference, data } => account::switch(target, ctx, &reference, &data, false).await,
        Action::Delete { reference, data } => account::delete(target, ctx, &reference, &data).await,
        Action::Grant { reference, permission, person } => {
            permission::grant(target, ctx, &reference, &permission, &person).await
        }
        Action::Revoke { reference, permission, person } => {
            permission::revoke(target, ctx, &reference, &permission, &person).await
        }
        Action::SubPermissions(sub) => permission::sub_permissions(target, ctx, &sub).await,
        Action::Resources(wanted) => resource::resources(target, ctx, &wanted).await,
        Action::Uniqueness { reference, data } => account::uniqueness(target, ctx, reference.as_ref(), &data).await,
    };
    let mut report = result.unwrap_or_else(|error| {
        let mut report = Report::failed(&doing, error);
        // Nothing is known to have changed: what was granted before still is.
        report.sub_permissions = sub_permissions;
        report
    });
    report.planned = ctx.plan();
    report.warnings = ctx.warnings();
    if ctx.is_dry_run() && report.success && !report.planned.is_empty() {
        report.outcome = Outcome::Planned(Box::new(report.outcome));
    }
    report
}

/// The part of a target that an action needs.
///
/// # Errors
/// `Config`, naming what the target cannot do.
fn part<'a, T: ?Sized>(target: &dyn Target, part: Option<&'a T>, what: &str) -> Result<&'a T> {
    part.ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("{} cannot {what}", target.system()))
            .with_hint("its manifest lists what it can (koppel describe); leave this action without a script")
    })
}

/// The outcome of a write, where a dry run that held it back counts as done.
fn done_or_planned<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is(ErrorKind::DryRun) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps other actions off this account until the guard is dropped. A dry run changes nothing and waits for nobody.
async fn lock(target: &dyn Target, ctx: &Ctx, what: &str, value: &str) -> Result<Option<Box<dyn Held>>> {
    if ctx.is_dry_run() {
        return Ok(None);
    }
    let key = format!("{}\n{what}\n{value}", target.scope());
    Ok(Some(ctx.locks().lock(&key).await?))
}

/// The account of an action, under its lock; `None` where the system has no such account.
async fn locked(
    target: &dyn Target,
    ctx: &Ctx,
    reference: &Reference,
) -> Result<(Option<Box<dyn Held>>, Option<Account>)> {
    ctx.go_on()?;
    let held = lock(target, ctx, "account", &reference.to_string()).await?;
    ctx.go_on()?;
    let account = target.get(ctx, reference).await?;
    Ok((held, account))
}

/// An account that is gone, for an action that wanted it gone or out of use.
fn gone(target: &dyn Target, reference: &Reference, action: AuditAction) -> Report {
    Report::done(Outcome::NotFound, action, missing(target, reference)).about(reference)
}

/// An account that is gone, for an action that needs it.
fn not_found(target: &dyn Target, reference: &Reference) -> Report {
    let mut report = Report::new(Outcome::NotFound, false).about(reference);
    let message = missing(target, reference);
    report.audit.push(AuditLine { action: None, message: message.clone(), is_error: true });
    report.error = Some(Error::new(ErrorKind::NotFound, message));
    report
}

fn missing(target: &dyn Target, reference: &Reference) -> String {
    format!("{} account: [{reference}] could not be found, indicating that it may have been deleted", target.system())
}
