//! Keeping the workbooks that are asked for.

use axum::Json;
use axum::body::{Body as Stream, Bytes};
use axum::extract::State as Shared;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, Keys, Scope, decide, scope};
use linli_kernel::{Actor, AreaCode, Problem, ProblemCode, Role, Timestamp};

use super::model::{Ledger, Rhythm, Step, is_sealed};
use super::reading::{self, NotKept};
use super::store;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::registry::ledger::{Column, Subject, columns, has_ledger};
use crate::registry::refused;
use crate::say::Lang;
use crate::sheets::header::Mapping;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_ledgers, keep_ledger))
        .routes(routes!(map_ledger))
        .routes(routes!(end_ledger))
}

/// A column of a ledger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerFilledColumn)]
pub struct HeaderView {
    /// As it stands in the workbook.
    header: String,
    /// What it is filled with; `null` for nothing.
    column: Option<Column>,
    /// Whether that says who somebody is: a second person agrees before it goes out.
    is_sealed: bool,
    /// Why the registry does not keep it, in words; `null` when it could be filled.
    refused: Option<String>,
}

/// What a column may be filled with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerMeaning)]
pub struct MeaningView {
    /// The word to send.
    column: Column,
    /// What people read.
    title: String,
}

/// 报表
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Ledger)]
pub struct LedgerView {
    /// Which.
    id: String,
    /// Whose.
    area: AreaRef,
    /// What it is called.
    name: String,
    /// Who asks for it.
    asked_by: String,
    /// How often.
    rhythm: Rhythm,
    /// Of what: `dwelling`, `resident`, `premises`, `firm`, `facility`, `visit` or `hazard`.
    kind: &'static str,
    /// The name of the sheet that is filled.
    sheet: String,
    /// Its columns, from the left; empty headers are left out.
    columns: Vec<HeaderView>,
    /// What a column may be filled with.
    meanings: Vec<MeaningView>,
    /// Whether something in it says who somebody is.
    has_sealed: bool,
    /// Since when it is no longer asked for.
    ended_at: Option<Timestamp>,
    /// The version that a change names.
    version: i64,
}

fn view(app: &App, ledger: &Ledger, lang: Lang) -> LedgerView {
    let layout = &ledger.form.layout;
    let named = layout.headers.iter().zip(&layout.columns).filter(|(header, _)| !header.is_empty());
    LedgerView {
        id: ledger.id.clone(),
        area: app.areas().reference(&ledger.area),
        name: ledger.name.clone(),
        asked_by: ledger.asked_by.clone(),
        rhythm: ledger.rhythm,
        kind: ledger.kind.as_str(),
        sheet: ledger.form.sheet.clone(),
        columns: named
            .map(|(header, column)| HeaderView {
                header: header.clone(),
                column: *column,
                is_sealed: column.is_some_and(is_sealed),
                refused: column
                    .is_none()
                    .then(|| refused::why(header))
                    .flatten()
                    .map(|why| lang.word("field_problem", why.code())),
            })
            .collect(),
        meanings: columns(ledger.kind).map(|(column, title)| MeaningView { column, title: title.to_owned() }).collect(),
        has_sealed: ledger.has_sealed(),
        ended_at: ledger.ended_at,
        version: ledger.version,
    }
}

/// Ledgers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Ledgers)]
pub struct LedgerList {
    /// Those that are asked for first, then the newest.
    items: Vec<LedgerView>,
}

/// Lists the ledgers of the caller's areas.
#[utoipa::path(get, path = "/api/ledgers", tag = "ledgers", responses((status = 200, body = LedgerList)), extensions(("x-access" = json!("keep_ledgers"))))]
async fn list_ledgers(Shared(app): Shared<App>, Signed(caller): Signed, lang: Lang) -> Answer<Json<LedgerList>> {
    let areas = areas_of(&scope(&caller, Act::KeepLedgers));
    let ledgers = app.db.read(move |conn| store::list(conn, &areas).map_err(Refused::from)).await?;
    Ok(Json(LedgerList { items: ledgers.iter().map(|ledger| view(&app, ledger, lang)).collect() }))
}

