//! 待定的改动: where two values met in one field, a person decides.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Act;
use linli_kernel::{Cursor, ProposalId};

use super::command::{self, Command, Outcome, What};
use super::http::reached;
use super::model::Record;
use super::view::{self, ProposalView};
use super::{list, store};
use crate::app::App;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_proposals)).routes(routes!(decide_proposal))
}

/// Which proposals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListProposals {
    /// Within this area; everywhere that the caller may decide without it.
    area: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// What waits for a person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryProposals)]
pub struct Proposals {
    /// The oldest first.
    items: Vec<ProposalView>,
    /// Where the next page begins.
    next: Option<String>,
}

/// Lists the values that met another one and wait for the caller to decide.
#[utoipa::path(get, path = "/api/registry/proposals", tag = "registry", params(ListProposals),
    responses((status = 200, body = Proposals), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_proposals"))))]
async fn list_proposals(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListProposals>,
) -> Answer<Json<Proposals>> {
    let areas = reached(&caller, Act::DecideProposals, wish.area.as_deref())?;
    let after = wish.after.as_deref().and_then(|id| id.parse::<ProposalId>().ok());
    let db = app.db.clone();
    let found = db.read(move |conn| {
        let cursor = Cursor::new(None, None);
        let open = store::proposals_within(conn, &app.vault, &areas, after, cursor.fetch())?;
        let page = cursor.page(open, |proposal| proposal.id.to_string());
        let people = duty::people(conn, &app.vault, &store::authors(&page.items))?;
        let mut records: HashMap<String, Record> = HashMap::new();
        for proposal in &page.items {
            if let Some(record) = store::load(conn, &app.vault, proposal.kind, proposal.record)? {
                records.insert(proposal.record.to_string(), record);
            }
        }
        let about: Vec<Record> = records.values().cloned().collect();
        let beside = list::beside(conn, &app.vault, &about)?;
        let items = page.items.iter().filter_map(|proposal| {
            let record = records.get(&proposal.record.to_string())?;
            Some(view::proposal(&app, proposal, record, &beside, &people, lang))
        });
        Ok::<_, Refused>(Proposals { items: items.collect(), next: page.next })
    });
    Ok(Json(found.await?))
}

/// What a person decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = DecideProposal)]
pub struct DecideProposal {
    /// Whether the proposed value stands from now on.
    accept: bool,
}

/// Takes the proposed value, or leaves what stands.
#[utoipa::path(post, path = "/api/registry/proposals/{id}/decision", tag = "registry", params(("id" = String, Path)), request_body = DecideProposal,
    responses((status = 200, body = Outcome), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_proposals"))))]
async fn decide_proposal(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(proposal): Path<ProposalId>,
    Body(body): Body<DecideProposal>,
) -> Answer<Json<Outcome>> {
    let what = What::Decide { proposal, is_accepted: body.accept };
    command::run(&app, Command { what, key: None, caller }).await.map(Json)
}
