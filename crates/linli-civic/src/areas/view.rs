//! Areas and places as answers show them.

use std::collections::HashMap;

use linli_access::Scope;
use linli_kernel::{AccountId, AreaCode, AreaLevel, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::counts::Open;
use super::geometry::{Point, Shape, simplify_together};
use super::records::Profile;
use super::store::{Place, PlaceKind};
use super::tree::{AreaRef, AreaTree};
use crate::people::OnDuty;
use crate::people::view::{Contact, worker};
use crate::say::Lang;

/// A point on the map, WGS-84 degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = Point)]
pub struct PointView {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

impl From<Point> for PointView {
    fn from(point: Point) -> Self {
        Self { lon: point.lon, lat: point.lat }
    }
}

impl From<PointView> for Point {
    fn from(point: PointView) -> Self {
        Self::new(point.lon, point.lat)
    }
}

/// 基本情况: households, residents, merchants; `null` where nobody has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Profile)]
pub struct ProfileView {
    /// 户数
    #[serde(default)]
    pub households: Option<u32>,
    /// 人数
    #[serde(default)]
    pub residents: Option<u32>,
    /// 商户数
    #[serde(default)]
    pub merchants: Option<u32>,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        Self { households: profile.households, residents: profile.residents, merchants: profile.merchants }
    }
}

impl From<ProfileView> for Profile {
    fn from(profile: ProfileView) -> Self {
        Self { households: profile.households, residents: profile.residents, merchants: profile.merchants }
    }
}

/// 区域 in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AreaRow {
    /// Its code.
    pub code: AreaCode,
    /// The name that people use.
    pub name: String,
    /// Its level.
    pub level: AreaLevel,
    /// Where it lies, from the county down.
    pub full_name: String,
    /// Areas directly below.
    pub n_children: usize,
    /// Open cases that the reader may count here.
    pub n_open: i64,
    /// Of them past a deadline.
    pub n_late: i64,
    /// Households, residents, merchants.
    pub profile: ProfileView,
    /// Whether its outline is known.
    pub has_boundary: bool,
    /// The version that a change names.
    pub version: i64,
}

impl AreaRow {
    /// An area with its counts.
    #[must_use]
    pub fn of(areas: &AreaTree, code: &AreaCode, open: Open) -> Self {
        let AreaRef { code, name, level, full_name } = areas.reference(code);
        let area = areas.get(&code);
        Self {
            code,
            name,
            level,
            full_name,
            n_children: areas.children(&code).len(),
            n_open: open.n_open,
            n_late: open.n_late,
            profile: area.map(|area| area.profile).unwrap_or_default().into(),
            has_boundary: areas.index().has(&code),
            version: area.map_or(0, |area| area.version),
        }
    }
}

/// What a reader with `reach` may count at an area.
#[must_use]
pub fn counted(reach: &Scope, code: &AreaCode, counts: &HashMap<String, Open>) -> Open {
    reach.within(code).iter().filter_map(|key| counts.get(key)).copied().sum()
}

/// Someone who answers at an area.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AreaPerson {
    /// Their name.
    name: String,
    /// What they are, in words.
    role_name: String,
    /// Their work phone.
    phone: Option<String>,
    /// The account.
    account_id: AccountId,
    /// What they are.
    role: Role,
}

impl AreaPerson {
    fn of(duty: &OnDuty, lang: Lang) -> Self {
        let Contact { name, role_name, phone } = Contact::of(&duty.person, duty.role, lang);
        Self { name, role_name, phone, account_id: duty.account, role: duty.role }
    }
}

/// 区域 on its page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AreaView {
    /// Its code.
    code: AreaCode,
    /// The name that people use.
    name: String,
    /// Its level.
    level: AreaLevel,
    /// Where it lies, from the county down.
    full_name: String,
    /// Areas directly below.
    n_children: usize,
    /// Open cases here.
    n_open: i64,
    /// Of them past a deadline.
    n_late: i64,
    /// Households, residents, merchants.
    profile: ProfileView,
    /// Whether its outline is known.
    has_boundary: bool,
    /// The version that a change names.
    version: i64,
    /// From the city down, without itself.
    ancestors: Vec<AreaRef>,
    /// Who answers at the area itself.
    people: Vec<AreaPerson>,
    /// Printed QR codes of the area itself.
    places: Vec<PlaceView>,
}

