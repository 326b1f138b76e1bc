//! Imports on the desk: upload, look at the columns, rehearse, start, watch, read what was refused.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body as Stream;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use linli_access::{Act, Caller, scope};
use linli_kernel::{AreaCode, ImportId, Problem, ProblemCode, Timestamp};

use super::category::path_key;
use super::columns::{Column, Mapping};
use super::import_store::{self, Counts, Import, ImportState, Outcome};
use super::import_view::{ImportView, view};
use super::intake::{self, Bringer, Choice};
use super::plan::Judged;
use super::{errors_sheet, partner, run, store};
use crate::app::App;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::say::Lang;
use crate::sheets::header::header_key;
use crate::sheets::receive::receive;
use crate::sheets::send::send;
use crate::sheets::sheet::SheetFault;

/// The routes of imports.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_hotlines))
        // Streamed to disk and counted there.
        .routes(routes!(upload_orders).map(|route| route.layer(DefaultBodyLimit::disable())))
        .routes(routes!(list_imports))
        .routes(routes!(show_import))
        .routes(routes!(choose_columns))
        .routes(routes!(rehearse_import))
        .routes(routes!(start_import))
        .routes(routes!(cancel_import))
        .routes(routes!(list_import_faults))
        .routes(routes!(download_import_errors))
        .routes(routes!(list_category_words))
        .routes(routes!(decide_category_words))
}

/// A hotline that orders come from and go to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotlineRef {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
}

/// Every hotline.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Hotlines {
    /// In order of their ids.
    items: Vec<HotlineRef>,
    /// Every column that a work order has, in the order of a sheet.
    columns: Vec<ColumnName>,
}

/// A column and what people call it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineColumnName)]
pub struct ColumnName {
    /// Which.
    column: Column,
    /// Its header.
    name: String,
}

/// Lists the hotlines that work orders can be exchanged with, and the columns of a work order.
#[utoipa::path(get, path = "/api/hotline/partners", tag = "hotline", responses((status = 200, body = Hotlines)), extensions(("x-access" = json!("export_orders"))))]
async fn list_hotlines(State(app): State<App>) -> Answer<Json<Hotlines>> {
    let items =
        partner::all(&app).into_iter().map(|hotline| HotlineRef { id: hotline.id, name: hotline.name }).collect();
    let columns =
        Column::ALL.iter().map(|column| ColumnName { column: *column, name: column.title().to_owned() }).collect();
    Ok(Json(Hotlines { items, columns }))
}

/// The areas whose orders a caller may bring in.
fn own_areas(caller: &Caller) -> Vec<AreaCode> {
    scope(caller, Act::ImportOrders).keys().filter_map(|key| key.parse().ok()).collect()
}

/// Whether a caller may see an import: their own, or one whose every area they hold.
fn may_see(caller: &Caller, import: &Import) -> bool {
    let own = own_areas(caller);
    let is_inside =
        !import.areas.is_empty() && import.areas.iter().all(|area| own.iter().any(|held| held.contains(area)));
    import.account == Some(caller.account) || is_inside
}

async fn seen(app: &App, caller: &Caller, id: ImportId) -> Answer<(Import, Counts)> {
    let found = app
        .db
        .read(move |conn| Ok::<_, Refused>((import_store::import(conn, id)?, import_store::counts(conn, id)?)))
        .await?;
    match found {
        (Some(import), counts) if may_see(caller, &import) => Ok((import, counts)),
        _ => Err(ProblemCode::NotFound.into()),
    }
}

fn no_table(fault: &SheetFault) -> Refused {
    Problem::new(ProblemCode::BadRequest).with("detail", fault.sentence()).into()
}

/// What is uploaded.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UploadOrders {
    /// The hotline's id; not needed where there is only one.
    partner: Option<String>,
    /// What the file is called.
    file_name: Option<String>,
}

/// Uploads a file of work orders (xlsx, xls or csv, at most 64 MB) and looks at its columns. Nothing is entered yet.
#[utoipa::path(post, path = "/api/hotline/imports", tag = "hotline", params(UploadOrders),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses((status = 201, body = ImportView), (status = 400, body = crate::http::ProblemBody), (status = 413, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("import_orders"))))]
async fn upload_orders(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(wish): Query<UploadOrders>,
    body: Stream,
) -> Answer<(StatusCode, Json<ImportView>)> {
    let hotline = partner::find(&app, wish.partner.as_deref())
        .ok_or_else(|| Refused::from(Problem::field("partner", "unknown")))?;
    let id = ImportId::new(app.ids.uuid(app.now()));
    if let Err(refused) = receive(&app.hotline.files, id, body).await {
        app.hotline.files.remove(id);
        return Err(refused);
    }
    let bringer = Bringer { account: Some(caller.account), areas: own_areas(&caller) };
    let brought = intake::bring(&app, id, &hotline, bringer, wish.file_name.as_deref().unwrap_or_default()).await?;
    let import = brought.map_err(|fault| no_table(&fault))?;
    Ok((StatusCode::CREATED, Json(view(&app, &import, Counts::default()))))
}

