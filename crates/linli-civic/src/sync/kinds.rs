//! The types of commands. A new one is a `CommandType` and a line in [`KINDS`].

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use linli_access::Caller;
use linli_db::{Conn, StoreError, Tx};
use linli_kernel::{Action, AttachmentId, CareId, CaseId, Problem, ProblemCode, Timestamp};

use super::model::{Done, Entity, Outcome, SyncCommand};
use super::records::{Doing, RecordKind};
use super::store;
use crate::app::App;
use crate::care::visit::{self, CareVisit};
use crate::cases::command::{self, Command, Who};
use crate::cases::model::Why;
use crate::cases::reader::Reader;
use crate::cases::report::{self, ReportCase, Sender};
use crate::cases::store::{self as cases, Named};
use crate::duties::gathering::{self, RecordGathering};
use crate::files;
use crate::http::{Answer, Refused};
use crate::inspections;
use crate::inspections::command::RecordInspection;
use crate::people::duty;
use crate::say::{Lang, beijing_minute};
use crate::visits;
use crate::visits::command::RecordVisit;

/// Every type that is understood.
pub const KINDS: &[&dyn CommandType] = &[
    &ReportKind,
    &ActKind,
    &VisitKind { finding: false },
    &VisitKind { finding: true },
    &GatheringKind,
    &InspectionKind,
    &RecordKind(Doing::Enter),
    &RecordKind(Doing::Change),
    &RecordKind(Doing::Confirm),
    &CareVisitKind,
];

/// The type with this name.
#[must_use]
pub fn of_name(name: &str) -> Option<&'static dyn CommandType> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

/// A command with those who send it, on its way.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who did it, with what they may do now.
    pub caller: Caller,
    /// What they did, with the ids of photos in place of their digests.
    pub command: SyncCommand,
    /// The language in which they are told.
    pub lang: Lang,
    /// Photos that are not here yet, with the ids under which they are awaited.
    pub awaited: Vec<(AttachmentId, String)>,
}

/// What a type of command does.
pub trait CommandType: Send + Sync {
    /// As phones call it.
    fn name(&self) -> &'static str;

    /// Everything that needs no transaction: reads the payload, finds the place.
    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>>;

    /// How what the command is about stands now, for whoever was refused. Nothing that they may not see.
    ///
    /// # Errors
    /// The database's.
    fn current(&self, _app: &App, _conn: &mut Conn, _given: &Given) -> Answer<Option<Value>> {
        Ok(None)
    }
}

/// A command that can be done.
pub trait Ready: Send {
    /// Does it. What it writes is undone when it refuses.
    ///
    /// # Errors
    /// What the rules say; the database's.
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome>;
}

pub(super) fn payload<T: DeserializeOwned>(given: &Given) -> Answer<T> {
    serde_json::from_value(given.command.payload.clone()).map_err(|error| {
        let what = error.to_string();
        Problem::new(ProblemCode::BadRequest).with("detail_key", "payload").with("what", what).into()
    })
}

pub(super) fn done(given: &Given, entity: Entity) -> Done {
    let missing_attachments = given.awaited.iter().map(|(_, sent)| sent.clone()).collect();
    Done { entity: Some(entity), missing_attachments, ..Done::default() }
}

/// How far apart noting and receipt must lie for the history to tell both. Unit: ms.
const WORTH_SAYING_MS: i64 = 5 * 60_000;

/// Has the case tell when it was noted, where that is not when it came here.
fn noted_at(ready: &mut report::Ready, captured_at: Timestamp, now: Timestamp) {
    if now.since(captured_at).abs() < WORTH_SAYING_MS {
        return;
    }
    let values = [("when", beijing_minute(captured_at)), ("captured_at", captured_at.to_jiff().to_string())];
    ready.draft.found_by.push(Why::new("captured_at", &values));
}

// ── case.report ──────────────────────────────────────────────────────────────────────────────────────

/// 记一笔: a matter that somebody noted.
struct ReportKind;

struct ReadyReport(report::Ready);

impl CommandType for ReportKind {
    fn name(&self) -> &'static str {
        "case.report"
    }

    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let body: ReportCase = payload(given)?;
            let mut ready = report::prepare(app, body, Sender::Staff(given.caller.clone())).await?;
            noted_at(&mut ready, given.command.captured_at, app.now());
            let ready: Box<dyn Ready> = Box::new(ReadyReport(ready));
            Ok(ready)
        })
    }
}

