//! The tables, and how they came to be.

use sqlx::AnyConnection;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Row as _, SqlSafeStr as _};

/// The table in which it is noted what was done.
const NOTED: &str = "koppel_migrations";

/// All steps in order. A step that was published is never changed: a new one is added.
const STEPS: [(&str, &str); 1] = [("state", include_str!("migrations/1_state.sql"))];

/// The version of the tables that this program works with.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The version that the database has; 0 where nothing was made yet.
pub(super) async fn version(connection: &mut AnyConnection, shared: bool) -> Result<i64, sqlx::Error> {
    let there = if shared {
        "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_catalog.pg_class WHERE oid = to_regclass('koppel_migrations')"
    } else {
        "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'koppel_migrations'"
    };
    if sqlx::query(there).fetch_one(&mut *connection).await?.try_get::<i64, _>(0)? == 0 {
        return Ok(0);
    }
    let newest = sqlx::query("SELECT MAX(version) FROM koppel_migrations").fetch_one(&mut *connection).await?;
    Ok(newest.try_get::<Option<i64>, _>(0)?.unwrap_or(0))
}

/// Brings the tables up to date; several programs may try at once.
pub(super) async fn migrate(connection: &mut AnyConnection) -> Result<(), MigrateError> {
    let steps = (1..).zip(STEPS).map(|(version, (name, sql))| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(steps.collect());
    migrator.dangerous_set_table_name(NOTED);
    migrator.run(&mut *connection).await
}
