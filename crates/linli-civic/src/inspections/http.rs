//! Writing inspections down and reading them; key premises; hazards.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::StoreError;
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AreaCode, Cursor, InspectionId, Page, ProblemCode, RecordId};
use linli_playbook::Checklist;

use super::command::{self, RecordInspection};
use super::model::Photos;
use super::store;
use super::view::{self, HazardView, InspectionView, PremisesView};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::registry;
use crate::registry::code::Coded;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_checklists))
        .routes(routes!(list_inspections, record_inspection))
        .routes(routes!(show_inspection))
        .routes(routes!(list_key_premises))
        .routes(routes!(give_premises_code))
        .routes(routes!(list_hazards))
}

/// The checklists of the playbook in use.
#[utoipa::path(get, path = "/api/checklists", tag = "inspections", responses((status = 200, body = [Checklist])), extensions(("x-access" = json!("view_visits"))))]
async fn list_checklists(State(app): State<App>, Signed(_caller): Signed) -> Json<Vec<Checklist>> {
    Json(app.playbooks.current().checklists.clone())
}

/// Writes an inspection down; each finding becomes a hazard at once.
#[utoipa::path(post, path = "/api/inspections", tag = "inspections",
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is written down once")),
    request_body = RecordInspection,
    responses((status = 201, body = InspectionView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("record_visit"))))]
async fn record_inspection(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<RecordInspection>,
) -> Answer<(StatusCode, Json<InspectionView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"inspection", &request]);
    let ready = command::prepare(&app, body, caller, Photos::Here).await?;
    let writer = app.clone();
    let id = app.db.write(move |tx| command::record(&writer, tx, &ready, key.as_ref())).await?;
    let reader = app.clone();
    let view = app.db.read(move |conn| {
        let found = store::load(conn, id)?;
        Ok::<_, Refused>(view::inspections(conn, &reader, found.into_iter().collect(), lang)?.pop())
    });
    Ok((StatusCode::CREATED, Json(view.await?.ok_or(ProblemCode::NotFound)?)))
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListInspections {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Only of these premises.
    #[param(value_type = Option<String>)]
    record: Option<RecordId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists inspections of the caller's areas, the last received first. Keyset pages.
#[utoipa::path(get, path = "/api/inspections", tag = "inspections", params(ListInspections), responses((status = 200, body = inline(Page<InspectionView>))), extensions(("x-access" = json!("view_visits"))))]
async fn list_inspections(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<ListInspections>,
) -> Answer<Json<Page<InspectionView>>> {
    let cursor = Cursor::new(ask.cursor, ask.limit);
    let reader = app.clone();
    let page = app.db.read(move |conn| {
        let page = store::list(conn, &caller, (ask.area.as_ref(), ask.record), &cursor)?;
        Ok::<_, Refused>(Page { items: view::inspections(conn, &reader, page.items, lang)?, next: page.next })
    });
    Ok(Json(page.await?))
}

/// Shows one inspection with every line.
#[utoipa::path(get, path = "/api/inspections/{id}", tag = "inspections", params(("id" = String, Path)),
    responses((status = 200, body = InspectionView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_visits"))))]
async fn show_inspection(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<InspectionId>,
) -> Answer<Json<InspectionView>> {
    let reader = app.clone();
    let view = app.db.read(move |conn| {
        let found = store::load(conn, id)?.filter(|one| one.is_seen_by(&caller)).ok_or(ProblemCode::NotFound)?;
        Ok::<_, Refused>(view::inspections(conn, &reader, vec![found], lang)?.pop())
    });
    Ok(Json(view.await?.ok_or(ProblemCode::NotFound)?))
}

/// Narrows premises and hazards.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskArea {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Key premises and how far their inspection is.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct KeyPremisesList {
    /// By place.
    items: Vec<PremisesView>,
    /// How many key premises there are.
    n_all: i64,
    /// How many of them were looked at this year.
    n_looked_at: i64,
    /// How many hazards were found this year.
    n_found: i64,
    /// How many were put right this year.
    n_put_right: i64,
}

/// Lists the key premises of the caller's areas, by place, with when they were looked at last and what is open.
#[utoipa::path(get, path = "/api/inspections/premises", tag = "inspections", params(AskArea), responses((status = 200, body = KeyPremisesList)), extensions(("x-access" = json!("view_visits"))))]
async fn list_key_premises(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<AskArea>,
) -> Answer<Json<KeyPremisesList>> {
    let areas = store::reached(&caller, ask.area.as_ref());
    let since = beijing_midnight(beijing_date(app.now()).first_of_year());
    let reader = app.clone();
    let list = app.db.read(move |conn| {
        let found = store::key_premises(conn, &areas)?;
        let [n_all, n_looked_at, n_found, n_put_right] = store::figures(conn, &areas, since)?;
        let items = found.into_iter().map(|looked| view::premises(&reader, looked, lang)).collect();
        Ok::<_, Refused>(KeyPremisesList { items, n_all, n_looked_at, n_found, n_put_right })
    });
    Ok(Json(list.await?))
}

/// The printed code of premises.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PremisesCodeView {
    /// What is printed; `/api/places/{code}/qr.svg` is its picture.
    code: String,
}

/// Gives premises a printed code, once; afterwards it is told again.
#[utoipa::path(post, path = "/api/inspections/premises/{id}/code", tag = "inspections", params(("id" = String, Path)),
    responses((status = 200, body = PremisesCodeView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("edit_registry"))))]
async fn give_premises_code(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<RecordId>,
) -> Answer<Json<PremisesCodeView>> {
    let code = registry::code::give(&app, caller, Coded::Premises, id).await?;
    Ok(Json(PremisesCodeView { code }))
}

/// Narrows the hazards.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListHazards {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Those that are put right too.
    #[serde(default)]
    all: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists hazards that inspections found in the caller's areas, the newest first. Keyset pages.
#[utoipa::path(get, path = "/api/hazards", tag = "inspections", params(ListHazards), responses((status = 200, body = inline(Page<HazardView>))), extensions(("x-access" = json!("view_visits"))))]
async fn list_hazards(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<ListHazards>,
) -> Answer<Json<Page<HazardView>>> {
    let cursor = Cursor::new(ask.cursor, ask.limit);
    let reader = app.clone();
    let page = app.db.read(move |conn| {
        let page = store::hazards(conn, &caller, (ask.area.as_ref(), !ask.all), &cursor)?;
        let mut items = Vec::new();
        for row in page.items {
            items.push(view::hazard(conn, &reader, row, lang)?);
        }
        Ok::<_, Refused>(Page { items, next: page.next })
    });
    Ok(Json(page.await?))
}
