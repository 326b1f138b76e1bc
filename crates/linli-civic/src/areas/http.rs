//! Areas, boundaries and printed QR codes.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, Keys, Scope, decide, scope};
use linli_db::StoreError;
use linli_kernel::{Actor, AreaCode, AreaLevel, Problem, ProblemCode, PublicCode};

use super::counts;
use super::geometry::Point;
use super::store::{self, AreaEdit, AreaMade, Place, PlaceKind};
use super::tree::AreaRef;
use super::view::{
    AreaRow, AreaView, FeatureCollection, PlaceView, PointView, ProfileView, counted, feature, outlines,
};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, MaybeSigned, Origin, Path, Query, Refused, Signed, key_scope};
use crate::once;
use crate::people::duty;
use crate::qr::qr_svg;
use crate::say::Lang;

const MAX_NAME: usize = 60;
const MAX_FOUND: usize = 20;
const MAX_QUERY: usize = 50;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_areas, add_area))
        .routes(routes!(search_areas))
        .merge(super::address::routes())
        .routes(routes!(show_area, edit_area))
        .routes(routes!(show_boundary))
        .routes(routes!(list_public_areas))
        .routes(routes!(show_outlines))
        .routes(routes!(put_up_place))
        .routes(routes!(show_place))
        .routes(routes!(show_place_qr))
}

/// Areas of a level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AreaRows {
    /// In the order of their codes.
    items: Vec<AreaRow>,
}

/// Which areas.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListAreas {
    /// The area directly above; without it, the widest areas that the caller may see.
    #[param(value_type = Option<String>)]
    parent: Option<AreaCode>,
}

/// Lists the areas directly below one, with the open cases that the caller may count there.
#[utoipa::path(get, path = "/api/areas", tag = "areas", params(ListAreas), responses((status = 200, body = AreaRows), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_areas"))))]
async fn list_areas(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(wish): Query<ListAreas>,
) -> Answer<Json<AreaRows>> {
    let (areas, reach) = (app.areas(), scope(&caller, Act::ViewAreas));
    let codes: Vec<AreaCode> = match &wish.parent {
        Some(parent) if areas.get(parent).is_some() && !reach.within(parent).is_empty() => {
            areas.children(parent).iter().filter(|code| !reach.within(code).is_empty()).copied().collect()
        }
        Some(_) => return Err(ProblemCode::NotFound.into()),
        None => reach.keys().filter_map(|key| key.parse().ok()).collect(),
    };
    Ok(Json(AreaRows { items: rows(&app, &codes, &reach).await? }))
}

async fn rows(app: &App, codes: &[AreaCode], reach: &Scope) -> Answer<Vec<AreaRow>> {
    let now = app.now();
    let keys: Vec<String> = codes.iter().flat_map(|code| reach.within(code)).collect();
    let counts = app.db.read(move |conn| counts::open_at(conn, &keys, now).map_err(Refused::from)).await?;
    let areas = app.areas();
    Ok(codes.iter().map(|code| AreaRow::of(&areas, code, counted(reach, code, &counts))).collect())
}

/// Areas by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AreaRefs {
    /// Found by name: whole names first, the caller's own areas first, wider areas first, at most 20. Below an area: in the order of
    /// their codes.
    items: Vec<AreaRef>,
}

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchAreas {
    /// Names in Chinese or in pinyin (`hongqi`, `hqsq`), or the beginning of a code; several words narrow it.
    q: String,
}

/// Finds areas by name, by pinyin or its initials, or by code, for whoever says where something is.
#[utoipa::path(get, path = "/api/areas/search", tag = "areas", params(SearchAreas), responses((status = 200, body = AreaRefs), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn search_areas(
    State(app): State<App>,
    origin: Origin,
    MaybeSigned(caller): MaybeSigned,
    Query(wish): Query<SearchAreas>,
) -> Answer<Json<AreaRefs>> {
    if caller.is_none() {
        app.limits.take(origin, app.now())?;
    }
    let q: String = wish.q.chars().take(MAX_QUERY).collect();
    let areas = app.areas();
    let own = caller.map(|caller| scope(&caller, Act::ViewCase));
    // A city has a hundred thousand areas: looking through them all is no work for an async thread.
    let found = tokio::task::spawn_blocking(move || {
        let near = |code: &AreaCode| own.as_ref().is_some_and(|own| !own.within(code).is_empty());
        areas.search(&q, MAX_FOUND, near).iter().map(|code| areas.reference(code)).collect()
    });
    let items = found.await.map_err(|_| Refused::from(ProblemCode::Internal))?;
    Ok(Json(AreaRefs { items }))
}

