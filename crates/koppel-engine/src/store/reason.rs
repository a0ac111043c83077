//! What is held goes on being held, for another reason.

use koppel::Result;

use super::Store;
use super::audit::AuditEntry;
use super::cells::{Cell, clean};
use super::jobs::Lease;
use crate::model::Held;

impl Store {
    /// Notes why something is held now. What is not held any more by then is left out, without an entry.
    ///
    /// # Errors
    /// `Conflict` where another worker has taken the lead; nothing is changed then.
    pub async fn note_reasons(&self, lead: &Lease, reasons: &[(Held, AuditEntry)]) -> Result<()> {
        let doing = "note why something is held";
        let fail = self.fail(doing);
        let mut transaction = self.begin(doing).await?;
        for (at, (held, entry)) in reasons.iter().enumerate() {
            let head = self.chain_head(&mut transaction, true, doing).await?;
            if at == 0 {
                self.still_leads(&mut transaction, lead, doing).await?;
            }
            let Cell::Text(because) = Cell::json(&held.because)? else { continue };
            let sql = "UPDATE held SET because = $1 WHERE target = $2 AND person = $3 AND entitlement = $4";
            let noted = sqlx::query(sql)
                .bind(because)
                .bind(clean(&held.target))
                .bind(clean(&held.person))
                .bind(clean(&held.entitlement.to_string()))
                .execute(&mut *transaction)
                .await
                .map_err(&fail)?;
            if noted.rows_affected() == 1 {
                self.append(&mut transaction, head, entry, doing).await?;
            }
        }
        self.commit(transaction, doing).await
    }
}
