//! 网格 and 微网格 below the communities, from a table that a community keeps.
//!
//! A row gives the full code (15 or 18 digits), or the code of the area above and a number. Households, residents,
//! merchants and the grid worker's name may stand beside it; a figure that is none is left out, the row is kept.

use std::io::Read;

use linli_kernel::{AreaCode, AreaLevel};

use super::divisions::check_parent;
use super::faults::{Fault, Finding, Parsed};
use super::records::{AreaRecord, Candidate, Gathered, KnownAreas, Profile, Role, level_name};
use super::table::{Row, Table, TableError, plain_digits, read_code, read_name};

const EXPECTED: &str = "网格表应有“网格编码”（或“所属社区编码”和“网格序号”）与“网格名称”。";

const CODE: [&str; 4] = ["网格编码", "微网格编码", "gridcode", "网格代码"];
const PLAIN_CODE: [&str; 2] = ["code", "编码"];
const NUMBER: [&str; 5] = ["网格序号", "网格编号", "微网格序号", "number", "gridnumber"];
const NAME: [&str; 5] = ["网格名称", "微网格名称", "gridname", "name", "名称"];
const PARENT: [&str; 9] = [
    "所属社区编码",
    "所属网格编码",
    "社区编码",
    "上级编码",
    "所属上级编码",
    "communitycode",
    "villagecode",
    "parentcode",
    "parent",
];
const HOUSEHOLDS: [&str; 3] = ["户数", "households", "居民户数"];
const RESIDENTS: [&str; 5] = ["人数", "residents", "人口数", "常住人口", "人口"];
const MERCHANTS: [&str; 4] = ["商户数", "merchants", "商户", "门店数"];
const WORKER: [&str; 4] = ["网格员", "网格员姓名", "worker", "workername"];

/// Where the columns of a grid table stand.
pub(super) struct Columns {
    code: Option<usize>,
    number: Option<usize>,
    parent: Option<usize>,
    name: usize,
    worker: Option<usize>,
    figures: [Option<usize>; 3],
}

impl Columns {
    /// The columns, or none when the table is not one of grids.
    pub fn of(table: &Table) -> Option<Self> {
        let figures = [&HOUSEHOLDS[..], &RESIDENTS[..], &MERCHANTS[..]].map(|names| table.column(names));
        let own_code = table.column(&CODE);
        let (number, parent) = (table.column(&NUMBER), table.column(&PARENT));
        let is_grid_table =
            own_code.is_some() || (number.is_some() && parent.is_some()) || figures.iter().any(Option::is_some);
        let code = own_code.or_else(|| table.column(&PLAIN_CODE));
        let has_code = code.is_some() || (number.is_some() && parent.is_some());
        let name = table.column(&NAME)?;
        (is_grid_table && has_code).then(|| Self { code, number, parent, name, worker: table.column(&WORKER), figures })
    }
}

/// Reads a table of grids.
///
/// # Errors
/// [`TableError`] when the file cannot be read or its header is unknown.
pub fn parse_grids(source: impl Read + 'static, known: &dyn KnownAreas) -> Result<Parsed<AreaRecord>, TableError> {
    let table = Table::read(source)?;
    match Columns::of(&table) {
        Some(columns) => Ok(parse(table, &columns, known)),
        None => Err(table.unknown_header(EXPECTED)),
    }
}

pub(super) fn parse(table: Table, columns: &Columns, known: &dyn KnownAreas) -> Parsed<AreaRecord> {
    let mut gathered = Gathered::starting_with(table.findings);
    for row in &table.rows {
        let cell = |column: Option<usize>| column.map_or("", |column| row.get(column));
        match read_grid(row, columns) {
            Ok((code, name)) => {
                let profile = read_profile(&mut gathered.findings, row, code, columns.figures);
                let worker_name = read_name(cell(columns.worker)).ok();
                gathered.add(Candidate { line: row.line, code, name, role: Role::Own, profile, worker_name });
            }
            Err((written, fault)) => gathered.refuse(row.line, &written, fault),
        }
    }
    let (rows, findings) = gathered.resolve(known);
    Parsed { rows, findings, n_read: table.n_read, notes: table.notes }
}

fn read_grid(row: &Row, columns: &Columns) -> Result<(AreaCode, String), (String, Fault)> {
    let cell = |column: Option<usize>| column.map_or("", |column| row.get(column));
    let (written, number, parent) = (cell(columns.code), cell(columns.number), cell(columns.parent));
    let named = if written.is_empty() { format!("{parent}+{number}") } else { written.to_owned() };
    let read = || {
        let code = if written.is_empty() { numbered(parent, number)? } else { read_code(written)? };
        if !matches!(code.level(), AreaLevel::Grid | AreaLevel::MicroGrid) {
            return Err(Fault::LevelMismatch {
                written: "网格".to_owned(),
                expected: level_name(code.level()).to_owned(),
            });
        }
        check_parent(code, parent)?;
        Ok((code, read_name(row.get(columns.name))?))
    };
    read().map_err(|fault| (named, fault))
}

/// The code from the area above and a number from 1 to 999, written as 3, 03, 003 or 第3网格.
fn numbered(parent: &str, number: &str) -> Result<AreaCode, Fault> {
    let above = read_code(parent)?;
    let digits: String = plain_digits(number).chars().filter(char::is_ascii_digit).collect();
    let nth: u32 = digits.parse().map_err(|_| Fault::BadCode { written: format!("{parent}+{number}") })?;
    if matches!(above.level(), AreaLevel::Community | AreaLevel::Grid) {
        above.child(nth).map_err(|_| Fault::BadCode { written: format!("{parent}+{number}") })
    } else {
        let written = level_name(above.level()).to_owned();
        Err(Fault::LevelMismatch { written, expected: level_name(AreaLevel::Community).to_owned() })
    }
}

fn read_profile(findings: &mut Vec<Finding>, row: &Row, code: AreaCode, figures: [Option<usize>; 3]) -> Profile {
    let mut read = |column: Option<usize>, label: &str| {
        let written = column.map_or("", |column| row.get(column));
        if written.is_empty() {
            return None;
        }
        let digits = plain_digits(written).replace([',', '，'], "");
        let figure = digits.trim_end_matches(['户', '人', '家', '个']).parse().ok();
        if figure.is_none() {
            let fault = Fault::BadNumber { column: label.to_owned(), written: written.chars().take(20).collect() };
            findings.push(Finding::new(row.line, Some(code.as_str()), fault));
        }
        figure
    };
    let [households, residents, merchants] = figures;
    Profile {
        households: read(households, "户数"),
        residents: read(residents, "人数"),
        merchants: read(merchants, "商户数"),
    }
}
