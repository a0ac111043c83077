//! Values on their way into the tables.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::digest::hex;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Number(i64),
    Null,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(clean(text))
    }

    pub(super) fn maybe(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    pub(super) fn json(value: &impl Serialize) -> koppel::Result<Self> {
        let text = serde_json::to_string(value);
        text.map(Self::Text).map_err(|error| koppel::Error::bug(format!("a value does not go into the state: {error}")))
    }

    pub(super) fn moment(at: Timestamp) -> Self {
        Self::Number(at.as_microsecond())
    }
}

/// `PostgreSQL` keeps no NUL in a text.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Hands over values in order.
pub(super) fn bind(
    query: Query<'_, Any, AnyArguments>,
    cells: impl IntoIterator<Item = Cell>,
) -> Query<'_, Any, AnyArguments> {
    cells.into_iter().fold(query, |query, cell| match cell {
        Cell::Text(text) => query.bind(text),
        Cell::Number(number) => query.bind(number),
        Cell::Null => query.bind(None::<String>),
    })
}

/// `SQLite` takes 32,766 values in one statement; far fewer are as fast.
const VALUES: usize = 4_000;

/// `head` + many rows + `tail`, in as few statements as is sensible.
pub(super) async fn many(
    connection: &mut AnyConnection,
    head: &str,
    leading: &[Cell],
    rows: &[Vec<Cell>],
    tail: &str,
) -> Result<(), sqlx::Error> {
    let width = rows.first().map_or(1, Vec::len);
    let most = VALUES / width;
    for chunk in rows.chunks(most) {
        let sql = AssertSqlSafe(format!("{head}{}{tail}", places(leading.len(), chunk.len(), width)));
        let cells = leading.iter().chain(chunk.iter().flatten()).cloned();
        // Only full statements come back; others would fill the driver's memory of statements.
        bind(sqlx::query(sql), cells).persistent(chunk.len() == most).execute(&mut *connection).await?;
    }
    Ok(())
}

/// `($3, $4), ($5, $6)`.
fn places(leading: usize, rows: usize, width: usize) -> String {
    let row = |row: usize| {
        let first = leading + row * width + 1;
        let places: Vec<String> = (first..first + width).map(|place| format!("${place}")).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// A text that nobody guesses or gets twice.
pub(super) fn random() -> koppel::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| koppel::Error::bug(format!("the system gives no random numbers: {error}")))?;
    Ok(hex(&bytes))
}
