//! From a city to its micro-grids, level by level.

use std::collections::BTreeMap;

use linli_kernel::{AreaCode, AreaLevel};

use super::super::geometry::{Point, Shape};
use super::blocks;
use super::chance::Chance;
use super::grow::{Cells, Ground, Seed, closed_land, grow, nearest_cell, place_seed};
use super::mesh::{Cell, Mesh};
use super::plane::{Sheet, Spot};
use super::seats::{SEATS, Seat};

/// Cells of the mesh for a community, on average, and the bounds of a cell in square metres.
const CELLS_PER_COMMUNITY: f64 = 25.0;
const CELL_M2: (f64, f64) = (30_000.0, 400_000.0);
/// Land of a village and of a community in a town, km²; only their ratio matters.
const VILLAGE_LAND: f64 = 5.0;
const TOWN_LAND: f64 = 1.2;
/// A part must have at least so many cells for each of its own parts.
const MIN_CELLS_EACH: usize = 3;
/// How much larger counties are grown for what their coast will lose.
const COAST_LOSS: f64 = 1.25;
/// Bays of a city's outline narrower than twice this are filled.
const BAY_M: f64 = 12_000.0;
/// How often a division is tried again with other weights or seeds.
const TRIES: u32 = 24;

/// The areas and what lies directly below each.
pub(super) struct Tree<'a> {
    names: &'a BTreeMap<AreaCode, &'a str>,
    children: BTreeMap<AreaCode, Vec<AreaCode>>,
}

impl<'a> Tree<'a> {
    pub fn of(names: &'a BTreeMap<AreaCode, &'a str>) -> Self {
        let mut children: BTreeMap<AreaCode, Vec<AreaCode>> = BTreeMap::new();
        for code in names.keys() {
            if let Some(parent) = code.parent() {
                children.entry(parent).or_default().push(*code);
            }
        }
        Self { names, children }
    }

    fn below(&self, code: &AreaCode) -> &[AreaCode] {
        self.children.get(code).map_or(&[], Vec::as_slice)
    }

    fn name(&self, code: &AreaCode) -> &str {
        self.names.get(code).copied().unwrap_or("")
    }

    /// Whether an area belongs to the built-up part: a street rather than a town, a community rather than a village.
    fn is_urban(&self, code: &AreaCode) -> bool {
        let name = self.name(code);
        match code.level() {
            AreaLevel::Street => name.ends_with("街道") || name.ends_with("街道办事处") || name.starts_with("城关"),
            AreaLevel::Community => name.contains("社区") || name.contains("居委会") || name.contains("居民委员会"),
            _ => false,
        }
    }

    /// Land that an area should have, relative to its sisters.
    fn land(&self, code: &AreaCode) -> f64 {
        match code.level() {
            AreaLevel::Community if self.is_urban(code) => TOWN_LAND,
            AreaLevel::Community => VILLAGE_LAND,
            AreaLevel::Street => self.below(code).iter().map(|c| self.land(c)).sum::<f64>().max(VILLAGE_LAND * 3.0),
            _ => 1.0,
        }
    }

    fn has_grids(&self, code: &AreaCode) -> bool {
        code.level() == AreaLevel::Community && !self.below(code).is_empty()
    }
}

/// An area with the cells it is made of.
struct Plot {
    code: AreaCode,
    cells: Vec<Cell>,
    /// Its centre: the seat of a county, the middle of a town.
    centre: Cell,
}

