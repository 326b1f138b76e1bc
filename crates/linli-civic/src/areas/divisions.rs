//! 行政区划 from the tables in which they are passed around.
//!
//! Three layouts are known by their header: a row per village with everything above it beside it; the four files of the
//! `china-division` package; a plain list of code and name. Codes may have 4, 6, 9 or 12 digits.

use std::io::Read;

use linli_kernel::{AreaCode, AreaLevel};

use super::faults::{Fault, Parsed};
use super::grids;
use super::records::{AreaRecord, Candidate, Gathered, KnownAreas, Profile, Role, level_name, level_of_word, read_own};
use super::table::{Row, Table, TableError, read_code, read_name};

const EXPECTED: &str = "区划表应有 code、name（编码、名称）两列，或 village_code、village、street_code、street、area_code、area 六列；\
     网格表应有“网格编码”（或“所属社区编码”和“网格序号”）与“网格名称”。";

const CODE: [&str; 7] = ["code", "编码", "代码", "区划代码", "行政区划代码", "统计用区划代码", "区域编码"];
const NAME: [&str; 6] = ["name", "名称", "区划名称", "行政区划名称", "区域名称", "单位名称"];
const PARENT: [&str; 5] = ["parent", "parentcode", "上级编码", "上级代码", "所属上级编码"];
const LEVEL: [&str; 4] = ["level", "层级", "级别", "区划级别"];

/// Column names of one level in the joined layout.
struct LevelColumns {
    level: AreaLevel,
    codes: &'static [&'static str],
    names: &'static [&'static str],
}

const JOINED: [LevelColumns; 4] = [
    LevelColumns {
        level: AreaLevel::Community,
        codes: &["villagecode", "communitycode", "社区编码", "村级代码", "村居编码"],
        names: &["village", "villagename", "community", "社区名称", "村级名称", "村居名称"],
    },
    LevelColumns {
        level: AreaLevel::Street,
        codes: &["streetcode", "towncode", "街道编码", "镇街编码", "乡级代码"],
        names: &["street", "streetname", "town", "街道名称", "镇街名称", "乡级名称"],
    },
    LevelColumns {
        level: AreaLevel::County,
        codes: &["areacode", "countycode", "区县编码", "县区编码", "县级代码"],
        names: &["area", "county", "countyname", "区县名称", "县区名称", "县级名称"],
    },
    LevelColumns {
        level: AreaLevel::City,
        codes: &["citycode", "城市编码", "地市编码", "地级代码"],
        names: &["city", "cityname", "城市名称", "地市名称", "地级名称"],
    },
];

/// Reads any table of areas: divisions or grids, told apart by the header.
///
/// # Errors
/// [`TableError`] when the file cannot be read or its header is unknown.
pub fn parse_areas(source: impl Read + 'static, known: &dyn KnownAreas) -> Result<Parsed<AreaRecord>, TableError> {
    let table = Table::read(source)?;
    if let Some(columns) = grids::Columns::of(&table) {
        return Ok(grids::parse(table, &columns, known));
    }
    parse(table, known)
}

/// Reads a table of official divisions.
///
/// # Errors
/// [`TableError`] when the file cannot be read or its header is unknown.
pub fn parse_divisions(source: impl Read + 'static, known: &dyn KnownAreas) -> Result<Parsed<AreaRecord>, TableError> {
    parse(Table::read(source)?, known)
}

fn parse(table: Table, known: &dyn KnownAreas) -> Result<Parsed<AreaRecord>, TableError> {
    let joined: Vec<(AreaLevel, usize, usize)> =
        JOINED.iter().filter_map(|c| Some((c.level, table.column(c.codes)?, table.column(c.names)?))).collect();
    let mut gathered = Gathered::starting_with(table.findings.clone());
    if let Some(((level, code, name), above)) = joined.split_first() {
        for row in &table.rows {
            take_joined(&mut gathered, row, (*level, row.get(*code), row.get(*name)), above);
        }
    } else if let (Some(code), Some(name)) = (table.column(&CODE), table.column(&NAME)) {
        let parents = ["streetcode", "areacode", "citycode"].map(|column| table.column(&[column]));
        let parent = table.column(&PARENT).or_else(|| parents.into_iter().flatten().next());
        let level = table.column(&LEVEL);
        for row in &table.rows {
            take_plain(&mut gathered, row, (code, name), parent, level);
        }
    } else {
        return Err(table.unknown_header(EXPECTED));
    }
    let (rows, findings) = gathered.resolve(known);
    Ok(Parsed { rows, findings, n_read: table.n_read, notes: table.notes })
}

/// A row of the joined layout: its deepest level is its own, the others are repeated.
fn take_joined(
    gathered: &mut Gathered,
    row: &Row,
    (level, written, name): (AreaLevel, &str, &str),
    above: &[(AreaLevel, usize, usize)],
) {
    for (level, code, name) in above {
        gathered.add_repeated(row.line, *level, row.get(*code), row.get(*name));
    }
    let parent = above.first().map_or("", |(_, code, _)| row.get(*code));
    match read_own(level, written, name).and_then(|(code, name)| check_parent(code, parent).map(|()| (code, name))) {
        Ok((code, name)) => gathered.add(own(row.line, code, name)),
        Err(fault) => gathered.refuse(row.line, written, fault),
    }
}

fn take_plain(
    gathered: &mut Gathered,
    row: &Row,
    (code, name): (usize, usize),
    parent: Option<usize>,
    level: Option<usize>,
) {
    let written = row.get(code);
    let read = || {
        let code = read_code(written)?;
        check_parent(code, parent.map_or("", |column| row.get(column)))?;
        check_level(code, level.map_or("", |column| row.get(column)))?;
        Ok((code, read_name(row.get(name))?))
    };
    match read() {
        Ok((code, name)) => gathered.add(own(row.line, code, name)),
        Err(fault) => gathered.refuse(row.line, written, fault),
    }
}

fn own(line: u32, code: AreaCode, name: String) -> Candidate {
    Candidate { line, code, name, role: Role::Own, profile: Profile::default(), worker_name: None }
}

/// A written parent must be the one that the code itself shows; nothing written is nothing wrong.
pub(super) fn check_parent(code: AreaCode, written: &str) -> Result<(), Fault> {
    let Some(expected) = code.parent().filter(|_| !written.is_empty()) else { return Ok(()) };
    let is_expected = read_code(written).is_ok_and(|parent| parent == expected);
    if is_expected {
        Ok(())
    } else {
        Err(Fault::ParentMismatch { written: written.to_owned(), expected: expected.to_string() })
    }
}

fn check_level(code: AreaCode, written: &str) -> Result<(), Fault> {
    match level_of_word(written) {
        Some(level) if level != code.level() => {
            Err(Fault::LevelMismatch { written: written.to_owned(), expected: level_name(code.level()).to_owned() })
        }
        _ => Ok(()),
    }
}
