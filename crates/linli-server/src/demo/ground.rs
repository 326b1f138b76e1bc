//! The land of the demo: official divisions, invented grids and boundaries, buildings with printed codes.

use std::collections::BTreeMap;
use std::io::Cursor;

use anyhow::{Context, bail};

use linli_civic::app::App;
use linli_civic::areas::boundaries::BoundaryRecord;
use linli_civic::areas::store::{AreaBatch, BATCH, BoundaryBatch, Place, PlaceKind, imported};
use linli_civic::areas::synth::{self, Chance, SynthArea, point_inside};
use linli_civic::areas::{AreaRecord, Crs, Point, Profile, Shape, parse_areas};
use linli_db::StoreError;
use linli_kernel::{Actor, AreaCode, AreaLevel, Change};

use super::chance::Draw;
use super::texts::{Community, Places};

const WEINAN: &str = include_str!("../../../../data/divisions/weinan_divisions.csv");
const PLACES: &str = include_str!("../../../../data/divisions/places.csv");

/// Somewhere that a matter can be.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The smallest area there.
    pub area: AreaCode,
    /// The printed code, where one hangs.
    pub qr: Option<String>,
    /// Where it stands.
    pub point: Option<Point>,
    /// 红旗小区
    pub compound: String,
    /// 3号楼
    pub building: String,
    /// 2单元
    pub unit: String,
    /// Whether the building has a lift.
    pub lift: bool,
    /// Whether people live there.
    pub homes: bool,
}

/// A community of the demo with everything in it.
#[derive(Clone, Debug)]
pub struct Neighbourhood {
    /// The community.
    pub code: AreaCode,
    /// Its share of the cases.
    pub share: f64,
    /// For {road}.
    pub roads: Vec<String>,
    /// For {landmark}.
    pub landmarks: Vec<String>,
    /// Where matters can be.
    pub spots: Vec<Spot>,
    /// Its grids.
    pub grids: Vec<AreaCode>,
    /// Its micro-grids.
    pub micro_grids: Vec<AreaCode>,
}

/// The land.
pub struct Ground {
    /// The communities where cases happen.
    pub neighbourhoods: Vec<Neighbourhood>,
    /// Communities on the same streets, whose people have no grids yet.
    pub around: Vec<(AreaCode, Option<Point>)>,
    /// Every area.
    pub areas: Vec<AreaRecord>,
    /// Every boundary.
    pub shapes: BTreeMap<AreaCode, Shape>,
    /// Every printed code.
    pub places: Vec<Place>,
}

impl Ground {
    /// Lays it out; slow, and the same on every machine.
    ///
    /// # Errors
    /// When the shipped divisions do not read: a fault of ours.
    pub fn lay_out(places: &Places, mut next_code: impl FnMut() -> String) -> anyhow::Result<Self> {
        let mut areas = divisions()?;
        for community in &places.communities {
            add_grids(community, &mut areas)?;
        }
        let names: Vec<SynthArea> =
            areas.iter().map(|area| SynthArea { code: area.code, name: area.name.clone() }).collect();
        let shapes = synth::generate(&names);
        let mut neighbourhoods = Vec::new();
        let mut all_places = Vec::new();
        for community in &places.communities {
            let (neighbourhood, mut own) = furnish(community, &shapes, &mut next_code)?;
            neighbourhoods.push(neighbourhood);
            all_places.append(&mut own);
        }
        let streets: Vec<AreaCode> =
            neighbourhoods.iter().map(|neighbourhood| neighbourhood.code.at(AreaLevel::Street)).collect();
        let around = areas
            .iter()
            .filter(|area| area.level == AreaLevel::Community)
            .filter(|area| streets.contains(&area.code.at(AreaLevel::Street)))
            .filter(|area| neighbourhoods.iter().all(|neighbourhood| neighbourhood.code != area.code))
            .map(|area| (area.code, shapes.get(&area.code).map(Shape::label_point)))
            .collect();
        Ok(Self { neighbourhoods, around, areas, shapes, places: all_places })
    }

