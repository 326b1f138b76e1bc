//! Putting banners up and taking them down.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, Keys, decide, scope};
use linli_kernel::{Actor, AreaCode, Problem, ProblemCode, Timestamp};

use super::model::{Banner, Face, Severity};
use super::store::{self, Place};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_banners, put_up_banner))
        .routes(routes!(change_banner))
        .routes(routes!(take_down_banner))
}

/// 公告横幅 as the desk administers it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BannerView {
    /// Which.
    id: String,
    /// For whom.
    area: AreaRef,
    /// How loud.
    severity: Severity,
    /// In words.
    severity_name: String,
    /// What it says.
    text: String,
    /// Where more is written.
    link: Option<String>,
    /// Which faces show it.
    faces: Vec<Face>,
    /// From when.
    starts_at: Timestamp,
    /// Until when; `null` until it is taken down.
    ends_at: Option<Timestamp>,
    /// `planned`, `up` or `over`.
    state: String,
    /// The version that a change names.
    version: i64,
}

fn view(app: &App, banner: Banner, lang: Lang) -> BannerView {
    let now = app.now();
    let state = match banner.is_up(now) {
        true => "up",
        false if banner.starts_at > now && banner.ends_at.is_none_or(|end| end > now) => "planned",
        false => "over",
    };
    BannerView {
        area: app.areas().reference(&banner.area),
        severity_name: lang.word("banner_severity", banner.severity.as_str()),
        id: banner.id,
        severity: banner.severity,
        text: banner.said,
        link: banner.link,
        faces: banner.faces,
        starts_at: banner.starts_at,
        ends_at: banner.ends_at,
        state: state.to_owned(),
        version: banner.version,
    }
}

/// Every banner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BannerList {
    /// The newest first, at most 200; those that are over too.
    items: Vec<BannerView>,
}

/// Lists the banners of the caller's areas: planned, up and over.
#[utoipa::path(get, path = "/api/banners", tag = "site", responses((status = 200, body = BannerList)), extensions(("x-access" = json!("administer_banners"))))]
async fn list_banners(State(app): State<App>, Signed(caller): Signed, lang: Lang) -> Answer<Json<BannerList>> {
    let reach = scope(&caller, Act::AdministerBanners);
    let banners = app.db.read(|conn| store::list(conn).map_err(Refused::from)).await?;
    let mine = banners.into_iter().filter(|banner| reach.reaches(&Keys::of_area(&banner.area)).is_some());
    Ok(Json(BannerList { items: mine.map(|banner| view(&app, banner, lang)).collect() }))
}

/// A banner as it is to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"area_code": "610502005000", "severity": "warn", "text": "10月9日8时至18时，向阳街道停水。", "faces": ["home", "field"], "ends_at": "2026-10-09T10:00:00Z"}))]
pub struct WriteBanner {
    /// For whom: this area and everything below it.
    area_code: String,
    /// How loud.
    severity: Severity,
    /// What it says, 1 to 200 characters.
    text: String,
    /// Where more is written: an `https` address.
    #[serde(default)]
    link: Option<String>,
    /// Which faces show it, at least one.
    faces: Vec<Face>,
    /// From when; now without it.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    starts_at: Option<Timestamp>,
    /// Until when; until it is taken down without it.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    ends_at: Option<Timestamp>,
    /// The version that the caller saw, for a change.
    #[serde(default)]
    version: Option<i64>,
}

/// Longest text of a banner. Unit: characters.
const MOST_TEXT: usize = 200;

/// Puts a banner up.
#[utoipa::path(post, path = "/api/banners", tag = "site", request_body = WriteBanner,
    responses((status = 201, body = BannerView), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("administer_banners"))))]
async fn put_up_banner(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<WriteBanner>,
) -> Answer<(StatusCode, Json<BannerView>)> {
    let (now, id) = (app.now(), app.ids.uuid(app.now()).to_string());
    let banner = checked(&app, body, id, 0)?;
    let actor = administering(&app, &caller, &banner.area)?;
    let stored = banner.clone();
    let write = app.db.write(move |tx| tx.commit(stored.clone().put_up(actor.clone(), now)).map_err(Refused::from));
    write.await?;
    Ok((StatusCode::CREATED, Json(view(&app, Banner { version: 1, ..banner }, lang))))
}

