//! 错误表: the rows that were not entered, each as it came, with the reason beside it. Corrected, it can be imported again.

use std::collections::HashMap;
use std::sync::Arc;

use rust_xlsxwriter::Workbook;

use super::import_store::{self, Import, Outcome, RowOutcome};
use super::order::RowFault;
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::say::Lang;
use crate::sheets::Scratch;
use crate::sheets::rows::{TextRows, WriteFault};
use crate::sheets::sheet::{self, Cell, Next};
use linli_kernel::ProblemCode;

/// Rows of outcomes read at a time.
const PAGE: i64 = 5_000;

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
    let path = app.hotline.files.path(id);
    if !path.exists() {
        return Err(ProblemCode::NotFound.into());
    }
    let out = app.hotline.files.scratch(&format!("{id}-errors"))?;
    let (import, folder) = (import.clone(), app.hotline.files.folder()?.to_owned());
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
    let mut writer = TextRows::new(page);
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
