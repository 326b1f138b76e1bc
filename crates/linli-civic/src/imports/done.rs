//! What a row of visits or hazards comes to, how it lands, and how it is taken back.
//!
//! A visit of the past is written down as of its own day, so that it is neither today's work nor a visit of today to that home. A hazard
//! that was put right needs nobody any more and is left out; one that was not becomes a case like any other, with what the ledger said.

use std::collections::{BTreeSet, HashMap};

use linli_access::{Caller, session};
use linli_db::{Conn, Tx};
use linli_kernel::calendar::beijing_date;
use linli_kernel::{
    AccountId, Action, AreaCode, AreaLevel, CaseId, CaseKind, Channel, RecordId, Timestamp, VisitId, VisitKind, Weight,
};
use serde_json::{Map, json};

use super::reading::{Done, RowFault, Said};
use super::run::actor_of;
use super::store::{Import, RowOutcome, Touched};
use super::undo::undoer_of;
use crate::app::App;
use crate::cases::command::{self, Who};
use crate::cases::report::{self, ReportCase, Sender};
use crate::cases::store::{self as cases, Named};
use crate::http::{Answer, Refused};
use crate::inspections::store as inspections;
use crate::people::duty::{self, OnDuty};
use crate::registry::Kind;
use crate::registry::ledger::Subject;
use crate::registry::store as records;
use crate::say::Lang;
use crate::visits::{self, Visit};

/// How long what was noted on visits is kept (`housekeeping`). Unit: ms.
const KEPT_MS: i64 = 730 * 86_400_000;

/// A row that was looked at.
pub enum Looked {
    /// It is there, or nobody needs it.
    Not(RowOutcome, Vec<RowFault>),
    /// A visit to be written down.
    Visit(Box<Visit>),
    /// A hazard to be handed in.
    Hazard(Box<ReportCase>),
}

impl Looked {
    /// In one word, and why not.
    #[must_use]
    pub fn outcome(&self) -> (RowOutcome, Vec<RowFault>) {
        match self {
            Self::Not(outcome, faults) => (*outcome, faults.clone()),
            Self::Visit(_) | Self::Hazard(_) => (RowOutcome::New, Vec::new()),
        }
    }
}

/// Looks at rows of one import.
pub struct Looking<'a> {
    app: &'a App,
    import: &'a Import,
    /// Who works in a grid, once asked for.
    workers: HashMap<AreaCode, Vec<OnDuty>>,
}

impl<'a> Looking<'a> {
    /// Of this import.
    #[must_use]
    pub fn of(app: &'a App, import: &'a Import) -> Self {
        Self { app, import, workers: HashMap::new() }
    }

    /// What a row comes to.
    ///
    /// # Errors
    /// The database's.
    pub fn row(&mut self, conn: &mut Conn, said: &Said) -> Answer<Looked> {
        let (Some(done), Some(account)) = (&said.done, self.import.account) else {
            return Ok(Looked::Not(RowOutcome::Bad, vec![RowFault::of("refused", "")]));
        };
        match self.import.kind {
            Subject::Visit => self.visit(conn, (said.grid, account), done),
            Subject::Hazard => self.hazard(conn, said.grid, done),
            Subject::Record(_) => Ok(Looked::Not(RowOutcome::Skipped, Vec::new())),
        }
    }

    fn visit(&mut self, conn: &mut Conn, (area, bringer): (AreaCode, AccountId), done: &Done) -> Answer<Looked> {
        let now = self.app.now();
        let Some(at) = done.at.filter(|at| *at <= now) else {
            return Ok(Looked::Not(RowOutcome::Bad, vec![RowFault::of("in_the_future", "")]));
        };
        if now.since(at) > KEPT_MS {
            return Ok(Looked::Not(RowOutcome::Skipped, vec![RowFault::of("two_years_ago", "")]));
        }
        let home = records::same_label(conn, &self.app.vault, Kind::Dwelling, &area, &done.place)?.into_iter().next();
        let account = self.worker(conn, area, &done.worker)?;
        let mut note = done.note.clone();
        if account.is_none() && !done.worker.is_empty() {
            // Whoever does not work here any more is not lost.
            note = Lang::ZhCn.say("imports.visit_by", &[("note", &note), ("worker", &done.worker)]);
        }
        let visit = Visit {
            id: VisitId::new(self.app.ids.uuid(at)),
            kind: VisitKind::Visit,
            area,
            place_code: None,
            place_text: done.place.clone(),
            met: done.met,
            point: None,
            record: home.map(|home| home.id),
            note: Some(note).filter(|note| !note.is_empty()),
            companions: Vec::new(),
            account: account.unwrap_or(bringer),
            case: None,
            n_photos: 0,
            captured_at: at,
            received_at: at,
        };
        if visits::store::is_there(conn, &visit)? {
            return Ok(Looked::Not(RowOutcome::Same, Vec::new()));
        }
        Ok(Looked::Visit(Box::new(visit)))
    }

    /// The only one of this name who works in the grid or in its community.
    fn worker(&mut self, conn: &mut Conn, area: AreaCode, name: &str) -> Answer<Option<AccountId>> {
        if name.is_empty() {
            return Ok(None);
        }
        if let std::collections::hash_map::Entry::Vacant(slot) = self.workers.entry(area) {
            let mut around = area.lineage();
            around.retain(|above| above.level() >= AreaLevel::Community);
            slot.insert(duty::on_duty(conn, &self.app.vault, &around, self.app.now())?);
        }
        let there = self.workers.get(&area).map(Vec::as_slice).unwrap_or_default();
        let named = there.iter().filter(|duty| duty.person.name == name).map(|duty| duty.account);
        // Of two of one name it is not guessed which.
        let named: BTreeSet<AccountId> = named.collect();
        Ok(named.first().copied().filter(|_| named.len() == 1))
    }

