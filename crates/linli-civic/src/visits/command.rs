//! Writing a visit down: check, find the place, and with a finding make the case; all in one transaction.

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Tx, idempotency};
use linli_kernel::calendar::beijing_date;
use linli_kernel::{
    AreaCode, CaseKind, Channel, Problem, ProblemCode, RecordId, Timestamp, VisitId, VisitKind, Weight,
};
use serde::{Deserialize, Serialize};

use super::model::coarse;
use super::{Visit, store};
use crate::app::App;
use crate::areas::Point;
use crate::areas::view::PointView;
use crate::cases::report::{self, ReportCase, Sender, Wanted};
use crate::http::{Answer, Refused};
use crate::registry::{self, Kind};
use crate::{files, once};

/// Longest note. Unit: characters.
const MAX_NOTE: usize = 2_000;
/// Most photos of a visit; none is ever needed.
const MAX_PHOTOS: usize = 9;
/// Most units on one joint patrol.
const MAX_COMPANIONS: usize = 10;

/// A record of a visit. Only `kind` and one of `point`, `area_code`, `place`, `address` or `record_id` are needed.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"kind": "patrol", "place": "RQ3H", "note": "楼道通畅，灭火器在有效期内"}))]
pub struct RecordVisit {
    /// What kind of visit it was.
    pub kind: VisitKind,
    /// Where, WGS-84; kept to about 100 m.
    #[serde(default)]
    pub point: Option<PointView>,
    /// Where, by area.
    #[serde(default)]
    pub area_code: Option<String>,
    /// Where, by the QR code of a building.
    #[serde(default)]
    pub place: Option<String>,
    /// Where, in words.
    #[serde(default)]
    pub address: Option<String>,
    /// Which dwelling or premises of the registry it was to; the place is then theirs, unless another is named.
    #[serde(default)]
    pub record_id: Option<String>,
    /// Whether somebody was met there; left out where nobody was to be met.
    #[serde(default)]
    pub met: Option<bool>,
    /// What was seen, at most 2,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// Codes of the units that went along.
    #[serde(default)]
    pub companions: Vec<String>,
    /// Ids of photos that were sent before; never needed.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// When it was, if not now.
    #[serde(default)]
    pub captured_at: Option<Timestamp>,
    /// What was wrong: it becomes a case.
    #[serde(default)]
    pub finding: Option<Finding>,
}

/// What was wrong. Where it is and who found it is known from the visit.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = VisitFinding)]
pub struct Finding {
    /// What is the matter, 2 to 2,000 characters.
    pub text: String,
    /// What it becomes: one of the kinds of cases that have a flow here; a request without it.
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// The category's code.
    #[serde(default)]
    pub category: Option<String>,
    /// How heavy it is.
    #[serde(default)]
    pub weight: Option<Weight>,
    /// The phone number of whoever told of it; kept encrypted.
    #[serde(default)]
    pub phone: Option<String>,
    /// Their name; kept encrypted.
    #[serde(default)]
    pub name: Option<String>,
    /// Seen only by those who answer for it.
    #[serde(default)]
    pub private: bool,
}

/// A visit that was checked and placed, ready to be written down.
#[derive(Clone, Debug)]
pub struct Ready {
    visit: Visit,
    photos: Vec<String>,
    case: Option<report::Ready>,
    caller: Caller,
}

