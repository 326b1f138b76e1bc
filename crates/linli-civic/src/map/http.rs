//! The wall.

use axum::Json;
use axum::extract::State;
use linli_access::{Act, Keys, scope};
use linli_kernel::{AreaCode, ProblemCode};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view::{WallArea, WallView, day_start, features, figures, period_start};
use crate::app::App;
use crate::areas::counts;
use crate::areas::view::counted;
use crate::cases::list::{self, Asker, BoxKey, ListCases};
use crate::cases::reader::Reader;
use crate::cases::row::CaseRow;
use crate::http::{Answer, Query, Refused, Signed};
use crate::say::Lang;

/// Late cases shown on a wall: as many as are read from where one stands.
const LATE_SHOWN: u32 = 20;
/// Open cases shown as points of a grid: more than a grid of 300 households ever has.
const POINTS_SHOWN: u32 = 200;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_wall))
}

/// Of which area.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowWall {
    /// The area; the caller's widest one without it.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Shows an area on one page: figures, what lies below with what is open there, the cases that are overdue the longest,
/// and outlines to draw.
#[utoipa::path(get, path = "/api/wall", tag = "map", params(ShowWall), responses((status = 200, body = WallView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_wall"))))]
async fn show_wall(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ShowWall>,
) -> Answer<Json<WallView>> {
    let reach = scope(&caller, Act::ViewWall);
    let widest = || reach.keys().filter_map(|key| key.parse::<AreaCode>().ok()).min_by_key(AreaCode::level);
    let code = wish.area.or_else(widest).ok_or(ProblemCode::NotFound)?;
    let areas = app.areas();
    let is_theirs = |code: &AreaCode| reach.reaches(&Keys::of_area(code)).is_some();
    if areas.get(&code).is_none() || !is_theirs(&code) {
        return Err(ProblemCode::NotFound.into());
    }
    let lineage = code.lineage();
    let ancestors = lineage.iter().filter(|above| **above != code && is_theirs(above));
    let ancestors = ancestors.map(|above| areas.reference(above)).collect();
    let keys: Vec<String> = std::iter::once(&code).chain(areas.children(&code)).map(ToString::to_string).collect();
    let is_deepest = areas.children(&code).is_empty();
    let (now, book) = (app.now(), app.playbooks.current());
    let read = app.db.read({
        let (app, areas) = (app.clone(), areas.clone());
        move |conn| {
            let counts = counts::open_at(conn, &keys, now)?;
            let done = counts::done_at(conn, code.as_str(), day_start(now), period_start(now))?;
            let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
            let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
            let mut rows = |key: BoxKey, limit: u32| -> Result<Vec<CaseRow>, Refused> {
                let wish = ListCases { key: Some(key), area: Some(code), limit: Some(limit), ..ListCases::default() };
                Ok(list::list(conn, &asker, &wish, &reader)?.items)
            };
            let late = rows(BoxKey::Late, LATE_SHOWN)?;
            let mut cases = if is_deepest { rows(BoxKey::AllOpen, POINTS_SHOWN)? } else { Vec::new() };
            cases.retain(|case| case.point.is_some());
            Ok::<_, Refused>((counts, done, late, cases))
        }
    });
    let (counts, done, late, cases) = read.await?;
    let open = counted(&reach, &code, &counts);
    let children = WallArea::below(&areas, &code, &reach, &counts);
    let area = WallArea::of(&areas, &code, open);
    // Simplifying the outlines of a county is no work for an async thread.
    let drawn = tokio::task::spawn_blocking({
        let (areas, children) = (areas.clone(), children.clone());
        move || features(&areas, &area, &children)
    });
    let features = drawn.await.map_err(|_| Refused::from(ProblemCode::Internal))?;
    Ok(Json(WallView {
        area: areas.reference(&code),
        ancestors,
        children,
        figures: figures(open, done, lang),
        late,
        features,
        cases,
    }))
}
