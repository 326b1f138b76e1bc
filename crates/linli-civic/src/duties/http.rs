//! What is due, where help is needed, who met, who is away, whom to visit.

use std::collections::{BTreeSet, HashSet};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_db::StoreError;
use linli_kernel::calendar::beijing_midnight;
use linli_kernel::{
    AccountId, AreaCode, Cursor, GatheringKind, LeaveId, Page, Problem, ProblemCode, RecordId, Role, Timestamp,
};
use linli_playbook::DutyTarget;

use super::gathering::{self, Gathering, RecordGathering};
use super::roster::ListChange;
use super::store;
use super::view::{self, Gaps, LeaveView, Mine, SelfChecks};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::people::duty;
use crate::people::leave::{self, Leave};
use crate::people::view::UnitRef;
use crate::registry::{self, Kind};
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(my_duties))
        .routes(routes!(duty_gaps))
        .routes(routes!(self_checks))
        .routes(routes!(list_colleagues))
        .routes(routes!(list_gatherings, record_gathering))
        .routes(routes!(list_leaves, note_leave))
        .routes(routes!(end_leave))
        .routes(routes!(change_visit_list))
}

/// What is due for whoever asks, by when it is due; what is coming and what is done in this period too.
#[utoipa::path(get, path = "/api/duties/mine", tag = "duties", responses((status = 200, body = Mine)), extensions(("x-access" = json!("view_duties"))))]
async fn my_duties(State(app): State<App>, Signed(caller): Signed, lang: Lang) -> Answer<Json<Mine>> {
    let reader = app.clone();
    Ok(Json(app.db.read(move |conn| view::mine(conn, &reader, &caller, lang)).await?))
}

/// Narrows where help is looked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskGaps {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Everything that is not done in its period, not only what is over or due within two days.
    #[serde(default)]
    whole: bool,
}

/// Where help is needed: by place, what it lacks, who is away, where nobody works. Nobody is listed by what they did.
#[utoipa::path(get, path = "/api/duties/gaps", tag = "duties", params(AskGaps), responses((status = 200, body = Gaps)), extensions(("x-access" = json!("arrange_duties"))))]
async fn duty_gaps(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<AskGaps>,
) -> Answer<Json<Gaps>> {
    let areas = store::reached(&caller, Act::ArrangeDuties, ask.area.as_ref());
    let reader = app.clone();
    Ok(Json(app.db.read(move |conn| view::gaps(conn, &reader, &areas, ask.whole, lang)).await?))
}

/// Whether the work shows, from what was recorded: one's own with figures, those of one's own grids yes or no.
#[utoipa::path(get, path = "/api/duties/self-check", tag = "duties", responses((status = 200, body = SelfChecks)), extensions(("x-access" = json!("view_duties"))))]
async fn self_checks(State(app): State<App>, Signed(caller): Signed) -> Answer<Json<SelfChecks>> {
    let reader = app.clone();
    Ok(Json(app.db.read(move |conn| view::self_checks(conn, &reader, &caller)).await?))
}

// ── colleagues ───────────────────────────────────────────────────────────────────────────────────────

/// Somebody who can be put down as having been there, or into a roster.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct Colleague {
    /// Which account.
    #[schema(value_type = String)]
    id: AccountId,
    /// By name.
    name: String,
    /// What they are.
    role_name: String,
    /// Where.
    area: AreaRef,
}

/// Narrows the colleagues.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskColleagues {
    /// Around this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Those who work in the communities of the caller, in the order of places.
