//! 未诉先办, over HTTP: what waits for a person, and what the person decides.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_kernel::{AreaCode, CaseId, CaseKind, Channel, HotSpotId, Problem, ProblemCode, Timestamp, Weight};

use super::Case;
use super::hot_spots::{self, HotSpot};
use super::model::{Draft, Reporter, Why};
use super::report::MAX_TEXT;
use super::surroundings::Surroundings;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::say::Lang;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_hot_spots))
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
    /// What kind.
    category_name: String,
    /// How many.
    n_cases: i64,
    /// Within so many days.
    days: u32,
    /// When the last one was said.
    last_at: Timestamp,
    /// The latest of them.
    cases: Vec<CaseId>,
    /// What a case to open could say.
    draft: String,
    /// Whether the reader may open one.
    may_open: bool,
}

/// Those that wait for a person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotSpots {
    /// The newest first.
    items: Vec<HotSpotView>,
}

/// Lists the places of the caller's areas from which the same kind of matter keeps coming.
#[utoipa::path(get, path = "/api/hot-spots", tag = "cases", responses((status = 200, body = HotSpots)), extensions(("x-access" = json!("view_case"))))]
async fn list_hot_spots(State(app): State<App>, Signed(caller): Signed, lang: Lang) -> Answer<Json<HotSpots>> {
    let (book, areas) = (app.playbooks.current(), app.areas());
    let days = book.settings.hot_spot_days;
    let items = app.db.read(move |conn| {
        let keys: Vec<String> = scope(&caller, Act::ViewCase).keys().map(str::to_owned).collect();
        let codes: Vec<AreaCode> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        let mut items = Vec::new();
        for spot in hot_spots::waiting(conn, &codes)? {
            let category = book.category(&spot.category);
            let category_name = category.map_or_else(|| spot.category.clone(), |category| category.name.clone());
            let (n, days_text) = (spot.n_cases.to_string(), days.to_string());
            let place = areas.full_name(&spot.area);
            let draft = lang.say(
                "hot_spot.draft",
                &[("place", &place), ("category", &category_name), ("n", &n), ("days", &days_text)],
            );
            items.push(HotSpotView {
                id: spot.id,
                area: areas.reference(&spot.area),
                category_name,
                n_cases: spot.n_cases,
                days,
                last_at: spot.last_at,
                cases: hot_spots::cases_of(conn, &spot, &keys)?,
                draft,
                may_open: may_open(&caller, &spot.area),
            });
        }
        Ok::<_, Refused>(items)
    });
    Ok(Json(HotSpots { items: items.await? }))
}

fn may_open(caller: &Caller, area: &AreaCode) -> bool {
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
    case_id: CaseId,
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
    let text = said(&body.text, "text")?;
    let spot = load(&app, &caller, id).await?;
    let now = app.now();
    let paper_no = app.paper.next(&app.db, &spot.area, now).await?;
    let role = scope(&caller, Act::ReportOnBehalf).reaches(&Keys::of_area(&spot.area)).ok_or(ProblemCode::Forbidden)?;
    let actor = caller.acting_as(role);
    let n = spot.n_cases.to_string();
    let draft = Draft {
        id: CaseId::new(app.ids.uuid(now)),
        code: app.ids.public_code(),
        paper_no,
        kind: CaseKind::Request,
        category: Some(spot.category.clone()),
        weight: Some(body.weight.unwrap_or(Weight::Larger)),
        channel: Channel::Proactive,
        area: spot.area,
        found_by: vec![Why::new("hot_spot", &[("area", spot.area.to_string()), ("n", n)])],
        body: text,
        place_text: app.areas().full_name(&spot.area),
        point: None,
        reporter: Reporter { account: actor.account(), ..Reporter::default() },
        n_photos: 0,
        private: false,
        parent: None,
    };
    let case_id = draft.id;
    let app_in = app.clone();
    app.db
        .write(move |tx| {
            let app = &app_in;
            let around = Surroundings::read(app, tx, app.playbooks.current(), &draft.area, &[], now)?;
            let spot = hot_spots::load(tx, id)?.ok_or(ProblemCode::NotFound)?;
            tx.commit(spot.open(case_id, now, actor.clone())?)?;
            let change = around.decide(app, now, |world| Case::report(draft.clone(), world, actor.clone()))?;
            tx.commit(change)?;
            Ok::<_, Refused>(())
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
    let reason = said(&body.reason, "reason")?;
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

fn said(text: &str, field: &str) -> Answer<String> {
    let text = text.trim().replace('\0', "");
    match text.chars().count() {
        0 | 1 => Err(Problem::field(field, "required").into()),
        n if n > MAX_TEXT => Err(Problem::field(field, "too_long").with("max", MAX_TEXT.to_string()).into()),
        _ => Ok(text),
    }
}

/// One that the caller may see; 404 else, and 403 when they see it and may not decide.
async fn load(app: &App, caller: &Caller, id: HotSpotId) -> Answer<HotSpot> {
    let spot = app.db.read(move |conn| hot_spots::load(conn, id).map_err(Refused::from)).await?;
    let spot = spot.ok_or(ProblemCode::NotFound)?;
    let keys = Keys::of_area(&spot.area);
    if scope(caller, Act::ViewCase).reaches(&keys).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    if may_open(caller, &spot.area) { Ok(spot) } else { Err(ProblemCode::Forbidden.into()) }
}
