//! Care on the desk: who is due for a visit, what needs a look again, and the commands of those who keep it.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_kernel::{AreaCode, CareId, ProblemCode, Timestamp, VisitId};
use linli_playbook::CareRules;

use super::command::{self, CareAct, EnterCare, Outcome};
use super::due::Due;
use super::store;
use super::view::{self, CarePage, CareRow};
use super::visit::{self, CareVisit};
use super::words::{State, Whose};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_care_rules))
        .routes(routes!(list_care, enter_care))
        .routes(routes!(show_care))
        .routes(routes!(act_on_care))
        .routes(routes!(record_care_visit))
        .routes(routes!(give_care_code))
}

/// Entries that one answer reads at most: a whole community, several times over.
const MOST: i64 = 5_000;
/// Entries read at once.
const AT_ONCE: i64 = 200;

/// Shows which categories, plans and services of care there are here: the playbook's rules, nothing of anybody.
#[utoipa::path(get, path = "/api/care/rules", tag = "care", responses((status = 200, body = CareRules)), extensions(("x-access" = json!("view_care"))))]
async fn show_care_rules(Shared(app): Shared<App>) -> Json<CareRules> {
    Json(app.playbooks.current().care.clone())
}

/// What of the list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CareShow)]
pub enum Show {
    /// Visits that are due or due soon.
    Due,
    /// Reviews and ends within a month, and questions of people.
    Review,
    /// Services to be arranged or given.
    Services,
    /// Where visits stand still.
    Still,
    /// Everything.
    All,
}

/// Narrows the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCare {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// What is wanted; `due` without it.
    #[param(inline)]
    show: Option<Show>,
}

/// Entries with how many there are of each sort.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareList)]
pub struct CareList {
    /// What is nearest first.
    items: Vec<CareRow>,
    /// Visits that are due or due soon.
    n_due: usize,
    /// Reviews and ends within a month, and questions of people.
    n_review: usize,
    /// Services to be arranged or given.
    n_services: usize,
    /// Where visits stand still.
    n_still: usize,
    /// All of them.
    n_all: usize,
    /// Whether nothing was left out: one answer looks at 5,000 entries, and a wider place may have more.
    is_whole: bool,
}

fn shows(row: &CareRow, show: Show) -> bool {
    match show {
        Show::Due => matches!(row.due, Some(Due::Now | Due::Soon)),
        Show::Review => row.review_due || row.n_asked > 0,
        Show::Services => matches!(row.service_due, Some(Due::Now | Due::Soon)),
        Show::Still => matches!(row.state, Some(State::Muted | State::Objected)),
        Show::All => true,
    }
}

/// Lists people in care of whom the caller may know: that a visit is due, where and for whom; never why.
#[utoipa::path(get, path = "/api/care", tag = "care", params(ListCare), responses((status = 200, body = CareList)), extensions(("x-access" = json!("view_care"))))]
async fn list_care(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Query(wish): Query<ListCare>,
) -> Answer<Json<CareList>> {
    let db = app.db.clone();
    let rows = db.read(move |conn| {
        let now = app.now();
        let (mut rows, mut after, mut n_read) = (Vec::new(), None, 0);
        loop {
            let place = (wish.area.as_ref(), now);
            let entries = store::within(conn, &app.vault, &caller, place, (after.as_deref(), AT_ONCE))?;
            rows.extend(view::rows(conn, &app, &caller, &entries, now)?);
            n_read += AT_ONCE;
            after = entries.last().map(|entry| entry.id.to_string());
            let is_last = i64::try_from(entries.len()).unwrap_or_default() < AT_ONCE;
            if is_last || n_read >= MOST {
                return Ok::<_, Refused>((rows, is_last));
            }
        }
    });
    let (mut rows, is_whole) = rows.await?;
    let n = |show| rows.iter().filter(|row| shows(row, show)).count();
    let (n_due, n_review, n_services) = (n(Show::Due), n(Show::Review), n(Show::Services));
    let (n_still, n_all) = (n(Show::Still), rows.len());
    let show = wish.show.unwrap_or(Show::Due);
    rows.retain(|row| shows(row, show));
    let far = Timestamp::from_ms(i64::MAX);
    match show {
        Show::Review => rows.sort_by_key(|row| (row.n_asked == 0, row.review_at.unwrap_or(far), row.id.clone())),
        Show::Services => rows.sort_by_key(|row| (row.service_due, row.area.code, row.address.clone(), row.id.clone())),
        Show::Due | Show::Still | Show::All => {
            rows.sort_by_key(|row| {
                (row.visit_due_at.unwrap_or(far), row.area.code, row.address.clone(), row.id.clone())
            });
        }
    }
    Ok(Json(CareList { items: rows, n_due, n_review, n_services, n_still, n_all, is_whole }))
}

