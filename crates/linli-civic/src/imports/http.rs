//! Imports of ledgers on the desk: upload, look at the columns, preview, start, watch, read what was refused, take back.

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use linli_access::{Act, Caller, Keys, scope};
use linli_kernel::{AreaCode, ImportId, Phone, Problem, ProblemCode, RealName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::errors_sheet::{self, sentence, sentences};
use super::intake::{self, Brought, NotTaken, fingerprint};
use super::reading::RowFault;
use super::run::{self, Rehearsed};
use super::store::{self as import_store, Counts, Import, ImportState, RowOutcome};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::registry::fields::Kind;
use crate::registry::http::reached;
use crate::registry::ledger::{self, Column, Mapping, Subject, columns, has_ledger, names};
use crate::registry::view::field_name;
use crate::say::Lang;
use crate::sheets::header::header_key;
use crate::sheets::receive::receive;
use crate::sheets::send::send;
use crate::sheets::sheet::SheetFault;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // Streamed to disk and counted there.
        .routes(routes!(upload_ledger).map(|route| route.layer(DefaultBodyLimit::disable())))
        .routes(routes!(list_ledger_imports))
        .routes(routes!(show_ledger_import))
        .routes(routes!(choose_ledger_columns))
        .routes(routes!(preview_ledger_import))
        .routes(routes!(start_ledger_import))
        .routes(routes!(cancel_ledger_import))
        .routes(routes!(undo_ledger_import))
        .routes(routes!(list_ledger_faults))
        .routes(routes!(download_ledger_errors))
}

/// A column that a ledger may have.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerColumnName)]
pub struct ColumnName {
    /// Which.
    column: Column,
    /// Its header.
    name: String,
}

/// A header of a file and what it is read as.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerHeader)]
pub struct HeaderView {
    /// As it stands in the file.
    header: String,
    /// What it is read as; `null`: not read, and not stored.
    column: Option<Column>,
}

/// A sheet of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerSheet)]
pub struct SheetView {
    /// Its name.
    name: String,
    /// In which row its header stands.
    header_row: u32,
    /// Rows below it.
    n_rows: u32,
    /// Its headers.
    headers: Vec<HeaderView>,
}

/// 台账导入
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerImport)]
pub struct ImportView {
    /// Which.
    id: String,
    /// Of what.
    #[schema(value_type = String)]
    kind: &'static str,
    /// Where its records may lie.
    area: AreaRef,
    /// As its sender called it.
    file_name: String,
    /// How it stands.
    state: ImportState,
    /// Its sheets.
    sheets: Vec<SheetView>,
    /// The columns that a ledger of this kind may have.
    columns: Vec<ColumnName>,
    /// The refused columns that were left out.
    left_out: Vec<String>,
    /// Rows below the headers.
    n_rows: i64,
    /// What came of them so far.
    counts: Counts,
    /// Records that were taken back.
    n_undone: i64,
    /// Records that somebody changed since and that stay.
    n_kept: i64,
    /// Why it failed, in words.
    fault: Option<String>,
    /// Whether the rows are still kept, for the sheet of errors.
    has_file: bool,
    /// When it was brought.
    created_at: Timestamp,
    /// When it ended.
    finished_at: Option<Timestamp>,
}

fn view(app: &App, import: &Import) -> ImportView {
    let sheets = import.sheets.iter().map(|plan| SheetView {
        name: plan.name.clone(),
        header_row: plan.layout.header_row,
        n_rows: plan.n_rows,
        headers: plan
            .layout
            .headers
            .iter()
            .zip(&plan.layout.columns)
            .filter(|(header, _)| !header.is_empty())
            .map(|(header, column)| HeaderView { header: header.clone(), column: *column })
            .collect(),
    });
    ImportView {
        id: import.id.to_string(),
        kind: import.kind.as_str(),
        area: app.areas().reference(&import.area),
        file_name: import.file_name.clone(),
        state: import.state,
        sheets: sheets.collect(),
        columns: columns(import.kind).map(|(column, name)| ColumnName { column, name: name.to_owned() }).collect(),
        left_out: import.left_out.clone(),
        n_rows: import.n_rows,
        counts: import.counts,
        n_undone: import.n_undone,
        n_kept: import.n_kept,
        fault: import.fault.as_deref().map(SheetFault::sentence_of),
        has_file: intake::kept_path(app, import.id).exists(),
        created_at: import.created_at,
        finished_at: import.finished_at,
    }
}

