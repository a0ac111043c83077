//! Create, update, enable, disable, delete, uniqueness.

use super::{AuditAction, Correlation, Outcome, Report, done_or_planned, gone, lock, locked, not_found, part};
use crate::account::{Account, Reference};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{Held, Note};
use crate::permission::Effect;
use crate::record::Record;
use crate::target::{Deletion, Freshness, Target};

/// Links the account that correlates, or makes one.
///
/// Two creates for one person at once make one account: the lock on the correlation value keeps them apart, and the
/// note under it tells the second one of the account that the first one made, even in another process.
pub(super) async fn create(
    target: &dyn Target,
    ctx: &Ctx,
    correlation: Option<&Correlation>,
    data: &Record,
) -> Result<Report> {
    let data = target.fields().typed(data)?;
    let Some(correlation) = correlation else {
        target.fields().complete(&data)?;
        ctx.go_on()?;
        let made = target.create(ctx, &target.fields().sendable(&data)).await;
        return Ok(created(done_or_planned(made)?, &data));
    };
    if correlation.field.trim().is_empty() {
        return Err(Error::new(ErrorKind::Config, "correlation is enabled but has no account field")
            .with_hint("choose the account correlation field in the Correlation tab of the target system"));
    }
    if correlation.value.trim().is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("correlation is enabled but the person has no value for [{}]", correlation.field),
        )
        .with_hint("without it an existing account cannot be recognised; fill the person's correlation field"));
    }
    // One spelling per field: the lock, the search and the comparison mean the same one.
    let field = target.fields().find(&correlation.field).map_or(correlation.field.as_str(), |field| field.name);
    let correlation = &Correlation { field: field.to_owned(), value: correlation.value.trim().to_owned() };
    ctx.go_on()?;
    let mut held = lock(target, ctx, &format!("correlation {}", correlation.field), &correlation.value).await?;
    ctx.go_on()?;
    if let Some(account) = correlated(target, ctx, correlation, held.as_deref()).await? {
        return Ok(linked(correlation, &account, &data));
    }
    target.fields().complete(&data)?;
    let mut data = data;
    match data.non_empty(&correlation.field) {
        // An account without the value would not be recognised by the next create, which would make another.
        None => data.set(correlation.field.clone(), correlation.value.clone()),
        Some(mapped) if mapped.trim() != correlation.value => {
            refuse_taken(target, ctx, correlation, mapped.trim()).await?;
        }
        Some(_) => {}
    }
    if let Some(held) = &mut held {
        held.leave(Note::Pending)?;
    }
    let made = match target.create(ctx, &target.fields().sendable(&data)).await {
        Err(error) if error.is(ErrorKind::Ambiguous) => settle(target, ctx, correlation, error).await.map(Some),
        other => done_or_planned(other),
    };
    if let (Some(held), Ok(Some(account))) = (&mut held, &made) {
        held.leave(Note::Created(account.reference.clone()))?;
    }
    Ok(created(made?, &data))
}

/// The one account that correlates, if there is one.
async fn correlated(
    target: &dyn Target,
    ctx: &Ctx,
    by: &Correlation,
    held: Option<&dyn Held>,
) -> Result<Option<Account>> {
    let freshness = match held.and_then(Held::note) {
        // Somebody began to make it and nobody knows how that ended: only the system can tell.
        Some(Note::Pending) => Freshness::Now,
        Some(Note::Created(reference)) => {
            let made = target.get(ctx, &reference).await?;
            let made = made.filter(|made| made.data.text(&by.field).is_some_and(|value| value.trim() == by.value));
            // The list may not show yet what was just made, and may show what somebody else made.
            let freshness = if made.is_some() { Freshness::Run } else { Freshness::Now };
            let mut found = target.find(ctx, &by.field, &by.value, freshness).await?;
            found.extend(made.filter(|made| found.iter().all(|account| account.reference != made.reference)));
            return one(target, by, found);
        }
        None => Freshness::Run,
    };
    one(target, by, target.find(ctx, &by.field, &by.value, freshness).await?)
}

