//! What everybody holds.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use koppel::Result;
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::cells::{Cell, bind, clean};
use super::error::unreadable;
use super::jobs::Effect;
use crate::model::Held;

macro_rules! select {
    () => {
        "SELECT target, person, name, entitlement, since, because, reference, data, seen, subs FROM held"
    };
}

/// Sorted here: databases differ in how they order texts.
fn sorted(mut held: Vec<Held>) -> Vec<Held> {
    held.sort_by(|a, b| (&a.target, &a.person, &a.entitlement).cmp(&(&b.target, &b.person, &b.entitlement)));
    held
}

impl Store {
    /// Everything that anybody holds, by target, person and entitlement.
    pub async fn held(&self) -> Result<Vec<Held>> {
        let doing = "read what is held";
        let fail = self.fail(doing);
        let Some(pool) = &self.0.pool else { return Ok(Vec::new()) };
        let mut rows = sqlx::query(select!()).fetch(pool);
        let mut held = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(&fail)? {
            held.push(self.one_held(&row, doing)?);
        }
        Ok(sorted(held))
    }

    /// Everything that somebody holds in a target.
    pub async fn held_by(&self, target: &str, person: &str) -> Result<Vec<Held>> {
        let doing = "read what somebody holds";
        let Some(pool) = &self.0.pool else { return Ok(Vec::new()) };
        let sql = concat!(select!(), " WHERE target = $1 AND person = $2");
        let rows = sqlx::query(sql).bind(clean(target)).bind(clean(person)).fetch_all(pool).await;
        let held: Result<Vec<Held>> =
            rows.map_err(self.fail(doing))?.iter().map(|row| self.one_held(row, doing)).collect();
        held.map(sorted)
    }

    fn one_held(&self, row: &AnyRow, doing: &str) -> Result<Held> {
        let fail = self.fail(doing);
        let text = |column: usize| row.try_get::<String, _>(column).map_err(&fail);
        let reference: Option<String> = row.try_get(6).map_err(&fail)?;
        Ok(Held {
            target: text(0)?,
            person: text(1)?,
            name: text(2)?,
            entitlement: text(3)?.parse().map_err(|error| unreadable(&self.0.place, doing, error))?,
            since: self.moment(row.try_get(4).map_err(&fail)?, doing)?,
            because: self.parsed(&text(5)?, doing)?,
            reference: reference.map(|reference| self.parsed(&reference, doing)).transpose()?,
            data: self.parsed(&text(7)?, doing)?,
            seen: text(8)?,
            subs: self.parsed(&text(9)?, doing)?,
        })
    }

    /// How many entitlements of each kind (`account`, `access`, `permission`) each target has given.
    pub async fn held_counts(&self) -> Result<BTreeMap<(String, String), u64>> {
        let doing = "count what is held";
        let fail = self.fail(doing);
        let Some(pool) = &self.0.pool else { return Ok(BTreeMap::new()) };
        let sql = "SELECT target, kind, COUNT(*) FROM held GROUP BY target, kind";
        let rows = sqlx::query(sql).fetch_all(pool).await.map_err(&fail)?;
        let counts = rows.iter().map(|row| {
            let key = (row.try_get(0).map_err(&fail)?, row.try_get(1).map_err(&fail)?);
            Ok((key, self.count(row.try_get(2).map_err(&fail)?, doing)?))
        });
        counts.collect()
    }

    /// Applies what an action brought about.
    pub(super) async fn take_effect(&self, connection: &mut AnyConnection, effect: &Effect, doing: &str) -> Result<()> {
        let (sql, cells) = match effect {
            Effect::Put(held) => (PUT, put(held)?),
            Effect::Remove { target, person, entitlement } => (
                "DELETE FROM held WHERE target = $1 AND person = $2 AND entitlement = $3",
                vec![Cell::text(target), Cell::text(person), Cell::Text(clean(&entitlement.to_string()))],
            ),
        };
        bind(sqlx::query(sql), cells).execute(connection).await.map(drop).map_err(self.fail(doing))
    }
}

const PUT: &str = "INSERT INTO held (target, person, entitlement, kind, name, since, because, reference, data, seen, subs) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (target, person, entitlement) \
                   DO UPDATE SET name = excluded.name, since = excluded.since, because = excluded.because, \
                   reference = excluded.reference, data = excluded.data, seen = excluded.seen, subs = excluded.subs";

fn put(held: &Held) -> Result<Vec<Cell>> {
    Ok(vec![
        Cell::text(&held.target),
        Cell::text(&held.person),
        Cell::Text(clean(&held.entitlement.to_string())),
        Cell::text(held.entitlement.kind()),
        Cell::text(&held.name),
        Cell::moment(held.since),
        Cell::json(&held.because)?,
        held.reference.as_ref().map_or(Ok(Cell::Null), Cell::json)?,
        Cell::json(&held.data)?,
        Cell::text(&held.seen),
        Cell::json(&held.subs)?,
    ])
}
