use linli_kernel::{AreaCode, AreaLevel};
use proptest::prelude::*;

use super::super::geometry::{Bounds, Point, Shape, Vertex, build};
use super::super::lookup::{AreaIndex, Located, LocatedHow, NEAREST_M, SLIVER_M};
use super::super::synth::Chance;
use super::{code, polygon, square};

fn inside(area: &str) -> Option<Located> {
    Some(Located { code: code(area), how: LocatedHow::Inside })
}

/// A community with two grids, one of which has a micro-grid, and a gap of 10 m between the grids.
fn community() -> AreaIndex {
    let gap = 10.0 / 91_800.0;
    AreaIndex::build([
        (code("610502005007"), square(109.50, 34.50, 109.52, 34.51)),
        (code("610502005007001"), square(109.50, 34.50, 109.505, 34.51)),
        (code("610502005007002"), square(109.505 + gap, 34.50, 109.51, 34.51)),
        (code("610502005007001001"), square(109.501, 34.501, 109.502, 34.502)),
    ])
}

#[test]
fn the_deepest_area_that_contains_the_point_wins() {
    let index = community();
    assert_eq!(index.locate(Point::new(109.5015, 34.5015)), inside("610502005007001001"));
    assert_eq!(index.locate(Point::new(109.504, 34.508)), inside("610502005007001"));
    assert_eq!(index.locate(Point::new(109.518, 34.508)), inside("610502005007"));
    assert_eq!(index.containing(Point::new(109.5015, 34.5015), AreaLevel::Community), Some(code("610502005007")));
    assert_eq!((index.len(), index.is_empty()), (4, false));
}

#[test]
fn a_point_in_a_sliver_between_grids_goes_to_the_nearest_one() {
    let located = community().locate(Point::new(109.505 + 3.0 / 91_800.0, 34.505)).unwrap();
    assert_eq!(located.code, code("610502005007001"));
    assert!(matches!(located.how, LocatedHow::Nearest { distance_m } if (2.9..3.1).contains(&distance_m)));
}

#[test]
fn a_part_of_a_community_without_grids_stays_with_the_community() {
    let beyond = Point::new(109.51 + (SLIVER_M + 1.0) / 91_800.0, 34.505);
    assert_eq!(community().locate(beyond), inside("610502005007"));
}

#[test]
fn a_point_outside_everything_is_given_to_the_nearest_area_within_50_m_only() {
    let index = community();
    let east = |metres: f64| Point::new(109.52 + metres / 91_800.0, 34.505);
    assert!(matches!(index.locate(east(NEAREST_M - 2.0)), Some(Located { how: LocatedHow::Nearest { .. }, .. })));
    assert_eq!(index.locate(east(NEAREST_M + 2.0)), None);
    assert_eq!(index.locate(Point::new(34.5, 109.5)), None);
    assert_eq!(index.locate(Point::new(f64::NAN, 34.5)), None);
}

#[test]
fn a_hole_belongs_to_whoever_fills_it() {
    let frame = polygon(&[
        &[(109.5, 34.5), (109.6, 34.5), (109.6, 34.6), (109.5, 34.6)],
        &[(109.54, 34.54), (109.56, 34.54), (109.56, 34.56), (109.54, 34.56)],
    ]);
    let index =
        AreaIndex::build([(code("610502005007"), frame), (code("610502005008"), square(109.54, 34.54, 109.56, 34.56))]);
    assert_eq!(index.locate(Point::new(109.55, 34.55)), inside("610502005008"));
    assert_eq!(index.locate(Point::new(109.52, 34.52)), inside("610502005007"));
    // On the rim of the hole: one of both, always the same.
    for (lon, lat) in [(109.54, 34.55), (109.56, 34.55), (109.55, 34.54), (109.54, 34.54)] {
        assert!(matches!(index.locate(Point::new(lon, lat)), Some(Located { how: LocatedHow::Inside, .. })));
    }
}

#[test]
fn an_empty_index_and_one_of_a_single_area_work() {
    assert_eq!(AreaIndex::build([]).locate(Point::new(109.5, 34.5)), None);
    assert!(AreaIndex::build([]).is_empty());
    let one = AreaIndex::build([(code("610502005007"), square(109.5, 34.5, 109.6, 34.6))]);
    assert_eq!(one.locate(Point::new(109.55, 34.55)), inside("610502005007"));
}

