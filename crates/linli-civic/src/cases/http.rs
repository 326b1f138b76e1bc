//! What staff do with cases.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide, read_log};
use linli_db::{Conn, StoreError};
use linli_kernel::{Action, AreaCode, EventId, Page, ProblemCode, Timestamp};

use super::Case;
use super::command::{Command, Who, run};
use super::count::{InboxBox, count_boxes};
use super::list::{self, Asker, ListCases};
use super::model::Seat;
use super::reader::{Reader, Shown};
use super::routing::Ground;
use super::row::CaseRow;
use super::store::{self, Named};
use super::view::CaseView;
use crate::app::App;
use crate::areas::tree::{AreaRef, AreaTree};
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::people::view::{Contact, UnitRef};
use crate::people::{Staffed, duty};
use crate::say::Lang;

/// The field that seals a reporter's phone.
pub const PHONE_FIELD: &str = "cases.reporter_phone";
/// The field that seals a reporter's name.
pub const NAME_FIELD: &str = "cases.reporter_name";

/// The routes of staff.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_inbox))
        .routes(routes!(list_cases))
        .routes(routes!(show_case))
        .routes(routes!(act_on_case))
        .routes(routes!(list_seats))
        .routes(routes!(read_contact))
        .merge(super::contact::routes())
        .merge(super::unattended::routes())
}

/// The boxes of the inbox.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Inbox {
    /// In the order of the page.
    boxes: Vec<InboxBox>,
}

/// Narrows the inbox.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowInbox {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Counts what the caller must do now, box by box.
#[utoipa::path(get, path = "/api/inbox", tag = "cases", params(ShowInbox), responses((status = 200, body = Inbox)), extensions(("x-access" = json!("view_case"))))]
async fn show_inbox(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ShowInbox>,
) -> Answer<Json<Inbox>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let boxes = app.db.read(move |conn| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        count_boxes(conn, &asker, wish.area.as_ref(), lang).map_err(Refused::from)
    });
    Ok(Json(Inbox { boxes: boxes.await? }))
}

/// Lists cases that the caller may see: a box of the inbox, or all that is open. Keyset pages.
#[utoipa::path(get, path = "/api/cases", tag = "cases", params(ListCases), responses((status = 200, body = inline(Page<CaseRow>))), extensions(("x-access" = json!("view_case"))))]
async fn list_cases(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListCases>,
) -> Answer<Json<Page<CaseRow>>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        list::list(conn, &asker, &wish, &reader).map_err(Refused::from)
    });
    Ok(Json(page.await?))
}

/// Shows a case, by its id or its public code, with everything that the caller may do now.
#[utoipa::path(get, path = "/api/cases/{id}", tag = "cases", params(("id" = String, Path, description = "Id or public code")),
    responses((status = 200, body = CaseView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn show_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
) -> Answer<Json<CaseView>> {
    Ok(Json(view(&app, named, caller, lang).await?))
}

/// An action on a case.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActOnCase {
    /// The version that the caller saw.
    pub version: u32,
    /// The fields of the action's form.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Value>)]
    pub fields: Map<String, Value>,
}

/// Takes one of the actions that the case offered. A version that is no longer the present one is a
/// conflict (409 `version_conflict`), answered with who did what meanwhile and the present state.
#[utoipa::path(post, path = "/api/cases/{id}/actions/{verb}", tag = "cases",
    params(("id" = String, Path, description = "Id or public code"), ("verb" = Action, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the action is taken once")),
    request_body = ActOnCase,
    responses((status = 200, body = CaseView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("work_on_case"))))]
async fn act_on_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    axum::extract::Path((id, verb)): axum::extract::Path<(String, String)>,
    key: CommandKey,
    Body(body): Body<ActOnCase>,
) -> Answer<Json<CaseView>> {
    let named: Named = id.parse().map_err(|()| ProblemCode::NotFound)?;
    let verb: Action = verb.parse().map_err(|_| ProblemCode::NotFound)?;
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[id.as_bytes(), verb.as_str().as_bytes(), &request]);
    let command = Command {
        named: named.clone(),
        verb,
        version: body.version,
        fields: body.fields,
        key,
        who: Who::Staff(caller.clone()),
    };
    match run(&app, command).await {
        Ok(()) => Ok(Json(view(&app, named, caller, lang).await?)),
        Err(Refused::Problem(mut problem))
            if matches!(problem.code, ProblemCode::VersionConflict | ProblemCode::NotNow) =>
        {
            let present = view(&app, named, caller, lang).await?;
            problem.current = serde_json::to_value(present).ok();
            Err(Refused::Problem(problem))
        }
        Err(refused) => Err(refused),
    }
}

