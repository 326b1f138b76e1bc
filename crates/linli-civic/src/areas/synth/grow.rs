//! Land is divided by growth: every part starts at a seed and takes the nearest free cells, faster when it is to be
//! larger, slower over rough ground. Parts are connected, and together they cover everything that can be reached.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::chance::{Chance, rounded, smooth_noise};
use super::mesh::{Cell, Mesh};
use super::plane::Spot;

/// A part to be grown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed {
    pub cell: Cell,
    /// The land it should have, in any unit common to all seeds.
    pub land: f64,
    /// Most cells it may take.
    pub limit: u32,
}

/// A set of cells of one mesh.
#[derive(Debug, Clone)]
pub(super) struct Cells(Vec<bool>);

impl Cells {
    pub fn none(mesh: &Mesh) -> Self {
        Self(vec![false; usize::try_from(mesh.n_cells()).unwrap_or(0)])
    }

    pub fn of(mesh: &Mesh, cells: impl IntoIterator<Item = Cell>) -> Self {
        let mut set = Self::none(mesh);
        for cell in cells {
            set.insert(cell);
        }
        set
    }

    pub fn has(&self, cell: Cell) -> bool {
        usize::try_from(cell).ok().and_then(|cell| self.0.get(cell)).copied().unwrap_or(false)
    }

    /// Whether the cell is new to the set.
    pub fn insert(&mut self, cell: Cell) -> bool {
        let place = usize::try_from(cell).ok().and_then(|cell| self.0.get_mut(cell));
        place.is_some_and(|place| !std::mem::replace(place, true))
    }

    fn remove(&mut self, cell: Cell) {
        if let Some(place) = usize::try_from(cell).ok().and_then(|cell| self.0.get_mut(cell)) {
            *place = false;
        }
    }

    fn iter(&self) -> impl Iterator<Item = Cell> {
        (0..).zip(&self.0).filter(|(_, is_in)| **is_in).map(|(cell, _)| cell)
    }
}

/// Grows the seeds over the cells for which `is_free` holds: each cell taken, with the number of the seed that took it.
pub(super) fn grow(mesh: &Mesh, ground: Ground, seeds: &[Seed], is_free: impl Fn(Cell) -> bool) -> Vec<(Cell, usize)> {
    let mut taken = Cells::none(mesh);
    let mut parts = Vec::new();
    let mut sizes = vec![0_u32; seeds.len()];
    let mut front: BinaryHeap<Reverse<(u64, Cell, usize)>> = BinaryHeap::new();
    for (part, seed) in seeds.iter().enumerate() {
        front.push(Reverse((0, seed.cell, part)));
    }
    while let Some(Reverse((cost, cell, part))) = front.pop() {
        let (Some(seed), Some(size)) = (seeds.get(part), sizes.get_mut(part)) else { continue };
        if *size >= seed.limit || !taken.insert(cell) {
            continue;
        }
        parts.push((cell, part));
        *size += 1;
        for next in mesh.neighbours(cell) {
            if !taken.has(next) && is_free(next) {
                let step = ground.roughness(mesh, next) / seed.land.max(1e-9).sqrt();
                let step = u64::try_from(rounded(step * 1e6)).unwrap_or(1).max(1);
                front.push(Reverse((cost + step, next, part)));
            }
        }
    }
    parts
}

/// The lie of the land over which parts grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground {
    seed: u64,
    /// Typical width of a part: hills are as wide as half of it, so that parts get capes and bays and are no discs.
    width_m: f64,
}

impl Ground {
    /// Ground for `n_parts` on `n_cells` cells.
    pub fn of(mesh: &Mesh, seed: u64, n_cells: usize, n_parts: usize) -> Self {
        let each = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX).max(1));
        Self { seed, width_m: (each(n_cells) * mesh.cell_m2() / each(n_parts)).sqrt() }
    }

    /// From 0 for rock to 1 for sand, in patches narrower than a part.
    fn softness(&self, mesh: &Mesh, cell: Cell) -> f64 {
        let Spot { x, y } = mesh.middle(cell);
        let patch =
            |waves: f64, salt: u64| smooth_noise(self.seed ^ salt, x / self.width_m * waves, y / self.width_m * waves);
        0.75 * patch(4.0, 0x1F) * patch(4.0, 0x1F) + 0.35 * patch(11.0, 0x2F)
    }

    /// Cost to enter a cell, around 1.
    fn roughness(&self, mesh: &Mesh, cell: Cell) -> f64 {
        let Spot { x, y } = mesh.middle(cell);
        let broad = smooth_noise(self.seed, x / self.width_m * 1.8, y / self.width_m * 1.8);
        let near = smooth_noise(self.seed ^ 0x77, x / self.width_m * 5.0, y / self.width_m * 5.0);
        0.3 + 1.5 * broad * broad + 0.8 * near * near + 0.2 * Chance::of_pair(self.seed, u64::from(cell), 3).unit()
    }
}

