//! The stored form (WKB, little endian, Polygon or MultiPolygon in degrees) and GeoJSON.

use serde_json::{Value, json};

use super::{Point, Shape, Vertex};

const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;

/// Stored bytes that are not a polygon of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored boundary is not a WKB polygon")]
pub struct BadWkb;

impl Shape {
    /// WKB bytes; [`Shape::from_wkb`] gives back the same shape.
    #[must_use]
    pub fn to_wkb(&self) -> Vec<u8> {
        let polygons = self.polygons();
        let mut out = Vec::with_capacity(32 + self.vertices().len() * 16);
        if let [polygon] = polygons.as_slice() {
            put_polygon(&mut out, polygon);
        } else {
            put_header(&mut out, MULTI_POLYGON, polygons.len());
            for polygon in &polygons {
                put_polygon(&mut out, polygon);
            }
        }
        out
    }

    /// Reads WKB bytes written by us or by others, in either byte order.
    ///
    /// # Errors
    /// [`BadWkb`] when the bytes end early, go on after the end, hold another type, or hold a point outside China.
    pub fn from_wkb(bytes: &[u8]) -> Result<Self, BadWkb> {
        let mut reader = Reader { bytes, is_little: true };
        let polygons = match reader.header()? {
            POLYGON => vec![reader.rings()?],
            MULTI_POLYGON => {
                let n = reader.count(9)?;
                (0..n).map(|_| reader.member()).collect::<Result<_, _>>()?
            }
            _ => return Err(BadWkb),
        };
        if !reader.bytes.is_empty() {
            return Err(BadWkb);
        }
        Self::from_rings(polygons).ok_or(BadWkb)
    }

    /// A GeoJSON geometry: Polygon or MultiPolygon, closed rings, outer ones counter-clockwise (RFC 7946).
    #[must_use]
    pub fn to_geojson(&self) -> Value {
        let polygons = self.polygons();
        let coordinates: Vec<Value> = polygons
            .iter()
            .map(|rings| rings.iter().map(|ring| closed(ring).map(lon_lat).collect::<Vec<_>>()).collect::<Value>())
            .collect();
        match <[Value; 1]>::try_from(coordinates) {
            Ok([coordinates]) => json!({"type": "Polygon", "coordinates": coordinates}),
            Err(coordinates) => json!({"type": "MultiPolygon", "coordinates": coordinates}),
        }
    }
}

fn closed(ring: &[Vertex]) -> impl Iterator<Item = Point> {
    ring.iter().chain(ring.first()).map(|v| v.point())
}

fn lon_lat(point: Point) -> Value {
    json!([point.lon, point.lat])
}

fn put_header(out: &mut Vec<u8>, kind: u32, n: usize) {
    out.push(1);
    out.extend_from_slice(&kind.to_le_bytes());
    put_count(out, n);
}

fn put_count(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_polygon(out: &mut Vec<u8>, rings: &[&[Vertex]]) {
    put_header(out, POLYGON, rings.len());
    for ring in rings {
        put_count(out, ring.len() + 1);
        for point in closed(ring) {
            out.extend_from_slice(&point.lon.to_le_bytes());
            out.extend_from_slice(&point.lat.to_le_bytes());
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadWkb> {
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(BadWkb)?;
        self.bytes = rest;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, BadWkb> {
        let bytes = self.take::<4>()?;
        Ok(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(&mut self) -> Result<f64, BadWkb> {
        let bytes = self.take::<8>()?;
        Ok(if self.is_little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn header(&mut self) -> Result<u32, BadWkb> {
        self.is_little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(BadWkb),
        };
        self.u32()
    }

    /// A count of items of at least `item_bytes` each, so that a broken count cannot ask for memory.
    fn count(&mut self, item_bytes: usize) -> Result<usize, BadWkb> {
        let n = usize::try_from(self.u32()?).map_err(|_| BadWkb)?;
        if n > self.bytes.len() / item_bytes { Err(BadWkb) } else { Ok(n) }
    }

    fn member(&mut self) -> Result<Vec<Vec<Vertex>>, BadWkb> {
        if self.header()? == POLYGON { self.rings() } else { Err(BadWkb) }
    }

    fn rings(&mut self) -> Result<Vec<Vec<Vertex>>, BadWkb> {
        let n = self.count(4)?;
        (0..n).map(|_| self.ring()).collect()
    }

    fn ring(&mut self) -> Result<Vec<Vertex>, BadWkb> {
        let n = self.count(16)?;
        let mut ring = Vec::with_capacity(n);
        for _ in 0..n {
            let point = Point::new(self.f64()?, self.f64()?);
            ring.push(Vertex::of(point).ok_or(BadWkb)?);
        }
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        Ok(ring)
    }
}
