//! What staff do with cases.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::{Conn, StoreError};
use linli_kernel::{Action, AreaCode, Page, ProblemCode};

use super::Case;
use super::acted::{Acted, acted};
use super::command::{Command, Who, run};
use super::count::{InboxBox, count_boxes};
use super::list::{self, Asker, ListCases};
use super::reader::{Reader, Shown};
use super::row::CaseRow;
use super::store::{self, Named};
use super::view::CaseView;
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::say::Lang;

/// The field that seals a reporter's phone.
pub const PHONE_FIELD: &str = "cases.reporter_phone";
/// The field that seals a reporter's name.
pub const NAME_FIELD: &str = "cases.reporter_name";

/// The routes of staff.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_inbox))
        .routes(routes!(list_cases))
        .routes(routes!(show_case))
        .routes(routes!(act_on_case))
        .merge(super::seats::routes())
        .merge(super::bulk::routes())
        .merge(super::call::routes())
        .merge(super::callbacks::routes())
        .merge(super::work_order_http::routes())
        .merge(super::contact::routes())
        .merge(super::unattended::routes())
}

/// The boxes of the inbox.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Inbox {
    /// In the order of the page.
    boxes: Vec<InboxBox>,
}

/// Narrows the inbox.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowInbox {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Counts what the caller must do now, box by box.
#[utoipa::path(get, path = "/api/inbox", tag = "cases", params(ShowInbox), responses((status = 200, body = Inbox)), extensions(("x-access" = json!("view_case"))))]
async fn show_inbox(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ShowInbox>,
) -> Answer<Json<Inbox>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let boxes = app.db.read(move |conn| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        count_boxes(conn, &asker, wish.area.as_ref(), lang).map_err(Refused::from)
    });
    Ok(Json(Inbox { boxes: boxes.await? }))
}

/// Lists cases that the caller may see: a box of the inbox, or all that is open. Keyset pages.
#[utoipa::path(get, path = "/api/cases", tag = "cases", params(ListCases), responses((status = 200, body = inline(Page<CaseRow>))), extensions(("x-access" = json!("view_case"))))]
async fn list_cases(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListCases>,
) -> Answer<Json<Page<CaseRow>>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        list::list(conn, &asker, &wish, &reader).map_err(Refused::from)
    });
    Ok(Json(page.await?))
}

/// Shows a case, by its id or its public code, with everything that the caller may do now.
#[utoipa::path(get, path = "/api/cases/{id}", tag = "cases", params(("id" = String, Path, description = "Id or public code")),
    responses((status = 200, body = CaseView), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn show_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
) -> Answer<Json<CaseView>> {
    Ok(Json(view(&app, named, caller, lang).await?))
}

/// An action on a case.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActOnCase {
    /// The version that the caller saw.
    pub version: u32,
    /// The fields of the action's form.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Value>)]
    pub fields: Map<String, Value>,
}

/// Takes one of the actions that the case offered. A version that is no longer the present one is a
/// conflict (409 `version_conflict`), answered with who did what meanwhile and the present state. A command that takes the case
/// out of the caller's sight is answered with `done` and `gone`; 404 means that nothing was done.
#[utoipa::path(post, path = "/api/cases/{id}/actions/{verb}", tag = "cases",
    params(("id" = String, Path, description = "Id or public code"), ("verb" = Action, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the action is taken once")),
    request_body = ActOnCase,
    responses((status = 200, body = Acted), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("work_on_case"))))]
async fn act_on_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    axum::extract::Path((id, verb)): axum::extract::Path<(String, String)>,
    key: CommandKey,
    Body(body): Body<ActOnCase>,
) -> Answer<Json<Acted>> {
    let named: Named = id.parse().map_err(|()| ProblemCode::NotFound)?;
    let verb: Action = verb.parse().map_err(|_| ProblemCode::NotFound)?;
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[id.as_bytes(), verb.as_str().as_bytes(), &request]);
    let command = Command {
        named: named.clone(),
        verb,
        version: body.version,
        fields: body.fields,
        key,
        who: Who::Staff(caller.clone()),
    };
    match run(&app, command).await {
        Ok(()) => Ok(Json(acted(&app, named, caller, lang).await?)),
        Err(Refused::Problem(mut problem))
            if matches!(problem.code, ProblemCode::VersionConflict | ProblemCode::NotNow) =>
        {
            let present = view(&app, named, caller, lang).await?;
            problem.current = serde_json::to_value(present).ok();
            Err(Refused::Problem(problem))
        }
        Err(refused) => Err(refused),
    }
}

/// Reads a case and shows it to `caller`.
///
/// # Errors
/// `NotFound` when it does not exist or they may not see it.
pub async fn view(app: &App, named: Named, caller: Caller, lang: Lang) -> Answer<CaseView> {
    let (app, now) = (app.clone(), app.now());
    app.clone()
        .db
        .read(move |conn| {
            let case = seen(conn, &named, &caller)?;
            let areas = app.areas();
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
            let current = app.playbooks.current();
            let asker = Asker { caller: &caller, book: &current, areas: &areas, now };
            // What binds a person's cases together is for those who may call them.
            let may_call = matches!(decide(&caller, Act::ReadContact, &case.keys()), Decision::Allowed(_));
            let earlier = match case.reporter.phone_index.as_ref().filter(|_| may_call) {
                Some(index) => list::earlier(conn, &asker, index, case.id, &reader)?,
                None => Vec::new(),
            };
            let shown = Shown::read(conn, &app.vault, case, book, now)?;
            Ok(reader.staff(&shown, &caller, may_call, earlier))
        })
        .await
}

/// A case that the caller may see.
///
/// # Errors
/// `NotFound` for every other.
pub(super) fn seen(conn: &mut Conn, named: &Named, caller: &Caller) -> Answer<Case> {
    let case = store::load(conn, named)?.ok_or(ProblemCode::NotFound)?;
    match decide(caller, Act::ViewCase, &case.keys()) {
        Decision::Allowed(_) => Ok(case),
        Decision::Forbidden | Decision::Hidden => Err(ProblemCode::NotFound.into()),
    }
}
