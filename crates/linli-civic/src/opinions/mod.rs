//! 意见建议: what residents propose is an ordinary case, answered like every other; here its answer becomes public.
//!
//! Rules
//! - Which categories are opinions says the playbook (`opinion = true`). Such a case is collected, dispatched, answered and rated by
//!   the ordinary flow, with the deadlines of its category.
//! - Once it is answered, the community (or the street) tells everybody in its own words what was proposed and what came of it: adopted,
//!   in part, later, or why not. Nothing is published by itself, and nothing of a private case.
//! - What is published holds no number of anybody, and not the words of whoever proposed it unless a clerk writes them anew.
//! - It can be said better and taken back; both stay in the history.
//!
//! What it deliberately does not do: no names, no counting of one resident's proposals, no votes (deliberation is another matter), and no
//! rank of communities by how much they adopt.

pub mod command;
pub mod http;
pub mod model;
pub mod store;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes()
}
