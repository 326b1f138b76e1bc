use std::io::Cursor;

use encoding_rs::GB18030;

use super::super::boundaries::{BoundaryRecord, parse_boundaries};
use super::super::crs::Crs;
use super::super::faults::{Fault, Parsed};
use super::super::geometry::{Point, Shape};
use super::{Stored, square, xz};

const A: &str = "610502005007001";
const B: &str = "610502005007002";

fn known() -> Stored {
    Stored::default().with(A, None).with(B, None).with("610502005007003", None)
}

fn feature(code: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":{coordinates}}}}}"#
    )
}

const GOOD: &str = "[[[109.50,34.50],[109.51,34.50],[109.51,34.51],[109.50,34.50]]]";

fn read(data: &[u8], crs: Crs, known: &Stored) -> Parsed<BoundaryRecord> {
    parse_boundaries(Cursor::new(data.to_vec()), crs, known, &mut |_| ()).unwrap()
}

fn parse(text: &str) -> Parsed<BoundaryRecord> {
    read(text.as_bytes(), Crs::Wgs84, &known())
}

fn found(parsed: &Parsed<BoundaryRecord>) -> Vec<String> {
    parsed.findings.iter().map(|f| format!("{} {}", f.line, f.fault.code())).collect()
}

/// The one fault of a feature with these coordinates, which stands in line 2 between two good ones.
fn only_fault(coordinates: &str) -> String {
    let text = format!("{}\n{}\n{}\n", feature(A, GOOD), feature(B, coordinates), feature("610502005007003", GOOD));
    let parsed = parse(&text);
    assert_eq!(parsed.n_read, 3);
    assert_eq!(parsed.rows.len() + parsed.n_refused(), 3, "good rows are kept");
    assert_eq!(parsed.findings.len(), 1, "{coordinates}: {:?}", parsed.findings);
    assert_eq!(parsed.findings[0].line, 2);
    assert!(!parsed.findings[0].fault.sentence().is_empty());
    parsed.findings[0].fault.code().to_owned()
}

#[test]
fn an_empty_polygon_is_refused() {
    assert_eq!(only_fault("[]"), "empty_polygon");
    assert_eq!(only_fault("[[]]"), "empty_polygon");
}

#[test]
fn a_self_crossing_polygon_is_refused() {
    assert_eq!(only_fault("[[[109.5,34.5],[109.6,34.6],[109.6,34.5],[109.5,34.6],[109.5,34.5]]]"), "self_crossing");
}

#[test]
fn a_ring_of_fewer_than_four_points_is_refused() {
    assert_eq!(only_fault("[[[109.5,34.5],[109.6,34.6],[109.5,34.5]]]"), "too_few_points");
}

#[test]
fn a_ring_that_is_not_closed_is_closed_with_a_warning() {
    assert_eq!(only_fault("[[[109.5,34.5],[109.6,34.5],[109.6,34.6]]]"), "ring_closed");
}

#[test]
fn a_polygon_without_area_is_refused() {
    assert_eq!(only_fault("[[[109.5,34.5],[109.6,34.5],[109.7,34.5],[109.5,34.5]]]"), "zero_area");
}

#[test]
fn coordinates_that_are_no_numbers_are_refused() {
    assert_eq!(only_fault("[[[NaN,34.5],[109.6,34.5],[109.6,34.6]]]"), "bad_number_in_geometry");
    assert_eq!(only_fault("[[[null,34.5],[109.6,34.5],[109.6,34.6]]]"), "bad_number_in_geometry");
    assert_eq!(only_fault("[[[\"109\",34.5],[109.6,34.5],[109.6,34.6]]]"), "bad_number_in_geometry");
    assert_eq!(only_fault("[[[1e999,34.5],[109.6,34.5],[109.6,34.6]]]"), "bad_number_in_geometry");
    assert_eq!(only_fault("[[109.6,34.5],[109.6,34.6]]"), "bad_number_in_geometry");
}

#[test]
fn swapped_projected_and_foreign_coordinates_are_told_apart() {
    assert_eq!(only_fault("[[[34.5,109.5],[34.5,109.6],[34.6,109.6],[34.5,109.5]]]"), "lat_lon_swapped");
    assert_eq!(
        only_fault("[[[12190000,4100000],[12190100,4100000],[12190100,4100100],[12190000,4100000]]]"),
        "projected_coordinates"
    );
    assert_eq!(only_fault("[[[0,0],[0,1],[1,1],[0,0]]]"), "out_of_range");
}