fn one(target: &dyn Target, by: &Correlation, mut found: Vec<Account>) -> Result<Option<Account>> {
    if found.len() > 1 {
        let references: Vec<String> = found.iter().take(5).map(|account| account.reference.to_string()).collect();
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("multiple accounts found where [{}] is [{}]: {}", by.field, by.value, references.join(", ")),
        )
        .with_hint(format!("remove or renumber all but one of them in {}", target.system())));
    }
    Ok(found.pop())
}

/// The create was sent and its answer was lost: the system says whether it was carried out.
async fn settle(target: &dyn Target, ctx: &Ctx, by: &Correlation, lost: Error) -> Result<Account> {
    match target.find(ctx, &by.field, &by.value, Freshness::Now).await {
        Ok(found) => match one(target, by, found)? {
            Some(account) => {
                ctx.warn(format!(
                    "the answer to the create of [{}] was lost; {} does have the account, as [{}]",
                    by.value,
                    target.system(),
                    account.reference
                ));
                Ok(account)
            }
            None => Err(lost.with_hint("the system does not show the account now; the next attempt looks again first")),
        },
        Err(error) => Err(lost.with_detail(format!("reading the system afterwards failed as well: {error:?}"))),
    }
}

/// A mapping that gives another value than the one that persons are recognised by must not make a second account with
/// it, nor take an account over that may be somebody else's.
async fn refuse_taken(target: &dyn Target, ctx: &Ctx, by: &Correlation, mapped: &str) -> Result<()> {
    let found = target.find(ctx, &by.field, mapped, Freshness::Run).await?;
    let Some(account) = found.first() else { return Ok(()) };
    Err(Error::new(
        ErrorKind::Conflict,
        format!(
            "[{}] is mapped as [{mapped}], which account [{}] has already, but the person is recognised by [{}]",
            by.field, account.reference, by.value
        ),
    )
    .with_hint("map the field and the correlation from the same value"))
}

fn linked(by: &Correlation, account: &Account, data: &Record) -> Report {
    let message =
        format!("Correlated account: [{}] on field: [{}] with value: [{}]", account.reference, by.field, by.value);
    let mut report =
        Report::done(Outcome::Correlated, AuditAction::CorrelateAccount, message).about(&account.reference);
    report.correlated = true;
    report.data = Some(account.data.project(data.names()));
    report.account = Some(account.data.clone());
    report
}

fn created(made: Option<Account>, data: &Record) -> Report {
    let Some(account) = made else {
        let message = "Create account was successful. AccountReference is: [Currently not available]";
        let mut report = Report::done(Outcome::Created, AuditAction::CreateAccount, message);
        report.data = Some(data.clone());
        return report;
    };
    let message = format!("Create account was successful. AccountReference is: [{}]", account.reference);
    let mut report = Report::done(Outcome::Created, AuditAction::CreateAccount, message).about(&account.reference);
    report.data = Some(account.data.project(data.names()));
    report.account = Some(account.data);
    report
}

/// Changes the fields that differ, and no others.
pub(super) async fn update(target: &dyn Target, ctx: &Ctx, reference: &Reference, data: &Record) -> Result<Report> {
    let data = target.fields().typed(data)?;
    let (_held, account) = locked(target, ctx, reference).await?;
    let Some(current) = account else {
        return Ok(not_found(target, reference));
    };
    let changes = target.changes(&current, &data)?;
    let before = current.data.clone();
    let previous = before.project(data.names());
    let (after, outcome, message) = if changes.is_empty() {
        let message = "No changes will be made to the account during enforcement".to_owned();
        (current.data, Outcome::NoChange, message)
    } else {
        ctx.go_on()?;
        let after = if let Some(account) = done_or_planned(target.update(ctx, &current, &changes).await)? {
            account.data
        } else {
            let mut planned = current.data.clone();
            for change in &changes.0 {
                planned.set(change.field.clone(), change.to.clone());
            }
            planned
        };
        let message =
            format!("Update account was successful, Account property(s) updated: [{}]", changes.names().join(", "));
        (after, Outcome::Updated, message)
    };
    let mut report = Report::done(outcome, AuditAction::UpdateAccount, message).about(reference);
    report.previous = Some(previous);
    report.account_before = Some(before);
    report.data = Some(after.project(data.names()));
    report.account = Some(after);
    Ok(report)
}

