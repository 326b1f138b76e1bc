//! 回访名单: answered cases that are drawn for a follow-up, as a list to call one after another. Who is called, how often it was
//! tried and what was answered them; the number itself is opened one by one, with its purpose, as everywhere.
//!
//! A case that the caller's own unit handled stands on the list and says so: another unit follows it up.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::Conn;
use linli_kernel::{Action, Page, Timestamp};

use super::Case;
use super::http::PHONE_FIELD;
use super::list::{self, Asker, BoxKey, ListCases};
use super::reader::Reader;
use super::row::CaseRow;
use super::store::{self, Named};
use crate::app::App;
use crate::http::{Answer, Query, Refused, Signed};
use crate::say::Lang;

/// Rows of a page at most: each is read whole.
const MOST: u32 = 50;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_callbacks))
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCallbacks {
    /// `next` of the page before.
    cursor: Option<String>,
}

/// 待回访: a resident to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Callback {
    /// The case.
    case: CaseRow,
    /// When it was answered.
    settled_at: Option<Timestamp>,
    /// What was done, as the resident was told.
    reply_done: Option<String>,
    /// Whether there is a number to call.
    has_phone: bool,
    /// 199****0001, for those who may call.
    phone_masked: Option<String>,
    /// How often it was tried and nobody was reached.
    n_unreached: u32,
    /// When it was tried last.
    tried_at: Option<Timestamp>,
    /// Whether this caller may follow it up; not where their own unit handled it.
    may_follow_up: bool,
}

/// Lists the answered cases that are to be followed up, in the order in which that is due. Keyset pages.
#[utoipa::path(get, path = "/api/callbacks", tag = "cases", params(ListCallbacks), responses((status = 200, body = inline(Page<Callback>))), extensions(("x-access" = json!("read_contact"))))]
async fn list_callbacks(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListCallbacks>,
) -> Answer<Json<Page<Callback>>> {
    let (now, db) = (app.now(), app.db.clone());
    let page = db.read(move |conn| {
        let (book, areas) = (app.playbooks.current(), app.areas());
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let wish =
            ListCases { key: Some(BoxKey::ToFollowUp), cursor: wish.cursor, limit: Some(MOST), ..ListCases::default() };
        let page = list::list(conn, &asker, &wish, &reader)?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let Some(case) = store::load(conn, &Named::Id(row.id))? else { continue };
            items.push(callback(conn, &app, &caller, &case, row)?);
        }
        Ok::<_, Refused>(Page { items, next: page.next })
    });
    Ok(Json(page.await?))
}

fn callback(conn: &mut Conn, app: &App, caller: &Caller, case: &Case, row: CaseRow) -> Result<Callback, Refused> {
    let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
    let may_call = matches!(decide(caller, Act::ReadContact, &case.keys()), Decision::Allowed(_));
    let sealed = case.reporter.phone_sealed.as_deref();
    let phone = sealed.filter(|_| may_call).and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok());
    let offers = case.offers(&book, &case.standing(caller), app.now());
    Ok(Callback {
        case: row,
        settled_at: case.settled_at,
        reply_done: case.reply.as_ref().map(|reply| reply.done.clone()),
        has_phone: sealed.is_some(),
        phone_masked: phone.map(|phone| phone.masked()),
        n_unreached: case.dossier.n_unreached,
        tried_at: case.dossier.follow_up.as_ref().map(|tried| tried.at),
        may_follow_up: offers.iter().any(|def| def.verb == Action::FollowUp),
    })
}
