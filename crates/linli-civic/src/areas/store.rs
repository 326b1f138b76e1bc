//! How areas, boundaries and places are written.

use serde_json::json;

use linli_db::{Bind, Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{Actor, AreaCode, Change, NewEvent, Stream, StreamKind, Timestamp};

use super::boundaries::BoundaryRecord;
use super::crs::Crs;
use super::geometry::Point;
use super::records::{AreaRecord, Profile};
use super::tree::{Area, code_range};

/// Rows written in one transaction: long enough to be quick, short enough not to hold up the city.
pub const BATCH: usize = 1_000;

/// Areas of an import.
pub struct AreaBatch(pub Vec<AreaRecord>);

impl Store for AreaBatch {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO area (code, parent_code, level, name, short_name, n_households, n_residents, n_merchants, version) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) \
                   ON CONFLICT (code) DO UPDATE SET name = $4, short_name = $5, n_households = COALESCE($6, area.n_households), \
                   n_residents = COALESCE($7, area.n_residents), n_merchants = COALESCE($8, area.n_merchants), version = area.version + 1 \
                   WHERE area.name <> $4 OR area.short_name <> $5 OR COALESCE($6, area.n_households, -1) <> COALESCE(area.n_households, -1) \
                   OR COALESCE($7, area.n_residents, -1) <> COALESCE(area.n_residents, -1) \
                   OR COALESCE($8, area.n_merchants, -1) <> COALESCE(area.n_merchants, -1)";
        for area in &self.0 {
            writer.exec(
                sql,
                &params![
                    area.code,
                    area.code.parent(),
                    area.level,
                    area.name,
                    area.short_name,
                    area.profile.households,
                    area.profile.residents,
                    area.profile.merchants
                ],
            )?;
        }
        Ok(())
    }
}

/// Boundaries of an import; an old boundary is kept with the time at which it ended.
pub struct BoundaryBatch {
    /// The boundaries.
    pub rows: Vec<BoundaryRecord>,
    /// The coordinate system of the file that they came from.
    pub source_crs: Crs,
    /// From when they hold.
    pub at: Timestamp,
}

impl Store for BoundaryBatch {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let crs = self.source_crs.to_string();
        for row in &self.rows {
            let wkb = row.shape.to_wkb();
            let same = writer.returning(
                "SELECT 1 AS n FROM area_boundary WHERE area_code = $1 AND valid_to IS NULL AND wkb = $2",
                &params![row.code, wkb],
                |_| Ok(()),
            )?;
            if !same.is_empty() {
                continue;
            }
            writer.exec(
                "UPDATE area_boundary SET valid_to = $2 WHERE area_code = $1 AND valid_to IS NULL",
                &params![row.code, self.at],
            )?;
            writer.exec(
                "INSERT INTO area_boundary (area_code, valid_from, source_crs, wkb) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (area_code, valid_from) DO UPDATE SET valid_to = NULL, source_crs = $3, wkb = $4",
                &params![row.code, self.at, crs, wkb],
            )?;
        }
        Ok(())
    }
}

/// The event that tells of an import: what came from which file, not every row.
#[must_use]
pub fn imported(
    kind: &'static str,
    root: &AreaCode,
    n_rows: usize,
    source: &str,
    actor: Actor,
    at: Timestamp,
) -> NewEvent {
    NewEvent {
        stream: Stream::new(StreamKind::Area, root.to_string()),
        kind,
        at,
        actor,
        payload: json!({ "n_rows": n_rows, "source": source }),
        text: None,
        area: Some(*root),
        unit: None,
    }
}

/// A change to one area by hand.
#[derive(Clone, Debug)]
pub struct AreaEdit {
    /// Which.
    pub code: AreaCode,
    /// The name that people use.
    pub short_name: String,
    /// Households, residents, merchants.
    pub profile: Profile,
    /// The version that the edit was made on.
    pub version: i64,
}

impl AreaEdit {
    /// The change, told by `area_changed`.
    pub fn change(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Area, self.code.to_string()),
            kind: "area_changed",
            at,
            actor,
            payload: json!({ "name": self.short_name, "households": self.profile.households, "residents": self.profile.residents, "merchants": self.profile.merchants }),
            text: None,
            area: Some(self.code),
            unit: None,
        };
        Change::new(self, event)
    }
}

impl Store for AreaEdit {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "UPDATE area SET short_name = $2, n_households = $3, n_residents = $4, n_merchants = $5, version = version + 1 WHERE code = $1 AND version = $6",
            &params![self.code, self.short_name, self.profile.households, self.profile.residents, self.profile.merchants, self.version],
        )
    }
}

/// A grid or micro-grid that is added by hand.
#[derive(Clone, Debug)]
pub struct AreaMade {
    /// Its number below the area above.
    pub code: AreaCode,
    /// The name that people use.
    pub name: String,
}

impl AreaMade {
    /// The change, told by `area_made`.
    pub fn change(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Area, self.code.to_string()),
            kind: "area_made",
            at,
            actor,
            payload: json!({ "name": self.name }),
            text: None,
            area: Some(self.code),
            unit: None,
        };
        Change::new(self, event)
    }
}