    fn hazard(&self, conn: &mut Conn, area: AreaCode, done: &Done) -> Answer<Looked> {
        if done.is_over {
            return Ok(Looked::Not(RowOutcome::Skipped, vec![RowFault::of("hazard_over", "")]));
        }
        let found = done.at.map(|at| beijing_date(at).to_string()).unwrap_or_default();
        let parts = [("found", found.as_str()), ("worker", done.worker.as_str()), ("due", done.due.as_str())];
        let told: Vec<String> = parts
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| Lang::ZhCn.say(&format!("imports.hazard_{key}"), &[("value", value)]))
            .collect();
        let mut text = done.note.clone();
        if !told.is_empty() {
            text = Lang::ZhCn
                .say("imports.hazard", &[("note", &text), ("told", &told.join(&Lang::ZhCn.text("imports.and")))]);
        }
        let place = [done.title.as_str(), done.place.as_str()];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        if inspections::is_known_hazard(conn, &area, (&done.paper_no, &text, &place.join(" ")))? {
            return Ok(Looked::Not(RowOutcome::Same, Vec::new()));
        }
        Ok(Looked::Hazard(Box::new(ReportCase {
            text,
            area_code: Some(area.to_string()),
            address: Some(place.join(" ")).filter(|place| !place.is_empty()),
            weight: Some(done.weight.unwrap_or(Weight::General)),
            channel: Some(Channel::Visit),
            ..ReportCase::default()
        })))
    }
}

/// Whoever works on an import, with what they may do now.
///
/// # Errors
/// The database's.
pub fn acting(conn: &mut Conn, account: Option<AccountId>, now: Timestamp) -> Answer<Option<Caller>> {
    let Some(account) = account else { return Ok(None) };
    if !session::is_enabled(conn, account)? {
        return Ok(None);
    }
    let mut grants = session::grants_of(conn, account)?;
    grants.retain(|grant| grant.holds(now));
    Ok(Some(Caller { account, name: String::new(), display_name: String::new(), must_change_password: false, grants }))
}

/// A hazard made ready to be entered; nothing where it is refused.
///
/// # Errors
/// The database's.
pub async fn ready(app: &App, body: ReportCase, caller: &Caller) -> Answer<Option<report::Ready>> {
    match report::prepare(app, body, Sender::Staff(caller.clone())).await {
        Ok(mut ready) => {
            ready.draft.kind = CaseKind::Hazard;
            Ok(Some(ready))
        }
        Err(Refused::Problem(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a visit down.
///
/// # Errors
/// The database's.
pub fn land_visit(app: &App, tx: &mut Tx<'_>, import: &Import, visit: Visit) -> Answer<()> {
    let visit = tx.commit(visit.bring(actor_of(import), app.now()))?;
    let id = RecordId::new(uuid(&visit.id)?);
    Ok(Touched { kind: Subject::Visit, id, before: 0, after: 1 }.note(tx, import.id)?)
}

/// Hands a hazard in; `false` where it is refused.
///
/// # Errors
/// The database's.
pub fn land_hazard(app: &App, tx: &mut Tx<'_>, import: &Import, ready: &report::Ready) -> Answer<bool> {
    match report::enter(app, tx, ready, None) {
        Ok(_) => {}
        Err(Refused::Problem(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    let id = RecordId::new(uuid(&ready.draft.id)?);
    Touched { kind: Subject::Hazard, id, before: 0, after: 1 }.note(tx, import.id)?;
    Ok(true)
}

fn uuid(id: &impl ToString) -> Answer<uuid::Uuid> {
    id.to_string().parse().map_err(|_| linli_kernel::ProblemCode::Internal.into())
}

/// Takes one of them back; `false` where somebody did something about it since.
///
/// # Errors
/// The database's.
pub fn take_back(app: &App, tx: &mut Tx<'_>, import: &Import, touched: &Touched) -> Answer<bool> {
    let id = uuid(&touched.id)?;
    match touched.kind {
        Subject::Visit => {
            let visit = visits::store::load(tx, VisitId::new(id))?;
            let Some(visit) = visit.filter(|visit| visit.case.is_none() && visit.n_photos == 0) else {
                return Ok(false);
            };
            if visits::store::is_relied_on(tx, visit.id)? {
                return Ok(false);
            }
            tx.commit(visit.withdraw(undoer_of(import), app.now()))?;
            Ok(true)
        }
        Subject::Hazard => {
            let named = Named::Id(CaseId::new(id));
            let undoer = import.undoer().map(|(account, _)| account);
            let (Some(case), Some(caller)) = (cases::load(tx, &named)?, acting(tx, undoer, app.now())?) else {
                return Ok(false);
            };
            if i64::from(case.version) != touched.after {
                return Ok(false);
            }
            let reason = Lang::ZhCn.text("imports.taken_back");
            let fields: Map<_, _> = [("reason".to_owned(), json!(reason))].into_iter().collect();
            let (verb, version, who) = (Action::Close, case.version, Who::Staff(caller));
            match command::run_in(app, tx, &command::Command { named, verb, version, fields, key: None, who }) {
                Ok(()) => Ok(true),
                // It went where they have no say.
                Err(Refused::Problem(_)) => Ok(false),
                Err(error) => Err(error),
            }
        }
        Subject::Record(_) => Ok(false),
    }
}
