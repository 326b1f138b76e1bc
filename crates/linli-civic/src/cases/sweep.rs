//! What time alone changes: clocks that ran out. Not scoped: the whole instance's clocks are linli's own work.

use std::time::Duration;

use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{CaseId, DeadlineId};

use super::store::{self, Named};
use super::surroundings::Surroundings;
use crate::app::App;
use crate::http::{Answer, Refused};

const EVERY: Duration = Duration::from_secs(1);
const BATCH: i64 = 200;

/// Looks for clocks that ran out for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = fire_due(&app).await {
            tracing::warn!(error = ?error, "deadlines could not be looked at; trying again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Fires every clock that is over now; how many.
///
/// # Errors
/// The database's.
pub async fn fire_due(app: &App) -> Answer<u32> {
    let mut n_fired = 0;
    loop {
        let now = app.now();
        let due = app.db.read(move |conn| due(conn, now.ms()).map_err(Refused::from)).await?;
        if due.is_empty() {
            return Ok(n_fired);
        }
        let mut n_moved = 0;
        for (deadline, case) in due {
            let fired = {
                let app = app.clone();
                app.clone().db.write(move |tx| fire(&app, tx, deadline, case)).await
            };
            match fired {
                Ok(fired) => n_moved += u32::from(fired),
                // One case that cannot be moved must not hold up the others.
                Err(error) => tracing::error!(%case, error = ?error, "a deadline could not be fired"),
            }
        }
        n_fired += n_moved;
        if n_moved == 0 {
            return Ok(n_fired);
        }
    }
}

/// The clocks that are over, the one that ended first in front.
///
/// # Errors
/// The database's.
pub fn due(conn: &mut Conn, now_ms: i64) -> Result<Vec<(DeadlineId, CaseId)>, StoreError> {
    conn.all(
        "SELECT id, case_id FROM deadline WHERE state = 'running' AND due_at <= $1 ORDER BY due_at LIMIT $2",
        &params![now_ms, BATCH],
        |row| Ok((row.parse("id")?, row.parse("case_id")?)),
    )
}

/// Fires one clock: marks it and takes the ordinary action that its rule names. `false` when it is no longer over: met, moved
/// or fired elsewhere meanwhile.
///
/// # Errors
/// The database's.
pub fn fire(app: &App, tx: &mut Tx<'_>, deadline: DeadlineId, case: CaseId) -> Answer<bool> {
    let now = app.now();
    let Some(case) = store::load_for_change(tx, &Named::Id(case))? else { return Ok(false) };
    if !case.deadlines.iter().any(|known| known.id == deadline && known.is_over(now)) {
        return Ok(false);
    }
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let around = Surroundings::read(app, tx, book, &case.area, &[], now)?;
    let Some(change) = around.decide(app, now, |world| case.fall_due(deadline, world)) else { return Ok(false) };
    tx.commit(change)?;
    Ok(true)
}
