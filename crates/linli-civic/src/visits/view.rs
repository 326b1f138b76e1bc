//! A record of a visit as pages show it.

use std::collections::{HashMap, HashSet};

use linli_access::Caller;
use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, CaseId, PublicCode, RecordId, Timestamp, VisitId, VisitKind, VisitResult};
use serde::Serialize;

use super::Visit;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::areas::view::PointView;
use crate::cases::store::{self as cases, Named};
use crate::files;
use crate::files::http::AttachmentView;
use crate::people::duty::{self, Person};
use crate::people::view::UnitRef;
use crate::say::Lang;

/// 走访记录
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Visit)]
pub struct VisitView {
    /// Which.
    pub id: VisitId,
    /// What kind of visit it was.
    pub kind: VisitKind,
    /// In words.
    pub kind_name: String,
    /// Where.
    pub area: AreaRef,
    /// Where, in words; empty after its retention.
    pub place_text: String,
    /// Where, to about 100 m.
    pub point: Option<PointView>,
    /// Whether somebody was met; `null` where nobody was to be met.
    pub met: Option<bool>,
    /// Which dwelling or premises of the registry it was to.
    #[schema(value_type = Option<String>)]
    pub record_id: Option<RecordId>,
    /// What came of it.
    pub result: VisitResult,
    /// In words.
    pub result_name: String,
    /// What was written down.
    pub note: Option<String>,
    /// Who went along.
    pub companions: Vec<UnitRef>,
    /// Who was there.
    pub by_name: String,
    /// Whether that is the reader.
    pub by_me: bool,
    /// What the finding became.
    pub case_id: Option<CaseId>,
    /// The code by which the resident follows it; told to whoever found it, to hand on.
    pub case_code: Option<PublicCode>,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
    /// The photos, where one record is shown; a list leaves them out.
    pub attachments: Vec<AttachmentView>,
    /// How many there are.
    pub n_photos: u32,
}

/// The names of who was there.
///
/// # Errors
/// The database's.
pub fn names(conn: &mut Conn, app: &App, visits: &[Visit]) -> Result<HashMap<AccountId, Person>, StoreError> {
    let accounts: HashSet<AccountId> = visits.iter().map(|visit| visit.account).collect();
    duty::people(conn, &app.vault, &accounts)
}

/// One record with its photos.
///
/// # Errors
/// The database's.
pub fn whole(conn: &mut Conn, app: &App, visit: Visit, caller: &Caller, lang: Lang) -> Result<VisitView, StoreError> {
    let names = names(conn, app, std::slice::from_ref(&visit))?;
    let attachments = files::of_visit(conn, visit.id)?;
    let case = match visit.case.filter(|_| visit.account == caller.account) {
        Some(case) => cases::load(conn, &Named::Id(case))?,
        None => None,
    };
    let mut view = row(app, visit, &names, caller, lang);
    view.attachments = attachments.iter().map(|attachment| AttachmentView::of(attachment, None)).collect();
    view.case_code = case.map(|case| case.code);
    Ok(view)
}

/// One record in a list.
#[must_use]
pub fn row(app: &App, visit: Visit, names: &HashMap<AccountId, Person>, caller: &Caller, lang: Lang) -> VisitView {
    let book = app.playbooks.current();
    let unit = |code: &String| {
        let known = book.units.iter().find(|unit| unit.code == *code);
        UnitRef { code: code.clone(), name: known.map_or_else(|| code.clone(), |unit| unit.name.clone()) }
    };
    VisitView {
        id: visit.id,
        kind: visit.kind,
        kind_name: lang.word("visit_kind", visit.kind.as_str()),
        area: app.areas().reference(&visit.area),
        result: visit.result(),
        result_name: lang.word("visit_result", visit.result().as_str()),
        point: visit.point.map(Into::into),
        record_id: visit.record,
        companions: visit.companions.iter().map(unit).collect(),
        by_name: names.get(&visit.account).map(|person| person.name.clone()).unwrap_or_default(),
        by_me: visit.account == caller.account,
        place_text: visit.place_text,
        met: visit.met,
        note: visit.note,
        case_id: visit.case,
        case_code: None,
        captured_at: visit.captured_at,
        received_at: visit.received_at,
        attachments: Vec::new(),
        n_photos: visit.n_photos,
    }
}
