use proptest::prelude::*;

use super::super::geometry::{Point, Shape, ShapeFault, Vertex, build, simplify_together};
use super::super::synth::Chance;
use super::{polygon, square};

fn points(ring: &[(f64, f64)]) -> Vec<Point> {
    ring.iter().map(|(lon, lat)| Point::new(*lon, *lat)).collect()
}

fn fault(ring: &[(f64, f64)]) -> ShapeFault {
    build(&[vec![points(ring)]]).unwrap_err()
}

/// A square with a square hole.
fn frame() -> Shape {
    polygon(&[
        &[(109.0, 34.0), (109.3, 34.0), (109.3, 34.3), (109.0, 34.3)],
        &[(109.1, 34.1), (109.2, 34.1), (109.2, 34.2), (109.1, 34.2)],
    ])
}

#[test]
fn a_hole_is_outside() {
    let frame = frame();
    assert!(frame.contains(Point::new(109.05, 34.05)));
    assert!(!frame.contains(Point::new(109.15, 34.15)));
    assert!(!frame.contains(Point::new(109.35, 34.15)));
    assert!(!frame.contains(Point::new(f64::NAN, 34.15)));
}

#[test]
fn a_point_on_a_shared_border_lies_in_exactly_one_area() {
    let tiles = [
        square(109.0, 34.0, 109.1, 34.1),
        square(109.1, 34.0, 109.2, 34.1),
        square(109.0, 34.1, 109.1, 34.2),
        square(109.1, 34.1, 109.2, 34.2),
    ];
    for (lon, lat) in [(109.1, 34.05), (109.05, 34.1), (109.1, 34.1), (109.1, 34.15)] {
        let n = tiles.iter().filter(|tile| tile.contains(Point::new(lon, lat))).count();
        assert_eq!(n, 1, "{lon} {lat}");
    }
}

#[test]
fn faults_of_rings_are_told_apart() {
    assert_eq!(build(&[vec![vec![]]]), Err(ShapeFault::Empty));
    assert_eq!(build(&[vec![]]), Err(ShapeFault::Empty));
    assert_eq!(build(&[]), Err(ShapeFault::Empty));
    assert_eq!(fault(&[(109.0, 34.0), (109.1, 34.0), (109.0, 34.0)]), ShapeFault::TooFewPoints { n: 2 });
    assert_eq!(fault(&[(109.0, 34.0), (109.0, 34.0), (109.0, 34.0), (109.0, 34.0)]), ShapeFault::TooFewPoints { n: 1 });
    assert_eq!(fault(&[(109.0, 34.0), (109.1, 34.1), (109.2, 34.2), (109.0, 34.0)]), ShapeFault::ZeroArea);
    assert_eq!(fault(&[(109.0, f64::NAN), (109.1, 34.1), (109.2, 34.2)]), ShapeFault::NotFinite);
    assert!(matches!(fault(&[(34.0, 109.0), (34.1, 109.1), (34.2, 109.0)]), ShapeFault::Swapped(_)));
    assert!(matches!(fault(&[(12e6, 4e6), (12.1e6, 4e6), (12e6, 4.1e6)]), ShapeFault::Projected(_)));
    assert!(matches!(fault(&[(9.0, 34.0), (9.1, 34.1), (9.2, 34.0)]), ShapeFault::OutOfRange(_)));
}

#[test]
fn an_open_ring_is_closed_and_the_direction_does_not_matter() {
    let open = build(&[vec![points(&[(109.0, 34.0), (109.0, 34.1), (109.1, 34.1), (109.1, 34.0)])]]).unwrap();
    assert!(open.was_open);
    assert_eq!(open.shape.area2_units(), square(109.0, 34.0, 109.1, 34.1).area2_units());
}

