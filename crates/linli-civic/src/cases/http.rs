//! What staff do with cases.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide, read_log, scope};
use linli_db::{Conn, StoreError, Tx, feed, idempotency};
use linli_kernel::{Action, Actor, AreaCode, EventId, Page, Problem, ProblemCode, Timestamp};

use super::act::{Given, photo_ids};
use super::list::{self, Asker, InboxBox, ListCases};
use super::model::Seat;
use super::reader::{Reader, Shown};
use super::routing::Ground;
use super::row::CaseRow;
use super::store::{self, Named};
use super::view::CaseView;
use super::{Case, Doer, World};
use crate::app::App;
use crate::areas::tree::{AreaRef, AreaTree};
use crate::files;
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
        list::count_boxes(conn, &asker, wish.area.as_ref(), lang).map_err(Refused::from)
    });
    Ok(Json(Inbox { boxes: boxes.await? }))
}

/// Lists cases that the caller may see: a box of the inbox, a search, or all that is open. Keyset pages.
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

/// Who gives a command.
#[derive(Clone)]
pub enum Who {
    /// Someone signed in.
    Staff(Caller),
    /// Whoever holds the public code.
    Reporter {
        /// The account that is signed in beside it, if one is.
        signed_in: Option<Caller>,
    },
    /// Another system, for the reporter whose case it handed over.
    Partner {
        /// Its id.
        id: String,
        /// What people call it.
        name: String,
    },
}

/// An action that somebody wants taken.
#[derive(Clone)]
pub struct Command {
    /// On which case.
    pub named: Named,
    /// What.
    pub verb: Action,
    /// The version that they saw.
    pub version: u32,
    /// What they filled in.
    pub fields: Map<String, Value>,
    /// Sent twice, it acts once.
    pub key: Option<idempotency::Key>,
    /// Who they are.
    pub who: Who,
}

/// Runs a command: load and access, the pure decision, the commit; all in one transaction.
///
/// # Errors
/// `NotFound` for a case that they may not know of; `VersionConflict` with who did what; what the decision refuses.
pub async fn run(app: &App, command: Command) -> Answer<()> {
    let app = app.clone();
    app.clone().db.write(move |tx| run_in(&app, tx, &command)).await
}

/// [`run`] in a transaction that may hold other work too.
///
/// # Errors
/// As [`run`].
pub fn run_in(app: &App, tx: &mut Tx<'_>, command: &Command) -> Answer<()> {
    let now = app.now();
    if let Some(key) = &command.key {
        match idempotency::look_up::<u32>(tx, key)? {
            idempotency::Known::Done(_) => return Ok(()),
            idempotency::Known::Reused => return Err(ProblemCode::KeyReused.into()),
            idempotency::Known::New => {}
        }
    }
    let case = store::load_for_change(tx, &command.named)?.ok_or(ProblemCode::NotFound)?;
    // Again, now that nobody else can be at it: the same command may have been done while this one waited for the row.
    if let Some(key) = &command.key
        && matches!(idempotency::look_up::<u32>(tx, key)?, idempotency::Known::Done(_))
    {
        return Ok(());
    }
    let doer = doer(&case, &command.who)?;
    // A comment changes nothing that anyone decided on: it neither conflicts nor makes another's decision stale.
    if case.version != command.version && command.verb != Action::Comment && decided_at(tx, &case)? > command.version {
        return Err(match command.who {
            Who::Staff(_) => conflict(app, tx, &case)?.into(),
            // Who did what inside the office is not for the resident.
            Who::Reporter { .. } | Who::Partner { .. } => ProblemCode::VersionConflict.into(),
        });
    }
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let mut staffed = Staffed::above(tx, &case.area, now)?;
    if let Some(seat) = super::act::chosen_seat(&book, &case, command.verb, &command.fields) {
        staffed = staffed.and(Staffed::above(tx, &seat.area, now)?);
    }
    let areas = app.areas();
    let world = World {
        book: &book,
        calendar: &app.calendar,
        staffed: &|seat: &Seat| staffed.has(&seat.key()),
        exists: &|area: &AreaCode| areas.get(area).is_some(),
        ids: &app.ids,
        at: now,
    };
    let before = case.version;
    let photos = case
        .offers(&book, &doer.standing, now)
        .iter()
        .find(|def| def.verb == command.verb)
        .map(|def| photo_ids(def, &command.fields))
        .unwrap_or_default();
    let id = case.id;
    let change = case.act(command.verb, &Given { fields: command.fields.clone(), breached: None }, &doer, &world)?;
    let nth = change.events().iter().position(|event| event.kind == command.verb.event()).unwrap_or(0);
    let case = tx.commit(change)?;
    let event_n = before + u32::try_from(nth).unwrap_or(0) + 1;
    files::attach::<Refused>(tx, &photos, id, event_n, doer.actor.account())?;
    if let Some(key) = &command.key {
        idempotency::remember(tx, key, &case.version, now)?;
    }
    Ok(())
}

