//! QR pictures.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use linli_kernel::ProblemCode;

use crate::http::{Answer, Refused};

/// A QR picture of `text`.
///
/// # Errors
/// `Internal` when the text is too long for one.
pub fn qr_svg(text: &str) -> Answer<Response> {
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|_| Refused::from(ProblemCode::Internal))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
    ];
    Ok((headers, svg).into_response())
}
