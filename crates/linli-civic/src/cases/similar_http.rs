//! 疑似重复, over HTTP: to whoever is about to report, and to staff.
//!
//! A resident hears of another's case what anybody may know: what kind of matter, which grid or building, since when, where it
//! stands and what was promised. Never who said it or in which words, and nothing of a case that is not public or of a kind that
//! residents do not choose themselves.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Decision, Vault, decide};
use linli_kernel::{AreaCode, AreaLevel, CaseId, CaseKind, ProblemCode, Timestamp};
use linli_playbook::Playbook;

use super::report::{MAX_PLACE, MAX_TEXT, Wanted, find_place, short};
use super::similar::{self, Matter, Similar};
use super::store::{self, Named};
use crate::app::App;
use crate::areas::Point;
use crate::areas::tree::AreaTree;
use crate::areas::view::PointView;
use crate::http::{Answer, Body, Origin, Path, Refused, Signed};

/// A suggestion can be followed for this long.
const TOKEN_MS: i64 = 2 * 60 * 60 * 1_000;
const SEAL: &str = "cases.similar";
/// Shown to a resident at most: more is a list to search, and no help.
const OFFERED: usize = 3;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_similar)).routes(routes!(list_similar))
}

/// What is known before a report is sent.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct FindSimilar {
    /// What is the matter.
    pub text: String,
    /// The category's code.
    pub category: Option<String>,
    /// Where, WGS-84.
    pub point: Option<PointView>,
    /// Where, by area.
    pub area_code: Option<String>,
    /// Where, by the QR code of a building.
    pub place: Option<String>,
    /// Where, in words.
    pub address: Option<String>,
}

/// A matter that may be the same: nothing of who said it, and not in whose words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarView {
    /// Send it as `same_as` with the report to follow this one.
    pub token: String,
    /// What kind.
    pub category_name: Option<String>,
    /// Where, by the names of the grid and of the building whose printed code was scanned.
    pub place_name: String,
    /// How far away, where both places are known. Unit: metres.
    pub distance_m: Option<u32>,
    /// When it was said first.
    pub reported_at: Timestamp,
    /// Where it stands, in plain words.
    pub stage_name: String,
    /// When an answer was promised.
    pub promised_at: Option<Timestamp>,
    /// How many people said it.
    pub n_callers: i64,
}

/// Matters that may be the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarCases {
    /// The likeliest first, three at most.
    items: Vec<SimilarView>,
}

/// Looks for open cases about what may be the same matter, before a report is sent. Nothing is kept.
#[utoipa::path(post, path = "/api/similar", tag = "public", request_body = FindSimilar, responses((status = 200, body = SimilarCases), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn find_similar(
    State(app): State<App>,
    origin: Origin,
    Body(body): Body<FindSimilar>,
) -> Answer<Json<SimilarCases>> {
    app.reading.take(origin, app.now())?;
    Ok(Json(SimilarCases { items: offered(&app, body).await? }))
}

/// What a resident is offered to follow in place of reporting the same once more; nothing where the place is not known.
///
/// # Errors
/// The database's.
pub async fn offered(app: &App, asked: FindSimilar) -> Answer<Vec<SimilarView>> {
    let text = short(&asked.text, MAX_TEXT);
    let category = asked.category.clone();
    let Ok(found) = find_place(app, &wanted(app, asked)).await else { return Ok(Vec::new()) };
    let (area, point) = (found.area, found.point);
    let similar = app.db.read(move |conn| {
        let matter =
            Matter { kind: CaseKind::Request, area, point, category: category.as_deref(), text: &text, except: None };
        similar::find(conn, &matter).map_err(Refused::from)
    });
    let (book, tree, now) = (app.playbooks.current(), app.areas(), app.now());
    let known = similar.await?.into_iter().filter(|other| is_for_residents(&book, other));
    Ok(known.take(OFFERED).filter_map(|other| view(&app.vault, &book, &tree, other, now)).collect())
}

fn wanted(app: &App, asked: FindSimilar) -> Wanted {
    let area = asked.area_code.as_deref().and_then(|code| AreaCode::parse(code).ok());
    let address = asked.address.as_deref().map(|text| short(text, MAX_PLACE));
    Wanted {
        point: asked.point.map(Point::from),
        area: area.filter(|code| app.areas().get(code).is_some()),
        place: asked.place.filter(|code| !code.is_empty()),
        facility: None,
        address: address.filter(|text| !text.trim().is_empty()),
    }
}

/// What only staff sort into a category is not for residents' ears.
fn is_for_residents(book: &Playbook, other: &Similar) -> bool {
    other.category.as_deref().is_none_or(|code| book.category(code).is_some_and(|category| category.public))
}

