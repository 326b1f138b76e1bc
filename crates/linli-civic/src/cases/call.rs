//! 接听: what a clerk needs to know while somebody is on the line, before anything is entered. Open cases about what may be the
//! same matter, with a token to follow one of them, and what else is open around the place. Nothing is kept.
//!
//! The public form of the same question (`POST /api/similar`) shows a resident neither words nor numbers of other people's
//! cases; a clerk sees those that they may see anyway.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::Conn;
use linli_kernel::{AreaCode, AreaLevel, CaseId, CaseKind, Timestamp};

use super::list::{self, Asker, BoxKey, ListCases};
use super::reader::Reader;
use super::report::{MAX_PLACE, MAX_TEXT, Wanted, find_place, short};
use super::row::CaseRow;
use super::similar::{self, Matter};
use super::similar_http;
use super::store::{self, Named};
use crate::app::App;
use crate::areas::Point;
use crate::areas::tree::AreaRef;
use crate::areas::view::PointView;
use crate::http::{Answer, Body, Refused, Signed};
use crate::say::Lang;

/// Open cases around the place that are shown at most.
const MOST_NEAR: usize = 8;
/// Open cases that are looked at for them, the newest first.
const LOOKED_AT: u32 = 40;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look_around_call))
}

/// What has been said so far.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct LookAround {
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

/// 疑似同一件: an open case that may be about the same matter.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlikeCase {
    /// The case.
    case: CaseRow,
    /// Send it as `same_as` with the report: the caller follows this case and is answered with it.
    token: Option<String>,
    /// How far away, where both places are known. Unit: metres.
    distance_m: Option<u32>,
    /// How many people said it.
    n_callers: i64,
    /// When they were promised an answer.
    promised_at: Option<Timestamp>,
}

/// An open case around the place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NearCase {
    /// The case.
    case: CaseRow,
    /// How far away, where both places are known. Unit: metres.
    distance_m: Option<u32>,
}

/// What is known around a matter.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct AroundCall {
    /// Around which area was looked: at most a grid.
    area: Option<AreaRef>,
    /// What may be the same matter, the likeliest first.
    alike: Vec<AlikeCase>,
    /// What else is open there: the nearest first, or the newest where no distance is known.
    near: Vec<NearCase>,
}

/// Looks for open cases about what may be the same matter, and for what else is open around the place, among those that the caller
/// may see. Nothing is kept.
#[utoipa::path(post, path = "/api/calls/around", tag = "cases", request_body = LookAround, responses((status = 200, body = AroundCall)), extensions(("x-access" = json!("report_on_behalf"))))]
async fn look_around_call(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<LookAround>,
) -> Answer<Json<AroundCall>> {
    let wanted = Wanted {
        point: body.point.map(Point::from),
        area: body
            .area_code
            .as_deref()
            .and_then(|code| AreaCode::parse(code).ok())
            .filter(|code| app.areas().get(code).is_some()),
        place: body.place.filter(|code| !code.is_empty()),
        facility: None,
        address: body.address.as_deref().map(|text| short(text, MAX_PLACE)).filter(|text| !text.trim().is_empty()),
    };
    // Without a place nothing can be near it.
    let Ok(found) = find_place(&app, &wanted).await else { return Ok(Json(AroundCall::default())) };
    let said = Said {
        text: short(&body.text, MAX_TEXT),
        category: body.category.filter(|code| !code.is_empty()),
        area: found.area,
        point: found.point,
    };
    let (now, db) = (app.now(), app.db.clone());
    let around = db.read(move |conn| {
        let (book, areas) = (app.playbooks.current(), app.areas());
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let alike = said.alike(conn, &app, &caller, &reader)?;
        let near = said.near(conn, &asker, &reader, &alike)?;
        let around = said.area.at(AreaLevel::Grid.min(said.area.level()));
        Ok::<_, Refused>(AroundCall { area: Some(areas.reference(&around)), alike, near })
    });
    Ok(Json(around.await?))
}

/// What has been said, with its place.
struct Said {
    text: String,
    category: Option<String>,
    area: AreaCode,
    point: Option<Point>,
}

impl Said {
    fn alike(
        &self,
        conn: &mut Conn,
        app: &App,
        caller: &Caller,
        reader: &Reader<'_>,
    ) -> Result<Vec<AlikeCase>, Refused> {
        // Two words are alike to everything.
        if self.text.chars().count() < 4 && self.category.is_none() {
            return Ok(Vec::new());
        }
        let matter = Matter {
            kind: CaseKind::Request,
            area: self.area,
            point: self.point,
            category: self.category.as_deref(),
            text: &self.text,
            except: None,
        };
        let mut alike = Vec::new();
        for other in similar::find(conn, &matter)? {
            let Some(case) = store::load(conn, &Named::Id(other.id))? else { continue };
            if !matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) {
                continue;
            }
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            alike.push(AlikeCase {
                token: similar_http::token(&app.vault, other.id, reader.now),
                distance_m: other.distance_m.map(similar_http::whole),
                n_callers: other.n_callers,
                promised_at: case.promise().map(|promise| promise.due_at),
                case: CaseRow::of(&case, &book, reader, None),
            });
        }
        Ok(alike)
    }

    fn near(
        &self,
        conn: &mut Conn,
        asker: &Asker<'_>,
        reader: &Reader<'_>,
        alike: &[AlikeCase],
    ) -> Result<Vec<NearCase>, Refused> {
        // What is open in a whole street or county is not near.
        if self.area.level() < AreaLevel::Community {
            return Ok(Vec::new());
        }
        let area = self.area.at(AreaLevel::Grid.min(self.area.level()));
        let wish =
            ListCases { key: Some(BoxKey::AllOpen), area: Some(area), limit: Some(LOOKED_AT), ..ListCases::default() };
        let shown: Vec<CaseId> = alike.iter().map(|other| other.case.id).collect();
        let others = list::list(conn, asker, &wish, reader)?.items.into_iter().filter(|row| !shown.contains(&row.id));
        let mut near: Vec<NearCase> = others.map(|case| NearCase { distance_m: self.distance(&case), case }).collect();
        near.sort_by_key(|other| other.distance_m.unwrap_or(u32::MAX));
        near.truncate(MOST_NEAR);
        Ok(near)
    }

    fn distance(&self, case: &CaseRow) -> Option<u32> {
        let there = Point::from(case.point?);
        self.point.map(|here| similar_http::whole(similar::distance_m(here, there)))
    }
}
