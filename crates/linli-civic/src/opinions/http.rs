//! Publishing what came of an opinion, taking it back, what waits for it, and what everybody reads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Decision, decide, scope};
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AreaCode, CaseId, Cursor, Problem, ProblemCode, Timestamp};

use super::command::{self, PublishOpinion, answered};
use super::model::{Adoption, Opinion};
use super::store;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::cases::store::{self as cases, Named};
use crate::http::{Answer, Body, Origin, Path, Query, Refused, Signed};
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_waiting_opinions))
        .routes(routes!(show_opinion, publish_opinion))
        .routes(routes!(withdraw_opinion))
        .routes(routes!(list_public_opinions))
}

/// An answered opinion of which nothing is public yet.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WaitingOpinion)]
struct WaitingView {
    /// Which case.
    #[schema(value_type = String)]
    case_id: CaseId,
    /// Its number for paper.
    paper_no: String,
    /// What was said.
    text: String,
    /// Its category, in words.
    category_name: String,
    /// Where.
    area: AreaRef,
    /// When it was answered.
    settled_at: Option<Timestamp>,
}

/// What waits to be told to everybody.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct WaitingOpinions {
    /// The newest first, at most 100.
    items: Vec<WaitingView>,
}

/// Narrows the list of what waits.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListWaiting {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// Lists opinions of the caller's areas that were answered and of which nothing is public yet.
#[utoipa::path(get, path = "/api/opinions/waiting", tag = "opinions", params(ListWaiting), responses((status = 200, body = WaitingOpinions)), extensions(("x-access" = json!("publish_opinions"))))]
async fn list_waiting_opinions(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(wish): Query<ListWaiting>,
) -> Answer<Json<WaitingOpinions>> {
    let keys = scope(&caller, Act::PublishOpinions).keys_in(wish.area.as_ref());
    let (reader, book) = (app.clone(), app.playbooks.current());
    let found = app.db.read(move |conn| {
        let book = reader.playbooks.current();
        let codes: Vec<&str> =
            book.categories.iter().filter(|category| category.opinion).map(|category| category.code.as_str()).collect();
        store::waiting(conn, &codes, &keys).map_err(Refused::from)
    });
    let name = |code: &str| book.category(code).map(|category| category.name.clone()).unwrap_or_default();
    let items = found.await?.into_iter().map(|waiting| WaitingView {
        case_id: waiting.case,
        paper_no: waiting.paper_no,
        text: waiting.body,
        category_name: name(&waiting.category),
        area: app.areas().reference(&waiting.area),
        settled_at: waiting.settled_at,
    });
    Ok(Json(WaitingOpinions { items: items.collect() }))
}

/// A public answer as the desk sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Opinion)]
struct OpinionView {
    /// The case that it was.
    #[schema(value_type = String)]
    case_id: CaseId,
    /// What was proposed, in the clerk's words.
    summary: String,
    /// What came of it.
    outcome: Adoption,
    /// The answer to everybody.
    answer: String,
    /// When it was first published.
    published_at: Timestamp,
    /// When it was taken back.
    withdrawn_at: Option<Timestamp>,
    /// The version that a change names.
    version: i64,
}

impl From<Opinion> for OpinionView {
    fn from(opinion: Opinion) -> Self {
        Self {
            case_id: opinion.case,
            summary: opinion.summary,
            outcome: opinion.adoption,
            answer: opinion.answer,
            published_at: opinion.published_at,
            withdrawn_at: opinion.withdrawn_at,
            version: opinion.version,
        }
    }
}

/// What is public of a case, or can be made so.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct CaseOpinion {
    /// What was published, also if it was taken back; `null` before.
    opinion: Option<OpinionView>,
    /// Whether the caller may publish it now.
    may_publish: bool,
}

