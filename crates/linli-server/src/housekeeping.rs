//! What is removed by itself, and when; and the root that closes each day.
//!
//! | what | after | why |
//! |---|---|---|
//! | ended sessions | at once | they open nothing any more |
//! | stored outcomes of commands | 3 days | nobody sends a command again after that |
//! | what was delivered or given up | 190 days | as long as logs must be kept (网络安全法 art. 23) |
//! | notices | 190 days | the same |
//! | photos that belong to no case and no visit | 1 day | their sender never finished the report |
//! | outcomes of what phones sent | 90 days | no phone stays away for longer (`docs/sync.md`) |
//! | points of visits | 90 days | the case keeps its own; nobody's ways are kept |
//! | words of visits | 2 years | what was seen in somebody's home is no file about them |
//! | words of what visits kept coming upon | 2 years | the decision, its case and its visits stay |
//! | words of meetings and shifts, leaves | 2 years | the same |
//! | entries of care | on the day they end | an entitlement that nobody extended is over |
//! | why a workbook was taken out | 2 years | as long as somebody may ask about it |
//! | words of inspections | 3 years | as long as the hazards that they found |
//! | uploaded files of work orders | 7 days after the import, 1 day if it never began | callers' numbers stand in them |

use std::time::Duration;

use linli_access::session;
use linli_civic::app::App;
use linli_civic::{
    care, delivery, duties, files, hotline, imports, inspections, ledgers, notices, people, registry, sync, visits,
};
use linli_db::{StoreError, idempotency, roots};

const EVERY: Duration = Duration::from_secs(600);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

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
    let vault = app.vault.clone();
    app.db.write(move |tx| roots::close_day(tx, now, &|bytes| vault.sign(bytes))).await?;
    app.db.write(move |tx| delivery::store::sweep(tx, now.plus_ms(-190 * DAY_MS))).await?;
    app.db.write(move |tx| notices::store::sweep(tx, now.plus_ms(-190 * DAY_MS))).await?;
    hotline::run::tidy(app, now).await?;
    app.db.write(move |tx| visits::store::sweep(tx, now.plus_ms(-90 * DAY_MS), now.plus_ms(-730 * DAY_MS))).await?;
    app.db.write(move |tx| visits::problem_store::sweep(tx, now.plus_ms(-730 * DAY_MS))).await?;
    app.db.write(move |tx| duties::store::sweep(tx, now.plus_ms(-730 * DAY_MS))).await?;
    app.db.write(move |tx| people::leave::sweep(tx, now.plus_ms(-730 * DAY_MS))).await?;
    app.db.write(move |tx| ledgers::store::sweep(tx, now.plus_ms(-730 * DAY_MS))).await?;
    app.db.write(move |tx| inspections::store::sweep(tx, now.plus_ms(-1_095 * DAY_MS))).await?;
    let n_overdue = sync::sweep::run(app).await?;
    if n_overdue > 0 {
        tracing::info!(
            n_overdue,
            "commands of phones were done without those before them, which did not come in five days"
        );
    }
    imports::run::tidy(app, now).await?;
    registry::sweep::tidy(app, now).await?;
    care::sweep::tidy(app, now).await?;
    let unused = app.db.write(move |tx| files::loose_older_than(tx, now.plus_ms(-DAY_MS))).await?;
    for sha256 in unused {
        if let Err(error) = app.files.remove(&sha256, now.plus_ms(-HOUR_MS)) {
            tracing::warn!(%error, "a photo that nobody refers to could not be removed");
        }
    }
    if let Err(error) = files::parts::sweep(&app.files.parts(), now.plus_ms(-DAY_MS)) {
        tracing::warn!(%error, "parts of photos that never became whole could not be removed");
    }
    Ok(())
}
