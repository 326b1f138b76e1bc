use std::collections::BTreeMap;
use std::io::Cursor;

use encoding_rs::GB18030;
use linli_kernel::{AreaCode, AreaLevel};
use proptest::prelude::*;

use super::super::faults::{Parsed, Severity};
use super::super::names::short_name;
use super::super::records::{AreaRecord, NothingKnown};
use super::super::{parse_areas, parse_divisions};
use super::{bytes, code};

const HEADER: &str = "village_code,village,street_code,street,area_code,area\n";

fn parse(text: &str) -> Parsed<AreaRecord> {
    parse_divisions(bytes(text), &NothingKnown).unwrap()
}

/// The findings as `line code`, for short expectations.
fn found(parsed: &Parsed<AreaRecord>) -> Vec<String> {
    parsed.findings.iter().map(|f| format!("{} {}", f.line, f.fault.code())).collect()
}

fn codes(parsed: &Parsed<AreaRecord>) -> Vec<String> {
    parsed.rows.iter().map(|row| row.code.to_string()).collect()
}

#[test]
fn the_joined_layout_yields_every_level_once() {
    let parsed = parse(&format!(
        "{HEADER}610502005007,红旗社区居委会,610502005,站南街道,610502,临渭区\n\
         610502005008,站东社区居委会,610502005,站南街道,610502,临渭区\n"
    ));
    assert_eq!(codes(&parsed), ["610500000000", "610502000000", "610502005000", "610502005007", "610502005008"]);
    // The city is not in the table: it comes from the built-in list, and that is said.
    assert_eq!(found(&parsed), ["0 city_supplied"]);
    assert_eq!(parsed.rows[0].name, "渭南市");
    let community = &parsed.rows[3];
    assert_eq!((community.level, community.parent), (AreaLevel::Community, Some(code("610502005000"))));
    assert_eq!((community.name.as_str(), community.short_name.as_str()), ("红旗社区居委会", "红旗社区"));
}

#[test]
fn the_shipped_divisions_are_read_whole_and_without_a_fault() {
    for (text, counts) in [
        (include_str!("../../../../../data/divisions/weinan_divisions.csv"), [1, 11, 136, 2_343]),
        (include_str!("../../../../../data/divisions/places.csv"), [4, 4, 48, 540]),
    ] {
        let parsed = parse(text);
        assert_eq!(parsed.findings, []);
        let levels = [AreaLevel::City, AreaLevel::County, AreaLevel::Street, AreaLevel::Community];
        let n_of = |level| parsed.rows.iter().filter(|row| row.level == level).count();
        assert_eq!(levels.map(n_of), counts);
        assert!(parsed.rows.iter().all(|row| !row.short_name.ends_with("委会") && !row.short_name.ends_with("委员会")));
    }
}

#[test]
fn the_files_of_china_division_are_read_one_after_the_other() {
    let mut known: BTreeMap<AreaCode, String> = BTreeMap::new();
    for text in [
        "code,name,provinceCode\n6105,\"渭南市\",61\n",
        "code,name,cityCode,provinceCode\n610502,\"临渭区\",6105,61\n",
        "code,name,areaCode,provinceCode,cityCode\n610502005,\"站南街道\",610502,61,6105\n",
        "code,name,streetCode,provinceCode,cityCode,areaCode\n610502005007,\"红旗社区居委会\",610502005,61,6105,610502\n",
    ] {
        let parsed = parse_divisions(bytes(text), &known).unwrap();
        assert_eq!((parsed.rows.len(), parsed.findings.len()), (1, 0), "{text}");
        known.extend(parsed.rows.into_iter().map(|row| (row.code, row.name)));
    }
    assert_eq!(known.len(), 4);
    assert_eq!(found(&parse("code,name\n61,陕西省\n")), ["2 province_not_used"]);
}

#[test]
fn a_code_whose_parent_is_missing_is_refused_and_good_rows_are_kept() {
    let parsed = parse("code,name\n6105,渭南市\n610502,临渭区\n610502005007,红旗社区\n");
    assert_eq!(codes(&parsed), ["610500000000", "610502000000"]);
    assert_eq!(found(&parsed), ["4 missing_parent"]);
    assert!(parsed.findings[0].to_string().contains("第 4 行（610502005007）：上级区域 610502005000 不存在"));
}

