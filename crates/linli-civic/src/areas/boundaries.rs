//! 边界 from GeoJSON (FeatureCollection or Feature), GeoJSON by lines (also RFC 8142), and .xz of either.
//!
//! Line-wise files are read as a stream; what stays in memory are the finished shapes (8 bytes a corner). A feature with
//! a fault is reported with the line it starts on and left out, the others are kept. Only a wrong coordinate system
//! refuses the whole file: then no single boundary can be trusted. See [`placement`](super::placement).

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use linli_kernel::AreaCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::crs::Crs;
use super::faults::{Fault, Finding, Parsed};
use super::features::{self, Kind};
use super::geometry::{Built, Point, RawPolygon, Shape, ShapeFault, build};
use super::placement;
use super::table::read_code;
use super::text::{self, Lines, TextError};

/// Properties that may hold the code of the area, the first found wins; after them the feature's `id`.
const CODE_KEYS: [&str; 12] = [
    "code",
    "编码",
    "网格编码",
    "微网格编码",
    "区域编码",
    "区划代码",
    "grid_code",
    "area_code",
    "gridcode",
    "areacode",
    "adcode",
    "社区编码",
];

/// How many features pass between two calls of the progress function.
const PROGRESS_EVERY: u32 = 1_000;

/// 边界: one boundary ready to be stored, in WGS-84.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundaryRecord {
    /// Line on which the feature starts, from 1.
    pub line: u32,
    pub code: AreaCode,
    pub shape: Shape,
}

/// What the database knows already.
pub trait KnownMap {
    /// Whether the area exists.
    fn exists(&self, code: &AreaCode) -> bool;
    /// Its stored boundary, if it has one. Asked once an area.
    fn shape_of(&self, code: &AreaCode) -> Option<Arc<Shape>>;
}

/// Reads boundaries in the coordinate system `crs`. `progress` is told how many features were read.
///
/// # Errors
/// [`TextError`] when the file cannot be read. Everything else is a finding; on [`Fault::WrongCrs`] `rows` is empty.
pub fn parse_boundaries(
    source: impl Read + 'static,
    crs: Crs,
    known: &dyn KnownMap,
    progress: &mut dyn FnMut(u32),
) -> Result<Parsed<BoundaryRecord>, TextError> {
    let mut lines = text::open(source, text::MAX_STREAM_BYTES)?;
    let mut reader =
        Reader { crs, known, progress, rows: Vec::new(), first_lines: HashMap::new(), findings: Vec::new(), n_read: 0 };
    reader.read(&mut lines)?;
    let Reader { mut rows, mut findings, n_read, .. } = reader;
    placement::check(&mut rows, &mut findings, crs, known);
    findings.sort_by_key(|finding| finding.line);
    Ok(Parsed { rows, findings, n_read, notes: lines.notes() })
}

struct Reader<'a> {
    crs: Crs,
    known: &'a dyn KnownMap,
    progress: &'a mut dyn FnMut(u32),
    rows: Vec<BoundaryRecord>,
    first_lines: HashMap<AreaCode, u32>,
    findings: Vec<Finding>,
    n_read: u32,
}

impl Reader<'_> {
    /// The first line with something in it decides whether the file is read by lines or as one document.
    fn read(&mut self, lines: &mut Lines) -> Result<(), TextError> {
        let mut is_by_lines = None;
        let mut document = String::new();
        let mut nth = 0;
        while let Some(line) = lines.next_line()? {
            if line.n_nul > 0 {
                self.findings.push(Finding::new(line.number, None, Fault::NulRemoved { n: line.n_nul }));
            }
            let feature = line.text.trim_matches(['\u{1e}', ' ', '\t', '\r']);
            if is_by_lines.is_none() && !feature.is_empty() {
                is_by_lines = Some(features::is_by_lines(feature));
            }
            if is_by_lines == Some(true) {
                if !feature.is_empty() {
                    self.take(line.number, feature);
                }
            } else {
                // Lines keep their number in the document, also those that hold nothing.
                while nth + 1 < line.number {
                    document.push('\n');
                    nth += 1;
                }
                document.push_str(&line.text);
            }
        }
        if is_by_lines == Some(false) {
            self.read_document(&document);
        }
        Ok(())
    }

    fn read_document(&mut self, document: &str) {
        let kind = Kind::of(document);
        match kind {
            Ok(Kind::Feature) => self.take(1, document),
            Ok(Kind::Other(found)) => self.findings.push(Finding::new(1, None, Fault::NotAFeature { found })),
            Ok(Kind::Collection) | Err(_) => {
                let mut found = features::Features::of(document);
                for (line, feature) in found.by_ref() {
                    self.take(line, feature);
                }
                // A broken file: what could be read before the break was read; now say where it broke.
                if let Err(cause) = kind {
                    let is_told = self
                        .findings
                        .iter()
                        .any(|f| matches!(f.fault, Fault::BadJson { .. } | Fault::BadNumberInGeometry));
                    if !is_told {
                        let line = u32::try_from(cause.line()).unwrap_or(u32::MAX);
                        self.findings.push(Finding::new(line, None, json_fault("", &cause)));
                    }
                }
            }
        }
    }

    fn take(&mut self, line: u32, text: &str) {
        self.n_read = self.n_read.saturating_add(1);
        if self.n_read.is_multiple_of(PROGRESS_EVERY) {
            (self.progress)(self.n_read);
        }
        let (code, result) = self.read_feature(line, text);
        match result {
            Ok(Built { shape, was_open }) => {
                let Ok(code) = AreaCode::parse(&code) else { return };
                if was_open {
                    self.findings.push(Finding::new(line, Some(code.as_str()), Fault::RingClosed));
                }
                self.first_lines.insert(code, line);
                self.rows.push(BoundaryRecord { line, code, shape });
            }
            Err(fault) => {
                self.findings.push(Finding::new(line, Some(&code).filter(|c| !c.is_empty()).map(String::as_str), fault))
            }
        }
    }

    /// The code as far as it was read, for the report, and the shape.
    fn read_feature(&self, line: u32, text: &str) -> (String, Result<Built, Fault>) {
        let feature: RawFeature = match serde_json::from_str(text) {
            Ok(feature) => feature,
            Err(cause) => return (String::new(), Err(json_fault(text, &cause))),
        };
        if feature.kind != "Feature" {
            return (String::new(), Err(Fault::NotAFeature { found: feature.kind }));
        }
        let Some(written) = feature.code() else { return (String::new(), Err(Fault::MissingCode)) };
        let code = match read_code(&written) {
            Ok(code) => code,
            Err(fault) => return (written, Err(fault)),
        };
        (code.to_string(), self.read_shape(line, code, feature.geometry))
    }

    fn read_shape(&self, _line: u32, code: AreaCode, geometry: Option<RawGeometry>) -> Result<Built, Fault> {
        if !self.known.exists(&code) {
            return Err(Fault::UnknownCode);
        }
        if let Some(first_line) = self.first_lines.get(&code) {
            return Err(Fault::DuplicateBoundary { first_line: *first_line });
        }
        let polygons = geometry.ok_or(Fault::NoGeometry)?.polygons(self.crs)?;
        build(&polygons).map_err(shape_fault)
    }
}

