//! 台账导入: workbooks that an office kept so far, brought in.
//!
//! Rules
//! - A workbook comes in as it is: its header is found, its columns are mapped once and remembered, explanations and merged cells do no
//!   harm ([`intake`]). Columns that the registry does not take keep the file out until whoever brings it leaves them out.
//! - Nothing is written before a dry run was seen. Each row has its own outcome; the good ones land, the others come back as a sheet
//!   with the reasons beside them.
//! - A chunk lands in one transaction with the note of how far it came: a server that is killed goes on there and nothing is doubled
//!   ([`run`]).
//! - Ledgers of visits are written down as of their own day; of hazards, what is not put right becomes a case ([`done`]).
//! - An import can be taken back as a whole; what somebody changed since stays and is counted ([`undo`]).
//!
//! What it deliberately does not do: it keeps no copy of the workbook, only its rows, sealed, and for a week at most; and it guesses nothing that a row does not say.

pub mod done;
pub mod errors_sheet;
pub mod http;
pub mod intake;
pub mod plan;
pub mod reading;
pub mod run;
pub mod store;
pub mod undo;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes()
}
