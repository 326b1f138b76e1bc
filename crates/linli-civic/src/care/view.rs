//! What is shown of an entry: in lists that a visit is due, and nothing of why; on its page what was done, and nothing of why.

use std::collections::{HashMap, HashSet};

use linli_access::Act;
use linli_access::{Caller, scope};
use linli_db::{Conn, StoreError, feed};
use linli_kernel::{AccountId, CareId, RecordId, Timestamp};
use serde::Serialize;

use super::command::{keeps, look};
use super::due::{Due, nearness};
use super::model::Entry;
use super::need::{Sight, goes_there};
use super::store::{self, Home};
use super::words::State;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::Answer;
use crate::people::duty::{self, Person};
use crate::say::Lang;

/// An entry as a list shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareRow)]
pub struct CareRow {
    /// Which.
    pub id: String,
    /// Where.
    pub area: AreaRef,
    /// Who, masked.
    pub name: String,
    /// Where they live.
    pub address: String,
    /// How near the next visit is; `null` where none is to be made.
    pub due: Option<Due>,
    /// By when.
    pub visit_due_at: Option<Timestamp>,
    /// How near the next service is; for whoever may know why, and never which.
    pub service_due: Option<Due>,
    /// When somebody was last met there.
    pub last_met_at: Option<Timestamp>,
    /// When somebody went last and met nobody.
    pub tried_at: Option<Timestamp>,
    /// Whether the reader is one who goes there.
    pub mine: bool,
    /// How it stands; for whoever keeps it.
    pub state: Option<State>,
    /// By when it is looked at again; for whoever keeps it.
    pub review_at: Option<Timestamp>,
    /// Whether that day is within a month; for whoever keeps it.
    pub review_due: bool,
    /// When it ends by itself; for whoever keeps it.
    pub expires_at: Option<Timestamp>,
    /// How many are paired; for whoever keeps it.
    pub n_helpers: Option<usize>,
    /// How many questions of the person wait; for whoever keeps it.
    pub n_asked: i64,
}

/// From how long before it a review is shown as due. Unit: ms.
const REVIEW_SOON_MS: i64 = 30 * 86_400_000;

/// Entries with what the caller learns of each; those of which they learn nothing are not among them.
///
/// # Errors
/// The database's.
pub fn rows(conn: &mut Conn, app: &App, caller: &Caller, entries: &[Entry], now: Timestamp) -> Answer<Vec<CareRow>> {
    let residents: Vec<RecordId> = entries.iter().map(|entry| entry.resident).collect();
    let homes = store::homes(conn, &app.vault, &residents)?;
    let ids: Vec<CareId> = entries.iter().map(|entry| entry.id).collect();
    let asked = store::n_asked(conn, &ids)?;
    let nowhere = Home::default();
    let row = |entry: &Entry| {
        let home = homes.get(&entry.resident).unwrap_or(&nowhere);
        let n_asked = asked.get(&entry.id.to_string()).copied().unwrap_or_default();
        row(app, caller, entry, home, (n_asked, now))
    };
    Ok(entries.iter().filter_map(row).collect())
}

/// One entry in a list; `None` where the caller learns nothing of it.
#[must_use]
pub fn row(
    app: &App,
    caller: &Caller,
    entry: &Entry,
    home: &Home,
    (n_asked, now): (i64, Timestamp),
) -> Option<CareRow> {
    let sight = look(app, caller, entry);
    let due_at = entry.visit_due_at(home.last_met).filter(|_| home.is_present);
    let is_kept = keeps(caller, entry, sight).is_some();
    let knows = matches!(sight, Sight::Why(_));
    let service_due = entry.service_due_at().filter(|_| knows && home.is_present).map(|at| nearness(at, now));
    // Whoever only goes there is told of nobody to whom nothing is to be done.
    if sight == Sight::Nothing || (!is_kept && due_at.is_none() && service_due.is_none()) {
        return None;
    }
    let kept = |at: Timestamp| is_kept.then_some(at);
    Some(CareRow {
        id: entry.id.to_string(),
        area: app.areas().reference(&entry.area),
        name: home.name.as_ref().map(linli_kernel::RealName::masked).unwrap_or_default(),
        address: home.address.clone(),
        due: due_at.map(|at| nearness(at, now)),
        visit_due_at: due_at,
        service_due,
        last_met_at: home.last_met.filter(|met| *met >= entry.since),
        tried_at: entry.tried_at,
        mine: goes_there(caller, entry, sight),
        state: is_kept.then_some(entry.state),
        review_at: kept(entry.review_at),
        review_due: is_kept && entry.review_at.since(now) < REVIEW_SOON_MS,
        expires_at: kept(entry.expires_at),
        n_helpers: is_kept.then_some(entry.helpers.len()),
        n_asked: if is_kept { n_asked } else { 0 },
    })
}