/// Draws a city's counties and everything below them.
pub(super) fn draw(tree: &Tree<'_>, city: AreaCode, counties: &[AreaCode], shapes: &mut BTreeMap<AreaCode, Shape>) {
    let Some((sheet, mut mesh, seats)) = lay_out(tree, counties) else { return };
    let mut levels: Vec<Plot> = divide_city(&sheet, &mesh, city, counties, &seats);
    let mut plots: Vec<Vec<Plot>> = Vec::new();
    for _level in [AreaLevel::Street, AreaLevel::Community] {
        let next = levels.iter().flat_map(|plot| divide(tree, &mesh, plot)).collect();
        plots.push(std::mem::replace(&mut levels, next));
    }
    plots.push(levels);
    let mut owners: Vec<Option<usize>> = vec![None; usize::try_from(mesh.n_cells()).unwrap_or(0)];
    for (nth, plot) in plots.iter().flatten().enumerate() {
        for cell in &plot.cells {
            if let Some(owner) = usize::try_from(*cell).ok().and_then(|cell| owners.get_mut(cell)) {
                *owner = Some(nth);
            }
        }
    }
    mesh.smooth(|cell| usize::try_from(cell).ok().and_then(|cell| owners.get(cell).copied()).flatten());
    let artist = Artist::of(tree, &mesh, plots.last().map_or(&[], Vec::as_slice));
    if counties.len() > 1 {
        let all: Vec<Cell> = plots.first().into_iter().flatten().flat_map(|plot| plot.cells.iter().copied()).collect();
        shapes.extend(artist.outline(&all).map(|shape| (city, shape)));
    }
    for plot in plots.iter().flatten() {
        let Some(shape) = artist.outline(&plot.cells) else { continue };
        if tree.has_grids(&plot.code) {
            let step_m = plot.cells.first().map_or(f64::INFINITY, |cell| artist.step_m(*cell));
            draw_grids(tree, &sheet, &plot.code, (&shape, step_m), shapes);
        }
        shapes.insert(plot.code, shape);
    }
}

/// The sheet, the mesh and the seats of a city's counties.
fn lay_out(tree: &Tree<'_>, counties: &[AreaCode]) -> Option<(Sheet, Mesh, Vec<Seat>)> {
    let seats: Vec<Seat> = counties
        .iter()
        .filter_map(|code| SEATS.iter().find(|seat| code.as_str().starts_with(seat.county)).copied())
        .collect();
    let largest_km2 = seats.iter().map(|seat| seat.area_km2).fold(0.0, f64::max);
    let margin_deg = largest_km2.sqrt() / 90.0;
    let fold = |of: fn(&Seat) -> f64| {
        seats.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
    };
    let ((west, east), (south, north)) = (fold(|seat| seat.at.lon), fold(|seat| seat.at.lat));
    let sheet = Sheet::at(Point::new(west - margin_deg, south - margin_deg));
    let far = sheet.spot(Point::new(east + margin_deg, north + margin_deg));
    let n_communities: usize = counties.iter().flat_map(|c| tree.below(c)).map(|street| tree.below(street).len()).sum();
    let n_communities = f64::from(u32::try_from(n_communities).unwrap_or(u32::MAX).max(60));
    let total_m2 = seats.iter().map(|seat| seat.area_km2 * 1e6).sum::<f64>();
    let cell_m2 = (total_m2 / n_communities / CELLS_PER_COMMUNITY).clamp(CELL_M2.0, CELL_M2.1);
    let seed = Chance::of(&format!("mesh {}", counties.first()?)).whole();
    Some((sheet, Mesh::over(sheet, seed, (far.x, far.y), cell_m2), seats))
}

fn divide_city(sheet: &Sheet, mesh: &Mesh, city: AreaCode, counties: &[AreaCode], seats: &[Seat]) -> Vec<Plot> {
    let land_cells = || (0..mesh.n_cells()).filter(|cell| !mesh.is_rim(*cell));
    let seeds: Vec<Seed> = seats
        .iter()
        .filter_map(|seat| {
            let cell = nearest_cell(mesh, land_cells(), sheet.spot(seat.at))?;
            let limit = u32::try_from(super::chance::rounded(seat.area_km2 * COAST_LOSS * 1e6 / mesh.cell_m2()))
                .unwrap_or(u32::MAX);
            Some(Seed { cell, land: seat.area_km2, limit })
        })
        .collect();
    let n_cells = seeds.iter().filter_map(|seed| usize::try_from(seed.limit).ok()).sum();
    let ground = Ground::of(mesh, Chance::of(&format!("counties {city}")).whole(), n_cells, seeds.len());
    // First each county takes its own size; then the bays between them are closed and everything is divided anew.
    let first = grow(mesh, ground, &seeds, |cell| !mesh.is_rim(cell));
    let reach = u32::try_from(super::chance::rounded(BAY_M / mesh.edge_m())).unwrap_or(0);
    let land = closed_land(mesh, &Cells::of(mesh, first.into_iter().map(|(cell, _)| cell)), &seeds, ground, reach);
    let unlimited: Vec<Seed> = seeds.iter().map(|seed| Seed { limit: u32::MAX, ..*seed }).collect();
    gather(counties, &seeds, &grow(mesh, ground, &unlimited, |cell| land.has(cell)))
}

