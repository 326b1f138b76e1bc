//! Records on the desk: lists, pages, and the commands of people.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_kernel::{AreaCode, Cursor, Page, Problem, ProblemCode, RecordId};

use super::command::{self, Command, Fields, Outcome, What};
use super::fields::Kind;
use super::figures::{self, FRESH_MS, Figures};
use super::list::{self, Ask, Lack};
use super::model::{Left, Record};
use super::store;
use super::view::{self, FieldView, RecordView, Rights, RowView};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_registry_fields))
        .routes(routes!(show_registry_figures))
        .routes(routes!(list_records, enter_record))
        .routes(routes!(show_record, change_record))
        .routes(routes!(confirm_record))
        .routes(routes!(archive_record))
        .routes(routes!(unarchive_record))
        .routes(routes!(erase_record))
}

/// The parts of an address that name a record.
pub(super) type Named = axum::extract::Path<(String, String)>;

pub(super) fn named(axum::extract::Path((kind, id)): Named) -> Answer<(Kind, RecordId)> {
    let kind = kind.parse().map_err(|()| ProblemCode::NotFound)?;
    Ok((kind, id.parse().map_err(|_| ProblemCode::NotFound)?))
}

/// The areas that a caller reaches by `act` within `area`; all of theirs without one.
///
/// # Errors
/// `NotFound` for an area of which they see nothing.
pub fn reached(caller: &Caller, act: Act, area: Option<&str>) -> Answer<Vec<AreaCode>> {
    let area = area.filter(|area| !area.is_empty()).map(str::parse::<AreaCode>).transpose();
    let area = area.map_err(|_| Problem::field("area", "unknown_area"))?;
    let areas = scope(caller, act).areas_in(area.as_ref());
    if areas.is_empty() { Err(ProblemCode::NotFound.into()) } else { Ok(areas) }
}

/// What the registry keeps and why, and what it does not keep.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegistryFields {
    /// Each kind with its fields.
    kinds: Vec<KindFields>,
}

/// A kind and its fields.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryKindFields)]
pub struct KindFields {
    /// Which.
    kind: Kind,
    /// What it is called.
    name: String,
    /// Its fields, in the order in which people fill them in.
    fields: Vec<FieldView>,
}

/// Lists the fields of each kind of record, each with the purpose for which it is kept.
#[utoipa::path(get, path = "/api/registry/fields", tag = "registry", responses((status = 200, body = RegistryFields)), extensions(("x-access" = json!("view_registry"))))]
async fn list_registry_fields(lang: Lang) -> Json<RegistryFields> {
    let kinds = Kind::ALL.iter().map(|kind| KindFields {
        kind: *kind,
        name: lang.word("registry_kind", kind.as_str()),
        fields: view::fields(*kind, lang),
    });
    Json(RegistryFields { kinds: kinds.collect() })
}

/// Of which area.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfArea {
    /// The area.
    area: String,
}

/// Counts the records of an area and of each area below it: how many, how many complete, how many confirmed in 12 months.
#[utoipa::path(get, path = "/api/registry/figures", tag = "registry", params(OfArea),
    responses((status = 200, body = Figures), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry_figures"))))]
async fn show_registry_figures(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Query(wish): Query<OfArea>,
) -> Answer<Json<Figures>> {
    let areas = reached(&caller, Act::ViewRegistryFigures, Some(&wish.area))?;
    let area: AreaCode = wish.area.parse().map_err(|_| ProblemCode::NotFound)?;
    let (tree, now) = (app.areas(), app.now());
    app.db.read(move |conn| figures::of(conn, &tree, &area, &areas, now).map_err(Refused::from)).await.map(Json)
}

/// Which records.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListRecords {
    /// Within this area; everywhere that the caller sees without it.
    area: Option<String>,
    /// Whose address or name begins with this.
    q: Option<String>,
    /// Households of this dwelling, or residents of this household.
    of: Option<String>,
    /// `incomplete`, `unconfirmed` or `left`.
    lack: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// At most so many, 50 without it.
    limit: Option<u32>,
}

