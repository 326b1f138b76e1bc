//! 签名: how a hotline proves that a request is its own, and we to it. `docs/hotline.md` says it with examples.
//!
//! HMAC-SHA256 with the shared secret over five lines: method, path with query, time in seconds, nonce, SHA-256 of the body in
//! hex. A time more than five minutes off is not believed, a nonce only once: what was overheard cannot be sent again.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use linli_kernel::{Problem, ProblemCode, Timestamp};

use super::partner::{self, Hotline};
use super::store;
use crate::app::App;
use crate::http::{Answer, Raw, Refused};

/// The partner's id.
pub const PARTNER: &str = "x-linli-partner";
/// Seconds since 1970.
pub const TIMESTAMP: &str = "x-linli-timestamp";
/// 16 to 64 characters that are never used again.
pub const NONCE: &str = "x-linli-nonce";
/// `v1=` and 64 hexadecimal digits.
pub const SIGNATURE: &str = "x-linli-signature";

/// How far a clock may be off.
const TOLERANCE_MS: i64 = 5 * 60_000;

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// `POST`
    pub method: &'a str,
    /// `/api/hotline/changes?after=12`
    pub path: &'a str,
    /// Seconds since 1970, as in the header.
    pub timestamp: &'a str,
    /// As in the header.
    pub nonce: &'a str,
    /// The body's bytes.
    pub body: &'a [u8],
}

impl Said<'_> {
    fn mac(&self, secret: &str) -> Option<Hmac<Sha256>> {
        // HMAC takes a key of any length.
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).ok()?;
        let digest = hex::encode(Sha256::digest(self.body));
        mac.update(format!("{}\n{}\n{}\n{}\n{digest}", self.method, self.path, self.timestamp, self.nonce).as_bytes());
        Some(mac)
    }

    /// The header's value.
    #[must_use]
    pub fn signature(&self, secret: &str) -> String {
        self.mac(secret).map(|mac| format!("v1={}", hex::encode(mac.finalize().into_bytes()))).unwrap_or_default()
    }

    /// Whether a header's value is right; in constant time.
    #[must_use]
    pub fn is_signed(&self, secret: &str, signature: &str) -> bool {
        let said = signature.strip_prefix("v1=").and_then(|digits| hex::decode(digits).ok()).unwrap_or_default();
        self.mac(secret).is_some_and(|mac| mac.verify_slice(&said).is_ok())
    }
}

/// A request that a hotline signed, with its body.
pub struct SignedBy {
    /// Who signed.
    pub hotline: Hotline,
    /// What was sent.
    pub body: Bytes,
}

impl FromRequest<App> for SignedBy {
    type Rejection = Refused;
    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let method = request.method().as_str().to_owned();
        let path = request.uri().path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default();
        let headers = request.headers().clone();
        let Raw(body) = Raw::from_request(request, app).await?;
        let hotline = verify(app, &method, &path, &headers, &body).await?;
        Ok(Self { hotline, body })
    }
}

async fn verify(app: &App, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Answer<Hotline> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (timestamp, nonce) = (text(TIMESTAMP), text(NONCE));
    let said = Said { method, path, timestamp, nonce, body };
    // An unknown partner and a wrong signature are answered alike.
    let hotline = partner::find(app, Some(text(PARTNER)));
    let secret = hotline.as_ref().and_then(|hotline| hotline.secret.clone());
    let Some((hotline, _)) = hotline.zip(secret).filter(|(_, secret)| said.is_signed(secret.reveal(), text(SIGNATURE)))
    else {
        return Err(not_believed("the partner is unknown or the signature does not fit"));
    };
    let now = app.now();
    let at = timestamp.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000)).map(Timestamp::from_ms);
    let is_near = at.is_some_and(|at| now.since(at).checked_abs().is_some_and(|off| off <= TOLERANCE_MS));
    if !is_near {
        return Err(not_believed("the timestamp is more than 5 minutes off"));
    }
    if !(16..=64).contains(&nonce.len()) || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(not_believed("the nonce needs 16 to 64 visible ASCII characters"));
    }
    let (partner, nonce) = (hotline.id.clone(), nonce.to_owned());
    // Kept for as long as its time stamp could still be believed.
    let is_new = app
        .db
        .write(move |tx| store::use_nonce(tx, &partner, &nonce, now.plus_ms(2 * TOLERANCE_MS)).map_err(Refused::from))
        .await?;
    if is_new { Ok(hotline) } else { Err(not_believed("the nonce was used before")) }
}

fn not_believed(why: &str) -> Refused {
    Problem::new(ProblemCode::BadSignature).with("detail", why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of docs/hotline.md: whoever builds the other side compares with it.
    #[test]
    fn a_known_request_has_a_known_signature() {
        let said = Said {
            method: "POST",
            path: "/api/hotline/orders",
            timestamp: "1790559000",
            nonce: "0123456789abcdef",
            body: b"{}",
        };
        let signature = said.signature("a-secret-for-the-example");
        assert_eq!(signature, "v1=181de472802dc6de1eedb21da3bb1b71d221249c23f08aaf892fb271a9b6d841");
        assert!(said.is_signed("a-secret-for-the-example", &signature));
        for wrong in ["", "v1=", "v1=00", "v2=00", signature.trim_start_matches("v1=")] {
            assert!(!said.is_signed("a-secret-for-the-example", wrong), "{wrong}");
        }
        let other = Said { path: "/api/hotline/orders?x=1", ..said };
        assert!(!other.is_signed("a-secret-for-the-example", &signature));
        assert!(!said.is_signed("another", &signature));
    }
}