/// Checks a record and finds its place.
///
/// # Errors
/// `Invalid` naming the fields; `Forbidden` outside the caller's areas; `OutsideArea`.
pub async fn prepare(app: &App, mut body: RecordVisit, caller: Caller) -> Answer<Ready> {
    let record = target(app, &mut body, &caller).await?;
    let (note, companions) = checked(app, &body)?;
    let wanted = wanted(&body)?;
    let found = report::find_place(app, &wanted).await.map_err(Refused::from)?;
    if scope(&caller, Act::RecordVisit).reaches(&Keys::of_area(&found.area)).is_none() {
        return Err(ProblemCode::Forbidden.into());
    }
    let now = app.now();
    let case = match &body.finding {
        Some(finding) => Some(found_case(app, &body, finding, &caller).await?),
        None => None,
    };
    let visit = Visit {
        id: VisitId::new(app.ids.uuid(now)),
        kind: body.kind,
        area: found.area,
        place_code: found.qr,
        place_text: found.place_text,
        met: body.met,
        // Only what was tapped: the point of a printed code is known without anyone having stood there.
        point: wanted.point.map(coarse),
        record,
        note,
        companions,
        account: caller.account,
        case: case.as_ref().map(|ready| ready.draft.id),
        n_photos: u32::try_from(body.attachments.len()).unwrap_or(0),
        captured_at: body.captured_at.unwrap_or(now),
        received_at: now,
    };
    Ok(Ready { visit, photos: body.attachments, case, caller })
}

/// Writes a visit down in a transaction that may hold other work too.
///
/// # Errors
/// `Invalid` for an unknown category or photo; `KeyReused`; the database's.
pub fn record(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<VisitId> {
    if let Some(before) = once::outcome::<VisitId>(tx, key)? {
        return Ok(before);
    }
    let Ready { visit, photos, case, caller } = ready;
    if let Some(case) = case {
        report::enter(app, tx, case, None)?;
    }
    let role = scope(caller, Act::RecordVisit).reaches(&visit.keys()).ok_or(ProblemCode::Forbidden)?;
    let visit = tx.commit(visit.clone().record(caller.acting_as(role)))?;
    files::attach_to_visit::<Refused>(tx, photos, visit.id, visit.case, visit.account)?;
    once::keep(tx, key, &visit.id, visit.received_at)?;
    Ok(visit.id)
}

impl Ready {
    /// The visit that is to be written down.
    #[must_use]
    pub const fn visit(&self) -> &Visit {
        &self.visit
    }

    /// Notes on the case when the finding was made, where that is not now.
    pub fn case_mut(&mut self) -> Option<&mut report::Ready> {
        self.case.as_mut()
    }
}

fn checked(app: &App, body: &RecordVisit) -> Answer<(Option<String>, Vec<String>)> {
    let mut problem = Problem::new(ProblemCode::Invalid);
    let note = body.note.as_deref().map(|note| note.trim().replace('\0', "")).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        problem = problem.and_field("note", "too_long").with("max", MAX_NOTE.to_string());
    }
    if body.attachments.len() > MAX_PHOTOS {
        problem = problem.and_field("attachments", "too_many").with("max", MAX_PHOTOS.to_string());
    }
    let book = app.playbooks.current();
    if body.companions.len() > MAX_COMPANIONS {
        problem = problem.and_field("companions", "too_many").with("max", MAX_COMPANIONS.to_string());
    } else if body.companions.iter().any(|code| !book.units.iter().any(|unit| unit.code == *code)) {
        problem = problem.and_field("companions", "unknown");
    }
    let mut companions = body.companions.clone();
    companions.sort();
    companions.dedup();
    if problem.errors.is_empty() { Ok((note, companions)) } else { Err(problem.into()) }
}

/// The dwelling or premises that it was to. Where no place is named, theirs is.
async fn target(app: &App, body: &mut RecordVisit, caller: &Caller) -> Answer<Option<RecordId>> {
    let Some(text) = body.record_id.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let id: RecordId = text.parse().map_err(|_| Problem::field("record_id", "unknown"))?;
    let reader = app.clone();
    let found = app.db.read(move |conn| {
        let dwelling = registry::store::load(conn, &reader.vault, Kind::Dwelling, id)?;
        let found = match dwelling {
            Some(dwelling) => Some(dwelling),
            None => registry::store::load(conn, &reader.vault, Kind::Premises, id)?,
        };
        Ok::<_, Refused>(found)
    });
    let record = found.await?.ok_or_else(|| Problem::field("record_id", "unknown"))?;
    // What lies in another grid is not known to whoever may not go there.
    if scope(caller, Act::RecordVisit).reaches(&Keys::of_area(&record.area)).is_none() {
        return Err(Problem::field("record_id", "unknown").into());
    }
    let is_placed = body.point.is_some() || body.area_code.is_some() || body.place.is_some();
    if !is_placed {
        body.area_code = Some(record.area.to_string());
    }
    if body.address.is_none() {
        body.address = Some(record.label()).filter(|label| !label.is_empty());
    }
    Ok(Some(id))
}

