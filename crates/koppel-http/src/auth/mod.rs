//! How a client says who it is.

mod fetch;
mod grant;
mod memory;
mod seal;
mod store;

use koppel::Secret;

pub(crate) use fetch::refused;
pub(crate) use grant::{Access, Grant};
pub(crate) use memory::Memory;

/// How a client says who it is.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Auth {
    /// It does not.
    #[default]
    Open,
    /// HTTP Basic with every request, in UTF-8.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A header with a fixed secret value, such as `x-api-key`.
    Header {
        /// The name of the header.
        name: String,
        /// Its value.
        value: Secret,
    },
    /// `OAuth2` client credentials: one access token for all tasks and all processes of the machine.
    ClientCredentials(ClientCredentials),
}

/// How the token endpoint wants the client's id and secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CredentialStyle {
    /// In the body, as `client_id` and `client_secret`.
    #[default]
    Body,
    /// As HTTP Basic, in UTF-8.
    Basic,
}

/// `OAuth2` client credentials (RFC 6749, 4.4).
///
/// # Behaviour
/// - The token is shared by all tasks of the client, and through the [`StateDir`](crate::StateDir) by all processes of
///   the user that use the same endpoint, id and secret; on disk it is encrypted with a key made from the secret.
/// - It is replaced when 90 % of its life is over, and once per request when the system refuses it.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    pub(crate) endpoint: Vec<String>,
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) style: CredentialStyle,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) keys: String,
}

impl ClientCredentials {
    /// Credentials for the token endpoint at these path segments below the base address.
    pub fn new(endpoint: &[&str], id: impl Into<String>, secret: Secret) -> Self {
        Self {
            endpoint: endpoint.iter().map(|&segment| segment.to_owned()).collect(),
            id: id.into(),
            secret,
            style: CredentialStyle::Body,
            extra: Vec::new(),
            keys: "the client id and the client secret".to_owned(),
        }
    }

    /// How the endpoint wants them; in the body by default.
    #[must_use]
    pub fn style(mut self, style: CredentialStyle) -> Self {
        self.style = style;
        self
    }

    /// Another pair in the body of the token request, such as `scope` and `all`.
    #[must_use]
    pub fn pair(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// What the configuration calls them, for messages: `ClientId and ClientSecret`.
    #[must_use]
    pub fn named(mut self, keys: impl Into<String>) -> Self {
        self.keys = keys.into();
        self
    }
}

impl From<ClientCredentials> for Auth {
    fn from(credentials: ClientCredentials) -> Self {
        Self::ClientCredentials(credentials)
    }
}
