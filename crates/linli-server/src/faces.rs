//! The four faces: files of the web project, built into the binary together with their compressed forms.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>linli</title><p>The pages are not built. Run:\
    <pre>npm --prefix web ci &amp;&amp; npm --prefix web run build</pre>and build the server again. The API works without them: <a href=/api/docs>/api/docs</a>";

/// Serves a file of the web project; any other path gets the page of the face that it belongs to.
pub async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(found) = file(path, &headers) {
        return found;
    }
    // A missing file is missing; only addresses of pages fall back to their face.
    if is_file(path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let face = match path.split('/').next() {
        Some("field") => "field/index.html",
        Some("desk") => "desk/index.html",
        Some("wall") => "wall/index.html",
        _ => "index.html",
    };
    file(face, &headers).unwrap_or_else(|| {
        (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response()
    })
}

/// Whether a path names a file. The one-time links of outside parties (`t/ID.PROOF`) have a dot and are pages.
fn is_file(path: &str) -> bool {
    !path.starts_with("t/") && path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// The compressed forms that the build of the web project writes beside a file, best first.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// Whether the browser takes a content coding. `q=0` refuses one by name (RFC 9110 §12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        name.trim().eq_ignore_ascii_case(coding) && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.is_empty() {
        return None;
    }
    let compressed = CODINGS
        .iter()
        .filter(|(coding, _)| accepts(headers, coding))
        .find_map(|(coding, suffix)| Some((Dist::get(&format!("{path}.{suffix}"))?, *coding)));
    let (found, coding) = match compressed {
        Some((found, coding)) => (found, Some(coding)),
        None => (Dist::get(path)?, None),
    };
    let etag = format!("\"{}\"", hex::encode(found.metadata.sha256_hash().get(..12).unwrap_or_default()));
    if headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(etag.as_str()) {
        return Some((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    // Files under assets/ carry their content's hash in the name and never change.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, etag)],
        Body::from(found.data.into_owned()),
    )
        .into_response();
    if let Some(coding) = coding {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_time_link_is_a_page_and_not_a_missing_file() {
        assert!(!is_file("t/01a20824-3efe-7399-9da5-d624df99a6b8.d7ef089dc237ecd751129b65"));
        assert!(!is_file("desk/inbox"));
        assert!(is_file("assets/gone.js"));
    }

    fn asks(accepted: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))])
    }

    #[test]
    fn a_coding_is_used_only_by_those_who_take_it() {
        assert!(accepts(&asks("gzip, deflate, br;q=0.9"), "br"));
        assert!(accepts(&asks("GZIP"), "gzip"));
        assert!(!accepts(&asks("gzip, br;q=0"), "br"));
        assert!(!accepts(&asks("brotli"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