/// Shows an area: its figures, who answers there, its printed codes.
#[utoipa::path(get, path = "/api/areas/{code}", tag = "areas", params(("code" = AreaCode, Path)), responses((status = 200, body = AreaView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_areas"))))]
async fn show_area(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(code): Path<AreaCode>,
) -> Answer<Json<AreaView>> {
    Ok(Json(view(&app, code, &caller, lang).await?))
}

async fn view(app: &App, code: AreaCode, caller: &Caller, lang: Lang) -> Answer<AreaView> {
    let reach = scope(caller, Act::ViewAreas);
    if app.areas().get(&code).is_none() || reach.reaches(&Keys::of_area(&code)).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    let (app, now) = (app.clone(), app.now());
    app.clone()
        .db
        .read(move |conn| {
            let areas = app.areas();
            let counts = counts::open_at(conn, &reach.within(&code), now)?;
            let mut on_duty = duty::on_duty(conn, &app.vault, &code.lineage(), now)?;
            on_duty.extend(duty::beside(conn, &app.vault, &[code], now)?);
            let places = store::places_of(conn, &code)?;
            let row = AreaRow::of(&areas, &code, counted(&reach, &code, &counts));
            Ok(AreaView::of(&areas, lang, row, &on_duty, &places))
        })
        .await
}

/// What is to be changed of an area; what is left out stays.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EditArea {
    /// The name that people use, 1 to 60 characters.
    #[serde(default)]
    name: Option<String>,
    /// Households, residents, merchants: all three as they are to be.
    #[serde(default)]
    profile: Option<ProfileView>,
    /// The version that the caller saw; without it, whatever stands now is changed.
    #[serde(default)]
    version: Option<i64>,
}

/// Changes the name or the figures of an area. A version that is no longer the present one is a conflict, answered with
/// the present state.
#[utoipa::path(patch, path = "/api/areas/{code}", tag = "areas", request_body = EditArea,
    params(("code" = AreaCode, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the change is made once")),
    responses((status = 200, body = AreaView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_areas"))))]
async fn edit_area(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(code): Path<AreaCode>,
    key: CommandKey,
    Body(body): Body<EditArea>,
) -> Answer<Json<AreaView>> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"edit_area", code.as_str().as_bytes(), &request]);
    let actor = administering(&app, &caller, &code)?;
    let name = body.name.as_deref().map(checked_name).transpose()?;
    let now = app.now();
    let changed = app
        .db
        .write(move |tx| {
            if once::outcome::<()>(tx, key.as_ref())?.is_some() {
                return Ok(());
            }
            let area = store::area_for_change(tx, &code)?.ok_or(ProblemCode::NotFound)?;
            if body.version.is_some_and(|version| version != area.version) {
                return Err(Refused::from(ProblemCode::VersionConflict));
            }
            let edit = AreaEdit {
                code,
                short_name: name.clone().unwrap_or_else(|| area.short_name.clone()),
                profile: body.profile.map_or(area.profile, Into::into),
                version: area.version,
            };
            if edit.short_name != area.short_name || edit.profile != area.profile {
                tx.commit(edit.change(actor.clone(), now))?;
            }
            once::keep(tx, key.as_ref(), &(), now)
        })
        .await;
    match changed {
        Ok(()) => {
            app.reload_area(code).await?;
            Ok(Json(view(&app, code, &caller, lang).await?))
        }
        Err(Refused::Problem(mut problem)) if problem.code == ProblemCode::VersionConflict => {
            problem.current = serde_json::to_value(view(&app, code, &caller, lang).await?).ok();
            Err(Refused::Problem(problem))
        }
        Err(refused) => Err(refused),
    }
}

/// A grid below a community, or a micro-grid below a grid.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"parent": "610502005007", "name": "第十三网格"}))]
pub struct NewArea {
    /// The community or grid.
    parent: String,
    /// The name that people use, 1 to 60 characters.
    name: String,
    /// Its number, `001` to `999`; the next free one without it.
    #[serde(default)]
    suffix: Option<String>,
}

/// Adds a numbered grid below a community, or a micro-grid below a grid.
#[utoipa::path(post, path = "/api/areas", tag = "areas", request_body = NewArea,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the area is added once")),
    responses((status = 201, body = AreaView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_areas"))))]
async fn add_area(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<NewArea>,
) -> Answer<(StatusCode, Json<AreaView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"add_area", &request]);
    let parent = AreaCode::parse(&body.parent).map_err(|_| Problem::field("parent", "unknown_area"))?;
    let actor = administering(&app, &caller, &parent)?;
    if !matches!(parent.level(), AreaLevel::Community | AreaLevel::Grid) {
        return Err(Problem::field("parent", "not_numbered").into());
    }
    let name = checked_name(&body.name)?;
    let wanted = body.suffix.as_deref().filter(|suffix| !suffix.is_empty()).map(|suffix| numbered(&parent, suffix));
    let wanted = wanted.transpose()?;
    let now = app.now();
    let code = app
        .db
        .write(move |tx| {
            if let Some(code) = once::outcome::<AreaCode>(tx, key.as_ref())? {
                return Ok(code);
            }
            let siblings = store::children_of(tx, &parent)?;
            let is_same = |area: &super::tree::Area| area.short_name == name || Some(area.code) == wanted;
            if let Some(same) = siblings.iter().find(|area| is_same(area)) {
                return Err(Problem::new(ProblemCode::AlreadyExists).with("name", same.short_name.clone()).into());
            }
            let code = match wanted {
                Some(code) => code,
                None => next_code(&parent, siblings.last().map(|area| area.code))?,
            };
            tx.commit(AreaMade { code, name: name.clone() }.change(actor.clone(), now))?;
            once::keep(tx, key.as_ref(), &code, now)?;
            Ok::<_, Refused>(code)
        })
        .await?;
    app.reload_area(code).await?;
    Ok((StatusCode::CREATED, Json(view(&app, code, &caller, lang).await?)))
}

fn numbered(parent: &AreaCode, suffix: &str) -> Result<AreaCode, Problem> {
    let is_number = suffix.len() == 3 && suffix.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| suffix.parse::<u32>().ok()).flatten();
    let code = number.and_then(|number| parent.child(number).ok());
    code.ok_or_else(|| Problem::field("suffix", "bad_suffix"))
}

