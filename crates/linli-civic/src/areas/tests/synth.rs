use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use linli_kernel::{AreaCode, AreaLevel};

use super::super::geometry::{Point, Shape, Vertex};
use super::super::lookup::{AreaIndex, Located, LocatedHow};
use super::super::parse_areas;
use super::super::records::NothingKnown;
use super::super::synth::{Chance, SynthArea, generate, point_inside};
use super::{bytes, code};

/// The four places outside 渭南, with grids in the communities that the accounts name.
fn places() -> Vec<SynthArea> {
    let rows =
        parse_areas(bytes(include_str!("../../../../../data/divisions/places.csv")), &NothingKnown).unwrap().rows;
    let mut areas: Vec<SynthArea> = rows.into_iter().map(|row| SynthArea { code: row.code, name: row.name }).collect();
    for (community, n_grids, n_micro) in [
        ("621027100002", 27, 0),
        ("410102007004", 7, 11),
        ("410102009009", 12, 4),
        ("150302007009", 9, 0),
        ("610117004003", 1, 0),
    ] {
        for grid in 1..=n_grids {
            let grid = code(community).child(grid).unwrap();
            areas.push(SynthArea { code: grid, name: "网格".to_owned() });
            areas.extend((1..=n_micro).map(|n| SynthArea { code: grid.child(n).unwrap(), name: "微网格".to_owned() }));
        }
    }
    areas
}

fn drawn() -> &'static BTreeMap<AreaCode, Shape> {
    static DRAWN: OnceLock<BTreeMap<AreaCode, Shape>> = OnceLock::new();
    DRAWN.get_or_init(|| generate(&places()))
}

fn children(of: &AreaCode) -> Vec<&'static Shape> {
    drawn().iter().filter(|(code, _)| code.parent().as_ref() == Some(of)).map(|(_, shape)| shape).collect()
}

fn edges(shape: &Shape) -> Vec<(Vertex, Vertex)> {
    let around = |ring: &[Vertex]| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)).collect::<Vec<_>>();
    shape.rings().flat_map(around).collect()
}

#[test]
fn every_area_below_a_known_county_is_drawn() {
    let drawn = drawn();
    for area in places().iter().filter(|area| area.code.level() != AreaLevel::City) {
        assert!(drawn.contains_key(&area.code), "{}", area.code);
    }
    // A city of which a single county is given has no outline: it would be that county's.
    assert!(drawn.keys().all(|code| code.level() != AreaLevel::City));
}

#[test]
fn outlines_are_valid() {
    for (code, shape) in drawn() {
        assert_eq!(shape.self_crossing(), None, "{code}");
        assert!(!shape.has_stray_hole(), "{code}");
        assert_eq!(shape.polygons().len(), 1, "{code} is in one piece");
        assert!(shape.contains(shape.label_point()), "{code}");
    }
}

/// Exactly: every edge of a child is either an edge of the parent or the edge of one other child, walked the other way,
/// and the areas add up to the last square unit.
#[test]
fn children_tile_their_parent_without_gaps_or_overlaps() {
    let mut n_checked = 0;
    for (code, parent) in drawn() {
        let children = children(code);
        if children.is_empty() {
            continue;
        }
        n_checked += 1;
        assert_eq!(children.iter().map(|c| c.area2_units()).sum::<i128>(), parent.area2_units(), "{code}");
        let mut seen: HashMap<(Vertex, Vertex), u32> = HashMap::new();
        for edge in children.iter().flat_map(|child| edges(child)) {
            *seen.entry(edge).or_default() += 1;
        }
        assert!(seen.values().all(|n| *n == 1), "{code}: an edge is walked twice in one direction");
        let open: BTreeSet<_> = seen.keys().filter(|(a, b)| !seen.contains_key(&(*b, *a))).copied().collect();
        let outline: BTreeSet<_> = edges(parent).into_iter().collect();
        assert_eq!(open, outline, "{code}: what has no neighbour is the outline");
    }
    assert!(n_checked > 60);
}

#[test]
fn a_county_lies_around_its_real_seat_and_has_about_its_real_size() {
    for (county, lon, lat, km2) in [
        ("621027000000", 107.20, 35.68, 3_500.0),
        ("610117000000", 109.09, 34.53, 294.0),
        ("410102000000", 113.61, 34.75, 193.0),
        ("150302000000", 106.82, 39.69, 529.0),
    ] {
        let shape = &drawn()[&code(county)];
        assert!(shape.contains(Point::new(lon, lat)), "{county}");
        let off = shape.area_m2() / 1e6 / km2;
        assert!((0.7..1.4).contains(&off), "{county} has {off} of its size");
    }
}

#[test]
fn grids_are_of_similar_size_and_neither_squares_nor_splinters() {
    for community in ["621027100002", "410102007004", "410102009009"] {
        let community = code(community);
        let grids = children(&community);
        let mean = drawn()[&community].area_m2() / f64::from(u32::try_from(grids.len()).unwrap());
        for grid in grids {
            let share = grid.area_m2() / mean;
            assert!((0.3..2.5).contains(&share), "{community}: {share}");
            assert!(grid.vertices().len() >= 8, "wiggly borders");
            let round: f64 = edges(grid).iter().map(|(a, b)| a.point().distance_m(b.point())).sum();
            assert!(round * round / (16.0 * grid.area_m2()) < 2.6, "{community}: a splinter");
        }
    }
}

#[test]
fn the_same_codes_give_the_same_outlines_in_any_order() {
    let mut backwards = places();
    backwards.reverse();
    let only =
        |areas: Vec<SynthArea>| areas.into_iter().filter(|a| a.code.as_str().starts_with("1503")).collect::<Vec<_>>();
    let again = generate(&only(backwards));
    assert!(again.len() > 50);
    for (code, shape) in &again {
        assert_eq!(Some(shape), drawn().get(code), "{code} does not depend on other cities");
    }
}

#[test]
fn every_point_of_a_drawn_community_has_exactly_one_grid() {
    let index = AreaIndex::build(drawn().iter().map(|(code, shape)| (*code, shape.clone())));
    let community = code("410102007004");
    let mut chance = Chance::of("points");
    for _ in 0..500 {
        let at = point_inside(&drawn()[&community], &mut chance);
        let Some(Located { code, how: LocatedHow::Inside }) = index.locate(at) else { panic!("{at:?} is in no area") };
        assert_eq!(code.level(), AreaLevel::MicroGrid);
        assert!(community.contains(&code));
    }
}

#[test]
fn an_unknown_county_and_an_empty_list_draw_nothing() {
    assert!(generate(&[]).is_empty());
    let unknown = SynthArea { code: code("110101000000"), name: "东城区".to_owned() };
    assert!(generate(&[unknown]).is_empty());
}

#[test]
fn all_of_weinan_nests_exactly() {
    let text = include_str!("../../../../../data/divisions/weinan_divisions.csv");
    let rows = parse_areas(bytes(text), &NothingKnown).unwrap().rows;
    let n_areas = rows.len();
    let shapes =
        generate(&rows.into_iter().map(|row| SynthArea { code: row.code, name: row.name }).collect::<Vec<_>>());
    assert_eq!(shapes.len(), n_areas);
    let mut sums: BTreeMap<AreaCode, i128> = BTreeMap::new();
    for (code, shape) in &shapes {
        assert_eq!(shape.self_crossing(), None, "{code}");
        if let Some(parent) = code.parent() {
            *sums.entry(parent).or_default() += shape.area2_units();
        }
    }
    for (code, sum) in sums {
        assert_eq!(sum, shapes[&code].area2_units(), "{code}");
    }
}
