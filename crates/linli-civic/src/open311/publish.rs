//! What follows from an event of a case: what everybody may read of it now. A consumer of the feed.
//!
//! The time of publication is whole seconds and lies a little in the future when it is written: by then the row is there to be
//! read, so a window of time that somebody has asked for never gains a row afterwards. If the commit came later than that
//! all the same, the rows are published again, later.

use std::sync::Arc;
use std::time::Duration;

use linli_db::feed::{self, Event, Position};
use linli_db::{StoreError, Tx};
use linli_kernel::{CaseId, CaseKind, Phase, Timestamp};
use linli_playbook::Playbook;

use super::date;
use super::status::Status;
use super::store::{self, Listed, Update};
use crate::app::App;
use crate::areas::Point;
use crate::cases::publicity::{self, Publicity};
use crate::cases::reader::Reader;
use crate::cases::store::Named;
use crate::cases::{self, Case};
use crate::http::Refused;
use crate::say::Lang;

const CONSUMER: &str = "open311";
/// How far the first reading of an old feed has come; what it finds was published long ago.
const CATCHING_UP: &str = "open311_old";
const BATCH: i64 = 200;
const ASK_EVERY: Duration = Duration::from_millis(900);
/// Room for the commit. Unit: milliseconds.
const MARGIN_MS: i64 = 2_000;

