//! Resources.

use std::collections::BTreeSet;

use super::{AuditAction, Outcome, Report, done_or_planned, lock, part};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::{Resource, Resources};
use crate::target::Target;

/// Makes what is not there. One that fails does not keep the others back, unless its reason holds for all of them.
pub(super) async fn resources(target: &dyn Target, ctx: &Ctx, wanted: &[Resource]) -> Result<Report> {
    let part = part(target, target.resources(), "keep resources")?;
    let mut report = Report::new(Outcome::NoChange, true);
    let mut failed = Vec::new();
    let mut seen = BTreeSet::new();
    for resource in wanted.iter().filter(|resource| seen.insert(resource.id())) {
        match one(target, part, ctx, resource).await {
            Ok(true) => {
                report.outcome = Outcome::Created;
                report.say(AuditAction::CreateResource, format!("Created resource: [{}]", resource.id()));
            }
            Ok(false) => {}
            Err(error) => {
                let last = ends_all(&error);
                failed.push((resource.id(), error));
                if last {
                    break;
                }
            }
        }
    }
    if failed.is_empty() {
        if report.audit.is_empty() {
            report.say(AuditAction::CreateResource, format!("No changes: all {} resources are there", seen.len()));
        }
        return Ok(report);
    }
    let reasons: Vec<String> = failed.iter().map(|(id, error)| format!("[{id}]: {error}")).collect();
    let count = failed.len();
    // The last one is what ended the run, if anything did; its kind says what to do next.
    let Some((_, last)) = failed.pop() else { return Ok(report) };
    let mut error = Error::new(last.kind(), reasons.join("; "));
    if let Some(hint) = last.hint() {
        error = error.with_hint(hint);
    }
    let failure = Report::failed(&format!("create {count} of {} {} resources", seen.len(), target.system()), error);
    Ok(Report { audit: report.audit.into_iter().chain(failure.audit.clone()).collect(), ..failure })
}

/// Was it made?
async fn one(target: &dyn Target, part: &dyn Resources, ctx: &Ctx, resource: &Resource) -> Result<bool> {
    ctx.go_on()?;
    let _held = lock(target, ctx, "resource", &resource.id()).await?;
    ctx.go_on()?;
    if part.exists(ctx, resource).await? {
        return Ok(false);
    }
    match part.create(ctx, resource).await {
        // The answer was lost; the system says whether it was carried out.
        Err(error) if error.is(ErrorKind::Ambiguous) => {
            if part.exists(ctx, resource).await? {
                Ok(true)
            } else {
                Err(error)
            }
        }
        other => done_or_planned(other).map(|_| true),
    }
}

/// Would the next one fail for the same reason?
fn ends_all(error: &Error) -> bool {
    [ErrorKind::Config, ErrorKind::Auth, ErrorKind::Cancelled, ErrorKind::RateLimited]
        .iter()
        .any(|kind| error.is(*kind))
}