pub(super) fn areas_of(reach: &Scope) -> Vec<AreaCode> {
    reach.keys().filter_map(|key| key.parse().ok()).collect()
}

/// What is said of a workbook that is uploaded.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeepLedger {
    /// Whose: a community or a street.
    area: String,
    /// What it is called, 1 to 60 characters.
    name: String,
    /// Who asks for it, 1 to 60 characters.
    asked_by: String,
    /// How often: `once`, `week`, `month`, `quarter`, `year`.
    rhythm: Rhythm,
    /// Of what: `dwelling`, `resident`, `premises`, `firm`, `facility`, `visit` or `hazard`.
    kind: String,
}

/// An empty workbook is no larger. Unit: bytes.
const MOST_BYTES: usize = 5 * 1024 * 1024;

/// Uploads an empty workbook (.xlsx, at most 5 MB) that a superior asks for, and looks at its columns.
#[utoipa::path(post, path = "/api/ledgers", tag = "ledgers", params(KeepLedger),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The workbook"),
    responses((status = 201, body = LedgerView), (status = 400, body = crate::http::ProblemBody), (status = 403, body = crate::http::ProblemBody), (status = 413, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("keep_ledgers"))))]
async fn keep_ledger(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<KeepLedger>,
    body: Stream,
) -> Answer<(StatusCode, Json<LedgerView>)> {
    let kind: Subject = wish.kind.parse().map_err(|()| Problem::field("kind", "not_an_option"))?;
    if !has_ledger(kind) {
        return Err(Problem::field("kind", "not_an_option").into());
    }
    let area = known_area(&app, &wish.area)?;
    let actor = acting(&caller, Act::KeepLedgers, &area)?;
    let (name, asked_by) = (words("name", &wish.name, 60)?, words("asked_by", &wish.asked_by, 60)?);
    let file = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| ProblemCode::TooLarge)?;
    let (now, id) = (app.now(), app.ids.uuid(app.now()).to_string());
    let form = looked_at(&app, &id, &file, kind).await?;
    let ledger = Ledger {
        id,
        area,
        name,
        asked_by,
        rhythm: wish.rhythm,
        kind,
        form,
        file: Some(file.to_vec()),
        created_at: now,
        ended_at: None,
        version: 0,
    };
    let stored = ledger.clone();
    app.db
        .write(move |tx| tx.commit(stored.clone().changed(Step::Kept, actor.clone(), now)).map_err(Refused::from))
        .await?;
    Ok((StatusCode::CREATED, Json(view(&app, &Ledger { version: 1, ..ledger }, lang))))
}

async fn looked_at(app: &App, id: &str, file: &Bytes, kind: Subject) -> Answer<super::model::Form> {
    let scratch = app.registry.scratch(id)?;
    tokio::fs::write(&scratch.path, file).await?;
    let file = file.clone();
    let looked = tokio::task::spawn_blocking(move || reading::look(&scratch.path, &file, kind)).await;
    let looked = looked.map_err(|_| Refused::from(ProblemCode::Internal))?;
    looked.map_err(|why| match why {
        NotKept::Fault(fault) => Problem::new(ProblemCode::BadRequest).with("detail", fault.sentence()).into(),
        NotKept::NotXlsx => Problem::new(ProblemCode::BadRequest).with("detail_key", "not_xlsx").into(),
        NotKept::Unfillable(error) => {
            tracing::info!(%error, "a workbook that was brought cannot be filled");
            Problem::new(ProblemCode::BadRequest).with("detail_key", "unfillable").into()
        }
        NotKept::NoHeader => Problem::new(ProblemCode::BadRequest).with("detail_key", "no_header").into(),
    })
}