fn checked(app: &App, body: WriteBanner, id: String, version: i64) -> Answer<Banner> {
    let area: AreaCode = body.area_code.parse().map_err(|_| Problem::field("area_code", "unknown"))?;
    if app.areas().get(&area).is_none() {
        return Err(Problem::field("area_code", "unknown").into());
    }
    let said = body.text.trim().to_owned();
    match said.chars().count() {
        0 => return Err(Problem::field("text", "required").into()),
        n if n > MOST_TEXT => return Err(Problem::field("text", "too_long").into()),
        _ => {}
    }
    let link = body.link.map(|link| link.trim().to_owned()).filter(|link| !link.is_empty());
    if link.as_deref().is_some_and(|link| !link.starts_with("https://") || link.len() > 500) {
        return Err(Problem::field("link", "unknown").into());
    }
    if body.faces.is_empty() {
        return Err(Problem::field("faces", "required").into());
    }
    let starts_at = body.starts_at.unwrap_or_else(|| app.now());
    if body.ends_at.is_some_and(|end| end <= starts_at) {
        return Err(Problem::field("ends_at", "time").into());
    }
    Ok(Banner {
        id,
        area,
        severity: body.severity,
        said,
        link,
        faces: body.faces,
        starts_at,
        ends_at: body.ends_at,
        version,
    })
}

fn administering(app: &App, caller: &Caller, area: &AreaCode) -> Answer<Actor> {
    if app.areas().get(area).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    match decide(caller, Act::AdministerBanners, &Keys::of_area(area)) {
        Decision::Allowed(role) => Ok(caller.acting_as(role)),
        Decision::Forbidden | Decision::Hidden => Err(ProblemCode::Forbidden.into()),
    }
}

/// Changes a banner.
#[utoipa::path(put, path = "/api/banners/{id}", tag = "site", params(("id" = String, Path)), request_body = WriteBanner,
    responses((status = 200, body = BannerView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_banners"))))]
async fn change_banner(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<String>,
    Body(body): Body<WriteBanner>,
) -> Answer<Json<BannerView>> {
    let before = found(&app, &caller, id.clone()).await?;
    if body.version.is_some_and(|version| version != before.version) {
        return Err(ProblemCode::VersionConflict.into());
    }
    let banner = checked(&app, body, id, before.version)?;
    let (actor, now, stored) = (administering(&app, &caller, &banner.area)?, app.now(), banner.clone());
    let write = app.db.write(move |tx| tx.commit(stored.clone().put_up(actor.clone(), now)).map_err(Refused::from));
    write.await?;
    Ok(Json(view(&app, Banner { version: banner.version + 1, ..banner }, lang)))
}

/// Takes a banner down, now.
#[utoipa::path(post, path = "/api/banners/{id}/take-down", tag = "site", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("administer_banners"))))]
async fn take_down_banner(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let banner = found(&app, &caller, id).await?;
    let (actor, now) = (administering(&app, &caller, &banner.area)?, app.now());
    let write = app.db.write(move |tx| tx.commit(banner.clone().take_down(actor.clone(), now)).map_err(Refused::from));
    write.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(app: &App, caller: &Caller, id: String) -> Answer<Banner> {
    let banner = app.db.read(move |conn| store::load(conn, &id).map_err(Refused::from)).await?;
    let reach = scope(caller, Act::AdministerBanners);
    banner
        .filter(|banner| reach.reaches(&Keys::of_area(&banner.area)).is_some())
        .ok_or_else(|| ProblemCode::NotFound.into())
}

/// What a face shows now. `area` is the place that the page is about.
///
/// # Errors
/// The database's.
pub async fn shown(app: &App, face: Face, area: Option<AreaCode>, caller: Option<&Caller>) -> Answer<Vec<Banner>> {
    let place = match (area, caller, face) {
        (Some(area), _, _) => Place::Areas(vec![area]),
        (None, Some(caller), Face::Field | Face::Desk) => {
            Place::Areas(caller.grants.iter().map(|grant| grant.area).collect())
        }
        (None, _, _) => {
            let areas = app.areas();
            let cities = areas.cities();
            // An instance of one county alone has no wider page than the county's.
            let only_county = match cities {
                [city] => match areas.children(city) {
                    [county] => Some(*county),
                    _ => None,
                },
                _ => None,
            };
            Place::Nowhere(only_county.map_or_else(|| cities.to_vec(), |county| vec![county]))
        }
    };
    let now = app.now();
    app.db.read(move |conn| store::shown(conn, face, &place, now).map_err(Refused::from)).await
}