impl Ready for ReadyReport {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let code = report::enter(app, tx, &self.0, None)?;
        Ok(Outcome::Applied(done(
            given,
            Entity {
                kind: "case".to_owned(),
                id: self.0.draft.id.to_string(),
                code: Some(code.to_string()),
                version: None,
                case_id: None,
            },
        )))
    }
}

// ── case.act ─────────────────────────────────────────────────────────────────────────────────────────

/// Any action that a case offered, claims included.
struct ActKind;

#[derive(Clone, Deserialize)]
struct Act {
    action: String,
    #[serde(default)]
    fields: Map<String, Value>,
}

struct ReadyAct {
    verb: Action,
    fields: Map<String, Value>,
}

impl CommandType for ActKind {
    fn name(&self) -> &'static str {
        "case.act"
    }

    fn prepare<'a>(&'a self, _: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let act: Act = payload(given)?;
            let verb = act.action.parse().map_err(|_| Problem::field("payload.action", "unknown"))?;
            let ready: Box<dyn Ready> = Box::new(ReadyAct { verb, fields: act.fields });
            Ok(ready)
        })
    }

    fn current(&self, app: &App, conn: &mut Conn, given: &Given) -> Answer<Option<Value>> {
        let Some(id) = case_of(conn, given)? else { return Ok(None) };
        let Some(case) = cases::load(conn, &Named::Id(id))? else { return Ok(None) };
        let seen = linli_access::decide(&given.caller, linli_access::Act::ViewCase, &case.keys());
        if !matches!(seen, linli_access::Decision::Allowed(_)) {
            return Ok(None);
        }
        let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
        let areas = app.areas();
        let reader = Reader {
            areas: &areas,
            vault: &app.vault,
            lang: given.lang,
            now: app.now(),
            public_url: &app.site.public_url,
        };
        let handler = case.handler.into_iter().collect();
        let handler = duty::people(conn, &app.vault, &handler)?.into_values().next().map(|person| person.name);
        let offers = reader.offers(&case, &book, &case.standing(&given.caller));
        let offers: Vec<Value> = offers.iter().map(named).collect();
        let stage = book.stage(case.kind, &case.stage).map(|stage| stage.name.clone());
        Ok(Some(json!({
            "id": case.id, "version": case.version, "stage": case.stage, "stage_name": stage, "phase": case.phase,
            "seat_name": reader.seat_name(&book, &case.seat), "handler_name": handler, "actions": offers,
        })))
    }
}

/// What is offered, without its form: the phone has the forms.
fn named(offer: &crate::cases::view::ActionOffer) -> Value {
    let mut offer = serde_json::to_value(offer).unwrap_or_default();
    if let Some(offer) = offer.as_object_mut() {
        offer.remove("form");
    }
    offer
}

/// Our id of the case that a command is about: the phone may know it by the id that it gave it itself.
fn case_of(conn: &mut Conn, given: &Given) -> Answer<Option<CaseId>> {
    let Some(entity) = given.command.entity_id else { return Ok(None) };
    let made = store::made(conn, given.command.device_id, entity)?;
    Ok(Some(made.and_then(|id| id.parse().ok()).unwrap_or(CaseId::new(entity))))
}

impl Ready for ReadyAct {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let id = case_of(tx, given)?.ok_or_else(|| Problem::field("entity_id", "required"))?;
        let case = cases::load_for_change(tx, &Named::Id(id))?.ok_or(ProblemCode::NotFound)?;
        let seen = given.command.base_version.unwrap_or(0);
        // What the phone's owner did since they last saw the case, on this phone or another, is no news to them.
        let is_news = command::decided_by_others(tx, &case, given.caller.account)? > seen;
        let command = Command {
            named: Named::Id(id),
            verb: self.verb,
            version: if is_news { seen } else { case.version },
            fields: self.fields.clone(),
            key: None,
            who: Who::Staff(given.caller.clone()),
        };
        let wrote_beside = wrote_since(tx, id, seen, given)?;
        command::run_in(app, tx, &command)?;
        let version = cases::load(tx, &Named::Id(id))?.map(|case| case.version);
        let entity = Entity { kind: "case".to_owned(), id: id.to_string(), code: None, version, case_id: None };
        let done = done(given, entity);
        Ok(if wrote_beside { Outcome::Parallel(done) } else { Outcome::Applied(done) })
    }
}

