//! The token layer: what a request is allowed with.

use std::time::Duration;

use koppel::{Ctx, Error, ErrorKind, Result, Scrubber};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fetch::{basic, fetch, header, hide};
use super::store::{Store, Token};
use super::{Auth, ClientCredentials};
use crate::client::Inner;
use crate::state::StateDir;
use crate::wait::unless_stopped;

/// What one attempt is sent with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grant {
    header: Option<(HeaderName, HeaderValue)>,
    /// Which token it was, to tell whether another one has come since.
    token: Option<u64>,
}

impl Grant {
    pub(crate) fn authorization(value: HeaderValue) -> Self {
        Self { header: Some((AUTHORIZATION, value)), token: None }
    }

    pub(crate) fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.header.as_ref()
    }

    /// Can another one be had when this is refused?
    pub(crate) fn is_renewable(&self) -> bool {
        self.token.is_some()
    }

    fn of(token: &Token) -> Result<Self> {
        let value = header(&format!("Bearer {}", token.value.expose())).map_err(|_| {
            Error::new(ErrorKind::Protocol, "the access token holds characters that cannot be sent in a header")
        })?;
        Ok(Self { header: Some((AUTHORIZATION, value)), token: Some(token.id) })
    }
}

/// What the requests of a client are allowed with.
#[derive(Debug)]
pub(crate) enum Access {
    Fixed(Grant),
    Token(Box<Tokens>),
}

/// One token for all tasks; who holds the slot fetches, the others wait.
#[derive(Debug)]
pub(crate) struct Tokens {
    with: ClientCredentials,
    store: Store,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    token: Option<Token>,
    /// The credentials were refused then: who asks soon after is told the same, without another request.
    failed: Option<(Instant, Error)>,
}

/// A long batch with a wrong secret would otherwise get the client locked out.
const REFUSAL_KEPT: Duration = Duration::from_secs(10);

impl Access {
    pub(crate) fn new(auth: Auth, base: &str, state: StateDir, scrubber: &Scrubber) -> Result<Self> {
        Ok(match auth {
            Auth::Open => Self::Fixed(Grant::default()),
            Auth::Basic { user, password } => {
                scrubber.add(&password);
                Self::Fixed(Grant::authorization(basic(&user, &password, scrubber)?))
            }
            Auth::Header { name, value } => {
                scrubber.add(&value);
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| Error::bug(format!("{name} is no name of a header")))?;
                Self::Fixed(Grant { header: Some((name, header(value.expose())?)), token: None })
            }
            Auth::ClientCredentials(with) => {
                scrubber.add(&with.secret);
                // Known to the scrubber in both styles, and also where the token comes from another process.
                basic(&with.id, &with.secret, scrubber)?;
                let endpoint = format!("{base}/{}", with.endpoint.join("/"));
                let store = Store::new(state, &endpoint, &with.id, &with.secret);
                Self::Token(Box::new(Tokens { with, store, slot: Mutex::default() }))
            }
        })
    }

    /// What the configuration calls the credentials.
    pub(crate) fn keys(&self) -> &str {
        match self {
            Self::Fixed(_) => "the credentials",
            Self::Token(tokens) => &tokens.with.keys,
        }
    }

    /// The grant for an attempt: another one than was refused.
    pub(crate) async fn grant(&self, http: &Inner, ctx: &Ctx, refused: Option<&Grant>) -> Result<Grant> {
        match self {
            Self::Fixed(grant) => Ok(grant.clone()),
            Self::Token(tokens) => Grant::of(&tokens.get(http, ctx, refused.and_then(|grant| grant.token)).await?),
        }
    }
}

impl Tokens {
    async fn get(&self, http: &Inner, ctx: &Ctx, refused: Option<u64>) -> Result<Token> {
        let good = |token: &Token| Some(token.id) != refused && token.is_fresh(ctx.now());
        let mut slot = unless_stopped(ctx, self.slot.lock()).await?;
        if let Some(token) = slot.token.as_ref().filter(|token| good(token)) {
            return Ok(token.clone());
        }
        let token = if let Some(token) = self.known(http, good)? {
            token
        } else {
            if let Some((_, error)) = slot.failed.as_ref().filter(|(at, _)| at.elapsed() < REFUSAL_KEPT) {
                return Err(error.clone());
            }
            let done = self.renew(http, ctx, good).await;
            let refusal = done.as_ref().err().filter(|error| error.is(ErrorKind::Auth));
            slot.failed = refusal.map(|error| (Instant::now(), error.clone()));
            done?
        };
        slot.token = Some(token.clone());
        Ok(token)
    }

    /// The token that this or another process left.
    fn known(&self, http: &Inner, good: impl Fn(&Token) -> bool) -> Result<Option<Token>> {
        Ok(self.store.read()?.filter(good).inspect(|token| hide(&http.scrubber, &token.value)))
    }

    /// A new token, unless another process got one while we waited for it.
    async fn renew(&self, http: &Inner, ctx: &Ctx, good: impl Fn(&Token) -> bool) -> Result<Token> {
        let _lock = unless_stopped(ctx, self.store.lock()).await??;
        if let Some(token) = self.known(http, good)? {
            return Ok(token);
        }
        let token = Box::pin(fetch(http, ctx, &self.with)).await?;
        hide(&http.scrubber, &token.value);
        self.store.write(&token)?;
        Ok(token)
    }
}
