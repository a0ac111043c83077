//! One planner at a time over all machines.

use jiff::SignedDuration;
use koppel::{Error, ErrorKind, Result};
use sqlx::AnyConnection;

use super::Store;
use super::cells::{clean, random};
use super::jobs::Lease;

impl Store {
    /// Takes the lead for so long; None while another worker has it.
    pub async fn lead(&self, worker: &str, lease: SignedDuration) -> Result<Option<Lease>> {
        let doing = "take the lead";
        let fail = self.fail(doing);
        let lease = Lease::new(random()?, lease);
        let mut transaction = self.begin(doing).await?;
        let now = self.micros(&mut transaction).await.map_err(&fail)?;
        let sql = "UPDATE lead SET token = $1, worker = $2, lease_until = $3 \
                   WHERE one = 1 AND (token IS NULL OR lease_until <= $4)";
        let taken = sqlx::query(sql)
            .bind(lease.token.clone())
            .bind(clean(worker))
            .bind(lease.until(now))
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(&fail)?;
        self.commit(transaction, doing).await?;
        Ok((taken.rows_affected() == 1).then_some(lease))
    }

    /// Gives the lead back; nothing happens where another worker has taken it.
    pub async fn follow(&self, lease: &Lease) -> Result<()> {
        let sql = "UPDATE lead SET token = NULL, worker = NULL, lease_until = NULL WHERE one = 1 AND token = $1";
        let pool = self.writer()?;
        sqlx::query(sql)
            .bind(lease.token.clone())
            .execute(pool)
            .await
            .map(drop)
            .map_err(self.fail("give the lead back"))
    }

    /// Fails where another worker has taken the lead; if not, nobody takes it before the transaction ends.
    pub(super) async fn still_leads(&self, connection: &mut AnyConnection, lease: &Lease, doing: &str) -> Result<()> {
        let sql = "UPDATE lead SET token = $1 WHERE one = 1 AND token = $1";
        let kept = sqlx::query(sql).bind(lease.token.clone()).execute(connection).await.map_err(self.fail(doing))?;
        if kept.rows_affected() == 1 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, "another worker took the lead while this one made its plan")
            .with_hint("nothing was changed; the other one plans"))
    }
}
