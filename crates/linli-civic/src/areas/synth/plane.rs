//! A flat sheet of paper over one city: metres east and north of a corner.

use super::super::geometry::{Point, Vertex};

/// A place on a sheet, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub x: f64,
    pub y: f64,
}

impl Spot {
    pub fn distance2(self, other: Self) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        dx * dx + dy * dy
    }

    pub fn between(self, other: Self, share: f64) -> Self {
        Self { x: self.x + (other.x - self.x) * share, y: self.y + (other.y - self.y) * share }
    }
}

/// Where the sheet lies on the globe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    origin: Point,
    lon_m: f64,
    lat_m: f64,
}

impl Sheet {
    pub fn at(origin: Point) -> Self {
        // Only + − × ÷ and square roots, which every machine rounds alike: the outlines are the same everywhere.
        let phi = origin.lat * std::f64::consts::PI / 180.0;
        let square = phi * phi;
        let cosine = 1.0
            - square / 2.0
                * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0 * (1.0 - square / 90.0))));
        Self { origin, lon_m: 111_320.0 * cosine, lat_m: 110_950.0 }
    }

    pub fn spot(&self, at: Point) -> Spot {
        Spot { x: (at.lon - self.origin.lon) * self.lon_m, y: (at.lat - self.origin.lat) * self.lat_m }
    }

    pub fn vertex(&self, at: Spot) -> Vertex {
        let point = Point { lon: self.origin.lon + at.x / self.lon_m, lat: self.origin.lat + at.y / self.lat_m };
        // The sheets lie far inside the accepted ranges; a seat at their very edge would collapse here and be seen.
        Vertex::of(point).unwrap_or_default()
    }
}
