//! Writing an inspection down: check, find the premises, make a hazard of each finding; all in one transaction.

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Tx, idempotency};
use linli_kernel::{AnswerWord, CaseKind, Channel, InspectionId, Problem, ProblemCode, RecordId, Timestamp};
use linli_playbook::{Checklist, ChecklistItem};
use serde::{Deserialize, Serialize};

use super::model::{self, Inspection, ItemAnswer, Photos};
use crate::app::App;
use crate::cases::report::{self, ReportCase, Sender};
use crate::http::{Answer, Refused};
use crate::once;
use crate::registry::{self, Kind, Record};
use crate::say::Lang;

/// Longest note. Unit: characters.
const MAX_NOTE: usize = 2_000;
/// Most photos of a finding.
const MAX_PHOTOS: usize = 9;
/// Most units that went along.
const MAX_UNITS: usize = 10;

/// A record of an inspection: every line of the checklist with its answer.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecordInspection {
    /// Which premises of the registry.
    pub record_id: String,
    /// By which checklist.
    pub checklist: String,
    /// An answer to every line.
    pub answers: Vec<ItemAnswer>,
    /// What else was seen, at most 2,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// Codes of the units that went along.
    #[serde(default)]
    pub units: Vec<String>,
    /// When it was, if not now.
    #[serde(default)]
    pub captured_at: Option<Timestamp>,
}

/// An inspection that was checked and placed.
#[derive(Clone, Debug)]
pub struct Ready {
    inspection: Inspection,
    hazards: Vec<report::Ready>,
    caller: Caller,
}

impl Ready {
    /// The inspection that is to be written down.
    #[must_use]
    pub const fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Notes on the hazards when they were found, where that is not now.
    pub fn cases_mut(&mut self) -> &mut [report::Ready] {
        &mut self.hazards
    }
}

/// Checks a record.
///
/// # Errors
/// `Invalid` naming the lines; `NotFound` for premises that the caller may not know of; `Forbidden`.
pub async fn prepare(app: &App, body: RecordInspection, caller: Caller, photos: Photos) -> Answer<Ready> {
    let record: RecordId = body.record_id.parse().map_err(|_| Problem::field("record_id", "unknown"))?;
    let (reader, by) = (app.clone(), caller.clone());
    let premises = app.db.read(move |conn| {
        let found = registry::store::load(conn, &reader.vault, Kind::Premises, record)?;
        let found = found.ok_or(ProblemCode::NotFound)?;
        registry::command::may(&by, Act::RecordVisit, &found.area)?;
        Ok::<_, Refused>(found)
    });
    let premises = premises.await?;
    let book = app.playbooks.current();
    let kind = premises.values.get("premises_kind").unwrap_or("other").to_owned();
    let checklist = book.checklists.iter().find(|checklist| checklist.code == body.checklist);
    let checklist = checklist.filter(|checklist| checklist.fits(&kind));
    let checklist = checklist.ok_or_else(|| Problem::field("checklist", "unknown"))?;
    check_rest(app, &body)?;
    let answers = model::answered(checklist, &body.answers, photos)?;
    let now = app.now();
    let hazards = hazards(app, &premises, checklist, &answers, &caller).await?;
    let found = answers.iter().filter(|answer| answer.answer == AnswerWord::Finding);
    let inspection = Inspection {
        id: InspectionId::new(app.ids.uuid(now)),
        area: premises.area,
        record,
        premises_kind: kind,
        is_key: premises.values.get("is_key") == Some("yes"),
        checklist: checklist.code.clone(),
        playbook: (book.id.clone(), book.version.clone()),
        hazards: found.zip(&hazards).map(|(answer, ready)| (answer.item.clone(), ready.draft.id)).collect(),
        answers,
        note: body.note.as_deref().map(|note| note.trim().replace('\0', "")).filter(|note| !note.is_empty()),
        units: body.units,
        account: caller.account,
        captured_at: body.captured_at.unwrap_or(now),
        received_at: now,
    };
    Ok(Ready { inspection, hazards, caller })
}

fn check_rest(app: &App, body: &RecordInspection) -> Answer<()> {
    let mut problem = Problem::new(ProblemCode::Invalid);
    if body.note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        problem = problem.and_field("note", "too_long").with("max", MAX_NOTE.to_string());
    }
    let book = app.playbooks.current();
    if body.units.len() > MAX_UNITS || body.units.iter().any(|code| book.unit(code).is_none()) {
        problem = problem.and_field("units", "unknown");
    }
    if body.answers.iter().any(|answer| answer.attachments.len() > MAX_PHOTOS) {
        problem = problem.and_field("answers", "too_many").with("max", MAX_PHOTOS.to_string());
    }
    if problem.errors.is_empty() { Ok(()) } else { Err(problem.into()) }
}

/// A case for each finding, in the order of the checklist.
async fn hazards(
    app: &App,
    premises: &Record,
    checklist: &Checklist,
    answers: &[ItemAnswer],
    caller: &Caller,
) -> Answer<Vec<report::Ready>> {
    let mut hazards = Vec::new();
    for answer in answers.iter().filter(|answer| answer.answer == AnswerWord::Finding) {
        let Some(item) = checklist.item(&answer.item) else { continue };
        let body = as_report(premises, item, answer);
        let mut ready = report::prepare(app, body, Sender::Staff(caller.clone())).await?;
        ready.draft.kind = CaseKind::Hazard;
        ready.draft.within = Some(item.within);
        hazards.push(ready);
    }
    Ok(hazards)
}

/// The report that a finding is. In Chinese, like the checklist that it quotes.
fn as_report(premises: &Record, item: &ChecklistItem, answer: &ItemAnswer) -> ReportCase {
    let value = |key: &str| premises.values.get(key).unwrap_or_default();
    let note = answer.note.as_deref().unwrap_or_default();
    let place: String = format!("{} {}", value("name"), value("address")).chars().take(report::MAX_PLACE).collect();
    ReportCase {
        text: Lang::ZhCn.say("inspection.finding", &[("item", &item.text), ("note", note)]),
        area_code: Some(premises.area.to_string()),
        address: Some(place),
        category: item.category.clone(),
        weight: Some(item.weight),
        attachments: answer.attachments.clone(),
        channel: Some(Channel::Visit),
        ..ReportCase::default()
    }
}

/// Writes an inspection and its hazards down in a transaction that may hold other work too.
///
/// # Errors
/// `Invalid` for an unknown photo; `KeyReused`; the database's.
pub fn record(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<InspectionId> {
    if let Some(before) = once::outcome::<InspectionId>(tx, key)? {
        return Ok(before);
    }
    let Ready { inspection, hazards, caller } = ready;
    for hazard in hazards {
        report::enter(app, tx, hazard, None)?;
    }
    let role = scope(caller, Act::RecordVisit).reaches(&Keys::of_area(&inspection.area));
    let role = role.ok_or(ProblemCode::Forbidden)?;
    let written = tx.commit(inspection.clone().record(caller.acting_as(role)))?;
    once::keep(tx, key, &written.id, written.received_at)?;
    Ok(written.id)
}
