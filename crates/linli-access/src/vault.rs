//! Encryption of personal data: AES-256-GCM per field, and a keyed blind index to find equal values.
//!
//! The sealed bytes carry a version, so that another cipher (SM4-GCM) can stand beside this one.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use linli_kernel::{Phone, RealName};

const AES_256_GCM: u8 = 1;
const NONCE_BYTES: usize = 12;

/// Seals and opens personal data with keys derived from one secret.
#[derive(Clone)]
pub struct Vault {
    cipher: Aes256Gcm,
    index_key: [u8; 32],
    sign_key: [u8; 32],
}

/// Why sealed bytes cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another key, another field, or changed bytes.
    #[error("the sealed value does not open with this key")]
    Closed,
    /// The system gave no randomness.
    #[error("no randomness for a nonce")]
    NoRandomness,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// From the instance's secret of 32 random bytes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let cipher_key = derive(secret, b"linli seal 1");
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(cipher_key)),
            index_key: derive(secret, b"linli index 1"),
            sign_key: derive(secret, b"linli sign 1"),
        }
    }

    /// Signs bytes with the instance's key: nobody without it makes or checks such a signature.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 32] {
        derive(&self.sign_key, bytes)
    }

    /// Seals `plain`; `field` (as `cases.reporter_phone`) is bound to it, so that a sealed value cannot be moved.
    ///
    /// # Errors
    /// `NoRandomness` when the system has none.
    pub fn seal(&self, field: &str, plain: &str) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
        let payload = Payload { msg: plain.as_bytes(), aad: field.as_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Closed)?;
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(AES_256_GCM);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what [`Vault::seal`] sealed for the same field.
    ///
    /// # Errors
    /// `Closed` when it was sealed with another key, for another field, or was changed.
    pub fn open(&self, field: &str, sealed: &[u8]) -> Result<String, VaultError> {
        let (version, rest) = sealed.split_first().ok_or(VaultError::Closed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_BYTES).ok_or(VaultError::Closed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| VaultError::Closed)?;
        if *version != AES_256_GCM {
            return Err(VaultError::Closed);
        }
        let payload = Payload { msg: body, aad: field.as_bytes() };
        let plain = self.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Closed)?;
        String::from_utf8(plain).map_err(|_| VaultError::Closed)
    }

    /// The blind index of a value: equal values have equal indexes, and nothing else can be learnt without the key.
    #[must_use]
    pub fn index(&self, field: &str, plain: &str) -> String {
        let mut bytes = field.as_bytes().to_vec();
        bytes.push(0);
        bytes.extend_from_slice(plain.as_bytes());
        let digest = derive(&self.index_key, &bytes);
        hex::encode(digest.get(..16).unwrap_or_default())
    }

    /// Seals a phone number.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_phone(&self, field: &str, phone: &Phone) -> Result<Vec<u8>, VaultError> {
        self.seal(field, phone.reveal())
    }

    /// Opens a phone number.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_phone(&self, field: &str, sealed: &[u8]) -> Result<Phone, VaultError> {
        Phone::parse(&self.open(field, sealed)?).map_err(|_| VaultError::Closed)
    }

    /// Opens a name.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_name(&self, field: &str, sealed: &[u8]) -> Result<RealName, VaultError> {
        RealName::parse(&self.open(field, sealed)?).ok_or(VaultError::Closed)
    }
}

fn derive(secret: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length; 32 bytes never fail.
    match <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret) {
        Ok(mut mac) => {
            mac.update(purpose);
            mac.finalize().into_bytes().into()
        }
        Err(_) => [0; 32],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_field() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("cases.reporter_phone", "19900000001").unwrap();
        assert_eq!(vault.open("cases.reporter_phone", &sealed).unwrap(), "19900000001");
        assert_eq!(vault.open("account.phone", &sealed), Err(VaultError::Closed));
        assert_eq!(Vault::new(&[8; 32]).open("cases.reporter_phone", &sealed), Err(VaultError::Closed));
        let mut changed = sealed;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(vault.open("cases.reporter_phone", &changed), Err(VaultError::Closed));
        assert_eq!(vault.open("cases.reporter_phone", &[]), Err(VaultError::Closed));
    }

    #[test]
    fn the_same_value_is_sealed_differently_and_indexed_alike() {
        let vault = Vault::new(&[7; 32]);
        assert_ne!(vault.seal("f", "x").unwrap(), vault.seal("f", "x").unwrap());
        assert_eq!(vault.index("f", "x"), vault.index("f", "x"));
        assert_ne!(vault.index("f", "x"), vault.index("g", "x"));
        assert_ne!(vault.index("f", "x"), Vault::new(&[8; 32]).index("f", "x"));
    }
}
