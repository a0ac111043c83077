//! The system behind a connector, where a run may do with it what it likes.

use async_trait::async_trait;

/// A system that a run may fill and empty: a stand-in, never a tenant.
#[async_trait]
pub trait World: std::fmt::Debug + Send + Sync {
    /// Leaves exactly so many accounts in the system.
    ///
    /// # Errors
    /// Says why it cannot.
    async fn fill(&self, accounts: usize) -> Result<(), String>;
}
