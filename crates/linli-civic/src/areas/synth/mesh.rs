//! A mesh of crooked hexagons: the smallest pieces of the synthetic land.
//!
//! Three cells meet at every corner, so the outline of any set of cells is made of simple rings that never touch
//! themselves, and two neighbouring sets share their border corner for corner.

use std::collections::{BTreeMap, HashMap};

use super::super::geometry::{Shape, Vertex};
use super::chance::{Chance, smooth_noise};
use super::plane::{Sheet, Spot};

/// How far a corner strays, and how far the land is warped as a whole, in edge lengths.
const CORNER_STRAY: f64 = 0.30;
const WARP: f64 = 0.9;
const WARP_WAVE: f64 = 6.0;
/// Rounds of [`Mesh::smooth`].
const SMOOTHING: u32 = 4;
/// How far the middle of an edge bends, in lengths of the edge.
const EDGE_BEND: f64 = 0.13;
const SQRT_3: f64 = 1.732_050_807_568_877_2;

/// A cell of the mesh.
pub(super) type Cell = u32;
/// A corner: twice the cell below whose top it is, or twice the cell above whose foot it is, plus one.
type Corner = u32;

pub(super) struct Mesh {
    sheet: Sheet,
    seed: u64,
    columns: u32,
    rows: u32,
    edge_m: f64,
    /// The middle of each cell, which growth asks for again and again.
    middles: Vec<Spot>,
    /// Corners that were moved off their place by [`Mesh::smooth`].
    moved: HashMap<Corner, Spot>,
}

impl Mesh {
    /// A mesh over `width_m` × `height_m` of the sheet with cells of about `cell_m2`.
    pub fn over(sheet: Sheet, seed: u64, (width_m, height_m): (f64, f64), cell_m2: f64) -> Self {
        let edge_m = (cell_m2 / (1.5 * SQRT_3)).sqrt();
        let count = |length: f64, step: f64| u32::try_from(super::chance::rounded(length / step)).unwrap_or(0).max(4);
        let mut mesh = Self {
            sheet,
            seed,
            columns: count(width_m, edge_m * SQRT_3),
            rows: count(height_m, edge_m * 1.5),
            edge_m,
            middles: Vec::new(),
            moved: HashMap::new(),
        };
        mesh.middles = (0..mesh.n_cells()).map(|cell| mesh.warped(mesh.plain_middle(cell))).collect();
        mesh
    }

    pub fn n_cells(&self) -> u32 {
        self.columns * self.rows
    }

    pub fn cell_m2(&self) -> f64 {
        self.edge_m * self.edge_m * 1.5 * SQRT_3
    }

    pub fn edge_m(&self) -> f64 {
        self.edge_m
    }

    /// Cells of the rim have too few neighbours to be land.
    pub fn is_rim(&self, cell: Cell) -> bool {
        let (row, column) = (cell / self.columns, cell % self.columns);
        row == 0 || column == 0 || row + 1 == self.rows || column + 1 == self.columns
    }

    /// The middle of a cell before warping.
    fn plain_middle(&self, cell: Cell) -> Spot {
        let (row, column) = (cell / self.columns, cell % self.columns);
        let shift = if row % 2 == 1 { 0.5 } else { 0.0 };
        Spot { x: (f64::from(column) + shift) * self.edge_m * SQRT_3, y: f64::from(row) * self.edge_m * 1.5 }
    }

    pub fn middle(&self, cell: Cell) -> Spot {
        let known = usize::try_from(cell).ok().and_then(|cell| self.middles.get(cell)).copied();
        known.unwrap_or_else(|| self.plain_middle(cell))
    }

    fn warped(&self, at: Spot) -> Spot {
        let wave = self.edge_m * WARP_WAVE;
        let push =
            |salt: u64| (smooth_noise(self.seed ^ salt, at.x / wave, at.y / wave) - 0.5) * 2.0 * WARP * self.edge_m;
        Spot { x: at.x + push(0x00A1_1CE5), y: at.y + push(0xB0B5) }
    }

    /// East, north-east, north-west, west, south-west, south-east; cells of the rim are neighbours but have none.
    pub fn neighbours(&self, cell: Cell) -> [Cell; 6] {
        if self.is_rim(cell) {
            return [cell; 6];
        }
        let (up, down) = (cell + self.columns, cell - self.columns);
        if (cell / self.columns) % 2 == 1 {
            [cell + 1, up + 1, up, cell - 1, down, down + 1]
        } else {
            [cell + 1, up, up - 1, cell - 1, down - 1, down]
        }
    }

    /// The corners counter-clockwise; edge `i` from corner `i` to the next one borders on neighbour `i`.
    fn corners(&self, cell: Cell) -> [Corner; 6] {
        let [_, north_east, north_west, _, south_west, south_east] = self.neighbours(cell);
        [south_east * 2, north_east * 2 + 1, cell * 2, north_west * 2 + 1, south_west * 2, cell * 2 + 1]
    }

