//! What is done with the work beside a case's seat: by departments, and by outside parties with a one-time link.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Vault;
use linli_db::{Conn, StoreError, Tx, idempotency};
use linli_kernel::{Actor, CaseId, ProblemCode, TaskAction, TaskId, TaskState, Timestamp};

use super::acted::{Acted, acted};
use super::http::ActOnCase;
use super::reader::{Reader, Shown};
use super::store::{self, Named};
use super::task::{Party, Side, TaskSaid};
use super::task_command::{self, TaskCommand};
use super::task_view::{TaskOffer, TaskView};
use super::{Case, task_store};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Origin, Path, Refused, Signed, key_scope};
use crate::say::Lang;

/// Characters of the proof in a link. Enough that none is guessed: 96 bits.
const PROOF_LEN: usize = 24;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(act_on_task))
        .routes(routes!(show_linked_task))
        .routes(routes!(act_on_linked_task))
}

/// Takes one of the actions that a task of the case offered: sign, contact, arrive, finish, decline, cancel, rate. One that takes
/// the case out of the caller's sight is answered with `done` and `gone`.
#[utoipa::path(post, path = "/api/cases/{id}/tasks/{task_id}/actions/{verb}", tag = "cases",
    params(("id" = String, Path, description = "Id or public code of the case"), ("task_id" = String, Path), ("verb" = TaskAction, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the action is taken once")),
    request_body = ActOnCase,
    responses((status = 200, body = Acted), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("work_on_case"))))]
async fn act_on_task(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    axum::extract::Path((id, task, verb)): axum::extract::Path<(String, String, String)>,
    key: CommandKey,
    Body(body): Body<ActOnCase>,
) -> Answer<Json<Acted>> {
    let named: Named = id.parse().map_err(|()| ProblemCode::NotFound)?;
    let task: TaskId = task.parse().map_err(|_| ProblemCode::NotFound)?;
    let verb: TaskAction = verb.parse().map_err(|_| ProblemCode::NotFound)?;
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(
        &key_scope(Some(&caller)),
        &[id.as_bytes(), task.to_string().as_bytes(), verb.as_str().as_bytes(), &request],
    );
    let command = TaskCommand { named: named.clone(), task, verb, said: TaskSaid::from_fields(&body.fields) };
    let (doer, at) = (caller.clone(), app.now());
    app.db.write(move |tx| once(tx, key.as_ref(), at, |tx| task_command::run_in(tx, &command, &doer, at))).await?;
    Ok(Json(acted(&app, named, caller, lang).await?))
}

/// Does something once for each key.
fn once(
    tx: &mut Tx<'_>,
    key: Option<&idempotency::Key>,
    at: Timestamp,
    act: impl FnOnce(&mut Tx<'_>) -> Answer<()>,
) -> Answer<()> {
    if let Some(key) = key {
        match idempotency::look_up::<bool>(tx, key)? {
            idempotency::Known::Done(_) => return Ok(()),
            idempotency::Known::Reused => return Err(ProblemCode::KeyReused.into()),
            idempotency::Known::New => {}
        }
    }
    act(tx)?;
    if let Some(key) = key {
        idempotency::remember(tx, key, &true, at)?;
    }
    Ok(())
}

/// The secret part of a link: the task's id and a proof that we made it. Nothing needs to be kept.
#[must_use]
pub fn link_token(vault: &Vault, id: TaskId) -> String {
    format!("{id}.{}", proof(vault, id))
}

fn proof(vault: &Vault, id: TaskId) -> String {
    vault.index("task.link", &id.to_string()).chars().take(PROOF_LEN).collect()
}

fn opened(vault: &Vault, token: &str) -> Option<TaskId> {
    let (id, given) = token.split_once('.')?;
    let id: TaskId = id.parse().ok()?;
    let is_ours = subtle::ConstantTimeEq::ct_eq(proof(vault, id).as_bytes(), given.as_bytes());
    bool::from(is_ours).then_some(id)
}

/// What an outside party is asked to do. Nothing of the resident is in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkedTask {
    /// The task.
    #[serde(flatten)]
    task: TaskView,
    /// Who asks.
    asked_by: String,
    /// Where, in words; down to the building, never a flat.
    place_name: String,
    /// What kind of matter.
    category_name: Option<String>,
}

