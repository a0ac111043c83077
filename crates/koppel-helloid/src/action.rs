//! The actions by their names, and what each answers.

use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use koppel::lifecycle::{self, Action, AuditLine, Operation, Report, SubPermissions};
use koppel::paging::pages;
use koppel::{Ctx, Error, ErrorKind, PlannedRequest, Record, Reference, Result, Scrubber, Target};
use serde_json::{Map, Value, json};

use crate::document::Document;
use crate::mapped::Mapped;
use crate::mapping::Stage;
use crate::output::{LONGEST_NAME, audit, cut, document, wrapped};

/// What is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// The accounts.
    Accounts,
    /// Who has which permission.
    Permissions,
    /// Who has which entitlement of a permission that depends on contracts.
    SubPermissions,
}

/// An action of a target, as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionName {
    /// Links or makes an account.
    Create,
    /// Changes an account.
    Update,
    /// Lets an account be used.
    Enable,
    /// Keeps an account from being used.
    Disable,
    /// Deletes an account.
    Delete,
    /// Grants a permission.
    Grant,
    /// Revokes a permission.
    Revoke,
    /// Brings the entitlements of a permission up to date.
    SubPermissions,
    /// Lists the permissions on offer.
    Permissions,
    /// Looks for other accounts with the values of the unique fields.
    Uniqueness,
    /// Makes the resources that are not there.
    Resources,
    /// Lists what is there, an object at a time.
    Import(Import),
}

impl ActionName {
    /// All of them.
    pub const ALL: [(&'static str, Self); 14] = [
        ("create", Self::Create),
        ("update", Self::Update),
        ("enable", Self::Enable),
        ("disable", Self::Disable),
        ("delete", Self::Delete),
        ("grant", Self::Grant),
        ("revoke", Self::Revoke),
        ("sub-permissions", Self::SubPermissions),
        ("permissions", Self::Permissions),
        ("uniqueness", Self::Uniqueness),
        ("resources", Self::Resources),
        ("import-accounts", Self::Import(Import::Accounts)),
        ("import-permissions", Self::Import(Import::Permissions)),
        ("import-sub-permissions", Self::Import(Import::SubPermissions)),
    ];

    /// What it does, in words that go before the name of a system.
    fn doing(self) -> &'static str {
        match self {
            Self::Create => "create or correlate an account in",
            Self::Update => "update an account in",
            Self::Enable => "enable an account in",
            Self::Disable => "disable an account in",
            Self::Delete => "delete an account in",
            Self::Grant => "grant a permission in",
            Self::Revoke => "revoke a permission in",
            Self::SubPermissions => "manage permissions in",
            Self::Permissions => "retrieve the permissions of",
            Self::Uniqueness => "check the uniqueness of fields in",
            Self::Resources => "create resources in",
            Self::Import(_) => "import from",
        }
    }

    /// How long it may take. HelloID ends an action of an account, a permission or a uniqueness check after 30 s, a list
    /// of permissions and the making of resources after minutes, and an import after an hour (documented); the answer has
    /// to be out before that. `None` where nothing waits for one answer.
    pub fn budget(self, dry_run: bool) -> Option<Duration> {
        match self {
            Self::Permissions => Some(Duration::from_mins(14)),
            Self::Resources if !dry_run => Some(Duration::from_mins(9)),
            Self::Import(_) => None,
            _ => Some(Duration::from_secs(25)),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, action)| *action == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for ActionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, action)| *action);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("there is no action [{text}]; there are: {}", names.join(", "))
        })
    }
}

/// Runs an action and gives its document. A failed action is a document too, with `Success` false and exactly one
/// error line; nothing is sent where a reference is missing.
pub async fn answer(
    target: &dyn Target,
    ctx: &Ctx,
    name: ActionName,
    document_in: &Document,
    scrubber: &Scrubber,
) -> Answer {
    let (data, helpers) = own_fields(target, &document_in.data);
    let doc = &Document { data, ..document_in.clone() };
    let action = match name {
        ActionName::Permissions => return permissions(target, ctx, scrubber).await,
        ActionName::Create => Ok(Action::Create { correlation: doc.correlation.clone(), data: doc.data.clone() }),
        ActionName::Uniqueness => {
            // Somebody who has no account yet has none to leave out.
            let reference = doc.account.clone().filter(|_| doc.stage != Some(Stage::Create));
            Ok(Action::Uniqueness { reference, data: doc.data.clone() })
        }
        ActionName::Resources => Ok(Action::Resources(doc.resources.clone())),
        ActionName::Import(_) => Err(Error::bug("an import has no document")),
        _ => with_reference(name, doc),
    };
    let mut report = match action {
        Ok(action) => lifecycle::run(target, ctx, action).await,
        Err(error) => Report::failed(&format!("{} {}", name.doing(), target.system()), error),
    };
    let mapped = Mapped {
        fields: target.fields(),
        data: &doc.data,
        helpers: &helpers,
        prefilled: document_in.prefilled.as_ref(),
    };
    mapped.restore(&mut report);
    let mut out = document(&report, scrubber);
    if name == ActionName::Uniqueness
        && let Some(Value::Object(inner)) = out.get_mut("outputContext")
    {
        inner.insert("NonUniqueFields".into(), json!(report.non_unique));
        if let Some(iteration) = doc.iteration.filter(|_| !report.non_unique.is_empty()) {
            inner.insert("Iteration".into(), iteration.saturating_add(1).into());
        }
        if report.success {
            let message = match report.non_unique.as_slice() {
                [] => "All values are unique".to_owned(),
                fields => format!("Not unique: {}", fields.join(", ")),
            };
            inner.insert("AuditLogs".into(), json!([{ "Message": message, "IsError": false }]));
        }
    }
    Answer { document: out, success: report.success, error: report.error, planned: report.planned }
}