#[utoipa::path(get, path = "/api/duties/colleagues", tag = "duties", params(AskColleagues), responses((status = 200, body = [Colleague])), extensions(("x-access" = json!("view_duties"))))]
async fn list_colleagues(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<AskColleagues>,
) -> Answer<Json<Vec<Colleague>>> {
    let reached = store::reached(&caller, Act::ViewDuties, ask.area.as_ref());
    let community = |area: &AreaCode| area.at(linli_kernel::AreaLevel::Community.min(area.level()));
    let mut areas: Vec<AreaCode> = reached.iter().map(community).collect();
    areas.sort();
    areas.dedup();
    let roles = BTreeSet::from([Role::GridWorker, Role::GridHead, Role::CommunityClerk, Role::StreetDispatcher]);
    let (reader, now) = (app.clone(), app.now());
    let found = app.db.read(move |conn| {
        let posts = store::posts(conn, &areas, &roles, now)?;
        let accounts: HashSet<AccountId> = posts.iter().map(|post| post.account).collect();
        let names = duty::people(conn, &reader.vault, &accounts)?;
        let tree = reader.areas();
        let mut seen = HashSet::new();
        let mut colleagues: Vec<Colleague> = Vec::new();
        for post in posts.into_iter().filter(|post| seen.insert(post.account)) {
            colleagues.push(Colleague {
                id: post.account,
                name: names.get(&post.account).map(|person| person.name.clone()).unwrap_or_default(),
                role_name: lang.word("role", post.role.as_str()),
                area: tree.reference(&post.area),
            });
        }
        Ok::<_, Refused>(colleagues)
    });
    Ok(Json(found.await?))
}

// ── gatherings ───────────────────────────────────────────────────────────────────────────────────────

/// 会议、培训、接待的记录
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Gathering)]
pub struct GatheringView {
    /// Which.
    id: String,
    /// What for.
    kind: GatheringKind,
    /// In words.
    kind_name: String,
    /// Where.
    area: AreaRef,
    /// What it was about.
    title: String,
    /// Where, in words; empty after its retention.
    place_text: String,
    /// What was said; gone after its retention.
    note: Option<String>,
    /// Which units took part.
    units: Vec<UnitRef>,
    /// How many residents came.
    n_guests: u32,
    /// Who of the staff was there.
    attendees: Vec<String>,
    /// Who wrote it down.
    by_name: String,
    /// When it was.
    held_at: Timestamp,
    /// When it came here.
    received_at: Timestamp,
}

/// Units by name.
pub(super) fn units(app: &App, codes: &[String]) -> Vec<UnitRef> {
    let book = app.playbooks.current();
    let unit = |code: &String| UnitRef {
        code: code.clone(),
        name: book.unit(code).map_or_else(|| code.clone(), |unit| unit.name.clone()),
    };
    codes.iter().map(unit).collect()
}

fn gathering_views(
    conn: &mut linli_db::Conn,
    app: &App,
    found: Vec<Gathering>,
    lang: Lang,
) -> Result<Vec<GatheringView>, StoreError> {
    let accounts: HashSet<AccountId> =
        found.iter().flat_map(|one| one.attendees.iter().copied().chain([one.account])).collect();
    let names = duty::people(conn, &app.vault, &accounts)?;
    let name = |account: &AccountId| names.get(account).map(|person| person.name.clone()).unwrap_or_default();
    let tree = app.areas();
    let view = |one: Gathering| GatheringView {
        id: one.id.to_string(),
        kind: one.kind,
        kind_name: lang.word("gathering_kind", one.kind.as_str()),
        area: tree.reference(&one.area),
        units: units(app, &one.units),
        attendees: one.attendees.iter().map(name).collect(),
        by_name: name(&one.account),
        title: one.title,
        place_text: one.place_text,
        note: one.note,
        n_guests: one.n_guests,
        held_at: one.held_at,
        received_at: one.received_at,
    };
    Ok(found.into_iter().map(view).collect())
}

/// Writes a meeting, a training, a reception down, once for everybody who was there.
#[utoipa::path(post, path = "/api/gatherings", tag = "duties",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is written down once")),
    request_body = RecordGathering,
    responses((status = 201, body = GatheringView), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("record_visit"))))]
