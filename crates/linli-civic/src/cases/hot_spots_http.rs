//! 未诉先办, over HTTP: what waits for a person, and what the person decides.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_db::Conn;
use linli_kernel::{AreaCode, CaseId, HotSpotId, Page, ProblemCode, StreamKind, Timestamp, Weight};

use super::hot_spots::{self, HotSpot, HotSpotState, Standing};
use super::model::Why;
use super::proactive::{self, Decision, Matter};
use super::reader::Reader;
use super::row::{CaseRow, rows};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::say::Lang;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_hot_spots))
        .routes(routes!(show_hot_spot))
        .routes(routes!(open_hot_spot))
        .routes(routes!(dismiss_hot_spot))
}

/// A place from which the same kind of matter keeps coming.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotSpot)]
pub struct HotSpotView {
    /// Its id.
    id: HotSpotId,
    /// Where.
    area: AreaRef,
    /// The category's code.
    category: String,
    /// What kind.
    category_name: String,
    /// How it stands.
    state: HotSpotState,
    /// How many.
    n_cases: i64,
    /// Within so many days.
    days: u32,
    /// When the first one was said.
    first_at: Timestamp,
    /// When the last one was said.
    last_at: Timestamp,
    /// What was decided, once it was.
    decision: Option<HotSpotDecision>,
    /// Whether the reader may decide.
    may_decide: bool,
}

/// What a person decided.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotSpotDecision {
    /// When.
    at: Timestamp,
    /// Who.
    by: Option<String>,
    /// The case that was opened.
    case_id: Option<CaseId>,
    /// Why nothing follows.
    reason: Option<String>,
}

/// Hot spots of the caller's areas.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotSpots {
    /// The newest first, 200 at most.
    items: Vec<HotSpotView>,
}

/// Which are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListHotSpots {
    /// Those that wait for a person, without it.
    #[serde(default)]
    #[param(inline)]
    state: Standing,
}

/// Lists the places of the caller's areas from which the same kind of matter keeps coming.
#[utoipa::path(get, path = "/api/hot-spots", tag = "cases", params(ListHotSpots), responses((status = 200, body = HotSpots)), extensions(("x-access" = json!("view_case"))))]
async fn list_hot_spots(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListHotSpots>,
) -> Answer<Json<HotSpots>> {
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let codes: Vec<AreaCode> = scope(&caller, Act::ViewCase).keys().filter_map(|key| key.parse().ok()).collect();
        let found = hot_spots::within(conn, &codes, wish.state)?;
        views(&app, conn, &caller, found, lang)
    });
    Ok(Json(HotSpots { items: items.await? }))
}

fn views(
    app: &App,
    conn: &mut Conn,
    caller: &Caller,
    spots: Vec<HotSpot>,
    lang: Lang,
) -> Result<Vec<HotSpotView>, Refused> {
    let of = spots.iter().filter(|spot| spot.state != HotSpotState::Open).map(|spot| spot.id.to_string());
    let of: Vec<String> = of.collect();
    let mut decided = proactive::decisions(app, conn, (StreamKind::HotSpot, &of), lang)?;
    Ok(spots
        .into_iter()
        .map(|spot| {
            let own = decided.remove(&spot.id.to_string());
            view(app, caller, spot, own)
        })
        .collect())
}

fn view(app: &App, caller: &Caller, spot: HotSpot, decided: Option<proactive::Decision>) -> HotSpotView {
    let book = app.playbooks.current();
    let category = book.category(&spot.category);
    let case_id = spot.case;
    HotSpotView {
        id: spot.id,
        area: app.areas().reference(&spot.area),
        category_name: category.map_or_else(|| spot.category.clone(), |category| category.name.clone()),
        state: spot.state,
        n_cases: spot.n_cases,
        days: book.settings.hot_spot_days,
        first_at: spot.first_at,
        last_at: spot.last_at,
        decision: decided.map(|Decision { at, by, reason }| HotSpotDecision { at, by: Some(by), case_id, reason }),
        may_decide: spot.state == HotSpotState::Open && may_decide(caller, &spot.area),
        category: spot.category,
    }
}

/// A hot spot with the cases behind it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotSpotDetail {
    /// What lists show of it.
    #[serde(flatten)]
    spot: HotSpotView,
    /// The cases behind it that the reader may see, the newest first.
    cases: Vec<CaseRow>,
    /// What a case to open could say.
    draft: String,
}

