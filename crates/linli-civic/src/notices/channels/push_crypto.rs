//! Web Push: the message encrypted for one browser (RFC 8291, aes128gcm of RFC 8188), and the proof of who sends it (RFC 8292).

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::{PublicKey, SecretKey};
use sha2::{Digest, Sha256};

/// One record holds the whole message. Unit: bytes.
const RECORD: u32 = 4_096;
/// Longer than this does not fit into a record of that length. Unit: bytes.
pub const MOST_MESSAGE: usize = 3_900;

/// Why a message could not be encrypted or proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushFault {
    /// The browser's keys are no keys.
    #[error("the keys of the subscription cannot be used")]
    BadKeys,
    /// The message is too long.
    #[error("the message is too long")]
    TooLong,
    /// No randomness, or a key that is none.
    #[error("no usable key")]
    NoKey,
}

/// A key pair of ours.
pub struct PushKey(SecretKey);

impl PushKey {
    /// From 32 bytes that nobody can guess.
    ///
    /// # Errors
    /// `NoKey` never happens but for one in 2³² inputs; the digest is taken again then.
    pub fn from_seed(seed: &[u8]) -> Result<Self, PushFault> {
        let mut digest = Sha256::digest(seed);
        for _ in 0..8 {
            if let Ok(key) = SecretKey::from_slice(&digest) {
                return Ok(Self(key));
            }
            digest = Sha256::digest(digest);
        }
        Err(PushFault::NoKey)
    }

    /// From the private scalar itself.
    ///
    /// # Errors
    /// `NoKey` when it is none.
    pub fn from_scalar(bytes: &[u8]) -> Result<Self, PushFault> {
        SecretKey::from_slice(bytes).map(Self).map_err(|_| PushFault::NoKey)
    }

    /// The public key as browsers take it: base64url of the uncompressed point.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.point())
    }

    fn point(&self) -> Vec<u8> {
        self.0.public_key().to_sec1_bytes_uncompressed()
    }

    /// The header `Authorization` for a push service (VAPID). `origin` is the service's, `until_seconds` since 1970.
    #[must_use]
    pub fn authorization(&self, origin: &str, contact: &str, until_seconds: i64) -> String {
        let header = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = serde_json::json!({ "aud": origin, "exp": until_seconds, "sub": contact }).to_string();
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature: Signature = SigningKey::from(&self.0).sign(signed.as_bytes());
        format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), self.public())
    }
}

trait Uncompressed {
    fn to_sec1_bytes_uncompressed(&self) -> Vec<u8>;
}

impl Uncompressed for PublicKey {
    fn to_sec1_bytes_uncompressed(&self) -> Vec<u8> {
        self.to_sec1_point(false).as_bytes().to_vec()
    }
}

/// Encrypts `message` for the browser with the public key `p256dh` and the secret `auth` (both base64url). `ours` is used for this
/// message only, and so is `salt`.
///
/// # Errors
/// `BadKeys` when the browser's keys are none; `TooLong`.
pub fn encrypt(message: &[u8], p256dh: &str, auth: &str, ours: &PushKey, salt: [u8; 16]) -> Result<Vec<u8>, PushFault> {
    if message.len() > MOST_MESSAGE {
        return Err(PushFault::TooLong);
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| PushFault::BadKeys);
    let (their_point, auth) = (decode(p256dh)?, decode(auth)?);
    let theirs = PublicKey::from_sec1_bytes(&their_point).map_err(|_| PushFault::BadKeys)?;
    let our_point = ours.point();
    let shared = p256::ecdh::diffie_hellman(ours.0.to_nonzero_scalar(), theirs.as_affine());
    let first = hmac(&auth, &[shared.raw_secret_bytes()]);
    let ikm = hmac(&first, &[b"WebPush: info\0", &their_point, &our_point, &[1]]);
    let second = hmac(&salt, &[&ikm]);
    let key = hmac(&second, &[b"Content-Encoding: aes128gcm\0", &[1]]);
    let nonce = hmac(&second, &[b"Content-Encoding: nonce\0", &[1]]);
    let key: [u8; 16] = part(&key)?;
    let nonce: [u8; 12] = part(&nonce)?;
    // 2 marks the last record.
    let padded = [message, &[2]].concat();
    let sealed = Aes128Gcm::new(&Key::<Aes128Gcm>::from(key))
        .encrypt(&Nonce::from(nonce), padded.as_slice())
        .map_err(|_| PushFault::NoKey)?;
    let length = u8::try_from(our_point.len()).map_err(|_| PushFault::NoKey)?;
    Ok([&salt[..], &RECORD.to_be_bytes(), &[length], &our_point, &sealed].concat())
}

fn part<const N: usize>(bytes: &[u8; 32]) -> Result<[u8; N], PushFault> {
    bytes.get(..N).and_then(|part| part.try_into().ok()).ok_or(PushFault::NoKey)
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length.
    match <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) {
        Ok(mut mac) => {
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        }
        Err(_) => [0; 32],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_rfc_comes_out_as_printed() {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let ours = PushKey::from_scalar(&decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        assert_eq!(
            ours.public(),
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        );
        let body = encrypt(
            b"When I grow up, I want to be a watermelon",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
            &ours,
            decode("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap(),
        );
        assert_eq!(
            URL_SAFE_NO_PAD.encode(body.unwrap()),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn keys_that_are_none_are_said_so() {
        let ours = PushKey::from_seed(b"x").unwrap();
        assert_eq!(encrypt(b"x", "AAAA", "AAAA", &ours, [0; 16]), Err(PushFault::BadKeys));
        assert_eq!(encrypt(&[0; 4_000], "AAAA", "AAAA", &ours, [0; 16]), Err(PushFault::TooLong));
    }

    #[test]
    fn the_proof_is_signed_by_the_key_that_it_names() {
        use p256::ecdsa::VerifyingKey;
        use p256::ecdsa::signature::Verifier;
        let ours = PushKey::from_seed(b"seed").unwrap();
        let said = ours.authorization("https://push.example.org", "mailto:it@example.org", 1_700_000_000);
        let (token, key) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
    }
}
