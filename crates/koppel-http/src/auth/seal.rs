//! A token on disk is encrypted with a key made from the client secret.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use koppel::Secret;

use crate::locks::hex;

/// What every token file begins with; another version of the layout gets another one.
const MAGIC: &[u8] = b"koppel-token-1\n";

/// Encrypts and decrypts the token of one client at one endpoint.
///
/// The nonce is the start of an HMAC of what is encrypted, so it repeats only where the whole text does. A random one
/// would do as well, but the first random number of the library takes 30 ms, longer than all else in a short run.
pub(super) struct Seal {
    key: LessSafeKey,
    nonces: hmac::Key,
    name: String,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Seal {
    /// `None` should the library refuse, which its documentation does not provide for.
    pub(super) fn new(endpoint: &str, id: &str, secret: &Secret) -> Option<Self> {
        let root = Salt::new(HKDF_SHA256, MAGIC).extract(secret.expose().as_bytes());
        let derive = |purpose: &str| -> Option<[u8; 32]> {
            let mut out = [0; 32];
            // The lengths keep two fields from flowing into each other.
            let about = [purpose.to_owned(), format!("{}:{endpoint}{}:{id}", endpoint.len(), id.len())];
            let about = about.each_ref().map(String::as_bytes);
            root.expand(&about, HKDF_SHA256).ok()?.fill(&mut out).ok()?;
            Some(out)
        };
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive("key ")?).ok()?);
        let nonces = hmac::Key::new(HMAC_SHA256, &derive("nonce ")?);
        let name = hex(derive("name ")?.get(..16)?);
        Some(Self { key, nonces, name })
    }

    /// A name for the file: the same for the same endpoint, id and secret, and telling nothing about them.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let tag = hmac::sign(&self.nonces, plain);
        let nonce = tag.as_ref().get(..NONCE_LEN)?;
        let mut body = plain.to_vec();
        let used = Nonce::try_assume_unique_for_key(nonce).ok()?;
        self.key.seal_in_place_append_tag(used, Aad::from(MAGIC), &mut body).ok()?;
        Some([MAGIC, nonce, &body].concat())
    }

    /// `None` for whatever this key did not seal.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(MAGIC)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        self.key.open_in_place(nonce, Aad::from(MAGIC), &mut body).ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seal(id: &str, secret: &str) -> Seal {
        Seal::new("https://x/token", id, &Secret::new(secret)).unwrap()
    }

    #[test]
    fn only_the_same_client_opens_it() {
        let sealed = seal("id", "secret").seal(b"the-token").unwrap();
        assert!(!sealed.windows(9).any(|piece| piece == b"the-token"));
        assert_eq!(seal("id", "secret").open(&sealed).unwrap(), b"the-token");
        assert!(seal("id", "other").open(&sealed).is_none());
        assert!(seal("other", "secret").open(&sealed).is_none());
        assert_ne!(seal("id", "secret").name(), seal("id", "other").name());
        assert_eq!(seal("id", "secret").name(), seal("id", "secret").name());
    }

    #[test]
    fn two_texts_have_two_nonces() {
        let nonce = |text: &[u8]| seal("id", "secret").seal(text).unwrap()[MAGIC.len()..][..NONCE_LEN].to_vec();
        assert_ne!(nonce(b"one"), nonce(b"two"));
    }

    proptest! {
        #[test]
        fn any_other_bytes_are_no_token(mut bytes in proptest::collection::vec(any::<u8>(), 0..100), ours in any::<bool>()) {
            if ours {
                bytes.splice(0..0, MAGIC.iter().copied());
            }
            prop_assert!(seal("id", "secret").open(&bytes).is_none());
        }
    }
}