pub(super) fn known_area(app: &App, code: &str) -> Answer<AreaCode> {
    let area: AreaCode = code.parse().map_err(|_| Problem::field("area", "unknown_area"))?;
    if app.areas().get(&area).is_none() { Err(Problem::field("area", "unknown_area").into()) } else { Ok(area) }
}

pub(super) fn words(field: &'static str, text: &str, most: usize) -> Answer<String> {
    let text = text.trim().to_owned();
    match text.chars().count() {
        0 => Err(Problem::field(field, "required").into()),
        n if n > most => Err(Problem::field(field, "too_long").into()),
        _ => Ok(text),
    }
}

pub(super) fn role_in(caller: &Caller, act: Act, area: &AreaCode) -> Answer<Role> {
    match decide(caller, act, &Keys::of_area(area)) {
        Decision::Allowed(role) => Ok(role),
        Decision::Forbidden | Decision::Hidden => Err(ProblemCode::Forbidden.into()),
    }
}

pub(super) fn acting(caller: &Caller, act: Act, area: &AreaCode) -> Answer<Actor> {
    role_in(caller, act, area).map(|role| caller.acting_as(role))
}

/// A ledger that the caller keeps, with its workbook.
pub(super) async fn found(app: &App, caller: &Caller, id: String) -> Answer<Ledger> {
    let ledger = app.db.read(move |conn| store::load(conn, &id).map_err(Refused::from)).await?;
    let reach = scope(caller, Act::KeepLedgers);
    ledger
        .filter(|ledger| reach.reaches(&Keys::of_area(&ledger.area)).is_some())
        .ok_or_else(|| ProblemCode::NotFound.into())
}

/// What one column is filled with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerChosen)]
pub struct ChosenColumn {
    /// The header as it stands.
    header: String,
    /// What it is filled with; nothing: it stays empty.
    column: Option<Column>,
}

/// What columns are filled with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = MapLedger, example = json!({"columns": [{"header": "居住地址", "column": "door"}, {"header": "备注"}], "version": 1}))]
pub struct MapLedger {
    /// What is not named stays as it is.
    columns: Vec<ChosenColumn>,
    /// The version that the caller saw.
    version: i64,
}

/// Says what the columns of a ledger are filled with.
#[utoipa::path(put, path = "/api/ledgers/{id}/columns", tag = "ledgers", params(("id" = String, Path)), request_body = MapLedger,
    responses((status = 200, body = LedgerView), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_ledgers"))))]
async fn map_ledger(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<String>,
    Body(body): Body<MapLedger>,
) -> Answer<Json<LedgerView>> {
    let ledger = found(&app, &caller, id).await?;
    if ledger.version != body.version {
        return Err(ProblemCode::VersionConflict.into());
    }
    let (actor, now) = (acting(&caller, Act::KeepLedgers, &ledger.area)?, app.now());
    let chosen: Mapping<Column> = body.columns.into_iter().map(|one| (one.header, one.column)).collect();
    let ledger = Ledger { form: reading::mapped(&ledger.form, &chosen), ..ledger };
    let stored = ledger.clone();
    app.db
        .write(move |tx| tx.commit(stored.clone().changed(Step::Mapped, actor.clone(), now)).map_err(Refused::from))
        .await?;
    Ok(Json(view(&app, &Ledger { version: ledger.version + 1, ..ledger }, lang)))
}

/// Says that a ledger is no longer asked for.
#[utoipa::path(post, path = "/api/ledgers/{id}/end", tag = "ledgers", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_ledgers"))))]
async fn end_ledger(Shared(app): Shared<App>, Signed(caller): Signed, Path(id): Path<String>) -> Answer<StatusCode> {
    let ledger = found(&app, &caller, id).await?;
    let (actor, now) = (acting(&caller, Act::KeepLedgers, &ledger.area)?, app.now());
    let ledger = Ledger { ended_at: ledger.ended_at.or(Some(now)), ..ledger };
    app.db
        .write(move |tx| tx.commit(ledger.clone().changed(Step::Ended, actor.clone(), now)).map_err(Refused::from))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
