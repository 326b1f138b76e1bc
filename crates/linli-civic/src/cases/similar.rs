//! 疑似重复: open cases about what may be the same matter. A suggestion with its reasons; whoever reports or works decides.
//!
//! Same place (within 150 m; where a point is missing, the same grid, or the community that was named) and the same category, or
//! much the same words. Source of
//! the idea: nearby reports of the same category are offered before sending (FixMyStreet); repeated requests are in principle
//! merged (国办函〔2025〕66号 第三条).

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Decision, Vault, decide};
use linli_db::{Conn, Row, StoreError, params};
use linli_kernel::{AreaCode, AreaLevel, CaseId, ProblemCode, Timestamp};

use super::report::{MAX_PLACE, MAX_TEXT, Wanted, find_place, short};
use super::store::{self, Named};
use crate::app::App;
use crate::areas::Point;
use crate::areas::view::PointView;
use crate::http::{Answer, Body, Origin, Path, Refused, Signed};
use crate::say::Lang;

/// Cases that are looked at, the newest first.
const LOOKED_AT: i64 = 300;
/// Suggestions at most.
const MOST: usize = 5;
/// Two points this near are one place. Unit: metres.
const NEAR_M: f64 = 150.0;
/// So much the same words are one matter: the share of two-character sequences that both texts have.
const ALIKE: f64 = 0.25;
/// Words of another category must be more alike.
const VERY_ALIKE: f64 = 0.5;
/// A suggestion can be followed for this long.
const TOKEN_MS: i64 = 2 * 60 * 60 * 1_000;
const SEAL: &str = "cases.similar";
const METRES_A_DEGREE: f64 = 111_320.0;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_similar)).routes(routes!(list_similar))
}

/// What is compared.
pub struct Matter<'a> {
    /// Where.
    pub area: AreaCode,
    /// Where on the map.
    pub point: Option<Point>,
    /// What kind.
    pub category: Option<&'a str>,
    /// What was said.
    pub text: &'a str,
    /// Not this one.
    pub except: Option<CaseId>,
}

/// One that may be the same matter.
#[derive(Clone, Debug)]
pub struct Similar {
    /// Its id.
    pub id: CaseId,
    paper_no: String,
    category: Option<String>,
    body: String,
    stage: String,
    reported_at: Timestamp,
    promised_at: Option<Timestamp>,
    n_callers: i64,
    distance_m: Option<f64>,
    alike: f64,
}

impl Similar {
    /// How far away. Unit: metres.
    pub(super) fn distance(&self) -> Option<u32> {
        self.distance_m.map(whole)
    }

    /// How many people said it.
    pub(super) const fn n_callers(&self) -> i64 {
        self.n_callers
    }
}

/// How far apart two points are. Unit: metres.
pub(super) fn metres(one: Point, other: Point) -> u32 {
    whole(distance_m(one, other))
}

/// Looks for open cases about what may be the same matter.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, matter: &Matter<'_>) -> Result<Vec<Similar>, StoreError> {
    // A street or a county is no place.
    if matter.area.level() < AreaLevel::Community {
        return Ok(Vec::new());
    }
    // Within the community: what is farther away is another place.
    let within = matter.area.at(AreaLevel::Community);
    let sql = "SELECT c.id, c.paper_no, c.category, c.body, c.stage, c.reported_at, c.promised_at, c.area_code, c.lon, c.lat, \
               (SELECT COUNT(*) FROM cases f WHERE f.master_id = c.id) AS n_followers \
               FROM case_scope s JOIN cases c ON c.id = s.case_id \
               WHERE s.scope_key = $1 AND s.phase IN ('open', 'waiting') AND c.private = FALSE AND c.master_id IS NULL \
               ORDER BY s.case_id DESC LIMIT $2";
    let words = pairs(matter.text);
    let found = conn.all(sql, &params![within, LOOKED_AT], |row| candidate(row, matter, &words))?;
    let mut found: Vec<Similar> = found.into_iter().flatten().filter(|other| Some(other.id) != matter.except).collect();
    found.sort_by(|a, b| b.alike.total_cmp(&a.alike).then(b.id.cmp(&a.id)));
    found.truncate(MOST);
    Ok(found)
}

fn candidate(
    row: &Row<'_>,
    matter: &Matter<'_>,
    words: &BTreeSet<(char, char)>,
) -> Result<Option<Similar>, StoreError> {
    let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
    let area: AreaCode = row.parse("area_code")?;
    let point = lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat));
    let distance_m = point.zip(matter.point).map(|(a, b)| distance_m(a, b));
    // On the telephone often no more is known than the community: every grid of it may be meant.
    let may_be_there = || area.contains(&matter.area) || matter.area.contains(&area);
    let is_near = distance_m.map_or_else(may_be_there, |distance_m| distance_m <= NEAR_M);
    let category: Option<String> = row.get("category")?;
    let body: String = row.get("body")?;
    let alike = share(words, &pairs(&body));
    let is_same_kind = category.is_some() && category.as_deref() == matter.category;
    if !is_near || alike < if is_same_kind { ALIKE } else { VERY_ALIKE } {
        return Ok(None);
    }
    Ok(Some(Similar {
        id: row.parse("id")?,
        paper_no: row.get("paper_no")?,
        category,
        body,
        stage: row.get("stage")?,
        reported_at: row.at("reported_at")?,
        promised_at: row.at_opt("promised_at")?,
        n_callers: row.get::<i64>("n_followers")? + 1,
        distance_m,
        alike,
    }))
}