/// What is uploaded.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadLedger {
    /// `dwelling`, `resident`, `premises`, `firm`, `facility`, `visit` or `hazard`.
    kind: String,
    /// Where its records may lie: a community or a grid.
    area: String,
    /// What the file is called.
    file_name: Option<String>,
    /// Refused columns that are to be left out, one header a line.
    leave_out: Option<String>,
}

/// Uploads a ledger (xlsx, xls or csv, at most 64 MB) and looks at its columns. Nothing is entered yet. A file with columns that the
/// registry does not keep is refused with the reason of each; uploaded again with `leave_out` it is taken without them.
#[utoipa::path(post, path = "/api/registry/imports", tag = "registry", params(UploadLedger),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 201, body = ImportView), (status = 400, body = crate::http::ProblemBody), (status = 403, body = crate::http::ProblemBody), (status = 413, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("import_registry"))))]
async fn upload_ledger(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Query(wish): Query<UploadLedger>,
    body: Stream,
) -> Answer<(StatusCode, Json<ImportView>)> {
    let kind: Subject = wish.kind.parse().map_err(|()| Problem::field("kind", "not_an_option"))?;
    if !has_ledger(kind) {
        return Err(Problem::field("kind", "not_an_option").into());
    }
    let area: AreaCode = wish.area.parse().map_err(|_| Problem::field("area", "unknown_area"))?;
    if app.areas().get(&area).is_none() {
        return Err(Problem::field("area", "unknown_area").into());
    }
    let role = scope(&caller, Act::ImportRegistry).reaches(&Keys::of_area(&area)).ok_or(ProblemCode::Forbidden)?;
    let id = ImportId::new(app.ids.uuid(app.now()));
    if let Err(refused) = receive(&app.registry, id, body).await {
        app.registry.remove(id);
        return Err(refused);
    }
    let leave_out = wish.leave_out.as_deref().unwrap_or_default();
    let brought = Brought {
        kind,
        area,
        account: Some(caller.account),
        role: Some(role),
        file_name: wish.file_name.unwrap_or_default(),
        leave_out: leave_out.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect(),
    };
    let import = intake::bring(&app, id, brought).await?.map_err(not_taken)?;
    Ok((StatusCode::CREATED, Json(view(&app, &import))))
}

/// Why a workbook is not taken, as a problem that names each refused column.
fn not_taken(why: NotTaken) -> Refused {
    match why {
        NotTaken::Fault(fault) => Problem::new(ProblemCode::BadRequest).with("detail", fault.sentence()).into(),
        NotTaken::NoHeader => Problem::new(ProblemCode::BadRequest).with("detail_key", "no_header").into(),
        NotTaken::Columns(columns) => {
            let problem = Problem::new(ProblemCode::Invalid).with("detail_key", "refused_columns");
            columns
                .into_iter()
                .fold(problem, |problem, column| problem.and_field(column.header, column.reason.code()))
                .into()
        }
    }
}

/// An import that a caller may see: theirs, or one of an area that they hold.
async fn seen(app: &App, caller: &Caller, id: ImportId) -> Answer<Import> {
    let found = app.db.read(move |conn| import_store::import(conn, id).map_err(Refused::from)).await?;
    found
        .filter(|import| scope(caller, Act::ImportRegistry).reaches(&Keys::of_area(&import.area)).is_some())
        .ok_or_else(|| ProblemCode::NotFound.into())
}

async fn waiting(app: &App, caller: &Caller, id: ImportId) -> Answer<Import> {
    let import = seen(app, caller, id).await?;
    if import.state == ImportState::Uploaded { Ok(import) } else { Err(ProblemCode::NotNow.into()) }
}

