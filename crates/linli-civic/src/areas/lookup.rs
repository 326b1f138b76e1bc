//! 定位: which area a point lies in, from an index in memory.
//!
//! One static R-tree of boxes a level (`geo-index`, 20 bytes a box) over all corners of that level in one block. The
//! deepest level is asked first, and within a level the test is exact, so tilings have neither gaps nor doubles but for
//! slivers that the data itself has.
//!
//! A point that no area of a level contains may still lie in a sliver between two of them: it then belongs to the nearest
//! one, within [`SLIVER_M`] when a wider area does contain it (only among the areas below that one), and within
//! [`NEAREST_M`] when nothing contains it at all. The answer says which.

use std::mem::size_of_val;

use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};
use linli_kernel::{AreaCode, AreaLevel};

use super::geometry::{Bounds, Point, Scale, Shape, Vertex, ring_distance_m, ring_toggles};

/// Farthest that a point outside every area may lie from the one it is given to: the width of a broad street.
pub const NEAREST_M: f64 = 50.0;
/// Widest gap between areas of one level, inside an area of a level above, that counts as a sliver and not as a part of
/// the wider area that was left without grids.
pub const SLIVER_M: f64 = 15.0;

/// The middle of China, from which the tree counts: it adds the ends of a box, which would overflow counted from zero.
const MIDDLE: Vertex = Vertex { x: 1_045_000_000, y: 285_000_000 };

/// 定位结果.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Located {
    pub code: AreaCode,
    pub how: LocatedHow,
}

/// Why the area was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LocatedHow {
    /// The area contains the point.
    Inside,
    /// The point lies in a gap; this area is the nearest.
    Nearest { distance_m: f64 },
}

/// The index of all boundaries. Immutable: a change builds a new one (0.1 s for 89,000 grids).
#[derive(Debug)]
pub struct AreaIndex {
    /// The deepest level first; levels without boundaries are left out.
    levels: Vec<LevelIndex>,
}

impl AreaIndex {
    /// Builds the index; of two boundaries with the same code the first is kept.
    #[must_use]
    pub fn build(boundaries: impl IntoIterator<Item = (AreaCode, Shape)>) -> Self {
        let mut all: Vec<(AreaCode, Shape)> = boundaries.into_iter().collect();
        all.sort_by_key(|(code, _)| *code);
        all.dedup_by_key(|(code, _)| *code);
        let levels = AreaLevel::ALL.iter().rev().filter_map(|level| LevelIndex::build(*level, &all));
        Self { levels: levels.collect() }
    }

    /// The area that a point belongs to, or none when it is farther than [`NEAREST_M`] from all of them.
    #[must_use]
    pub fn locate(&self, at: Point) -> Option<Located> {
        let vertex = Vertex::of(at)?;
        for (nth, level) in self.levels.iter().enumerate() {
            let Some(item) = level.containing(vertex) else { continue };
            let code = level.code(item)?;
            let below = self.levels.get(..nth).unwrap_or_default();
            let sliver = below.iter().find_map(|deeper| deeper.nearest(at, vertex, SLIVER_M, Some(code)));
            return Some(sliver.unwrap_or(Located { code, how: LocatedHow::Inside }));
        }
        self.levels.iter().find_map(|level| level.nearest(at, vertex, NEAREST_M, None))
    }

    /// The area of one level that contains a point, without looking for a nearest one.
    #[must_use]
    pub fn containing(&self, at: Point, level: AreaLevel) -> Option<AreaCode> {
        let level = self.level(level)?;
        level.code(level.containing(Vertex::of(at)?)?)
    }

    /// The boundary of an area.
    #[must_use]
    pub fn shape(&self, code: &AreaCode) -> Option<Shape> {
        let level = self.level(code.level())?;
        let item = level.codes.binary_search(code).ok()?;
        level.shape(item)
    }

    /// Whether the area has a boundary.
    #[must_use]
    pub fn has(&self, code: &AreaCode) -> bool {
        self.level(code.level()).is_some_and(|level| level.codes.binary_search(code).is_ok())
    }

