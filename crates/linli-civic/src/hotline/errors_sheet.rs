//! 错误表: the rows that were not entered, each as it came, with the reason beside it. Corrected, it can be imported again.

use std::collections::HashMap;
use std::sync::Arc;

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::files::Scratch;
use super::import_store::{self, Import, Outcome, RowOutcome};
use super::order::RowFault;
use super::sheet::{self, Cell, Next, SheetFault};
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::say::Lang;
use linli_kernel::ProblemCode;

/// Rows of outcomes read at a time.
const PAGE: i64 = 5_000;
/// Most characters of an Excel cell.
const MAX_CELL: usize = 32_000;

/// Why a row was refused, in words.
#[must_use]
pub fn sentence(fault: &RowFault, lang: Lang) -> String {
    let mut values: Vec<(&str, String)> =
        fault.values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    if fault.code == "refused" {
        for (name, value) in &mut values {
            match *name {
                "code" => *value = lang.text(&format!("problem_title.{value}")),
                "fields" if !value.is_empty() => *value = format!(" ({value})"),
                _ => {}
            }
        }
    }
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lang.say(&format!("hotline_fault.{}", fault.code), &values)
}

/// All reasons of a row in one text.
#[must_use]
pub fn sentences(faults: &[RowFault], lang: Lang) -> String {
    faults.iter().map(|fault| sentence(fault, lang)).collect::<Vec<_>>().join(if lang == Lang::En { " " } else { "" })
}

/// Writes the sheet.
///
/// # Errors
/// `NotFound` when the file is no longer kept; the database's.
pub async fn write(app: &App, import: &Import, lang: Lang) -> Answer<Scratch> {
    let id = import.id;
    let mut why: HashMap<(u32, u32), (Outcome, Vec<RowFault>)> = HashMap::new();
    let mut after = (0, 0);
    loop {
        let page: Vec<RowOutcome> =
            app.db.read(move |conn| import_store::explained(conn, id, after, PAGE).map_err(Refused::from)).await?;
        let Some(last) = page.last() else { break };
        after = (last.sheet, last.n);
        why.extend(page.into_iter().map(|row| ((row.sheet, row.n), (row.outcome, row.faults))));
    }
    let path = app.hotline.path(id);
    if !path.exists() {
        return Err(ProblemCode::NotFound.into());
    }
    let out = app.hotline.scratch(&format!("{id}-errors"))?;
    let (import, folder) = (import.clone(), app.hotline.folder()?.to_owned());
    let why = Arc::new(why);
    let written = app.slowly(move || {
        let mut out = out;
        fill(&path, &import, &why, lang, &folder, &mut out).map(|()| out)
    });
    written.await?.map_err(|error| {
        tracing::error!(%error, "a sheet of errors cannot be written");
        ProblemCode::Internal.into()
    })
}

/// Why a sheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The file that it is made of cannot be read.
    #[error("the file cannot be read again")]
    Read(#[from] SheetFault),
    /// It cannot be written.
    #[error("the sheet cannot be written")]
    Write(#[from] XlsxError),
    /// The file is taken already.
    #[error("the file to write is gone")]
    Gone,
}

fn fill(
    path: &std::path::Path,
    import: &Import,
    why: &HashMap<(u32, u32), (Outcome, Vec<RowFault>)>,
    lang: Lang,
    folder: &std::path::Path,
    out: &mut Scratch,
) -> Result<(), WriteFault> {
    let mut book = Workbook::new();
    book.set_tempdir(folder)?;
    let page = book.add_worksheet_with_constant_memory()?;
    page.set_name(lang.text("hotline.sheet_errors"))?;
    let mut writer = TextRows { page, row: 0, plain: Format::new(), quoted: Format::new().set_quote_prefix() };
    let mut current: Option<u32> = None;
    let mut fault = None;
    sheet::read(path, &mut |name, row| {
        let Some(plan) = import.sheets.iter().find(|plan| plan.sheet == row.sheet && plan.chosen) else {
            return Next::Sheet;
        };
        let Some((outcome, faults)) = why.get(&(row.sheet, row.n)) else { return Next::Row };
        let mut cells: Vec<String> = Vec::new();
        if current != Some(row.sheet) {
            current = Some(row.sheet);
            cells.extend(plan.layout.headers.iter().cloned());
            cells.resize(plan.layout.headers.len(), String::new());
            cells.extend(
                ["column_row", "column_outcome", "column_reason"].map(|key| lang.text(&format!("hotline.{key}"))),
            );
            if let Err(error) = writer.write(&cells) {
                fault = Some(error);
                return Next::Stop;
            }
            cells.clear();
        }
        cells.extend(row.cells.iter().map(Cell::text));
        cells.resize(plan.layout.headers.len().max(row.cells.len()), String::new());
        let at = if name.is_empty() { row.n.to_string() } else { format!("{name}!{}", row.n) };
        cells.extend([at, lang.text(&format!("hotline.outcome_{}", outcome.as_str())), sentences(faults, lang)]);
        match writer.write(&cells) {
            Ok(()) => Next::Row,
            Err(error) => {
                fault = Some(error);
                Next::Stop
            }
        }
    })?;
    if let Some(error) = fault {
        return Err(error.into());
    }
    let file = out.file.take().ok_or(WriteFault::Gone)?;
    book.save_to_writer(file)?;
    Ok(())
}

/// Rows of text: nothing that is written can be a formula.
pub struct TextRows<'a> {
    /// Where they are written.
    pub page: &'a mut rust_xlsxwriter::Worksheet,
    /// The next row, from 0.
    pub row: u32,
    /// Of ordinary cells.
    pub plain: Format,
    /// Of cells that begin like a formula: they stay text even when somebody edits them.
    pub quoted: Format,
}

impl TextRows<'_> {
    /// Writes the next row.
    ///
    /// # Errors
    /// When the sheet is full or cannot be written.
    pub fn write(&mut self, cells: &[String]) -> Result<(), XlsxError> {
        for (cell, column) in cells.iter().zip(0_u16..) {
            if cell.is_empty() {
                continue;
            }
            let short: String;
            let text = if cell.len() > MAX_CELL {
                short = cell.chars().take(MAX_CELL / 4).collect();
                short.as_str()
            } else {
                cell.as_str()
            };
            let format = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { &self.quoted } else { &self.plain };
            self.page.write_string_with_format(self.row, column, text, format)?;
        }
        self.row += 1;
        Ok(())
    }
}