/// A list of imports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerImports)]
pub struct Imports {
    /// Newest first.
    items: Vec<ImportView>,
}

/// Lists the latest imports of the caller's areas.
#[utoipa::path(get, path = "/api/registry/imports", tag = "registry", responses((status = 200, body = Imports)), extensions(("x-access" = json!("import_registry"))))]
async fn list_ledger_imports(Shared(app): Shared<App>, Signed(caller): Signed) -> Answer<Json<Imports>> {
    let own = reached(&caller, Act::ImportRegistry, None)?;
    let found = app.db.read(move |conn| import_store::imports(conn, &own, 20).map_err(Refused::from)).await?;
    Ok(Json(Imports { items: found.iter().map(|import| view(&app, import)).collect() }))
}

/// Shows an import and how far it is.
#[utoipa::path(get, path = "/api/registry/imports/{id}", tag = "registry", params(("id" = String, Path)),
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn show_ledger_import(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<Json<ImportView>> {
    let import = seen(&app, &caller, id).await?;
    Ok(Json(view(&app, &import)))
}

/// A header and what a person says it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerHeaderChoice)]
pub struct HeaderChoice {
    /// The header as it stands.
    header: String,
    /// What it is read as; nothing: not read.
    column: Option<Column>,
}

/// What a person decided about a file's columns.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChooseLedgerColumns {
    /// Each header of the file. Remembered for the next file of this area with the same headers.
    columns: Vec<HeaderChoice>,
}

/// Changes what the columns are read as.
#[utoipa::path(put, path = "/api/registry/imports/{id}/columns", tag = "registry", params(("id" = String, Path)), request_body = ChooseLedgerColumns,
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn choose_ledger_columns(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
    Body(body): Body<ChooseLedgerColumns>,
) -> Answer<Json<ImportView>> {
    let mut import = waiting(&app, &caller, id).await?;
    let known: Vec<Column> = columns(import.kind).map(|(column, _)| column).collect();
    if body.columns.iter().filter_map(|choice| choice.column).any(|column| !known.contains(&column)) {
        return Err(Problem::field("columns", "not_an_option").into());
    }
    let chosen: Mapping = body.columns.into_iter().map(|choice| (header_key(&choice.header), choice.column)).collect();
    for plan in &mut import.sheets {
        plan.layout = plan.layout.read_again(&names(import.kind, &chosen));
    }
    let (stored, now, account) = (import.clone(), app.now(), Some(caller.account));
    let is_kept = app.db.write(move |tx| {
        for plan in &stored.sheets {
            import_store::remember(tx, &stored, &fingerprint(&plan.layout), &chosen, (account, now))?;
        }
        import_store::relay(tx, id, &stored.sheets).map_err(Refused::from)
    });
    if !is_kept.await? {
        return Err(ProblemCode::NotNow.into());
    }
    Ok(Json(view(&app, &import)))
}

/// A row of a preview.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerPreviewRow)]
pub struct PreviewRow {
    /// Which row, from 1.
    row: u32,
    /// What would come of it.
    outcome: RowOutcome,
    /// What it is: a masked name, an address.
    what: String,
    /// The fields of a known record that would change, in words.
    changes: Vec<String>,
    /// Why it would be refused or left out.
    reason: Option<String>,
}

/// How often a reason stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerReasonCount)]
pub struct ReasonCount {
    /// In words.
    reason: String,
    /// In how many rows.
    n: i64,
}

/// What would come of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerPreview)]
pub struct Preview {
    /// Rows by what would become of them.
    counts: Counts,
    /// Why rows would be refused, the commonest first.
    reasons: Vec<ReasonCount>,
    /// The first rows.
    rows: Vec<PreviewRow>,
}

