//! How records of visits are read and written, and how they end.

use std::collections::HashMap;

use linli_access::{Act, Caller, scope};
use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Val, Writer, params, placeholders};
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AreaCode, CaseId, Cursor, Page, Timestamp, VisitId, VisitKind, VisitResult};

use super::Visit;
use super::model::Withdrawn;
use crate::areas::Point;
use crate::areas::store::inside;

impl Store for Visit {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let companions = serde_json::to_string(&self.companions)?;
        writer.exec_one(
            "INSERT INTO visit (id, kind, area_code, place_code, place_text, lon, lat, result, note, companions, account_id, case_id, n_photos, captured_at, received_at, record_id, met) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
            &params![
                self.id,
                self.kind,
                self.area,
                self.place_code,
                self.place_text,
                self.point.map(|point| point.lon),
                self.point.map(|point| point.lat),
                self.result(),
                self.note,
                companions,
                self.account,
                self.case,
                self.n_photos,
                self.captured_at,
                self.received_at,
                self.record,
                self.met
            ],
        )
    }

    fn begins(&self) -> bool {
        true
    }
}

impl Store for Withdrawn {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one("DELETE FROM visit WHERE id = $1", &params![self.0])?;
        writer.exec("DELETE FROM event_text WHERE stream_kind = 'visit' AND stream_id = $1", &params![self.0])?;
        Ok(())
    }
}

const COLUMNS: &str = "id, kind, area_code, place_code, place_text, lon, lat, record_id, note, companions, account_id, case_id, n_photos, captured_at, received_at, met";

fn from_row(row: &Row<'_>) -> Result<Visit, StoreError> {
    let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
    Ok(Visit {
        id: row.parse("id")?,
        kind: row.parse("kind")?,
        area: row.parse("area_code")?,
        place_code: row.get("place_code")?,
        place_text: row.get("place_text")?,
        met: row.get("met")?,
        point: lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat)),
        record: row.parse_opt("record_id")?,
        note: row.get("note")?,
        companions: row.json("companions")?,
        account: row.parse("account_id")?,
        case: row.parse_opt("case_id")?,
        n_photos: row.count("n_photos")?,
        captured_at: row.at("captured_at")?,
        received_at: row.at("received_at")?,
    })
}

/// One record.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: VisitId) -> Result<Option<Visit>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM visit WHERE id = $1"), &params![id], from_row)
}

/// Whether a visit by the same person on the same day to that place, with those words, is written down already.
///
/// # Errors
/// The database's.
pub fn is_there(conn: &mut Conn, visit: &Visit) -> Result<bool, StoreError> {
    let day = beijing_midnight(beijing_date(visit.captured_at));
    let sql = "SELECT COUNT(*) AS n FROM visit WHERE area_code = $1 AND captured_at >= $2 AND captured_at < $3 AND place_text = $4 \
               AND COALESCE(note, '') = $5 AND account_id = $6";
    let note = visit.note.as_deref().unwrap_or_default();
    let values = params![visit.area, day, day.plus_ms(86_400_000), visit.place_text, note, visit.account];
    Ok(conn.number(sql, &values)? > 0)
}

/// The numbers of what became of visits, as far as `caller` may see those cases.
///
/// # Errors
/// The database's.
pub fn paper_numbers(
    conn: &mut Conn,
    caller: &Caller,
    cases: &[CaseId],
) -> Result<HashMap<CaseId, String>, StoreError> {
    let keys: Vec<Val> = scope(caller, Act::ViewCase).keys().map(|key| key.to_owned().val()).collect();
    let mut numbers = HashMap::new();
    for block in cases.chunks(500).filter(|_| !keys.is_empty()) {
        let mut values = keys.clone();
        values.extend(block.iter().map(Bind::val));
        let sql = format!(
            "SELECT c.id, c.paper_no FROM cases c WHERE c.id IN ({}) AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({}))",
            placeholders(keys.len() + 1, block.len()),
            placeholders(1, keys.len())
        );
        numbers.extend(conn.all(&sql, &values, |row| Ok((row.parse("id")?, row.get("paper_no")?)))?);
    }
    Ok(numbers)
}

/// Whether somebody decided about what a visit came upon.
///
/// # Errors
/// The database's.
pub fn is_relied_on(conn: &mut Conn, id: VisitId) -> Result<bool, StoreError> {
    Ok(conn.number("SELECT COUNT(*) AS n FROM visit_problem_visit WHERE visit_id = $1", &params![id])? > 0)
}

