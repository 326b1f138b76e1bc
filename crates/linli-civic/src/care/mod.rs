//! 关爱: who is entitled to help, what that means, and until when. An entitlement, never a label.
//!
//! Rules
//! - Nobody is entered without a basis: a statutory list of the playbook, or the consent of the person, of the guardian for whoever is
//!   under 14. Every entry has an owner, a plan, a day of review within 12 months, and a day on which it ends by itself.
//! - The person is a resident of the registry: name and address are there and nowhere twice.
//! - What an entry is about is sealed field by field and opened one entry at a time, with a purpose, each look recorded. No list shows it
//!   to anybody; lists say "visit due" ([`need`] is the one rule of who learns what).
//! - The plan and its packages offer services; what the person wants of them is arranged, given and noted, what is declined is let be
//!   ([`service`]). Whoever is paired has on the phone what they give themselves.
//! - Visits due follow from the plan and the last ordinary record of a visit to that home ([`due`]); nothing is written twice.
//! - Objection stops visits at once. Leaving is one step and erases. What has ended is gone from every answer at that moment, and from
//!   the database the same night ([`sweep`]).
//! - The person, or the guardian, reads at `/care` what is held and who looked, with a code from the counter, after the counter has
//!   seen who they are; the code opens one entry once ([`person`]).
//! - Events carry ids and what was done, never why: the chain outlives the entry and must tell nothing of the person.
//!
//! What it deliberately does not do: no score, no level, no colour, no list of people whom other authorities control, no photo, no place
//! where anyone is, no decision by itself about anyone; and it copies no statutory list, it names the list.

pub mod command;
pub mod counts;
pub mod due;
pub mod figures;
pub mod http;
pub mod lives;
pub mod model;
pub mod need;
pub mod person;
pub mod private;
pub mod service;
pub mod store;
pub mod sweep;
pub mod view;
pub mod visit;
pub mod words;

pub use model::Entry;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(private::routes()).merge(person::routes()).merge(figures::routes())
}
