//! OAuth client credentials: who may have a token, and which tokens live.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use crate::credentials::CANARY;
use crate::form::Form;
use crate::seed;

/// How many tokens one client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lives {
    /// A new token kills the previous one.
    One,
    /// Tokens live side by side.
    Many,
}

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// What a token in a request is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Live,
    Expired,
    Unknown,
}

/// The tokens of one system.
#[derive(Debug)]
pub(crate) struct TokenBook {
    seed: u64,
    label: &'static str,
    lives: Lives,
    lifetime: Duration,
    clients: Vec<Client>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    issued: u64,
    tokens: HashMap<String, Token>,
}

#[derive(Debug)]
struct Token {
    client: usize,
    expires: Instant,
}

impl TokenBook {
    pub(crate) fn new(seed: u64, label: &'static str, lives: Lives, lifetime: Duration, clients: Vec<Client>) -> Self {
        Self { seed, label, lives, lifetime, clients, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new token and its lifetime in seconds, or none where the client or its secret is wrong.
    pub(crate) fn issue(&self, headers: &HeaderMap, form: &Form) -> Option<(String, u64)> {
        let client = self.client(headers, form)?;
        let mut state = self.state();
        let now = Instant::now();
        match self.lives {
            Lives::One => state.tokens.retain(|_, t| t.client != client),
            Lives::Many => state.tokens.retain(|_, t| t.expires > now),
        }
        let token = format!("{CANARY}token-{}", seed::hex(self.seed, self.label, state.issued, 3));
        state.issued += 1;
        let expires = now + self.lifetime;
        state.tokens.insert(token.clone(), Token { client, expires });
        Some((token, self.lifetime.as_secs()))
    }

    /// Which client this is: named in the body, or by HTTP Basic.
    fn client(&self, headers: &HeaderMap, form: &Form) -> Option<usize> {
        let known = |id: &str, secret: &str| self.clients.iter().position(|c| c.id == id && c.secret == secret);
        if let (Some(id), Some(secret)) = (form.get("client_id"), form.get("client_secret")) {
            return known(id, secret);
        }
        let encoded = strip_scheme(headers, "Basic")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        known(id, secret).or_else(|| {
            // RFC 6749 has both halves form-encoded before they are joined.
            known(&percent_decode_str(id).decode_utf8().ok()?, &percent_decode_str(secret).decode_utf8().ok()?)
        })
    }

    /// What the token in the request is worth.
    pub(crate) fn standing(&self, headers: &HeaderMap) -> Standing {
        let Some(token) = strip_scheme(headers, "Bearer") else {
            return Standing::Unknown;
        };
        match self.state().tokens.get(token.trim()) {
            Some(t) if t.expires > Instant::now() => Standing::Live,
            Some(_) => Standing::Expired,
            None => Standing::Unknown,
        }
    }

    /// How many tokens were issued.
    pub(crate) fn issued(&self) -> u64 {
        self.state().issued
    }

    /// Ends every token's life.
    pub(crate) fn expire(&self) {
        let now = Instant::now();
        for token in self.state().tokens.values_mut() {
            token.expires = token.expires.min(now);
        }
    }

    /// Forgets every token.
    pub(crate) fn revoke(&self) {
        self.state().tokens.clear();
    }
}

fn strip_scheme<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, rest) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(rest)
}
