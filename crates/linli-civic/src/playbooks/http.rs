//! The playbook as the desk shows it.

use axum::Json;
use axum::extract::State;
use linli_playbook::{Finding, Playbook};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::Answer;

/// Which years' holidays are known.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CalendarYears {
    /// Years with a published list.
    years: Vec<i16>,
    /// This year and the next, where the list is missing: deadlines there are provisional.
    missing: Vec<i16>,
}

/// A playbook with what its check found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlaybookView {
    /// The playbook of new cases.
    playbook: Playbook,
    /// What its check found, errors first.
    findings: Vec<Finding>,
    /// The calendar that deadlines are counted by.
    calendar: CalendarYears,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_playbook))
}

/// Shows the playbook of new cases, with the findings of its check.
#[utoipa::path(get, path = "/api/playbook", tag = "playbook", responses((status = 200, body = PlaybookView)), extensions(("x-access" = json!("view_playbook"))))]
async fn show_playbook(State(app): State<App>) -> Answer<Json<PlaybookView>> {
    let calendar = CalendarYears { years: app.calendar.years(), missing: app.calendar.missing(app.now()) };
    Ok(Json(PlaybookView {
        playbook: (*app.playbooks.current()).clone(),
        findings: app.playbooks.findings().to_vec(),
        calendar,
    }))
}
