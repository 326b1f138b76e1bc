//! What time alone changes: what has ended is erased, and nobody is sent to a home that the registry says was left.

use linli_db::StoreError;
use linli_kernel::{Actor, Timestamp};

use super::command::commit;
use super::model::By;
use super::store;
use super::words::{EndReason, Mute};
use crate::app::App;
use crate::http::{Answer, Refused};

/// Entries in one transaction.
const AT_ONCE: i64 = 200;

/// How long what was said in calls is kept, as what was noted on visits. Unit: ms.
const CALLS_MS: i64 = 730 * 86_400_000;

/// Does what is due; how many entries ended.
///
/// # Errors
/// The database's.
pub async fn run(app: &App, now: Timestamp) -> Answer<usize> {
    app.db.write(move |tx| store::sweep_codes(tx, now).map_err(Refused::from)).await?;
    app.db.write(move |tx| store::sweep_calls(tx, now.plus_ms(-CALLS_MS)).map_err(Refused::from)).await?;
    mute_departed(app, now).await?;
    let mut n = 0;
    loop {
        let ended = end_some(app, now).await?;
        n += ended;
        if i64::try_from(ended).unwrap_or_default() < AT_ONCE {
            return Ok(n);
        }
    }
}

async fn end_some(app: &App, now: Timestamp) -> Answer<usize> {
    let vault = app.vault.clone();
    app.db
        .write(move |tx| {
            let over = store::over(tx, &vault, now, AT_ONCE)?;
            let by = By { actor: Actor::System, at: now, vault: &vault };
            for entry in &over {
                commit(tx, entry.end(EndReason::Expired, &by), &vault)?;
            }
            Ok::<_, Refused>(over.len())
        })
        .await
}

/// Whoever moved away or died by the registry is not visited any more; their entry waits for a person to end it, or for its end.
async fn mute_departed(app: &App, now: Timestamp) -> Answer<()> {
    let vault = app.vault.clone();
    app.db
        .write(move |tx| {
            let by = By { actor: Actor::System, at: now, vault: &vault };
            for (entry, reason) in store::departed(tx, &vault, AT_ONCE)? {
                let mute = if reason == "deceased" { Mute::Deceased } else { Mute::MovedAway };
                commit(tx, entry.mute(mute, &by), &vault)?;
            }
            Ok::<_, Refused>(())
        })
        .await
}

/// [`run`] for housekeeping, which knows only the database's errors.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App, now: Timestamp) -> Result<(), StoreError> {
    match run(app, now).await {
        Ok(_) => Ok(()),
        Err(Refused::Store(error)) => Err(error),
        Err(Refused::Problem(problem)) => {
            tracing::warn!(code = problem.code.as_str(), "an entry of care could not be ended");
            Ok(())
        }
    }
}