/// Publishes what happens for as long as the server runs.
pub async fn run(app: App) {
    let mut committed = app.db.committed();
    loop {
        if let Err(refused) = catch_up(&app).await {
            let problem = refused.into_problem();
            tracing::warn!(code = problem.code.as_str(), "Open311 cannot be brought up to date; trying again");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        drop(tokio::time::timeout(ASK_EVERY, committed.changed()).await);
    }
}

/// Publishes everything that has happened until now.
///
/// # Errors
/// The database's.
pub async fn catch_up(app: &App) -> Result<(), Refused> {
    loop {
        let waiting = app.db.read(|conn| {
            let (position, _) = position(conn)?;
            Ok::<_, StoreError>(
                !feed::after(conn, position, 1)?.is_empty() || feed::position_of(conn, CONSUMER)?.is_none(),
            )
        });
        if !waiting.await? {
            return Ok(());
        }
        let batch = {
            let app = app.clone();
            app.clone().db.write(move |tx| step(&app, tx)).await?
        };
        if let Some(at) = batch {
            hold_promise(app, at).await?;
        }
    }
}

fn position(conn: &mut linli_db::Conn) -> Result<(Position, bool), StoreError> {
    match feed::position_of(conn, CONSUMER)? {
        Some(position) => Ok((position, true)),
        None => Ok((feed::position_of(conn, CATCHING_UP)?.unwrap_or_default(), false)),
    }
}

/// One batch; the moment at which it is published, unless it was published long ago.
fn step(app: &App, tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Refused> {
    let (from, is_live) = position(tx)?;
    let events = feed::after(tx, from, BATCH)?;
    let at = is_live.then(|| publication(app.now()));
    let mut cases: Vec<CaseId> = Vec::new();
    for event in events.iter().filter(|event| event.stream_kind == "case") {
        if let Ok(case) = event.stream_id.parse()
            && !cases.contains(&case)
        {
            cases.push(case);
        }
    }
    for case in cases {
        of_case(app, tx, case, at)?;
    }
    let to = events.last().map_or(from, |event| event.position);
    let is_end = i64::try_from(events.len()).is_ok_and(|n| n < BATCH);
    feed::remember(tx, if is_live || is_end { CONSUMER } else { CATCHING_UP }, to)?;
    Ok(at)
}

/// The moment at which what is written now is there for everybody.
#[must_use]
pub fn publication(now: Timestamp) -> Timestamp {
    date::whole_second(now.plus_ms(MARGIN_MS + 999))
}

async fn hold_promise(app: &App, promised: Timestamp) -> Result<(), Refused> {
    let mut at = promised;
    while app.now() > at {
        let later = publication(app.now());
        app.db.write(move |tx| store::publish_later(tx, at, later)).await?;
        at = later;
    }
    Ok(())
}

/// A reporter's client and what it said of itself, for a case that it has just handed in.
#[derive(Clone, Debug)]
pub struct HandedIn {
    /// The partner.
    pub client: String,
    /// Its own number.
    pub client_ref: Option<String>,
    /// Whether a token is given until a person has sorted it.
    pub with_token: bool,
    /// Not for the public.
    pub withheld: bool,
}

/// Brings what everybody may read of a case up to date. `at` is the moment of publication; without one, each event was
/// published when it happened.
///
/// # Errors
/// The database's.
pub fn of_case(app: &App, tx: &mut Tx<'_>, id: CaseId, at: Option<Timestamp>) -> Result<(), Refused> {
    let known = store::of_case(tx, id)?;
    bring_up(app, tx, id, known, None, at).map(drop)
}

/// [`of_case`] for a case that a client has just handed in.
///
/// # Errors
/// The database's; `Duplicate` when the client's number is taken.
pub fn handed_in(app: &App, tx: &mut Tx<'_>, id: CaseId, by: &HandedIn) -> Result<Listed, Refused> {
    let at = publication(app.now());
    let found = bring_up(app, tx, id, None, Some(by), Some(at))?;
    found.ok_or_else(|| linli_kernel::ProblemCode::Internal.into())
}

fn bring_up(
    app: &App,
    tx: &mut Tx<'_>,
    id: CaseId,
    known: Option<Listed>,
    by: Option<&HandedIn>,
    at: Option<Timestamp>,
) -> Result<Option<Listed>, Refused> {
    let Some(case) = cases::store::load(tx, &Named::Id(id))? else { return Ok(None) };
    if case.kind != CaseKind::Request {
        return Ok(None);
    }
    let history = feed::history(tx, "case", &id.to_string())?;
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let seen = known.as_ref().map_or(0, |listed| listed.event_n);
    let last_n = history.last().map_or(0, |(event, _)| event.n);
    if known.is_some() && seen >= last_n {
        return Ok(known);
    }
    let before = known.unwrap_or_else(|| first_row(app, &case, by));
    let told = tell(&before, &history, &book);
    let changed_at = |event: &Event| at.unwrap_or_else(|| date::whole_second(event.at));
    let last_change =
        told.changes.last().and_then(|change| history.iter().find(|(event, _)| event.n == change.event_n));
    let now_listed = is_public(&case, &history, &book) && !before.withheld;
    let mut updated_at = last_change.map_or(before.updated_at, |(event, _)| changed_at(event));
    if now_listed && !before.is_listed && seen > 0 {
        // To everybody else it is new now, whenever it was said.
        updated_at = at.unwrap_or(updated_at);
    }
    let category = case.category.as_deref().and_then(|code| book.category(code));
    let group = category.and_then(|category| category.parent.as_deref()).and_then(|code| book.category(code));
    let areas = app.areas();
    let reader =
        Reader { areas: &areas, vault: &app.vault, lang: Lang::ZhCn, now: app.now(), public_url: &app.site.public_url };
    let listed = Listed {
        is_listed: now_listed,
        status: told.status,
        service_code: case.category.clone(),
        service_name: category.map(|category| category.name.clone()).unwrap_or_default(),
        service_group: group.map(|group| group.name.clone()).unwrap_or_default(),
        area: case.area,
        agency: reader.seat_name(&book, &case.seat),
        point: middle(app, &case),
        answer_n: told.answer_n,
        event_n: last_n,
        updated_at,
        expected_at: case.promise().map(|promise| promise.due_at),
        closed_at: if told.status.is_open() { None } else { case.closed_at.or(case.settled_at) },
        ..before
    };
    listed.write(tx)?;
    for change in &told.changes {
        let published_at =
            history.iter().find(|(event, _)| event.n == change.event_n).map(|(event, _)| changed_at(event));
        Update { published_at: published_at.unwrap_or(updated_at), ..change.clone() }.write(tx)?;
    }
    Ok(Some(listed))
}

fn first_row(app: &App, case: &Case, by: Option<&HandedIn>) -> Listed {
    Listed {
        id: format!("R-{}", app.ids.public_code()),
        case: case.id,
        client: by.map(|by| by.client.clone()),
        client_ref: by.and_then(|by| by.client_ref.clone()),
        token: by.filter(|by| by.with_token).map(|_| format!("T-{}", app.ids.public_code())),
        withheld: by.is_some_and(|by| by.withheld),
        is_listed: false,
        status: Status::Open,
        service_code: None,
        service_name: String::new(),
        service_group: String::new(),
        area: case.area,
        agency: String::new(),
        point: None,
        answer_n: None,
        event_n: 0,
        requested_at: date::whole_second(case.reported_at),
        updated_at: date::whole_second(case.reported_at),
        expected_at: None,
        closed_at: None,
    }
}

/// Whether everybody may know of a case: an ordinary request of a category that residents may choose, sorted by now, and not private.
fn is_public(case: &Case, history: &[(Event, Option<String>)], book: &Playbook) -> bool {
    let category = case.category.as_deref().and_then(|code| book.category(code));
    category.is_some_and(|category| category.public && category.emergency.is_none()) && !is_private(history)
}

/// Private cases say so in their history, when they are reported or later.
fn is_private(history: &[(Event, Option<String>)]) -> bool {
    history.iter().rev().find_map(|(event, _)| said(event).get("private").and_then(serde_json::Value::as_bool))
        == Some(true)
}

/// Whether a case is private.
///
/// # Errors
/// The database's.
pub fn is_private_case(conn: &mut linli_db::Conn, id: CaseId) -> Result<bool, StoreError> {
    Ok(is_private(&feed::history(conn, "case", &id.to_string())?))
}

/// Whether a client handed the case in by Open311.
///
/// # Errors
/// The database's.
pub fn is_handed_in(conn: &mut linli_db::Conn, id: CaseId) -> Result<bool, StoreError> {
    Ok(store::look(conn, id)?.is_some_and(|listed| listed.client.is_some()))
}

/// The word of a case's public status.
///
/// # Errors
/// The database's.
pub fn status_of(conn: &mut linli_db::Conn, id: CaseId) -> Result<Option<String>, StoreError> {
    Ok(store::look(conn, id)?.map(|listed| listed.status.word().to_owned()))
}

/// The middle of the area, whole as everybody may know it: where exactly it is would often name a home.
fn middle(app: &App, case: &Case) -> Option<Point> {
    let areas = app.areas();
    let shape = case.area.lineage().into_iter().rev().find_map(|code| areas.index().shape(&code))?;
    let bounds = shape.bounds();
    let (low, high) = (bounds.min.point(), bounds.max.point());
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
    Some(Point::new(rounded(f64::midpoint(low.lon, high.lon)), rounded(f64::midpoint(low.lat, high.lat))))
}

/// What happened since a row was written, as others hear of it.
struct Tale {
    status: Status,
    answer_n: Option<i64>,
    changes: Vec<Update>,
}

fn tell(before: &Listed, history: &[(Event, Option<String>)], book: &Arc<Playbook>) -> Tale {
    let publicity = publicity::of(history);
    let mut tale = Tale { status: before.status, answer_n: before.answer_n, changes: Vec::new() };
    let mut settled_n = None;
    for ((event, text), publicity) in history.iter().zip(publicity) {
        if event.kind == "settled" && text.is_some() {
            settled_n = Some(event.n);
        }
        if event.n <= before.event_n {
            continue;
        }
        let next = Status::after(&event.kind, phase_after(event, book)).unwrap_or(tale.status);
        let is_answer = next == Status::Fixed && tale.status != Status::Fixed;
        let from_office = event.actor_kind == "staff" && text.is_some() && publicity == Publicity::Whole;
        let (words_n, words_public) = if is_answer {
            (settled_n, true)
        } else if from_office && event.kind != "settled" && event.kind != "reported" {
            // A question, a word to the resident: for them, and for the client that speaks for them.
            (Some(event.n), false)
        } else {
            (None, false)
        };
        if next != tale.status || words_n.is_some() {
            tale.changes.push(Update {
                case: before.case,
                event_n: event.n,
                status: next,
                for_client: next == tale.status,
                words_n,
                words_public,
                published_at: event.at,
            });
        }
        if is_answer {
            tale.answer_n = settled_n;
        } else if next.is_open() {
            tale.answer_n = None;
        }
        tale.status = next;
    }
    tale
}

fn phase_after(event: &Event, book: &Playbook) -> Option<Phase> {
    let payload = said(event);
    book.phase(CaseKind::Request, payload.get("to")?.as_str()?)
}

fn said(event: &Event) -> serde_json::Value {
    serde_json::from_str(&event.payload).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publication_is_a_whole_second_that_lies_ahead() {
        let now: Timestamp = "2026-09-28T09:00:00.001+08:00".parse().unwrap();
        assert_eq!(publication(now), "2026-09-28T09:00:03+08:00".parse().unwrap());
        let whole: Timestamp = "2026-09-28T09:00:00+08:00".parse().unwrap();
        assert_eq!(publication(whole), "2026-09-28T09:00:02+08:00".parse().unwrap());
    }
}
