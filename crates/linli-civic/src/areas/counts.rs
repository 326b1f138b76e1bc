//! Open and late cases of areas, counted by the keys that cases list: what an area's inbox holds, its map shows.

use std::collections::HashMap;

use linli_db::{Bind, Conn, StoreError, Val, params, placeholders};
use linli_kernel::Timestamp;

/// What is open at an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Cases on which someone must act, or that wait for the resident.
    pub n_open: i64,
    /// Of them past a deadline.
    pub n_late: i64,
    /// Of them nearly so.
    pub n_soon: i64,
}

impl std::iter::Sum for Open {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            n_open: sum.n_open + next.n_open,
            n_late: sum.n_late + next.n_late,
            n_soon: sum.n_soon + next.n_soon,
        })
    }
}

/// What is open at each of `keys`, by ranges of the indexes over what is open there. Late and soon are what the boxes of the same
/// name hold: a case that waits for the resident is neither.
///
/// # Errors
/// The database's.
pub fn open_at(conn: &mut Conn, keys: &[String], now: Timestamp) -> Result<HashMap<String, Open>, StoreError> {
    let mut open: HashMap<String, Open> = HashMap::new();
    for (key, n) in grouped(conn, keys, "phase IN ('open', 'waiting')", &[])? {
        open.entry(key).or_default().n_open = n;
    }
    for (key, n) in grouped(conn, keys, "phase = 'open' AND due_at <= $1", &params![now])? {
        open.entry(key).or_default().n_late = n;
    }
    for (key, n) in grouped(conn, keys, "phase = 'open' AND due_at > $1 AND soon_at <= $1", &params![now])? {
        open.entry(key).or_default().n_soon = n;
    }
    Ok(open)
}

fn grouped(conn: &mut Conn, keys: &[String], which: &str, values: &[Val]) -> Result<Vec<(String, i64)>, StoreError> {
    let list = placeholders(values.len() + 1, keys.len());
    let values: Vec<Val> = values.iter().cloned().chain(keys.iter().map(Bind::val)).collect();
    let sql = format!(
        "SELECT scope_key, COUNT(*) AS n FROM case_scope WHERE scope_key IN ({list}) AND {which} GROUP BY scope_key"
    );
    conn.all(&sql, &values, |row| Ok((row.get("scope_key")?, row.get("n")?)))
}

/// What was done at an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Cases reported since the day began.
    pub n_reported_today: i64,
    /// Cases settled since the day began.
    pub n_settled_today: i64,
    /// Cases settled since the period began.
    pub n_settled: i64,
    /// Of them by the grid or micro-grid itself.
    pub n_settled_in_grid: i64,
}

/// What was reported and settled at `key` since the moments `today` and `period`.
///
/// # Errors
/// The database's.
pub fn done_at(conn: &mut Conn, key: &str, today: Timestamp, period: Timestamp) -> Result<Done, StoreError> {
    // A case's id carries the time of its report, so that today's are the end of an index range.
    let n_reported_today = conn.number(
        "SELECT COUNT(*) AS n FROM case_scope s WHERE s.scope_key = $1 AND s.phase IN ('open', 'waiting', 'settled', 'closed') AND s.case_id >= $2",
        &params![key, first_id_at(today)],
    )?;
    // CROSS JOIN keeps SQLite from starting at everything that was ever closed there.
    let sql = "SELECT COUNT(*) AS n_settled, COUNT(CASE WHEN c.settled_at >= $2 THEN 1 END) AS n_today, \
               COUNT(CASE WHEN LENGTH(c.seat_area) >= 15 AND c.seat_unit IS NULL THEN 1 END) AS n_in_grid \
               FROM cases c CROSS JOIN case_scope s \
               WHERE c.settled_at >= $3 AND c.phase IN ('settled', 'closed') AND s.scope_key = $1 AND s.phase = c.phase AND s.case_id = c.id";
    let values: [Val; 3] = params![key, today, period];
    let settled =
        conn.first(sql, &values, |row| Ok((row.get("n_today")?, row.get("n_settled")?, row.get("n_in_grid")?)))?;
    let (n_settled_today, n_settled, n_settled_in_grid) = settled.unwrap_or_default();
    Ok(Done { n_reported_today, n_settled_today, n_settled, n_settled_in_grid })
}

/// What sorts before every UUIDv7 made at `at` or later, and after every earlier one.
fn first_id_at(at: Timestamp) -> String {
    let ms = format!("{:012x}", at.ms().max(0));
    let (high, low) = ms.split_at_checked(8).unwrap_or((&ms, ""));
    format!("{high}-{low}-")
}

#[cfg(test)]
mod tests {
    use linli_kernel::{CaseId, IdSource};

    use super::*;

    #[test]
    fn the_first_id_of_a_moment_parts_what_was_made_before_from_what_was_made_then() {
        let ids = IdSource::random();
        let day = Timestamp::from_ms(1_790_000_000_000);
        let bound = first_id_at(day);
        assert!(CaseId::new(ids.uuid(day.plus_ms(-1))).to_string() < bound);
        assert!(CaseId::new(ids.uuid(day)).to_string() > bound);
        assert!(CaseId::new(ids.uuid(day.plus_ms(1))).to_string() > bound);
    }
}
