//! What the engine's commands are asked.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

/// What `koppel plan` is asked.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The engine's file, koppel.toml
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Evaluate as if it were this moment, such as 2026-06-02T14:00:00+02:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Option<Timestamp>,
    /// Print the plan as one JSON document; it holds personal data
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write that document, for koppel apply
    #[arg(long, value_name = "plan.json")]
    pub(crate) out: Option<PathBuf>,
    /// Also write a self-contained HTML page, with shifts against access per person
    #[arg(long, value_name = "FILE.html")]
    pub(crate) report: Option<PathBuf>,
}

/// What `koppel apply` is asked.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The plan, as koppel plan --out writes it
    #[arg(value_name = "plan.json")]
    pub(crate) plan: PathBuf,
    /// Also carry out what a threshold stops
    #[arg(long)]
    pub(crate) approve: bool,
    /// Print each answered action as a JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `koppel sync` is asked.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("when").required(true).args(["once", "every"]))]
pub(crate) struct SyncArgs {
    /// The engine's file, koppel.toml
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// One pass, then end
    #[arg(long)]
    pub(crate) once: bool,
    /// A pass at least this often, such as 5m, and whenever a window opens or closes; until Ctrl-C or SIGTERM
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub(crate) every: Option<SignedDuration>,
    /// With --once: evaluate as if it were this moment, such as 2026-06-02T14:00:00+02:00
    #[arg(long, value_name = "TIME", conflicts_with = "every", value_parser = moment)]
    pub(crate) at: Option<Timestamp>,
    /// Also carry out what a threshold stops
    #[arg(long)]
    pub(crate) approve: bool,
    /// Print each answered action as a JSON line
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `koppel audit` is asked.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    /// The engine's file, koppel.toml
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) config: Option<PathBuf>,
    /// Only this person: the key that the sources agree on, such as the external id
    #[arg(long, value_name = "ID")]
    pub(crate) person: Option<String>,
    /// Who had which access at this moment, such as 2026-06-02T14:00:00+02:00, in place of what was done
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) at: Option<Timestamp>,
    /// A JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    /// As CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

/// What else `koppel audit` does.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look whether an entry was changed or is missing
    Verify {
        /// The engine's file, koppel.toml
        #[arg(short, long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// A moment as RFC 3339 writes it. The other spellings that libraries take lead to plans for another moment than meant.
fn moment(text: &str) -> Result<Timestamp, String> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let wrong =
        || "is no moment of RFC 3339 with its offset, such as 2026-06-02T14:00:00+02:00 or 2026-06-02T12:00:00Z";
    let bytes = text.as_bytes();
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    if bytes.len() <= SHAPE.len() || !bytes.iter().zip(SHAPE).all(fits) {
        return Err(wrong().to_owned());
    }
    let rest = &text[SHAPE.len()..];
    let fraction = rest.strip_prefix('.').map_or(0, |digits| 1 + digits.bytes().take_while(u8::is_ascii_digit).count());
    let offset = &rest.as_bytes()[fraction..];
    let offset_fits = match offset {
        [b'Z'] => true,
        [b'+' | b'-', rest @ ..] => rest.len() == 5 && rest.iter().zip(b"00:00").all(fits),
        _ => false,
    };
    if fraction == 1 || !offset_fits {
        return Err(wrong().to_owned());
    }
    text.parse().map_err(|e| format!("is no moment: {e}"))
}

/// How long between two passes.
fn interval(text: &str) -> Result<SignedDuration, String> {
    let wrong = "must be a time from 1s to 24h, such as 30s, 5m or 1h";
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return Err(wrong.to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| wrong.to_owned())?;
    match number.checked_mul(seconds) {
        Some(seconds @ 1..=86_400) => Ok(SignedDuration::from_secs(seconds)),
        _ => Err(wrong.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{interval, moment};

    #[test]
    fn a_moment_is_taken_in_rfc_3339_and_in_no_other_spelling() {
        for good in [
            "2026-06-02T14:00:00+02:00",
            "2026-06-02T12:00:00Z",
            "2026-06-02T12:00:00.250Z",
            "2026-06-02T07:00:00-05:00",
        ] {
            assert!(moment(good).is_ok(), "{good}");
        }
        assert_eq!(moment("2026-06-02T14:00:00+02:00"), moment("2026-06-02T12:00:00Z"));
        for bad in [
            "",
            "now",
            "2026-06-02",
            "2026-06-02T14:00",
            "2026-06-02T14:00:00",
            "2026-06-02 14:00:00Z",
            "20260602T140000Z",
            "2026-06-02T14:00:00[Europe/Amsterdam]",
            "2026-06-02T14:00:00+02",
            "2026-06-02T14:00:00.Z",
            "2026-06-02T14:00:00+02:00[Europe/Amsterdam]",
            "2026-06-31T14:00:00Z",
            "2026-06-02T25:00:00Z",
            "2026-06-02T14:00:00é",
        ] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_interval_has_a_unit_and_bounds() {
        for (text, seconds) in [("1s", 1), ("30s", 30), ("5m", 300), ("24h", 86_400)] {
            assert_eq!(interval(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in ["", "5", "m", "0s", "25h", "-5m", "1.5h", "5 minutes", "5d", "9223372036854775807h", "5é"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
