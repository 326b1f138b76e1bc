//! What time alone does: commands that waited five days for those before them are done all the same, and what is old is
//! forgotten. No caller: each is done as whoever sent it may act now.

use linli_db::StoreError;
use linli_kernel::{Problem, ProblemCode, Timestamp};

use super::model::{HOLD_MS, SyncCommand};
use super::push::{self, From, Order, Step};
use super::store;
use crate::app::App;
use crate::http::Refused;
use crate::say::Lang;

/// How long outcomes are kept. Unit: ms; longer than any phone stays away.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;

/// Does what is due; how many commands were done.
///
/// # Errors
/// The database's.
pub async fn run(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    app.db.write(move |tx| store::sweep(tx, now.plus_ms(-KEPT_MS))).await?;
    let vault = app.vault.clone();
    let waiting = app.db.read(move |conn| store::held_since(conn, &vault, now.plus_ms(-HOLD_MS))).await?;
    let mut n_done = 0;
    for command in waiting {
        n_done += overdue(app, command, now).await.or_else(|refused| match refused {
            Refused::Store(error) => Err(error),
            Refused::Problem(_) => Ok(0),
        })?;
    }
    Ok(n_done)
}

async fn overdue(app: &App, command: SyncCommand, now: Timestamp) -> Result<usize, Refused> {
    let device = command.device_id;
    let found = app.db.read(move |conn| {
        let Some(device) = store::device(conn, device)? else { return Ok(None) };
        store::caller(conn, device.account, now).map_err(Refused::from)
    });
    let caller = found.await?.ok_or_else(|| Problem::new(ProblemCode::AccountDisabled))?;
    let from = From { caller, device, lang: Lang::ZhCn };
    let settled = push::settle(app, &from, command, Order::Overdue).await?;
    match settled.step {
        // Another one that was looked at before brought it along.
        Step::None => Ok(0),
        Step::Late => Ok(1),
        Step::Turn => Ok(1 + push::drain(app, &from).await?.len()),
    }
}