/// The data without the helper values of the mapping (`_extension.…`) that the target does not know, and those: a
/// mapping keeps them for itself, and no system has such a field.
fn own_fields(target: &dyn Target, data: &Record) -> (Record, Record) {
    let foreign = |name: &str| {
        name.split('.').next().is_some_and(|root| root.eq_ignore_ascii_case("_extension"))
            && target.fields().find(name).is_none()
    };
    let part = |helpers: bool| {
        data.iter()
            .filter(|(name, _)| foreign(name) == helpers)
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    };
    (part(false), part(true))
}

/// What an action answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `{"outputContext": …}`.
    pub document: Value,
    /// Did it succeed?
    pub success: bool,
    /// Why not, with the detail for the log.
    pub error: Option<Error>,
    /// The requests that a dry run held back.
    pub planned: Vec<PlannedRequest>,
}

/// The document of an action that could not even begin, such as one with a wrong configuration. The reason stands alone
/// in its line, so that all faults fit.
pub fn refused(error: Error, scrubber: &Scrubber) -> Answer {
    let mut report = Report::failed("begin", error);
    if let (Some(line), Some(error)) = (report.audit.first_mut(), &report.error) {
        line.message = error.to_string();
    }
    Answer { document: document(&report, scrubber), success: false, error: report.error, planned: Vec::new() }
}

fn with_reference(name: ActionName, doc: &Document) -> Result<Action> {
    let reference = doc.account.clone().ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "The account reference could not be found")
            .with_hint("actionContext.References.Account is empty; the account was not created or linked yet")
    })?;
    let permission = || -> Result<Reference> {
        // A preview has no reference yet; the name is what it shows.
        let name = doc.permission_name.clone().filter(|_| doc.dry_run).and_then(Reference::new);
        doc.permission.clone().or(name).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "The permission reference could not be found")
                .with_hint("actionContext.References.Permission is empty")
        })
    };
    let data = doc.data.clone();
    let operation = doc.operation.unwrap_or(Operation::Grant);
    // Without the person nobody can tell which contracts count: everything would be revoked.
    let needs_person = name == ActionName::SubPermissions && operation != Operation::Revoke;
    if needs_person && doc.person.is_none() {
        return Err(Error::new(ErrorKind::Invalid, "The person could not be found")
            .with_hint("personContext.Person is empty, and its contracts decide what is granted"));
    }
    let person = doc.person.clone().unwrap_or_default();
    Ok(match name {
        ActionName::Update => Action::Update { reference, data },
        ActionName::Enable => Action::Enable { reference, data },
        ActionName::Disable => Action::Disable { reference, data },
        ActionName::Delete => Action::Delete { reference, data },
        ActionName::Grant => Action::Grant { reference, permission: permission()?, person },
        ActionName::Revoke => Action::Revoke { reference, permission: permission()?, person },
        ActionName::SubPermissions => Action::SubPermissions(SubPermissions {
            reference,
            permission: permission()?,
            operation,
            current: doc.current_permissions.clone(),
            person,
        }),
        other => return Err(Error::bug(format!("[{}] takes no reference", other.name()))),
    })
}

async fn permissions(target: &dyn Target, ctx: &Ctx, scrubber: &Scrubber) -> Answer {
    let mut out = Map::new();
    let (success, error) = match offered(target, ctx).await {
        Ok(list) => {
            let line =
                AuditLine { action: None, message: format!("Retrieved {} permissions", list.len()), is_error: false };
            out.insert("AuditLogs".into(), json!([audit(&line, scrubber)]));
            out.insert("Permissions".into(), list.into());
            (true, None)
        }
        Err(error) => {
            let report = Report::failed(&format!("retrieve {} permissions", target.system()), error);
            out.insert("AuditLogs".into(), report.audit.iter().map(|line| audit(line, scrubber)).collect());
            out.insert("Permissions".into(), json!([]));
            (false, report.error)
        }
    };
    out.insert("Success".into(), success.into());
    Answer { document: wrapped(out), success, error, planned: Vec::new() }
}

async fn offered(target: &dyn Target, ctx: &Ctx) -> Result<Vec<Value>> {
    let part = target.permissions().ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("{} has no permissions", target.system()))
            .with_hint("its manifest lists what it can (koppel describe)")
    })?;
    let all: Vec<Vec<_>> = pages(ctx, |cursor| part.list(ctx, cursor)).try_collect().await?;
    let entry = |p: koppel::Permission| json!({ "DisplayName": cut(&p.display_name, LONGEST_NAME), "Identification": { "Reference": p.reference } });
    Ok(all.into_iter().flatten().map(entry).collect())
}
