//! The system behind a connector, where a run may do with it what it likes.

use async_trait::async_trait;
use jiff::civil::{Date, Time};

/// A system that a run may fill and empty: a stand-in, never a tenant.
#[async_trait]
pub trait World: std::fmt::Debug + Send + Sync {
    /// Leaves exactly so many accounts in the system.
    ///
    /// # Errors
    /// Says why it cannot.
    async fn fill(&self, accounts: usize) -> Result<(), String>;

    /// Leaves exactly these people in a system that a source reads.
    ///
    /// # Errors
    /// Says why it cannot; so does the stand-in of a system that no persons come from.
    async fn staff(&self, people: &[Employee]) -> Result<(), String> {
        Err(format!("the stand-in cannot take in {} people", people.len()))
    }
}

/// Somebody who works one shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    /// The family name.
    pub name: String,
    /// The shift.
    pub shift: Shift,
}

/// A shift in Amsterdam, as it hangs on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The day on which it begins.
    pub day: Date,
    /// When it begins.
    pub from: Time,
    /// When it ends; on the next day, where that is not after the beginning.
    pub until: Time,
}

impl Shift {
    /// `22:30-07:00`.
    pub fn hours(&self) -> String {
        let Self { from, until, .. } = self;
        format!("{:02}:{:02}-{:02}:{:02}", from.hour(), from.minute(), until.hour(), until.minute())
    }
}

impl std::fmt::Display for Shift {
    /// `2026-03-29 02:30-10:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.day, self.hours())
    }
}