#[test]
fn a_parent_in_the_database_counts() {
    let known = BTreeMap::from([(code("610502005000"), "站南街道".to_owned())]);
    let parsed = parse_divisions(bytes("code,name\n610502005007,站南街道红旗社区居委会\n"), &known).unwrap();
    assert_eq!((parsed.rows.len(), parsed.findings.len()), (1, 0));
    assert_eq!(parsed.rows[0].short_name, "红旗社区");
}

#[test]
fn what_lies_below_a_refused_row_is_told_apart() {
    let parsed = parse("code,name\n6105,渭南市\n610502,\n610502005,站南街道\n");
    assert_eq!(found(&parsed), ["3 empty_name", "4 refused_parent"]);
}

#[test]
fn a_duplicate_row_is_kept_once() {
    let parsed = parse("code,name\n6105,渭南市\n6105,渭南市\n");
    assert_eq!(parsed.rows.len(), 1);
    assert_eq!(found(&parsed), ["3 duplicate_row"]);
    assert_eq!(parsed.findings[0].fault.severity(), Severity::Warning);
}

#[test]
fn the_same_code_with_two_names_keeps_the_name_most_rows_use() {
    let rows = ["610502005007,甲社区", "610502005008,乙社区", "610502005009,丙社区"];
    let streets = ["站南街道", "站南街道", "站楠街道"];
    let text: Vec<String> =
        rows.iter().zip(streets).map(|(row, street)| format!("{row},610502005,{street},610502,临渭区")).collect();
    let parsed = parse(&format!("{HEADER}{}", text.join("\n")));
    assert_eq!(parsed.rows[2].name, "站南街道");
    assert_eq!(parsed.rows.len(), 6);
    assert_eq!(found(&parsed), ["0 city_supplied", "4 name_conflict"]);
}

#[test]
fn the_name_in_the_database_decides_between_two() {
    let known = BTreeMap::from([(code("610500000000"), "渭南市".to_owned())]);
    let parsed = parse_divisions(bytes("code,name\n6105,丁市\n6105,丁市\n6105,渭南市\n"), &known).unwrap();
    assert_eq!(parsed.rows[0].name, "渭南市");
    assert_eq!(parsed.n_refused(), 2);
}

#[test]
fn a_bad_code_is_refused_with_its_line() {
    for (written, fault) in [
        ("61050200500", "bad_code"),
        ("6105O2005007", "bad_code"),
        ("", "bad_code"),
        ("610500005000", "no_county_level"),
        ("441900003", "no_county_level"),
        ("6.10502E+11", "code_lost_digits"),
    ] {
        let parsed = parse(&format!("code,name\n{written},某地\n"));
        assert_eq!(found(&parsed), [format!("2 {fault}")], "{written}");
        assert!(parsed.rows.is_empty());
    }
}

#[test]
fn codes_are_read_as_excel_and_people_write_them() {
    for written in ["'6105", "６１０５", " 6105 ", "\"=\"\"6105\"\"\"", "610500000000"] {
        assert_eq!(codes(&parse(&format!("code,name\n{written},渭南市\n"))), ["610500000000"], "{written}");
    }
}

#[test]
fn an_empty_name_and_one_that_is_too_long_are_refused() {
    let parsed = parse(&format!("code,name\n6105, \n6101,{}\n", "长".repeat(61)));
    assert_eq!(found(&parsed), ["2 empty_name", "3 name_too_long"]);
}

#[test]
fn a_level_that_the_code_does_not_have_is_refused() {
    assert_eq!(found(&parse("code,name,层级\n6105,渭南市,街道\n")), ["2 level_mismatch"]);
    let parsed = parse(&format!("{HEADER}610502005,红旗社区,610502005,站南街道,610502,临渭区\n"));
    assert_eq!(found(&parsed), ["0 city_supplied", "2 level_mismatch"]);
}

#[test]
fn a_parent_that_the_code_does_not_have_is_refused() {
    assert_eq!(found(&parse("编码,名称,上级编码\n610502,临渭区,6101\n")), ["2 parent_mismatch"]);
}

