//! Fewer corners for outlines on a wall (Douglas–Peucker), without tearing neighbours apart.
//!
//! Each shape simplified alone would leave gaps along shared borders. Here the corners where three borders meet stay,
//! and the border between two such corners is simplified once for both sides: the same corners in the same order give
//! the same result.

use std::collections::HashMap;

use super::{Scale, Shape, Vertex};

/// Simplifies shapes that may share borders; every dropped corner lies within `tolerance_m` of the new border. A ring
/// that would lose its area keeps all its corners.
#[must_use]
pub fn simplify_together(shapes: &[&Shape], tolerance_m: f64) -> Vec<Shape> {
    let junctions = Junctions::of(shapes);
    shapes
        .iter()
        .map(|shape| {
            let tolerance = Tolerance { tolerance_m };
            let polygons = shape.polygons();
            let rings =
                polygons.iter().map(|rings| rings.iter().map(|ring| tolerance.ring(ring, &junctions)).collect());
            Shape::from_rings(rings.collect()).unwrap_or_else(|| (*shape).clone())
        })
        .collect()
}

impl Shape {
    /// Simplifies this shape alone. See [`simplify_together`].
    #[must_use]
    pub fn simplify(&self, tolerance_m: f64) -> Self {
        simplify_together(&[self], tolerance_m).pop().unwrap_or_else(|| self.clone())
    }
}

/// Corners that border on more than two other corners.
struct Junctions(HashMap<Vertex, Neighbours>);

enum Neighbours {
    Two(Vertex, Vertex),
    More,
}

impl Junctions {
    fn of(shapes: &[&Shape]) -> Self {
        let mut seen: HashMap<Vertex, Neighbours> = HashMap::new();
        for ring in shapes.iter().flat_map(|shape| shape.rings()) {
            let n = ring.len();
            for (i, at) in ring.iter().enumerate() {
                let (Some(before), Some(after)) = (ring.get((i + n - 1) % n), ring.get((i + 1) % n)) else { continue };
                let (low, high) = (*before.min(after), *before.max(after));
                let entry = seen.entry(*at).or_insert(Neighbours::Two(low, high));
                if !matches!(entry, Neighbours::Two(a, b) if (*a, *b) == (low, high)) {
                    *entry = Neighbours::More;
                }
            }
        }
        Self(seen)
    }

    fn has(&self, at: Vertex) -> bool {
        matches!(self.0.get(&at), Some(Neighbours::More))
    }
}

struct Tolerance {
    tolerance_m: f64,
}

impl Tolerance {
    fn ring(&self, ring: &[Vertex], junctions: &Junctions) -> Vec<Vertex> {
        let n = ring.len();
        let mut anchors: Vec<usize> = (0..n).filter(|i| ring.get(*i).is_some_and(|v| junctions.has(*v))).collect();
        if anchors.len() < 2 {
            // No two fixed corners: take the smallest and the one farthest from it, the same from either side.
            let Some(first) = anchors.first().copied().or_else(|| (0..n).min_by_key(|i| ring.get(*i))) else {
                return ring.to_vec();
            };
            let far = (0..n).max_by_key(|i| (distance2(ring, first, *i), ring.get(*i).copied()));
            anchors = vec![first, far.unwrap_or(first)];
            anchors.sort_unstable();
            anchors.dedup();
        }
        let mut kept = Vec::new();
        for (nth, from) in anchors.iter().enumerate() {
            let to = anchors.get(nth + 1).copied().unwrap_or_else(|| anchors.first().map_or(n, |first| first + n));
            let arc: Vec<Vertex> = (*from..=to).filter_map(|i| ring.get(i % n).copied()).collect();
            kept.extend(self.arc(arc).into_iter().rev().skip(1).rev());
        }
        if kept.len() < 3 || super::ring_area2(&kept) == 0 { ring.to_vec() } else { kept }
    }

    /// Simplifies a piece of border, always walked from its smaller end.
    fn arc(&self, mut arc: Vec<Vertex>) -> Vec<Vertex> {
        let is_backwards = arc.last() < arc.first();
        if is_backwards {
            arc.reverse();
        }
        // The scale comes from the arc and not from the shape, so that both sides compute the same distances.
        let scale = Scale::at(arc.first().map_or(0.0, |v| v.point().lat));
        let mut keep = vec![false; arc.len()];
        let mut todo = vec![(0, arc.len().saturating_sub(1))];
        while let Some((from, to)) = todo.pop() {
            for end in [from, to] {
                if let Some(kept) = keep.get_mut(end) {
                    *kept = true;
                }
            }
            if let Some(middle) = self.farthest(&arc, scale, from, to) {
                todo.push((from, middle));
                todo.push((middle, to));
            }
        }
        let mut kept: Vec<Vertex> = arc.iter().zip(&keep).filter(|(_, kept)| **kept).map(|(v, _)| *v).collect();
        if is_backwards {
            kept.reverse();
        }
        kept
    }

    /// The corner between two ends that lies farthest from their line, when it is farther than the tolerance.
    fn farthest(&self, arc: &[Vertex], scale: Scale, from: usize, to: usize) -> Option<usize> {
        let (a, b) = (*arc.get(from)?, *arc.get(to)?);
        let (end_x, end_y) = metres(scale, a, b);
        let length = end_x.hypot(end_y);
        (from + 1..to)
            .filter_map(|i| {
                let (x, y) = metres(scale, a, *arc.get(i)?);
                let off_m = if length > 0.0 { (end_x * y - end_y * x).abs() / length } else { x.hypot(y) };
                (off_m > self.tolerance_m).then_some((off_m, i))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, i)| i)
    }
}

fn metres(scale: Scale, from: Vertex, to: Vertex) -> (f64, f64) {
    let (from, to) = (from.point(), to.point());
    ((to.lon - from.lon) * scale.lon_m, (to.lat - from.lat) * scale.lat_m)
}

fn distance2(ring: &[Vertex], from: usize, to: usize) -> i64 {
    let (Some(a), Some(b)) = (ring.get(from), ring.get(to)) else { return 0 };
    let (dx, dy) = (i64::from(a.x) - i64::from(b.x), i64::from(a.y) - i64::from(b.y));
    dx * dx + dy * dy
}
