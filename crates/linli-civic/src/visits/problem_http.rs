//! 走访问题, over HTTP: what waits for a person, and what the person decides.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Conn, Tx};
use linli_kernel::{AreaCode, AreaLevel, Cursor, Problem, ProblemCode, Timestamp, VisitId, VisitProblemId, Weight};

use super::problem::{Outcome, VisitProblem};
use super::problem_view::{self as view, Reader, VisitProblemView};
use super::recurring::{Group, Note};
use super::unnamed::Names;
use super::{problem_store, store};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::cases::Why;
use crate::cases::hot_spots::Standing;
use crate::cases::hot_spots_http::OpenedCase;
use crate::cases::proactive::{self, Matter};
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::say::Lang;

/// Visits that one decision can be about.
const MOST_VISITS: usize = 3_000;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_visit_problems))
        .routes(routes!(open_visit_problem))
        .routes(routes!(dismiss_visit_problem))
}

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListVisitProblems {
    /// Which community, or a part of it; the first of the caller's without it.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Those that wait for a person, without it.
    #[serde(default)]
    #[param(inline)]
    state: Standing,
    /// `next` of the page before, of those that were decided.
    cursor: Option<String>,
    /// Rows wanted of those that were decided, at most 200.
    limit: Option<u32>,
}

/// What notes of visits keep coming upon in one community.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct VisitProblems {
    /// The communities in which the caller may look.
    areas: Vec<AreaRef>,
    /// The one that was looked at.
    area: Option<AreaRef>,
    /// So many days were looked back.
    days: u32,
    /// So many visits make a problem; 0 where the playbook looks for none.
    least: u32,
    /// Whether there were more notes than one look reads: the oldest were left out.
    is_cut: bool,
    /// The last noted first; those that were decided by when they were first proposed.
    items: Vec<VisitProblemView>,
    /// Where the next page of those that were decided begins.
    next: Option<String>,
}

/// Lists what notes of visits of the caller's areas keep coming upon: computed from the notes when it is asked for.
#[utoipa::path(get, path = "/api/visit-problems", tag = "visits", params(ListVisitProblems), responses((status = 200, body = VisitProblems)), extensions(("x-access" = json!("view_visits"))))]
async fn list_visit_problems(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListVisitProblems>,
) -> Answer<Json<VisitProblems>> {
    let tree = app.areas();
    let communities = view::communities(&tree, &caller);
    let area = wish.area.or_else(|| communities.first().copied());
    // Never more than a community at once: see the cost in `problem_store`.
    let area = area.filter(|area| area.level() >= AreaLevel::Community);
    let settings = app.playbooks.current().settings.clone();
    let mut found = VisitProblems {
        areas: communities.iter().map(|code| tree.reference(code)).collect(),
        area: area.map(|code| tree.reference(&code)),
        days: settings.visit_problem_days,
        least: settings.visit_problem_visits,
        is_cut: false,
        items: Vec::new(),
        next: None,
    };
    let Some(area) = area else { return Ok(Json(found)) };
    let (reader, db) = (app.clone(), app.db.clone());
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let (items, is_cut, next) = db
        .read(move |conn| {
            let show = Reader { app: &reader, caller: &caller, lang };
            let names = |conn: &mut Conn| Names::read(conn, &reader.vault, &area.at(AreaLevel::Community));
            Ok::<_, Refused>(match wish.state {
                Standing::Open => {
                    let looked = view::look(conn, &reader, &caller, &area)?;
                    let names = if looked.groups.is_empty() { None } else { Some(names(conn)?) };
                    let items = names.map(|names| show.proposed(conn, &names, looked.groups)).transpose()?;
                    (items.unwrap_or_default(), looked.is_cut, None)
                }
                Standing::Decided => {
                    let within = scope(&caller, Act::ViewVisits).within(&area);
                    let within: Vec<AreaCode> = within.iter().filter_map(|key| key.parse().ok()).collect();
                    let page = problem_store::decided(conn, &within, &cursor)?;
                    let names = if page.items.is_empty() { None } else { Some(names(conn)?) };
                    let items = names.map(|names| show.decided(conn, &names, page.items)).transpose()?;
                    (items.unwrap_or_default(), false, page.next)
                }
            })
        })
        .await?;
    (found.items, found.is_cut, found.next) = (items, is_cut, next);
    Ok(Json(found))
}

/// A case to open for what visits keep coming upon.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct OpenVisitProblem {
    /// The visits that whoever decides had before them.
    #[schema(value_type = Vec<String>)]
    visits: Vec<VisitId>,
    /// What is to be put right at its root.
    text: String,
    /// The category's code.
    #[serde(default)]
    category: Option<String>,
    /// How heavy it is; as its category says without it.
    #[serde(default)]
    weight: Option<Weight>,
}