#[test]
fn a_self_crossing_ring_is_refused_and_a_touching_one_is_not() {
    let bow_tie = [(109.0, 34.0), (109.2, 34.2), (109.2, 34.0), (109.0, 34.2)];
    assert!(matches!(fault(&bow_tie), ShapeFault::SelfCrossing(_)));
    // The same, crossing exactly at a corner that both passages have.
    let at_corner = [(109.0, 34.0), (109.1, 34.1), (109.2, 34.2), (109.2, 34.0), (109.1, 34.1), (109.0, 34.2)];
    assert!(matches!(fault(&at_corner), ShapeFault::SelfCrossing(_)));
    // Through the middle of an edge, at a corner of the other passage.
    let through_edge = [(109.0, 34.0), (109.2, 34.0), (109.2, 34.1), (109.1, 33.9), (109.05, 33.95), (109.0, 34.1)];
    assert!(matches!(fault(&through_edge), ShapeFault::SelfCrossing(_)));
    // Two triangles that meet at a corner.
    let touching = [(109.0, 34.0), (109.1, 34.1), (109.2, 34.0), (109.2, 34.2), (109.1, 34.1), (109.0, 34.2)];
    assert!(build(&[vec![points(&touching)]]).is_ok());
}

#[test]
fn a_hole_outside_or_across_its_ring_is_refused() {
    let outer = points(&[(109.0, 34.0), (109.1, 34.0), (109.1, 34.1), (109.0, 34.1)]);
    let stray = points(&[(109.3, 34.0), (109.4, 34.0), (109.4, 34.1)]);
    assert_eq!(build(&[vec![outer.clone(), stray]]), Err(ShapeFault::StrayHole));
    let across = points(&[(109.05, 34.05), (109.2, 34.05), (109.2, 34.06)]);
    assert!(matches!(build(&[vec![outer, across]]), Err(ShapeFault::SelfCrossing(_))));
}

#[test]
fn a_large_simple_ring_is_checked_in_a_blink_and_one_crossing_in_it_is_found() {
    // A star of 20,000 corners; the second one has two corners exchanged.
    let n = 20_000;
    let mut ring: Vec<(f64, f64)> = (0..n)
        .map(|i| {
            let angle = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            let radius = if i % 2 == 0 { 0.5 } else { 0.499 };
            (109.5 + radius * angle.cos(), 34.5 + radius * angle.sin())
        })
        .collect();
    assert!(build(&[vec![points(&ring)]]).is_ok());
    ring.swap(7_000, 7_003);
    assert!(matches!(fault(&ring), ShapeFault::SelfCrossing(_)));
}

#[test]
fn measures_are_in_metres() {
    let tile = square(109.5, 34.5, 109.51, 34.51);
    // By the WGS-84 ellipsoid at 34.505° N: 918.1 m × 1,109.3 m.
    assert!((tile.area_m2() - 918.1 * 1_109.3).abs() < 1_500.0, "{}", tile.area_m2());
    let outside = Point::new(109.52, 34.505);
    assert!((tile.distance_m(outside) - 918.1).abs() < 1.0);
    assert!(tile.distance_m(Point::new(109.505, 34.505)) == 0.0);
    assert!((tile.border_distance_m(Point::new(109.505, 34.505)) - 459.0).abs() < 1.0);
    let centre = tile.centroid();
    assert!(centre.distance_m(Point::new(109.505, 34.505)) < 0.1);
}

#[test]
fn a_label_lies_inside_also_where_the_centroid_does_not() {
    let bent =
        polygon(&[&[(109.0, 34.0), (109.3, 34.0), (109.3, 34.3), (109.28, 34.3), (109.28, 34.02), (109.0, 34.02)]]);
    assert!(!bent.contains(bent.centroid()));
    let label = bent.label_point();
    assert!(bent.contains(label) && bent.border_distance_m(label) > 500.0);
    let frame = frame();
    assert!(frame.contains(frame.label_point()));
}

#[test]
fn wkb_gives_back_the_same_shape_and_refuses_anything_else() {
    let two = Shape::from_rings(vec![
        vec![frame().rings().next().unwrap().to_vec(), frame().rings().nth(1).unwrap().to_vec()],
        vec![square(110.0, 34.0, 110.1, 34.1).vertices().to_vec()],
    ])
    .unwrap();
    for shape in [square(109.0, 34.0, 109.1, 34.1), frame(), two] {
        let wkb = shape.to_wkb();
        assert_eq!(Shape::from_wkb(&wkb), Ok(shape.clone()));
        for cut in 0..wkb.len() {
            assert!(Shape::from_wkb(wkb.get(..cut).unwrap()).is_err());
        }
        assert!(Shape::from_wkb(&[wkb.as_slice(), &[0]].concat()).is_err());
    }
    // A count that asks for four billion points.
    assert!(Shape::from_wkb(&[1, 3, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]).is_err());
}