/// Who is paired.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareHelper)]
pub struct HelperView {
    /// Who.
    pub account: AccountId,
    /// As colleagues and the person know them.
    pub name: String,
}

/// One line of an entry's history: what was done, never why.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareHistoryLine)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// Who, in words.
    pub who: String,
    /// What happened, in words.
    pub what: String,
}

/// An entry with everything that its page shows before anybody asks why.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareEntry)]
pub struct CarePage {
    /// As in a list.
    pub row: CareRow,
    /// Who is paired; for whoever keeps it.
    pub helpers: Vec<HelperView>,
    /// Who may be paired; for whoever keeps it.
    pub candidates: Vec<HelperView>,
    /// What was done, the newest first; for whoever keeps it.
    pub history: Vec<HistoryLine>,
    /// Whether the caller may change it.
    pub may_keep: bool,
    /// Whether the caller may read what is sealed.
    pub may_read: bool,
    /// Whether the caller may write a visit down.
    pub may_visit: bool,
}

/// An entry's page.
///
/// # Errors
/// `NotFound` where the caller learns nothing of it; the database's.
pub fn page(conn: &mut Conn, app: &App, caller: &Caller, entry: &Entry, lang: Lang) -> Answer<Option<CarePage>> {
    let Some(row) = rows(conn, app, caller, std::slice::from_ref(entry), app.now())?.into_iter().next() else {
        return Ok(None);
    };
    let sight = look(app, caller, entry);
    let may_keep = keeps(caller, entry, sight).is_some();
    let knows = matches!(sight, Sight::Why(_));
    let may_visit = entry.state != State::Objected
        && (row.mine || knows)
        && scope(caller, Act::RecordVisit).reaches(&entry.keys()).is_some();
    let mut shown = CarePage {
        row,
        helpers: Vec::new(),
        candidates: Vec::new(),
        history: Vec::new(),
        may_keep,
        may_read: knows,
        may_visit,
    };
    if may_keep {
        shown.helpers = helpers(conn, app, entry)?;
        shown.history = history(conn, app, entry, lang)?;
        let mut there = super::command::helpers_at(app, conn, &entry.area)?;
        there.retain(|duty| !entry.helpers.contains(&duty.account));
        there.dedup_by_key(|duty| duty.account);
        let view = |duty: duty::OnDuty| HelperView {
            name: lang
                .say("actor.staff", &[("role", &lang.word("role", duty.role.as_str())), ("name", &duty.person.name)]),
            account: duty.account,
        };
        shown.candidates = there.into_iter().map(view).collect();
    }
    Ok(Some(shown))
}

/// Who is paired.
///
/// # Errors
/// The database's.
pub fn helpers(conn: &mut Conn, app: &App, entry: &Entry) -> Result<Vec<HelperView>, StoreError> {
    let people = duty::people(conn, &app.vault, &entry.helpers.iter().copied().collect())?;
    let name = |account: &AccountId| people.get(account).map(|person| person.name.clone()).unwrap_or_default();
    Ok(entry.helpers.iter().map(|account| HelperView { account: *account, name: name(account) }).collect())
}

/// What was done with an entry, the newest first.
///
/// # Errors
/// The database's.
pub fn history(conn: &mut Conn, app: &App, entry: &Entry, lang: Lang) -> Result<Vec<HistoryLine>, StoreError> {
    let events = feed::history(conn, "care", &entry.id.to_string())?;
    let ids = events.iter().filter_map(|(event, _)| event.actor_id.as_deref().and_then(|id| id.parse().ok()));
    let who: HashSet<AccountId> = ids.collect();
    let people = duty::people(conn, &app.vault, &who)?;
    Ok(events.iter().rev().map(|(event, _)| line(event, &people, lang)).collect())
}

fn line(event: &feed::Event, people: &HashMap<AccountId, Person>, lang: Lang) -> HistoryLine {
    let account = event.actor_id.as_deref().and_then(|id| id.parse::<AccountId>().ok());
    let role = event.actor_role.as_deref().map(|role| lang.word("role", role)).unwrap_or_default();
    let who = match account.and_then(|id| people.get(&id)) {
        Some(person) => lang.say("actor.staff", &[("role", &role), ("name", &person.name)]),
        None if event.actor_kind == "reporter" => lang.word("care", "person"),
        None => lang.text(&format!("actor.{}", event.actor_kind)),
    };
    let what = lang.word("care_event", &event.kind);
    let how = serde_json::from_str::<serde_json::Value>(&event.payload).ok();
    let what = match how.as_ref().and_then(|told| told.get("how")?.as_str()) {
        Some(how) => lang.say("care.event_how", &[("what", &what), ("how", &lang.word("care_consent_how", how))]),
        None => what,
    };
    HistoryLine { at: event.at, who, what }
}
