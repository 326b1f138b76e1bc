//! 底数: the dwellings, households, residents, premises and firms of a grid, as those who serve it need to know them.
//!
//! Rules
//! - Only fields with a stated purpose. Political standing, faith, ethnic group, health, ratings and control lists have no column;
//!   a workbook that brings one is refused with the reason, or taken without it.
//! - Names, phone numbers and ID numbers are sealed and found by a keyed index. No list shows them; each look is recorded
//!   with its purpose, and the person can ask who looked.
//! - One write path: [`command::run_in`] for people and phones, the same decisions for rows of an import. Every change is an event
//!   with the fields that it changed; what stood in them is beside the chain and can be erased.
//! - Two who change different fields both have their way; two who change the same one leave a question for a person
//!   ([`merge`]). What is sealed is never merged by itself.
//! - An import is looked at before it acts, goes on after an interruption, says why a row was refused, and can be taken back.
//! - Who moved away or died is archived, and erased a year later ([`sweep`]).
//! - Figures say where help is needed. There is no ranking of grids or of people.
//!
//! What it deliberately does not do: it keeps no relation between people beyond the household, no place where anyone is or was, no
//! label on anyone; it does not decide who needs care; and an area's figures of the statistics office stay what they are.

pub mod code;
pub mod command;
pub mod fields;
pub mod figures;
pub mod history;
pub mod http;
pub mod ledger;
pub mod list;
pub mod merge;
pub mod model;
pub mod private;
pub mod proposals;
pub mod refused;
pub mod store;
pub mod sweep;
pub mod twins;
pub mod view;

pub use fields::Kind;
pub use model::Record;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(private::routes()).merge(proposals::routes()).merge(twins::routes())
}