/// A list of imports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineImports)]
pub struct Imports {
    /// Newest first.
    items: Vec<ImportView>,
}

/// Lists the latest imports that the caller may see.
#[utoipa::path(get, path = "/api/hotline/imports", tag = "hotline", responses((status = 200, body = Imports)), extensions(("x-access" = json!("import_orders"))))]
async fn list_imports(State(app): State<App>, Signed(caller): Signed) -> Answer<Json<Imports>> {
    let db = app.db.clone();
    let found = db.read(move |conn| {
        let mut found = Vec::new();
        for import in import_store::imports(conn, 50)?.into_iter().filter(|import| may_see(&caller, import)).take(20) {
            let counts = import_store::counts(conn, import.id)?;
            found.push((import, counts));
        }
        Ok::<_, Refused>(found)
    });
    let items = found.await?.iter().map(|(import, counts)| view(&app, import, *counts)).collect();
    Ok(Json(Imports { items }))
}

/// Shows an import and how far it is.
#[utoipa::path(get, path = "/api/hotline/imports/{id}", tag = "hotline", params(("id" = String, Path)),
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn show_import(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<Json<ImportView>> {
    let (import, counts) = seen(&app, &caller, id).await?;
    Ok(Json(view(&app, &import, counts)))
}

/// A header and what a person says it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct HeaderChoice {
    /// The header as it stands.
    header: String,
    /// What it is read as; nothing: not read.
    column: Option<Column>,
}

/// What a person decided about a file's columns.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ChooseColumns {
    /// Headers whose meaning was changed. Remembered for the hotline.
    #[serde(default)]
    columns: Vec<HeaderChoice>,
    /// Sheets that are left out.
    #[serde(default)]
    left_out: Vec<u32>,
    /// Whether orders are entered too that the hotline has finished already.
    #[serde(default)]
    with_history: bool,
}

/// Changes what the columns are read as, which sheets are read, and whether finished orders are entered.
#[utoipa::path(put, path = "/api/hotline/imports/{id}/columns", tag = "hotline", params(("id" = String, Path)), request_body = ChooseColumns,
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn choose_columns(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
    Body(body): Body<ChooseColumns>,
) -> Answer<Json<ImportView>> {
    let (import, counts) = waiting(&app, &caller, id).await?;
    let columns: Mapping = body.columns.into_iter().map(|choice| (header_key(&choice.header), choice.column)).collect();
    let choice = Choice { columns, left_out: body.left_out, with_history: body.with_history };
    let import =
        intake::choose(&app, &import, choice, Some(caller.account)).await?.map_err(|fault| no_table(&fault))?;
    Ok(Json(view(&app, &import, counts)))
}

/// An import that was not begun.
async fn waiting(app: &App, caller: &Caller, id: ImportId) -> Answer<(Import, Counts)> {
    let (import, counts) = seen(app, caller, id).await?;
    if import.state == ImportState::Uploaded { Ok((import, counts)) } else { Err(ProblemCode::NotNow.into()) }
}

/// A row of a rehearsal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RehearsedRow {
    /// Which sheet, from 0.
    sheet: u32,
    /// Which row, from 1.
    row: u32,
    /// The order's number.
    order_no: Option<String>,
    /// The first characters of the matter.
    text: Option<String>,
    /// Where it was found to be.
    area_name: Option<String>,
    /// What it was found to be; nothing: a person looks.
    category_name: Option<String>,
    /// 来电时间
    said_at: Option<Timestamp>,
    /// 办理时限
    limit_text: Option<String>,
    /// The caller's number, masked.
    phone_masked: Option<String>,
    /// Why it would not be entered.
    reason: Option<String>,
}

/// How often a reason stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReasonCount {
    /// Its code.
    code: String,
    /// In how many rows.
    n: i64,
}

/// A category of the hotline that is not known here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnknownCategory {
    /// In the hotline's words; empty: none was given.
    words: String,
    /// In how many orders.
    n: i64,
}

/// What would come of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Rehearsal {
    /// Rows by what would become of them.
    counts: Counts,
    /// Why rows would be refused, the commonest first.
    reasons: Vec<ReasonCount>,
    /// Categories that nobody mapped, the commonest first.
    unknown_categories: Vec<UnknownCategory>,
    /// The first rows.
    rows: Vec<RehearsedRow>,
}