/// The place as it was named; what is wrong with it.
fn wanted(body: &RecordVisit) -> Answer<Wanted> {
    let area = body.area_code.as_deref().map(AreaCode::parse).transpose();
    let area = area.map_err(|_| Problem::field("area_code", "bad_code"))?;
    let point = body.point.map(Point::from);
    if point.is_some_and(|point| !point.is_in_china()) {
        return Err(Problem::field("point", "bad_point").into());
    }
    let address = body.address.as_deref().map(|text| text.trim().replace('\0', "")).filter(|text| !text.is_empty());
    if address.as_ref().is_some_and(|text| text.chars().count() > report::MAX_PLACE) {
        return Err(Problem::field("address", "too_long").with("max", report::MAX_PLACE.to_string()).into());
    }
    let place = body.place.clone().filter(|code| !code.is_empty());
    if point.is_none() && area.is_none() && place.is_none() && address.is_none() {
        return Err(Problem::field("point", "no_place").into());
    }
    Ok(Wanted { point, area, place, facility: None, address })
}

/// Takes a visit back that its writer wrote down by mistake. What others did about it meanwhile is not undone.
///
/// # Errors
/// `NotFound` for one that they may not know of; `Forbidden` for another's; `NotNow` from the next day on, once something came of it, and
/// for one that was written down with what was done for somebody in care; the database's.
pub fn withdraw(tx: &mut Tx<'_>, caller: &Caller, id: VisitId, now: Timestamp) -> Answer<()> {
    let visit = store::load(tx, id)?.filter(|visit| visit.is_seen_by(caller)).ok_or(ProblemCode::NotFound)?;
    let role = scope(caller, Act::RecordVisit).reaches(&visit.keys()).filter(|_| visit.account == caller.account);
    let role = role.ok_or(ProblemCode::Forbidden)?;
    let is_today = beijing_date(visit.received_at) == beijing_date(now);
    if !is_today || visit.case.is_some() || store::is_relied_on(tx, id)? || store::is_of_care(tx, &visit)? {
        return Err(ProblemCode::NotNow.into());
    }
    files::release_visit(tx, id)?;
    tx.commit(visit.withdraw(caller.acting_as(role), now))?;
    Ok(())
}

/// The case that a finding becomes.
async fn found_case(app: &App, body: &RecordVisit, finding: &Finding, caller: &Caller) -> Answer<report::Ready> {
    let kind = finding.kind.unwrap_or(CaseKind::Request);
    if app.playbooks.current().flow(kind).is_none() {
        return Err(Problem::field("finding.kind", "unknown").into());
    }
    let mut ready = report::prepare(app, as_report(body, finding), Sender::Staff(caller.clone())).await?;
    ready.draft.kind = kind;
    Ok(ready)
}

/// The report that a finding is.
fn as_report(body: &RecordVisit, finding: &Finding) -> ReportCase {
    ReportCase {
        text: finding.text.clone(),
        point: body.point,
        area_code: body.area_code.clone(),
        place: body.place.clone(),
        facility: None,
        address: body.address.clone(),
        category: finding.category.clone(),
        phone: finding.phone.clone(),
        name: finding.name.clone(),
        attachments: body.attachments.clone(),
        channel: Some(Channel::Visit),
        weight: finding.weight,
        private: finding.private,
        same_as: None,
    }
}