/// A page of records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryPage)]
pub struct Records {
    /// In the order of addresses and names.
    items: Vec<RowView>,
    /// Where the next page begins.
    next: Option<String>,
}

/// Lists records of the caller's areas. What is sealed is not in it; names of people are masked.
#[utoipa::path(get, path = "/api/registry/{kind}", tag = "registry", params(("kind" = String, Path, description = "dwellings, households, residents, premises, firms or facilities"), ListRecords),
    responses((status = 200, body = Records), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry"))))]
async fn list_records(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    PathKind(kind): PathKind,
    Query(wish): Query<ListRecords>,
) -> Answer<Json<Records>> {
    let ask = Ask {
        kind,
        areas: reached(&caller, Act::ViewRegistry, wish.area.as_deref())?,
        q: wish.q.map(|q| crate::sheets::clean::text(&q)),
        of: wish.of.map(|id| id.parse().map_err(|_| Problem::field("of", "unknown"))).transpose()?,
        lack: lack(wish.lack.as_deref(), &app)?,
        cursor: Cursor::new(wish.after, wish.limit),
    };
    let shown = app.clone();
    let found = app.db.read(move |conn| {
        let page: Page<Record> = list::page(conn, &shown.vault, &ask)?;
        let beside = list::beside(conn, &shown.vault, &page.items)?;
        let items = page.items.iter().map(|record| view::row(&shown, record, &beside, lang)).collect();
        Ok::<_, Refused>(Records { items, next: page.next })
    });
    Ok(Json(found.await?))
}

fn lack(word: Option<&str>, app: &App) -> Answer<Option<Lack>> {
    match word.unwrap_or_default() {
        "" => Ok(None),
        "incomplete" => Ok(Some(Lack::Incomplete)),
        "unconfirmed" => Ok(Some(Lack::UnconfirmedSince(app.now().plus_ms(-FRESH_MS)))),
        "left" => Ok(Some(Lack::Left)),
        _ => Err(Problem::field("lack", "not_an_option").into()),
    }
}

/// The kind of the path; another word does not exist.
pub(super) struct PathKind(pub Kind);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for PathKind {
    type Rejection = Refused;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Refused> {
        let Path(kind) = Path::<String>::from_request_parts(parts, state).await?;
        kind.parse().map(Self).map_err(|()| ProblemCode::NotFound.into())
    }
}

/// A record as it is to be.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EnterRecord, example = json!({"area_code": "610502005007001", "fields": {"compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "101室", "occupancy": "owner"}}))]
pub struct EnterRecord {
    /// In which grid.
    area_code: String,
    /// What stands in its fields; `GET /api/registry/fields` lists them.
    fields: Fields,
    /// Enter it although the same place or person seems to be there.
    #[serde(default)]
    even_so: bool,
}

/// Enters a record. What seems to be there already is refused with that record (`current`), unless `even_so` says that it is another.
#[utoipa::path(post, path = "/api/registry/{kind}", tag = "registry", params(("kind" = String, Path)), request_body = EnterRecord,
    responses((status = 201, body = Outcome), (status = 403, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("edit_registry"))))]
async fn enter_record(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    key: CommandKey,
    PathKind(kind): PathKind,
    Body(body): Body<EnterRecord>,
) -> Answer<(StatusCode, Json<Outcome>)> {
    let area: AreaCode = body.area_code.parse().map_err(|_| Problem::field("area_code", "unknown_area"))?;
    let request = serde_json::to_vec(&body).map_err(|_| ProblemCode::Internal)?;
    let what = What::Enter {
        id: RecordId::new(app.ids.uuid(app.now())),
        kind,
        area,
        fields: body.fields,
        even_so: body.even_so,
    };
    let key = key.of(&key_scope(Some(&caller)), &[kind.as_str().as_bytes(), &request]);
    let outcome = command::run(&app, Command { what, key, caller }).await?;
    Ok((StatusCode::CREATED, Json(outcome)))
}

