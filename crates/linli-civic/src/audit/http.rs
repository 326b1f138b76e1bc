//! The log of reads.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::read_log::{self, Read};
use linli_access::{Act, scope};
use linli_db::{Bind, Conn, StoreError, Val, placeholders};
use linli_kernel::{AccountId, AreaCode, Cursor, PublicCode, Timestamp};

use crate::app::App;
use crate::areas::tree::code_range;
use crate::http::{Answer, Query, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_reads))
}

/// 一次查看: one look at a contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReadLogEntry {
    /// When.
    at: Timestamp,
    /// Who looked.
    reader: String,
    /// As what.
    role_name: String,
    /// Of which case.
    #[schema(value_type = Option<PublicCode>)]
    case_code: Option<String>,
    /// Which field: `contact`.
    field: String,
    /// The field in words.
    what: String,
    /// Why, as they said it.
    purpose: String,
}

/// One page of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReadLog {
    /// The newest first.
    items: Vec<ReadLogEntry>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
}

/// Narrows the log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListReads {
    /// Only of what lies within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists who read whose contact and why, newest first, for cases and records of the registry in the auditor's areas. Keyset pages.
#[utoipa::path(get, path = "/api/read-log", tag = "people", params(ListReads), responses((status = 200, body = ReadLog)), extensions(("x-access" = json!("read_audit"))))]
async fn list_reads(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListReads>,
) -> Answer<Json<ReadLog>> {
    let reach = scope(&caller, Act::ReadAudit);
    let keys: Vec<String> =
        wish.area.map_or_else(|| reach.keys().map(str::to_owned).collect(), |area| reach.within(&area));
    let areas = keys.iter().filter_map(|key: &String| key.parse::<AreaCode>().ok());
    let ranges: Vec<(String, String)> = areas.map(|area| code_range(&area)).collect();
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let reads = read_log::within(conn, &keys, &ranges, &cursor)?;
        let page = cursor.page(reads, |read| read.id.to_string());
        let readers: HashSet<AccountId> = page.items.iter().map(|read| read.account).collect();
        let people = duty::people(conn, &app.vault, &readers)?;
        let codes = codes_of(conn, &page.items)?;
        let entry = |read: Read| ReadLogEntry {
            at: read.at,
            reader: people.get(&read.account).map_or_else(|| lang.text("actor.unknown"), |person| person.name.clone()),
            role_name: lang.word("role", read.role.as_str()),
            case_code: codes.get(&read.subject_id).cloned(),
            what: lang.word("read_field", &read.field),
            field: read.field,
            purpose: read.purpose,
        };
        Ok::<_, Refused>(ReadLog { items: page.items.into_iter().map(entry).collect(), next: page.next })
    });
    Ok(Json(page.await?))
}

fn codes_of(conn: &mut Conn, reads: &[Read]) -> Result<HashMap<String, String>, StoreError> {
    let ids: HashSet<&str> =
        reads.iter().filter(|read| read.subject_kind == "case").map(|read| read.subject_id.as_str()).collect();
    let values: Vec<Val> = ids.iter().map(Bind::val).collect();
    let sql = format!("SELECT id, code FROM cases WHERE id IN ({})", placeholders(1, values.len()));
    Ok(conn.all(&sql, &values, |row| Ok((row.get("id")?, row.get("code")?)))?.into_iter().collect())
}
