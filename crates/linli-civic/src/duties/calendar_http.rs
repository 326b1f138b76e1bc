//! 月历: a month of a place: working days, shifts, fixed days, who is away.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Act;
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AreaCode, Problem, Role, Workday};
use linli_playbook::DutyRhythm;

use super::period::{Days, window};
use super::roster_http::{self, ShiftView};
use super::store;
use super::view::{self, LeaveView};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Query, Refused, Signed};
use crate::people::leave;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(duty_calendar))
}

/// Which month of which area.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AskMonth {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// As 2026-10; this month without it.
    month: Option<String>,
}

/// A month.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyMonth)]
struct Month {
    /// As 2026-10.
    month: String,
    /// The areas that it is of.
    areas: Vec<AreaRef>,
    /// Today, in the time of the city.
    today: String,
    /// Its days.
    days: Vec<Day>,
    /// Who is away in it.
    away: Vec<LeaveView>,
}

/// A day.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyDay)]
struct Day {
    /// Which.
    #[schema(value_type = String, format = Date)]
    date: String,
    /// Whether it is worked.
    is_workday: bool,
    /// Whether the year's holidays are not published: Monday to Friday is a guess.
    provisional: bool,
    /// Shifts that begin on it.
    shifts: Vec<ShiftView>,
    /// Duties with a fixed day that is this one.
    fixed: Vec<FixedDuty>,
    /// Duties of a longer period that end on it.
    ending: Vec<FixedDuty>,
}

/// A duty on a day.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct FixedDuty {
    /// By which rule.
    duty_id: String,
    /// What people call it.
    name: String,
}

fn first_of(month: Option<&str>, today: Date) -> Answer<Date> {
    let Some(month) = month.filter(|month| !month.is_empty()) else { return Ok(today.first_of_month()) };
    format!("{month}-01").parse().map_err(|_| Problem::field("month", "bad_month").into())
}

/// A month of a place: which days are worked, who is on duty when, which duties have their day, who is away.
#[utoipa::path(get, path = "/api/duties/calendar", tag = "duties", params(AskMonth), responses((status = 200, body = Month)), extensions(("x-access" = json!("view_duties"))))]
async fn duty_calendar(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(ask): Query<AskMonth>,
) -> Answer<Json<Month>> {
    let today = beijing_date(app.now());
    let first = first_of(ask.month.as_deref(), today)?;
    let days = Days::around(DutyRhythm::Month, first);
    let areas = store::reached(&caller, Act::ViewDuties, ask.area.as_ref());
    let arranged = store::reached(&caller, Act::ArrangeDuties, ask.area.as_ref());
    let reader = app.clone();
    let month = app.db.read(move |conn| {
        let (from, to) = (days.begins_at(), days.ends_at());
        // Whoever works in a grid is on duty at the stations of their community.
        let community = |area: &AreaCode| area.at(linli_kernel::AreaLevel::Community.min(area.level()));
        let mut around: Vec<AreaCode> = areas.iter().map(community).collect();
        around.sort();
        around.dedup();
        let shifts = store::shifts(conn, &around, (from, to))?;
        let shifts = roster_http::views(conn, &reader, shifts, &caller, lang)?;
        let roles: BTreeSet<Role> = Role::ALL.iter().copied().collect();
        let mut posts = view::posts_of(&caller);
        if !arranged.is_empty() {
            posts.extend(store::posts(conn, &arranged, &roles, reader.now())?);
        }
        let leaves = leave::of(conn, &posts.iter().map(|post| post.account).collect(), (from, to))?;
        let away = view::leave_views(conn, &reader, leaves, &posts, true)?;
        let tree = reader.areas();
        Ok::<_, Refused>(Month {
            month: format!("{:04}-{:02}", first.year(), first.month()),
            areas: areas.iter().map(|area| tree.reference(area)).collect(),
            today: today.to_string(),
            days: days.iter().map(|date| day(&reader, date, &shifts)).collect(),
            away,
        })
    });
    Ok(Json(month.await?))
}

fn day(app: &App, date: Date, shifts: &[ShiftView]) -> Day {
    let workday = app.calendar.is_workday(date);
    let book = app.playbooks.current();
    let named = |is_meant: &dyn Fn(Days) -> bool| {
        let duties = book.duties.duties.iter().filter(|duty| duty.rhythm != DutyRhythm::Day);
        let on = duties.filter(|duty| {
            window(duty, beijing_midnight(date), &app.calendar, &book.working_hours)
                .is_some_and(|window| is_meant(window.days))
        });
        on.map(|duty| FixedDuty { duty_id: duty.id.clone(), name: duty.name.clone() }).collect::<Vec<_>>()
    };
    Day {
        date: date.to_string(),
        is_workday: workday.worked(),
        provisional: matches!(workday, Workday::Provisional(_)),
        shifts: shifts.iter().filter(|shift| beijing_date(shift.starts_at) == date).cloned().collect(),
        fixed: named(&|days| days.first == date && days.last == date),
        ending: named(&|days| days.last == date && days.first != date),
    }
}