async fn record_gathering(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<RecordGathering>,
) -> Answer<(StatusCode, Json<GatheringView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"gathering", &request]);
    let ready = gathering::prepare(&app, &body, caller)?;
    let id = app.db.write(move |tx| gathering::record(tx, &ready, key.as_ref())).await?;
    let reader = app.clone();
    let view = app.db.read(move |conn| {
        let found = store::gathering(conn, id)?;
        Ok::<_, Refused>(gathering_views(conn, &reader, found.into_iter().collect(), lang)?.pop())
    });
    let view = view.await?.ok_or(ProblemCode::NotFound)?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListGatherings {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists meetings, trainings and receptions of the caller's areas, the last received first. Keyset pages.
#[utoipa::path(get, path = "/api/gatherings", tag = "duties", params(ListGatherings), responses((status = 200, body = inline(Page<GatheringView>))), extensions(("x-access" = json!("view_visits"))))]
async fn list_gatherings(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<ListGatherings>,
) -> Answer<Json<Page<GatheringView>>> {
    let cursor = Cursor::new(ask.cursor, ask.limit);
    let reader = app.clone();
    let page = app.db.read(move |conn| {
        let page = store::gatherings(conn, &caller, ask.area.as_ref(), &cursor)?;
        Ok::<_, Refused>(Page { items: gathering_views(conn, &reader, page.items, lang)?, next: page.next })
    });
    Ok(Json(page.await?))
}

// ── leaves ───────────────────────────────────────────────────────────────────────────────────────────

/// Somebody is away. Nobody asks why.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
struct NoteLeave {
    /// Who; the caller without it.
    #[serde(default)]
    account_id: Option<String>,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: String,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: String,
    /// Who stands in.
    #[serde(default)]
    stand_in_id: Option<String>,
}

fn day(text: &str, field: &str) -> Answer<jiff::civil::Date> {
    text.parse().map_err(|_| Problem::field(field, "bad_date").into())
}

fn account(text: Option<&str>, field: &str) -> Answer<Option<AccountId>> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| Problem::field(field, "unknown").into()))
        .transpose()
}

/// The areas of somebody's posts, and the role by which `caller` may speak for them; themselves always.
fn speaks_for(
    conn: &mut linli_db::Conn,
    caller: &Caller,
    account: AccountId,
    now: Timestamp,
) -> Answer<(Vec<super::due::Post>, Role)> {
    let roles: BTreeSet<Role> = Role::ALL.iter().copied().collect();
    let areas = store::reached(caller, Act::ArrangeDuties, None);
    if account == caller.account {
        let role = scope(caller, Act::ViewDuties).any_role().ok_or(ProblemCode::Forbidden)?;
        return Ok((view::posts_of(caller), role));
    }
    let mut posts = store::posts(conn, &areas, &roles, now)?;
    posts.retain(|post| post.account == account);
    let first = posts.first().ok_or(ProblemCode::NotFound)?;
    let role = scope(caller, Act::ArrangeDuties).reaches(&Keys::of_area(&first.area)).ok_or(ProblemCode::NotFound)?;
    Ok((posts, role))
}

/// Notes that somebody is away: themselves, or whoever arranges the duties of their area.
#[utoipa::path(post, path = "/api/leaves", tag = "duties", request_body = NoteLeave,
    responses((status = 201, body = LeaveView), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("view_duties"))))]
async fn note_leave(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<NoteLeave>,
) -> Answer<(StatusCode, Json<LeaveView>)> {
    let now = app.now();
    let who = account(body.account_id.as_deref(), "account_id")?.unwrap_or(caller.account);
    let stand_in = account(body.stand_in_id.as_deref(), "stand_in_id")?;
    let (from, to) = (day(&body.from, "from")?, day(&body.to, "to")?);
    let leave = Leave {
        id: LeaveId::new(app.ids.uuid(now)),
        account: who,
        stand_in,
        starts_at: beijing_midnight(from),
        ends_at: beijing_midnight(to.tomorrow().unwrap_or(to)),
        noted_by: caller.account,
        version: 0,
    };
    let writer = app.clone();
    let view = app.db.write(move |tx| {
        let (posts, role) = speaks_for(tx, &caller, who, now)?;
        let area = posts.first().map(|post| post.area).ok_or(ProblemCode::NotFound)?;
        if let Some(stand_in) = stand_in
            && !store::all_work_around(tx, &[stand_in], &area, now)?
        {
            return Err(Refused::from(Problem::field("stand_in_id", "unknown")));
        }
        let leave = tx.commit(leave.clone().note(caller.acting_as(role), now)?)?;
        Ok(view::leave_views(tx, &writer, vec![leave], &posts, true)?.pop())
    });
    let view = view.await?.ok_or(ProblemCode::Internal)?;
    app.posts.forget();
    Ok((StatusCode::CREATED, Json(view)))
}

