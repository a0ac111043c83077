//! Where the random numbers of a script come from.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Where the random numbers of a script come from. Scripts make passwords of them.
pub trait Random: fmt::Debug + Send + Sync {
    /// 64 random bits.
    ///
    /// # Errors
    /// Says why there are none.
    fn bits(&self) -> Result<u64, String>;
}

/// The random numbers of the operating system, good enough for passwords.
#[derive(Debug, Default)]
pub struct SystemRandom(Mutex<Vec<u64>>);

/// How many numbers are asked for at once: a password takes about ten.
const AT_ONCE: usize = 64;

impl Random for SystemRandom {
    fn bits(&self) -> Result<u64, String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            let mut bytes = [0; AT_ONCE * 8];
            getrandom::fill(&mut bytes).map_err(|e| format!("the system gives no random numbers: {e}"))?;
            let (numbers, _) = bytes.as_chunks::<8>();
            kept.extend(numbers.iter().map(|number| u64::from_le_bytes(*number)));
        }
        kept.pop().ok_or_else(|| "the system gives no random numbers".into())
    }
}

/// A number from 0 up to 1, without it, each multiple of 2^-53 as likely as another.
#[allow(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
pub(super) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