/// Lets the account be used, or keeps it from being used.
pub(super) async fn switch(
    target: &dyn Target,
    ctx: &Ctx,
    reference: &Reference,
    data: &Record,
    on: bool,
) -> Result<Report> {
    let (what, action, outcome) = if on {
        ("Enable", AuditAction::EnableAccount, Outcome::Enabled)
    } else {
        ("Disable", AuditAction::DisableAccount, Outcome::Disabled)
    };
    let switching = part(target, target.switching(), &format!("{} accounts", what.to_lowercase()))?;
    let data = target.fields().typed(data)?;
    let (_held, account) = locked(target, ctx, reference).await?;
    let Some(current) = account else {
        return Ok(if on { not_found(target, reference) } else { gone(target, reference, action) });
    };
    ctx.go_on()?;
    let result =
        if on { switching.enable(ctx, &current, &data).await } else { switching.disable(ctx, &current, &data).await };
    let done = done_or_planned(result)?;
    let already = matches!(done, Some((_, Effect::Unchanged)));
    let message = format!("{what} account was successful");
    let moved = done.as_ref().map(|(after, _)| moved_helpers(target, &current, after)).unwrap_or_default();
    let mut report = if already {
        let state = if on { "enabled" } else { "disabled" };
        Report::done(Outcome::NoChange, action, format!("{message}: it was {state} already"))
    } else {
        Report::done(outcome, action, format!("{message}{moved}"))
    };
    report.data = Some(done.as_ref().map_or_else(|| data.clone(), |(after, _)| after.data.project(data.names())));
    report.account = Some(done.map_or_else(|| current.data.clone(), |(after, _)| after.data));
    report.previous = Some(current.data.project(data.names()));
    report.account_before = Some(current.data);
    Ok(report.about(reference))
}

/// What became of the connector's own helpers, such as the access profile: it is what the audit log is read for.
fn moved_helpers(target: &dyn Target, before: &Account, after: &Account) -> String {
    let helpers = target.fields().fields.iter().filter(|field| field.helper).map(|field| field.name);
    helpers
        .filter_map(|name| {
            let (from, to) = (before.data.text(name).unwrap_or_default(), after.data.text(name).unwrap_or_default());
            (from != to).then(|| format!(", {name} from [{from}] to [{to}]"))
        })
        .collect()
}

/// Deletes the account.
pub(super) async fn delete(target: &dyn Target, ctx: &Ctx, reference: &Reference, data: &Record) -> Result<Report> {
    let deleting = part(target, target.deleting(), "delete accounts")?;
    let (_held, account) = locked(target, ctx, reference).await?;
    let Some(current) = account else {
        return Ok(gone(target, reference, AuditAction::DeleteAccount));
    };
    ctx.go_on()?;
    let mut report = match done_or_planned(deleting.delete(ctx, &current).await)? {
        Some(Deletion::Disabled) => {
            let message = "The account was disabled in place of being deleted, as the configuration says";
            Report::done(Outcome::Disabled, AuditAction::DisableAccount, message)
        }
        Some(Deletion::Deleted) | None => {
            Report::done(Outcome::Deleted, AuditAction::DeleteAccount, "Delete account was successful")
        }
    };
    report = report.about(reference);
    if !data.is_empty() {
        report.previous = Some(current.data.project(data.names()));
    }
    Ok(report)
}

/// Names the unique fields whose value another account has.
pub(super) async fn uniqueness(
    target: &dyn Target,
    ctx: &Ctx,
    own: Option<&Reference>,
    data: &Record,
) -> Result<Report> {
    let data = target.fields().typed(data)?;
    let mut report = Report::new(Outcome::Checked, true);
    for field in target.fields().fields.iter().filter(|field| field.unique) {
        let Some(value) = data.non_empty(field.name) else { continue };
        ctx.go_on()?;
        let found = target.find(ctx, field.name, value.trim(), Freshness::Run).await?;
        if found.iter().any(|account| Some(&account.reference) != own) {
            report.non_unique.push(field.name.to_owned());
        }
    }
    Ok(report)
}