/// Ends a leave: takes it back before it begins, or says that somebody is here again.
#[utoipa::path(post, path = "/api/leaves/{id}/end", tag = "duties", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("view_duties"))))]
async fn end_leave(State(app): State<App>, Signed(caller): Signed, Path(id): Path<LeaveId>) -> Answer<StatusCode> {
    let now = app.now();
    let done = app.db.write(move |tx| {
        let leave = leave::load_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
        let (_, role) = speaks_for(tx, &caller, leave.account, now)?;
        tx.commit(leave.end(caller.acting_as(role), now)?)?;
        Ok::<_, Refused>(())
    });
    done.await?;
    app.posts.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListLeaves {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Days ahead that the list of leaves shows. Unit: ms.
const AHEAD_MS: i64 = 92 * 24 * 3_600_000;

/// Lists who is away now or in the next three months: one's own leaves, and those of the areas that one arranges.
#[utoipa::path(get, path = "/api/leaves", tag = "duties", params(ListLeaves), responses((status = 200, body = [LeaveView])), extensions(("x-access" = json!("view_duties"))))]
async fn list_leaves(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(ask): Query<ListLeaves>,
) -> Answer<Json<Vec<LeaveView>>> {
    let areas = store::reached(&caller, Act::ArrangeDuties, ask.area.as_ref());
    let (reader, now) = (app.clone(), app.now());
    let found = app.db.read(move |conn| {
        let roles: BTreeSet<Role> = Role::ALL.iter().copied().collect();
        let mut posts = view::posts_of(&caller);
        if !areas.is_empty() {
            posts.extend(store::posts(conn, &areas, &roles, now)?);
        }
        let accounts = posts.iter().map(|post| post.account).collect();
        let leaves = leave::of(conn, &accounts, (now, now.plus_ms(AHEAD_MS)))?;
        Ok::<_, Refused>(view::leave_views(conn, &reader, leaves, &posts, true)?)
    });
    Ok(Json(found.await?))
}

// ── visiting lists ───────────────────────────────────────────────────────────────────────────────────

/// A dwelling that is put on a visiting list, or taken off it. Never why.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
struct ChangeVisitList {
    /// Which dwelling of the registry.
    record_id: String,
    /// Whether it is on the list from now on.
    on: bool,
}

/// Puts a dwelling on the visiting list of a duty, or takes it off.
#[utoipa::path(post, path = "/api/duties/{id}/list", tag = "duties", params(("id" = String, Path)), request_body = ChangeVisitList,
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("record_visit"))))]
async fn change_visit_list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Body(body): Body<ChangeVisitList>,
) -> Answer<StatusCode> {
    let book = app.playbooks.current();
    let is_list = book.duties.duty(&id).is_some_and(|duty| duty.target == DutyTarget::VisitList);
    if !is_list {
        return Err(ProblemCode::NotFound.into());
    }
    let record: RecordId = body.record_id.parse().map_err(|_| Problem::field("record_id", "unknown"))?;
    let (writer, now) = (app.clone(), app.now());
    let done = app.db.write(move |tx| {
        let dwelling =
            registry::store::load(tx, &writer.vault, Kind::Dwelling, record)?.ok_or(ProblemCode::NotFound)?;
        let actor = registry::command::may(&caller, Act::RecordVisit, &dwelling.area)?;
        let change =
            ListChange { duty: id.clone(), record, area: dwelling.area, is_on: body.on, by: caller.account, at: now };
        tx.commit(change.decide(actor))?;
        Ok::<_, Refused>(())
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