impl AreaView {
    /// An area with who answers in its lineage and its places.
    #[must_use]
    pub fn of(areas: &AreaTree, lang: Lang, row: AreaRow, on_duty: &[OnDuty], places: &[Place]) -> Self {
        let people = on_duty.iter().filter(|duty| duty.area == row.code).map(|duty| AreaPerson::of(duty, lang));
        Self {
            ancestors: ancestors(areas, &row.code),
            people: people.collect(),
            places: places.iter().map(|place| PlaceView::of(areas, lang, place, on_duty)).collect(),
            code: row.code,
            name: row.name,
            level: row.level,
            full_name: row.full_name,
            n_children: row.n_children,
            n_open: row.n_open,
            n_late: row.n_late,
            profile: row.profile,
            has_boundary: row.has_boundary,
            version: row.version,
        }
    }
}

/// What lies above an area, from the city down.
#[must_use]
pub fn ancestors(areas: &AreaTree, code: &AreaCode) -> Vec<AreaRef> {
    code.lineage().iter().filter(|above| *above != code).map(|above| areas.reference(above)).collect()
}

/// 二维码位置: what a printed code hangs on.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Place)]
pub struct PlaceView {
    /// What the printed code says.
    code: String,
    /// 红旗小区3号楼
    name: String,
    /// The area that it stands in.
    area: AreaRef,
    /// Where it stands.
    point: Option<PointView>,
    /// The grid worker to turn to there, as posted in public.
    worker: Option<Contact>,
    /// What it is.
    kind: PlaceKind,
}

impl PlaceView {
    /// A place with the worker among `on_duty`.
    #[must_use]
    pub fn of(areas: &AreaTree, lang: Lang, place: &Place, on_duty: &[OnDuty]) -> Self {
        Self {
            code: place.code.clone(),
            name: place.name.clone(),
            area: areas.reference(&place.area),
            point: place.point.map(Into::into),
            worker: worker(on_duty, &place.area, lang),
            kind: place.kind,
        }
    }
}

/// A GeoJSON feature of an outline (RFC 7946).
#[must_use]
pub fn feature(shape: &Shape, properties: &Value) -> Value {
    json!({ "type": "Feature", "properties": properties, "geometry": shape.to_geojson() })
}

/// GeoJSON (RFC 7946).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FeatureCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Features with at least `code` and `name` of the area.
    pub features: Vec<Value>,
}

/// The outlines of areas with what is told of each, simplified together so that neighbours still touch; areas without an
/// outline are left out.
pub fn outlines(
    areas: &AreaTree,
    around: AreaLevel,
    told: impl IntoIterator<Item = (AreaCode, Value)>,
) -> FeatureCollection {
    let drawn: Vec<(Shape, Value)> =
        told.into_iter().filter_map(|(code, told)| Some((areas.index().shape(&code)?, told))).collect();
    let shapes: Vec<&Shape> = drawn.iter().map(|(shape, _)| shape).collect();
    let simple = simplify_together(&shapes, tolerance_m(around));
    let features = drawn.iter().zip(&simple).map(|((_, told), shape)| feature(shape, told)).collect();
    FeatureCollection { kind: "FeatureCollection", features }
}

/// How far a border may be drawn from where it is: about a pixel of a wall of 1,500 pixels that shows the whole area.
const fn tolerance_m(level: AreaLevel) -> f64 {
    match level {
        AreaLevel::City => 120.0,
        AreaLevel::County => 30.0,
        AreaLevel::Street => 8.0,
        AreaLevel::Community => 1.5,
        AreaLevel::Grid | AreaLevel::MicroGrid => 0.5,
    }
}
