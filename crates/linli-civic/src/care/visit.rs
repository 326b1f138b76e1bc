//! 关爱走访: an ordinary record of a visit to the person's home, and what it changes here. Online and from phones alike.

use linli_access::Caller;
use linli_db::{Tx, idempotency};
use linli_kernel::{CareId, Problem, ProblemCode, VisitId, VisitKind};
use serde::{Deserialize, Serialize};

use super::command::commit;
use super::model::{By, Entry};
use super::need::{Sight, goes_there, going};
use super::store;
use super::words::{Met, State};
use crate::app::App;
use crate::http::Answer;
use crate::visits::command::{self as visits, RecordVisit};

/// A visit to somebody in care.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CareVisit)]
pub struct CareVisit {
    /// Whether somebody was met.
    pub met: Met,
    /// What was seen, as on any visit; never why the person is in care.
    #[serde(default)]
    pub note: Option<String>,
    /// When it was, if not now.
    #[serde(default)]
    pub captured_at: Option<linli_kernel::Timestamp>,
}

/// A visit that was checked and placed, ready to be written down.
#[derive(Clone, Debug)]
pub struct Ready {
    id: CareId,
    met: Met,
    visit: visits::Ready,
    caller: Caller,
}

/// Checks a visit and finds the home.
///
/// # Errors
/// `NotFound` where they may not know of it, `Forbidden` where they do not go; `NotNow` when the registry knows no home.
pub async fn prepare(app: &App, caller: Caller, id: CareId, body: CareVisit) -> Answer<Ready> {
    let (reader, asker) = (app.clone(), caller.clone());
    let home = app.db.read(move |conn| {
        let entry = store::load(conn, &reader.vault, id, reader.now())?.ok_or(ProblemCode::NotFound)?;
        may_go(&reader, &asker, &entry)?;
        let homes = store::homes(conn, &reader.vault, &[entry.resident])?;
        Ok::<_, crate::http::Refused>(homes.get(&entry.resident).and_then(|home| home.dwelling))
    });
    let dwelling = home.await?.ok_or(ProblemCode::NotNow)?;
    let record = RecordVisit {
        kind: VisitKind::Visit,
        point: None,
        area_code: None,
        place: None,
        address: None,
        record_id: Some(dwelling.to_string()),
        met: Some(body.met == Met::Done),
        note: body.note,
        companions: Vec::new(),
        attachments: Vec::new(),
        captured_at: body.captured_at,
        finding: None,
    };
    let visit = visits::prepare(app, record, caller.clone()).await?;
    Ok(Ready { id, met: body.met, visit, caller })
}

/// Whether somebody may go there. Whoever knows why may go too: a clerk who takes a visit over.
fn may_go(app: &App, caller: &Caller, entry: &Entry) -> Answer<()> {
    let book = app.playbooks.current();
    let sight = going(caller, entry, book.care.category(&entry.held.category));
    match sight {
        Sight::Nothing => Err(ProblemCode::NotFound.into()),
        Sight::Due if !goes_there(caller, entry, sight) => Err(ProblemCode::Forbidden.into()),
        // Whoever is on the way is told.
        _ if entry.state == State::Objected => {
            Err(Problem::new(ProblemCode::NotNow).with("detail_key", "care_stopped").into())
        }
        Sight::Due | Sight::Why(_) => Ok(()),
    }
}

/// Writes it down in a transaction that may hold other work too; the record and the entry's version.
///
/// # Errors
/// As [`prepare`]; `NotNow` after an objection: whoever goes all the same is told so.
pub fn record(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<(VisitId, i64)> {
    if let Some(before) = crate::once::outcome::<(VisitId, i64)>(tx, key)? {
        return Ok(before);
    }
    let now = app.now();
    let entry = store::load_for_change(tx, &app.vault, ready.id, now)?.ok_or(ProblemCode::NotFound)?;
    may_go(app, &ready.caller, &entry)?;
    let role = linli_access::scope(&ready.caller, linli_access::Act::ViewCare).reaches(&entry.keys());
    let by = By { actor: ready.caller.acting_as(role.ok_or(ProblemCode::NotFound)?), at: now, vault: &app.vault };
    let change = entry.visited(ready.visit.visit().id, ready.met, &by)?;
    let visit = visits::record(app, tx, &ready.visit, None)?;
    let entry = commit(tx, change, &app.vault)?;
    crate::once::keep(tx, key, &(visit, entry.version), now)?;
    Ok((visit, entry.version))
}
