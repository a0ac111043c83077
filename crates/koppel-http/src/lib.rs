//! The HTTP kit of Koppel: everything between a connector and the wire.
//!
//! An [`Http`] is the client of one system. Its layers, from the outside in:
//!
//! 1. **Dry run**: everything but GET, HEAD and the token request is held back and noted as the plan.
//! 2. **Cancellation and deadline** of the action, from `koppel::Ctx`.
//! 3. **Retry** ([`RetryPolicy`]): connection failures always, a failed or missing answer only where the request may be
//!    repeated, 429 as the system asks. What may not be repeated and may have been carried out is `Ambiguous`.
//! 4. **Token** ([`Auth`]): fetched once for all tasks and, through the [`StateDir`], all processes of the machine.
//! 5. **Rate limit and concurrency**.
//! 6. **Timeout** of one attempt ([`Timeouts`]).
//! 7. **Transport**: no redirects, no proxy for loopback, bounded bodies.
//!
//! [`FileLocks`] are the locks over all processes that keep two actions on one account apart, and [`SystemClock`] is
//! the clock of the machine.

mod answer;
mod auth;
mod builder;
mod client;
mod clock;
mod encode;
mod exchange;
mod filelock;
mod forward;
mod gate;
mod list;
mod locks;
mod request;
mod retry;
mod state;
mod text;
mod transport;
mod verdict;
mod wait;

pub use answer::Answer;
pub use auth::{Auth, ClientCredentials, CredentialStyle};
pub use builder::{HttpBuilder, Timeouts};
pub use client::Http;
pub use clock::SystemClock;
pub use forward::{Forward, Forwarded};
pub use list::ListAt;
pub use locks::FileLocks;
pub use request::Request;
pub use reqwest::Method;
pub use retry::RetryPolicy;
pub use state::StateDir;
pub use text::error_text;
pub use verdict::Verdict;
