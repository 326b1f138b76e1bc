//! 走访清单, at the desk: which homes of a list are still to be visited in this period, by place, so that somebody can help.
//!
//! Homes and days, in the order of places: nobody's name, no share of what is done by anybody or by any grid, and never why a
//! home is on a list. What it costs: the homes of the lists and the visits of the period, each by the index of its areas.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Act;
use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, RecordId, Timestamp};
use linli_playbook::DutyTarget;

use super::due::{self, Due, Facts, State as DutyState};
use super::period;
use super::store::{self, Asked};
use super::view;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Query, Refused, Signed};
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_visit_lists))
}

/// Narrows the lists.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskVisitLists {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// A home of a list. Which, never why.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct ListedHome {
    /// Which dwelling of the registry.
    #[schema(value_type = String)]
    record_id: RecordId,
    /// Its address.
    label: String,
    /// Where.
    area: AreaRef,
    /// How it stands in this period.
    state: DutyState,
    /// When somebody visited it last in this period.
    last_at: Option<Timestamp>,
}

/// 走访清单
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct VisitList {
    /// By which rule.
    duty_id: String,
    /// What people call it.
    name: String,
    /// Why it is visited, in a sentence: how often, which rule says so.
    why: String,
    /// The first day on which it can be done.
    #[schema(value_type = String, format = Date)]
    from: String,
    /// The last day on which it is due.
    #[schema(value_type = String, format = Date)]
    to: String,
    /// How many homes are still to be visited in this period.
    n_open: u32,
    /// The homes in the order of places.
    homes: Vec<ListedHome>,
}

/// Visiting lists of the caller's areas.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct VisitLists {
    /// In the order of the rules.
    items: Vec<VisitList>,
    /// Whether there were more records than one look goes through: a smaller area says more.
    is_cut: bool,
}

/// Shows which homes of the visiting lists are still to be visited in this period.
#[utoipa::path(get, path = "/api/duties/lists", tag = "duties", params(AskVisitLists), responses((status = 200, body = VisitLists)), extensions(("x-access" = json!("arrange_duties"))))]
async fn list_visit_lists(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<AskVisitLists>,
) -> Answer<Json<VisitLists>> {
    let areas = store::reached(&caller, Act::ArrangeDuties, ask.area.as_ref());
    let (reader, db) = (app.clone(), app.db.clone());
    Ok(Json(db.read(move |conn| lists(conn, &reader, &areas, lang).map_err(Refused::from)).await?))
}

fn lists(conn: &mut Conn, app: &App, areas: &[AreaCode], lang: Lang) -> Result<VisitLists, StoreError> {
    let (book, now) = (app.playbooks.current(), app.now());
    if areas.is_empty() || !book.duties.duties.iter().any(|duty| duty.target == DutyTarget::VisitList) {
        return Ok(VisitLists { items: Vec::new(), is_cut: false });
    }
    let (visits_since, _) = due::since(&book.duties, now);
    // Only visits show that a home was visited: meetings are not asked for.
    let works = store::works(conn, &Asked { areas, accounts: &[], visits_since, met_since: now })?;
    let targets = store::targets(conn, areas)?;
    let (duties, hours) = (&book.duties, &book.working_hours);
    let facts = Facts { duties, calendar: &app.calendar, hours, works: &works, targets: &targets, now };
    let on_list = duties.duties.iter().filter(|duty| duty.target == DutyTarget::VisitList);
    let lists = on_list.filter_map(|duty| {
        let window = period::window(duty, now, &app.calendar, hours)?;
        let due = facts.of_list(duty, &window);
        let n_open = due.iter().filter(|due| due.state != DutyState::Done).count();
        Some(VisitList {
            duty_id: duty.id.clone(),
            name: duty.name.clone(),
            why: view::why(duty, lang),
            from: window.days.first.to_string(),
            to: window.days.last.to_string(),
            n_open: u32::try_from(n_open).unwrap_or(u32::MAX),
            homes: due.iter().filter_map(|due| home(app, due)).collect(),
        })
    });
    Ok(VisitLists { items: lists.collect(), is_cut: store::is_cut(&works, &targets) })
}

fn home(app: &App, due: &Due<'_>) -> Option<ListedHome> {
    let target = due.target?;
    Some(ListedHome {
        record_id: target.record,
        label: target.label.clone(),
        area: app.areas().reference(&target.area),
        state: due.state,
        last_at: due.last_at,
    })
}
