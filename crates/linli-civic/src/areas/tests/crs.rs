use serde::Deserialize;

use super::super::crs::Crs;
use super::super::geometry::Point;

#[derive(Deserialize)]
struct Fixture {
    coords: Coords,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Coords {
    wgs84: (f64, f64),
    gcj02: (f64, f64),
    bd09: (f64, f64),
}

fn point((lon, lat): (f64, f64)) -> Point {
    Point::new(lon, lat)
}

/// The published formulas differ by a constant 0.67 m; both sides of the fixture are held to 1 m.
#[test]
fn conversions_agree_with_664_published_points_within_a_metre() {
    let fixtures: Vec<Fixture> =
        serde_json::from_str(include_str!("../../../testdata/coords/china-cities.json")).unwrap();
    assert_eq!(fixtures.len(), 664);
    let mut worst_m: f64 = 0.0;
    for Fixture { coords } in fixtures {
        let wgs84 = point(coords.wgs84);
        for (crs, at) in [(Crs::Gcj02, point(coords.gcj02)), (Crs::Bd09, point(coords.bd09))] {
            worst_m = worst_m.max(crs.to_wgs84(at).distance_m(wgs84)).max(crs.from_wgs84(wgs84).distance_m(at));
        }
    }
    assert!(worst_m < 1.0, "{worst_m} m");
}

#[test]
fn a_conversion_and_back_stays_within_a_millimetre() {
    let at = Point::new(109.5098, 34.4999);
    for crs in Crs::ALL {
        assert!(crs.to_wgs84(crs.from_wgs84(at)).distance_m(at) < 0.001);
    }
    let off_m = Crs::Gcj02.to_wgs84(at).distance_m(at);
    assert!((300.0..800.0).contains(&off_m), "{off_m}");
}

#[test]
fn names_of_coordinate_systems_are_read_as_people_write_them() {
    for (name, crs) in [("wgs84", Crs::Wgs84), ("GCJ-02", Crs::Gcj02), ("BD09", Crs::Bd09), ("EPSG:4490", Crs::Wgs84)] {
        assert_eq!(name.parse(), Ok(crs));
    }
    assert!("xian80".parse::<Crs>().is_err());
}
