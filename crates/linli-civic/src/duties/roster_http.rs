//! 排班: setting who is on duty when.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, AreaCode, Problem, ProblemCode, ShiftId, ShiftKind, Timestamp};

use super::gathering::{clean, units as known_units};
use super::http::units;
use super::roster::Shift;
use super::store;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::once;
use crate::people::duty;
use crate::people::view::UnitRef;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set_shift)).routes(routes!(change_shift)).routes(routes!(cancel_shift))
}

/// Longest title and place. Unit: characters.
const MAX_TITLE: usize = 60;
/// Longest note. Unit: characters.
const MAX_NOTE: usize = 500;
/// Most people of a shift.
const MAX_PEOPLE: usize = 30;
/// Most weeks for which a shift is repeated at once.
const MAX_WEEKS: u32 = 26;
const WEEK_MS: i64 = 7 * 24 * 3_600_000;

/// A shift of a roster.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
struct SetShift {
    /// Where.
    area_code: String,
    /// Of which kind.
    kind: ShiftKind,
    /// What people call it, at most 60 characters.
    title: String,
    /// Where, in words.
    #[serde(default)]
    place_text: String,
    /// What to know, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
    /// Who.
    #[serde(default)]
    account_ids: Vec<String>,
    /// Codes of the units that come along.
    #[serde(default)]
    units: Vec<String>,
    /// From when.
    starts_at: Timestamp,
    /// Until when, at most a day later.
    ends_at: Timestamp,
    /// For so many further weeks on the same weekday and at the same time.
    #[serde(default)]
    repeat_weeks: u32,
    /// Of a shift that is changed: the version that was changed. With another one somebody was quicker, and nothing is changed.
    #[serde(default)]
    version: Option<i64>,
}

/// 班次
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Shift)]
pub struct ShiftView {
    /// Which.
    id: String,
    /// Where.
    area: AreaRef,
    /// Of which kind.
    kind: ShiftKind,
    /// In words.
    kind_name: String,
    /// What people call it.
    title: String,
    /// Where, in words.
    place_text: String,
    /// What to know.
    note: Option<String>,
    /// Ids of those on duty.
    #[schema(value_type = Vec<String>)]
    account_ids: Vec<AccountId>,
    /// By name.
    names: Vec<String>,
    /// Units that come along.
    units: Vec<UnitRef>,
    /// From when.
    pub(super) starts_at: Timestamp,
    /// Until when.
    ends_at: Timestamp,
    /// Whether the reader is on duty then.
    is_mine: bool,
    /// Whether the reader may change it.
    may_change: bool,
    /// Whether it was set together with others of other weeks.
    in_series: bool,
    /// How often it was changed.
    version: i64,
}

/// Shifts with names.
///
/// # Errors
/// The database's.
pub(super) fn views(
    conn: &mut Conn,
    app: &App,
    shifts: Vec<Shift>,
    caller: &Caller,
    lang: Lang,
) -> Result<Vec<ShiftView>, StoreError> {
    let accounts: HashSet<AccountId> = shifts.iter().flat_map(|shift| shift.accounts.iter().copied()).collect();
    let names = duty::people(conn, &app.vault, &accounts)?;
    let (tree, now) = (app.areas(), app.now());
    let arranges = scope(caller, Act::ArrangeDuties);
    let view = |shift: Shift| ShiftView {
        id: shift.id.to_string(),
        area: tree.reference(&shift.area),
        kind: shift.kind,
        kind_name: lang.word("shift_kind", shift.kind.as_str()),
        names: shift
            .accounts
            .iter()
            .map(|account| names.get(account).map(|person| person.name.clone()).unwrap_or_default())
            .collect(),
        units: units(app, &shift.units),
        is_mine: shift.accounts.contains(&caller.account),
        in_series: shift.series.is_some(),
        version: shift.version,
        may_change: arranges.reaches(&shift.keys()).is_some() && shift.ends_at > now,
        title: shift.title,
        place_text: shift.place_text,
        note: shift.note,
        account_ids: shift.accounts,
        starts_at: shift.starts_at,
        ends_at: shift.ends_at,
    };
    Ok(shifts.into_iter().map(view).collect())
}

/// What was asked for, as far as its fields are right.
fn wanted(app: &App, body: &SetShift) -> Answer<Shift> {
    let area = AreaCode::parse(&body.area_code).ok().filter(|area| app.areas().get(area).is_some());
    let area = area.ok_or_else(|| Problem::field("area_code", "unknown"))?;
    let (units, mut problem) = known_units(app, &body.units, Problem::new(ProblemCode::Invalid));
    let (title, place_text) = (clean(&body.title), clean(&body.place_text));
    if title.is_empty() {
        problem = problem.and_field("title", "required");
    }
    for (field, text) in [("title", &title), ("place_text", &place_text)] {
        if text.chars().count() > MAX_TITLE {
            problem = problem.and_field(field, "too_long").with("max", MAX_TITLE.to_string());
        }
    }
    let note = body.note.as_deref().map(clean).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        problem = problem.and_field("note", "too_long").with("max", MAX_NOTE.to_string());
    }
    let mut accounts: Vec<AccountId> = body.account_ids.iter().filter_map(|id| id.parse().ok()).collect();
    if accounts.len() != body.account_ids.len() {
        problem = problem.and_field("account_ids", "unknown");
    }
    accounts.sort();
    accounts.dedup();
    if accounts.len() > MAX_PEOPLE {
        problem = problem.and_field("account_ids", "too_many").with("max", MAX_PEOPLE.to_string());
    }
    if body.repeat_weeks > MAX_WEEKS {
        problem = problem.and_field("repeat_weeks", "out_of_range");
    }
    if !problem.errors.is_empty() {
        return Err(problem.into());
    }
    Ok(Shift {
        id: ShiftId::new(app.ids.uuid(app.now())),
        area,
        kind: body.kind,
        title,
        place_text,
        note,
        accounts,
        units,
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        series: None,
        cancelled_at: None,
        version: 0,
    })
}