#[test]
fn shapes_come_back_and_boxes_find_them() {
    let index = community();
    let grid = code("610502005007001");
    assert_eq!(index.shape(&grid), Some(square(109.50, 34.50, 109.505, 34.51)));
    assert!(index.has(&grid) && !index.has(&code("610502005007009")));
    let corner = |lon, lat| Vertex::of(Point::new(lon, lat)).unwrap();
    let view = Bounds { min: corner(109.506, 34.50), max: corner(109.53, 34.51) };
    assert_eq!(index.in_bounds(view, AreaLevel::Grid), [code("610502005007002")]);
}

#[test]
fn of_two_areas_that_overlap_the_lower_code_is_taken() {
    let (low, high) = (code("610502005007"), code("610502005008"));
    let tile = || square(109.5, 34.5, 109.6, 34.6);
    for order in [[low, high], [high, low]] {
        let index = AreaIndex::build(order.map(|code| (code, tile())));
        assert_eq!(index.locate(Point::new(109.55, 34.55)).unwrap().code, low);
    }
}

/// Crooked quadrilaterals that tile a block: the corners of a lattice, each moved at random.
fn crooked_tiling(seed: u64, n: u32) -> Vec<(AreaCode, Shape)> {
    let corner = |column: u32, row: u32| {
        let mut chance = Chance::of(&format!("{seed} {column} {row}"));
        let (x, y) = (f64::from(column) + chance.swing() * 0.3, f64::from(row) + chance.swing() * 0.3);
        Point::new(109.5 + x * 0.002, 34.5 + y * 0.002)
    };
    let cells = (0..n).flat_map(|row| (0..n).map(move |column| (column, row)));
    cells
        .map(|(c, r)| {
            let ring = vec![corner(c, r), corner(c + 1, r), corner(c + 1, r + 1), corner(c, r + 1)];
            let number = r * n + c + 1;
            (code("610502005007").child(number).unwrap(), build(&[vec![ring]]).unwrap().shape)
        })
        .collect()
}

proptest! {
    /// The index says what a walk over all areas says, also on corners and borders.
    #[test]
    fn the_index_agrees_with_brute_force(seed in any::<u64>(), n in 1..12_u32, x in -0.001..0.025_f64, y in -0.001..0.025_f64, snap in any::<bool>()) {
        let tiles = crooked_tiling(seed, n);
        let index = AreaIndex::build(tiles.clone());
        let mut at = Point::new(109.5 + x, 34.5 + y);
        if snap {
            // Take a corner instead: every inner corner touches four areas.
            let corners: Vec<Vertex> = tiles.iter().flat_map(|(_, shape)| shape.vertices().to_vec()).collect();
            at = Chance::of(&x.to_string()).pick(&corners).unwrap().point();
        }
        let holders: Vec<AreaCode> = tiles.iter().filter(|(_, shape)| shape.contains(at)).map(|(code, _)| *code).collect();
        prop_assert!(holders.len() <= 1, "a tiling has no doubles");
        let nearest = tiles.iter().map(|(code, shape)| (shape.distance_m(at), *code)).min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        match index.locate(at) {
            Some(Located { code, how: LocatedHow::Inside }) => prop_assert_eq!(vec![code], holders),
            Some(Located { how: LocatedHow::Nearest { distance_m }, .. }) => {
                prop_assert!(holders.is_empty());
                prop_assert!((distance_m - nearest.0).abs() < 1e-6 && distance_m <= NEAREST_M);
            }
            None => prop_assert!(holders.is_empty() && nearest.0 > NEAREST_M - 1e-6),
        }
    }

    /// Inside a tiling every point has exactly one area.
    #[test]
    fn a_tiling_has_no_gaps(seed in any::<u64>(), x in 0.3..0.7_f64, y in 0.3..0.7_f64) {
        let index = AreaIndex::build(crooked_tiling(seed, 8));
        let at = Point::new(109.5 + x * 0.016, 34.5 + y * 0.016);
        let is_inside = matches!(index.locate(at), Some(Located { how: LocatedHow::Inside, .. }));
        prop_assert!(is_inside);
    }
}
