//! The checks, by family.

mod cancel;
mod connect;
mod create;
mod dry_run;
mod fault;
mod get;
mod import;
mod permission;
mod roster;
mod schema;
mod secret;
mod shift;
mod state;
mod together;
mod unique;
mod update;
mod value;

use crate::bench::said;
use crate::check::{Check, Outcome, ensure};
use crate::proxy::Exchange;
use crate::subject::Acted;

/// All checks, in the order in which they are run.
pub fn all() -> Vec<Check> {
    [
        schema::CHECKS,
        connect::CHECKS,
        create::CHECKS,
        update::CHECKS,
        get::CHECKS,
        unique::CHECKS,
        state::CHECKS,
        permission::CHECKS,
        import::CHECKS,
        dry_run::CHECKS,
        value::CHECKS,
        together::CHECKS,
        cancel::CHECKS,
        roster::CHECKS,
        shift::CHECKS,
        fault::CHECKS,
        secret::CHECKS,
    ]
    .concat()
}

/// Checks whose bodies are async functions over the bench.
macro_rules! checks {
    ($( $id:literal, $kind:expr, needs $needs:expr, changes $changes:literal, $title:literal, $why:literal => $run:expr; )*) => {
        /// The checks of this family.
        pub(super) const CHECKS: &[$crate::check::Check] = &[$(
            $crate::check::Check {
                id: $id, title: $title, rationale: $why, kind: $kind, needs: &$needs, changes: $changes,
                run: |bench| Box::pin(($run)(bench)),
            },
        )*];
    };
}
use checks;

/// Success has no error line and at least one line; failure exactly one error line.
fn spoken(acted: &Acted) -> Outcome {
    let errors = acted.lines.iter().filter(|line| line.is_error).count();
    let good = if acted.success { errors == 0 && !acted.lines.is_empty() } else { errors == 1 };
    ensure(good, "audit lines that agree with Success", || said(acted))
}

/// It succeeded, and says so.
fn succeeded(acted: &Acted, what: &str) -> Outcome {
    spoken(acted)?;
    ensure(acted.success, &format!("{what} to succeed"), || said(acted))
}

/// It failed, and says so.
fn failed(acted: &Acted, what: &str) -> Outcome {
    spoken(acted)?;
    ensure(!acted.success, &format!("{what} to fail"), || said(acted))
}

/// Nothing was sent that could change something.
fn untouched(changes: &[Exchange]) -> Outcome {
    ensure(changes.is_empty(), "nothing sent that could change data", || {
        changes.iter().map(|e| format!("{} {}", e.sent.method, e.sent.target)).collect::<Vec<_>>().join(", ")
    })
}