#[test]
fn geojson_has_closed_rings_with_the_outer_one_counter_clockwise() {
    let json = square(109.0, 34.0, 109.1, 34.1).to_geojson();
    assert_eq!(
        json.to_string(),
        r#"{"coordinates":[[[109.0,34.0],[109.1,34.0],[109.1,34.1],[109.0,34.1],[109.0,34.0]]],"type":"Polygon"}"#
    );
    assert_eq!(frame().to_geojson()["coordinates"].as_array().unwrap().len(), 2);
}

#[test]
fn neighbours_simplified_together_still_share_their_border() {
    // A wavy border between two areas.
    let wave: Vec<(f64, f64)> =
        (0..=40).map(|i| (109.1 + 0.0002 * f64::from(i % 3), 34.0 + 0.0025 * f64::from(i))).collect();
    let mut west = vec![(109.0, 34.1), (109.0, 34.0)];
    west.extend(&wave);
    let mut east = vec![(109.2, 34.0), (109.2, 34.1)];
    east.extend(wave.iter().rev());
    let (west, east) = (polygon(&[&west]), polygon(&[&east]));
    let whole = west.area2_units() + east.area2_units();
    let simple = simplify_together(&[&west, &east], 60.0);
    let n_corners: usize = simple.iter().map(|shape| shape.vertices().len()).sum();
    assert!(n_corners < 20, "{n_corners}");
    assert_eq!(simple.iter().map(Shape::area2_units).sum::<i128>(), whole);
}

#[test]
fn simplifying_keeps_every_corner_within_the_tolerance_and_never_loses_a_ring() {
    let ring: Vec<(f64, f64)> = (0..360)
        .map(|i| {
            let angle = f64::from(i).to_radians();
            (109.5 + 0.1 * angle.cos(), 34.5 + 0.1 * angle.sin())
        })
        .collect();
    let round = polygon(&[&ring]);
    let simple = round.simplify(50.0);
    assert!(simple.vertices().len() < 120);
    assert!(round.vertices().iter().all(|v| simple.border_distance_m(v.point()) < 51.0));
    assert_eq!(square(109.0, 34.0, 109.001, 34.001).simplify(10_000.0).rings().count(), 1);
}

/// A star-shaped ring around a centre: never crosses itself.
fn star(seed: u64, n: u32) -> Shape {
    let mut chance = Chance::of(&seed.to_string());
    let ring: Vec<Point> = (0..n)
        .map(|i| {
            let angle = f64::from(i) / f64::from(n) * std::f64::consts::TAU;
            let radius = 0.001 + 0.01 * chance.unit();
            Point::new(109.5 + radius * angle.cos(), 34.5 + radius * angle.sin())
        })
        .collect();
    build(&[vec![ring]]).unwrap().shape
}

proptest! {
    #[test]
    fn stars_are_valid_and_survive_storage(seed in any::<u64>(), n in 3..60_u32) {
        let shape = star(seed, n);
        prop_assert_eq!(Shape::from_wkb(&shape.to_wkb()), Ok(shape.clone()));
        prop_assert!(shape.contains(shape.label_point()));
        prop_assert!(shape.area2_units() > 0);
    }

    /// The distance is zero exactly inside, and walking a distance never passes the border.
    #[test]
    fn inside_and_distance_agree(seed in any::<u64>(), n in 3..30_u32, x in -0.02..0.02_f64, y in -0.02..0.02_f64) {
        let shape = star(seed, n);
        let at = Vertex::of(Point::new(109.5 + x, 34.5 + y)).unwrap().point();
        let distance_m = shape.distance_m(at);
        prop_assert_eq!(shape.contains(at), distance_m == 0.0);
        let corner = shape.vertices().iter().map(|v| v.point().distance_m(at)).fold(f64::INFINITY, f64::min);
        prop_assert!(distance_m <= corner * 1.001 + 0.01);
    }
}