/// Plots from grown parts, cells in ascending order.
fn gather(codes: &[AreaCode], seeds: &[Seed], parts: &[(Cell, usize)]) -> Vec<Plot> {
    let mut plots: Vec<Plot> = codes
        .iter()
        .zip(seeds)
        .map(|(code, seed)| Plot { code: *code, cells: Vec::new(), centre: seed.cell })
        .collect();
    for (cell, part) in parts {
        if let Some(plot) = plots.get_mut(*part) {
            plot.cells.push(*cell);
        }
    }
    for plot in &mut plots {
        plot.cells.sort_unstable();
    }
    plots
}

/// Divides an area among its children. Tried with other seeds until every child has room for its own children, and no
/// child that gets grids surrounds another one.
fn divide(tree: &Tree<'_>, mesh: &Mesh, plot: &Plot) -> Vec<Plot> {
    let children = tree.below(&plot.code);
    if children.is_empty() || plot.cells.len() < children.len() {
        return Vec::new();
    }
    let own = Cells::of(mesh, plot.cells.iter().copied());
    let mut land: Vec<f64> = children.iter().map(|code| tree.land(code)).collect();
    let mut last = Vec::new();
    for attempt in 0..TRIES {
        let mut chance = Chance::of(&format!("children {} {attempt}", plot.code));
        let seeds = place_seeds(tree, mesh, plot, &land, &mut chance);
        if seeds.len() < children.len() {
            return Vec::new();
        }
        let parts =
            grow(mesh, Ground::of(mesh, chance.whole(), plot.cells.len(), seeds.len()), &seeds, |cell| own.has(cell));
        let plots = gather(children, &seeds, &parts);
        let mut is_good = true;
        for (child, land) in plots.iter().zip(&mut land) {
            if child.cells.len() < tree.below_as_parts(&child.code) * MIN_CELLS_EACH {
                *land *= 1.4;
                is_good = false;
            }
            is_good &= !(tree.has_grids(&child.code) && has_hole(mesh, &child.cells));
        }
        last = plots;
        if is_good {
            break;
        }
    }
    last
}

impl Tree<'_> {
    fn below_as_parts(&self, code: &AreaCode) -> usize {
        if code.level() == AreaLevel::Street { self.below(code).len() } else { 1 }
    }
}

/// Town areas gather around the centre, the others spread over the land.
fn place_seeds(tree: &Tree<'_>, mesh: &Mesh, plot: &Plot, land: &[f64], chance: &mut Chance) -> Vec<Seed> {
    let children = tree.below(&plot.code);
    let total: f64 = land.iter().sum();
    let plot_m2 = f64::from(u32::try_from(plot.cells.len()).unwrap_or(u32::MAX)) * mesh.cell_m2();
    let town: f64 = children.iter().zip(land).filter(|(c, _)| tree.is_urban(c)).map(|(_, land)| land).sum();
    // The radius of a disc with the town's share of the land.
    let town_m = (plot_m2 * town / total / 3.0).sqrt() * 0.85;
    let centre = mesh.middle(plot.centre);
    let mut order: Vec<usize> = (0..children.len()).collect();
    order.sort_by_key(|i| children.get(*i).map(|code| (!tree.is_urban(code), *code)));
    let mut taken: Vec<Cell> = Vec::new();
    let mut placed: BTreeMap<usize, Seed> = BTreeMap::new();
    for i in order {
        let (Some(code), Some(land)) = (children.get(i), land.get(i)) else { continue };
        let cell = if taken.is_empty() {
            Some(plot.centre)
        } else {
            let near = tree.is_urban(code).then_some((centre, town_m));
            place_seed(mesh, &plot.cells, &taken, near, chance)
        };
        let Some(cell) = cell else { continue };
        taken.push(cell);
        placed.insert(i, Seed { cell, land: *land, limit: u32::MAX });
    }
    placed.into_values().collect()
}

