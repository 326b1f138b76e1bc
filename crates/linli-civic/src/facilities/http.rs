//! The list of facilities, one of them with its cases, its printed code, and what anybody may know of it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::scope::person_key;
use linli_access::{Act, scope};
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AreaCode, Cursor, Problem, ProblemCode, PublicCode, RecordId, Timestamp};

use super::store::{self, Ask, Standing};
use super::view::{self, AboutView, FacilityView};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Origin, Path, Query, Refused, Signed};
use crate::registry;
use crate::registry::code::Coded;
use crate::registry::command::may;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_facilities))
        .routes(routes!(show_facility))
        .routes(routes!(give_facility_code))
        .routes(routes!(show_public_facility))
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListFacilities {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Of this kind, by its word: `light`, `lift`, …
    kind: Option<String>,
    /// `reported` or `stopped`; all without it.
    standing: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// The list of public facilities.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FacilityList {
    /// In the order of areas and names.
    items: Vec<FacilityView>,
    /// `cursor` of the next page.
    next: Option<String>,
    /// How many there are, whatever the list is narrowed to.
    n_all: i64,
    /// About how many of them a case is open.
    n_reported_now: i64,
    /// How many are out of use.
    n_stopped: i64,
    /// Cases about them this year.
    n_reported: i64,
    /// How many were mended this year.
    n_mended: i64,
}

/// Lists the public facilities of the caller's areas with how each stands: what is reported there, what was mended. Keyset pages.
#[utoipa::path(get, path = "/api/facilities", tag = "facilities", params(ListFacilities),
    responses((status = 200, body = FacilityList), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry"))))]
async fn list_facilities(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListFacilities>,
) -> Answer<Json<FacilityList>> {
    let standing = match wish.standing.as_deref().unwrap_or_default() {
        "" => None,
        "reported" => Some(Standing::Reported),
        "stopped" => Some(Standing::Stopped),
        _ => return Err(Problem::field("standing", "not_an_option").into()),
    };
    let areas = scope(&caller, Act::ViewRegistry).areas_in(wish.area.as_ref());
    let kind = wish.kind.filter(|kind| !kind.is_empty());
    let ask = Ask { areas, kind, standing, cursor: Cursor::new(wish.cursor, wish.limit) };
    let since = beijing_midnight(beijing_date(app.now()).first_of_year());
    let reader = app.clone();
    let list = app.db.read(move |conn| {
        let page = store::list(conn, &ask)?;
        let figures = store::figures(conn, &ask.areas, since)?;
        Ok::<_, Refused>(FacilityList {
            items: page.items.into_iter().map(|found| view::facility(&reader, found, lang)).collect(),
            next: page.next,
            n_all: figures.n_all,
            n_reported_now: figures.n_reported_now,
            n_stopped: figures.n_stopped,
            n_reported: figures.n_reported,
            n_mended: figures.n_mended,
        })
    });
    Ok(Json(list.await?))
}

/// A facility with its cases.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FacilityPage {
    /// The facility.
    facility: FacilityView,
    /// The cases about it that the caller may see, the newest first, at most 50.
    cases: Vec<AboutView>,
    /// Whether the caller may change it and print its code.
    may_edit: bool,
}

/// Shows a facility with the cases about it.
#[utoipa::path(get, path = "/api/facilities/{id}", tag = "facilities", params(("id" = String, Path)),
    responses((status = 200, body = FacilityPage), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry"))))]
async fn show_facility(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<RecordId>,
) -> Answer<Json<FacilityPage>> {
    let reader = app.clone();
    let page = app.db.read(move |conn| {
        let found = store::load(conn, id)?.ok_or(ProblemCode::NotFound)?;
        may(&caller, Act::ViewRegistry, &found.area)?;
        let may_edit = may(&caller, Act::EditRegistry, &found.area).is_ok();
        let reach = scope(&caller, Act::ViewCase);
        let own = (!reach.is_empty()).then(|| person_key(caller.account));
        let keys: Vec<String> = reach.keys().map(str::to_owned).chain(own).collect();
        let mut cases = Vec::new();
        for about in store::cases(conn, id, &keys)? {
            let book = reader.playbooks.find(conn, &about.playbook.0, &about.playbook.1)?;
            let stage = book.as_ref().and_then(|book| book.stage(about.kind, &about.stage));
            let stage = stage.map(|stage| stage.name.clone());
            cases.push(view::about(about, stage));
        }
        Ok::<_, Refused>(FacilityPage { facility: view::facility(&reader, found, lang), cases, may_edit })
    });
    Ok(Json(page.await?))
}

/// The printed code of a facility.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FacilityCodeView {
    /// What is printed; `/api/places/{code}/qr.svg` is its picture.
    code: String,
}

/// Gives a facility a printed code, once; afterwards it is told again.
#[utoipa::path(post, path = "/api/facilities/{id}/code", tag = "facilities", params(("id" = String, Path)),
    responses((status = 200, body = FacilityCodeView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("edit_registry"))))]
async fn give_facility_code(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<RecordId>,
) -> Answer<Json<FacilityCodeView>> {
    let code = registry::code::give(&app, caller, Coded::Facility, id).await?;
    Ok(Json(FacilityCodeView { code }))
}

/// A facility as anybody sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublicFacility)]
struct PublicFacility {
    /// What people call it.
    name: String,
    /// What kind, in words.
    kind_name: String,
    /// Where it stands.
    address: String,
    /// Where.
    area: AreaRef,
    /// Whether it is out of use.
    is_stopped: bool,
    /// Since when somebody's report of it waits to be settled; `null` while there is none.
    open_since: Option<Timestamp>,
    /// When it was mended last.
    mended_at: Option<Timestamp>,
}

/// Shows what anybody may know of the facility with this printed code: whether it was reported already, and when it was mended last.
#[utoipa::path(get, path = "/api/public/facilities/{code}", tag = "public", params(("code" = String, Path)),
    responses((status = 200, body = PublicFacility), (status = 404, body = crate::http::ProblemBody), (status = 429, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn show_public_facility(
    State(app): State<App>,
    origin: Origin,
    lang: Lang,
    Path(code): Path<String>,
) -> Answer<Json<PublicFacility>> {
    app.reading.take(origin, app.now())?;
    // Whoever types a printed code may use small letters and spaces.
    let code = PublicCode::parse(&code).map_or(code, |code| code.to_string());
    let found = app.db.read(move |conn| {
        let id = registry::store::of_code(conn, Coded::Facility, &code)?.ok_or(ProblemCode::NotFound)?;
        let found = store::load(conn, id)?.ok_or(ProblemCode::NotFound)?;
        let open_since = store::public_open_since(conn, id)?;
        Ok::<_, Refused>((found, open_since))
    });
    let (found, open_since) = found.await?;
    Ok(Json(PublicFacility {
        area: app.areas().reference(&found.area),
        kind_name: view::kind_name(&found.kind, lang),
        name: found.name,
        address: found.address,
        is_stopped: found.is_stopped,
        open_since,
        mended_at: found.mended_at,
    }))
}