#[test]
fn a_nul_byte_costs_nobody_the_file() {
    let parsed = parse("code,name\n6105,渭\0南市\n6101,西安市\n");
    assert_eq!((parsed.rows.len(), parsed.rows[1].name.as_str()), (2, "渭南市"));
    assert_eq!(found(&parsed), ["2 nul_removed"]);
}

#[test]
fn a_gbk_file_with_windows_line_ends_is_read() {
    let (gbk, _, _) = GB18030.encode("区划代码,区划名称\r\n6105,渭南市\r\n");
    let parsed = parse_areas(Cursor::new(gbk.into_owned()), &NothingKnown).unwrap();
    assert_eq!(parsed.rows[0].name, "渭南市");
    assert!(parsed.findings.is_empty());
}

#[test]
fn a_row_with_too_many_fields_is_refused_and_empty_rows_are_skipped() {
    let parsed = parse("code,name\n\n,\n6105,渭南市,,\n6101,西,安市\n");
    assert_eq!(codes(&parsed), ["610500000000"]);
    assert_eq!(found(&parsed), ["5 bad_row"]);
}

#[test]
fn an_unknown_header_is_refused_with_what_was_expected() {
    let refused = parse_areas(bytes("foo,bar\n1,2\n"), &NothingKnown).unwrap_err();
    assert_eq!(refused.code(), "unknown_header");
    assert!(refused.sentence().contains("village_code"));
}

#[test]
fn short_names_are_what_people_say() {
    for (official, parent, short) in [
        ("西街社区居委会", None, "西街社区"),
        ("姬家管委会陕汽路社区居民委员会", Some("姬家街道"), "陕汽路社区"),
        ("城关镇西街社区居委会", Some("城关镇"), "西街社区"),
        ("东杨村委会", None, "东杨村"),
        ("东杨村村民委员会", None, "东杨村"),
        ("南塘居委会", None, "南塘社区"),
        ("某某嘎查村民委员会", None, "某某嘎查"),
        ("下吉街道社区居委会", Some("下吉镇"), "下吉街道社区"),
        ("城关镇社区居委会", Some("城关镇"), "城关镇社区"),
        ("尧头社区", None, "尧头社区"),
        ("解放街道办事处", None, "解放街道"),
        ("社区居委会", None, "社区居委会"),
    ] {
        assert_eq!(short_name(official, parent), short, "{official}");
    }
}

proptest! {
    /// Whatever the order of rows, the same areas come out.
    #[test]
    fn the_result_does_not_depend_on_the_order_of_rows(
        rows in prop::collection::vec((0..4_u32, 0..3_u32, 0..3_u32, 0..3_usize), 1..40),
        seed in any::<u64>(),
    ) {
        let names = ["甲", "乙", ""];
        let lines: Vec<String> = rows
            .iter()
            .map(|(county, street, community, name)| {
                let code = match (county, street, community) {
                    (0, ..) => "6105".to_owned(),
                    (county, 0, _) => format!("61050{county}"),
                    (county, street, 0) => format!("61050{county}00{street}"),
                    (county, street, community) => format!("61050{county}00{street}00{community}"),
                };
                format!("{code},{}\n", names[*name])
            })
            .collect();
        let mut shuffled = lines.clone();
        let mut chance = super::super::synth::Chance::of(&seed.to_string());
        for i in (1..shuffled.len()).rev() {
            let j = usize::try_from(chance.whole() % u64::try_from(i + 1).unwrap()).unwrap();
            shuffled.swap(i, j);
        }
        let result = |lines: &[String]| -> Vec<(AreaCode, String, String, Option<AreaCode>)> {
            let parsed = parse(&format!("code,name\n{}", lines.concat()));
            parsed.rows.into_iter().map(|row| (row.code, row.name, row.short_name, row.parent)).collect()
        };
        let kept = result(&lines);
        prop_assert_eq!(&kept, &result(&shuffled));
        // And what is kept fits together.
        for (_, _, _, parent) in &kept {
            prop_assert!(parent.is_none_or(|parent| kept.iter().any(|row| row.0 == parent)));
        }
    }
}