    /// Straightens the borders between parts, so that they lose the teeth of the hexagons: every corner on a border moves
    /// towards the middle of its neighbours on borders. Corners are common to all areas around them and stay so.
    pub fn smooth(&mut self, owner: impl Fn(Cell) -> Option<usize>) {
        let mut beside: BTreeMap<Corner, Vec<Corner>> = BTreeMap::new();
        for cell in (0..self.n_cells()).filter(|cell| owner(*cell).is_some()) {
            let corners = self.corners(cell);
            let next = corners.iter().cycle().skip(1);
            for ((from, to), neighbour) in corners.iter().zip(next).zip(self.neighbours(cell)) {
                if owner(neighbour) != owner(cell) {
                    for (a, b) in [(*from, *to), (*to, *from)] {
                        let known = beside.entry(a).or_default();
                        if !known.contains(&b) {
                            known.push(b);
                        }
                    }
                }
            }
        }
        self.moved = beside.keys().map(|corner| (*corner, self.corner_spot(*corner))).collect();
        for _round in 0..SMOOTHING {
            let moved = beside.iter().map(|(corner, beside)| {
                let own = self.corner_spot(*corner);
                let n = f64::from(u32::try_from(beside.len()).unwrap_or(1));
                let sum = beside
                    .iter()
                    .map(|other| self.corner_spot(*other))
                    .fold(Spot { x: 0.0, y: 0.0 }, |a, b| Spot { x: a.x + b.x, y: a.y + b.y });
                (*corner, own.between(Spot { x: sum.x / n, y: sum.y / n }, 0.5))
            });
            self.moved = moved.collect();
        }
    }

    fn corner_spot(&self, corner: Corner) -> Spot {
        if let Some(spot) = self.moved.get(&corner) {
            return *spot;
        }
        let middle = self.plain_middle(corner / 2);
        let plain = Spot {
            x: middle.x,
            y: if corner.is_multiple_of(2) { middle.y + self.edge_m } else { middle.y - self.edge_m },
        };
        let warped = self.warped(plain);
        let mut chance = Chance::of_pair(self.seed, u64::from(corner), 1);
        let stray = CORNER_STRAY * self.edge_m;
        Spot { x: warped.x + chance.swing() * stray, y: warped.y + chance.swing() * stray }
    }

    /// The border between two corners without its end: bent, with corners at most `step_m` apart. Walked from either end
    /// it has the same corners.
    fn edge(&self, from: Corner, to: Corner, step_m: f64) -> Vec<Vertex> {
        let (low, high) = (from.min(to), from.max(to));
        let mut chance = Chance::of_pair(self.seed, u64::from(low), u64::from(high) | 1 << 40);
        let mut spots = vec![self.corner_spot(low)];
        bend(&mut spots, self.corner_spot(high), EDGE_BEND, step_m, &mut chance);
        let mut border: Vec<Vertex> = spots.iter().map(|spot| self.sheet.vertex(*spot)).collect();
        if low != from {
            border.reverse();
        }
        border.pop();
        border
    }

    /// The outline of a set of cells. `step_m` says how fine the border towards each neighbour is drawn.
    pub fn outline(
        &self,
        cells: &[Cell],
        is_in: impl Fn(Cell) -> bool,
        step_m: impl Fn(Cell, Cell) -> f64,
    ) -> Option<Shape> {
        // Each border corner has exactly one border edge that leaves it, as three cells meet there.
        let mut leaving: BTreeMap<Corner, (Corner, f64)> = BTreeMap::new();
        for cell in cells {
            let corners = self.corners(*cell);
            let next = corners.iter().cycle().skip(1);
            for ((from, to), neighbour) in corners.iter().zip(next).zip(self.neighbours(*cell)) {
                if !is_in(neighbour) {
                    leaving.insert(*from, (*to, step_m(*cell, neighbour)));
                }
            }
        }
        let mut rings: Vec<Vec<Vertex>> = Vec::new();
        while let Some((start, _)) = leaving.first_key_value() {
            let start = *start;
            let (mut at, mut ring) = (start, Vec::new());
            while let Some((to, step)) = leaving.remove(&at) {
                ring.extend(self.edge(at, to, step));
                at = to;
            }
            rings.push(ring);
        }
        // A connected set has one outer ring; it is the one around the largest box.
        rings.sort_by_key(|ring| std::cmp::Reverse(super::super::geometry::ring_area2(ring).abs()));
        Shape::from_rings(vec![rings])
    }
}

/// Appends the way from the last spot to `end`, bent at its middle and so on until pieces are at most `step_m` long;
/// at least one bend.
pub(super) fn bend(spots: &mut Vec<Spot>, end: Spot, amount: f64, step_m: f64, chance: &mut Chance) {
    fn pieces(spots: &mut Vec<Spot>, end: Spot, amount: f64, step_m: f64, is_first: bool, chance: &mut Chance) {
        let Some(start) = spots.last().copied() else { return };
        if !is_first && start.distance2(end) <= step_m * step_m {
            spots.push(end);
            return;
        }
        let off = chance.swing() * amount;
        let (dx, dy) = (end.x - start.x, end.y - start.y);
        let along = start.between(end, 0.5 + chance.swing() * 0.08);
        let middle = Spot { x: along.x - dy * off, y: along.y + dx * off };
        pieces(spots, middle, amount * 0.8, step_m, false, chance);
        pieces(spots, end, amount * 0.8, step_m, false, chance);
    }
    pieces(spots, end, amount, step_m, true, chance);
}
