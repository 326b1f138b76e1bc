//! 公共设施: what stands in public, as one list: what is reported there, since when, and what was mended.
//!
//! Rules
//! - A facility is a record of the registry (`Kind::Facility`): entered, brought in from a ledger, changed and confirmed like every other.
//! - Whoever scans its printed code, or chooses it on a phone or at the desk, reports *it*: the case is an ordinary one and knows the
//!   facility (`facility_case`). Everything after that is the case engine.
//! - How a facility stands follows from its cases and is kept nowhere: reported while one is open, mended when the last was closed.
//! - The printed code tells anybody whether it was reported already and since when; not by whom, and nothing of private cases.
//!
//! What it deliberately does not do: no inventory of spare parts, no maintenance contracts, no list of the worst, no second engine for
//! repairs.

pub mod http;
pub mod store;
pub mod view;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes()
}
