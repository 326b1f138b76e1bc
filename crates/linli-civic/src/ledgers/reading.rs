//! What an empty workbook asks for: its sheet, its header, the rows that explain.

use std::collections::BTreeSet;
use std::path::Path;

use super::model::Form;
use crate::registry::ledger::{self, Column, Layout, Subject};
use crate::sheets::header::{MAX_HEAD_ROWS, Mapping, header_key, is_hint};
use crate::sheets::sheet::{self, Format, Next, SheetFault};
use crate::sheets::template::{self, BadTemplate, Table};

/// Why a workbook is not kept.
#[derive(Debug)]
pub enum NotKept {
    /// It cannot be read.
    Fault(SheetFault),
    /// It is no .xlsx: an old .xls or a text has no looks that could be kept.
    NotXlsx,
    /// No row of it names columns.
    NoHeader,
    /// It can be read and not filled.
    Unfillable(BadTemplate),
}

type Head = Vec<(u32, Vec<String>)>;

/// Looks at a workbook; the first sheet with a header counts. It is filled with nothing once: whoever brings it hears what is wrong
/// with it, not whoever needs it later.
///
/// # Errors
/// [`NotKept`].
pub fn look(path: &Path, file: &[u8], kind: Subject) -> Result<Form, NotKept> {
    let mut heads: Vec<(String, Head)> = Vec::new();
    let format = sheet::read(path, &mut |name, row| {
        if heads.last().is_none_or(|(last, _)| last != name) {
            heads.push((name.to_owned(), Vec::new()));
        }
        let Some((_, head)) = heads.last_mut() else { return Next::Stop };
        head.push((row.n, row.cells.iter().map(sheet::Cell::text).collect()));
        if head.len() < MAX_HEAD_ROWS { Next::Row } else { Next::Sheet }
    });
    match format.map_err(NotKept::Fault)? {
        Format::Xlsx => {}
        Format::Xls | Format::Text => return Err(NotKept::NotXlsx),
    }
    let form = heads.into_iter().find_map(|(sheet, head)| form(sheet, &head, kind)).ok_or(NotKept::NoHeader)?;
    let header_row = form.layout.header_row;
    let empty =
        Table { sheet: form.sheet.clone(), header_row, n_hints: form.n_hints, columns: Vec::new(), rows: Vec::new() };
    template::fill(file, &empty).map_err(NotKept::Unfillable)?;
    Ok(form)
}

fn form(sheet: String, head: &[(u32, Vec<String>)], kind: Subject) -> Option<Form> {
    let layout = Layout::find(head, &ledger::names(kind, &Mapping::new()))?;
    let below = |n: u32| head.iter().find(|(row, _)| *row == layout.header_row + n).map(|(_, cells)| cells);
    let explains = |cells: &Vec<String>| cells.iter().find(|cell| !cell.is_empty()).is_some_and(|cell| is_hint(cell));
    let hints: Vec<&Vec<String>> = (1..).map_while(|n| below(n).filter(|cells| explains(cells))).collect();
    let mut digits = BTreeSet::new();
    for cells in &hints {
        digits.extend(cells.iter().enumerate().filter(|(_, cell)| cell.contains("1=")).map(|(at, _)| at));
    }
    let n_hints = u32::try_from(hints.len()).unwrap_or(0);
    Some(Form { sheet, layout, n_hints, digits })
}

/// What the columns mean after a person chose; a header that is not named keeps its meaning.
#[must_use]
pub fn mapped(form: &Form, chosen: &Mapping<Column>) -> Form {
    let mut names = Mapping::new();
    for (header, column) in form.layout.headers.iter().zip(&form.layout.columns) {
        names.insert(header_key(header), *column);
    }
    names.extend(chosen.iter().map(|(header, column)| (header_key(header), *column)));
    Form { layout: form.layout.read_again(&names), ..form.clone() }
}