/// Shows a record with its history and what waits for a person.
#[utoipa::path(get, path = "/api/registry/{kind}/{id}", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = RecordView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry"))))]
async fn show_record(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    path: Named,
) -> Answer<Json<RecordView>> {
    let (kind, id) = named(path)?;
    let shown = app.clone();
    let found = app.db.read(move |conn| {
        let record = store::load(conn, &shown.vault, kind, id)?.ok_or(ProblemCode::NotFound)?;
        command::may(&caller, Act::ViewRegistry, &record.area)?;
        let keys = Keys::of_area(&record.area);
        let may = |act| scope(&caller, act).reaches(&keys).is_some();
        let rights = Rights {
            edit: may(Act::EditRegistry),
            decide: may(Act::DecideProposals),
            read: may(Act::ReadRegistryPrivate),
        };
        view::record(conn, &shown, &record, rights, lang).map_err(Refused::from)
    });
    Ok(Json(found.await?))
}

/// Fields that somebody changed, and what they saw.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ChangeRecord, example = json!({"base_version": 3, "fields": {"occupancy": "rented"}}))]
pub struct ChangeRecord {
    /// The version that they saw.
    base_version: i64,
    /// The fields that they changed, and only those; `null` empties one.
    fields: Fields,
}

/// Changes fields of a record. What others changed meanwhile in other fields stays too; where both changed the same field, the
/// value that stands stays and the other waits for a person (`outcome: conflict`).
#[utoipa::path(patch, path = "/api/registry/{kind}/{id}", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)), request_body = ChangeRecord,
    responses((status = 200, body = Outcome), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("edit_registry"))))]
async fn change_record(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    key: CommandKey,
    path: Named,
    Body(body): Body<ChangeRecord>,
) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    let request = serde_json::to_vec(&body).map_err(|_| ProblemCode::Internal)?;
    let key = key.of(&key_scope(Some(&caller)), &[id.to_string().as_bytes(), &request]);
    let what = What::Change { kind, id, base_version: body.base_version, fields: body.fields };
    command::run(&app, Command { what, key, caller }).await.map(Json)
}

/// 核实: says that a record is as it stands here, today.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/confirm", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Outcome), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("edit_registry"))))]
async fn confirm_record(Shared(app): Shared<App>, Signed(caller): Signed, path: Named) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    command::run(&app, Command { what: What::Confirm { kind, id }, key: None, caller }).await.map(Json)
}

/// Why a record is archived.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ArchiveRecord)]
pub struct ArchiveRecord {
    /// Why.
    reason: Left,
}

/// 归档: the person moved away or died, the shop closed. A year later the record is erased.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/archive", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)), request_body = ArchiveRecord,
    responses((status = 200, body = Outcome), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("edit_registry"))))]
async fn archive_record(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    path: Named,
    Body(body): Body<ArchiveRecord>,
) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    command::run(&app, Command { what: What::Archive { kind, id, reason: body.reason }, key: None, caller })
        .await
        .map(Json)
}

/// 恢复: an archived record that was archived by mistake is of the present again. Its history keeps both.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/unarchive", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Outcome), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("edit_registry"))))]
async fn unarchive_record(Shared(app): Shared<App>, Signed(caller): Signed, path: Named) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    command::run(&app, Command { what: What::Unarchive { kind, id }, key: None, caller }).await.map(Json)
}

/// Erases an archived record before its time, because the person asks for it. What its history said in words is erased too.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/erase", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Outcome), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_proposals"))))]
async fn erase_record(Shared(app): Shared<App>, Signed(caller): Signed, path: Named) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    command::run(&app, Command { what: What::Erase { kind, id }, key: None, caller }).await.map(Json)
}
