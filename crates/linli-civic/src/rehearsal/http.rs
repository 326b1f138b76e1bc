//! 试演 on the desk: the drafts that lie beside the data, and what each would change, page by page. Nothing is kept: whoever asks
//! gets so many cases at a time and goes on where they were.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide, scope};
use linli_db::Conn;
use linli_kernel::{AreaCode, CaseId, Problem, ProblemCode, Timestamp};
use linli_playbook::{Finding, load};

use super::store::{count, page};
use super::view::{Reading, Rehearsal};
use super::{Stage, Wish};
use crate::app::App;
use crate::cases::store::{self, Named};
use crate::http::{Answer, Path, Query, Refused, Signed};
use crate::say::Lang;

/// Cases of one page. Unit: cases.
const PAGE: u32 = 200;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_drafts)).routes(routes!(rehearse_draft))
}

/// A draft of a playbook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftView {
    /// The folder's name.
    id: String,
    /// What people call it.
    name: String,
    /// Its version.
    version: String,
    /// Whether it has no errors: only then it can be rehearsed.
    is_usable: bool,
    /// What its check found.
    findings: Vec<Finding>,
}

/// The drafts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Drafts {
    /// By their ids.
    items: Vec<DraftView>,
}

/// Lists the playbooks that lie in the folder beside the data, with the findings of their check.
#[utoipa::path(get, path = "/api/playbook/drafts", tag = "playbook", responses((status = 200, body = Drafts)), extensions(("x-access" = json!("rehearse_playbook"))))]
async fn list_drafts(State(app): State<App>) -> Answer<Json<Drafts>> {
    let own = app.clone();
    let found = app.slowly(move || {
        let (sources, ids) = own.playbooks.drafts().map_err(unreadable)?;
        let drafts = ids.iter().filter_map(|id| load(&sources, id).ok());
        let view = |loaded: linli_playbook::Loaded| DraftView {
            is_usable: loaded.is_usable(),
            id: loaded.playbook.id,
            name: loaded.playbook.name,
            version: loaded.playbook.version,
            findings: loaded.findings,
        };
        Ok::<_, Refused>(Drafts { items: drafts.map(view).collect() })
    });
    Ok(Json(found.await??))
}

fn unreadable(error: linli_playbook::LoadError) -> Refused {
    tracing::error!(error = %error, "the folder of playbooks cannot be read");
    ProblemCode::Internal.into()
}

/// Which cases are rehearsed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RehearseDraft {
    /// Reported from then on.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Reported before then.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Where the page before ended.
    #[param(value_type = Option<String>)]
    after: Option<CaseId>,
}

/// A page of a rehearsal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RehearsalPage {
    /// What came of these cases.
    #[serde(flatten)]
    rehearsal: Rehearsal,
    /// How many cases there are in all.
    n_all: u32,
    /// Where the next page begins; without it this was the last.
    next: Option<CaseId>,
}

/// Replays so many past cases through a draft and tells what would change. Reads only; tells nothing that anybody wrote, and the id of
/// a case only to those who may see it.
#[utoipa::path(get, path = "/api/playbook/drafts/{id}/rehearsal", tag = "playbook", params(("id" = String, Path), RehearseDraft),
    responses((status = 200, body = RehearsalPage), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("rehearse_playbook"))))]
async fn rehearse_draft(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<String>,
    Query(wish): Query<RehearseDraft>,
) -> Answer<Json<RehearsalPage>> {
    let (sources, ids) = app.playbooks.drafts().map_err(unreadable)?;
    let id = ids.into_iter().find(|known| *known == id).ok_or(ProblemCode::NotFound)?;
    let loaded = load(&sources, &id).map_err(|_| Refused::from(ProblemCode::NotFound))?;
    if !loaded.is_usable() {
        return Err(Problem::field("draft", "draft_with_errors").into());
    }
    let draft = Arc::new(loaded.playbook);
    let held = scope(&caller, Act::RehearsePlaybook);
    let areas: Vec<String> = match wish.area {
        Some(area) => held.within(&area),
        None => held.keys().map(str::to_owned).collect(),
    };
    if areas.is_empty() {
        return Err(ProblemCode::NotFound.into());
    }
    let (own, after) = (app.clone(), wish.after);
    let wish = Wish { since: wish.since, until: wish.until, areas, limit: PAGE };
    let done = app.db.read(move |conn| {
        let stage = Stage::set(conn, draft, own.calendar.clone(), own.now())?;
        let ids = page(conn, &wish, after)?;
        let mut rehearsal = Rehearsal::of(&stage);
        let tree = own.areas();
        rehearsal.add(&stage, &stage.rehearse(conn, &ids)?, &Reading { areas: &tree, lang });
        hide(conn, &caller, &mut rehearsal)?;
        let next = ids.last().copied().filter(|_| ids.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX));
        Ok::<_, Refused>(RehearsalPage { rehearsal, n_all: count(conn, &wish)?, next })
    });
    Ok(Json(done.await?))
}

/// The way to a case is shown to those who may see it.
fn hide(conn: &mut Conn, caller: &Caller, rehearsal: &mut Rehearsal) -> Answer<()> {
    for moved in &mut rehearsal.moved {
        let Some(id) = moved.id else { continue };
        let case = store::load(conn, &Named::Id(id))?;
        let sees =
            |case: &crate::cases::Case| matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_));
        if !case.as_ref().is_some_and(sees) {
            moved.id = None;
        }
    }
    Ok(())
}
