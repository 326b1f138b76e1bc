//! 职责任务: what is due, for whom, by when, and what shows that it was done.
//!
//! Rules
//! - What is due is computed from the rule of the playbook and the records of the work; nothing is stored ahead ([`due`]).
//! - One record does for every duty that it fits: a visit, a patrol, an inspection, a meeting. Nobody writes anything down for a
//!   duty alone, and a meeting counts for everybody who was there.
//! - A day off is a day off: windows move to working days by the published calendar. Whoever is away owes nothing while they are;
//!   what is owed for a place goes to whoever stands in.
//! - A record counts on the day that its writer's clock says, unless that clock is off by more than the time for which phones may
//!   be without a network: then on the day of receipt.
//! - Visiting lists say which dwelling, never why.
//! - Heads see gaps as help to give: by place, never by person, and nothing is put in order by how much is missing. A
//!   self-check tells its own person figures and everybody else yes or no.
//! - A shift of a roster asks for no sign that somebody came. Residents see who receives them where and when; patrols and watches
//!   they are not told of.
//!
//! What it deliberately does not do: no score, no list of workers by what they did, no check-in, no reminder at night, no reason
//! of anybody's absence.

pub mod calendar_http;
pub mod catalogue_http;
pub mod due;
pub mod gathering;
pub mod http;
pub mod lists_http;
pub mod period;
pub mod roster;
pub mod roster_http;
pub mod station_http;
pub mod store;
pub mod view;
pub mod work;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes()
        .merge(roster_http::routes())
        .merge(calendar_http::routes())
        .merge(lists_http::routes())
        .merge(catalogue_http::routes())
        .merge(station_http::routes())
}
