//! From numbers of a file to a [`Shape`], or the reason why not.

use super::{LAT_RANGE, LON_RANGE, Point, Shape, Vertex, ring_area2};

/// Polygons → rings → points as a file gives them, already in WGS-84.
pub type RawPolygon = Vec<Vec<Point>>;

/// Why numbers are not a shape.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ShapeFault {
    #[error("polygon has no points")]
    Empty,
    #[error("ring has {n} distinct points")]
    TooFewPoints { n: usize },
    #[error("a coordinate is not a finite number")]
    NotFinite,
    #[error("longitude and latitude are swapped at {0:?}")]
    Swapped(Point),
    #[error("coordinates are projected at {0:?}")]
    Projected(Point),
    #[error("point {0:?} is outside China")]
    OutOfRange(Point),
    #[error("border crosses itself near {0:?}")]
    SelfCrossing(Point),
    #[error("a hole lies outside its outer ring")]
    StrayHole,
    #[error("polygon has no area")]
    ZeroArea,
}

/// A shape and what was mended on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    pub shape: Shape,
    /// A ring did not end where it began and was closed.
    pub was_open: bool,
}

/// Builds a shape and checks all that makes a border unusable. Repeated points are dropped, open rings are closed, and
/// the direction of rings does not matter.
///
/// # Errors
/// [`ShapeFault`] names the first fault found.
pub fn build(polygons: &[RawPolygon]) -> Result<Built, ShapeFault> {
    let mut was_open = false;
    let mut shaped = Vec::with_capacity(polygons.len());
    for polygon in polygons {
        let rings: Result<Vec<_>, _> = polygon.iter().map(|points| ring_of(points, &mut was_open)).collect();
        let rings = rings?;
        if rings.is_empty() {
            return Err(ShapeFault::Empty);
        }
        shaped.push(rings);
    }
    let shape = Shape::from_rings(shaped).ok_or(ShapeFault::Empty)?;
    if let Some(near) = shape.self_crossing() {
        return Err(ShapeFault::SelfCrossing(near.point()));
    }
    // After the crossings: both halves of an even bow tie cancel each other.
    if shape.rings().any(|ring| ring_area2(ring) == 0) {
        return Err(ShapeFault::ZeroArea);
    }
    if shape.has_stray_hole() {
        return Err(ShapeFault::StrayHole);
    }
    Ok(Built { shape, was_open })
}

fn ring_of(points: &[Point], was_open: &mut bool) -> Result<Vec<Vertex>, ShapeFault> {
    if points.is_empty() {
        return Err(ShapeFault::Empty);
    }
    let mut ring = Vec::with_capacity(points.len());
    for point in points {
        let vertex = Vertex::of(*point).ok_or_else(|| why_outside(*point))?;
        if ring.last() != Some(&vertex) {
            ring.push(vertex);
        }
    }
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    } else {
        *was_open = true;
    }
    let n = n_distinct(&ring);
    if n < 3 { Err(ShapeFault::TooFewPoints { n }) } else { Ok(ring) }
}

fn n_distinct(ring: &[Vertex]) -> usize {
    let mut sorted = ring.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

fn why_outside(point: Point) -> ShapeFault {
    let swapped = (LON_RANGE.0..=LON_RANGE.1).contains(&point.lat) && (LAT_RANGE.0..=LAT_RANGE.1).contains(&point.lon);
    if !point.lon.is_finite() || !point.lat.is_finite() {
        ShapeFault::NotFinite
    } else if swapped {
        ShapeFault::Swapped(point)
    } else if point.lon.abs() > 360.0 || point.lat.abs() > 360.0 {
        ShapeFault::Projected(point)
    } else {
        ShapeFault::OutOfRange(point)
    }
}
