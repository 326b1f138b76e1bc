//! Grids inside a community: the land is cut along streets, again and again, until there are enough pieces.
//!
//! A cut begins and ends at corners that the outline already has, so no piece ever gets a corner that its neighbour lacks:
//! the pieces tile the community exactly, whole numbers and all.

use super::super::geometry::{Vertex, orient, ring_area2, ring_toggles};
use super::chance::Chance;
use super::mesh::bend;
use super::plane::{Sheet, Spot};

/// How crooked a street is, in lengths of the street.
const STREET_BEND: f64 = 0.05;
/// Directions tried for a cut, as slopes against the main direction, and places along the land.
const SLANTS: [f64; 5] = [0.0, 0.12, -0.12, 0.3, -0.3];
const SHIFTS: [f64; 5] = [0.0, 0.06, -0.06, 0.12, -0.12];

/// An open ring, counter-clockwise.
type Ring = Vec<Vertex>;

/// Cuts a ring into `n` pieces of roughly equal area. `along` is the main direction of the streets. None when the ring
/// cannot be cut so often.
pub(super) fn cut(
    sheet: &Sheet,
    ring: Ring,
    n: u32,
    along: Spot,
    step_m: f64,
    chance: &mut Chance,
) -> Option<Vec<Ring>> {
    if n <= 1 {
        return Some(vec![ring]);
    }
    let n_first = n / 2;
    let share = f64::from(n_first) / f64::from(n);
    let (first, second) = halve(sheet, &ring, share, along, step_m, chance)?;
    let mut pieces = cut(sheet, first, n_first, along, step_m, chance)?;
    pieces.extend(cut(sheet, second, n - n_first, along, step_m, chance)?);
    Some(pieces)
}

/// One cut; the first half has about `share` of the area.
fn halve(
    sheet: &Sheet,
    ring: &[Vertex],
    share: f64,
    along: Spot,
    step_m: f64,
    chance: &mut Chance,
) -> Option<(Ring, Ring)> {
    let land = Land::of(sheet, ring);
    let lengthwise = if land.extent(along) >= land.extent(across(along)) { along } else { across(along) };
    let mut cuts: Vec<(f64, usize, usize)> = Vec::new();
    for (axis, handicap) in [(lengthwise, 0.0), (across(lengthwise), 0.25)] {
        for slant in SLANTS {
            let slanted = tilted(axis, slant + chance.swing() * 0.05);
            for shift in SHIFTS {
                let Some((i, j)) = land.cut_at(slanted, share + shift * 0.5) else { continue };
                let Some(score) = land.score(i, j, share) else { continue };
                cuts.push((score + handicap + slant.abs() * 0.3, i, j));
            }
        }
    }
    cuts.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    cuts.dedup_by_key(|cut| (cut.1, cut.2));
    let laid = cuts.iter().find_map(|(_, i, j)| Some((*i, *j, land.street(sheet, (*i, *j), step_m, chance)?)));
    let (i, j, street) = laid.or_else(|| {
        let (_, i, j) = land.any_cut(share)?;
        Some((i, j, land.street(sheet, (i, j), step_m, chance).unwrap_or_default()))
    })?;
    Some(land.divide((i, j), &street, share))
}

fn across(axis: Spot) -> Spot {
    Spot { x: -axis.y, y: axis.x }
}

fn tilted(axis: Spot, slope: f64) -> Spot {
    let side = across(axis);
    let long = (1.0 + slope * slope).sqrt();
    Spot { x: (axis.x + side.x * slope) / long, y: (axis.y + side.y * slope) / long }
}

fn dot(a: Spot, b: Spot) -> f64 {
    a.x * b.x + a.y * b.y
}

/// A piece of land with its corners both exact and in metres.
struct Land<'a> {
    ring: &'a [Vertex],
    spots: Vec<Spot>,
}

impl<'a> Land<'a> {
    fn of(sheet: &Sheet, ring: &'a [Vertex]) -> Self {
        Self { ring, spots: ring.iter().map(|v| sheet.spot(v.point())).collect() }
    }

    fn extent(&self, axis: Spot) -> f64 {
        let along = self.spots.iter().map(|spot| dot(*spot, axis));
        let (low, high) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
        high - low
    }