fn view(vault: &Vault, book: &Playbook, tree: &AreaTree, other: Similar, now: Timestamp) -> Option<SimilarView> {
    let stage = book.stage(CaseKind::Request, &other.stage);
    let category = other.category.as_deref().and_then(|code| book.category(code));
    Some(SimilarView {
        token: token(vault, other.id, now)?,
        category_name: category.map(|category| category.name.clone()),
        place_name: place_name(tree, &other.area, other.building.as_deref()),
        distance_m: other.distance_m.map(whole),
        reported_at: other.reported_at,
        stage_name: stage.map_or_else(|| other.stage.clone(), |stage| stage.public_name.clone()),
        promised_at: other.promised_at,
        n_callers: other.n_callers,
    })
}

/// 红旗社区第三网格 3号楼: by the names of areas and buildings, never in the words of whoever reported.
fn place_name(tree: &AreaTree, area: &AreaCode, building: Option<&str>) -> String {
    let grid = area.at(area.level().min(AreaLevel::Grid));
    let from = grid.level().min(AreaLevel::Community);
    let names =
        grid.lineage().iter().filter(|code| code.level() >= from).map(|code| tree.name(code)).collect::<String>();
    building.map_or_else(|| names.clone(), |building| format!("{names} {building}"))
}

/// A suggestion that can be followed: sealed, so that it gives nobody the code of another's case.
pub(super) fn token(vault: &Vault, id: CaseId, now: Timestamp) -> Option<String> {
    let sealed = vault.seal(SEAL, &format!("{id} {}", now.plus_ms(TOKEN_MS).ms())).ok()?;
    Some(URL_SAFE_NO_PAD.encode(sealed))
}

/// The case that a suggestion stands for, while it can be followed.
#[must_use]
pub fn opened(vault: &Vault, token: &str, now: Timestamp) -> Option<CaseId> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = vault.open(SEAL, &sealed).ok()?;
    let (id, until) = plain.split_once(' ')?;
    let until: i64 = until.parse().ok()?;
    (now.ms() <= until).then(|| id.parse().ok()).flatten()
}

pub(super) fn whole(metres: f64) -> u32 {
    format!("{metres:.0}").parse().unwrap_or(0)
}

/// A case that may be about the same matter, for staff.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarCase {
    /// Its id.
    id: CaseId,
    /// The number for paper.
    paper_no: String,
    /// What kind.
    category_name: Option<String>,
    /// What was said, shortened.
    text: String,
    /// Its stage in words.
    stage_name: String,
    /// When it was said.
    reported_at: Timestamp,
    /// How far away. Unit: metres.
    distance_m: Option<u32>,
    /// How many people said it.
    n_callers: i64,
}

/// Cases that may be about the same matter.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarCaseList {
    /// The likeliest first.
    items: Vec<SimilarCase>,
}

/// Lists open cases that may be about the same matter as this one, of those that the caller may see.
#[utoipa::path(get, path = "/api/cases/{id}/similar", tag = "cases", params(("id" = String, Path)), responses((status = 200, body = SimilarCaseList), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn list_similar(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
) -> Answer<Json<SimilarCaseList>> {
    let book = app.playbooks.current();
    let items = app.db.read(move |conn| {
        let case = store::load(conn, &named)?.ok_or(ProblemCode::NotFound)?;
        if !matches!(decide(&caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) {
            return Err(Refused::from(ProblemCode::NotFound));
        }
        let matter = Matter {
            kind: case.kind,
            area: case.area,
            point: case.point,
            category: case.category.as_deref(),
            text: &case.body,
            except: Some(case.id),
        };
        let mut items = Vec::new();
        for other in similar::find(conn, &matter)? {
            let Some(seen) = store::load(conn, &Named::Id(other.id))? else { continue };
            if !matches!(decide(&caller, Act::ViewCase, &seen.keys()), Decision::Allowed(_)) {
                continue;
            }
            let stage = book.stage(seen.kind, &other.stage);
            let category = other.category.as_deref().and_then(|code| book.category(code));
            items.push(SimilarCase {
                id: other.id,
                paper_no: other.paper_no,
                category_name: category.map(|category| category.name.clone()),
                text: short(&other.body, 60),
                stage_name: stage.map_or_else(|| other.stage.clone(), |stage| stage.name.clone()),
                reported_at: other.reported_at,
                distance_m: other.distance_m.map(whole),
                n_callers: other.n_callers,
            });
        }
        Ok(items)
    });
    Ok(Json(SimilarCaseList { items: items.await? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_opens_for_two_hours_and_cannot_be_made_up() {
        let vault = Vault::new(&[7; 32]);
        let (id, now) = (CaseId::new(Default::default()), Timestamp::from_ms(1_000_000));
        let token = token(&vault, id, now).unwrap();
        assert_eq!(opened(&vault, &token, now.plus_ms(TOKEN_MS)), Some(id));
        assert_eq!(opened(&vault, &token, now.plus_ms(TOKEN_MS + 1)), None);
        assert_eq!(opened(&vault, "c29tZXRoaW5n", now), None);
    }
}
