//! What a client of InPlanning is made from.

use std::num::NonZeroUsize;

use koppel::Secret;
use koppel_http::{ClientCredentials, CredentialStyle};

use crate::BaseUrl;

/// What a client of InPlanning is made from.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The address of the API.
    pub base_url: BaseUrl,
    /// What a token is asked for with.
    pub credentials: Credentials,
    /// How many requests may be under way at once.
    pub concurrency: NonZeroUsize,
    /// May the secret travel over plain http to another machine?
    pub allow_insecure_http: bool,
}

/// The credentials that a token is asked for with. Both styles are in use; which one a customer has was agreed with
/// the supplier.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `client_id` and `client_secret` in the body of the token request, as the target's scripts send them (observed).
    Body {
        /// The client id; the configuration calls it `ClientId`.
        client_id: String,
        /// The client secret; the configuration calls it `ClientSecret`.
        client_secret: Secret,
    },
    /// HTTP Basic with a user name and a password, as the source's scripts send them (observed).
    Basic {
        /// The user name; the configuration calls it `Username`.
        username: String,
        /// The password; the configuration calls it `Password`.
        password: Secret,
    },
}

impl Credentials {
    pub(crate) fn into_auth(self) -> ClientCredentials {
        let at = &["token"];
        match self {
            Self::Body { client_id, client_secret } => ClientCredentials::new(at, client_id, client_secret)
                .style(CredentialStyle::Body)
                .named("ClientId and ClientSecret"),
            Self::Basic { username, password } => ClientCredentials::new(at, username, password)
                .style(CredentialStyle::Basic)
                .named("Username and Password"),
        }
    }
}
