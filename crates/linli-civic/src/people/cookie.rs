//! The session's cookie: how it comes and goes.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use linli_access::session;

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
