//! The log of notices, and every route of this slice.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, scope};
use linli_kernel::{Cursor, ProblemCode, PublicCode, Timestamp};
use linli_playbook::NoticeWay;

use super::model::{WayOutcome, WayTaken};
use super::store::{self, Wanted};
use super::{mine_http, reporter_http};
use crate::app::App;
use crate::http::{Answer, Query, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_notice_log)).merge(mine_http::routes()).merge(reporter_http::routes())
}

/// Which lines.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNoticeLog {
    /// Only of this rule.
    rule: Option<String>,
    /// Only about the case with this public code.
    case: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// How one way went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeWayTaken {
    /// Which.
    way: NoticeWay,
    /// In words.
    way_name: String,
    /// How it went, or why it was not taken.
    outcome: WayOutcome,
    /// In words.
    outcome_name: String,
    /// Until when it is held or collected.
    until: Option<Timestamp>,
    /// Whereto, masked.
    address_masked: Option<String>,
}

/// 通知记录: who was told what, by which rule and how.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeLogEntry {
    /// Which.
    id: String,
    /// When.
    at: Timestamp,
    /// The rule of the playbook.
    rule: String,
    /// What happened: `dispatched`, `deadline_breached`, …
    event: String,
    /// `staff`, `reporter` or `group`.
    to_kind: String,
    /// Who: a colleague's name, 居民, or the group's name.
    to_name: String,
    /// The case.
    #[schema(value_type = Option<PublicCode>)]
    case_code: Option<String>,
    /// The first line.
    title: String,
    /// What was said.
    text: String,
    /// How it went by each way that was tried.
    ways: Vec<NoticeWayTaken>,
    /// Whether anything reached them at all.
    reached: bool,
}

/// One page of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeLog {
    /// The newest first.
    items: Vec<NoticeLogEntry>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
}

/// Lists who was told what by which rule, or why not, for cases of the auditor's areas. Whether anybody opened it is not kept for
/// others. Keyset pages.
#[utoipa::path(get, path = "/api/notices/log", tag = "notices", params(ListNoticeLog), responses((status = 200, body = NoticeLog)), extensions(("x-access" = json!("read_notice_log"))))]
async fn list_notice_log(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListNoticeLog>,
) -> Answer<Json<NoticeLog>> {
    let case_code = match wish.case.as_deref().map(PublicCode::parse) {
        Some(None) => return Err(ProblemCode::NotFound.into()),
        Some(Some(code)) => Some(code.to_string()),
        None => None,
    };
    let keys = scope(&caller, Act::ReadNoticeLog).keys().map(str::to_owned).collect();
    let wanted = Wanted { rule: wish.rule, case_code, keys };
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let db = app.db.clone();
    let read = db.read(move |conn| {
        let page = cursor.page(store::log(conn, &wanted, &cursor)?, |logged| logged.n.to_string());
        let who: HashSet<_> = page.items.iter().filter_map(|logged| logged.account).collect();
        let people = duty::people(conn, &app.vault, &who)?;
        let entry = |logged: store::Logged| {
            let person = logged.account.and_then(|id| people.get(&id)).map(|person| person.name.clone());
            let group =
                logged.partner.as_deref().and_then(|id| app.partners.get(id)).map(|partner| partner.name.clone());
            NoticeLogEntry {
                to_name: person.or(group).unwrap_or_else(|| lang.word("notice_to", &logged.to_kind)),
                reached: logged.ways.iter().any(|way| way.outcome.reaches()),
                ways: logged.ways.into_iter().map(|way| taken(way, lang)).collect(),
                id: logged.id,
                at: logged.at,
                rule: logged.rule,
                event: logged.event,
                to_kind: logged.to_kind,
                case_code: logged.case_code,
                title: logged.title,
                text: logged.said,
            }
        };
        Ok::<_, Refused>(NoticeLog { items: page.items.into_iter().map(entry).collect(), next: page.next })
    });
    Ok(Json(read.await?))
}

fn taken(way: WayTaken, lang: Lang) -> NoticeWayTaken {
    NoticeWayTaken {
        way: way.way,
        way_name: lang.word("notice_way", way.way.as_str()),
        outcome: way.outcome,
        outcome_name: lang.word("notice_outcome", way.outcome.as_str()),
        until: way.until,
        address_masked: way.masked,
    }
}
