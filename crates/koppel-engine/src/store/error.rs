//! What a database's refusal means to an administrator.

use koppel::{Error, ErrorKind};
use sqlx::migrate::MigrateError;

use super::place::Place;

/// Says what failed, where, and what would help; the password of the URL is never in it.
pub(super) fn explain(error: &sqlx::Error, place: &Place, doing: &str) -> Error {
    let detail = place.scrub(error.to_string());
    let (kind, why, hint) = match error {
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default();
            let (kind, hint) = if place.is_shared() { postgres(&code) } else { sqlite(&code) };
            (kind, place.scrub(inner.message().to_owned()), hint)
        }
        sqlx::Error::Io(inner) => (ErrorKind::Transient, inner.to_string(), reach(place)),
        sqlx::Error::Tls(inner) => (
            ErrorKind::Config,
            format!("no TLS with the server: {inner}"),
            "sslmode and sslrootcert in the URL say what is asked of the server's certificate",
        ),
        sqlx::Error::PoolTimedOut => {
            (ErrorKind::Transient, "no connection became free in time".to_owned(), reach(place))
        }
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            (ErrorKind::Transient, "the connection is gone".to_owned(), "")
        }
        sqlx::Error::Configuration(_) => (ErrorKind::Config, detail.clone(), "check the url of the state"),
        sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (ErrorKind::Protocol, detail.clone(), EDITED)
        }
        _ => (ErrorKind::Protocol, detail.clone(), ""),
    };
    let error = Error::new(kind, format!("cannot {doing} in {place}: {why}")).with_detail(detail);
    if hint.is_empty() { error } else { error.with_hint(hint) }
}

/// What the state holds cannot be read.
pub(super) fn unreadable(place: &Place, doing: &str, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, format!("cannot {doing} in {place}: {error}")).with_hint(EDITED)
}

/// The tables cannot be made or brought up to date.
pub(super) fn migration(error: &MigrateError, place: &Place) -> Error {
    match error {
        MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _) => {
            explain(inner, place, "bring the tables up to date")
        }
        MigrateError::VersionMissing(version) => newer(place, *version),
        other => Error::new(ErrorKind::Config, format!("the tables in {place} are not the ones of a koppel: {other}"))
            .with_hint("give koppel a file or a database of its own"),
    }
}

/// A newer program was here.
pub(super) fn newer(place: &Place, version: i64) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the state in {place} was written by a newer koppel (its tables are of version {version})"),
    )
    .with_hint("use that version; what a newer koppel wrote is not given back to an older one")
}

const EDITED: &str = "was it changed by hand, or by another program?";

fn reach(place: &Place) -> &'static str {
    if place.is_shared() {
        "check that the server runs and that this machine can reach it"
    } else {
        "check the disk, and that no other program keeps the file"
    }
}

/// By the classes of `PostgreSQL`'s error codes.
fn postgres(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "28P01" | "28000" => (ErrorKind::Auth, "check the user and the password in the url of the state"),
        "3D000" => (ErrorKind::Config, "make the database first: CREATE DATABASE"),
        "42501" => (ErrorKind::Denied, "the user must own the database, or be allowed to create tables in it"),
        "42P07" => (ErrorKind::Config, "give koppel a database of its own"),
        "42P01" | "42703" => (ErrorKind::Config, EDITED),
        "25006" => (ErrorKind::Config, "this server only reads: name the one that writes"),
        "40001" | "40P01" | "55P03" => (ErrorKind::Transient, "another transaction was in the way"),
        "57P01" | "57P02" | "57P03" => (ErrorKind::Transient, "the server starts or stops"),
        _ if code.starts_with("53") => (ErrorKind::Transient, "the server has no room: disk, memory or connections"),
        _ if code.starts_with("08") => (ErrorKind::Transient, ""),
        _ => (ErrorKind::Protocol, ""),
    }
}

/// By `SQLite`'s result codes, of which the low byte is the class.
fn sqlite(code: &str) -> (ErrorKind, &'static str) {
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        5 | 6 => (ErrorKind::Transient, "another program keeps the file locked"),
        8 => (ErrorKind::Config, "the file, or its folder, may not be written by this user"),
        14 => (ErrorKind::Config, "check that the path is a file, and that this user may write in its folder"),
        11 | 26 => (ErrorKind::Config, "it is no sound SQLite database: name another file, or put back a copy"),
        10 | 13 => (ErrorKind::Transient, "check the disk and its free space"),
        1 => (ErrorKind::Config, EDITED),
        _ => (ErrorKind::Protocol, ""),
    }
}