/// Reads a case and shows it to `caller`.
///
/// # Errors
/// `NotFound` when it does not exist or they may not see it.
pub async fn view(app: &App, named: Named, caller: Caller, lang: Lang) -> Answer<CaseView> {
    let (app, now) = (app.clone(), app.now());
    app.clone()
        .db
        .read(move |conn| {
            let case = seen(conn, &named, &caller)?;
            let areas = app.areas();
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
            let current = app.playbooks.current();
            let asker = Asker { caller: &caller, book: &current, areas: &areas, now };
            // What binds a person's cases together is for those who may call them.
            let may_call = matches!(decide(&caller, Act::ReadContact, &case.keys()), Decision::Allowed(_));
            let earlier = match case.reporter.phone_index.as_ref().filter(|_| may_call) {
                Some(index) => list::earlier(conn, &asker, index, case.id, &reader)?,
                None => Vec::new(),
            };
            let shown = Shown::read(conn, &app.vault, case, book, now)?;
            Ok(reader.staff(&shown, &caller, may_call, earlier))
        })
        .await
}

fn seen(conn: &mut Conn, named: &Named, caller: &Caller) -> Answer<Case> {
    let case = store::load(conn, named)?.ok_or(ProblemCode::NotFound)?;
    match decide(caller, Act::ViewCase, &case.keys()) {
        Decision::Allowed(_) => Ok(case),
        Decision::Forbidden | Decision::Hidden => Err(ProblemCode::NotFound.into()),
    }
}

/// A seat that a case could be dispatched to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SeatSuggestion {
    /// The area.
    area: AreaRef,
    /// The unit.
    unit: Option<UnitRef>,
    /// In words.
    seat_name: String,
    /// Who answers there.
    people: Vec<Contact>,
    /// Why it is suggested, or what it answers for.
    why: String,
    /// Whether the responsibility list names it.
    suggested: bool,
    /// Open cases at this seat now: load to be shared fairly, not a score.
    open_cases: i64,
    /// Why it cannot be chosen, if it cannot.
    blocked: Option<String>,
}

/// Seats to choose from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Seats {
    /// The suggested ones first.
    items: Vec<SeatSuggestion>,
}

/// Lists the seats that a case could be dispatched or handed on to: who the responsibility list names at each level of the
/// place, the neighbouring grids and communities, and the units; with reasons, and with what may not be chosen.
#[utoipa::path(get, path = "/api/cases/{id}/seats", tag = "cases", params(("id" = String, Path)), responses((status = 200, body = Seats), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn list_seats(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
) -> Answer<Json<Seats>> {
    let now = app.now();
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let case = seen(conn, &named, &caller)?;
        let areas = app.areas();
        let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        suggest(&app, conn, &case, &book, &areas, &reader, now)
    });
    Ok(Json(Seats { items: items.await? }))
}

