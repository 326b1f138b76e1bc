//! 12345 热线对接: work orders of the city's hotline come in (by Excel and by a signed API), what became of them goes back,
//! and a matter that belongs to the hotline goes out to it (工单诉求互转).
//!
//! Rules
//! - An order is known by the partner and its number (工单编号). The same number never makes two cases: sent again unchanged
//!   it changes nothing, changed it is noted on the case that it made.
//! - An import is a record with a state. Every row lands in one transaction with its outcome, so that a server that is
//!   killed goes on where it was and nothing is doubled.
//! - Every row of a file has an outcome; a row that was refused says why in plain words, on a sheet with the row as it came.
//! - What people were told stays theirs: the call's time (来电时间) and the hotline's limit (办理时限) are kept beside ours.
//! - A file is known by its bytes, not by its name; formulas are never run; what is written to a sheet is text.
//! - Phone numbers leave the house only for those who may see them, with a reason, each look recorded.
//!
//! What it deliberately does not do: it decides nothing about a case that its flow does not allow, and it keeps no second
//! copy of a caller's number: the sealed one of the case is the only one.

pub mod api;
pub mod category;
pub mod columns;
pub mod errors_sheet;
pub mod export;
pub mod files;
pub mod http;
pub mod import_store;
pub mod import_view;
pub mod intake;
pub mod land;
pub mod order;
pub mod partner;
pub mod place;
pub mod plan;
pub mod push;
pub mod run;
pub mod sign;
pub mod store;
pub mod transfer;

pub use files::Inbox;
pub use partner::Hotline;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(export::routes()).merge(api::routes()).merge(transfer::routes())
}