const MOST_UNKNOWN: usize = 50;
const SHOWN_CHARS: usize = 60;

/// Reads every row and says what would come of it; nothing is written.
#[utoipa::path(post, path = "/api/hotline/imports/{id}/rehearsal", tag = "hotline", params(("id" = String, Path)),
    responses((status = 200, body = Rehearsal), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn rehearse_import(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
) -> Answer<Json<Rehearsal>> {
    let (import, _) = waiting(&app, &caller, id).await?;
    let rehearsed = run::rehearse(&app, &import).await?.map_err(|fault| no_table(&fault))?;
    let (areas, book) = (app.areas(), app.playbooks.current());
    let rows = rehearsed.first.into_iter().map(|(sheet, row, judged)| match judged {
        Judged::Order(placed) => RehearsedRow {
            sheet,
            row,
            order_no: Some(placed.order.no.clone()),
            text: Some(placed.order.matter().chars().take(SHOWN_CHARS).collect()),
            area_name: Some(areas.full_name(&placed.area)),
            category_name: placed
                .category
                .as_deref()
                .and_then(|code| book.category(code))
                .map(|category| category.name.clone()),
            said_at: placed.order.said_at,
            limit_text: Some(placed.order.limit_text.clone()),
            phone_masked: placed.order.phone.as_ref().map(linli_kernel::Phone::masked),
            reason: None,
        },
        Judged::Not(_, order_no, faults) => RehearsedRow {
            sheet,
            row,
            order_no,
            text: None,
            area_name: None,
            category_name: None,
            said_at: None,
            limit_text: None,
            phone_masked: None,
            reason: Some(errors_sheet::sentences(&faults, lang)),
        },
    });
    let mut reasons: Vec<ReasonCount> = rehearsed.faults.into_iter().map(|(code, n)| ReasonCount { code, n }).collect();
    reasons.sort_by(|a, b| (b.n, &a.code).cmp(&(a.n, &b.code)));
    let mut unknown: Vec<UnknownCategory> =
        rehearsed.unknown_categories.into_iter().map(|(words, n)| UnknownCategory { words, n }).collect();
    unknown.sort_by(|a, b| (b.n, &a.words).cmp(&(a.n, &b.words)));
    unknown.truncate(MOST_UNKNOWN);
    Ok(Json(Rehearsal { counts: rehearsed.counts, reasons, unknown_categories: unknown, rows: rows.collect() }))
}

/// Begins an import. It goes on by itself, also after the server was restarted.
#[utoipa::path(post, path = "/api/hotline/imports/{id}/start", tag = "hotline", params(("id" = String, Path)),
    responses((status = 202, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn start_import(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<(StatusCode, Json<ImportView>)> {
    let (import, counts) = waiting(&app, &caller, id).await?;
    if !import.sheets.iter().any(|sheet| sheet.chosen) {
        return Err(Problem::field("left_out", "required").into());
    }
    let import = intake::start(&app, &import).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&app, &import, counts))))
}

