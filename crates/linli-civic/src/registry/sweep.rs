//! What time alone changes: who left a year ago is erased, with what the history says of them in words.

use linli_access::Vault;
use linli_db::StoreError;
use linli_kernel::{Actor, Timestamp};

use super::fields::Kind;
use super::model::{Deciding, Origin};
use super::store;
use crate::app::App;
use crate::http::{Answer, Refused};

/// How long an archived record is kept, so that a mistake can be put right. Unit: milliseconds; one year.
pub const KEPT_MS: i64 = 365 * 86_400_000;
/// Records erased in one transaction.
const AT_ONCE: i64 = 200;

/// Erases every archived record whose time is over; how many.
///
/// # Errors
/// The database's.
pub async fn erase_due(app: &App, now: Timestamp) -> Answer<usize> {
    let mut n = 0;
    // What lies in something is erased before it.
    for kind in Kind::ALL.iter().rev() {
        loop {
            let erased = erase_some(app, *kind, now).await?;
            n += erased;
            if i64::try_from(erased).unwrap_or_default() < AT_ONCE {
                break;
            }
        }
    }
    Ok(n)
}

async fn erase_some(app: &App, kind: Kind, now: Timestamp) -> Answer<usize> {
    let vault: Vault = app.vault.clone();
    app.db
        .write(move |tx| {
            let due = store::left_before(tx, &vault, kind, now.plus_ms(-KEPT_MS), AT_ONCE)?;
            for record in &due {
                let by = Deciding { actor: Actor::System, at: now, vault: &vault, origin: Origin::Hand };
                tx.commit(record.erase(&by)?)?;
            }
            Ok::<_, Refused>(due.len())
        })
        .await
}

/// [`erase_due`] for housekeeping, which knows only the database's errors.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App, now: Timestamp) -> Result<(), StoreError> {
    match erase_due(app, now).await {
        Ok(_) => Ok(()),
        Err(Refused::Store(error)) => Err(error),
        Err(Refused::Problem(problem)) => {
            tracing::warn!(code = problem.code.as_str(), "an archived record could not be erased");
            Ok(())
        }
    }
}