/// Whether a set of cells surrounds land that is not its own.
fn has_hole(mesh: &Mesh, cells: &[Cell]) -> bool {
    let own = Cells::of(mesh, cells.iter().copied());
    mesh.outline(cells, |cell| own.has(cell), |_, _| f64::INFINITY).is_some_and(|shape| shape.rings().count() > 1)
}

/// Draws outlines; borders of communities with grids are drawn finer, from both sides.
struct Artist<'a> {
    mesh: &'a Mesh,
    fine: BTreeMap<Cell, f64>,
}

impl<'a> Artist<'a> {
    fn of(tree: &Tree<'_>, mesh: &'a Mesh, communities: &[Plot]) -> Self {
        let mut fine = BTreeMap::new();
        for plot in communities.iter().filter(|plot| tree.has_grids(&plot.code)) {
            let n_pieces: usize = tree.below(&plot.code).iter().map(|grid| tree.below(grid).len().max(1)).sum();
            let cells = f64::from(u32::try_from(plot.cells.len()).unwrap_or(u32::MAX));
            let step_m = step_m(cells * mesh.cell_m2(), n_pieces);
            fine.extend(plot.cells.iter().map(|cell| (*cell, step_m)));
        }
        Self { mesh, fine }
    }

    fn outline(&self, cells: &[Cell]) -> Option<Shape> {
        let own = Cells::of(self.mesh, cells.iter().copied());
        self.mesh.outline(cells, |cell| own.has(cell), |a, b| self.step_m(a).min(self.step_m(b)))
    }

    fn step_m(&self, cell: Cell) -> f64 {
        self.fine.get(&cell).copied().unwrap_or(f64::INFINITY)
    }
}

/// How far apart the corners of a border may lie so that a piece has some six on each side.
fn step_m(area_m2: f64, n_pieces: usize) -> f64 {
    let n_pieces = f64::from(u32::try_from(n_pieces).unwrap_or(u32::MAX).max(1));
    ((area_m2 / n_pieces).sqrt() / 6.0).clamp(8.0, 60.0)
}

/// Cuts a community into its grids and these into their micro-grids.
fn draw_grids(
    tree: &Tree<'_>,
    sheet: &Sheet,
    community: &AreaCode,
    (shape, step): (&Shape, f64),
    shapes: &mut BTreeMap<AreaCode, Shape>,
) {
    let grids = tree.below(community);
    // Streets of old towns run nearly north to south, a little turned from place to place.
    let slope = Chance::of(&format!("streets {}", community.at(AreaLevel::Street))).swing() * 0.25;
    let long = (1.0 + slope * slope).sqrt();
    let along = Spot { x: slope / long, y: 1.0 / long };
    cut_among(sheet, community, shape, grids, (along, step), shapes);
    for grid in grids {
        if let Some(own) = shapes.get(grid).cloned() {
            cut_among(sheet, grid, &own, tree.below(grid), (along, step), shapes);
        }
    }
}

fn cut_among(
    sheet: &Sheet,
    parent: &AreaCode,
    shape: &Shape,
    children: &[AreaCode],
    (along, step): (Spot, f64),
    shapes: &mut BTreeMap<AreaCode, Shape>,
) {
    let mut rings = shape.rings();
    let (Some(outer), None) = (rings.next(), rings.next()) else { return };
    let Ok(n @ 1..) = u32::try_from(children.len()) else { return };
    for attempt in 0..TRIES {
        let mut chance = Chance::of(&format!("blocks {parent} {attempt}"));
        let Some(pieces) = blocks::cut(sheet, outer.to_vec(), n, along, step, &mut chance) else { continue };
        let pieces: Vec<Shape> = pieces.into_iter().filter_map(|ring| Shape::from_rings(vec![vec![ring]])).collect();
        let is_sound = pieces.len() == children.len() && pieces.iter().all(|piece| piece.self_crossing().is_none());
        if is_sound {
            shapes.extend(children.iter().copied().zip(pieces));
            return;
        }
    }
}