    /// Writes it, a batch a transaction, each told by one event.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, app: &App, mut progress: impl FnMut(usize)) -> anyhow::Result<()> {
        let at = app.now();
        for batch in self.areas.chunks(BATCH) {
            let batch = batch.to_vec();
            let n = batch.len();
            app.db
                .write(move |tx| {
                    let Some(root) = batch.first().map(|area| area.code.at(AreaLevel::City)) else { return Ok(()) };
                    let event = imported("areas_imported", &root, batch.len(), "demo", Actor::System, at);
                    tx.commit(Change::new(AreaBatch(batch.clone()), event)).map(drop)
                })
                .await
                .map_err(|error: StoreError| error)?;
            progress(n);
        }
        let shapes: Vec<BoundaryRecord> = self
            .shapes
            .iter()
            .map(|(code, shape)| BoundaryRecord { line: 0, code: *code, shape: shape.clone() })
            .collect();
        for batch in shapes.chunks(BATCH) {
            let rows = batch.to_vec();
            let n = rows.len();
            app.db
                .write(move |tx| {
                    let Some(root) = rows.first().map(|row| row.code.at(AreaLevel::City)) else { return Ok(()) };
                    let event =
                        imported("boundaries_imported", &root, rows.len(), synth::SYNTHETIC_NOTE, Actor::System, at);
                    let batch = BoundaryBatch { rows: rows.clone(), source_crs: Crs::Wgs84, at };
                    tx.commit(Change::new(batch, event)).map(drop)
                })
                .await
                .map_err(|error: StoreError| error)?;
            progress(n);
        }
        for batch in self.places.chunks(BATCH) {
            let batch = batch.to_vec();
            let n = batch.len();
            app.db
                .write(move |tx| {
                    batch.iter().try_for_each(|place| tx.commit(place.clone().put_up(Actor::System, at)).map(drop))
                })
                .await
                .map_err(|error: StoreError| error)?;
            progress(n);
        }
        app.reload_areas().await?;
        Ok(())
    }
}

fn divisions() -> anyhow::Result<Vec<AreaRecord>> {
    let mut areas: BTreeMap<AreaCode, AreaRecord> = BTreeMap::new();
    for text in [WEINAN, PLACES] {
        let none = linli_civic::areas::NothingKnown;
        let parsed = parse_areas(Cursor::new(text), &none).context("the shipped divisions")?;
        if parsed.n_refused() > 0 {
            bail!("the shipped divisions have faults: {:?}", parsed.findings.first());
        }
        areas.extend(parsed.rows.into_iter().map(|row| (row.code, row)));
    }
    Ok(areas.into_values().collect())
}

/// 一 … 九十九
#[must_use]
pub fn chinese_number(n: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).copied().unwrap_or_default();
    match (n / 10, n % 10) {
        (0, ones) => digit(ones).to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens, ones) => format!("{}十{}", digit(tens), digit(ones)),
    }
}

/// The share of `total` that falls to the `nth` (from 0) of `n`, as evenly as can be.
const fn evenly(total: u32, n: u32, nth: u32) -> u32 {
    if n == 0 {
        return 0;
    }
    total / n + if nth < total % n { 1 } else { 0 }
}

fn add_grids(community: &Community, areas: &mut Vec<AreaRecord>) -> anyhow::Result<()> {
    let code = AreaCode::parse(&community.code)?;
    let Some(own) = areas.iter_mut().find(|area| area.code == code) else {
        bail!("{} is no community of the shipped divisions", community.code);
    };
    let figures = community.profile;
    own.profile = profile(figures.households, figures.residents, figures.merchants);
    let record = |code: AreaCode, name: String, profile: Profile| AreaRecord {
        line: 0,
        short_name: name.clone(),
        name,
        level: code.level(),
        parent: code.parent(),
        code,
        profile,
        worker_name: None,
    };
    for nth in 0..community.grids {
        let share = |total: u32| evenly(total, community.grids, nth);
        let grid = code.child(nth + 1)?;
        let figures = profile(share(figures.households), share(figures.residents), share(figures.merchants));
        areas.push(record(grid, format!("第{}网格", chinese_number(nth + 1)), figures));
        for micro in 0..evenly(community.micro_grids, community.grids, nth) {
            let name = format!("第{}微网格", chinese_number(micro + 1));
            areas.push(record(grid.child(micro + 1)?, name, Profile::default()));
        }
    }
    Ok(())
}

const fn profile(households: u32, residents: u32, merchants: u32) -> Profile {
    Profile { households: Some(households), residents: Some(residents), merchants: Some(merchants) }
}

