//! 边界: shapes of areas, kept small and exact.
//!
//! A corner is a pair of `i32` in units of 1e-7 degree (1.1 cm). Two reasons. Memory: 89,000 grids of 17 corners take
//! 12 MB instead of the 24 MB of `f64` pairs and the 49 MB of nested vectors. Exactness: with whole numbers the side of
//! an edge on which a point lies is computed without rounding, so a point on the border of two areas that share the
//! border's corners lies in exactly one of them, always the same one.
//!
//! Coordinates are WGS-84, longitude before latitude. Only China is accepted (73–136° E, 3–54° N), which also makes
//! swapped axes visible everywhere.

mod build;
mod measure;
mod simplify;
mod validate;
mod wkb;

use serde::{Deserialize, Serialize};

pub use build::{Built, RawPolygon, ShapeFault, build};
pub use measure::Scale;
pub(super) use measure::ring_distance_m;
pub use simplify::simplify_together;
pub use wkb::BadWkb;

/// Units of a [`Vertex`] in one degree.
const UNITS: f64 = 1e7;
/// Longitudes that an area may have, degrees.
pub const LON_RANGE: (f64, f64) = (73.0, 136.0);
/// Latitudes that an area may have, degrees.
pub const LAT_RANGE: (f64, f64) = (3.0, 54.0);

/// 坐标点 in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub lon: f64,
    pub lat: f64,
}

impl Point {
    #[must_use]
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// Whether the point lies in the ranges that areas may have; false for NaN.
    #[must_use]
    pub fn is_in_china(&self) -> bool {
        (LON_RANGE.0..=LON_RANGE.1).contains(&self.lon) && (LAT_RANGE.0..=LAT_RANGE.1).contains(&self.lat)
    }
}

/// A corner in units of 1e-7 degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Vertex {
    pub x: i32,
    pub y: i32,
}

impl Vertex {
    /// The nearest corner to a point; none outside the ranges of [`Point::is_in_china`].
    #[must_use]
    pub fn of(point: Point) -> Option<Self> {
        point.is_in_china().then(|| Self { x: units(point.lon), y: units(point.lat) })
    }

    #[must_use]
    pub fn point(self) -> Point {
        Point { lon: f64::from(self.x) / UNITS, lat: f64::from(self.y) / UNITS }
    }
}

#[expect(clippy::as_conversions, reason = "std has no checked float to integer conversion; callers bound the value")]
fn units(degrees: f64) -> i32 {
    (degrees * UNITS).round() as i32
}

/// Twice the signed area of the triangle a, b, c: positive when c lies left of a → b. Exact: within China's ranges the
/// products stay below 7e17.
pub(super) fn orient(a: Vertex, b: Vertex, c: Vertex) -> i64 {
    let (ax, ay) = (i64::from(a.x), i64::from(a.y));
    (i64::from(b.x) - ax) * (i64::from(c.y) - ay) - (i64::from(b.y) - ay) * (i64::from(c.x) - ax)
}

/// Whether an open ring's even-odd crossing count to the east of `at` is odd. Half-open: of two rings that share an edge
/// exactly one owns a point on it.
pub(super) fn ring_toggles(ring: &[Vertex], at: Vertex) -> bool {
    let Some(mut a) = ring.last().copied() else { return false };
    let mut odd = false;
    for b in ring {
        let b = *b;
        if (a.y > at.y) != (b.y > at.y) {
            let side = orient(a, b, at);
            odd ^= if b.y > a.y { side > 0 } else { side < 0 };
        }
        a = b;
    }
    odd
}

/// A box of corners; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub min: Vertex,
    pub max: Vertex,
}

impl Bounds {
    /// The smallest box around the corners; none without corners.
    #[must_use]
    pub fn around(vertices: &[Vertex]) -> Option<Self> {
        let first = *vertices.first()?;
        Some(vertices.iter().fold(Self { min: first, max: first }, |b, v| Self {
            min: Vertex { x: b.min.x.min(v.x), y: b.min.y.min(v.y) },
            max: Vertex { x: b.max.x.max(v.x), y: b.max.y.max(v.y) },
        }))
    }

    #[must_use]
    pub fn contains(&self, at: Vertex) -> bool {
        self.min.x <= at.x && at.x <= self.max.x && self.min.y <= at.y && at.y <= self.max.y
    }
}

/// 多边形: one or more polygons with holes.
///
/// Rings are open (the closing corner is left out). Outer rings run counter-clockwise, each followed by its holes, which
/// run clockwise: the direction alone tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    vertices: Box<[Vertex]>,
    /// Where each ring ends in `vertices`.
    ends: Box<[u32]>,
    bounds: Bounds,
}

impl Shape {
    /// A shape from polygons of open rings (outer ring first), which get their proper direction. None when no ring is
    /// left or a ring has fewer than 3 corners. Nothing else is checked: see [`build`] for input from outside.
    #[must_use]
    pub fn from_rings(polygons: Vec<Vec<Vec<Vertex>>>) -> Option<Self> {
        let mut vertices = Vec::new();
        let mut ends = Vec::new();
        for rings in polygons {
            for (nth, mut ring) in rings.into_iter().enumerate() {
                if ring.len() < 3 {
                    return None;
                }
                let is_outer = nth == 0;
                if (ring_area2(&ring) > 0) != is_outer {
                    ring.reverse();
                }
                vertices.append(&mut ring);
                ends.push(u32::try_from(vertices.len()).ok()?);
            }
        }
        let bounds = Bounds::around(&vertices)?;
        Some(Self { vertices: vertices.into(), ends: ends.into(), bounds })
    }

    /// The rings, open, outer ones counter-clockwise and holes clockwise.
    pub fn rings(&self) -> impl Iterator<Item = &[Vertex]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).filter_map(|(from, to)| {
            let from = usize::try_from(from).ok()?;
            let to = usize::try_from(to).ok()?;
            self.vertices.get(from..to)
        })
    }

    /// The polygons: each a list of rings, the outer one first.
    #[must_use]
    pub fn polygons(&self) -> Vec<Vec<&[Vertex]>> {
        let mut polygons: Vec<Vec<&[Vertex]>> = Vec::new();
        for ring in self.rings() {
            match polygons.last_mut() {
                Some(rings) if ring_area2(ring) < 0 => rings.push(ring),
                _ => polygons.push(vec![ring]),
            }
        }
        polygons
    }

    /// All corners, ring after ring.
    #[must_use]
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Whether the corner lies inside; see [`ring_toggles`] for points on a border.
    #[must_use]
    pub fn contains_vertex(&self, at: Vertex) -> bool {
        self.bounds.contains(at) && self.rings().fold(false, |odd, ring| odd ^ ring_toggles(ring, at))
    }

    /// Whether the point lies inside; false outside China.
    #[must_use]
    pub fn contains(&self, at: Point) -> bool {
        Vertex::of(at).is_some_and(|at| self.contains_vertex(at))
    }

    /// Twice the area in square units, exact; for tests of tilings.
    #[must_use]
    pub fn area2_units(&self) -> i128 {
        self.rings().map(ring_area2).sum()
    }
}

/// Twice the signed area of an open ring in square units, exact.
pub(super) fn ring_area2(ring: &[Vertex]) -> i128 {
    let Some(mut a) = ring.last() else { return 0 };
    let mut sum = 0_i128;
    for b in ring {
        sum += i128::from(i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y));
        a = b;
    }
    sum
}