    /// The two corners next to the line across `axis` that leaves `share` of the area behind it.
    fn cut_at(&self, axis: Spot, share: f64) -> Option<(usize, usize)> {
        let along: Vec<f64> = self.spots.iter().map(|spot| dot(*spot, axis)).collect();
        let (mut low, mut high) =
            along.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), at| (l.min(*at), h.max(*at)));
        let whole = area(&self.spots).abs();
        for _ in 0..18 {
            let middle = f64::midpoint(low, high);
            if area(&self.behind(axis, middle)).abs() < share * whole { low = middle } else { high = middle }
        }
        let line = f64::midpoint(low, high);
        let (first, second) = self.longest_chord(&along, axis, line)?;
        (first != second).then_some((first.min(second), first.max(second)))
    }

    /// The part of the land behind a line (with zero-width bridges where the land is bent, which have no area).
    fn behind(&self, axis: Spot, line: f64) -> Vec<Spot> {
        let mut kept = Vec::with_capacity(self.spots.len() + 4);
        let Some(mut a) = self.spots.last().copied() else { return kept };
        for b in &self.spots {
            let (at_a, at_b) = (dot(a, axis), dot(*b, axis));
            if (at_a <= line) != (at_b <= line) {
                kept.push(a.between(*b, (line - at_a) / (at_b - at_a)));
            }
            if at_b <= line {
                kept.push(*b);
            }
            a = *b;
        }
        kept
    }

    /// The corners nearest to both ends of the longest piece of the line that lies inside.
    fn longest_chord(&self, along: &[f64], axis: Spot, line: f64) -> Option<(usize, usize)> {
        let side = across(axis);
        let n = along.len();
        let mut crossings: Vec<(f64, usize)> = Vec::new();
        for i in 0..n {
            let j = (i + 1) % n;
            let (at_i, at_j) = (*along.get(i)?, *along.get(j)?);
            if (at_i <= line) != (at_j <= line) {
                let share = (line - at_i) / (at_j - at_i);
                let crossing = self.spots.get(i)?.between(*self.spots.get(j)?, share);
                crossings.push((dot(crossing, side), if share < 0.5 { i } else { j }));
            }
        }
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        let chords = crossings.as_chunks::<2>().0.iter();
        chords.max_by(|[a, b], [c, d]| (b.0 - a.0).total_cmp(&(d.0 - c.0))).map(|[a, b]| (a.1, b.1))
    }

    /// How good a cut between two corners is, 0 being perfect; none when it is not possible.
    fn score(&self, i: usize, j: usize, share: f64) -> Option<f64> {
        if !self.is_open(i, j) {
            return None;
        }
        let (first, second) = (self.spots.get(i..=j)?, self.rest(i, j));
        let whole = area(&self.spots);
        let got = area(first) / whole;
        let off = (got - share).abs().min((1.0 - got - share).abs());
        let lankiness = [first, &second].map(roundness_lost).into_iter().fold(0.0, f64::max);
        (got > 0.02 && got < 0.98).then_some(off / share.min(1.0 - share) * 0.8 + lankiness)
    }

    fn rest(&self, i: usize, j: usize) -> Vec<Spot> {
        self.spots.iter().skip(j).chain(self.spots.iter().take(i + 1)).copied().collect()
    }

    /// Whether the straight line between two corners runs inside.
    fn is_open(&self, i: usize, j: usize) -> bool {
        let n = self.ring.len();
        let (Some(a), Some(b)) = (self.ring.get(i), self.ring.get(j)) else { return false };
        if j - i < 2 || n - (j - i) < 2 {
            return false;
        }
        let middle = Vertex { x: i32::midpoint(a.x, b.x), y: i32::midpoint(a.y, b.y) };
        ring_toggles(self.ring, middle) && !crosses_ring(self.ring, *a, *b)
    }

    /// Any possible cut, the one with the best share of area.
    fn any_cut(&self, share: f64) -> Option<(f64, usize, usize)> {
        let n = self.ring.len();
        let pairs = (0..n).flat_map(|i| (i + 2..n).map(move |j| (i, j)));
        pairs.filter_map(|(i, j)| Some((self.score(i, j, share)?, i, j))).min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// Divides the land along a street between two corners.
    fn divide(&self, (i, j): (usize, usize), street: &[Vertex], share: f64) -> (Ring, Ring) {
        let mut first: Ring = self.ring.get(i..=j).unwrap_or_default().to_vec();
        first.extend(street.iter().rev());
        let mut second: Ring = self.ring.iter().skip(j).chain(self.ring.iter().take(i + 1)).copied().collect();
        second.extend(street.iter());
        let is_first_small = ring_area2(&first) * 2 < ring_area2(self.ring);
        if is_first_small == (share < 0.5) || (share - 0.5).abs() < 1e-9 { (first, second) } else { (second, first) }
    }

    /// The corners of a street between two corners of the land, from `i` to `j` without these. Straighter when bends
    /// would leave the land; none when even a straight one does.
    fn street(&self, sheet: &Sheet, (i, j): (usize, usize), step_m: f64, chance: &mut Chance) -> Option<Vec<Vertex>> {
        let (start, end) = (self.spots.get(i)?, self.spots.get(j)?);
        [STREET_BEND, STREET_BEND / 3.0, 0.0].into_iter().find_map(|bent| {
            let mut spots = vec![*start];
            bend(&mut spots, *end, bent, step_m, chance);
            let mut street: Vec<Vertex> = spots.iter().map(|spot| sheet.vertex(*spot)).collect();
            street.pop();
            let inner = street.split_off(1);
            self.has_room_for(&inner, (i, j)).then_some(inner)
        })
    }

    fn has_room_for(&self, inner: &[Vertex], (i, j): (usize, usize)) -> bool {
        let (Some(start), Some(end)) = (self.ring.get(i), self.ring.get(j)) else { return false };
        let way: Vec<Vertex> = std::iter::once(*start).chain(inner.iter().copied()).chain([*end]).collect();
        let is_inside = inner.iter().all(|v| ring_toggles(self.ring, *v));
        is_inside && way.windows(2).all(|pair| matches!(pair, [a, b] if !crosses_ring(self.ring, *a, *b)))
    }
}

