//! 示意边界: invented outlines for a demonstration, from nothing but codes and names.
//!
//! Real boundaries of grids may not be published. These are plainly synthetic: only the position of the county seats and
//! the size of the counties are facts. They are made so that everything a map has to do can be shown:
//!
//! - the children of an area tile it exactly: shared borders corner for corner, no gaps, no overlaps;
//! - the same codes give the same outlines on every machine;
//! - towns lie around the seat and villages are wider; grids look like blocks between streets.
//!
//! A county is drawn when its seat is known ([`knows`]); a city when at least two of its counties are. Areas below a
//! county are drawn when all areas above them are given.

mod blocks;
mod chance;
mod grow;
mod land;
mod mesh;
mod plane;
mod seats;

use std::collections::BTreeMap;

use linli_kernel::{AreaCode, AreaLevel};

use super::geometry::{Point, Shape};
pub use chance::Chance;

/// What to write beside every map that shows these outlines.
pub const SYNTHETIC_NOTE: &str = "示意边界：由程序生成，仅供演示，不代表真实行政区划。";

/// An area to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SynthArea {
    pub code: AreaCode,
    /// The official name; tells towns (街道, 社区) from the country (镇, 村).
    pub name: String,
}

/// Draws all areas that can be drawn. `areas` may be in any order; how many grids a community has follows from the codes
/// given below it.
#[must_use]
pub fn generate(areas: &[SynthArea]) -> BTreeMap<AreaCode, Shape> {
    let names: BTreeMap<AreaCode, &str> = areas.iter().map(|area| (area.code, area.name.as_str())).collect();
    let mut counties_by_city: BTreeMap<AreaCode, Vec<AreaCode>> = BTreeMap::new();
    for code in names.keys().filter(|code| code.level() == AreaLevel::County && knows(code)) {
        counties_by_city.entry(code.at(AreaLevel::City)).or_default().push(*code);
    }
    let tree = land::Tree::of(&names);
    let mut shapes = BTreeMap::new();
    for (city, counties) in counties_by_city {
        land::draw(&tree, city, &counties, &mut shapes);
    }
    shapes
}

/// Whether the seat of a county is known, so that it can be drawn.
#[must_use]
pub fn knows(county: &AreaCode) -> bool {
    seats::SEATS.iter().any(|seat| county.as_str().starts_with(seat.county))
}

/// A point inside a shape, spread evenly; the same for the same state of `chance`.
#[must_use]
pub fn point_inside(shape: &Shape, chance: &mut Chance) -> Point {
    let (min, max) = (shape.bounds().min.point(), shape.bounds().max.point());
    for _try in 0..200 {
        let at = Point {
            lon: min.lon + chance.unit() * (max.lon - min.lon),
            lat: min.lat + chance.unit() * (max.lat - min.lat),
        };
        if shape.contains(at) {
            return at;
        }
    }
    shape.label_point()
}
