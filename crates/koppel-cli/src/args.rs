//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use koppel_helloid::ActionName;
use koppel_helloid::mapping::{Determinant, Stage};

use crate::io::MOST_BYTES;

mod engine;

pub(crate) use engine::{ApplyArgs, AuditArgs, AuditCommand, PlanArgs, SyncArgs};

/// Connects identity systems: rosters and HR data in, accounts and access out.
///
/// Results go to stdout, everything else to stderr. Exit codes: 0 success, 1 the action failed (its result document
/// still stands on stdout), 2 wrong usage or unreadable input.
#[derive(Debug, Parser)]
#[command(name = "koppel", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How messages are written to stderr.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The form of messages on stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Human)]
    pub(crate) log_format: LogFormat,
    /// Show more on stderr: -v every request, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object per line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play a story on stand-in systems: who gets which access, and why; no input needed
    Demo {
        /// Also write a self-contained HTML page: shifts against door access per person
        #[arg(long, value_name = "FILE.html")]
        report: Option<PathBuf>,
    },
    /// List the connectors
    Connectors {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Describe a connector: one JSON document with capabilities, config schema and account fields
    Describe {
        /// The connector, such as ipassan-target
        id: String,
    },
    /// Check a configuration against its schema (all faults at once), then reach the system
    Check {
        /// The connector
        id: String,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Run one action of a target: a HelloID action document in, the result document out
    #[command(
        after_help = "Actions: create, update, enable, disable, delete, grant, revoke, sub-permissions, permissions, \
uniqueness, resources, import-accounts, import-permissions, import-sub-permissions. What a connector offers: koppel describe ID"
    )]
    Run {
        /// The connector
        id: String,
        /// The action
        #[arg(value_parser = |text: &str| text.parse::<ActionName>())]
        action: ActionName,
        /// Read the input from a file in place of stdin
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        /// One document per input line, one answer per output line in the same order
        #[arg(long)]
        batch: bool,
        /// With --batch: how many actions at once
        #[arg(long, value_name = "N", requires = "batch", value_parser = at_once)]
        concurrency: Option<NonZeroUsize>,
    },
    /// Print the persons of a source, a JSON line each
    Persons {
        /// The connector
        id: String,
        #[command(flatten)]
        config: ConfigArg,
        /// How many requests at once; without it what the configuration says
        #[arg(long, value_name = "N", value_parser = at_once)]
        concurrency: Option<NonZeroUsize>,
    },
    /// Print the departments of a source, a JSON line each
    Departments {
        /// The connector
        id: String,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Evaluate a mapping: the data that HelloID hands to an action, or the person that it makes of a raw one
    Map(MapArgs),
    /// Read, write and check HelloID's own files
    Helloid {
        #[command(subcommand)]
        command: HelloidCommand,
    },
    /// Show what the rules would change now, and why; changes nothing
    Plan(PlanArgs),
    /// Carry out exactly the plan in a file, unless the state moved on since it was made
    Apply(ApplyArgs),
    /// Bring all targets to what the rules say: once, or again and again
    Sync(SyncArgs),
    /// Show what was done and why, or who had which access at a moment
    Audit(AuditArgs),
    /// Serve the action documents over HTTPS, for HelloID's cloud agent and for platforms in any language
    Serve(ServeArgs),
    /// Check that a connector keeps to its contract, also when its system does not; against a stand-in by default
    Conformance(ConformanceArgs),
    /// Start the stand-in systems on loopback and print configurations that reach them
    Sandbox {
        /// The port; 0 takes a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// How many persons each system has
        #[arg(long, default_value_t = 200)]
        persons: usize,
        /// The seed of the sample data
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Faults to inject; see docs/sandbox.md for the grammar
        #[arg(long, value_name = "SPEC")]
        fault: Option<String>,
        /// How long each answer takes, in milliseconds
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency_ms: u64,
    },
    /// Write the JSON Schemas and manifests of all connectors
    Schema {
        /// The folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Also write the pages of the conformance checks, to this folder
        #[arg(long, value_name = "DIR")]
        pages: Option<PathBuf>,
        /// Write nothing; fail where a file differs from what would be written
        #[arg(long)]
        check: bool,
    },
}

