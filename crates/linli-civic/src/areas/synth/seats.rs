//! Where county seats really are: the only facts in the synthetic land.

use super::super::geometry::Point;

/// A county seat (WGS-84, about 1 km exact) and the county's area.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    /// First six digits of the county's code.
    pub county: &'static str,
    pub at: Point,
    pub area_km2: f64,
}

const fn seat(county: &'static str, lon: f64, lat: f64, area_km2: f64) -> Seat {
    Seat { county, at: Point::new(lon, lat), area_km2 }
}

/// Public facts: positions of county seats and areas of counties, rounded.
pub(super) const SEATS: [Seat; 15] = [
    seat("610502", 109.51, 34.50, 1264.0), // 临渭区
    seat("610503", 109.77, 34.51, 1127.0), // 华州区
    seat("610522", 110.25, 34.54, 526.0),  // 潼关县
    seat("610523", 109.94, 34.80, 1766.0), // 大荔县
    seat("610524", 110.15, 35.24, 1437.0), // 合阳县
    seat("610525", 109.93, 35.18, 1121.0), // 澄城县
    seat("610526", 109.59, 34.96, 1583.0), // 蒲城县
    seat("610527", 109.59, 35.18, 986.0),  // 白水县
    seat("610528", 109.18, 34.75, 1241.0), // 富平县
    seat("610581", 110.44, 35.48, 1621.0), // 韩城市
    seat("610582", 110.09, 34.57, 817.0),  // 华阴市
    seat("621027", 107.20, 35.68, 3500.0), // 镇原县
    seat("610117", 109.09, 34.53, 294.0),  // 高陵区
    seat("410102", 113.61, 34.75, 193.0),  // 中原区
    seat("150302", 106.82, 39.69, 529.0),  // 海勃湾区
];
