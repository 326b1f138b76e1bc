//! Whether borders cross themselves or each other.
//!
//! Touching is allowed (a ring may pass the same corner twice without crossing there): it does no harm to an even-odd
//! test, and real data has it often. Crossing is refused, because then nobody can say what is inside.

use super::{Shape, Vertex, orient, ring_toggles};

/// One edge with the corner before its start, which tells a touch from a crossing.
#[derive(Clone, Copy)]
struct Edge {
    before: Vertex,
    a: Vertex,
    b: Vertex,
}

impl Edge {
    fn low_x(&self) -> i32 {
        self.a.x.min(self.b.x)
    }
    fn high_x(&self) -> i32 {
        self.a.x.max(self.b.x)
    }
    fn rows_meet(&self, other: &Self) -> bool {
        self.a.y.min(self.b.y) <= other.a.y.max(other.b.y) && other.a.y.min(other.b.y) <= self.a.y.max(self.b.y)
    }
    /// Whether `at` lies on the edge but not at its ends.
    fn has_inside(&self, at: Vertex) -> bool {
        at != self.a
            && at != self.b
            && orient(self.a, self.b, at) == 0
            && (self.low_x()..=self.high_x()).contains(&at.x)
            && (self.a.y.min(self.b.y)..=self.a.y.max(self.b.y)).contains(&at.y)
    }
}

impl Shape {
    /// A corner near the first crossing of borders, if there is one. Edges are sorted by longitude and only compared
    /// where their ranges overlap: some n·√n steps for the outline of a county, n² for a ring of 17.
    #[must_use]
    pub fn self_crossing(&self) -> Option<Vertex> {
        let mut edges: Vec<Edge> = self.rings().flat_map(edges_of).collect();
        edges.sort_unstable_by_key(Edge::low_x);
        for (nth, edge) in edges.iter().enumerate() {
            let later = edges.iter().skip(nth + 1).take_while(|other| other.low_x() <= edge.high_x());
            for other in later {
                if edge.rows_meet(other) && crosses(edge, other) {
                    return Some(other.a);
                }
            }
        }
        None
    }

    /// Whether some hole lies outside the outer ring that it should be cut from.
    #[must_use]
    pub fn has_stray_hole(&self) -> bool {
        self.polygons().iter().any(|rings| {
            let Some((outer, holes)) = rings.split_first() else { return false };
            // A hole may touch the outer ring at corners, so one corner inside or on it is enough.
            holes.iter().any(|hole| !hole.iter().any(|v| ring_toggles(outer, *v) || outer.contains(v)))
        })
    }
}

fn edges_of(ring: &[Vertex]) -> impl Iterator<Item = Edge> {
    let n = ring.len();
    (0..n).filter_map(move |i| {
        let before = *ring.get((i + n - 1) % n)?;
        Some(Edge { before, a: *ring.get(i)?, b: *ring.get((i + 1) % n)? })
    })
}

fn crosses(e: &Edge, f: &Edge) -> bool {
    if e.a == f.a {
        // The same corner is passed twice: do the two passages change sides there?
        return passages_cross(e, f);
    }
    if e.has_inside(f.a) {
        return opposite(orient(e.a, e.b, f.before), orient(e.a, e.b, f.b));
    }
    if f.has_inside(e.a) {
        return opposite(orient(f.a, f.b, e.before), orient(f.a, f.b, e.b));
    }
    opposite(orient(e.a, e.b, f.a), orient(e.a, e.b, f.b)) && opposite(orient(f.a, f.b, e.a), orient(f.a, f.b, e.b))
}

fn opposite(a: i64, b: i64) -> bool {
    (a > 0 && b < 0) || (a < 0 && b > 0)
}

/// Two passages before → a → b through the same corner cross when exactly one arm of the second lies in the sector that
/// the first spans. Arms that lie on each other count as touching.
fn passages_cross(e: &Edge, f: &Edge) -> bool {
    let arms = [f.before, f.b];
    if arms.iter().any(|arm| same_direction(e.a, *arm, e.before) || same_direction(e.a, *arm, e.b)) {
        return false;
    }
    in_sector(e, f.before) != in_sector(e, f.b)
}

fn same_direction(from: Vertex, p: Vertex, q: Vertex) -> bool {
    let dot = i64::from(p.x - from.x) * i64::from(q.x - from.x) + i64::from(p.y - from.y) * i64::from(q.y - from.y);
    orient(from, p, q) == 0 && dot > 0
}

/// Whether `p` lies counter-clockwise of a → b and clockwise of a → before.
fn in_sector(e: &Edge, p: Vertex) -> bool {
    let after_b = orient(e.a, e.b, p) > 0;
    let until_before = orient(e.a, p, e.before) > 0;
    if orient(e.a, e.b, e.before) >= 0 { after_b && until_before } else { after_b || until_before }
}