    /// The areas of one level whose box meets the given one, in the order of codes.
    #[must_use]
    pub fn in_bounds(&self, bounds: Bounds, level: AreaLevel) -> Vec<AreaCode> {
        let Some(level) = self.level(level) else { return Vec::new() };
        let mut found = Vec::new();
        level.visit(bounds, &mut |item| found.extend(level.code(item)));
        found.sort_unstable();
        found
    }

    /// The codes of all boundaries, the deepest level first.
    #[must_use]
    pub fn codes(&self) -> Vec<AreaCode> {
        self.levels.iter().flat_map(|level| level.codes.iter().copied()).collect()
    }

    /// How many boundaries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.levels.iter().map(|level| level.codes.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Bytes that the index holds.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.levels.iter().map(LevelIndex::memory_bytes).sum()
    }

    fn level(&self, level: AreaLevel) -> Option<&LevelIndex> {
        self.levels.iter().find(|index| index.level == level)
    }
}

/// All boundaries of one level.
#[derive(Debug)]
struct LevelIndex {
    level: AreaLevel,
    /// Sorted.
    codes: Vec<AreaCode>,
    /// Where the rings of each area end in `ring_ends`.
    shape_ends: Vec<u32>,
    /// Where each ring ends in `vertices`.
    ring_ends: Vec<u32>,
    vertices: Vec<Vertex>,
    tree: RTree<i32>,
}

impl LevelIndex {
    fn build(level: AreaLevel, all: &[(AreaCode, Shape)]) -> Option<Self> {
        let own: Vec<&(AreaCode, Shape)> = all.iter().filter(|(code, _)| code.level() == level).collect();
        let n = u32::try_from(own.len()).ok().filter(|n| *n > 0)?;
        let mut boxes = RTreeBuilder::<i32>::new(n);
        let n_vertices = own.iter().map(|(_, shape)| shape.vertices().len()).sum();
        let mut index = Self {
            level,
            codes: Vec::with_capacity(own.len()),
            shape_ends: Vec::with_capacity(own.len()),
            ring_ends: Vec::with_capacity(own.len()),
            vertices: Vec::with_capacity(n_vertices),
            tree: RTreeBuilder::<i32>::new(0).finish::<HilbertSort>(),
        };
        for (code, shape) in own {
            let Bounds { min, max } = shape.bounds();
            boxes.add(min.x - MIDDLE.x, min.y - MIDDLE.y, max.x - MIDDLE.x, max.y - MIDDLE.y);
            index.codes.push(*code);
            for ring in shape.rings() {
                index.vertices.extend_from_slice(ring);
                index.ring_ends.push(u32::try_from(index.vertices.len()).ok()?);
            }
            index.shape_ends.push(u32::try_from(index.ring_ends.len()).ok()?);
        }
        index.tree = boxes.finish::<HilbertSort>();
        Some(index)
    }

    fn code(&self, item: usize) -> Option<AreaCode> {
        self.codes.get(item).copied()
    }

    /// The rings of one area.
    fn rings(&self, item: usize) -> impl Iterator<Item = &[Vertex]> {
        let rings = span(&self.shape_ends, item);
        rings.filter_map(|ring| self.vertices.get(span(&self.ring_ends, ring)))
    }

    fn shape(&self, item: usize) -> Option<Shape> {
        let mut polygons: Vec<Vec<Vec<Vertex>>> = Vec::new();
        for ring in self.rings(item) {
            match polygons.last_mut() {
                Some(rings) if super::geometry::ring_area2(ring) < 0 => rings.push(ring.to_vec()),
                _ => polygons.push(vec![ring.to_vec()]),
            }
        }
        Shape::from_rings(polygons)
    }

    /// The area with the lowest code of those that contain the point.
    fn containing(&self, at: Vertex) -> Option<usize> {
        let mut found: Option<usize> = None;
        self.visit(Bounds { min: at, max: at }, &mut |item| {
            let is_first = found.is_none_or(|before| item < before);
            if is_first && self.rings(item).fold(false, |odd, ring| odd ^ ring_toggles(ring, at)) {
                found = Some(item);
            }
        });
        found
    }

