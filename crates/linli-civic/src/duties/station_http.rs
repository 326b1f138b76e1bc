//! 值守公示: who is at the warm station or at the reception desk, when and where, told to everybody who may want to go there.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_kernel::{AccountId, AreaCode, AreaLevel, Problem, ShiftKind, Timestamp};

use super::http::units;
use super::store;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Origin, Query, Refused};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_public_shifts))
}

/// Shifts at which residents are received. Patrols and watches are told to nobody outside.
const RECEIVING: &[ShiftKind] = &[ShiftKind::Station, ShiftKind::Reception];
/// How far ahead is told. Unit: ms.
const AHEAD_MS: i64 = 7 * 24 * 3_600_000;

/// Narrows the list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListPublicShifts {
    /// Where the reader is: stations of this community with its grids, and of the street, the county and the city above.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
}

/// A shift at which residents are received.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublicShift)]
struct PublicShiftView {
    /// Which area it serves.
    area: AreaRef,
    /// In words: a station, a reception day.
    kind_name: String,
    /// What people call it.
    title: String,
    /// Where, in words.
    place_text: String,
    /// Who is there, by name, and units that come along.
    who: Vec<String>,
    /// From when.
    starts_at: Timestamp,
    /// Until when.
    ends_at: Timestamp,
    /// Whether somebody is there now.
    is_now: bool,
}

/// Who receives residents in the coming week.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct PublicShifts {
    /// The nearest first, at most 100.
    items: Vec<PublicShiftView>,
}

/// Lists who is at the warm stations and reception desks now and in the coming seven days.
#[utoipa::path(get, path = "/api/public/shifts", tag = "public", params(ListPublicShifts),
    responses((status = 200, body = PublicShifts), (status = 422, body = crate::http::ProblemBody), (status = 429, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn list_public_shifts(
    State(app): State<App>,
    origin: Origin,
    lang: Lang,
    Query(wish): Query<ListPublicShifts>,
) -> Answer<Json<PublicShifts>> {
    let now = app.now();
    app.reading.take(origin, now)?;
    if wish.area.is_some_and(|area| app.areas().get(&area).is_none()) {
        return Err(Problem::field("area", "unknown").into());
    }
    let area = wish.area.map(|area| area.at(area.level().min(AreaLevel::Community)));
    let reader = app.clone();
    let read = app.db.read(move |conn| {
        let shifts = store::shifts_around(conn, area.as_ref(), RECEIVING, (now, now.plus_ms(AHEAD_MS)))?;
        let accounts: HashSet<AccountId> = shifts.iter().flat_map(|shift| shift.accounts.iter().copied()).collect();
        let people = duty::people(conn, &reader.vault, &accounts)?;
        Ok::<_, Refused>((shifts, people))
    });
    let (shifts, people) = read.await?;
    let items = shifts.into_iter().map(|shift| {
        let names = shift.accounts.iter().filter_map(|account| people.get(account)).map(|person| person.name.clone());
        PublicShiftView {
            area: app.areas().reference(&shift.area),
            kind_name: lang.word("shift_kind", shift.kind.as_str()),
            who: names.chain(units(&app, &shift.units).into_iter().map(|unit| unit.name)).collect(),
            is_now: shift.starts_at <= now,
            title: shift.title,
            place_text: shift.place_text,
            starts_at: shift.starts_at,
            ends_at: shift.ends_at,
        }
    });
    Ok(Json(PublicShifts { items: items.collect() }))
}
