//! Where a case could go: who the responsibility list names, the neighbours, the units; with reasons, with who is on duty
//! there and how much they carry, and with what may not be chosen. For one case, or for several that are to go together.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::{Conn, StoreError};
use linli_kernel::AreaCode;

use super::Case;
use super::http::seen;
use super::model::Seat;
use super::reader::Reader;
use super::routing::Ground;
use super::store::Named;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Path, Signed};
use crate::people::view::{Contact, UnitRef};
use crate::people::{Staffed, duty};
use crate::say::Lang;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_seats))
}

/// A seat that a case could be dispatched to.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SeatSuggestion {
    /// The area.
    area: AreaRef,
    /// The unit.
    unit: Option<UnitRef>,
    /// In words.
    seat_name: String,
    /// Who answers there.
    people: Vec<Contact>,
    /// Why it is suggested, or what it answers for.
    why: String,
    /// Whether the responsibility list names it.
    suggested: bool,
    /// Open cases at this seat now: load to be shared fairly, not a score.
    open_cases: i64,
    /// Why it cannot be chosen, if it cannot.
    blocked: Option<String>,
    /// Whether it has the case now: for one case that is why it cannot be chosen, for several only if it has them all.
    #[serde(skip)]
    is_present: bool,
    /// Why it could not be chosen even if it had nothing yet.
    #[serde(skip)]
    forbidden: Option<String>,
}

/// Seats to choose from.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Seats {
    /// The suggested ones first.
    pub(super) items: Vec<SeatSuggestion>,
}

/// Lists the seats that a case could be dispatched or handed on to: who the responsibility list names at each level of the
/// place, the neighbouring grids and communities, and the units; with reasons, and with what may not be chosen.
#[utoipa::path(get, path = "/api/cases/{id}/seats", tag = "cases", params(("id" = String, Path)), responses((status = 200, body = Seats), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn list_seats(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(named): Path<Named>,
) -> Answer<Json<Seats>> {
    let now = app.now();
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let case = seen(conn, &named, &caller)?;
        let areas = app.areas();
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        suggest(&app, conn, &case, &reader)
    });
    Ok(Json(Seats { items: items.await? }))
}

/// The seats for one case, the suggested ones first.
///
/// # Errors
/// The database's.
pub(super) fn suggest(app: &App, conn: &mut Conn, case: &Case, reader: &Reader<'_>) -> Answer<Vec<SeatSuggestion>> {
    let (areas, now) = (reader.areas, reader.now);
    let book = &*app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
    let staffed = Staffed::above(conn, &case.area, now)?;
    let has = |seat: &Seat| staffed.has(&seat.key());
    let amended = app.amended();
    let ground = Ground { book, staffed: &has, amended: &amended };
    let mut seats: Vec<(Seat, bool, String)> = Vec::new();
    let mut add = |seat: Seat, suggested: bool, why: String| {
        if seats.iter().all(|(known, _, _)| *known != seat) && areas.get(&seat.area).is_some() {
            seats.push((seat, suggested, why));
        }
    };
    for level in book.levels.iter().rev().filter(|level| **level <= case.area.level()) {
        let (seat, why) = ground.host(&case.area, case.category.as_deref(), *level);
        let why = why.map(|why| reader.why(&why)).unwrap_or_default();
        let listed = seat != case.seat;
        add(seat, listed, why);
        add(Seat::of(case.area.at(*level)), false, String::new());
    }
    for unit in &book.units {
        if let Some(seat) = ground.unit_seat(&case.area, &unit.code) {
            add(seat, false, unit.duties.clone().unwrap_or_default());
        }
    }
    if let Some(parent) = case.area.parent() {
        for code in areas.children(&parent) {
            add(Seat::of(*code), false, String::new());
        }
    }
    let all: Vec<AreaCode> = seats.iter().map(|(seat, _, _)| seat.area).collect();
    let on_duty = duty::on_duty(conn, reader.vault, &all, now)?;
    let keys: Vec<String> = seats.iter().map(|(seat, _, _)| seat.key()).collect();
    let loads = open_at(conn, &keys)?;
    let view = |(seat, suggested, why): (Seat, bool, String)| {
        let people: Vec<Contact> = on_duty
            .iter()
            .filter(|duty| duty.area == seat.area && duty.unit == seat.unit)
            .take(5)
            .map(|duty| reader.contact(&duty.person, duty.role))
            .collect();
        let is_present = seat == case.seat;
        let forbidden = if !book.may_sit_at(case.category.as_deref(), seat.level()) {
            Some(reader.lang.text("seat.blocked"))
        } else if people.is_empty() {
            Some(reader.lang.text("seat.nobody"))
        } else {
            None
        };
        let blocked = forbidden.clone().or_else(|| is_present.then(|| reader.lang.text("seat.present")));
        SeatSuggestion {
            area: areas.reference(&seat.area),
            unit: reader.unit(book, &seat),
            seat_name: reader.seat_name(book, &seat),
            people,
            why,
            suggested: suggested && blocked.is_none(),
            open_cases: loads.iter().find(|(key, _)| *key == seat.key()).map_or(0, |(_, n)| *n),
            blocked,
            is_present,
            forbidden,
        }
    };
    let mut items: Vec<SeatSuggestion> = seats.into_iter().map(view).collect();
    items.sort_by_key(|seat| (!seat.suggested, seat.blocked.is_some()));
    Ok(items)
}

fn open_at(conn: &mut Conn, keys: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let values: Vec<_> = keys.iter().map(linli_db::Bind::val).collect();
    let sql = format!(
        "SELECT seat_key, COUNT(*) AS n FROM cases WHERE phase IN ('open', 'waiting') AND seat_key IN ({}) GROUP BY seat_key",
        linli_db::placeholders(1, keys.len())
    );
    conn.all(&sql, &values, |row| Ok((row.get("seat_key")?, row.get("n")?)))
}

/// The seats that are in every list: suggested where each suggests it, blocked where any is.
pub(super) fn common(lists: Vec<Vec<SeatSuggestion>>, lang: Lang) -> Vec<SeatSuggestion> {
    let mut lists = lists.into_iter();
    let first = lists.next().unwrap_or_default();
    let mut shared: Vec<SeatSuggestion> = first.into_iter().map(SeatSuggestion::for_many).collect();
    for list in lists {
        let also = |seat: SeatSuggestion| {
            let other = list.iter().find(|other| other.seat_key() == seat.seat_key())?;
            Some(seat.and(other.clone().for_many()))
        };
        shared = shared.into_iter().filter_map(also).collect();
    }
    for seat in shared.iter_mut().filter(|seat| seat.is_present && seat.blocked.is_none()) {
        seat.blocked = Some(lang.text("seat.present"));
    }
    shared.sort_by_key(|seat| (!seat.suggested, seat.blocked.is_some()));
    shared
}

impl SeatSuggestion {
    fn seat_key(&self) -> (AreaCode, Option<&str>) {
        (self.area.code, self.unit.as_ref().map(|unit| unit.code.as_str()))
    }

    /// That a seat has one of the cases already keeps the others from nothing.
    fn for_many(self) -> Self {
        Self { blocked: self.forbidden.clone(), ..self }
    }

    fn and(self, other: Self) -> Self {
        let why = if self.why == other.why { self.why } else { String::new() };
        Self {
            why,
            suggested: self.suggested && other.suggested,
            blocked: self.blocked.or(other.blocked),
            is_present: self.is_present && other.is_present,
            ..self
        }
    }
}