    /// The nearest area within a distance, of those below `within`; of equally near ones the lowest code.
    fn nearest(&self, at: Point, vertex: Vertex, limit_m: f64, within: Option<AreaCode>) -> Option<Located> {
        let bounds = around(vertex, at.lat, limit_m);
        let scale = Scale::at(at.lat);
        let mut best: Option<(f64, usize)> = None;
        self.visit(bounds, &mut |item| {
            let is_below = self.code(item).is_some_and(|code| within.is_none_or(|within| within.contains(&code)));
            if !is_below {
                return;
            }
            let distance_m =
                self.rings(item).map(|ring| ring_distance_m(ring, at, scale)).fold(f64::INFINITY, f64::min);
            let is_nearer = best.is_none_or(|(so_far, before)| {
                distance_m < so_far || (distance_m.total_cmp(&so_far).is_eq() && item < before)
            });
            if distance_m <= limit_m && is_nearer {
                best = Some((distance_m, item));
            }
        });
        let (distance_m, item) = best?;
        Some(Located { code: self.code(item)?, how: LocatedHow::Nearest { distance_m } })
    }

    /// Calls `found` with every area whose box meets the given one. The tree's own search allocates two lists a call;
    /// this walk allocates nothing.
    fn visit(&self, bounds: Bounds, found: &mut impl FnMut(usize)) {
        let root = self.tree.boxes().len().saturating_sub(4);
        let counted = |v: Vertex| Vertex { x: v.x - MIDDLE.x, y: v.y - MIDDLE.y };
        self.visit_node(root, Bounds { min: counted(bounds.min), max: counted(bounds.max) }, found);
    }

    fn visit_node(&self, from: usize, bounds: Bounds, found: &mut impl FnMut(usize)) {
        let n_items = usize::try_from(self.tree.num_items()).unwrap_or(0);
        let is_leaf = from < n_items * 4;
        let level_end = self.tree.level_bounds().iter().copied().find(|end| *end > from).unwrap_or(from);
        let to = (from + usize::from(self.tree.node_size()) * 4).min(level_end);
        let Some(boxes) = self.tree.boxes().get(from..to) else { return };
        let indices = self.tree.indices();
        for (nth, corners) in boxes.as_chunks::<4>().0.iter().enumerate() {
            let [min_x, min_y, max_x, max_y] = *corners;
            if bounds.max.x < min_x || bounds.max.y < min_y || bounds.min.x > max_x || bounds.min.y > max_y {
                continue;
            }
            let index = indices.get(from / 4 + nth);
            if is_leaf { found(index) } else { self.visit_node(index, bounds, found) }
        }
    }

    fn memory_bytes(&self) -> usize {
        size_of_val(self.codes.as_slice())
            + size_of_val(self.shape_ends.as_slice())
            + size_of_val(self.ring_ends.as_slice())
            + size_of_val(self.vertices.as_slice())
            + size_of_val(self.tree.boxes())
            + self.tree.num_nodes() * 4
    }
}

/// The part of a block that belongs to the `nth` item when `ends` says where each one ends.
fn span(ends: &[u32], nth: usize) -> std::ops::Range<usize> {
    let end = |i: usize| ends.get(i).and_then(|end| usize::try_from(*end).ok()).unwrap_or(0);
    let start = nth.checked_sub(1).map_or(0, end);
    start..end(nth)
}

/// The box of everything within a distance of a point.
fn around(at: Vertex, lat: f64, distance_m: f64) -> Bounds {
    let scale = Scale::at(lat);
    let point = at.point();
    let (east, north) = (distance_m / scale.lon_m, distance_m / scale.lat_m);
    let corner = |lon: f64, lat: f64| Vertex::of(Point::new(lon, lat)).unwrap_or(at);
    let min = corner(point.lon - east, point.lat - north);
    let max = corner(point.lon + east, point.lat + north);
    // Rounding must not cut off what lies exactly at the limit.
    Bounds { min: Vertex { x: min.x - 1, y: min.y - 1 }, max: Vertex { x: max.x + 1, y: max.y + 1 } }
}