/// Shows what a one-time link asks for.
#[utoipa::path(get, path = "/api/links/{token}", tag = "public", params(("token" = String, Path)), responses((status = 200, body = LinkedTask), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_linked_task(State(app): State<App>, lang: Lang, Path(token): Path<String>) -> Answer<Json<LinkedTask>> {
    Ok(Json(linked(&app, &token, lang).await?))
}

async fn linked(app: &App, token: &str, lang: Lang) -> Answer<LinkedTask> {
    let id = opened(&app.vault, token).ok_or(ProblemCode::NotFound)?;
    let (app, now) = (app.clone(), app.now());
    app.clone()
        .db
        .read(move |conn| {
            let case = case_of(conn, id)?;
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            let shown = Shown::read(conn, &app.vault, case, book, now)?;
            let areas = app.areas();
            let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
            let task = shown.case.task(id).ok_or(ProblemCode::NotFound)?;
            if task.state == TaskState::Cancelled || !matches!(task.party, Party::Outside(_)) {
                return Err(ProblemCode::NotFound.into());
            }
            let verbs = task.offers(Side::Called);
            let actions: Vec<TaskOffer> = verbs.into_iter().map(|verb| reader.task_offer(verb)).collect();
            let category = shown.case.category.as_deref().and_then(|code| shown.book.category(code));
            Ok::<_, Refused>(LinkedTask {
                asked_by: reader.seat_name(&shown.book, &shown.case.seat),
                place_name: areas.full_name(&shown.case.area),
                category_name: category.map(|category| category.name.clone()),
                task: TaskView { actions, ..reader.task(&shown, task) },
            })
        })
        .await
}

fn case_of(conn: &mut Conn, task: TaskId) -> Answer<Case> {
    let case: CaseId = task_store::case_of(conn, task)?.ok_or(ProblemCode::NotFound)?;
    store::load(conn, &Named::Id(case))?.ok_or_else(|| ProblemCode::NotFound.into())
}

/// Takes an action on the task that a one-time link stands for: sign, contact, arrive, finish, decline.
#[utoipa::path(post, path = "/api/links/{token}/actions/{verb}", tag = "public",
    params(("token" = String, Path), ("verb" = TaskAction, Path)), request_body = ActOnCase,
    responses((status = 200, body = LinkedTask), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn act_on_linked_task(
    State(app): State<App>,
    origin: Origin,
    lang: Lang,
    axum::extract::Path((token, verb)): axum::extract::Path<(String, String)>,
    key: CommandKey,
    Body(body): Body<ActOnCase>,
) -> Answer<Json<LinkedTask>> {
    app.limits.take(origin, app.now())?;
    let id = opened(&app.vault, &token).ok_or(ProblemCode::NotFound)?;
    let verb: TaskAction = verb.parse().map_err(|_| ProblemCode::NotFound)?;
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(None), &[token.as_bytes(), verb.as_str().as_bytes(), &request]);
    let (said, at) = (TaskSaid::from_fields(&body.fields), app.now());
    app.db
        .write(move |tx| {
            once(tx, key.as_ref(), at, |tx| {
                let case: CaseId = task_store::case_of(tx, id)?.ok_or(ProblemCode::NotFound)?;
                let case = store::load_for_change(tx, &Named::Id(case))?.ok_or(ProblemCode::NotFound)?;
                let Some(Party::Outside(name)) = case.task(id).map(|task| task.party.clone()) else {
                    return Err(ProblemCode::NotFound.into());
                };
                let actor = Actor::Partner { id: id.to_string(), name };
                let command = TaskCommand { named: Named::Id(case.id), task: id, verb, said: said.clone() };
                task_command::commit(tx, case, &command, Side::Called, (actor, None), at)
            })
        })
        .await?;
    Ok(Json(linked(&app, &token, lang).await?))
}