/// What `koppel map` is asked.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["person", "raw"]))]
pub(crate) struct MapArgs {
    /// A fieldMapping.json (with --person) or a source's mapping.json (with --raw)
    pub(crate) mapping: PathBuf,
    /// The person, as HelloID's personContext or the person alone
    #[arg(long, value_name = "FILE", requires = "action")]
    pub(crate) person: Option<PathBuf>,
    /// A raw person of a source, or several: a list, or an object each, as koppel persons prints them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["action", "iteration", "manager"])]
    pub(crate) raw: Option<PathBuf>,
    /// The account action: Create, Enable, Update, Disable or Delete
    #[arg(long, value_parser = |text: &str| text.parse::<Stage>())]
    pub(crate) action: Option<Stage>,
    /// How often a unique value was taken already
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) iteration: u32,
    /// The person's manager
    #[arg(long, value_name = "FILE")]
    pub(crate) manager: Option<PathBuf>,
    /// The IANA time zone of dates in scripts and contracts
    #[arg(long, value_name = "ZONE", default_value = DEFAULT_ZONE)]
    pub(crate) time_zone: String,
    /// Evaluate as if it were this moment, such as 2026-05-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// With --raw: what makes a contract the primary one, most important first
    #[arg(long, value_name = "FIELD:asc|desc", value_delimiter = ',', conflicts_with = "person")]
    pub(crate) primary: Vec<Determinant>,
    /// Also say where each value came from
    #[arg(long)]
    pub(crate) explain: bool,
}

/// The time zone in which scripts see dates, unless another is asked for.
pub(crate) const DEFAULT_ZONE: &str = "Europe/Amsterdam";

/// What `koppel helloid` does.
#[derive(Debug, Subcommand)]
pub(crate) enum HelloidCommand {
    /// Print the configuration.json of a connector: the form that HelloID shows
    Form {
        /// The connector
        id: String,
    },
    /// Check configuration.json, fieldMapping.json and mapping.json files; every fault with file, line and field
    Lint {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Write the PowerShell scripts, the form and the mapping that put a connector into HelloID
    Shim {
        /// The connector
        id: String,
        /// The folder; it is made where it is missing
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The address of a koppel serve, for the cloud agent; without it the scripts call the program beside them
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

/// What `koppel conformance` is asked.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// The connector
    pub(crate) id: String,
    /// The configuration of a test tenant; without it a stand-in is checked
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Good values for the system; without it those of the connector's author
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// List the checks and what they need; runs none
    #[arg(long)]
    pub(crate) list: bool,
    /// Only this check, or those whose ids begin so, such as create; may be repeated
    #[arg(long = "check", value_name = "NAME")]
    pub(crate) checks: Vec<String>,
    /// Only checks that change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Accept the failure of a check, with the reason; it is reported and never hidden
    #[arg(long = "waive", value_name = "ID=REASON", value_parser = waiver)]
    pub(crate) waived: Vec<(String, String)>,
    /// Run each action as a process of its own, through this program
    #[arg(long)]
    pub(crate) binary: bool,
    /// Keep the exchanges of this run in a file, with secrets and personal data replaced
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,
    /// Run from such a file, without a network
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "binary"])]
    pub(crate) replay: Option<PathBuf>,
    /// Also write a report: JSON, XML for `JUnit` readers, or a page, by its ending (.json, .xml, .html); may be repeated
    #[arg(long = "report", value_name = "FILE")]
    pub(crate) reports: Vec<PathBuf>,
}

/// `ID=REASON`.
fn waiver(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, reason)) if !id.trim().is_empty() && !reason.trim().is_empty() => {
            Ok((id.trim().to_owned(), reason.trim().to_owned()))
        }
        _ => Err("must be the id of a check, an equals sign and a reason".to_owned()),
    }
}

/// What `koppel serve` is asked.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on, such as 127.0.0.1:8443; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: String,
    /// A file with the bearer tokens that are let in, one a line; it is read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// The certificate chain, PEM; needed for an address that is not loopback
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The only folder whose files a configuration may name; without it none
    #[arg(long, value_name = "FOLDER")]
    pub(crate) config_files: Option<PathBuf>,
    /// How many actions and imports run at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// How many of them for one connector
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) per_connector: u16,
    /// How many of them on one system
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) per_system: u16,
    /// How many more may wait for their turn; at most half of them for one system
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(0..=4096))]
    pub(crate) queue: u16,
    /// How many connections at once
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..=8192))]
    pub(crate) connections: u16,
    /// The largest document
    #[arg(long, value_name = "BYTES", default_value_t = MOST_BYTES, value_parser = clap::value_parser!(u64).range(1024..=MOST_BYTES))]
    pub(crate) max_body: u64,
    /// How long a client may take for the TLS handshake, the headers, the document, reading on, or between two requests
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) read_timeout: u64,
    /// End every action and import after this time, also where HelloID would wait longer
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) action_timeout: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArg {
    /// The configuration: a JSON object with the connector's keys; - reads it from stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// A number of requests at once.
fn at_once(text: &str) -> Result<NonZeroUsize, String> {
    let number: NonZeroUsize = text.parse().map_err(|_| "must be a whole number from 1 to 64".to_owned())?;
    if number.get() > 64 { Err("must be at most 64".to_owned()) } else { Ok(number) }
}