/// Puts buildings into the grids of a community.
fn furnish(
    community: &Community,
    shapes: &BTreeMap<AreaCode, Shape>,
    next_code: &mut impl FnMut() -> String,
) -> anyhow::Result<(Neighbourhood, Vec<Place>)> {
    let code = AreaCode::parse(&community.code)?;
    let mut places = Vec::new();
    let mut spots = Vec::new();
    let micro_of = |grid: u32| evenly(community.micro_grids, community.grids, grid.saturating_sub(1));
    let mut hang = |area: AreaCode, kind: PlaceKind, name: String| {
        let point =
            shapes.get(&area).map(|shape| point_inside(shape, &mut Chance::of(&format!("place {area} {name}"))));
        let place = Place { code: next_code(), area, kind, name, point };
        places.push(place.clone());
        place
    };
    for compound in &community.compounds {
        let n_grids = u32::try_from(compound.grids.len()).unwrap_or(1).max(1);
        for building in 1..=compound.buildings {
            // Buildings are spread over the grids in order, and over the micro-grids of each in order.
            let place = (building - 1) * n_grids;
            let nth = place / compound.buildings;
            let grid = usize::try_from(nth).ok().and_then(|nth| compound.grids.get(nth)).copied().unwrap_or(1);
            let within = place % compound.buildings;
            let area = smallest(&code, grid, micro_of(grid), within, compound.buildings)?;
            for unit in 1..=compound.units {
                let unit =
                    if compound.units > 1 || compound.floors > 1 { format!("{unit}单元") } else { String::new() };
                let building =
                    if compound.floors > 1 { format!("{building}号楼") } else { format!("{building}号院") };
                let place = hang(area, PlaceKind::Building, format!("{}{building}{unit}", compound.name));
                spots.push(Spot {
                    area,
                    qr: Some(place.code),
                    point: place.point,
                    compound: compound.name.clone(),
                    building,
                    unit,
                    lift: compound.lift,
                    homes: true,
                });
            }
        }
    }
    for street in &community.streets {
        for grid in &street.grids {
            for door in 1..=10_u32 {
                let area = smallest(&code, *grid, micro_of(*grid), door - 1, 10)?;
                let (building, name) = (format!("{}号门面", door * 6 - 1), street.name.trim_end_matches("商铺"));
                let place = hang(area, PlaceKind::Premises, format!("{name}{building}"));
                spots.push(Spot {
                    area,
                    qr: Some(place.code),
                    point: place.point,
                    compound: street.name.clone(),
                    building,
                    unit: String::new(),
                    lift: false,
                    homes: false,
                });
            }
        }
    }
    let grids: Vec<AreaCode> = (1..=community.grids).map(|grid| code.child(grid)).collect::<Result<_, _>>()?;
    let mut micro_grids = Vec::new();
    for (grid, nth) in grids.iter().zip(1..) {
        hang(*grid, PlaceKind::Grid, format!("第{}网格公示牌", chinese_number(nth)));
        for micro in 1..=micro_of(nth) {
            micro_grids.push(grid.child(micro)?);
        }
    }
    let mut chance = Chance::of(&format!("premises {code}"));
    for premises in &community.premises {
        let grid = grids.get(usize::try_from(chance.number(0, community.grids.saturating_sub(1))).unwrap_or(0));
        hang(grid.copied().unwrap_or(code), PlaceKind::Premises, premises.clone());
    }
    let neighbourhood = Neighbourhood {
        code,
        share: community.share,
        roads: community.roads.clone(),
        landmarks: community.landmarks.clone(),
        spots,
        grids,
        micro_grids,
    };
    Ok((neighbourhood, places))
}

/// The micro-grid at `within` of `of`, or the grid itself where there is none.
fn smallest(community: &AreaCode, grid: u32, n_micro: u32, within: u32, of: u32) -> anyhow::Result<AreaCode> {
    let grid = community.child(grid)?;
    if n_micro == 0 {
        return Ok(grid);
    }
    let nth = (within * n_micro / of.max(1)).min(n_micro - 1);
    Ok(grid.child(nth + 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_chinese() {
        assert_eq!([1, 10, 12, 20, 27].map(chinese_number), ["一", "十", "十二", "二十", "二十七"]);
    }

    #[test]
    fn what_is_spread_evenly_adds_up() {
        assert_eq!((0..7).map(|nth| evenly(79, 7, nth)).sum::<u32>(), 79);
    }
}
