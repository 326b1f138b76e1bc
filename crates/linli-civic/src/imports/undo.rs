//! 整批撤销: an import taken back. Each record that it entered is archived as a mistake, each that it changed gets back what stood
//! before; a record that somebody changed since stays as it is, and is counted.

use linli_db::Tx;
use linli_kernel::{Actor, ImportId};

use super::done;
use super::run::{owner, taken};
use super::store::{self as import_store, Import, ImportState, Touched};
use crate::app::App;
use crate::http::Answer;
use crate::registry::history;
use crate::registry::model::{Deciding, Left, Origin, State};
use crate::registry::store;

/// Records that are taken back in one transaction.
const AT_ONCE: i64 = 100;

/// Takes an import back until nothing is left to look at, or somebody else takes the work.
///
/// # Errors
/// The database's; `NotFound` when there is no such import being taken back.
pub async fn work(app: &App, id: ImportId) -> Answer<()> {
    let owner = owner(app);
    let import = taken(app, id, &owner).await?;
    loop {
        let (app2, import2, owner2) = (app.clone(), import.clone(), owner.clone());
        let n = app.db.write(move |tx| some(&app2, tx, &import2, &owner2)).await?;
        match n {
            None => return Ok(()),
            Some(0) => break,
            Some(_) => {}
        }
    }
    let now = app.now();
    app.db.write(move |tx| import_store::turn(tx, id, &[ImportState::Undoing], ImportState::Undone, None, now)).await?;
    super::intake::forget(app, id);
    Ok(())
}

fn some(app: &App, tx: &mut Tx<'_>, import: &Import, owner: &str) -> Answer<Option<usize>> {
    let now = app.now();
    let touched = import_store::touched(tx, import.id, AT_ONCE)?;
    let (mut n_undone, mut n_kept) = (0, 0);
    for record in &touched {
        let is_undone = take_back(app, tx, import, record)?;
        if is_undone {
            n_undone += 1;
        } else {
            n_kept += 1;
        }
        record.settle(tx, import.id, if is_undone { "undone" } else { "kept" })?;
    }
    let is_ours = import_store::undone(tx, import.id, owner, (n_undone, n_kept), now)?;
    Ok(is_ours.then_some(touched.len()))
}

/// Who takes an import back: not always who brought it.
pub(super) fn undoer_of(import: &Import) -> Actor {
    import.undoer().map_or(Actor::System, |(account, role)| Actor::Staff { account, role })
}

/// Takes one record back; `false` when it was changed since, or something lies in it that the import did not bring.
fn take_back(app: &App, tx: &mut Tx<'_>, import: &Import, touched: &Touched) -> Answer<bool> {
    let Some(kind) = touched.kind.record() else { return done::take_back(app, tx, import, touched) };
    let Some(record) = store::load_for_change(tx, &app.vault, kind, touched.id)? else { return Ok(false) };
    if record.version != touched.after {
        return Ok(false);
    }
    let by = Deciding { actor: undoer_of(import), at: app.now(), vault: &app.vault, origin: Origin::Import(import.id) };
    if touched.before == 0 {
        if record.state != State::Active || store::n_inside(tx, record.kind, record.id)? > 0 {
            return Ok(false);
        }
        tx.commit(record.leave(Left::Mistake, &by)?)?;
        return Ok(true);
    }
    let values = history::values_at(tx, &app.vault, &record, touched.before)?;
    tx.commit(record.restore(values, &by)?)?;
    Ok(true)
}
