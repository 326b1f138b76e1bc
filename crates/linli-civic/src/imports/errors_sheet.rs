//! 错误表: the rows that were not entered, each as it came but for the refused columns, with the reason beside it. Corrected, it
//! can be imported again.

use std::collections::HashMap;

use linli_access::Vault;
use linli_kernel::ProblemCode;
use rust_xlsxwriter::Workbook;

use super::intake;
use super::reading::RowFault;
use super::store::{self as import_store, Explained, Import};
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::say::Lang;
use crate::sheets::Scratch;
use crate::sheets::rows::{TextRows, WriteFault};

/// Rows of reasons read at a time.
const PAGE: i64 = 5_000;

/// Why a row was not entered, in words.
#[must_use]
pub fn sentence(fault: &RowFault, lang: Lang) -> String {
    let key = format!("registry_fault.{}", fault.code);
    let key = if lang.has(&key) { key } else { "registry_fault.refused".to_owned() };
    lang.say(&key, &[("column", &fault.column), ("area", &fault.area)])
}

/// All reasons of a row in one text.
#[must_use]
pub fn sentences(faults: &[RowFault], lang: Lang) -> String {
    faults.iter().map(|fault| sentence(fault, lang)).collect::<Vec<_>>().join(if lang == Lang::En { " " } else { "" })
}

/// Writes the sheet.
///
/// # Errors
/// `NotFound` when the rows are no longer kept; the database's.
pub async fn write(app: &App, import: &Import, lang: Lang) -> Answer<Scratch> {
    let id = import.id;
    let mut why: HashMap<(u32, u32), Explained> = HashMap::new();
    let mut after = (0, 0);
    loop {
        let page: Vec<Explained> =
            app.db.read(move |conn| import_store::explained(conn, id, after, PAGE).map_err(Refused::from)).await?;
        let Some(last) = page.last() else { break };
        after = (last.sheet, last.n);
        why.extend(page.into_iter().map(|row| ((row.sheet, row.n), row)));
    }
    let path = intake::kept_path(app, id);
    if !path.exists() {
        return Err(ProblemCode::NotFound.into());
    }
    let mut out = app.registry.scratch(&format!("{id}-errors"))?;
    let (import, vault, folder) = (import.clone(), app.vault.clone(), app.registry.folder()?.to_owned());
    let written = app.slowly(move || {
        let mut book = Workbook::new();
        book.set_tempdir(&folder)?;
        let page = book.add_worksheet_with_constant_memory()?;
        page.set_name(lang.text("registry.sheet_errors"))?;
        fill((&path, &vault), &import, &why, lang, &mut TextRows::new(page))?;
        let file = out.file.take().ok_or(WriteFault::Gone)?;
        book.save_to_writer(file)?;
        Ok::<_, WriteFault>(out)
    });
    written.await?.map_err(|error| {
        tracing::error!(%error, "a sheet of errors cannot be written");
        ProblemCode::Internal.into()
    })
}

fn fill(
    (path, vault): (&std::path::Path, &Vault),
    import: &Import,
    why: &HashMap<(u32, u32), Explained>,
    lang: Lang,
    rows: &mut TextRows<'_>,
) -> Result<(), WriteFault> {
    let mut current: Option<u32> = None;
    let mut fault = None;
    intake::rows(path, vault, (0, 0), &mut |row| {
        let Some(reason) = why.get(&(row.s, row.n)) else { return true };
        let Some(plan) = import.sheets.iter().find(|plan| plan.sheet == row.s) else { return true };
        if current != Some(row.s) {
            current = Some(row.s);
            let mut head = plan.layout.headers.clone();
            head.extend(["column_row", "column_reason"].map(|key| lang.text(&format!("registry.{key}"))));
            if let Err(error) = rows.write(&head) {
                fault = Some(error);
                return false;
            }
        }
        let mut cells = row.c.clone();
        cells.resize(plan.layout.headers.len(), String::new());
        let at = if plan.name.is_empty() { row.n.to_string() } else { format!("{}!{}", plan.name, row.n) };
        cells.extend([at, sentences(&reason.faults, lang)]);
        match rows.write(&cells) {
            Ok(()) => true,
            Err(error) => {
                fault = Some(error);
                false
            }
        }
    })?;
    fault.map_or(Ok(()), |error| Err(error.into()))
}