/// Whether others wrote to a case since version `seen`.
fn wrote_since(conn: &mut Conn, id: CaseId, seen: u32, given: &Given) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'case' AND stream_id = $1 AND n > $2 AND COALESCE(actor_id, '') <> $3";
    Ok(conn.number(sql, &linli_db::params![id, seen, given.caller.account])? > 0)
}

// ── visit.record, visit.finding ──────────────────────────────────────────────────────────────────────

/// 走访记录, with nothing wrong or with a finding.
struct VisitKind {
    finding: bool,
}

struct ReadyVisit(visits::command::Ready);

impl CommandType for VisitKind {
    fn name(&self) -> &'static str {
        if self.finding { "visit.finding" } else { "visit.record" }
    }

    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let mut body: RecordVisit = payload(given)?;
            if body.finding.is_some() != self.finding {
                let code = if self.finding { "required" } else { "unknown" };
                return Err(Problem::field("payload.finding", code).into());
            }
            body.captured_at = Some(given.command.captured_at);
            let mut ready = visits::command::prepare(app, body, given.caller.clone()).await?;
            if let Some(case) = ready.case_mut() {
                noted_at(case, given.command.captured_at, app.now());
            }
            let ready: Box<dyn Ready> = Box::new(ReadyVisit(ready));
            Ok(ready)
        })
    }
}

impl Ready for ReadyVisit {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let id = visits::command::record(app, tx, &self.0, None)?;
        let case = self.0.visit().case;
        let code = match case {
            Some(case) => cases::load(tx, &Named::Id(case))?.map(|case| case.code.to_string()),
            None => None,
        };
        Ok(Outcome::Applied(done(
            given,
            Entity {
                kind: "visit".to_owned(),
                id: id.to_string(),
                code,
                version: None,
                case_id: case.map(|case| case.to_string()),
            },
        )))
    }
}

// ── care.visit ───────────────────────────────────────────────────────────────────────────────────────

/// 关爱走访: an ordinary visit to the home of somebody in care.
struct CareVisitKind;

struct ReadyCareVisit(visit::Ready, CareId);

impl CommandType for CareVisitKind {
    fn name(&self) -> &'static str {
        "care.visit"
    }

    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let mut body: CareVisit = payload(given)?;
            body.captured_at = Some(given.command.captured_at);
            let id = CareId::new(given.command.entity_id.ok_or_else(|| Problem::field("entity_id", "required"))?);
            let ready = visit::prepare(app, given.caller.clone(), id, body).await?;
            let ready: Box<dyn Ready> = Box::new(ReadyCareVisit(ready, id));
            Ok(ready)
        })
    }
}

impl Ready for ReadyCareVisit {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let (_, version) = visit::record(app, tx, &self.0, None)?;
        let version = u32::try_from(version).ok();
        let entity =
            Entity { kind: "care_visit".to_owned(), id: self.1.to_string(), code: None, version, case_id: None };
        Ok(Outcome::Applied(done(given, entity)))
    }
}

// ── gathering.record ─────────────────────────────────────────────────────────────────────────────────

/// 会议、培训、接待的记录
struct GatheringKind;

struct ReadyGathering(gathering::Ready);

impl CommandType for GatheringKind {
    fn name(&self) -> &'static str {
        "gathering.record"
    }

    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let mut body: RecordGathering = payload(given)?;
            // A clock that runs ahead is harmless: nothing was before it came here.
            body.held_at = Some(body.held_at.unwrap_or(given.command.captured_at).min(app.now()));
            let ready = gathering::prepare(app, &body, given.caller.clone())?;
            let ready: Box<dyn Ready> = Box::new(ReadyGathering(ready));
            Ok(ready)
        })
    }
}

impl Ready for ReadyGathering {
    fn apply(&self, _: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let id = gathering::record(tx, &self.0, None)?.to_string();
        Ok(Outcome::Applied(done(
            given,
            Entity { kind: "gathering".to_owned(), id, code: None, version: None, case_id: None },
        )))
    }
}

// ── inspection.record ────────────────────────────────────────────────────────────────────────────────

/// 检查记录: each finding becomes a hazard.
struct InspectionKind;

struct ReadyInspection(inspections::command::Ready);

