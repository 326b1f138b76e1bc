//! 报表: the workbooks that superiors ask for again and again, filled from the record.
//!
//! Rules
//! - An office uploads the empty workbook once and says what its columns mean; from then on it fills itself (`sheets::template` keeps
//!   its looks and its formulas). Nobody copies by hand what is known.
//! - Of visits and hazards a workbook is of a time, and holds what whoever takes it may see.
//! - A column that the registry does not keep stays empty, and it is said why.
//! - Names, phone numbers and ID numbers go out only when a second person agrees, with a purpose, to whoever asked, for a day; every
//!   person in the file finds that in the record of who looked.
//! - A form that was filled by hand is counted too, by one click. The figures show how much of the paperwork is still typed: they
//!   are about forms, never about whoever fills them.
//!
//! What it deliberately does not do: it sends nothing to anybody, and it has no deadline and no reminder for a form.

pub mod burden;
pub mod done;
pub mod http;
pub mod model;
pub mod reading;
pub mod rows;
pub mod store;
pub mod submission_http;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    http::routes().merge(submission_http::routes()).merge(burden::routes())
}
