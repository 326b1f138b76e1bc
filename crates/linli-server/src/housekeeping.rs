//! What is removed by itself, and when.
//!
//! | what | after | why |
//! |---|---|---|
//! | ended sessions | at once | they open nothing any more |
//! | stored outcomes of commands | 3 days | nobody sends a command again after that |
//! | what was delivered or given up | 190 days | as long as logs must be kept (网络安全法 art. 23) |
//! | photos that belong to no case | 1 day | their sender never finished the report |

use std::time::Duration;

use linli_access::session;
use linli_civic::app::App;
use linli_civic::{delivery, files};
use linli_db::{StoreError, idempotency};

const EVERY: Duration = Duration::from_secs(600);
const DAY_MS: i64 = 86_400_000;

/// Tidies up for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "housekeeping failed; trying again later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Tidies up once.
///
/// # Errors
/// The database's.
pub async fn once(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    app.db.write(move |tx| session::sweep(tx, now)).await?;
    app.db.write(move |tx| idempotency::sweep(tx, now.plus_ms(-3 * DAY_MS))).await?;
    app.db.write(move |tx| delivery::store::sweep(tx, now.plus_ms(-190 * DAY_MS))).await?;
    let unused = app.db.write(move |tx| files::loose_older_than(tx, now.plus_ms(-DAY_MS))).await?;
    for sha256 in unused {
        if let Err(error) = app.files.remove(&sha256) {
            tracing::warn!(%error, "a photo that nobody refers to could not be removed");
        }
    }
    Ok(())
}