#[test]
fn a_broken_line_costs_only_itself() {
    let text = format!("{}\n{}\n{}\n", feature(A, GOOD), r#"{"type":"Feature","geometry":{"#, feature(B, GOOD));
    let parsed = parse(&text);
    assert_eq!((parsed.rows.len(), found(&parsed)), (2, vec!["2 bad_json".to_owned()]));
    // Also when it is the first.
    let text = format!("{}\n{}\n", r#"{"type":"Feature","geometry":{"#, feature(B, GOOD));
    assert_eq!(found(&parse(&text)), ["1 bad_json"]);
}

#[test]
fn an_unknown_code_a_missing_one_and_a_bad_one_are_refused() {
    let no_code = r#"{"type":"Feature","properties":null,"geometry":null}"#;
    let text = [feature("610502005007009", GOOD), no_code.to_owned(), feature("6105x", GOOD)].join("\n");
    assert_eq!(found(&parse(&text)), ["1 unknown_code", "2 missing_code", "3 bad_code"]);
}

#[test]
fn codes_are_found_under_their_chinese_names_and_as_numbers() {
    for properties in [r#"{"网格编码":"610502005007001"}"#, r#"{"code":610502005007001}"#] {
        let text = format!(
            r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"Polygon","coordinates":{GOOD}}}}}"#
        );
        assert_eq!(parse(&text).rows.len(), 1, "{properties}");
    }
}

#[test]
fn a_duplicate_code_keeps_the_first_and_reports_the_second() {
    let other = GOOD.replace("34.51", "34.52");
    let parsed = parse(&[feature(A, GOOD), String::new(), feature(A, &other)].join("\n"));
    assert_eq!(found(&parsed), ["3 duplicate_boundary"]);
    assert_eq!(parsed.rows[0].shape.bounds().max.point().lat, 34.51);
    assert!(parsed.findings[0].fault.sentence().contains("第 1 行"));
}

#[test]
fn geometries_that_are_no_polygons_are_refused() {
    let line = feature(A, "[[109.5,34.5],[109.6,34.6]]").replace("Polygon", "LineString");
    let none = r#"{"type":"Feature","properties":{"code":"610502005007002"},"geometry":null}"#;
    let bare = r#"{"type":"Polygon","coordinates":[]}"#;
    let parsed = parse(&[line.as_str(), none, bare].join("\n"));
    assert_eq!(found(&parsed), ["1 not_a_polygon", "2 no_geometry", "3 not_a_feature"]);
}

#[test]
fn a_multi_polygon_with_a_hole_is_read() {
    let frame = "[[[109.5,34.5],[109.6,34.5],[109.6,34.6],[109.5,34.6],[109.5,34.5]],[[109.53,34.53],[109.57,34.53],[109.57,34.57],[109.53,34.53]]]";
    let text = feature(A, &format!("[{frame},{GOOD}]"))
        .replace("\"Polygon\"", "\"MultiPolygon\"")
        .replace("109.50,34.50", "109.7,34.50")
        .replace("109.51", "109.71");
    let parsed = parse(&text);
    assert_eq!(parsed.findings, []);
    let shape = &parsed.rows[0].shape;
    assert_eq!((shape.polygons().len(), shape.rings().count()), (2, 3));
    assert!(!shape.contains(Point::new(109.56, 34.54)) && shape.contains(Point::new(109.51, 34.55)));
}

#[test]
fn a_pretty_printed_collection_is_read_with_the_line_of_each_feature() {
    let text = format!(
        "\u{feff}{{\n  \"type\": \"FeatureCollection\",\n  \"name\": \"a \\\"[{{features\",\n  \"features\": [\n    {},\n    {},\n    {}\n  ]\n}}\n",
        feature(A, GOOD),
        feature(B, "[]"),
        feature("610502005007003", GOOD)
    );
    let parsed = parse(&text);
    assert_eq!(parsed.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [5, 7]);
    assert_eq!(found(&parsed), ["6 empty_polygon"]);
    assert!(parsed.notes.had_bom);
}

