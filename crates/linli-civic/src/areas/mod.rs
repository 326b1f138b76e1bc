//! 区域: the tree of areas from the city to the micro-grid, its boundaries, and which area a point lies in.
//!
//! Rules
//! - Areas are keyed by code, never by name: 西街社区 exists 228 times in the country.
//! - A file is imported row by row: a bad row is refused with its line and a sentence, the good ones are kept. The result
//!   does not depend on the order of rows.
//! - Inside, every coordinate is WGS-84; GCJ-02 and BD-09 are converted when a file is read.
//! - A point belongs to the deepest area that contains it; a point in a sliver belongs to the nearest one, and the answer
//!   says so.
//! - Grids and micro-grids are numbered below communities and grids; a number is never given twice.
//! - Names, outlines and printed codes are public; counts of cases are for those who see the area.
//!
//! What it deliberately does not do: it keeps no base map, asks no geocoder, and knows nothing of residents.

pub mod address;
pub mod boundaries;
pub mod counts;
pub mod crs;
pub mod divisions;
pub mod faults;
mod features;
pub mod gazetteer;
pub mod geometry;
pub mod grids;
pub mod http;
pub mod lookup;
pub mod names;
pub mod placement;
pub mod records;
pub mod spelling;
pub mod store;
pub mod synth;
mod table;
#[cfg(test)]
mod tests;
pub mod text;
pub mod tree;
pub mod view;

pub use boundaries::{BoundaryRecord, KnownMap, parse_boundaries};
pub use crs::Crs;
pub use divisions::{parse_areas, parse_divisions};
pub use faults::{Fault, Finding, Parsed, Severity};
pub use geometry::{Point, Shape};
pub use grids::parse_grids;
pub use lookup::{AreaIndex, Located, LocatedHow};
pub use names::short_name;
pub use records::{AreaRecord, KnownAreas, NothingKnown, Profile};
pub use table::TableError;
pub use text::TextError;
