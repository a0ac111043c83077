//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use koppel_helloid::ActionName;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
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
uniqueness, import-accounts, import-permissions, import-sub-permissions. What a connector offers: koppel describe ID"
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
        /// Write nothing; fail where a file differs from what would be written
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArg {
    /// The configuration: a JSON object with the connector's keys
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// A number of requests at once.
fn at_once(text: &str) -> Result<NonZeroUsize, String> {
    let number: NonZeroUsize = text.parse().map_err(|_| "must be a whole number from 1 to 64".to_owned())?;
    if number.get() > 64 { Err("must be at most 64".to_owned()) } else { Ok(number) }
}
