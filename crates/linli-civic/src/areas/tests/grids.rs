use std::collections::BTreeMap;

use linli_kernel::{AreaCode, AreaLevel};

use super::super::faults::Parsed;
use super::super::records::{AreaRecord, Profile};
use super::super::{parse_areas, parse_grids};
use super::{bytes, code};

fn known() -> BTreeMap<AreaCode, String> {
    BTreeMap::from([(code("610502005007"), "红旗社区居委会".to_owned())])
}

fn parse(text: &str) -> Parsed<AreaRecord> {
    parse_grids(bytes(text), &known()).unwrap()
}

fn found(parsed: &Parsed<AreaRecord>) -> Vec<String> {
    parsed.findings.iter().map(|f| format!("{} {}", f.line, f.fault.code())).collect()
}

#[test]
fn a_chinese_table_yields_grids_with_their_figures_and_workers() {
    let parsed = parse(
        "网格编码,网格名称,所属社区编码,户数(户),人数,商户数,网格员\n\
         610502005007001,第一网格,610502005007,120,\"1,302\",16家,张三\n",
    );
    assert_eq!(parsed.findings, []);
    let grid = &parsed.rows[0];
    assert_eq!((grid.level, grid.parent), (AreaLevel::Grid, Some(code("610502005007"))));
    assert_eq!(grid.profile, Profile { households: Some(120), residents: Some(1_302), merchants: Some(16) });
    assert_eq!(grid.worker_name.as_deref(), Some("张三"));
}

#[test]
fn a_table_of_numbers_below_a_community_yields_codes() {
    let parsed = parse("所属社区编码,网格序号,网格名称\n610502005007,3,第三网格\n610502005007,第12网格,第十二网格\n");
    let codes: Vec<String> = parsed.rows.iter().map(|row| row.code.to_string()).collect();
    assert_eq!(codes, ["610502005007003", "610502005007012"]);
}

#[test]
fn micro_grids_stand_below_grids_of_the_same_file() {
    let parsed = parse("code,name,households\n610502005007001002,微网格2,30\n610502005007001,第一网格,120\n");
    assert_eq!(parsed.findings, []);
    assert_eq!(parsed.rows[1].level, AreaLevel::MicroGrid);
}

#[test]
fn an_english_table_is_told_apart_from_divisions_by_its_header() {
    let text = "community_code,number,name,worker_name\n610502005007,1,第一网格,李四\n";
    let parsed = parse_areas(bytes(text), &known()).unwrap();
    assert_eq!(parsed.rows[0].worker_name.as_deref(), Some("李四"));
}

#[test]
fn a_grid_without_its_community_is_refused() {
    let parsed = parse("网格编码,网格名称\n610502005009001,第一网格\n610502005007001,第一网格\n");
    assert_eq!((parsed.rows.len(), found(&parsed)), (1, vec!["2 missing_parent".to_owned()]));
}

#[test]
fn a_figure_that_is_none_is_left_out_and_the_row_kept() {
    let parsed = parse("网格编码,网格名称,户数,人数\n610502005007001,第一网格,约百户,-3\n");
    assert_eq!(parsed.rows[0].profile, Profile::default());
    assert_eq!(found(&parsed), ["2 bad_number", "2 bad_number"]);
    assert_eq!(parsed.n_refused(), 0);
}

#[test]
fn faults_of_a_grid_table_are_told_by_line() {
    let parsed = parse(
        "网格编码,网格名称,所属社区编码\n\
         必填,必填,必填\n\
         610502005007,红旗社区,\n\
         610502005007001,,610502005007\n\
         610502005007002,第二网格,610502005008\n\
         610502005007003,第三网格,610502005007\n\
         610502005007003,第三网格,610502005007\n",
    );
    assert_eq!(
        found(&parsed),
        ["2 bad_code", "3 level_mismatch", "4 empty_name", "5 parent_mismatch", "7 duplicate_row"]
    );
    assert_eq!(parsed.rows.len(), 1);
}

#[test]
fn a_number_below_a_street_or_beyond_999_is_refused() {
    let parsed = parse("社区编码,网格序号,网格名称\n610502005000,1,甲\n610502005007,1000,乙\n610502005007,0,丙\n");
    assert_eq!(found(&parsed), ["2 level_mismatch", "3 bad_code", "4 bad_code"]);
}