/// Stops an import; what was entered stays.
#[utoipa::path(post, path = "/api/hotline/imports/{id}/cancel", tag = "hotline", params(("id" = String, Path)),
    responses((status = 200, body = ImportView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn cancel_import(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ImportId>,
) -> Answer<Json<ImportView>> {
    let now = app.now();
    seen(&app, &caller, id).await?;
    if !app.db.write(move |tx| import_store::end(tx, id, ImportState::Cancelled, None, now)).await? {
        return Err(ProblemCode::NotNow.into());
    }
    let (import, counts) = seen(&app, &caller, id).await?;
    Ok(Json(view(&app, &import, counts)))
}

/// A page of rows that were not entered.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListFaults {
    /// `next` of the page before.
    after: Option<String>,
}

/// A row that was not entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineRowFault)]
pub struct FaultView {
    /// Which sheet, from 0.
    sheet: u32,
    /// Its name.
    sheet_name: String,
    /// Which row, from 1.
    row: u32,
    /// The order's number, where it has one.
    order_no: Option<String>,
    /// Refused or left out.
    outcome: Outcome,
    /// Why, in words.
    reason: String,
}

/// Rows that were not entered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineRowFaults)]
pub struct Faults {
    /// In the order of the file.
    items: Vec<FaultView>,
    /// Where the next page begins.
    next: Option<String>,
}

const FAULTS_A_PAGE: i64 = 100;

/// Lists the rows that were refused or left out, with the reasons.
#[utoipa::path(get, path = "/api/hotline/imports/{id}/faults", tag = "hotline", params(("id" = String, Path), ListFaults),
    responses((status = 200, body = Faults), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn list_import_faults(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
    Query(wish): Query<ListFaults>,
) -> Answer<Json<Faults>> {
    let (import, _) = seen(&app, &caller, id).await?;
    let after = wish
        .after
        .as_deref()
        .and_then(|text| text.split_once('-'))
        .and_then(|(sheet, row)| Some((sheet.parse().ok()?, row.parse().ok()?)))
        .unwrap_or((0, 0));
    let rows =
        app.db.read(move |conn| import_store::explained(conn, id, after, FAULTS_A_PAGE).map_err(Refused::from)).await?;
    let is_full = i64::try_from(rows.len()) == Ok(FAULTS_A_PAGE);
    let next = rows.last().filter(|_| is_full).map(|last| format!("{}-{}", last.sheet, last.n));
    let name = |sheet: u32| {
        import.sheets.iter().find(|plan| plan.sheet == sheet).map(|plan| plan.name.clone()).unwrap_or_default()
    };
    let items = rows.into_iter().map(|row| FaultView {
        sheet: row.sheet,
        sheet_name: name(row.sheet),
        row: row.n,
        order_no: row.order_no,
        outcome: row.outcome,
        reason: errors_sheet::sentences(&row.faults, lang),
    });
    Ok(Json(Faults { items: items.collect(), next }))
}

/// Downloads the rows that were not entered, as they came, with the reasons beside them (xlsx). Corrected, the sheet can be imported again.
#[utoipa::path(get, path = "/api/hotline/imports/{id}/errors.xlsx", tag = "hotline", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn download_import_errors(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ImportId>,
) -> Answer<Response> {
    let (import, _) = seen(&app, &caller, id).await?;
    let file = errors_sheet::write(&app, &import, lang).await?;
    send(file, "errors.xlsx")
}

/// Whose words.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfPartner {
    /// The hotline's id; not needed where there is only one.
    partner: Option<String>,
}

/// A category in the hotline's words and what it is here.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HotlineCategoryWord)]
pub struct CategoryWord {
    /// 城市管理->市政设施->路灯
    theirs: String,
    /// The code of our category; nothing: a person looks.
    ours: Option<String>,
}

/// Categories of a hotline and what they mean here.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CategoryWords {
    /// The hotline's id.
    partner: String,
    /// Each category of theirs with ours.
    categories: Vec<CategoryWord>,
}

/// Lists what was decided about a hotline's categories.
#[utoipa::path(get, path = "/api/hotline/categories", tag = "hotline", params(OfPartner), responses((status = 200, body = CategoryWords)), extensions(("x-access" = json!("import_orders"))))]
async fn list_category_words(State(app): State<App>, Query(wish): Query<OfPartner>) -> Answer<Json<CategoryWords>> {
    let hotline = partner::find(&app, wish.partner.as_deref())
        .ok_or_else(|| Refused::from(Problem::field("partner", "unknown")))?;
    let id = hotline.id.clone();
    let decided = app.db.read(move |conn| store::chosen_categories(conn, &id).map_err(Refused::from)).await?;
    // What was decided here stands over the hotline's own table.
    let table: BTreeMap<String, String> =
        hotline.categories.into_iter().map(|(theirs, ours)| (path_key(&theirs), ours)).chain(decided).collect();
    let categories = table.into_iter().map(|(theirs, ours)| CategoryWord { theirs, ours: Some(ours) });
    Ok(Json(CategoryWords { partner: hotline.id, categories: categories.collect() }))
}

/// Decides what a hotline's categories mean here; remembered for every later order.
#[utoipa::path(put, path = "/api/hotline/categories", tag = "hotline", request_body = CategoryWords, responses((status = 200, body = CategoryWords), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("import_orders"))))]
async fn decide_category_words(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<CategoryWords>,
) -> Answer<Json<CategoryWords>> {
    let hotline =
        partner::find(&app, Some(&body.partner)).ok_or_else(|| Refused::from(Problem::field("partner", "unknown")))?;
    let book = app.playbooks.current();
    if body
        .categories
        .iter()
        .filter_map(|word| word.ours.as_ref())
        .any(|code| !book.leaves().any(|leaf| leaf.code == *code))
    {
        return Err(Problem::field("categories", "unknown").into());
    }
    let words = body.categories.into_iter().map(|word| (word.theirs, word.ours)).collect();
    intake::decide_categories(&app, &hotline.id, words, caller.account).await?;
    list_category_words(State(app), Query(OfPartner { partner: Some(body.partner) })).await
}
