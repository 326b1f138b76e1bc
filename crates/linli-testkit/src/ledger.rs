//! A ledger of residents as communities keep it: invented people in invented homes, with a title, a row of hints, a column that linli
//! does not keep, and faults planted where they are wanted.

use rust_xlsxwriter::{Workbook, XlsxError};

/// What a ledger holds.
#[derive(Clone, Debug, Default)]
pub struct Planted {
    /// Rows with a resident or a fault.
    pub n_rows: u32,
    /// Good rows.
    pub n_good: u32,
    /// Faulty rows.
    pub n_bad: u32,
}

/// The column that is refused.
pub const REFUSED: &str = "政治面貌";
/// One row in so many is faulty.
pub const ONE_FAULT_IN: u32 = 100;

const SURNAMES: &[&str] =
    &["李", "王", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "胡", "朱", "郭"];
const GIVEN: &[&str] = &["晓梅", "建国", "秀英", "志强", "桂芳", "海涛", "丽娟", "永刚", "文斌", "佳怡", "思远"];
const HEADER: &[&str] =
    &["姓名", "与户主关系", "身份证号", "联系电话", "小区", "门牌地址", "所属网格", "户编号", REFUSED];

/// Writes `n` residents, three to a household, into the grids of these names.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &std::path::Path, n: u32, grids: &[String]) -> Result<Planted, XlsxError> {
    let mut planted = Planted::default();
    let mut book = Workbook::new();
    let page = book.add_worksheet_with_constant_memory()?;
    page.write_string(0, 0, "居民台账")?;
    let hints =
        ["必填，真实姓名", "如：户主", "18位", "多个用;分隔", "必填", "如1单元101室", "网格名称", "可选", "可选"];
    for (row, cells) in [(1, HEADER), (2, &hints[..])] {
        for (cell, column) in cells.iter().zip(0_u16..) {
            page.write_string(row, column, *cell)?;
        }
    }
    for i in 0..n {
        let is_bad = i % ONE_FAULT_IN == ONE_FAULT_IN - 1;
        planted.n_rows += 1;
        planted.n_good += u32::from(!is_bad);
        planted.n_bad += u32::from(is_bad);
        for (cell, column) in resident(i, is_bad, grids).iter().zip(0_u16..) {
            page.write_string(i + 3, column, cell)?;
        }
    }
    book.save(path)?;
    Ok(planted)
}

fn pick<'a>(words: &[&'a str], i: u32) -> &'a str {
    let len = u32::try_from(words.len()).unwrap_or(1).max(1);
    usize::try_from(i % len).ok().and_then(|i| words.get(i)).copied().unwrap_or_default()
}

fn resident(i: u32, is_bad: bool, grids: &[String]) -> [String; 9] {
    let home = i / 3;
    let grid = usize::try_from(home).map_or(0, |home| home % grids.len().max(1));
    let (building, unit, room) = (home / 72 + 1, home / 24 % 3 + 1, (home / 2 % 12 + 1) * 100 + home % 2 + 1);
    let phone = format!("199{:08}", i % 100_000_000);
    [
        format!("{}{}", pick(SURNAMES, i), pick(GIVEN, i / 16)),
        pick(&["户主", "配偶", "子女"], i).to_owned(),
        id_number(i),
        if is_bad { "号码看不清".to_owned() } else { phone },
        "幸福小区".to_owned(),
        format!("{building}号楼{unit}单元{room}室"),
        grids.get(grid).cloned().unwrap_or_default(),
        format!("H{home}"),
        "群众".to_owned(),
    ]
}

/// A number with a right check digit and an area that does not exist: nobody's.
fn id_number(i: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let head = format!(
        "99{:04}{:04}{:02}{:02}{:03}",
        i / 1_000_000,
        1930 + i / 10_000 % 90,
        i % 12 + 1,
        i / 12 % 28 + 1,
        i / 336 % 1000
    );
    let sum: u32 = head.chars().filter_map(|c| c.to_digit(10)).zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let check = "10X98765432".chars().nth(usize::try_from(sum % 11).unwrap_or(0)).unwrap_or('1');
    format!("{head}{check}")
}