#[test]
fn a_collection_in_one_line_a_single_feature_and_text_sequences_are_read() {
    let one_line = format!(r#"{{"features":[{},{}],"type":"FeatureCollection"}}"#, feature(A, GOOD), feature(B, GOOD));
    assert_eq!(parse(&one_line).rows.len(), 2);
    let spread = feature(A, GOOD).replace(",\"geometry\"", ",\n\"geometry\"");
    assert_eq!(parse(&spread).rows.len(), 1);
    let sequence = format!("\u{1e}{}\n\u{1e}{}\n", feature(A, GOOD), feature(B, GOOD));
    assert_eq!(parse(&sequence).rows.len(), 2);
}

#[test]
fn a_collection_that_breaks_off_keeps_what_came_before() {
    let text =
        format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{},\n{}", feature(A, GOOD), &feature(B, GOOD)[..80]);
    let parsed = parse(&text);
    assert_eq!((parsed.rows.len(), found(&parsed)), (1, vec!["3 bad_json".to_owned()]));
    let not_json = parse("hello\nworld\n");
    assert_eq!((not_json.rows.len(), found(&not_json)), (0, vec!["1 bad_json".to_owned()]));
}

#[test]
fn xz_gbk_and_nul_bytes_are_read() {
    let text = format!("{}\n", feature(A, GOOD)).replace("\"code\"", "\"名称\":\"第一网格\",\"code\"");
    assert_eq!(read(&xz(text.as_bytes()), Crs::Wgs84, &known()).rows.len(), 1);
    let (gbk, _, _) = GB18030.encode(&text);
    let parsed = read(&gbk, Crs::Wgs84, &known());
    assert_eq!((parsed.rows.len(), parsed.notes.sentences().len()), (1, 1));
    let with_nul = text.replace("第一网格", "第\0一网格");
    let parsed = parse(&with_nul);
    assert_eq!((parsed.rows.len(), found(&parsed)), (1, vec!["1 nul_removed".to_owned()]));
}

#[test]
fn progress_is_told_every_thousand_features() {
    let text = format!("{}\n", feature(A, "[]")).repeat(2_500);
    let mut told = Vec::new();
    parse_boundaries(Cursor::new(text.into_bytes()), Crs::Wgs84, &known(), &mut |n| told.push(n)).unwrap();
    assert_eq!(told, [1_000, 2_000]);
}

/// A community of 1 km cut into 5 × 5 grids, each written in `crs`.
fn grids(crs: Crs) -> (Stored, String) {
    let mut stored = Stored::default().with("610502005007", Some(square(109.5, 34.5, 109.51, 34.51)));
    let mut text = String::new();
    for i in 0..25_u32 {
        let code = format!("610502005007{:03}", i + 1);
        let (west, south) = (109.5 + 0.002 * f64::from(i % 5), 34.5 + 0.002 * f64::from(i / 5));
        let tile = square(west, south, west + 0.002, south + 0.002);
        let ring: Vec<[f64; 2]> = tile
            .vertices()
            .iter()
            .chain(tile.vertices().first())
            .map(|v| crs.from_wgs84(v.point()))
            .map(|p| [p.lon, p.lat])
            .collect();
        text.push_str(&feature(&code, &serde_json::to_string(&[ring]).unwrap()));
        text.push('\n');
        stored = stored.with(&code, None);
    }
    (stored, text)
}

#[test]
fn each_coordinate_system_is_converted_when_it_is_declared() {
    for crs in Crs::ALL {
        let (stored, text) = grids(crs);
        let parsed = read(text.as_bytes(), crs, &stored);
        assert_eq!((parsed.rows.len(), parsed.findings.len()), (25, 0), "{crs}");
        let corner = parsed.rows[0].shape.bounds().min.point();
        assert!(corner.distance_m(Point::new(109.5, 34.5)) < 0.1);
    }
}

#[test]
fn a_wrong_coordinate_system_is_refused_with_the_one_that_fits() {
    for is in Crs::ALL {
        for declared in Crs::ALL.into_iter().filter(|declared| *declared != is) {
            let (stored, text) = grids(is);
            let parsed = read(text.as_bytes(), declared, &stored);
            assert!(parsed.rows.is_empty());
            assert_eq!(found(&parsed), ["0 wrong_crs"]);
            assert!(matches!(parsed.findings[0].fault, Fault::WrongCrs { fits: Some(fits), .. } if fits == is));
            assert!(parsed.findings[0].fault.sentence().contains(&format!("--crs {}", is.key())));
        }
    }
}

#[test]
fn a_wrong_coordinate_system_is_found_by_communities_in_the_same_county() {
    // Only the county has a boundary: some corners of those at its border betray the file.
    let mut stored = Stored::default().with("610502000000", Some(square(109.4, 34.4, 109.6, 34.6)));
    let mut text = String::new();
    for i in 0..100_u32 {
        let code = format!("610502005{:03}", i + 1);
        let (west, south) = (109.4 + 0.02 * f64::from(i % 10), 34.4 + 0.02 * f64::from(i / 10));
        let tile = square(west, south, west + 0.02, south + 0.02);
        let ring: Vec<[f64; 2]> =
            tile.vertices().iter().map(|v| Crs::Gcj02.from_wgs84(v.point())).map(|p| [p.lon, p.lat]).collect();
        text.push_str(&feature(&code, &serde_json::to_string(&[ring]).unwrap()));
        text.push('\n');
        stored = stored.with(&code, None);
    }
    let refused = read(text.as_bytes(), Crs::Wgs84, &stored);
    assert!(refused.rows.is_empty());
    assert_eq!(read(text.as_bytes(), Crs::Gcj02, &stored).rows.len(), 100);
}

#[test]
fn a_wrong_coordinate_system_is_found_against_the_areas_own_former_boundary() {
    let tile = square(109.5, 34.5, 109.502, 34.502);
    let stored = Stored::default().with(A, Some(tile.clone())).with(B, Some(tile.clone()));
    let ring: Vec<[f64; 2]> =
        tile.vertices().iter().map(|v| Crs::Gcj02.from_wgs84(v.point())).map(|p| [p.lon, p.lat]).collect();
    let text = feature(A, &serde_json::to_string(&[ring]).unwrap());
    assert_eq!(
        found(&read(text.as_bytes(), Crs::Wgs84, &stored)),
        ["1 ring_closed", "0 wrong_crs"].map(String::from).iter().rev().cloned().collect::<Vec<_>>()
    );
}

#[test]
fn one_boundary_off_its_parent_is_refused_alone() {
    let (stored, mut text) = grids(Crs::Wgs84);
    let stored = stored.with("610502005007026", None);
    text.push_str(&feature("610502005007026", "[[[109.7,34.5],[109.702,34.5],[109.702,34.502],[109.7,34.5]]]"));
    let parsed = read(text.as_bytes(), Crs::Wgs84, &stored);
    assert_eq!((parsed.rows.len(), found(&parsed)), (25, vec!["26 off_parent".to_owned()]));
    assert!(parsed.findings[0].fault.sentence().contains("610502005007"));
}

#[test]
fn parents_in_the_same_file_count_wherever_they_stand() {
    let (_, text) = grids(Crs::Wgs84);
    let mut stored = Stored::default().with("610502005007", None);
    for i in 1..=25 {
        stored = stored.with(&format!("610502005007{i:03}"), None);
    }
    let community = Crs::Gcj02.from_wgs84(Point::new(109.5, 34.5));
    let shifted = square(community.lon, community.lat, community.lon + 0.01, community.lat + 0.01);
    let parent = |shape: &Shape| feature("610502005007", &shape.to_geojson()["coordinates"].to_string());
    let right = format!("{text}{}\n", parent(&square(109.5, 34.5, 109.51, 34.51)));
    assert_eq!(read(right.as_bytes(), Crs::Wgs84, &stored).rows.len(), 26);
    // Grids in WGS-84 under a community in GCJ-02: no single system fits all of them, but the file cannot be right.
    let mixed = format!("{text}{}\n", parent(&shifted));
    assert!(!read(mixed.as_bytes(), Crs::Wgs84, &stored).findings.is_empty());
}

#[test]
fn a_file_is_the_same_in_any_order() {
    let (stored, text) = grids(Crs::Wgs84);
    let shapes = |text: &str| {
        let mut rows = read(text.as_bytes(), Crs::Wgs84, &stored).rows;
        rows.sort_by_key(|row| row.code);
        rows.into_iter().map(|row| (row.code, row.shape)).collect::<Vec<_>>()
    };
    let backwards: Vec<&str> = text.lines().rev().collect();
    assert_eq!(shapes(&text), shapes(&backwards.join("\n")));
}