fn json_fault(text: &str, cause: &serde_json::Error) -> Fault {
    let is_number =
        text.contains("NaN") || text.contains("Infinity") || cause.to_string().contains("number out of range");
    if is_number { Fault::BadNumberInGeometry } else { Fault::BadJson { cause: cause.to_string() } }
}

fn shape_fault(fault: ShapeFault) -> Fault {
    match fault {
        ShapeFault::Empty => Fault::EmptyPolygon,
        ShapeFault::TooFewPoints { n } => Fault::TooFewPoints { n },
        ShapeFault::NotFinite => Fault::BadNumberInGeometry,
        ShapeFault::Swapped(at) => Fault::LatLonSwapped { lon: at.lon, lat: at.lat },
        ShapeFault::Projected(at) => Fault::ProjectedCoordinates { x: at.lon, y: at.lat },
        ShapeFault::OutOfRange(at) => Fault::OutOfRange { lon: at.lon, lat: at.lat },
        ShapeFault::SelfCrossing(at) => Fault::SelfCrossing { lon: at.lon, lat: at.lat },
        ShapeFault::StrayHole => Fault::StrayHole,
        ShapeFault::ZeroArea => Fault::ZeroArea,
    }
}

#[derive(Deserialize)]
struct RawFeature {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    #[serde(default)]
    geometry: Option<RawGeometry>,
}

impl RawFeature {
    fn code(&self) -> Option<String> {
        let properties = self.properties.as_ref();
        let named = CODE_KEYS.iter().find_map(|key| properties?.get(*key));
        match named.unwrap_or(&self.id) {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct RawGeometry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

impl RawGeometry {
    fn polygons(&self, crs: Crs) -> Result<Vec<RawPolygon>, Fault> {
        let polygons: Vec<RawPolygon> = match self.kind.as_str() {
            "Polygon" => vec![polygon(&self.coordinates, crs)?],
            "MultiPolygon" => list(&self.coordinates)?.iter().map(|p| polygon(p, crs)).collect::<Result<_, _>>()?,
            found => return Err(Fault::NotAPolygon { found: found.to_owned() }),
        };
        if polygons.iter().all(Vec::is_empty) { Err(Fault::EmptyPolygon) } else { Ok(polygons) }
    }
}

fn polygon(value: &Value, crs: Crs) -> Result<RawPolygon, Fault> {
    list(value)?.iter().map(|ring| list(ring)?.iter().map(|at| point(at, crs)).collect()).collect()
}

fn list(value: &Value) -> Result<&[Value], Fault> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Err(Fault::EmptyPolygon),
        _ => Err(Fault::BadNumberInGeometry),
    }
}

/// A point in WGS-84. One outside China is left as it is, so that the report shows what was written.
fn point(value: &Value, crs: Crs) -> Result<Point, Fault> {
    let (Some(lon), Some(lat)) = (value.get(0).and_then(Value::as_f64), value.get(1).and_then(Value::as_f64)) else {
        return Err(Fault::BadNumberInGeometry);
    };
    let at = Point { lon, lat };
    Ok(if at.is_in_china() { crs.to_wgs84(at) } else { at })
}
