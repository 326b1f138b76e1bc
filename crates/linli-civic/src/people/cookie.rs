//! The session's cookie: how it comes and goes.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use linli_access::session;
use linli_kernel::AccountId;

use crate::app::App;

/// The session that a request carries.
#[must_use]
pub fn token_of(headers: &HeaderMap) -> Option<session::Token> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(session::Token::from_cookies)
}

/// The `Set-Cookie` value that says for a year that an account has a phone in this browser: browsers take storage back, and its owner is
/// told instead of finding an empty app. Set by us, for what a script sets Safari keeps for seven days. It holds the account's id alone.
#[must_use]
pub fn phone_mark(account: AccountId, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("linli_phone_{account}=1; Path=/field; SameSite=Strict; Max-Age=31536000{secure}")
}

/// Whether the browser speaks to us by https, directly or through a proxy: then the cookie never travels without it.
#[must_use]
pub fn is_https(app: &App, headers: &HeaderMap) -> bool {
    app.site.public_url.starts_with("https://")
        || headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes() == b"https")
}

/// Gives a cookie to the browser.
pub fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
