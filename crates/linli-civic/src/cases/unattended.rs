//! 无人经办: open cases whose handler cannot work on them any more, and seats at which nobody answers.
//!
//! An account that is disabled, or a post that ends, moves no case by itself: which colleague goes on is for the people of the
//! seat and those above to say. Until then the case stands in a box of its own, for everybody who may see it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, scope};
use linli_db::{Bind, Conn, StoreError, params, placeholders};
use linli_kernel::{AreaCode, Timestamp};

use super::model::Seat;
use super::reader::Reader;
use crate::app::App;
use crate::http::{Answer, Refused, Signed};
use crate::people::duty::ANSWERING;
use crate::say::Lang;

/// Seats shown at most.
const MOST: i64 = 200;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_empty_seats))
}

/// The condition that the handler of case `c` cannot work on it any more, with the present as `now`. Only accounts that were
/// disabled or lost a post are looked at, so that it costs little where nobody left.
#[must_use]
pub fn handler_is_gone(now: &str) -> String {
    format!(
        "c.handler_id IN (SELECT a.id FROM account a WHERE a.disabled_at IS NOT NULL \
         UNION SELECT g.account_id FROM grant_role g WHERE g.ends_at IS NOT NULL AND g.ends_at <= {now}) \
         AND NOT EXISTS (SELECT 1 FROM account a JOIN grant_role g ON g.account_id = a.id JOIN case_scope k ON k.case_id = c.id AND k.scope_key = g.area_code \
         WHERE a.id = c.handler_id AND a.disabled_at IS NULL AND g.role IN {ANSWERING} AND g.starts_at <= {now} AND (g.ends_at IS NULL OR g.ends_at > {now}))"
    )
}

/// A seat at which cases wait and nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptySeat {
    /// Where.
    pub seat: Seat,
    /// Cases that wait there.
    pub n_open: i64,
}

/// Seats at which cases wait and nobody answers, the fullest first: of those reached by `keys`, or of all without them.
///
/// # Errors
/// The database's.
pub fn empty_seats(conn: &mut Conn, keys: Option<&[String]>, now: Timestamp) -> Result<Vec<EmptySeat>, StoreError> {
    let mut values = params![now, MOST].to_vec();
    let reached = keys.map_or_else(String::new, |keys| {
        values.extend(keys.iter().map(Bind::val));
        format!(
            "AND EXISTS (SELECT 1 FROM case_scope k WHERE k.case_id = c.id AND k.scope_key IN ({}))",
            placeholders(3, keys.len())
        )
    });
    let sql = format!(
        "SELECT c.seat_area, c.seat_unit, COUNT(*) AS n FROM cases c WHERE c.phase IN ('open', 'waiting') {reached} \
         AND NOT EXISTS (SELECT 1 FROM grant_role g JOIN account a ON a.id = g.account_id \
         WHERE g.area_code = c.seat_area AND COALESCE(g.unit_code, '') = COALESCE(c.seat_unit, '') AND g.role IN {ANSWERING} \
         AND a.disabled_at IS NULL AND g.starts_at <= $1 AND (g.ends_at IS NULL OR g.ends_at > $1)) \
         GROUP BY c.seat_area, c.seat_unit ORDER BY n DESC, c.seat_area LIMIT $2"
    );
    conn.all(&sql, &values, |row| {
        let area: AreaCode = row.parse("seat_area")?;
        Ok(EmptySeat { seat: Seat { area, unit: row.get("seat_unit")? }, n_open: row.get("n")? })
    })
}

/// A seat at which cases wait and nobody answers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EmptySeat)]
pub struct EmptySeatView {
    /// In words.
    seat_name: String,
    /// Its area.
    area_code: AreaCode,
    /// Its unit.
    unit_code: Option<String>,
    /// Cases that wait there.
    n_open: i64,
}

/// Seats without people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EmptySeats {
    /// The fullest first, 200 at most.
    items: Vec<EmptySeatView>,
}

/// Lists the seats of the caller's areas at which cases wait and nobody answers.
#[utoipa::path(get, path = "/api/empty-seats", tag = "people", responses((status = 200, body = EmptySeats)), extensions(("x-access" = json!("view_people"))))]
async fn list_empty_seats(State(app): State<App>, Signed(caller): Signed, lang: Lang) -> Answer<Json<EmptySeats>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let keys: Vec<String> = scope(&caller, Act::ViewPeople).keys().map(str::to_owned).collect();
    let found = app.db.read(move |conn| empty_seats(conn, Some(&keys), now).map_err(Refused::from)).await?;
    let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
    let items = found.into_iter().map(|found| EmptySeatView {
        seat_name: reader.seat_name(&book, &found.seat),
        area_code: found.seat.area,
        unit_code: found.seat.unit,
        n_open: found.n_open,
    });
    Ok(Json(EmptySeats { items: items.collect() }))
}
