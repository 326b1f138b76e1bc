//! Files that are sent: a piece at a time, and gone when the last was sent.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::io::AsyncReadExt;

use super::folder::Scratch;
use crate::http::Answer;

const PIECE_BYTES: usize = 64 * 1024;
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Sends a sheet.
///
/// # Errors
/// When the file cannot be opened.
pub fn send(scratch: Scratch, name: &str) -> Answer<Response> {
    let file = tokio::fs::File::from_std(std::fs::File::open(&scratch.path)?);
    // The scratch file travels with the stream: when whoever asked has gone away, it goes too.
    let pieces = stream::unfold((file, scratch), |(mut file, scratch)| async move {
        let mut piece = vec![0_u8; PIECE_BYTES];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(n) => {
                piece.truncate(n);
                Some((Ok::<_, std::io::Error>(Bytes::from(piece)), (file, scratch)))
            }
            Err(error) => Some((Err(error), (file, scratch))),
        }
    });
    // Fused: a layer around it may ask once more after the end.
    let mut response = Body::from_stream(pieces.fuse()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(XLSX));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
