//! 坐标系: everything inside is WGS-84; GCJ-02 and BD-09 are converted at the edge.
//!
//! The conversions are those of the `coordtransform` crate, checked in the tests against 664 published points. Its
//! functions that first ask a coarse mask of the country are avoided: whoever says that a file is in GCJ-02 means every
//! point of it, also on a shore that the mask cuts off.

use std::fmt;
use std::str::FromStr;

use coordtransform::{bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84_in_mainland, wgs84_to_gcj02_in_mainland};

use super::geometry::Point;

/// 坐标系 of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Crs {
    /// GPS; also CGCS2000 (EPSG:4490), which differs by centimetres.
    Wgs84,
    /// 国测局坐标 (高德、腾讯): some 500 m off.
    Gcj02,
    /// 百度坐标: some 1,200 m off.
    Bd09,
}

/// A name that is none of the coordinate systems.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown coordinate system {0}; known are wgs84, gcj02 and bd09")]
pub struct UnknownCrs(pub String);

impl Crs {
    pub const ALL: [Self; 3] = [Self::Wgs84, Self::Gcj02, Self::Bd09];

    /// The word of the command line and of the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    /// A point of this system in WGS-84.
    #[must_use]
    pub fn to_wgs84(self, at: Point) -> Point {
        let (lon, lat) = match self {
            Self::Wgs84 => return at,
            Self::Gcj02 => gcj02_to_wgs84_in_mainland(at.lon, at.lat),
            Self::Bd09 => {
                let (lon, lat) = bd09_to_gcj02(at.lon, at.lat);
                gcj02_to_wgs84_in_mainland(lon, lat)
            }
        };
        Point { lon, lat }
    }

    /// A WGS-84 point in this system.
    #[must_use]
    pub fn from_wgs84(self, at: Point) -> Point {
        if self == Self::Wgs84 {
            return at;
        }
        let (lon, lat) = wgs84_to_gcj02_in_mainland(at.lon, at.lat);
        let (lon, lat) = if self == Self::Bd09 { gcj02_to_bd09(lon, lat) } else { (lon, lat) };
        Point { lon, lat }
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wgs84 => "WGS-84",
            Self::Gcj02 => "GCJ-02",
            Self::Bd09 => "BD-09",
        })
    }
}

impl FromStr for Crs {
    type Err = UnknownCrs;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "wgs84" | "epsg4326" | "crs84" | "cgcs2000" | "epsg4490" => Ok(Self::Wgs84),
            "gcj02" | "gcj" => Ok(Self::Gcj02),
            "bd09" | "bd09ll" => Ok(Self::Bd09),
            _ => Err(UnknownCrs(name.to_owned())),
        }
    }
}