/// Whether a segment crosses or touches a ring other than at corners that it begins or ends at.
fn crosses_ring(ring: &[Vertex], a: Vertex, b: Vertex) -> bool {
    let Some(mut c) = ring.last().copied() else { return false };
    for d in ring {
        let d = *d;
        let shares_end = c == a || c == b || d == a || d == b;
        if !shares_end {
            let (oc, od, oa, ob) = (orient(a, b, c), orient(a, b, d), orient(c, d, a), orient(c, d, b));
            if oc.signum() * od.signum() <= 0 && oa.signum() * ob.signum() <= 0 {
                return true;
            }
        } else if (c == a || c == b) != (d == a || d == b) {
            // The edge leaves from an end of the segment: it must not run along it.
            let (shared, other, far) =
                if c == a || c == b { (c, d, if c == a { b } else { a }) } else { (d, c, if d == a { b } else { a }) };
            let runs_along = orient(shared, far, other) == 0
                && i64::from(far.x - shared.x) * i64::from(other.x - shared.x)
                    + i64::from(far.y - shared.y) * i64::from(other.y - shared.y)
                    > 0;
            if runs_along {
                return true;
            }
        }
        c = d;
    }
    false
}

/// Twice the signed area.
fn area(spots: &[Spot]) -> f64 {
    let Some(mut a) = spots.last() else { return 0.0 };
    let mut sum = 0.0;
    for b in spots {
        sum += a.x * b.y - b.x * a.y;
        a = b;
    }
    sum
}

/// 0 for a square or rounder, growing for long and thin pieces.
fn roundness_lost(spots: &[Spot]) -> f64 {
    let Some(mut a) = spots.last() else { return 9.0 };
    let mut round = 0.0;
    for b in spots {
        round += a.distance2(*b).sqrt();
        a = b;
    }
    let square = area(spots).abs() / 2.0;
    (round * round / (16.0 * square.max(1.0)) - 1.0).max(0.0)
}
