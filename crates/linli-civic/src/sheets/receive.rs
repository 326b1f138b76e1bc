//! Files that come in: a piece at a time, counted.

use axum::body::Body;
use futures_util::StreamExt;
use linli_kernel::{ImportId, ProblemCode};
use tokio::io::AsyncWriteExt;

use super::folder::Folder;
use super::sheet::MAX_BYTES;
use crate::http::{Answer, Refused};

/// Streams a body to its place in `folder`, never more than is allowed.
///
/// # Errors
/// `TooLarge`, or when it cannot be written.
pub async fn receive(folder: &Folder, id: ImportId, body: Body) -> Answer<()> {
    let mut file = tokio::fs::File::from_std(folder.create(id)?);
    let mut left = MAX_BYTES;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::from(ProblemCode::BadRequest))?;
        left = u64::try_from(chunk.len()).ok().and_then(|n| left.checked_sub(n)).ok_or(ProblemCode::TooLarge)?;
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(())
}