/// Enters somebody into care: on a basis, with a plan, until a day.
#[utoipa::path(post, path = "/api/care", tag = "care", request_body = EnterCare,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the entry is made once")),
    responses((status = 201, body = Outcome), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_care"))))]
async fn enter_care(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    key: CommandKey,
    Body(body): Body<EnterCare>,
) -> Answer<(StatusCode, Json<Outcome>)> {
    let request = serde_json::to_vec(&body).map_err(|_| ProblemCode::Internal)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"care", &request]);
    Ok((StatusCode::CREATED, Json(command::enter(&app, caller, body, key).await?)))
}

/// Shows an entry: when a visit is due, and to whoever keeps it who is paired and what was done. Never why.
#[utoipa::path(get, path = "/api/care/{id}", tag = "care", params(("id" = String, Path)),
    responses((status = 200, body = CarePage), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_care"))))]
async fn show_care(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<CareId>,
) -> Answer<Json<CarePage>> {
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let (entry, _) = command::seen(&app, conn, &caller, id)?;
        view::page(conn, &app, &caller, &entry, lang)?.ok_or_else(|| Refused::from(ProblemCode::NotFound))
    });
    Ok(Json(page.await?))
}

/// Plans, extends at a review, pairs, mutes, notes an objection, ends.
#[utoipa::path(post, path = "/api/care/{id}/acts", tag = "care", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is done once")), request_body = CareAct,
    responses((status = 200, body = Outcome), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_care"))))]
async fn act_on_care(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    key: CommandKey,
    Path(id): Path<CareId>,
    Body(body): Body<CareAct>,
) -> Answer<Json<Outcome>> {
    let request = serde_json::to_vec(&body).map_err(|_| ProblemCode::Internal)?;
    let key = key.of(&key_scope(Some(&caller)), &[id.to_string().as_bytes(), &request]);
    command::act(&app, caller, id, body, key).await.map(Json)
}

/// A visit that was written down.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareVisited)]
pub struct Visited {
    /// The record of the visit; none of a call.
    #[schema(value_type = Option<String>)]
    visit: Option<VisitId>,
    /// The entry's version now.
    version: i64,
}

/// Writes a visit to somebody in care down: an ordinary record of a visit to that home. Whoever asks not to be visited any more is
/// heard at once.
#[utoipa::path(post, path = "/api/care/{id}/visits", tag = "care", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is written down once")), request_body = CareVisit,
    responses((status = 201, body = Visited), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_care"))))]
async fn record_care_visit(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    key: CommandKey,
    Path(id): Path<CareId>,
    Body(body): Body<CareVisit>,
) -> Answer<(StatusCode, Json<Visited>)> {
    let request = serde_json::to_vec(&body).map_err(|_| ProblemCode::Internal)?;
    let key = key.of(&key_scope(Some(&caller)), &[id.to_string().as_bytes(), &request]);
    let ready = visit::prepare(&app, caller, id, body).await?;
    let db = app.db.clone();
    let (visit, version) = db.write(move |tx| visit::record(&app, tx, &ready, key.as_ref())).await?;
    Ok((StatusCode::CREATED, Json(Visited { visit, version })))
}

/// Who stands at the counter.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = GiveCareCode)]
pub struct GiveCode {
    /// Whose identity was checked. Nothing of the document is kept.
    checked: Whose,
}

/// A code to be handed over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareCode)]
pub struct Code {
    /// The code. It opens this one entry, once.
    code: String,
    /// Until when it can be used.
    expires_at: Timestamp,
    /// Where it is used.
    url: String,
}

/// Gives the person, or the guardian, a code by which they see what is held and who looked. Only after their identity was checked at the
/// counter; another code takes the place of the one before.
#[utoipa::path(post, path = "/api/care/{id}/code", tag = "care", params(("id" = String, Path)), request_body = GiveCode,
    responses((status = 201, body = Code), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_care"))))]
async fn give_care_code(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<CareId>,
    Body(body): Body<GiveCode>,
) -> Answer<(StatusCode, Json<Code>)> {
    let (code, expires_at) = command::give_code(&app, caller, id, body.checked).await?;
    let url = format!("{}/care", app.site.public_url.trim_end_matches('/'));
    Ok((StatusCode::CREATED, Json(Code { code, expires_at, url })))
}
