//! 换版: which versions a running case could go by, and moving it to one of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::{StoreError, Tx, idempotency};
use linli_kernel::{Problem, ProblemCode, Role, Timestamp};
use linli_playbook::Playbook;

use super::Case;
use super::command::{conflict, decided_at};
use super::http::view;
use super::store::{self, Named};
use super::version::Move;
use super::view::{CaseView, PinnedPlaybook};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Refused, Signed, key_scope};
use crate::once;
use crate::playbooks::{OnShelf, Shelf};
use crate::say::Lang;

/// Versions that are offered at most; the newest are.
const MOST: usize = 20;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_versions_for_case)).routes(routes!(move_case))
}

/// Which versions a case could go by.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionChoices {
    /// The version of the case that a command names.
    version: u32,
    /// What it goes by now.
    playbook: PinnedPlaybook,
    /// When an answer is promised now.
    promised_at: Option<Timestamp>,
    /// The others, the newest first.
    choices: Vec<VersionChoice>,
}

/// One of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VersionChoice {
    /// The playbook's id.
    playbook: String,
    /// Its version.
    playbook_version: String,
    /// What people call it.
    name: String,
    /// Since when it is here.
    loaded_at: Timestamp,
    /// Whether new cases get it.
    is_current: bool,
    /// The stages to choose from, where its own is not there.
    stages: Vec<StageChoice>,
    /// When an answer would be promised.
    promised_at: Option<Timestamp>,
    /// Why it cannot be, in words.
    obstacle: Option<String>,
}

/// A stage that a case could stand in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StageChoice {
    /// Its id.
    id: String,
    /// In words.
    name: String,
}

/// Shows which other versions of a playbook a running case could go by, and what would become of its promise.
#[utoipa::path(get, path = "/api/cases/{id}/playbook", tag = "cases", params(("id" = String, Path, description = "Id or public code")),
    responses((status = 200, body = VersionChoices), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("move_playbook"))))]
async fn list_versions_for_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
) -> Answer<Json<VersionChoices>> {
    let own = app.clone();
    let found = app.db.read(move |conn| {
        let case = store::load(conn, &named)?.ok_or(ProblemCode::NotFound)?;
        let _ = may_move(&caller, &case)?;
        let from = own.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
        let here = (from.id.clone(), from.version.clone());
        let mut choices = Vec::new();
        for one in
            Shelf::versions(conn)?.into_iter().filter(|one| (&one.id, &one.version) != (&here.0, &here.1)).take(MOST)
        {
            if let Some(to) = own.playbooks.find(conn, &one.id, &one.version)? {
                choices.push(choice(&own, &case, &from, &to, one, lang));
            }
        }
        let playbook = PinnedPlaybook { id: here.0, version: here.1 };
        let promised_at = case.promise().map(|promise| promise.due_at);
        Ok::<_, Refused>(VersionChoices { version: case.version, playbook, promised_at, choices })
    });
    Ok(Json(found.await?))
}

fn choice(app: &App, case: &Case, from: &Playbook, to: &Arc<Playbook>, one: OnShelf, lang: Lang) -> VersionChoice {
    let stages = case.stages_in(to);
    let has_own = matches!(stages.as_slice(), [own] if own.id == case.stage);
    let named = stages.first().filter(|_| !has_own).map(|stage| stage.id.as_str());
    let tried = Move { from, stage: named, reason: "?" };
    let actor = linli_kernel::Actor::System;
    let tried = tried.decide(case.clone(), to, (&app.calendar, &app.ids, app.now()), actor);
    let current = app.playbooks.current();
    let stage = |stage: &&linli_playbook::Stage| StageChoice { id: stage.id.clone(), name: stage.name.clone() };
    VersionChoice {
        is_current: current.id == one.id && current.version == one.version,
        stages: if has_own { Vec::new() } else { stages.iter().map(stage).collect() },
        promised_at: tried.as_ref().ok().and_then(|change| change.state().promise().map(|promise| promise.due_at)),
        obstacle: tried.as_ref().err().map(|problem| obstacle(problem, lang)),
        playbook: one.id,
        playbook_version: one.version,
        name: one.name,
        loaded_at: one.loaded_at,
    }
}

/// Why a case cannot be moved, in words.
#[must_use]
pub fn obstacle(problem: &Problem, lang: Lang) -> String {
    match problem.errors.first() {
        Some(field) => lang.word("field_problem", &field.code),
        None => lang.word("problem", problem.code.as_str()),
    }
}

/// A move to another version.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MoveCase {
    /// The version of the case that the caller saw.
    version: u32,
    /// The id of the playbook.
    playbook: String,
    /// The version of the playbook.
    playbook_version: String,
    /// The stage that it shall stand in, where its own is not there.
    #[serde(default)]
    stage: Option<String>,
    /// Why; kept in the history.
    reason: String,
}

/// Moves a running case to another version of the playbook, for a reason. A promise to the resident is never worsened by it.
#[utoipa::path(post, path = "/api/cases/{id}/playbook", tag = "cases",
    params(("id" = String, Path, description = "Id or public code"), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is moved once")),
    request_body = MoveCase,
    responses((status = 200, body = CaseView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("move_playbook"))))]
async fn move_case(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
    key: CommandKey,
    Body(body): Body<MoveCase>,
) -> Answer<Json<CaseView>> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[format!("{named:?}").as_bytes(), b"playbook", &request]);
    let (own, who, what) = (app.clone(), caller.clone(), named.clone());
    app.db.write(move |tx| move_in(&own, tx, &who, &what, &body, key.as_ref())).await?;
    Ok(Json(view(&app, named, caller, lang).await?))
}

fn move_in(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    named: &Named,
    wish: &MoveCase,
    key: Option<&idempotency::Key>,
) -> Answer<()> {
    let case = store::load_for_change(tx, named)?.ok_or(ProblemCode::NotFound)?;
    let role = may_move(caller, &case)?;
    if once::outcome::<u32>(tx, key)?.is_some() {
        return Ok(());
    }
    if case.version != wish.version && decided_at(tx, &case)? > wish.version {
        return Err(conflict(app, tx, &case)?.into());
    }
    let from = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let unknown = || Problem::field("playbook_version", "unknown");
    let to = app.playbooks.find(tx, &wish.playbook, &wish.playbook_version)?.ok_or_else(unknown)?;
    let now = app.now();
    let asked = Move { from: &from, stage: wish.stage.as_deref(), reason: &wish.reason };
    let change = asked.decide(case, &to, (&app.calendar, &app.ids, now), caller.acting_as(role))?;
    let case = tx.commit(change)?;
    once::keep(tx, key, &case.version, now)
}

fn may_move(caller: &Caller, case: &Case) -> Result<Role, Refused> {
    match decide(caller, Act::MovePlaybook, &case.keys()) {
        Decision::Allowed(role) => Ok(role),
        Decision::Forbidden => Err(ProblemCode::Forbidden.into()),
        Decision::Hidden => Err(ProblemCode::NotFound.into()),
    }
}
