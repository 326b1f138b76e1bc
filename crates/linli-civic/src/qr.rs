//! QR pictures.

use std::io::Cursor;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use linli_kernel::ProblemCode;

use crate::http::{Answer, Refused};

/// A QR picture of `text` as PNG, for a document.
///
/// # Errors
/// `Internal` when the text is too long for one.
pub fn qr_png(text: &str) -> Answer<Vec<u8>> {
    let broken = || Refused::from(ProblemCode::Internal);
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|_| broken())?;
    let modules = u32::try_from(code.width()).map_err(|_| broken())?;
    let width = (modules + 2 * QUIET) * PIXELS;
    let colours = code.to_colors();
    let picture = image::GrayImage::from_fn(width, width, |x, y| {
        let at = |place: u32| (place / PIXELS).checked_sub(QUIET).filter(|module| *module < modules);
        let module = at(x).zip(at(y)).and_then(|(x, y)| usize::try_from(y * modules + x).ok());
        let is_dark =
            module.and_then(|module| colours.get(module)).is_some_and(|colour| *colour == qrcode::Color::Dark);
        image::Luma([if is_dark { 0 } else { 255 }])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(|_| broken())?;
    Ok(png.into_inner())
}

/// Light modules around a code, so that a camera finds it.
const QUIET: u32 = 4;
/// Pixels of a module's edge: sharp on paper, a few kilobytes.
const PIXELS: u32 = 8;

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