/// The land with its bays closed: what lies within `reach` cells of `first` and farther than that from open land.
pub(super) fn closed_land(mesh: &Mesh, first: &Cells, seeds: &[Seed], ground: Ground, reach: u32) -> Cells {
    let near = within(mesh, first.clone(), reach);
    let is_edge = |cell: Cell| mesh.neighbours(cell).iter().any(|next| mesh.is_rim(*next));
    let open = (0..mesh.n_cells()).filter(|cell| mesh.is_rim(*cell) || is_edge(*cell) || !near.has(*cell));
    let lost = within(mesh, Cells::of(mesh, open), reach);
    let mut land = Cells::of(mesh, near.iter().filter(|cell| !lost.has(*cell) || first.has(*cell)));
    nibble(mesh, &mut land, seeds, ground);
    land
}

/// Wears the straight coasts of closed bays, here less and there more.
fn nibble(mesh: &Mesh, land: &mut Cells, seeds: &[Seed], ground: Ground) {
    const DEEPEST: u32 = 14;
    for depth in 0..DEEPEST {
        let is_coast = |cell: Cell| mesh.neighbours(cell).iter().any(|next| !land.has(*next));
        let worn: Vec<Cell> = land
            .iter()
            .filter(|cell| is_coast(*cell) && !seeds.iter().any(|seed| seed.cell == *cell))
            .filter(|cell| ground.softness(mesh, *cell) > f64::from(depth + 1) / f64::from(DEEPEST))
            .collect();
        for cell in worn {
            land.remove(cell);
        }
    }
}

/// A set and all cells within some steps of it.
fn within(mesh: &Mesh, mut seen: Cells, reach: u32) -> Cells {
    let mut front: Vec<Cell> = seen.iter().collect();
    for _step in 0..reach {
        let next: Vec<Cell> =
            front.iter().flat_map(|cell| mesh.neighbours(*cell)).filter(|cell| !mesh.is_rim(*cell)).collect();
        front = next.into_iter().filter(|cell| seen.insert(*cell)).collect();
    }
    seen
}

/// Picks a cell for a new seed: of some cells at random within `reach_m` of `around`, the one farthest from the seeds.
pub(super) fn place_seed(
    mesh: &Mesh,
    cells: &[Cell],
    taken: &[Cell],
    near: Option<(Spot, f64)>,
    chance: &mut Chance,
) -> Option<Cell> {
    let within =
        |cell: &Cell| near.is_none_or(|(around, reach_m)| mesh.middle(*cell).distance2(around) <= reach_m * reach_m);
    let mut allowed: Vec<Cell> = cells.iter().copied().filter(|cell| within(cell) && !taken.contains(cell)).collect();
    if allowed.is_empty() {
        allowed = cells.iter().copied().filter(|cell| !taken.contains(cell)).collect();
    }
    let tries: Vec<Cell> = (0..16).filter_map(|_| chance.pick(&allowed).copied()).collect();
    let gap = |cell: Cell| {
        let middle = mesh.middle(cell);
        taken.iter().map(|other| mesh.middle(*other).distance2(middle)).fold(f64::INFINITY, f64::min)
    };
    if taken.is_empty() {
        return tries.first().copied();
    }
    tries.into_iter().max_by(|a, b| gap(*a).total_cmp(&gap(*b)).then(b.cmp(a)))
}

/// The cell whose middle is nearest to a spot.
pub(super) fn nearest_cell(mesh: &Mesh, cells: impl Iterator<Item = Cell>, to: Spot) -> Option<Cell> {
    cells.min_by(|a, b| mesh.middle(*a).distance2(to).total_cmp(&mesh.middle(*b).distance2(to)))
}
