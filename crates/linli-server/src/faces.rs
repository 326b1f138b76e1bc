//! The four faces: files of the web project, built into the binary.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
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
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
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

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.is_empty() {
        return None;
    }
    let found = Dist::get(path)?;
    let etag = format!("\"{}\"", hex::encode(found.metadata.sha256_hash().get(..12).unwrap_or_default()));
    if headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(etag.as_str()) {
        return Some((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    // Files under assets/ carry their content's hash in the name and never change.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    Some(
        (
            [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, etag)],
            Body::from(found.data.into_owned()),
        )
            .into_response(),
    )
}
