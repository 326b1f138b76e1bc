//! What is done with the work beside a case's seat: by departments, and by outside parties with a one-time link.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Decision, Vault, decide};
use linli_db::{Conn, StoreError, Tx, idempotency};
use linli_kernel::{Actor, CaseId, ProblemCode, TaskAction, TaskId, TaskState, Timestamp};

use super::acted::{Acted, acted};
use super::http::ActOnCase;
use super::reader::{Reader, Shown};
use super::store::{self, Named};
use super::task::{Party, Side, TaskSaid};
use super::task_view::{TaskOffer, TaskView, sides};
use super::{Case, task_store};
use crate::app::App;
use crate::files;
use crate::http::{Answer, Body, CommandKey, Origin, Path, Refused, Signed, key_scope};
use crate::say::Lang;

/// Characters of the proof in a link. Enough that none is guessed: 96 bits.
const PROOF_LEN: usize = 24;
const MAX_PHOTOS: usize = 9;

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
    let said = said(&body);
    let (doer, place) = (caller.clone(), named.clone());
    let at = app.now();
    app.db
        .write(move |tx| {
            once(tx, key.as_ref(), at, |tx| {
                let case = store::load_for_change(tx, &place)?.ok_or(ProblemCode::NotFound)?;
                let role = match decide(&doer, Act::WorkOnCase, &case.keys()) {
                    Decision::Allowed(role) => role,
                    Decision::Forbidden => return Err(ProblemCode::Forbidden.into()),
                    Decision::Hidden => return Err(ProblemCode::NotFound.into()),
                };
                let known = case.task(task).ok_or(ProblemCode::NotFound)?;
                let standing = case.standing(&doer);
                let on = sides(&case, known, &doer, &standing);
                let side = on.iter().copied().find(|side| known.offers(*side).contains(&verb));
                let side = side.ok_or(if on.is_empty() { ProblemCode::Forbidden } else { ProblemCode::NotNow })?;
                let account = Some(doer.account);
                commit(tx, case, task, verb, &said, side, doer.acting_as(role), account, at)
            })
        })
        .await?;
    Ok(Json(acted(&app, named, caller, lang).await?))
}

#[expect(clippy::too_many_arguments, reason = "one act with everything that it is")]
fn commit(
    tx: &mut Tx<'_>,
    case: Case,
    task: TaskId,
    verb: TaskAction,
    said: &TaskSaid,
    side: Side,
    actor: Actor,
    account: Option<linli_kernel::AccountId>,
    at: Timestamp,
) -> Answer<()> {
    let id = case.id;
    let case = tx.commit(case.act_on_task(task, verb, said, side, actor, at)?)?;
    files::attach::<Refused>(tx, &said.photos, id, case.version, account)?;
    Ok(())
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

fn said(body: &ActOnCase) -> TaskSaid {
    let photos = body.fields.get("photos").and_then(Value::as_array);
    TaskSaid {
        text: body.fields.get("text").and_then(Value::as_str).map(|text| text.replace('\0', "")),
        stars: body.fields.get("stars").and_then(Value::as_u64).and_then(|stars| u32::try_from(stars).ok()),
        photos: photos.into_iter().flatten().filter_map(Value::as_str).take(MAX_PHOTOS).map(str::to_owned).collect(),
    }
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
    let (said, at) = (said(&body), app.now());
    app.db
        .write(move |tx| {
            once(tx, key.as_ref(), at, |tx| {
                let case: CaseId = task_store::case_of(tx, id)?.ok_or(ProblemCode::NotFound)?;
                let case = store::load_for_change(tx, &Named::Id(case))?.ok_or(ProblemCode::NotFound)?;
                let Some(Party::Outside(name)) = case.task(id).map(|task| task.party.clone()) else {
                    return Err(ProblemCode::NotFound.into());
                };
                let actor = Actor::Partner { id: id.to_string(), name };
                commit(tx, case, id, verb, &said, Side::Called, actor, None, at)
            })
        })
        .await?;
    Ok(Json(linked(&app, &token, lang).await?))
}