/// Shows what of an opinion is public, and whether it can be made so.
#[utoipa::path(get, path = "/api/opinions/{case_id}", tag = "opinions", params(("case_id" = String, Path)),
    responses((status = 200, body = CaseOpinion), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn show_opinion(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<CaseId>,
) -> Answer<Json<CaseOpinion>> {
    let book = app.playbooks.current();
    let shown = app.db.read(move |conn| {
        let case = cases::load(conn, &Named::Id(id))?.ok_or(ProblemCode::NotFound)?;
        if !matches!(decide(&caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) {
            return Err(Refused::from(ProblemCode::NotFound));
        }
        let may = matches!(decide(&caller, Act::PublishOpinions, &case.keys()), Decision::Allowed(_));
        let may_publish = may && answered(&case).check(&book).is_ok();
        Ok(CaseOpinion { opinion: store::load(conn, id)?.map(Into::into), may_publish })
    });
    Ok(Json(shown.await?))
}

/// Tells everybody what was proposed and what came of it; sent for one that is public, it says it better.
#[utoipa::path(put, path = "/api/opinions/{case_id}", tag = "opinions", params(("case_id" = String, Path)), request_body = PublishOpinion,
    responses((status = 200, body = OpinionView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("publish_opinions"))))]
async fn publish_opinion(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<CaseId>,
    Body(body): Body<PublishOpinion>,
) -> Answer<(StatusCode, Json<OpinionView>)> {
    let writer = app.clone();
    let published = app.db.write(move |tx| command::publish_in(&writer, tx, &caller, id, &body));
    Ok((StatusCode::OK, Json(published.await?.into())))
}

/// Takes a public answer back.
#[utoipa::path(post, path = "/api/opinions/{case_id}/withdraw", tag = "opinions", params(("case_id" = String, Path)),
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("publish_opinions"))))]
async fn withdraw_opinion(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<CaseId>,
) -> Answer<StatusCode> {
    let writer = app.clone();
    let withdrawn = app.db.write(move |tx| command::withdraw_in(&writer, tx, &caller, id));
    withdrawn.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A proposal and what came of it, as everybody reads it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublicOpinion)]
struct PublicView {
    /// What was proposed.
    summary: String,
    /// What came of it.
    outcome: Adoption,
    /// The same in words.
    outcome_name: String,
    /// The answer.
    answer: String,
    /// Of which place, no nearer than the community.
    area: AreaRef,
    /// When it was published.
    published_at: Timestamp,
}

/// How many came to what.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OpinionCount)]
struct CountView {
    /// What came of them.
    outcome: Adoption,
    /// The same in words.
    name: String,
    /// How many.
    n: i64,
}

/// What was proposed and answered.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PublicOpinions {
    /// The newest first.
    items: Vec<PublicView>,
    /// `cursor` of the next page.
    next: Option<String>,
    /// How many were answered in public this year, by what came of them.
    counts: Vec<CountView>,
}

/// Of which place, and which page.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListOpinions {
    /// Only of this area and what lies below it. A grid is answered for by its community.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists what residents proposed and what came of it, without them.
#[utoipa::path(get, path = "/api/public/opinions", tag = "public", params(ListOpinions),
    responses((status = 200, body = PublicOpinions), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn list_public_opinions(
    State(app): State<App>,
    origin: Origin,
    lang: Lang,
    Query(wish): Query<ListOpinions>,
) -> Answer<Json<PublicOpinions>> {
    app.reading.take(origin, app.now())?;
    let area = wish.area.map(wide);
    if area.is_some_and(|area| app.areas().get(&area).is_none()) {
        return Err(Problem::field("area", "unknown").into());
    }
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let since = beijing_midnight(beijing_date(app.now()).first_of_year());
    let read = app.db.read(move |conn| {
        let page = store::published(conn, area.as_ref(), &cursor)?;
        Ok::<_, Refused>((page, store::counts(conn, area.as_ref(), since)?))
    });
    let (page, counts) = read.await?;
    let name = |adoption: Adoption| lang.word("opinion_outcome", adoption.as_str());
    let n = |adoption: Adoption| counts.iter().find(|(word, _)| word == adoption.as_str()).map_or(0, |(_, n)| *n);
    let items = page.items.into_iter().map(|opinion| PublicView {
        summary: opinion.summary,
        outcome: opinion.adoption,
        outcome_name: name(opinion.adoption),
        answer: opinion.answer,
        area: app.areas().reference(&wide(opinion.area)),
        published_at: opinion.published_at,
    });
    let told =
        Adoption::ALL.into_iter().map(|adoption| CountView { outcome: adoption, name: name(adoption), n: n(adoption) });
    Ok(Json(PublicOpinions { items: items.collect(), next: page.next, counts: told.collect() }))
}

/// The community of a grid: whoever proposed something is not to be found by their building.
fn wide(area: AreaCode) -> AreaCode {
    area.at(area.level().min(linli_kernel::AreaLevel::Community))
}
