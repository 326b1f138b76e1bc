//! 地址补全: what somebody may mean while they say where it is, for whoever registers it for them. Areas by name, and buildings by
//! the name on their printed code. Only inside what the caller may register for: a choice that would be refused is none.
//!
//! The words travel in the body: an address down to a door belongs into no history of addresses.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Keys, scope};
use linli_kernel::{AreaCode, AreaLevel};

use super::store::{self, Place};
use super::tree::{AreaRef, AreaTree, Meant, code_range};
use super::view::PointView;
use crate::app::App;
use crate::http::{Answer, Body, Refused, Signed};

/// Choices of one kind at most.
const MOST: usize = 8;
/// Areas that are looked at before those out of reach are left out.
const LOOKED_AT: usize = 400;
const MAX_QUERY: usize = 60;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(complete_address))
}

/// What has been typed of an address.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"q": "红旗社区3号楼"}))]
pub struct CompleteAddress {
    /// In the order in which people say it; spaces are welcome and not needed.
    q: String,
}

/// An address that may be meant.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AddressChoice {
    /// Tells the choices apart: the code of the place, or else of the area.
    code: String,
    /// The building, or the area.
    name: String,
    /// The area it lies in, or is.
    area: AreaRef,
    /// The building's printed code.
    place: Option<String>,
    /// Where the building stands.
    point: Option<PointView>,
}

/// Addresses that may be meant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AddressChoices {
    /// Buildings first, then areas; eight of each at most.
    items: Vec<AddressChoice>,
}

/// Completes an address while it is typed: buildings with a printed code, and areas, where the caller may register. Nothing is kept.
#[utoipa::path(post, path = "/api/addresses", tag = "areas", request_body = CompleteAddress, responses((status = 200, body = AddressChoices)), extensions(("x-access" = json!("report_on_behalf"))))]
async fn complete_address(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<CompleteAddress>,
) -> Answer<Json<AddressChoices>> {
    let q: String = body.q.replace('\0', "").trim().chars().take(MAX_QUERY).collect();
    let reach = scope(&caller, Act::ReportOnBehalf);
    let within = move |code: &AreaCode| reach.reaches(&Keys::of_area(code)).is_some();
    let held: Vec<AreaCode> = scope(&caller, Act::ReportOnBehalf).keys().filter_map(|key| key.parse().ok()).collect();
    let tree = app.areas();
    // A look through every name of the city is no work for an async thread.
    let (said, areas) = app
        .slowly({
            let tree = app.areas();
            move || (Words::of(&q, &tree, &within), named_areas(&q, &tree, &within))
        })
        .await?;
    let ranges = if said.areas.is_empty() { &held } else { &said.areas };
    let ranges: Vec<(String, String)> = ranges.iter().map(code_range).collect();
    let building = said.building.clone();
    let mut places = if building.is_empty() {
        Vec::new()
    } else {
        let limit = i64::try_from(MOST * 3).unwrap_or(i64::MAX);
        app.db.read(move |conn| store::places_named(conn, &building, &ranges, limit).map_err(Refused::from)).await?
    };
    places.sort_by_key(|place| said.rank(&place.name));
    let places = places.into_iter().take(MOST).map(|place| of_place(place, &tree));
    let areas = areas.into_iter().take(MOST).map(|code| of_area(&code, &tree));
    Ok(Json(AddressChoices { items: places.chain(areas).collect() }))
}

fn named_areas(q: &str, tree: &AreaTree, within: &impl Fn(&AreaCode) -> bool) -> Vec<AreaCode> {
    let mut found = tree.search(q, LOOKED_AT, within);
    if found.is_empty() {
        // 红旗社区3号楼: the area stands in what was typed, not the other way round.
        found = meant(q, tree);
    }
    found.retain(|code| code.level() > AreaLevel::City && within(code));
    found
}

fn meant(q: &str, tree: &AreaTree) -> Vec<AreaCode> {
    match tree.meant(q) {
        Meant::One(code) => vec![code],
        Meant::Several(codes) => codes,
        Meant::None => Vec::new(),
    }
}

/// What was typed, taken apart: which areas it names, and what is left for the building.
struct Words {
    areas: Vec<AreaCode>,
    building: String,
}

impl Words {
    fn of(q: &str, tree: &AreaTree, within: &impl Fn(&AreaCode) -> bool) -> Self {
        let mut areas = meant(q, tree);
        areas.retain(|code| within(code));
        let mut building: String = q.chars().filter(|c| !c.is_whitespace()).collect();
        for code in areas.iter().flat_map(AreaCode::lineage) {
            let Some(area) = tree.get(&code) else { continue };
            building = building.replace(&area.name, "").replace(&area.short_name, "");
        }
        Self { areas, building }
    }

    /// 3号楼 means 3号楼 before 13号楼.
    fn rank(&self, name: &str) -> (bool, usize) {
        let before = name.find(&self.building).and_then(|at| name.get(..at)).and_then(|head| head.chars().next_back());
        (before.is_some_and(|c| c.is_ascii_digit()), name.chars().count())
    }
}

fn of_place(place: Place, tree: &AreaTree) -> AddressChoice {
    AddressChoice {
        code: place.code.clone(),
        name: place.name,
        area: tree.reference(&place.area),
        place: Some(place.code),
        point: place.point.map(PointView::from),
    }
}

fn of_area(code: &AreaCode, tree: &AreaTree) -> AddressChoice {
    let area = tree.reference(code);
    AddressChoice { code: code.to_string(), name: area.name.clone(), area, place: None, point: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_building_is_not_the_thirteenth() {
        let words = Words { areas: Vec::new(), building: "3号楼".to_owned() };
        let mut names = ["红旗小区13号楼", "红旗小区3号楼", "3号楼"];
        names.sort_by_key(|name| words.rank(name));
        assert_eq!(names, ["3号楼", "红旗小区3号楼", "红旗小区13号楼"]);
    }
}