impl CommandType for InspectionKind {
    fn name(&self) -> &'static str {
        "inspection.record"
    }

    fn prepare<'a>(&'a self, app: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let mut body: RecordInspection = payload(given)?;
            body.captured_at = Some(given.command.captured_at);
            // A record never waits for its photos.
            let mut ready =
                inspections::command::prepare(app, body, given.caller.clone(), inspections::model::Photos::Later)
                    .await?;
            for case in ready.cases_mut() {
                noted_at(case, given.command.captured_at, app.now());
            }
            let ready: Box<dyn Ready> = Box::new(ReadyInspection(ready));
            Ok(ready)
        })
    }
}

impl Ready for ReadyInspection {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let id = inspections::command::record(app, tx, &self.0, None)?.to_string();
        let case_id = self.0.inspection().hazards.first().map(|(_, case)| case.to_string());
        Ok(Outcome::Applied(done(
            given,
            Entity { kind: "inspection".to_owned(), id, code: None, version: None, case_id },
        )))
    }
}

// ── photos ───────────────────────────────────────────────────────────────────────────────────────────

/// Puts the ids of photos in place of the digests by which a phone names them. Those that have not come are awaited under ids of
/// their own: a record never waits for its photos, and they find their place when they come.
///
/// # Errors
/// The database's.
pub fn with_photos(app: &App, conn: &mut Conn, given: &mut Given) -> Result<(), StoreError> {
    let mut ids = BTreeMap::new();
    for sent in given.command.attachments.iter().collect::<BTreeSet<_>>() {
        let account = given.caller.account;
        let id = match (sent.parse(), files::loose_by_sent(conn, account, sent)?) {
            // Sent before the phone had a PIN: it is named by its id.
            (Ok(id), _) if files::loose_own(conn, account, id)? => id,
            (_, Some(id)) => id,
            _ => {
                let id = AttachmentId::new(app.ids.uuid(app.now()));
                given.awaited.push((id, sent.clone()));
                id
            }
        };
        ids.insert(sent.clone(), Value::from(id.to_string()));
    }
    if !ids.is_empty() {
        exchange(&mut given.command.payload, &ids);
    }
    Ok(())
}

/// Keeps the places of photos that are awaited, in the transaction of what they belong to.
///
/// # Errors
/// The database's.
pub fn await_photos(app: &App, tx: &mut Tx<'_>, given: &Given) -> Result<(), StoreError> {
    for (id, sent) in &given.awaited {
        files::Attachment::await_photo(tx, *id, (given.caller.account, sent), app.now())?;
    }
    Ok(())
}

fn exchange(value: &mut Value, ids: &BTreeMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| exchange(item, ids)),
        Value::Object(fields) => fields.values_mut().for_each(|field| exchange(field, ids)),
        Value::String(text) => {
            if let Some(id) = ids.get(text.as_str()) {
                *value = id.clone();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a refusal is the command's own, to be told and kept; what is the database's is tried again.
#[must_use]
pub fn refusal(refused: &Refused) -> Option<Problem> {
    match refused {
        Refused::Problem(problem) => Some((**problem).clone()),
        // Trying again mends no row that contradicts itself, and must not keep those behind it waiting for ever.
        Refused::Store(error @ StoreError::Inconsistent { .. }) => {
            tracing::error!(%error, "a command of a phone met a row that cannot be");
            Some(Problem::new(ProblemCode::Internal))
        }
        Refused::Store(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_found_by_its_name_alone() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
        assert_eq!(
            names,
            [
                "case.report",
                "case.act",
                "visit.record",
                "visit.finding",
                "gathering.record",
                "inspection.record",
                "registry.enter",
                "registry.change",
                "registry.confirm",
                "care.visit",
            ]
        );
        assert!(of_name("case.close").is_none());
    }

    #[test]
    fn digests_become_ids_wherever_they_stand() {
        let mut payload = json!({ "attachments": ["aa", "bb"], "fields": { "photos": ["bb"] }, "text": "cc" });
        let ids = [("aa", "id-a"), ("bb", "id-b")].map(|(sent, id)| (sent.to_owned(), Value::from(id))).into();
        exchange(&mut payload, &ids);
        assert_eq!(payload, json!({ "attachments": ["id-a", "id-b"], "fields": { "photos": ["id-b"] }, "text": "cc" }));
    }
}