/// Shows a hot spot with the cases that made it.
#[utoipa::path(get, path = "/api/hot-spots/{id}", tag = "cases", params(("id" = String, Path)), responses((status = 200, body = HotSpotDetail), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn show_hot_spot(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<HotSpotId>,
) -> Answer<Json<HotSpotDetail>> {
    let spot = seen(&app, &caller, id).await?;
    let db = app.db.clone();
    let detail = db.read(move |conn| {
        let (book, areas) = (app.playbooks.current(), app.areas());
        let keys: Vec<String> = scope(&caller, Act::ViewCase).keys().map(str::to_owned).collect();
        let reader =
            Reader { areas: &areas, vault: &app.vault, lang, now: app.now(), public_url: &app.site.public_url };
        let behind = hot_spots::behind(conn, &spot, &keys)?;
        let cases = rows(conn, &book, Page { items: behind, next: None }, &reader)?.items;
        let spot = views(&app, conn, &caller, vec![spot], lang)?.pop().ok_or(ProblemCode::Internal)?;
        Ok::<_, Refused>(HotSpotDetail { draft: draft(&spot, lang), spot, cases })
    });
    Ok(Json(detail.await?))
}

fn draft(spot: &HotSpotView, lang: Lang) -> String {
    let (n, days) = (spot.n_cases.to_string(), spot.days.to_string());
    let values = [("place", &*spot.area.full_name), ("category", &*spot.category_name), ("n", &*n), ("days", &*days)];
    lang.say("hot_spot.draft", &values)
}

fn may_decide(caller: &Caller, area: &AreaCode) -> bool {
    scope(caller, Act::ReportOnBehalf).reaches(&Keys::of_area(area)).is_some()
}

/// A case to open for a hot spot.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct OpenHotSpot {
    /// What is to be put right at its root.
    text: String,
    /// How heavy it is; `larger` without it.
    #[serde(default)]
    weight: Option<Weight>,
}

/// What was opened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OpenedCase {
    /// The case.
    pub case_id: CaseId,
}

/// Opens a case before anyone asks again.
#[utoipa::path(post, path = "/api/hot-spots/{id}/open", tag = "cases", params(("id" = String, Path)), request_body = OpenHotSpot,
    responses((status = 200, body = OpenedCase), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("report_on_behalf"))))]
async fn open_hot_spot(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<HotSpotId>,
    Body(body): Body<OpenHotSpot>,
) -> Answer<Json<OpenedCase>> {
    let text = proactive::said(&body.text, "text")?;
    let spot = load(&app, &caller, id).await?;
    let now = app.now();
    let n = spot.n_cases.to_string();
    let matter = Matter {
        area: spot.area,
        place_text: app.areas().full_name(&spot.area),
        category: Some(spot.category.clone()),
        weight: Some(body.weight.unwrap_or(Weight::Larger)),
        found_by: Why::new("hot_spot", &[("area", spot.area.to_string()), ("n", n)]),
        text,
    };
    let ready = proactive::prepare(&app, &caller, matter, now).await?;
    let case_id = ready.id();
    let writer = app.clone();
    app.db
        .write(move |tx| {
            let spot = hot_spots::load(tx, id)?.ok_or(ProblemCode::NotFound)?;
            tx.commit(spot.open(case_id, now, ready.actor().clone())?)?;
            proactive::enter(&writer, tx, &ready)
        })
        .await?;
    Ok(Json(OpenedCase { case_id }))
}

/// Why nothing follows.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct DismissHotSpot {
    /// In words.
    reason: String,
}

/// Says why nothing follows from a hot spot.
#[utoipa::path(post, path = "/api/hot-spots/{id}/dismiss", tag = "cases", params(("id" = String, Path)), request_body = DismissHotSpot,
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("report_on_behalf"))))]
async fn dismiss_hot_spot(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<HotSpotId>,
    Body(body): Body<DismissHotSpot>,
) -> Answer<axum::http::StatusCode> {
    let reason = proactive::said(&body.reason, "reason")?;
    let spot = load(&app, &caller, id).await?;
    let role = scope(&caller, Act::ReportOnBehalf).reaches(&Keys::of_area(&spot.area)).ok_or(ProblemCode::Forbidden)?;
    let (actor, now) = (caller.acting_as(role), app.now());
    app.db
        .write(move |tx| {
            let spot = hot_spots::load(tx, id)?.ok_or(ProblemCode::NotFound)?;
            tx.commit(spot.dismiss(reason.clone(), now, actor.clone())?)?;
            Ok::<_, Refused>(())
        })
        .await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// One that the caller may see; 404 else.
async fn seen(app: &App, caller: &Caller, id: HotSpotId) -> Answer<HotSpot> {
    let spot = app.db.read(move |conn| hot_spots::load(conn, id).map_err(Refused::from)).await?;
    let spot = spot.ok_or(ProblemCode::NotFound)?;
    match scope(caller, Act::ViewCase).reaches(&Keys::of_area(&spot.area)) {
        Some(_) => Ok(spot),
        None => Err(ProblemCode::NotFound.into()),
    }
}

/// One that the caller may decide: 403 when they see it and may not.
async fn load(app: &App, caller: &Caller, id: HotSpotId) -> Answer<HotSpot> {
    let spot = seen(app, caller, id).await?;
    if may_decide(caller, &spot.area) { Ok(spot) } else { Err(ProblemCode::Forbidden.into()) }
}
