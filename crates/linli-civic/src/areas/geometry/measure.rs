//! Metres, square metres, centres.

use super::{Point, Shape, Vertex};

/// Metres in a degree near one latitude, by the usual series for the WGS-84 ellipsoid (error below 0.01 %).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub lon_m: f64,
    pub lat_m: f64,
}

impl Scale {
    #[must_use]
    pub fn at(lat: f64) -> Self {
        let phi = lat.to_radians();
        Self {
            lon_m: 111_412.84 * phi.cos() - 93.5 * (3.0 * phi).cos() + 0.118 * (5.0 * phi).cos(),
            lat_m: 111_132.92 - 559.82 * (2.0 * phi).cos() + 1.175 * (4.0 * phi).cos(),
        }
    }

    /// Metres east and north of `origin`.
    fn plane(&self, origin: Point, at: Vertex) -> (f64, f64) {
        let at = at.point();
        ((at.lon - origin.lon) * self.lon_m, (at.lat - origin.lat) * self.lat_m)
    }
}

/// Metres between two points that are at most some 100 km apart.
#[must_use]
pub fn distance_between_m(a: Point, b: Point) -> f64 {
    let scale = Scale::at((a.lat + b.lat) / 2.0);
    ((a.lon - b.lon) * scale.lon_m).hypot((a.lat - b.lat) * scale.lat_m)
}

impl Point {
    /// Metres to another point that is at most some 100 km away.
    #[must_use]
    pub fn distance_m(&self, other: Self) -> f64 {
        distance_between_m(*self, other)
    }
}

/// Metres from the origin to the segment a–b.
fn to_segment_m(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length2 = dx * dx + dy * dy;
    let along = if length2 > 0.0 { (-(a.0 * dx + a.1 * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    (a.0 + along * dx).hypot(a.1 + along * dy)
}

/// Metres from a point to the nearest place of an open ring.
pub(in super::super) fn ring_distance_m(ring: &[Vertex], from: Point, scale: Scale) -> f64 {
    let Some(last) = ring.last() else { return f64::INFINITY };
    let mut a = scale.plane(from, *last);
    let mut nearest = f64::INFINITY;
    for b in ring {
        let b = scale.plane(from, *b);
        nearest = nearest.min(to_segment_m(a, b));
        a = b;
    }
    nearest
}

impl Shape {
    /// Metres to the nearest border, from inside or outside.
    #[must_use]
    pub fn border_distance_m(&self, from: Point) -> f64 {
        let scale = Scale::at(from.lat);
        self.rings().map(|ring| ring_distance_m(ring, from, scale)).fold(f64::INFINITY, f64::min)
    }

    /// Metres to the shape; 0 inside.
    #[must_use]
    pub fn distance_m(&self, from: Point) -> f64 {
        if self.contains(from) { 0.0 } else { self.border_distance_m(from) }
    }

    /// Area in square metres, by the plane that touches the ellipsoid at the middle latitude: within 0.1 % for anything
    /// up to the size of a county.
    #[must_use]
    pub fn area_m2(&self) -> f64 {
        let bounds = self.bounds();
        let middle = Point::new(bounds.min.point().lon, (bounds.min.point().lat + bounds.max.point().lat) / 2.0);
        let scale = Scale::at(middle.lat);
        self.rings().map(|ring| moments(ring, middle, scale).0).sum::<f64>().abs()
    }

    /// 重心: the centre of gravity, which may lie outside a bent shape. See [`Shape::label_point`].
    #[must_use]
    pub fn centroid(&self) -> Point {
        let origin = self.bounds().min.point();
        let scale = Scale::at(origin.lat);
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for ring in self.rings() {
            let (ring_area, ring_x, ring_y) = moments(ring, origin, scale);
            area += ring_area;
            x += ring_x;
            y += ring_y;
        }
        if area == 0.0 {
            return origin;
        }
        Point::new(origin.lon + x / area / scale.lon_m, origin.lat + y / area / scale.lat_m)
    }

    /// A point well inside for a label or a pin: of the centroid and the middles of horizontal chords, the one farthest
    /// from any border.
    #[must_use]
    pub fn label_point(&self) -> Point {
        const N_CHORDS: u32 = 15;
        let (low, high) = (self.bounds().min.point().lat, self.bounds().max.point().lat);
        let chords = (0..N_CHORDS).map(|nth| low + (high - low) * (f64::from(nth) + 0.5) / f64::from(N_CHORDS));
        let middles = chords.filter_map(|lat| self.widest_chord_middle(lat));
        let candidates = std::iter::once(self.centroid()).chain(middles);
        candidates
            .filter(|at| self.contains(*at))
            .map(|at| (self.border_distance_m(at), at))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(|| self.centroid(), |(_, at)| at)
    }

    fn widest_chord_middle(&self, lat: f64) -> Option<Point> {
        let mut crossings = Vec::new();
        for ring in self.rings() {
            let mut a = ring.last()?.point();
            for b in ring {
                let b = b.point();
                if (a.lat > lat) != (b.lat > lat) {
                    crossings.push(a.lon + (lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon));
                }
                a = b;
            }
        }
        crossings.sort_by(f64::total_cmp);
        let chords = crossings.chunks_exact(2).filter_map(|pair| match pair {
            [west, east] => Some((east - west, f64::midpoint(*west, *east))),
            _ => None,
        });
        chords.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, lon)| Point::new(lon, lat))
    }
}

/// Signed area (m²) and first moments (m³) of an open ring about `origin`.
fn moments(ring: &[Vertex], origin: Point, scale: Scale) -> (f64, f64, f64) {
    let Some(last) = ring.last() else { return (0.0, 0.0, 0.0) };
    let mut a = scale.plane(origin, *last);
    let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
    for b in ring {
        let b = scale.plane(origin, *b);
        let cross = a.0 * b.1 - b.0 * a.1;
        area += cross / 2.0;
        x += cross * (a.0 + b.0) / 6.0;
        y += cross * (a.1 + b.1) / 6.0;
        a = b;
    }
    (area, x, y)
}