fn next_code(parent: &AreaCode, last: Option<AreaCode>) -> Result<AreaCode, Problem> {
    let number = last.and_then(|last| last.as_str().get(parent.as_str().len()..)?.parse::<u32>().ok()).unwrap_or(0);
    parent.child(number + 1).map_err(|_| Problem::field("parent", "too_many_grids"))
}

/// Shows the outline of an area as a GeoJSON feature; outlines are public.
#[utoipa::path(get, path = "/api/areas/{code}/boundary", tag = "areas", params(("code" = AreaCode, Path)), responses((status = 200, body = Object), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_boundary(State(app): State<App>, Path(code): Path<AreaCode>) -> Answer<Response> {
    let areas = app.areas();
    let shape = areas.index().shape(&code).filter(|_| areas.get(&code).is_some()).ok_or(ProblemCode::NotFound)?;
    let outline: Value = feature(&shape, &json!({ "code": code, "name": areas.name(&code), "level": code.level() }));
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(outline)).into_response())
}

/// Lists the areas directly below one, for whoever says where something is: names only.
#[utoipa::path(get, path = "/api/public/areas", tag = "public", params(ListAreas), responses((status = 200, body = AreaRefs), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn list_public_areas(State(app): State<App>, Query(wish): Query<ListAreas>) -> Answer<Json<AreaRefs>> {
    let areas = app.areas();
    let codes = match &wish.parent {
        Some(parent) if areas.get(parent).is_some() => areas.children(parent),
        Some(_) => return Err(ProblemCode::NotFound.into()),
        None => areas.cities(),
    };
    Ok(Json(AreaRefs { items: codes.iter().map(|code| areas.reference(code)).collect() }))
}

/// Shows the outlines of the areas directly below one, to point at a place; of the area itself where nothing below is drawn.
#[utoipa::path(get, path = "/api/areas/{code}/outlines", tag = "public", params(("code" = AreaCode, Path)), responses((status = 200, body = FeatureCollection), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_outlines(State(app): State<App>, Path(code): Path<AreaCode>) -> Answer<Response> {
    let areas = app.areas();
    if areas.get(&code).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    let drawn = tokio::task::spawn_blocking(move || {
        let told = |code: &AreaCode| (*code, json!({ "code": code, "name": areas.name(code) }));
        let below = outlines(&areas, code.level(), areas.children(&code).iter().map(told));
        if below.features.is_empty() { outlines(&areas, code.level(), [told(&code)]) } else { below }
    });
    let drawn = drawn.await.map_err(|_| Refused::from(ProblemCode::Internal))?;
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(drawn)).into_response())
}

/// A place that gets a printed QR code.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"name": "红旗小区3号楼", "kind": "building"}))]
pub struct NewPlace {
    /// 红旗小区3号楼, 1 to 60 characters.
    name: String,
    /// What it is.
    kind: PlaceKind,
    /// Where it stands, inside the area.
    #[serde(default)]
    point: Option<PointView>,
}