/// Reads every row and says what would come of it: new, changed, the same, refused. Nothing is written.
#[utoipa::path(post, path = "/api/registry/imports/{id}/preview", tag = "registry", params(("id" = String, Path)),
    responses((status = 200, body = Preview), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn preview_ledger_import(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
) -> Answer<Json<Preview>> {
    let import = waiting(&app, &caller, id).await?;
    let rehearsal = run::rehearse(&app, &import).await?.map_err(|fault| not_taken(NotTaken::Fault(fault)))?;
    let mut reasons: Vec<ReasonCount> = rehearsal
        .faults
        .into_iter()
        .map(|((code, column), n)| ReasonCount {
            reason: sentence(&RowFault { code, column, area: String::new() }, lang),
            n,
        })
        .collect();
    reasons.sort_by(|a, b| (b.n, &a.reason).cmp(&(a.n, &b.reason)));
    let rows = rehearsal.first.into_iter().map(|row| previewed(&import, row, lang)).collect();
    Ok(Json(Preview { counts: rehearsal.counts, reasons, rows }))
}

fn previewed(import: &Import, row: Rehearsed, lang: Lang) -> PreviewRow {
    let cell = |column: Column| {
        let plan = import.sheets.iter().find(|plan| plan.sheet == row.row.s);
        let at = plan.and_then(|plan| plan.layout.of(column).next());
        at.and_then(|i| row.row.c.get(i)).cloned().unwrap_or_default()
    };
    let shown = |column: Column| match column {
        Column::PersonName => RealName::parse(&cell(column)).map(|name| name.masked()).unwrap_or_default(),
        Column::Phone => Phone::parse(&cell(column)).map(|phone| phone.masked()).unwrap_or_default(),
        _ => cell(column),
    };
    let columns: &[Column] = match import.kind {
        Subject::Record(Kind::Resident) => {
            &[Column::PersonName, Column::Compound, Column::Building, Column::Unit, Column::Room, Column::Door]
        }
        Subject::Record(Kind::Dwelling | Kind::Household) => {
            &[Column::Compound, Column::Building, Column::Unit, Column::Room, Column::Door]
        }
        Subject::Record(Kind::Premises | Kind::Firm | Kind::Facility) => &[Column::Title, Column::Address],
        Subject::Visit => &[Column::Day, Column::Address, Column::Room, Column::Note],
        Subject::Hazard => &[Column::Day, Column::Title, Column::Address, Column::Note],
    };
    let what: Vec<String> = columns.iter().map(|column| shown(*column)).filter(|text| !text.is_empty()).collect();
    PreviewRow {
        row: row.row.n,
        outcome: row.outcome,
        what: what.join(" "),
        changes: row
            .changes
            .iter()
            .filter(|key| !matches!(**key, "household_id" | "dwelling_id"))
            .filter_map(|key| Some(field_name(import.kind.record()?, key, lang)))
            .collect(),
        reason: Some(sentences(&row.faults, lang)).filter(|text| !text.is_empty()),
    }
}

async fn turned(app: &App, id: ImportId, from: &'static [ImportState], to: ImportState) -> Answer<Json<ImportView>> {
    let now = app.now();
    let is_turned =
        app.db.write(move |tx| import_store::turn(tx, id, from, to, None, now).map_err(Refused::from)).await?;
    answered(app, id, is_turned).await
}

/// An import whose state was changed, if it was.
async fn answered(app: &App, id: ImportId, is_changed: bool) -> Answer<Json<ImportView>> {
    if !is_changed {
        return Err(ProblemCode::NotNow.into());
    }
    app.registry.ring();
    let found = app.db.read(move |conn| import_store::import(conn, id).map_err(Refused::from)).await?;
    let import = found.ok_or(ProblemCode::NotFound)?;
    Ok(Json(view(app, &import)))
}

/// Begins an import. It goes on by itself, also after the server was restarted.
#[utoipa::path(post, path = "/api/registry/imports/{id}/start", tag = "registry", params(("id" = String, Path)),
    responses((status = 202, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn start_ledger_import(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<(StatusCode, Json<ImportView>)> {
    waiting(&app, &caller, id).await?;
    let import = turned(&app, id, &[ImportState::Uploaded], ImportState::Running).await?;
    Ok((StatusCode::ACCEPTED, import))
}

/// Stops an import; what was entered stays and can be taken back.
#[utoipa::path(post, path = "/api/registry/imports/{id}/cancel", tag = "registry", params(("id" = String, Path)),
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn cancel_ledger_import(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<Json<ImportView>> {
    let import = seen(&app, &caller, id).await?;
    let cancelled = turned(&app, id, &[ImportState::Uploaded, ImportState::Running], ImportState::Cancelled).await?;
    if import.state == ImportState::Uploaded {
        intake::forget(&app, id);
    }
    Ok(cancelled)
}

/// 整批撤销: takes an import back. Records that were changed since stay as they are and are counted.
#[utoipa::path(post, path = "/api/registry/imports/{id}/undo", tag = "registry", params(("id" = String, Path)),
    responses((status = 202, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn undo_ledger_import(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<(StatusCode, Json<ImportView>)> {
    let import = seen(&app, &caller, id).await?;
    let role =
        scope(&caller, Act::ImportRegistry).reaches(&Keys::of_area(&import.area)).ok_or(ProblemCode::NotFound)?;
    let (undoer, now) = ((caller.account, role), app.now());
    const ENDED: &[ImportState] = &[ImportState::Done, ImportState::Failed, ImportState::Cancelled];
    let begun = app.db.write(move |tx| import_store::begin_undo(tx, id, ENDED, undoer, now).map_err(Refused::from));
    let is_begun = begun.await?;
    Ok((StatusCode::ACCEPTED, answered(&app, id, is_begun).await?))
}

/// A page of rows that were not entered.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListLedgerFaults {
    /// `next` of the page before.
    after: Option<String>,
}

/// A row that was not entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerRowFault)]
pub struct FaultView {
    /// The name of its sheet.
    sheet_name: String,
    /// Which row, from 1.
    row: u32,
    /// Why, in words.
    reason: String,
}

/// Rows that were not entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerRowFaults)]
pub struct Faults {
    /// In the order of the file.
    items: Vec<FaultView>,
    /// Where the next page begins.
    next: Option<String>,
}

const FAULTS_A_PAGE: i64 = 100;

/// Lists the rows that were refused or left out, with the reasons.
#[utoipa::path(get, path = "/api/registry/imports/{id}/faults", tag = "registry", params(("id" = String, Path), ListLedgerFaults),
    responses((status = 200, body = Faults), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn list_ledger_faults(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
    Query(wish): Query<ListLedgerFaults>,
) -> Answer<Json<Faults>> {
    let import = seen(&app, &caller, id).await?;
    let after = wish.after.as_deref().and_then(|text| text.split_once('-'));
    let after = after.and_then(|(sheet, row)| Some((sheet.parse().ok()?, row.parse().ok()?))).unwrap_or((0, 0));
    let rows =
        app.db.read(move |conn| import_store::explained(conn, id, after, FAULTS_A_PAGE).map_err(Refused::from)).await?;
    let is_full = i64::try_from(rows.len()) == Ok(FAULTS_A_PAGE);
    let next = rows.last().filter(|_| is_full).map(|last| format!("{}-{}", last.sheet, last.n));
    let name = |sheet: u32| import.sheets.iter().find(|plan| plan.sheet == sheet).map(|plan| plan.name.clone());
    let items = rows.into_iter().map(|row| FaultView {
        sheet_name: name(row.sheet).unwrap_or_default(),
        row: row.n,
        reason: sentences(&row.faults, lang),
    });
    Ok(Json(Faults { items: items.collect(), next }))
}

/// Downloads the rows that were not entered, as they came, with the reasons beside them (xlsx). Corrected, the sheet can be imported again.
#[utoipa::path(get, path = "/api/registry/imports/{id}/errors.xlsx", tag = "registry", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_registry"))))]
async fn download_ledger_errors(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
) -> Answer<Response> {
    let import = seen(&app, &caller, id).await?;
    let file = errors_sheet::write(&app, &import, lang).await?;
    send(file, "errors.xlsx")
}

/// The title under which a column is shown, for the command line.
#[must_use]
pub fn column_title(subject: Subject, column: Column) -> &'static str {
    ledger::title(subject, column)
}
