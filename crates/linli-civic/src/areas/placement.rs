//! Whether boundaries lie where their parents lie: the test that finds a wrong coordinate system.
//!
//! GCJ-02 is some 500 m and BD-09 some 1,200 m off WGS-84, which looks right on a map of a city and sends every report
//! near a border to the wrong grid. The corners of new boundaries are compared with the nearest area above that has a
//! boundary: in the database, else in the same file, else the area's own former boundary.

use std::collections::HashMap;
use std::sync::Arc;

use linli_kernel::AreaCode;

use super::boundaries::{BoundaryRecord, KnownMap};
use super::crs::Crs;
use super::faults::{Fault, Finding};
use super::geometry::{Point, Shape, Vertex};

/// How far a corner may lie outside its parent before it counts as off: drawings of two levels rarely agree better.
pub const CORNER_TOLERANCE_M: f64 = 30.0;
/// A boundary whose middle lies farther than this outside its parent is refused.
pub const OFF_PARENT_M: f64 = 100.0;
/// At most so many boundaries and corners of each are tried in each coordinate system.
const MAX_SAMPLES: usize = 400;
const CORNERS_EACH: usize = 12;
/// Another system fits when the declared one has at least so many corners off, and this share of them …
const MIN_OFF: u32 = 4;
const MIN_OFF_SHARE: f64 = 0.01;
/// … and the other has less than this part of the declared one's.
const BETTER_BY: f64 = 0.25;
/// Below this share of corners in place nothing is believed, even when no other system fits either.
const MIN_SHARE: f64 = 0.5;

/// What a boundary is compared with.
struct Reference {
    code: AreaCode,
    shape: Arc<Shape>,
}

/// Removes boundaries that lie off their parent; all of them when the coordinate system is wrong.
pub(super) fn check(rows: &mut Vec<BoundaryRecord>, findings: &mut Vec<Finding>, crs: Crs, known: &dyn KnownMap) {
    let mut references = References { known, stored: HashMap::new(), in_file: in_file(rows) };
    let found: Vec<Option<Reference>> = rows.iter().map(|row| references.above(&row.code)).collect();
    let mut samples: Vec<(&BoundaryRecord, Arc<Shape>)> = Vec::new();
    for (row, above) in rows.iter().zip(&found) {
        let shape = above.as_ref().map(|above| Arc::clone(&above.shape)).or_else(|| references.stored(&row.code));
        samples.extend(shape.map(|shape| (row, shape)));
    }
    if let Some(fault) = wrong_crs(&samples, crs) {
        rows.clear();
        findings.push(Finding::new(0, None, fault));
        return;
    }
    let mut is_kept = found.iter().zip(rows.iter()).map(|(above, row)| match above {
        Some(above) => off_parent(row, above).map(|fault| (row.line, row.code, fault)),
        None => None,
    });
    let faults: Vec<Option<(u32, AreaCode, Fault)>> = is_kept.by_ref().collect();
    drop(is_kept);
    let mut verdicts = faults.iter();
    rows.retain(|_| verdicts.next().is_some_and(Option::is_none));
    findings
        .extend(faults.into_iter().flatten().map(|(line, code, fault)| Finding::new(line, Some(code.as_str()), fault)));
}

fn off_parent(row: &BoundaryRecord, above: &Reference) -> Option<Fault> {
    let distance_m = above.shape.distance_m(row.shape.centroid());
    (distance_m > OFF_PARENT_M).then(|| Fault::OffParent { parent: above.code.to_string(), distance_m })
}

/// Boundaries of the file that something else in the file lies below.
fn in_file(rows: &[BoundaryRecord]) -> HashMap<AreaCode, Arc<Shape>> {
    let parents: std::collections::HashSet<AreaCode> =
        rows.iter().flat_map(|row| row.code.lineage().into_iter().rev().skip(1)).collect();
    rows.iter().filter(|row| parents.contains(&row.code)).map(|row| (row.code, Arc::new(row.shape.clone()))).collect()
}

struct References<'a> {
    known: &'a dyn KnownMap,
    stored: HashMap<AreaCode, Option<Arc<Shape>>>,
    in_file: HashMap<AreaCode, Arc<Shape>>,
}

impl References<'_> {
    fn stored(&mut self, code: &AreaCode) -> Option<Arc<Shape>> {
        self.stored.entry(*code).or_insert_with(|| self.known.shape_of(code)).clone()
    }

    fn above(&mut self, code: &AreaCode) -> Option<Reference> {
        let mut lineage = code.lineage();
        lineage.pop();
        lineage.reverse();
        let stored = lineage.iter().find_map(|code| Some(Reference { code: *code, shape: self.stored(code)? }));
        stored.or_else(|| {
            lineage.iter().find_map(|code| Some(Reference { code: *code, shape: Arc::clone(self.in_file.get(code)?) }))
        })
    }
}

fn wrong_crs(samples: &[(&BoundaryRecord, Arc<Shape>)], declared: Crs) -> Option<Fault> {
    if samples.is_empty() {
        return None;
    }
    let mut chosen: Vec<&(&BoundaryRecord, Arc<Shape>)> = samples.iter().collect();
    chosen.sort_by_key(|(row, _)| row.code);
    let step = chosen.len().div_ceil(MAX_SAMPLES);
    let chosen: Vec<_> = chosen.into_iter().step_by(step).collect();
    let (n_off, n_all) = off_in(&chosen, declared, declared);
    let off = share(n_off, n_all);
    let fits = Crs::ALL
        .into_iter()
        .filter(|crs| *crs != declared)
        .map(|crs| (off_in(&chosen, declared, crs), crs))
        .min_by_key(|((n_off, _), crs)| (*n_off, *crs))
        .filter(|((other, _), _)| f64::from(*other) < f64::from(n_off) * BETTER_BY);
    let is_better_elsewhere = n_off >= MIN_OFF && off >= MIN_OFF_SHARE && fits.is_some();
    (is_better_elsewhere || 1.0 - off < MIN_SHARE).then(|| Fault::WrongCrs {
        declared,
        fits: fits.map(|(_, crs)| crs),
        share_declared: 1.0 - off,
        share_fits: fits.map_or(0.0, |((n_off, n_all), _)| 1.0 - share(n_off, n_all)),
        n_checked: chosen.len(),
    })
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

/// How many corners lie off their parent when the numbers of the file are read as `tried`.
fn off_in(samples: &[&(&BoundaryRecord, Arc<Shape>)], declared: Crs, tried: Crs) -> (u32, u32) {
    let mut counts = (0, 0);
    for (row, parent) in samples {
        let corners = row.shape.vertices();
        for corner in corners.iter().step_by(corners.len().div_ceil(CORNERS_EACH).max(1)) {
            counts.1 += 1;
            if !is_near(parent, read_as(*corner, declared, tried)) {
                counts.0 += 1;
            }
        }
    }
    counts
}

fn read_as(corner: Vertex, declared: Crs, tried: Crs) -> Point {
    if declared == tried { corner.point() } else { tried.to_wgs84(declared.from_wgs84(corner.point())) }
}

fn is_near(parent: &Shape, at: Point) -> bool {
    parent.contains(at) || parent.border_distance_m(at) <= CORNER_TOLERANCE_M
}