/// Puts up a place whose printed QR code opens the report with the area filled in.
#[utoipa::path(post, path = "/api/areas/{code}/places", tag = "areas", request_body = NewPlace,
    params(("code" = AreaCode, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the place is put up once")),
    responses((status = 201, body = PlaceView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_areas"))))]
async fn put_up_place(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(area): Path<AreaCode>,
    key: CommandKey,
    Body(body): Body<NewPlace>,
) -> Answer<(StatusCode, Json<PlaceView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"put_up_place", area.as_str().as_bytes(), &request]);
    let actor = administering(&app, &caller, &area)?;
    let point = body.point.map(Point::from);
    let areas = app.areas();
    let is_inside = |point: Point| {
        let located = areas.locate(point);
        point.is_in_china() && (!areas.index().has(&area) || located.is_some_and(|found| area.contains(&found.code)))
    };
    if point.is_some_and(|point| !is_inside(point)) {
        return Err(Problem::field("point", "bad_point").into());
    }
    let code = app.ids.public_code().to_string();
    let place = Place { code, area, kind: body.kind, name: checked_name(&body.name)?, point };
    let now = app.now();
    let code = app
        .db
        .write(move |tx| {
            if let Some(code) = once::outcome::<String>(tx, key.as_ref())? {
                return Ok(code);
            }
            let place = tx.commit(place.clone().put_up(actor.clone(), now))?;
            once::keep(tx, key.as_ref(), &place.code, now)?;
            Ok::<_, Refused>(place.code)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(place_view(&app, &code, lang).await?)))
}

/// Shows the place of a printed code, with the grid worker to turn to there.
#[utoipa::path(get, path = "/api/places/{code}", tag = "public", params(("code" = String, Path)), responses((status = 200, body = PlaceView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_place(State(app): State<App>, lang: Lang, Path(code): Path<String>) -> Answer<Json<PlaceView>> {
    Ok(Json(place_view(&app, &code, lang).await?))
}

async fn place_view(app: &App, code: &str, lang: Lang) -> Answer<PlaceView> {
    // Whoever types a printed code may use small letters and spaces.
    let typed = PublicCode::parse(code).map(|code| code.to_string());
    let (app, now, code) = (app.clone(), app.now(), code.to_owned());
    app.clone()
        .db
        .read(move |conn| {
            let found = match store::place(conn, &code)? {
                None => typed.map(|typed| store::place(conn, &typed)).transpose()?.flatten(),
                found => found,
            };
            let place = found.ok_or(ProblemCode::NotFound)?;
            let areas = app.areas();
            let on_duty = duty::on_duty(conn, &app.vault, &place.area.lineage(), now)?;
            Ok(PlaceView::of(&areas, lang, &place, &on_duty))
        })
        .await
}

/// The QR picture of a place, to print and hang up.
#[utoipa::path(get, path = "/api/places/{code}/qr.svg", tag = "public", params(("code" = String, Path)), responses((status = 200, content_type = "image/svg+xml", body = String), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_place_qr(State(app): State<App>, Path(code): Path<String>) -> Answer<Response> {
    let place = app.db.read(move |conn| store::place(conn, &code).map_err(Refused::from)).await?;
    let place = place.ok_or(ProblemCode::NotFound)?;
    qr_svg(&format!("{}/?qr={}", app.site.public_url.trim_end_matches('/'), url_encoded(&place.code)))
}

/// A printed code may come from an older system: what a query cannot carry as it is, is written as `%XX`.
fn url_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The actor of a change to an area: 404 for one that they may not know of or that does not exist.
fn administering(app: &App, caller: &Caller, code: &AreaCode) -> Answer<Actor> {
    if app.areas().get(code).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    match decide(caller, Act::AdministerAreas, &Keys::of_area(code)) {
        Decision::Allowed(role) => Ok(caller.acting_as(role)),
        Decision::Forbidden => Err(ProblemCode::Forbidden.into()),
        Decision::Hidden => Err(ProblemCode::NotFound.into()),
    }
}

fn checked_name(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    match name.chars().count() {
        0 => Err(Problem::field("name", "required")),
        n if n > MAX_NAME => Err(Problem::field("name", "too_long").with("max", MAX_NAME.to_string())),
        _ if name.chars().any(char::is_control) => Err(Problem::field("name", "wrong_type")),
        _ => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_next_one_or_the_one_wished_for() {
        let community = AreaCode::parse("610502005007").unwrap();
        let code = |text: &str| AreaCode::parse(text).unwrap();
        assert_eq!(next_code(&community, None).unwrap(), code("610502005007001"));
        assert_eq!(next_code(&community, Some(code("610502005007012"))).unwrap(), code("610502005007013"));
        assert!(next_code(&community, Some(code("610502005007999"))).is_err());
        assert_eq!(numbered(&community, "042").unwrap(), code("610502005007042"));
        for bad in ["", "42", "000", "1000", "+42", "四二"] {
            assert!(numbered(&community, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_code_from_an_older_system_fits_into_an_address() {
        assert_eq!(url_encoded("7K3MZ9QW2X"), "7K3MZ9QW2X");
        assert_eq!(url_encoded("楼3&x"), "%E6%A5%BC3%26x");
    }
}