impl Store for AreaMade {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let made = writer.exec(
            "INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES ($1, $2, $3, $4, $4, 1)",
            &params![self.code, self.code.parent(), self.code.level(), self.name],
        );
        match made {
            // Someone added the same number at this moment: take the next one.
            Err(error) if error.is_duplicate() => Err(StoreError::Retry),
            other => other.map(|_| ()),
        }
    }
}

/// Reads an area that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn area_for_change(conn: &mut Conn, code: &AreaCode) -> Result<Option<Area>, StoreError> {
    let lock = conn.dialect().for_update();
    conn.first(&format!("SELECT {} FROM area WHERE code = $1{lock}", Area::COLUMNS), &params![code], Area::from_row)
}

/// What lies directly below an area, in the order of codes.
///
/// # Errors
/// The database's.
pub fn children_of(conn: &mut Conn, parent: &AreaCode) -> Result<Vec<Area>, StoreError> {
    conn.all(
        &format!("SELECT {} FROM area WHERE parent_code = $1 ORDER BY code", Area::COLUMNS),
        &params![parent],
        Area::from_row,
    )
}

/// The condition that a row lies in one of these areas, by the column of its area; its parameters are added to `bound`.
#[must_use]
pub fn inside(column: &str, areas: &[AreaCode], bound: &mut Vec<Val>) -> String {
    let mut parts = Vec::new();
    for area in areas {
        let (low, high) = code_range(area);
        bound.extend([low.val(), high.val()]);
        parts.push(format!("({column} >= ${} AND {column} < ${})", bound.len() - 1, bound.len()));
    }
    if parts.is_empty() { "1 = 0".to_owned() } else { parts.join(" OR ") }
}

/// 二维码位置: a building, a grid board or premises with a printed code.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// What the printed code says.
    pub code: String,
    /// The area it stands in.
    pub area: AreaCode,
    /// `building`, `grid` or `premises`.
    pub kind: PlaceKind,
    /// 红旗小区3号楼
    pub name: String,
    /// Where it stands.
    pub point: Option<Point>,
}

/// What a printed code hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// 楼栋
    Building,
    /// 网格公示牌
    Grid,
    /// 场所
    Premises,
    /// 公共设施
    Facility,
}

impl PlaceKind {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Grid => "grid",
            Self::Premises => "premises",
            Self::Facility => "facility",
        }
    }
}

impl std::str::FromStr for PlaceKind {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "building" => Ok(Self::Building),
            "grid" => Ok(Self::Grid),
            "premises" => Ok(Self::Premises),
            "facility" => Ok(Self::Facility),
            _ => Err(format!("{word:?} is not a kind of place")),
        }
    }
}

impl Place {
    /// The change that puts it up.
    pub fn put_up(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Place, self.code.clone()),
            kind: "place_put_up",
            at,
            actor,
            payload: json!({ "kind": self.kind.as_str(), "area_code": self.area }),
            text: None,
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }

    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
        Ok(Self {
            code: row.get("code")?,
            area: row.parse("area_code")?,
            kind: row.parse("kind")?,
            name: row.get("name")?,
            point: lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat)),
        })
    }
}

impl Store for Place {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec(
            "INSERT INTO place (code, area_code, kind, name, lon, lat, version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
            &params![
                self.code,
                self.area,
                self.kind.as_str(),
                self.name,
                self.point.map(|p| p.lon),
                self.point.map(|p| p.lat)
            ],
        )?;
        Ok(())
    }
}

/// The place with this printed code.
///
/// # Errors
/// The database's.
pub fn place(conn: &mut Conn, code: &str) -> Result<Option<Place>, StoreError> {
    conn.first(
        "SELECT code, area_code, kind, name, lon, lat FROM place WHERE code = $1",
        &params![code],
        Place::from_row,
    )
}

/// The places with these printed codes, in no order.
///
/// # Errors
/// The database's.
pub fn places(conn: &mut Conn, codes: &[String]) -> Result<Vec<Place>, StoreError> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT code, area_code, kind, name, lon, lat FROM place WHERE code IN ({})",
        placeholders(1, codes.len())
    );
    let values: Vec<Val> = codes.iter().map(Bind::val).collect();
    conn.all(&sql, &values, Place::from_row)
}

/// Places with `words` in their names, inside one of the ranges of codes, in order of their names.
///
/// # Errors
/// The database's.
pub fn places_named(
    conn: &mut Conn,
    words: &str,
    within: &[(String, String)],
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let mut values = params![format!("%{}%", like(words)), limit].to_vec();
    let mut ranges = Vec::new();
    for (low, high) in within {
        values.extend([low.val(), high.val()]);
        ranges.push(format!("(area_code >= ${} AND area_code < ${})", values.len() - 1, values.len()));
    }
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT code, area_code, kind, name, lon, lat FROM place WHERE name LIKE $1 ESCAPE '!' AND ({}) ORDER BY name, code LIMIT $2",
        ranges.join(" OR ")
    );
    conn.all(&sql, &values, Place::from_row)
}

/// As a part of a pattern: nothing in it means anything but itself.
fn like(words: &str) -> String {
    words.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The places of an area itself, in order of their names.
///
/// # Errors
/// The database's.
pub fn places_of(conn: &mut Conn, area: &AreaCode) -> Result<Vec<Place>, StoreError> {
    conn.all(
        "SELECT code, area_code, kind, name, lon, lat FROM place WHERE area_code = $1 ORDER BY name, code LIMIT 500",
        &params![area],
        Place::from_row,
    )
}