/// Flat enough for 150 m.
fn distance_m(a: Point, b: Point) -> f64 {
    let x = (a.lon - b.lon) * a.lat.to_radians().cos();
    (x * x + (a.lat - b.lat).powi(2)).sqrt() * METRES_A_DEGREE
}

/// The two-character sequences of a text, without spaces and punctuation.
fn pairs(text: &str) -> BTreeSet<(char, char)> {
    let letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
}

/// How much of the shorter one both have.
fn share(a: &BTreeSet<(char, char)>, b: &BTreeSet<(char, char)>) -> f64 {
    let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
    let least = a.len().min(b.len());
    if least == 0 { 0.0 } else { count(a.intersection(b).count()) / count(least) }
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

/// What is known before a report is sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct FindSimilar {
    /// What is the matter.
    text: String,
    /// The category's code.
    category: Option<String>,
    /// Where, WGS-84.
    point: Option<PointView>,
    /// Where, by area.
    area_code: Option<String>,
    /// Where, by the QR code of a building.
    place: Option<String>,
    /// Where, in words.
    address: Option<String>,
}

/// A matter that may be the same: nothing of who said it, and not in whose words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarView {
    /// Send it as `same_as` with the report to follow this one.
    token: String,
    /// What kind.
    category_name: Option<String>,
    /// How far away, where both places are known. Unit: metres.
    distance_m: Option<u32>,
    /// When it was said first.
    reported_at: Timestamp,
    /// Where it stands, in plain words.
    stage_name: String,
    /// When an answer was promised.
    promised_at: Option<Timestamp>,
    /// How many people said it.
    n_callers: i64,
}

/// Matters that may be the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarCases {
    /// The likeliest first.
    items: Vec<SimilarView>,
}

/// Looks for open cases about what may be the same matter, before a report is sent. Nothing is kept.
#[utoipa::path(post, path = "/api/similar", tag = "public", request_body = FindSimilar, responses((status = 200, body = SimilarCases), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn find_similar(
    State(app): State<App>,
    origin: Origin,
    _lang: Lang,
    Body(body): Body<FindSimilar>,
) -> Answer<Json<SimilarCases>> {
    app.reading.take(origin, app.now())?;
    let wanted = Wanted {
        point: body.point.map(Point::from),
        area: body
            .area_code
            .as_deref()
            .and_then(|code| AreaCode::parse(code).ok())
            .filter(|code| app.areas().get(code).is_some()),
        place: body.place.filter(|code| !code.is_empty()),
        address: body.address.as_deref().map(|text| short(text, MAX_PLACE)).filter(|text| !text.trim().is_empty()),
    };
    let Ok(found) = find_place(&app, &wanted).await else { return Ok(Json(SimilarCases { items: Vec::new() })) };
    let (text, category, now) = (short(&body.text, MAX_TEXT), body.category, app.now());
    let (area, point) = (found.area, found.point);
    let similar = app.db.read(move |conn| {
        let matter = Matter { area, point, category: category.as_deref(), text: &text, except: None };
        find(conn, &matter).map_err(Refused::from)
    });
    let book = app.playbooks.current();
    let views = similar.await?.into_iter().filter_map(|other| {
        let stage = book.stage(linli_kernel::CaseKind::Request, &other.stage);
        let category = other.category.as_deref().and_then(|code| book.category(code));
        Some(SimilarView {
            token: token(&app.vault, other.id, now)?,
            category_name: category.map(|category| category.name.clone()),
            distance_m: other.distance_m.map(whole),
            reported_at: other.reported_at,
            stage_name: stage.map_or_else(|| other.stage.clone(), |stage| stage.public_name.clone()),
            promised_at: other.promised_at,
            n_callers: other.n_callers,
        })
    });
    Ok(Json(SimilarCases { items: views.collect() }))
}

fn whole(metres: f64) -> u32 {
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
            area: case.area,
            point: case.point,
            category: case.category.as_deref(),
            text: &case.body,
            except: Some(case.id),
        };
        let mut items = Vec::new();
        for other in find(conn, &matter)? {
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
    fn the_same_matter_in_other_words_is_alike_and_another_is_not() {
        let lamp = pairs("3号楼前的路灯不亮，晚上看不清路");
        assert!(share(&lamp, &pairs("三号楼门口路灯不亮了")) >= ALIKE);
        assert!(share(&lamp, &pairs("垃圾桶满了没人清")) < ALIKE);
        assert!(share(&lamp, &pairs("")) < ALIKE);
    }

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