fn suggest(
    app: &App,
    conn: &mut Conn,
    case: &Case,
    book: &linli_playbook::Playbook,
    areas: &Arc<AreaTree>,
    reader: &Reader<'_>,
    now: Timestamp,
) -> Answer<Vec<SeatSuggestion>> {
    let staffed = Staffed::above(conn, &case.area, now)?;
    let has = |seat: &Seat| staffed.has(&seat.key());
    let amended = app.amended();
    let ground = Ground { book, staffed: &has, amended: &amended };
    let mut seats: Vec<(Seat, bool, String)> = Vec::new();
    let mut add = |seat: Seat, suggested: bool, why: String| {
        if seats.iter().all(|(known, _, _)| *known != seat) && areas.get(&seat.area).is_some() {
            seats.push((seat, suggested, why));
        }
    };
    for level in book.levels.iter().rev().filter(|level| **level <= case.area.level()) {
        let (seat, why) = ground.host(&case.area, case.category.as_deref(), *level);
        let why = why.map(|why| reader.why(&why)).unwrap_or_default();
        let listed = seat != case.seat;
        add(seat, listed, why);
        add(Seat::of(case.area.at(*level)), false, String::new());
    }
    for unit in &book.units {
        if let Some(seat) = ground.unit_seat(&case.area, &unit.code) {
            add(seat, false, unit.duties.clone().unwrap_or_default());
        }
    }
    if let Some(parent) = case.area.parent() {
        for code in areas.children(&parent) {
            add(Seat::of(*code), false, String::new());
        }
    }
    let all: Vec<AreaCode> = seats.iter().map(|(seat, _, _)| seat.area).collect();
    let on_duty = duty::on_duty(conn, reader.vault, &all, now)?;
    let keys: Vec<String> = seats.iter().map(|(seat, _, _)| seat.key()).collect();
    let loads = open_at(conn, &keys)?;
    let view = |(seat, suggested, why): (Seat, bool, String)| {
        let people: Vec<Contact> = on_duty
            .iter()
            .filter(|duty| duty.area == seat.area && duty.unit == seat.unit)
            .take(5)
            .map(|duty| reader.contact(&duty.person, duty.role))
            .collect();
        let blocked = if !book.may_sit_at(case.category.as_deref(), seat.level()) {
            Some(reader.lang.text("seat.blocked"))
        } else if people.is_empty() {
            Some(reader.lang.text("seat.nobody"))
        } else if seat == case.seat {
            Some(reader.lang.text("seat.present"))
        } else {
            None
        };
        SeatSuggestion {
            area: areas.reference(&seat.area),
            unit: reader.unit(book, &seat),
            seat_name: reader.seat_name(book, &seat),
            people,
            why,
            suggested: suggested && blocked.is_none(),
            open_cases: loads.iter().find(|(key, _)| *key == seat.key()).map_or(0, |(_, n)| *n),
            blocked,
        }
    };
    let mut items: Vec<SeatSuggestion> = seats.into_iter().map(view).collect();
    items.sort_by_key(|seat| (!seat.suggested, seat.blocked.is_some()));
    Ok(items)
}

fn open_at(conn: &mut Conn, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let values: Vec<_> = keys.iter().map(linli_db::Bind::val).collect();
    let sql = format!(
        "SELECT seat_key, COUNT(*) AS n FROM cases WHERE phase IN ('open', 'waiting') AND seat_key IN ({}) GROUP BY seat_key",
        linli_db::placeholders(1, keys.len())
    );
    conn.all(&sql, &values, |row| Ok((row.get("seat_key")?, row.get("n")?)))
}

/// Why a reporter's contact is wanted.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadContact {
    /// In the reader's own words, 2 to 200 characters.
    #[schema(example = "联系反映人了解灯杆位置")]
    purpose: String,
}

/// A reporter's contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReporterContact {
    /// The phone number.
    phone: Option<String>,
    /// The name, if given.
    name: Option<String>,
}

/// Shows the reporter's contact. The look is recorded with its purpose, in the same transaction that reads.
#[utoipa::path(post, path = "/api/cases/{id}/contact", tag = "cases", params(("id" = String, Path)), request_body = ReadContact,
    responses((status = 200, body = ReporterContact), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("read_contact"))))]
async fn read_contact(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    Body(body): Body<ReadContact>,
) -> Answer<Json<ReporterContact>> {
    let purpose = super::contact::purpose(&body.purpose)?;
    let now = app.now();
    let db = app.db.clone();
    let contact = db.write(move |tx| {
        let case = store::load(tx, &named)?.ok_or(ProblemCode::NotFound)?;
        let role = match decide(&caller, Act::ReadContact, &case.keys()) {
            Decision::Allowed(role) => role,
            Decision::Forbidden => return Err(ProblemCode::Forbidden.into()),
            Decision::Hidden => return Err(Refused::from(ProblemCode::NotFound)),
        };
        let phone =
            case.reporter.phone_sealed.as_deref().and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok());
        let name = case.reporter.name_sealed.as_deref().and_then(|sealed| app.vault.open_name(NAME_FIELD, sealed).ok());
        let look = read_log::Read {
            id: EventId::new(app.ids.uuid(now)),
            at: now,
            account: caller.account,
            role,
            subject_kind: "case".to_owned(),
            subject_id: case.id.to_string(),
            field: "contact".to_owned(),
            purpose: purpose.clone(),
        };
        read_log::record(tx, &look)?;
        Ok(ReporterContact {
            phone: phone.map(|phone| phone.reveal().to_owned()),
            name: name.map(|name| name.reveal().to_owned()),
        })
    });
    Ok(Json(contact.await?))
}