/// Whether a visit was written down with what was done for somebody in care: the same person, at the same moment.
///
/// # Errors
/// The database's.
pub fn is_of_care(conn: &mut Conn, visit: &Visit) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'care' AND at = $1 AND actor_id = $2";
    Ok(conn.number(sql, &params![visit.received_at, visit.account])? > 0)
}

/// What is asked of a list.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only within this area.
    pub area: Option<AreaCode>,
    /// Only of this kind.
    pub kind: Option<VisitKind>,
    /// Only with this result.
    pub result: Option<VisitResult>,
    /// Only those whose finding became this case.
    pub case: Option<CaseId>,
    /// Only the caller's own.
    pub mine: bool,
    /// Only those received since then.
    pub since: Option<Timestamp>,
}

/// A `WHERE` under construction.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    values: Vec<Val>,
}

impl Filter {
    fn bind(&mut self, value: &impl Bind) -> String {
        self.values.push(value.val());
        format!("${}", self.values.len())
    }

    fn only(&mut self, condition: &str, value: Option<&impl Bind>) {
        if let Some(value) = value {
            let n = self.bind(value);
            self.conditions.push(format!("{condition} {n}"));
        }
    }

    fn inside(&mut self, areas: &[AreaCode]) {
        let inside = inside("area_code", areas, &mut self.values);
        self.conditions.push(format!("({inside})"));
    }
}

/// Records that `caller` may read, the newest first.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, caller: &Caller, wish: &Wish, cursor: &Cursor) -> Result<Page<Visit>, StoreError> {
    let areas = scope(caller, Act::ViewVisits).areas_in(wish.area.as_ref());
    if areas.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let mut filter = Filter::default();
    filter.inside(&areas);
    filter.only("kind =", wish.kind.as_ref());
    filter.only("result =", wish.result.as_ref());
    if let Some(case) = wish.case {
        let n = filter.bind(&case);
        filter.conditions.push(format!(
            "(case_id = {n} OR id IN (SELECT l.visit_id FROM visit_problem_visit l JOIN visit_problem p ON p.id = l.problem_id WHERE p.case_id = {n}))"
        ));
    }
    filter.only("account_id =", wish.mine.then_some(&caller.account));
    filter.only("received_at >=", wish.since.as_ref());
    filter.only("id <", cursor.after.as_ref());
    let limit = filter.bind(&cursor.fetch());
    let Filter { conditions, values } = filter;
    let sql = format!("SELECT {COLUMNS} FROM visit WHERE {} ORDER BY id DESC LIMIT {limit}", conditions.join(" AND "));
    let rows = conn.all(&sql, &values, from_row)?;
    Ok(cursor.page(rows, |visit| visit.id.to_string()))
}

/// Records of a time in these areas, by the clock of whoever noted them, the first first.
///
/// # Errors
/// The database's.
pub fn between(
    conn: &mut Conn,
    areas: &[AreaCode],
    (from, to): (Timestamp, Timestamp),
    limit: usize,
) -> Result<Vec<Visit>, StoreError> {
    let mut values = params![i64::try_from(limit).unwrap_or(i64::MAX), from, to].to_vec();
    let inside = inside("area_code", areas, &mut values);
    let sql = format!(
        "SELECT {COLUMNS} FROM visit WHERE captured_at >= $2 AND captured_at < $3 AND ({inside}) ORDER BY captured_at, id LIMIT $1"
    );
    conn.all(&sql, &values, from_row)
}

/// Takes the points of visits received before `points_before` away, and the words of those before `words_before`. The
/// records and their chains stay.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, points_before: Timestamp, words_before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        let n = writer.exec(
            "UPDATE visit SET lon = NULL, lat = NULL WHERE received_at < $1 AND lon IS NOT NULL",
            &params![points_before],
        )?;
        writer.exec(
            "DELETE FROM event_text WHERE stream_kind = 'visit' AND stream_id IN (SELECT id FROM visit WHERE received_at < $1 AND note IS NOT NULL)",
            &params![words_before],
        )?;
        let m = writer.exec(
            "UPDATE visit SET note = NULL, place_text = '', record_id = NULL WHERE received_at < $1 AND (note IS NOT NULL OR place_text <> '' OR record_id IS NOT NULL)",
            &params![words_before],
        )?;
        Ok(n + m)
    })
}
