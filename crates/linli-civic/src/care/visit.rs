//! 关爱走访: an ordinary record of a visit to the person's home, and what it changes here. Online and from phones alike.

use linli_access::Caller;
use linli_db::{Tx, idempotency};
use linli_kernel::{CareId, Problem, ProblemCode, VisitId, VisitKind};
use serde::{Deserialize, Serialize};

use super::command::{commit, optional};
use super::due::date_of;
use super::model::{Been, By, Entry};
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
    /// Codes of services given on the way; for whoever is paired or keeps the entry.
    #[serde(default)]
    pub services: Vec<String>,
    /// When it was, if not now.
    #[serde(default)]
    pub captured_at: Option<linli_kernel::Timestamp>,
}

/// A record of a visit, none of a call, and the entry's version.
pub type Recorded = (Option<VisitId>, i64);

/// A visit that was checked and placed, ready to be written down.
#[derive(Clone, Debug)]
pub struct Ready {
    id: CareId,
    body: CareVisit,
    /// None of a call: nobody went there.
    visit: Option<visits::Ready>,
    caller: Caller,
}

/// Checks a visit and finds the home.
///
/// # Errors
/// `NotFound` where they may not know of it, `Forbidden` where they do not go; `NotNow` when the registry knows no home.
pub async fn prepare(app: &App, caller: Caller, id: CareId, body: CareVisit) -> Answer<Ready> {
    let (reader, asker, is_call) = (app.clone(), caller.clone(), body.met == Met::Called);
    let home = app.db.read(move |conn| {
        let entry = store::load(conn, &reader.vault, id, reader.now())?.ok_or(ProblemCode::NotFound)?;
        may_go(&reader, &asker, &entry)?;
        if is_call {
            return Ok(None);
        }
        let homes = store::homes(conn, &reader.vault, &[entry.resident])?;
        Ok::<_, crate::http::Refused>(homes.get(&entry.resident).and_then(|home| home.dwelling))
    });
    let dwelling = home.await?;
    if is_call {
        let note = optional("note", body.note.as_deref())?;
        return Ok(Ready { id, body: CareVisit { note, ..body }, visit: None, caller });
    }
    let dwelling = dwelling.ok_or(ProblemCode::NotNow)?;
    let record = RecordVisit {
        kind: VisitKind::Visit,
        point: None,
        area_code: None,
        place: None,
        address: None,
        record_id: Some(dwelling.to_string()),
        met: Some(body.met == Met::Done),
        note: body.note.clone(),
        companions: Vec::new(),
        attachments: Vec::new(),
        captured_at: body.captured_at,
        finding: None,
    };
    let visit = visits::prepare(app, record, caller.clone()).await?;
    Ok(Ready { id, body, visit: Some(visit), caller })
}

/// Whether somebody may go there. Whoever knows why may go too: a clerk who takes a visit over.
fn may_go(app: &App, caller: &Caller, entry: &Entry) -> Answer<Sight> {
    let book = app.playbooks.current();
    let sight = going(caller, entry, book.care.category(&entry.held.category));
    match sight {
        Sight::Nothing => Err(ProblemCode::NotFound.into()),
        Sight::Due if !goes_there(caller, entry, sight) => Err(ProblemCode::Forbidden.into()),
        // Whoever is on the way is told.
        _ if entry.state == State::Objected => {
            Err(Problem::new(ProblemCode::NotNow).with("detail_key", "care_stopped").into())
        }
        Sight::Due | Sight::Why(_) => Ok(sight),
    }
}

/// Writes it down in a transaction that may hold other work too; the record, where somebody went there, and the entry's version.
///
/// # Errors
/// As [`prepare`]; `NotNow` after an objection: whoever goes all the same is told so.
pub fn record(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<Recorded> {
    if let Some(before) = crate::once::outcome::<Recorded>(tx, key)? {
        return Ok(before);
    }
    let now = app.now();
    let entry = store::load_for_change(tx, &app.vault, ready.id, now)?.ok_or(ProblemCode::NotFound)?;
    // Whoever may not know of services any more was there all the same.
    let is_told = matches!(may_go(app, &ready.caller, &entry)?, Sight::Why(_));
    let role = linli_access::scope(&ready.caller, linli_access::Act::ViewCare).reaches(&entry.keys());
    let by = By { actor: ready.caller.acting_as(role.ok_or(ProblemCode::NotFound)?), at: now, vault: &app.vault };
    let book = app.playbooks.current();
    let on = ready.body.captured_at.unwrap_or(now).min(now).max(entry.created_at);
    let been = Been {
        visit: ready.visit.as_ref().map(|visit| visit.visit().id),
        met: ready.body.met,
        on: date_of(on),
        services: if is_told { &ready.body.services } else { &[] },
        note: ready.body.note.as_deref().filter(|note| !note.trim().is_empty()),
        rules: &book.care,
    };
    let change = entry.visited(been, &by)?;
    let visit = ready.visit.as_ref().map(|visit| visits::record(app, tx, visit, None)).transpose()?;
    let entry = commit(tx, change, &app.vault)?;
    crate::once::keep(tx, key, &(visit, entry.version), now)?;
    Ok((visit, entry.version))
}