fn doer(case: &Case, who: &Who) -> Answer<Doer> {
    match who {
        // Whoever works on a case does not judge it by its public code.
        Who::Reporter { signed_in: Some(caller) } if scope(caller, Act::WorkOnCase).reaches(&case.keys()).is_some() => {
            Err(ProblemCode::OwnWork.into())
        }
        Who::Reporter { .. } => Ok(Doer { actor: Actor::Reporter, standing: linli_playbook::Standing::reporter() }),
        Who::Partner { id, name } => Ok(Doer {
            actor: Actor::Partner { id: id.clone(), name: name.clone() },
            standing: linli_playbook::Standing::reporter(),
        }),
        Who::Staff(caller) => match decide(caller, Act::WorkOnCase, &case.keys()) {
            Decision::Allowed(role) => Ok(Doer { actor: caller.acting_as(role), standing: case.standing(caller) }),
            Decision::Forbidden => Err(ProblemCode::Forbidden.into()),
            Decision::Hidden => Err(ProblemCode::NotFound.into()),
        },
    }
}

/// The version at which the case was last changed by more than a comment.
fn decided_at(conn: &mut Conn, case: &Case) -> Result<u32, StoreError> {
    let sql = "SELECT COALESCE(MAX(n), 0) AS n FROM event WHERE stream_kind = 'case' AND stream_id = $1 AND kind <> 'commented'";
    let n = conn.number(sql, &linli_db::params![case.id])?;
    Ok(u32::try_from(n).unwrap_or(case.version))
}

/// Who did what meanwhile.
fn conflict(app: &App, conn: &mut Conn, case: &Case) -> Result<Problem, StoreError> {
    let history = feed::history(conn, "case", &case.id.to_string())?;
    let Some((event, _)) = history.last() else { return Ok(Problem::new(ProblemCode::VersionConflict)) };
    let who = match event.actor_id.as_deref().and_then(|id| id.parse().ok()) {
        Some(id) => duty::people(conn, &app.vault, &std::collections::HashSet::from([id]))?
            .remove(&id)
            .map(|person| person.name),
        None => Some(Lang::ZhCn.text(&format!("actor.{}", event.actor_kind))),
    };
    let flow_name = Lang::ZhCn.word("event_short", &event.kind);
    let when = event.at.plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let when = format!("{:02}:{:02}", when.hour(), when.minute());
    Ok(Problem::new(ProblemCode::VersionConflict)
        .with("who", who.unwrap_or_default())
        .with("what", flow_name)
        .with("when", when))
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
        suggest(conn, &case, &book, &areas, &reader, now)
    });
    Ok(Json(Seats { items: items.await? }))
}

fn suggest(
    conn: &mut Conn,
    case: &Case,
    book: &linli_playbook::Playbook,
    areas: &Arc<AreaTree>,
    reader: &Reader<'_>,
    now: Timestamp,
) -> Answer<Vec<SeatSuggestion>> {
    let staffed = Staffed::above(conn, &case.area, now)?;
    let has = |seat: &Seat| staffed.has(&seat.key());
    let ground = Ground { book, staffed: &has };
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
