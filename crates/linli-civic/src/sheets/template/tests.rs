//! Workbooks as offices make them, filled and read again.

#![expect(clippy::string_slice, reason = "a test stops at the first surprise")]

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, DataValidation, Format, Formula, Workbook};

use super::super::{Table, Value};
use super::{fill, unpack};

/// A title over merged cells, a header, two free rows with a number and an age that are computed, a sum and a signature; a second
/// sheet that looks at the sum.
fn template() -> Vec<u8> {
    let mut book = Workbook::new();
    let (bold, blue) = (Format::new().set_bold(), Format::new().set_background_color(0x00DD_EEFF));
    let sheet = book.add_worksheet().set_name("台账").unwrap();
    sheet.merge_range(0, 0, 0, 4, "辖区场所台账", &bold).unwrap();
    for (at, header) in ["序号", "名称", "地址", "从业人数", "加一"].iter().enumerate() {
        sheet.write_with_format(1, u16::try_from(at).unwrap(), *header, &bold).unwrap();
    }
    for row in 2..4_u32 {
        sheet.write_formula_with_format(row, 0, Formula::new("=ROW()-2").set_result("1"), &blue).unwrap();
        for column in 1..4 {
            sheet.write_blank(row, column, &blue).unwrap();
        }
        sheet.write_formula_with_format(row, 4, format!("=D{}+1", row + 1).as_str(), &blue).unwrap();
    }
    sheet.write(4, 2, "合计").unwrap();
    sheet.write_formula(4, 3, "=SUM(D3:D4)").unwrap();
    sheet.merge_range(5, 0, 5, 4, "填表人：", &bold).unwrap();
    let rule = ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::GreaterThan(5)).set_format(&bold);
    sheet.add_conditional_format(2, 3, 3, 3, &rule).unwrap();
    let choice = DataValidation::new().allow_list_strings(&["甲", "乙"]).unwrap();
    sheet.add_data_validation(2, 1, 3, 1, &choice).unwrap();
    sheet.set_print_area(0, 0, 5, 4).unwrap();
    let other = book.add_worksheet().set_name("汇总").unwrap();
    other.write_formula(0, 0, "=台账!D5*2").unwrap();
    book.save_to_buffer().unwrap()
}

fn table(n: u32) -> Table {
    let row = |i: u32| vec![Value::Text(format!("=店{i}<&>")), Value::Empty, Value::Number(i.to_string())];
    Table {
        sheet: "台账".into(), header_row: 2, n_hints: 0, columns: vec![1, 2, 3], rows: (1..=n).map(row).collect()
    }
}

fn part(file: &[u8], name: &str) -> String {
    let parts = unpack(file).unwrap();
    String::from_utf8(parts.into_iter().find(|part| part.name == name).unwrap().bytes).unwrap()
}

fn formulas(file: &[u8], sheet: &str) -> Vec<(u32, u32, String)> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.to_vec())).unwrap();
    let range = book.worksheet_formula(sheet).unwrap();
    let (top, left) = range.start().unwrap();
    let used = range.used_cells().filter(|(_, _, formula)| !formula.is_empty());
    used.map(|(row, column, formula)| {
        (u32::try_from(row).unwrap() + top, u32::try_from(column).unwrap() + left, formula.clone())
    })
    .collect()
}

fn text(file: &[u8], row: u32, column: u32) -> String {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.to_vec())).unwrap();
    let range = book.worksheet_range("台账").unwrap();
    match range.get_value((row, column)) {
        None | Some(Data::Empty) => String::new(),
        Some(data) => data.to_string(),
    }
}

#[test]
fn more_rows_than_room_push_the_sum_down_and_it_grows() {
    let filled = fill(&template(), &table(5)).unwrap();
    assert_eq!(
        (text(&filled, 2, 1), text(&filled, 6, 1), text(&filled, 6, 3)),
        ("=店1<&>".into(), "=店5<&>".into(), "5".into())
    );
    assert_eq!((text(&filled, 7, 2), text(&filled, 8, 0)), ("合计".into(), "填表人：".into()));
    let formulas = formulas(&filled, "台账");
    assert!(formulas.contains(&(6, 0, "ROW()-2".into())), "{formulas:?}");
    assert!(formulas.contains(&(6, 4, "D7+1".into())), "{formulas:?}");
    assert!(formulas.contains(&(7, 3, "SUM(D3:D7)".into())), "{formulas:?}");
    assert_eq!(self::formulas(&filled, "汇总"), vec![(0, 0, "台账!D8*2".into())]);
}

#[test]
fn what_names_the_rows_goes_along() {
    let filled = fill(&template(), &table(5)).unwrap();
    let sheet = part(&filled, "xl/worksheets/sheet1.xml");
    for words in ["conditionalFormatting sqref=\"D3:D7\"", "sqref=\"B3:B7\"", "ref=\"A1:E1\"", "ref=\"A9:E9\""] {
        assert!(sheet.contains(words), "{words} in {sheet}");
    }
    let book = part(&filled, "xl/workbook.xml");
    assert!(book.contains("$A$1:$E$9") && book.contains("fullCalcOnLoad=\"1\""), "{book}");
    assert_eq!(part(&filled, "xl/styles.xml"), part(&template(), "xl/styles.xml"));
}

#[test]
fn every_row_has_the_look_of_the_first() {
    let filled = fill(&template(), &table(5)).unwrap();
    let sheet = part(&filled, "xl/worksheets/sheet1.xml");
    let look = |cell: &str| {
        let from = sheet.find(&format!("<c r=\"{cell}\"")).unwrap();
        sheet[from..].split_once("s=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(look("B3"), look("B7"));
    assert_eq!(look("C3"), look("C7"));
    assert_ne!(look("B7"), look("A2"));
}

#[test]
fn fewer_rows_than_room_leave_the_rest_as_it_was() {
    let filled = fill(&template(), &table(1)).unwrap();
    assert_eq!(
        (text(&filled, 2, 1), text(&filled, 3, 1), text(&filled, 4, 2)),
        ("=店1<&>".into(), String::new(), "合计".into())
    );
    assert!(formulas(&filled, "台账").contains(&(4, 3, "SUM(D3:D4)".into())));
    assert!(formulas(&filled, "台账").contains(&(3, 4, "D4+1".into())));
}

#[test]
fn rows_of_explanation_make_room() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, (header, hint)) in [("姓名", "必填，真实姓名"), ("性别", "男/女")].iter().enumerate() {
        let at = u16::try_from(at).unwrap();
        sheet.write(0, at, *header).unwrap();
        sheet.write(1, at, *hint).unwrap();
    }
    let rows = vec![vec![Value::Text("甲".into()), Value::Text("男".into())]; 3];
    let table = Table { sheet: "Sheet1".into(), header_row: 1, n_hints: 1, columns: vec![0, 1], rows };
    let filled = fill(&book.save_to_buffer().unwrap(), &table).unwrap();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(filled)).unwrap();
    let range = book.worksheet_range("Sheet1").unwrap();
    let cells: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(cells, vec![vec!["姓名", "性别"], vec!["甲", "男"], vec!["甲", "男"], vec!["甲", "男"]]);
}

#[test]
fn what_is_no_workbook_or_has_no_such_sheet_is_refused() {
    assert!(fill(b"not a zip", &table(1)).is_err());
    let elsewhere = Table { sheet: "没有".into(), ..table(1) };
    assert_eq!(fill(&template(), &elsewhere).unwrap_err().to_string(), "it has no sheet 没有");
}
