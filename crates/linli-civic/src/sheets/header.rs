//! 表头: which row of a sheet names its columns, and what each column is read as. Pure.
//!
//! Headers are found by their names and by what else people call them; a person may change what was found. Titles above the
//! header, headers of two rows with merged cells, and rows that only explain how to fill in the sheet are survived.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::clean::key;

/// What a column may be read as.
pub trait Meaning: Copy + Eq + Hash {
    /// So many known headers make a header row.
    const LEAST: usize = 3;

    /// The meaning that a header names.
    fn of_header(header: &str) -> Option<Self>;

    /// Whether several columns of a sheet may be read as this one.
    fn may_repeat(self) -> bool;

    /// Whether a sheet with these columns holds what is looked for.
    fn is_enough(columns: &[Option<Self>]) -> bool;
}

/// A header without what people hang on it: 来电号码（必填）, *来电号码, 来电号码：.
#[must_use]
pub fn header_key(header: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::new();
    for c in key(header).chars() {
        match c {
            '(' | '[' | '【' | '<' => depth += 1,
            ')' | ']' | '】' | '>' => depth = depth.saturating_sub(1),
            '*' | ':' | '/' | '_' | '、' | '-' => {}
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// What a header is read as; `None` means that it is not read.
pub type Mapping<M> = BTreeMap<String, Option<M>>;

/// The columns of one sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout<M> {
    /// The last row of the header, counted from 1.
    pub header_row: u32,
    /// The headers as they stand, by column from 0.
    pub headers: Vec<String>,
    /// What each column is read as.
    pub columns: Vec<Option<M>>,
}

/// Rows at the top that may hold titles before the header.
pub const MAX_HEAD_ROWS: usize = 30;
/// Longer than this is no header.
const MAX_HEADER_CHARS: usize = 20;

impl<M: Meaning> Layout<M> {
    /// Finds the header among the first rows of a sheet: the row, or two rows where groups stand above their columns, that
    /// names most columns. `None` for a sheet without what is looked for.
    #[must_use]
    pub fn find(head: &[(u32, Vec<String>)], chosen: &Mapping<M>) -> Option<Self> {
        let known = |cells: &[String]| cells.iter().filter(|cell| read_as(cell, chosen).is_some()).count();
        let (i, n) = head
            .iter()
            .enumerate()
            .map(|(i, (_, cells))| (i, known(cells)))
            .max_by_key(|(i, n)| (*n, std::cmp::Reverse(*i)))?;
        if n < M::LEAST {
            return None;
        }
        let (row, cells) = head.get(i)?;
        let mut headers = cells.clone();
        let mut header_row = *row;
        // A header of two rows, whichever of them names more: what is merged downwards stands in the upper one, what is under a
        // group in the lower one.
        let above = i.checked_sub(1).and_then(|i| head.get(i)).filter(|(_, cells)| is_header_like(cells, known(cells)));
        let below = head.get(i + 1).filter(|(_, cells)| is_header_like(cells, known(cells)));
        if let Some((_, upper)) = above {
            merge(&mut headers, upper, chosen);
        }
        if let Some((row, lower)) = below {
            header_row = *row;
            let upper = std::mem::replace(&mut headers, lower.clone());
            merge(&mut headers, &upper, chosen);
        }
        let columns = assign(&headers, chosen);
        M::is_enough(&columns).then_some(Self { header_row, headers, columns })
    }

    /// The same headers, read anew by what was chosen.
    #[must_use]
    pub fn read_again(&self, chosen: &Mapping<M>) -> Self {
        Self { columns: assign(&self.headers, chosen), headers: self.headers.clone(), header_row: self.header_row }
    }

    /// The columns that are read as `column`, from the left.
    pub fn of(&self, column: M) -> impl Iterator<Item = usize> {
        self.columns.iter().enumerate().filter(move |(_, found)| **found == Some(column)).map(|(i, _)| i)
    }

    /// Whether anything is read as `column`.
    #[must_use]
    pub fn has(&self, column: M) -> bool {
        self.of(column).next().is_some()
    }
}

/// Below a header stand its parts: nearly every cell is a header itself.
fn is_header_like(cells: &[String], known: usize) -> bool {
    let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
    let is_short = |cell: &String| cell.chars().count() <= MAX_HEADER_CHARS && !is_hint(cell);
    known > 0 && known * 2 >= filled && cells.iter().all(is_short)
}

/// Fills headers from the other row where this one has none that is known.
fn merge<M: Meaning>(headers: &mut Vec<String>, other: &[String], chosen: &Mapping<M>) {
    headers.resize(headers.len().max(other.len()), String::new());
    for (header, other) in headers.iter_mut().zip(other) {
        if read_as(header, chosen).is_none() && (header.is_empty() || read_as(other, chosen).is_some()) {
            header.clone_from(other);
        }
    }
}

fn read_as<M: Meaning>(header: &str, chosen: &Mapping<M>) -> Option<M> {
    match chosen.get(&header_key(header)) {
        Some(choice) => *choice,
        None => M::of_header(header),
    }
}

/// Each column is read once, the leftmost header winning, unless it may repeat; a choice of a person wins over a name.
fn assign<M: Meaning>(headers: &[String], chosen: &Mapping<M>) -> Vec<Option<M>> {
    let mut taken: HashSet<M> = HashSet::new();
    let mut columns: Vec<Option<M>> = vec![None; headers.len()];
    for by_choice in [true, false] {
        for (slot, header) in columns.iter_mut().zip(headers) {
            if header.is_empty() || slot.is_some() || chosen.contains_key(&header_key(header)) != by_choice {
                continue;
            }
            let Some(column) = read_as(header, chosen) else { continue };
            if column.may_repeat() || taken.insert(column) {
                *slot = Some(column);
            }
        }
    }
    columns
}

/// Words with which rows begin that explain the sheet and hold no record.
const HINTS: &[&str] = &[
    "填写说明",
    "填表说明",
    "说明:",
    "说明：",
    "示例",
    "样例",
    "例:",
    "例：",
    "例如",
    "注:",
    "注：",
    "备注:",
    "必填",
    "选填",
    "填写要求",
    "合计",
    "总计",
    "共计",
];

/// Whether a cell in front of a row says that the row holds no record.
#[must_use]
pub fn is_hint(cell: &str) -> bool {
    let plain = key(cell);
    let plain = plain.trim_start_matches(['(', '[', '【', '*', '（']);
    HINTS.iter().any(|hint| plain.starts_with(&key(hint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_known_by_how_they_begin() {
        for hint in ["填写说明：红色为必填", "【示例】WN001", "示例", "（必填）", "必填，真实姓名", "合计"]
        {
            assert!(is_hint(hint), "{hint}");
        }
        assert!(!is_hint("WN20260928001"));
    }
}
