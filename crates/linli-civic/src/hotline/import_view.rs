//! An import as the desk shows it.

use serde::Serialize;

use linli_kernel::{ImportId, Timestamp};

use super::columns::Column;
use super::import_store::{Counts, Import, ImportState, SheetPlan};
use super::partner;
use crate::app::App;
use crate::sheets::sheet::SheetFault;

/// One column of a sheet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineSheetColumn)]
pub struct ColumnView {
    /// The header as it stands.
    header: String,
    /// What it is read as; nothing: not read.
    column: Option<Column>,
}

/// One sheet of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineSheet)]
pub struct SheetView {
    /// Which, from 0.
    sheet: u32,
    /// Its name; empty for a text file.
    name: String,
    /// The last row of its header, from 1.
    header_row: u32,
    /// Rows below it.
    n_rows: u32,
    /// Whether it is imported.
    chosen: bool,
    /// Its columns from the left.
    columns: Vec<ColumnView>,
    /// Columns that an import cannot do without and that were not found.
    missing: Vec<Column>,
}

/// 工单导入
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineImport)]
pub struct ImportView {
    /// Which.
    id: ImportId,
    /// The hotline's id.
    partner: String,
    /// The hotline's name.
    partner_name: String,
    /// The file as its sender called it.
    file_name: String,
    /// Bytes.
    size_bytes: i64,
    /// How it stands.
    state: ImportState,
    /// Whether finished orders are entered too.
    with_history: bool,
    /// Rows that may hold an order.
    n_rows: i64,
    /// Rows that have an outcome.
    n_done: i64,
    /// What became of them.
    counts: Counts,
    /// Its sheets.
    sheets: Vec<SheetView>,
    /// Why it failed, in words.
    fault: Option<String>,
    /// When it was brought.
    created_at: Timestamp,
    /// When it was begun.
    started_at: Option<Timestamp>,
    /// When it ended.
    finished_at: Option<Timestamp>,
    /// Whether the file is still here, so that the sheet of errors can be made.
    has_file: bool,
}

/// What no order can do without.
const NEEDED: &[&[Column]] = &[
    &[Column::OrderNo],
    &[Column::Content, Column::Title],
    &[Column::Community, Column::Street, Column::Spot, Column::District],
];

fn view_sheet(plan: &SheetPlan) -> SheetView {
    let columns = plan.layout.headers.iter().zip(&plan.layout.columns).filter(|(header, _)| !header.is_empty());
    let missing = NEEDED
        .iter()
        .filter(|any| !any.iter().any(|column| plan.layout.has(*column)))
        .filter_map(|any| any.first().copied());
    SheetView {
        sheet: plan.sheet,
        name: plan.name.clone(),
        header_row: plan.layout.header_row,
        n_rows: plan.n_rows,
        chosen: plan.chosen,
        columns: columns.map(|(header, column)| ColumnView { header: header.clone(), column: *column }).collect(),
        missing: missing.collect(),
    }
}

/// An import as it is shown.
#[must_use]
pub fn view(app: &App, import: &Import, counts: Counts) -> ImportView {
    let name = partner::find(app, Some(&import.partner)).map_or_else(|| import.partner.clone(), |hotline| hotline.name);
    ImportView {
        id: import.id,
        partner: import.partner.clone(),
        partner_name: name,
        file_name: import.file_name.clone(),
        size_bytes: import.size_bytes,
        state: import.state,
        with_history: import.with_history,
        n_rows: import.n_rows,
        n_done: counts.total(),
        counts,
        sheets: import.sheets.iter().map(view_sheet).collect(),
        fault: import.fault.as_deref().map(SheetFault::sentence_of),
        created_at: import.created_at,
        started_at: import.started_at,
        finished_at: import.finished_at,
        has_file: app.hotline.files.path(import.id).exists(),
    }
}
