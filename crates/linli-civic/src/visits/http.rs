//! Writing visits down and reading them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Caller;
use linli_db::StoreError;
use linli_kernel::{AreaCode, CaseId, Cursor, Page, ProblemCode, VisitId, VisitKind, VisitResult};

use super::command::{self, RecordVisit};
use super::store::{self, Wish};
use super::view::{self, VisitView};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_visits, record_visit))
        .routes(routes!(show_visit))
        .routes(routes!(withdraw_visit))
        .merge(super::problem_http::routes())
}

/// Writes a visit, a patrol, an inspection or a meeting down; a finding becomes a case at once.
#[utoipa::path(post, path = "/api/visits", tag = "visits",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is written down once")),
    request_body = RecordVisit,
    responses((status = 201, body = VisitView), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("record_visit"))))]
async fn record_visit(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<RecordVisit>,
) -> Answer<(StatusCode, Json<VisitView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"visit", &request]);
    let ready = command::prepare(&app, body, caller.clone()).await?;
    let (writer, db) = (app.clone(), app.db.clone());
    let id = db.write(move |tx| command::record(&writer, tx, &ready, key.as_ref())).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, id, caller, lang).await?)))
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListVisits {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Only of this kind.
    kind: Option<VisitKind>,
    /// Only with this result.
    result: Option<VisitResult>,
    /// Only those whose finding became this case, and those for which it was opened because they kept coming upon the same.
    case: Option<CaseId>,
    /// Only one's own.
    #[serde(default)]
    mine: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists records of the caller's areas, the last received first. Keyset pages.
#[utoipa::path(get, path = "/api/visits", tag = "visits", params(ListVisits), responses((status = 200, body = inline(Page<VisitView>))), extensions(("x-access" = json!("view_visits"))))]
async fn list_visits(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListVisits>,
) -> Answer<Json<Page<VisitView>>> {
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let wish =
        Wish { area: wish.area, kind: wish.kind, result: wish.result, case: wish.case, mine: wish.mine, since: None };
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let page = store::list(conn, &caller, &wish, &cursor)?;
        let names = view::names(conn, &app, &page.items)?;
        let items = page.items.into_iter().map(|visit| view::row(&app, visit, &names, &caller, lang));
        Ok::<_, Refused>(Page { items: items.collect(), next: page.next })
    });
    Ok(Json(page.await?))
}

/// Shows one record with its photos.
#[utoipa::path(get, path = "/api/visits/{id}", tag = "visits", params(("id" = VisitId, Path)),
    responses((status = 200, body = VisitView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_visits"))))]
async fn show_visit(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<VisitId>,
) -> Answer<Json<VisitView>> {
    Ok(Json(shown(&app, id, caller, lang).await?))
}

/// Takes back what the caller wrote down by mistake, on the same day. Not once something came of it: a case, or a problem that visits
/// keep coming upon.
#[utoipa::path(post, path = "/api/visits/{id}/withdraw", tag = "visits", params(("id" = VisitId, Path)),
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("record_visit"))))]
async fn withdraw_visit(State(app): State<App>, Signed(caller): Signed, Path(id): Path<VisitId>) -> Answer<StatusCode> {
    let now = app.now();
    app.db.write(move |tx| command::withdraw(tx, &caller, id, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(app: &App, id: VisitId, caller: Caller, lang: Lang) -> Answer<VisitView> {
    let (app, db) = (app.clone(), app.db.clone());
    db.read(move |conn| {
        let visit = store::load(conn, id)?.filter(|visit| visit.is_seen_by(&caller)).ok_or(ProblemCode::NotFound)?;
        Ok::<_, Refused>(view::whole(conn, &app, visit, &caller, lang)?)
    })
    .await
}