/// Opens a case for what visits keep coming upon, and ties the visits to it.
#[utoipa::path(post, path = "/api/visit-problems/{id}/open", tag = "visits", params(("id" = String, Path)), request_body = OpenVisitProblem,
    responses((status = 200, body = OpenedCase), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_visit_problems"))))]
async fn open_visit_problem(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<VisitProblemId>,
    Body(body): Body<OpenVisitProblem>,
) -> Answer<Json<OpenedCase>> {
    let text = proactive::said(&body.text, "text")?;
    let book = app.playbooks.current();
    if body.category.as_deref().is_some_and(|code| book.category(code).is_none()) {
        return Err(Problem::field("category", "unknown").into());
    }
    let found = proposed(&app, &caller, id, body.visits).await?;
    let now = app.now();
    let matter = Matter {
        area: found.problem.area,
        place_text: view::place_text(&app.areas().full_name(&found.problem.area), found.building.as_deref()),
        category: body.category,
        weight: body.weight,
        found_by: Why::new(
            "visit_problem",
            &[("area", found.problem.area.to_string()), ("n", found.problem.n_visits.to_string())],
        ),
        text,
    };
    let ready = proactive::prepare(&app, &caller, matter, now).await?;
    let case_id = ready.id();
    let problem = VisitProblem { outcome: Outcome::Opened(case_id), ..found.problem };
    let writer = app.clone();
    let done = app.db.write(move |tx| {
        undecided(tx, id)?;
        tx.commit(problem.clone().decide(None, now, ready.actor().clone()))?;
        proactive::enter(&writer, tx, &ready)
    });
    done.await?;
    Ok(Json(OpenedCase { case_id }))
}

/// Why nothing follows.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct DismissVisitProblem {
    /// The visits that whoever decides had before them: with a new one it is proposed again.
    #[schema(value_type = Vec<String>)]
    visits: Vec<VisitId>,
    /// In words.
    reason: String,
}

/// Says why nothing follows from what visits keep coming upon.
#[utoipa::path(post, path = "/api/visit-problems/{id}/dismiss", tag = "visits", params(("id" = String, Path)), request_body = DismissVisitProblem,
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_visit_problems"))))]
async fn dismiss_visit_problem(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<VisitProblemId>,
    Body(body): Body<DismissVisitProblem>,
) -> Answer<StatusCode> {
    let reason = proactive::said(&body.reason, "reason")?;
    let problem = proposed(&app, &caller, id, body.visits).await?.problem;
    let keys = Keys::of_area(&problem.area);
    let role = scope(&caller, Act::DecideVisitProblems).reaches(&keys).ok_or(ProblemCode::Forbidden)?;
    let (actor, now) = (caller.acting_as(role), app.now());
    let done = app.db.write(move |tx| {
        undecided(tx, id)?;
        tx.commit(problem.clone().decide(Some(reason.clone()), now, actor.clone()))?;
        Ok::<_, Refused>(())
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

fn undecided(tx: &mut Tx<'_>, id: VisitProblemId) -> Answer<()> {
    match problem_store::load(tx, id)? {
        Some(_) => Err(ProblemCode::NotNow.into()),
        None => Ok(()),
    }
}

/// A problem as it is proposed, and the building's name.
struct Proposed {
    problem: VisitProblem,
    building: Option<String>,
}

/// What is proposed under `id`, with the visits that the caller had before them.
///
/// # Errors
/// `NotFound` where the caller reads no such note; `Forbidden` where they do not decide; `NotNow` when somebody decided before;
/// `Invalid` for visits that are not of it.
async fn proposed(app: &App, caller: &Caller, id: VisitProblemId, visits: Vec<VisitId>) -> Answer<Proposed> {
    let (reader, caller) = (app.clone(), caller.clone());
    let found = app.db.read(move |conn| {
        let first = store::load(conn, VisitId::new(id.uuid()))?.filter(|visit| visit.is_seen_by(&caller));
        let first = first.ok_or(ProblemCode::NotFound)?;
        if !view::may_decide(&caller, &first.area) {
            return Err(Refused::from(ProblemCode::Forbidden));
        }
        if problem_store::load(conn, id)?.is_some() {
            return Err(ProblemCode::NotNow.into());
        }
        let community = first.area.at(first.area.level().min(AreaLevel::Community));
        let looked = view::look(conn, &reader, &caller, &community)?;
        let group = looked.groups.into_iter().find(|group| view::id_of(group) == Some(id));
        let group = group.ok_or(ProblemCode::NotFound)?;
        if !view::may_decide(&caller, &group.area) {
            return Err(ProblemCode::Forbidden.into());
        }
        let is_of_it = visits.len() <= MOST_VISITS && visits.contains(&first.id) && group.holds(&visits);
        let group = is_of_it.then(|| only(group, &visits)).ok_or_else(|| Problem::field("visits", "unknown"))?;
        let names = Names::read(conn, &reader.vault, &community)?;
        let building = view::buildings(conn, group.place_code.as_deref().into_iter())?.into_values().next();
        Ok(Proposed { problem: problem(id, &group, view::words_of(&group, &names)), building })
    });
    found.await
}

fn only(mut group: Group, visits: &[VisitId]) -> Group {
    group.notes.retain(|note| visits.contains(&note.visit));
    group
}

fn problem(id: VisitProblemId, group: &Group, words: Vec<String>) -> VisitProblem {
    let at = |note: Option<&Note>| note.map_or(Timestamp::from_ms(0), |note| note.received_at);
    VisitProblem {
        id,
        area: group.area,
        place_code: group.place_code.clone(),
        words,
        visits: group.notes.iter().map(|note| note.visit).collect(),
        n_visits: u32::try_from(group.notes.len()).unwrap_or(u32::MAX),
        first_at: at(group.notes.first()),
        last_at: at(group.notes.last()),
        outcome: Outcome::Dismissed,
    }
}
