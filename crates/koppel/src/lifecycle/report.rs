//! What an action came to.

use schemars::JsonSchema;
use serde::Serialize;

use crate::account::Reference;
use crate::ctx::PlannedRequest;
use crate::error::Error;
use crate::permission::Entitlement;
use crate::record::Record;

/// The name under which an effect stands in the audit log. The list is closed: it is the one HelloID knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum AuditAction {
    /// An account was made.
    CreateAccount,
    /// An existing account was linked.
    CorrelateAccount,
    /// Fields were changed, or compared and found equal.
    UpdateAccount,
    /// The account may be used.
    EnableAccount,
    /// The account may not be used.
    DisableAccount,
    /// The account was deleted.
    DeleteAccount,
    /// A permission was granted.
    GrantPermission,
    /// A permission that was granted before was restored or changed.
    UpdatePermission,
    /// A permission was revoked.
    RevokePermission,
    /// A resource was made.
    CreateResource,
}

/// A line for the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    /// The effect; `None` where the action itself says it.
    pub action: Option<AuditAction>,
    /// What happened, for people.
    pub message: String,
    /// Is it a failure?
    pub is_error: bool,
}

/// What an action came to, in one word.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// A new account was made.
    Created,
    /// An existing account was linked.
    Correlated,
    /// Fields were changed.
    Updated,
    /// Everything was as it should be; nothing was sent.
    NoChange,
    /// The account may be used now.
    Enabled,
    /// The account may not be used now.
    Disabled,
    /// The account was deleted.
    Deleted,
    /// Entitlements were granted.
    Granted,
    /// Entitlements were revoked.
    Revoked,
    /// Entitlements were brought up to date: some granted, some revoked.
    Adjusted,
    /// The account does not exist in the system. Whether that is a success is decided by the action.
    NotFound,
    /// The values were looked for in the system.
    Checked,
    /// A dry run: what it would have come to.
    Planned(Box<Outcome>),
    /// It failed; [`Report::error`] says why.
    Failed,
}

/// What an action came to, with everything that a caller may have to store or show.
#[derive(Debug, Clone)]
pub struct Report {
    /// In one word.
    pub outcome: Outcome,
    /// Did it succeed?
    pub success: bool,
    /// The reference of the account: after create the new one, else the one that was given.
    pub reference: Option<Reference>,
    /// Was an existing account linked?
    pub correlated: bool,
    /// The account after the action, by the names of the fields that were given.
    pub data: Option<Record>,
    /// The account before the action, by the same names.
    pub previous: Option<Record>,
    /// The account after the action with every field that the system shows: where a mapping leaves a field to the
    /// connector, its value is here.
    pub account: Option<Record>,
    /// The same before the action.
    pub account_before: Option<Record>,
    /// At least one line; on failure exactly one of them is an error, on success none.
    pub audit: Vec<AuditLine>,
    /// The entitlements that the account holds of the permission afterwards; only for sub-permissions.
    pub sub_permissions: Option<Vec<Entitlement>>,
    /// The fields whose value another account has already; only for uniqueness.
    pub non_unique: Vec<String>,
    /// Why it failed.
    pub error: Option<Error>,
    /// The requests that a dry run held back.
    pub planned: Vec<PlannedRequest>,
    /// What an administrator should know although it is no failure.
    pub warnings: Vec<String>,
}

impl Report {
    pub(super) fn new(outcome: Outcome, success: bool) -> Self {
        Self {
            outcome,
            success,
            reference: None,
            correlated: false,
            data: None,
            previous: None,
            account: None,
            account_before: None,
            audit: Vec::new(),
            sub_permissions: None,
            non_unique: Vec::new(),
            error: None,
            planned: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn done(outcome: Outcome, action: AuditAction, message: impl Into<String>) -> Self {
        let mut report = Self::new(outcome, true);
        report.say(action, message);
        report
    }

    pub(super) fn say(&mut self, action: AuditAction, message: impl Into<String>) {
        self.audit.push(AuditLine { action: Some(action), message: message.into(), is_error: false });
    }

    /// A failed action: exactly one error line, whatever was done before.
    pub fn failed(doing: &str, error: Error) -> Self {
        let mut report = Self::new(Outcome::Failed, false);
        report.audit.push(AuditLine {
            action: None,
            message: format!("Could not {doing}. Error: {error}"),
            is_error: true,
        });
        report.error = Some(error);
        report
    }

    /// The same report, about this account.
    #[must_use]
    pub(super) fn about(mut self, reference: &Reference) -> Self {
        self.reference = Some(reference.clone());
        self
    }
}
