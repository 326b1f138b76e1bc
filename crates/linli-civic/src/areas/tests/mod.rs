//! What an import must survive, by the name of the fault.

mod boundaries;
mod crs;
mod divisions;
mod geometry;
mod grids;
mod lookup;
mod synth;
mod text;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use linli_kernel::AreaCode;

use super::boundaries::KnownMap;
use super::geometry::{Point, Shape, build};

fn code(text: &str) -> AreaCode {
    AreaCode::parse(text).unwrap()
}

fn bytes(text: &str) -> Cursor<Vec<u8>> {
    Cursor::new(text.as_bytes().to_vec())
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    std::io::copy(&mut liblzma::read::XzEncoder::new(data, 6), &mut packed).unwrap();
    packed
}

/// A box of corners given in degrees.
fn square(west: f64, south: f64, east: f64, north: f64) -> Shape {
    let ring = [(west, south), (east, south), (east, north), (west, north), (west, south)];
    polygon(&[&ring])
}

fn polygon(rings: &[&[(f64, f64)]]) -> Shape {
    let rings = rings.iter().map(|ring| ring.iter().map(|(lon, lat)| Point::new(*lon, *lat)).collect()).collect();
    build(&[rings]).unwrap().shape
}

/// A database with areas and boundaries.
#[derive(Default)]
struct Stored(BTreeMap<AreaCode, Option<Arc<Shape>>>);

impl Stored {
    fn with(mut self, area: &str, shape: Option<Shape>) -> Self {
        self.0.insert(code(area), shape.map(Arc::new));
        self
    }
}

impl KnownMap for Stored {
    fn exists(&self, code: &AreaCode) -> bool {
        self.0.contains_key(code)
    }
    fn shape_of(&self, code: &AreaCode) -> Option<Arc<Shape>> {
        self.0.get(code).cloned().flatten()
    }
}