fn arranged_by(caller: &Caller, area: &AreaCode) -> Answer<linli_kernel::Actor> {
    let keys = Keys::of_area(area);
    match scope(caller, Act::ArrangeDuties).reaches(&keys) {
        Some(role) => Ok(caller.acting_as(role)),
        None if scope(caller, Act::ViewDuties).reaches(&keys).is_some() => Err(ProblemCode::Forbidden.into()),
        None => Err(ProblemCode::NotFound.into()),
    }
}

fn check_people(tx: &mut Conn, shift: &Shift, now: Timestamp) -> Answer<()> {
    if store::all_work_around(tx, &shift.accounts, &shift.area, now)? {
        Ok(())
    } else {
        Err(Problem::field("account_ids", "unknown").into())
    }
}

/// Puts a shift into the roster, for several weeks where that is asked.
#[utoipa::path(post, path = "/api/shifts", tag = "duties", request_body = SetShift,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, it is set once")),
    responses((status = 201, body = [ShiftView]), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("arrange_duties"))))]
async fn set_shift(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<SetShift>,
) -> Answer<(StatusCode, Json<Vec<ShiftView>>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"shift", &request]);
    let shift = wanted(&app, &body)?;
    let actor = arranged_by(&caller, &shift.area)?;
    let (writer, now) = (app.clone(), app.now());
    let views = app.db.write(move |tx| {
        if let Some(before) = once::outcome::<Vec<ShiftId>>(tx, key.as_ref())? {
            let mut set = Vec::new();
            for id in before {
                set.extend(store::shift(tx, id)?);
            }
            return Ok(views(tx, &writer, set, &caller, lang)?);
        }
        check_people(tx, &shift, now)?;
        let series = (body.repeat_weeks > 0).then_some(shift.id);
        let mut set = Vec::new();
        for week in 0..=i64::from(body.repeat_weeks) {
            let one = Shift {
                id: if week == 0 { shift.id } else { ShiftId::new(writer.ids.uuid(now)) },
                starts_at: shift.starts_at.plus_ms(week * WEEK_MS),
                ends_at: shift.ends_at.plus_ms(week * WEEK_MS),
                series,
                ..shift.clone()
            };
            set.push(tx.commit(one.set(actor.clone(), now)?)?);
        }
        let ids: Vec<ShiftId> = set.iter().map(|shift| shift.id).collect();
        once::keep(tx, key.as_ref(), &ids, now)?;
        Ok::<_, Refused>(views(tx, &writer, set, &caller, lang)?)
    });
    Ok((StatusCode::CREATED, Json(views.await?)))
}

/// Changes a shift that is not over: who, when, where.
#[utoipa::path(put, path = "/api/shifts/{id}", tag = "duties", params(("id" = String, Path)), request_body = SetShift,
    responses((status = 200, body = ShiftView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("arrange_duties"))))]
async fn change_shift(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<ShiftId>,
    Body(body): Body<SetShift>,
) -> Answer<Json<ShiftView>> {
    let next = wanted(&app, &body)?;
    arranged_by(&caller, &next.area)?;
    let (writer, now) = (app.clone(), app.now());
    let view = app.db.write(move |tx| {
        let shift = store::shift_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
        let actor = arranged_by(&caller, &shift.area)?;
        if body.version.is_some_and(|version| version != shift.version) {
            return Err(ProblemCode::VersionConflict.into());
        }
        check_people(tx, &next, now)?;
        let shift = tx.commit(shift.change(next.clone(), actor, now)?)?;
        Ok::<_, Refused>(views(tx, &writer, vec![shift], &caller, lang)?.pop())
    });
    Ok(Json(view.await?.ok_or(ProblemCode::NotFound)?))
}

/// What is called off with it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct CancelShift {
    /// Those of its series that follow it too.
    #[serde(default)]
    following: bool,
}

/// Calls a shift off that is not over; those of its series that follow it too, where that is asked.
#[utoipa::path(post, path = "/api/shifts/{id}/cancel", tag = "duties", params(("id" = String, Path), CancelShift),
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("arrange_duties"))))]
async fn cancel_shift(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ShiftId>,
    Query(wish): Query<CancelShift>,
) -> Answer<StatusCode> {
    let now = app.now();
    let done = app.db.write(move |tx| {
        let shift = store::shift_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
        let off = if wish.following { store::shift_and_following(tx, &shift)? } else { vec![shift] };
        for one in off {
            let actor = arranged_by(&caller, &one.area)?;
            tx.commit(one.cancel(actor, now)?)?;
        }
        Ok::<_, Refused>(())
    });
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
