//! 检查与隐患: premises looked at by a checklist, and what was found put right.
//!
//! Rules
//! - A checklist is data of the playbook. An inspection keeps the version that it went by, and an answer to every line of it.
//! - What is found becomes a case of kind `hazard` in the same command, with place, weight and the time for putting it right from the
//!   line of the checklist. Everything after that is the case engine: overdue it goes up, whoever saw to it does not look again.
//! - A photo is asked for only where the line says why, and never holds up a record that a phone brings.
//! - Premises are those of the registry. Their printed code tells anybody when they were looked at last, and how many hazards are
//!   open and until when; not which.
//!
//! What it deliberately does not do: no grade of premises, no list of the worst, no fine, no second engine for hazards.

pub mod command;
pub mod http;
pub mod model;
pub mod public;
pub mod store;
pub mod view;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(public::routes())
}
