//! How figures are read: sums of scopes over periods, their course, and the cases behind them.

use std::collections::HashMap;

use linli_db::{Conn, StoreError, Val, padded, params, placeholders};
use linli_kernel::{AreaCode, CaseId, Cursor, Problem, Timestamp};

use super::count::bit;
use super::counted::{CONSUMER, Claim, key, tallies_from};
use super::day::{Day, Grain, Period, Rows};
use super::tally::Tallies;
use crate::areas::tree::code_range;
use linli_db::feed;

/// The sums of each scope over a period; a scope without any is not there.
///
/// # Errors
/// The database's.
pub fn sums(conn: &mut Conn, scopes: &[String], period: &Period) -> Result<HashMap<String, Tallies>, StoreError> {
    let mut sums: HashMap<String, Tallies> = HashMap::new();
    for rows in period.rows() {
        each(conn, scopes, rows, |scope, _, tallies| sums.entry(scope).or_default().add(&tallies))?;
    }
    Ok(sums)
}

/// What stands so now at each scope.
///
/// # Errors
/// The database's.
pub fn now(conn: &mut Conn, scopes: &[String]) -> Result<HashMap<String, Tallies>, StoreError> {
    let mut sums = HashMap::new();
    each(conn, scopes, (Grain::Now, Day::NOW, Day::NOW), |scope, _, tallies| drop(sums.insert(scope, tallies)))?;
    Ok(sums)
}

/// The rows of one scope, day by day or month by month.
///
/// # Errors
/// The database's.
pub fn course(conn: &mut Conn, scope: &str, rows: Rows) -> Result<Vec<(Day, Tallies)>, StoreError> {
    let mut course = Vec::new();
    each(conn, &[scope.to_owned()], rows, |_, day, tallies| course.push((day, tallies)))?;
    Ok(course)
}

fn each(
    conn: &mut Conn,
    scopes: &[String],
    (grain, from, to): Rows,
    mut take: impl FnMut(String, Day, Tallies),
) -> Result<(), StoreError> {
    if scopes.is_empty() {
        return Ok(());
    }
    // Lengths of lists in powers of two: few different statements to prepare.
    let n = scopes.len().next_power_of_two();
    let sql = format!(
        "SELECT scope_key, day, tallies FROM indicator_rollup WHERE grain = $1 AND scope_key IN ({}) AND day >= $2 AND day <= $3 ORDER BY scope_key, day",
        placeholders(4, n)
    );
    let mut values = params![grain.as_str(), from.0, to.0].to_vec();
    values.extend(padded(scopes, n));
    conn.each(&sql, &values, |row| {
        take(row.get("scope_key")?, Day(row.get("day")?), tallies_from(row)?);
        Ok(())
    })
}

/// What stands so now at everything below an area, and the grid workers there.
///
/// # Errors
/// The database's.
pub fn now_below(conn: &mut Conn, area: &AreaCode) -> Result<Vec<(String, Tallies, i64)>, StoreError> {
    let (from, below) = code_range(area);
    conn.all(
        "SELECT r.scope_key, r.tallies, w.n FROM indicator_rollup r JOIN indicator_worker w ON w.scope_key = r.scope_key \
         WHERE r.grain = 'now' AND r.scope_key >= $1 AND r.scope_key < $2 AND r.day = 0",
        &params![from, below],
        |row| Ok((row.get("scope_key")?, tallies_from(row)?, row.get("n")?)),
    )
}

/// Grid workers of some scopes.
///
/// # Errors
/// The database's.
pub fn workers(conn: &mut Conn, scopes: &[String]) -> Result<HashMap<String, i64>, StoreError> {
    if scopes.is_empty() {
        return Ok(HashMap::new());
    }
    let n = scopes.len().next_power_of_two();
    let sql = format!("SELECT scope_key, n FROM indicator_worker WHERE scope_key IN ({})", placeholders(1, n));
    let values: Vec<Val> = padded(scopes, n).collect();
    let rows = conn.all(&sql, &values, |row| Ok((row.get("scope_key")?, row.get("n")?)))?;
    Ok(rows.into_iter().collect())
}

/// How far the figures are behind what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Events that are not counted yet; from 10,000 on by their numbers, which on PostgreSQL have gaps.
    pub events_behind: i64,
    /// When the first of them happened; nothing when all are counted.
    pub first_at: Option<Timestamp>,
    /// Whether everything is just being counted again.
    pub is_anew: bool,
}

/// More events than this are no longer counted one by one.
const MOST_BEHIND: i64 = 10_000;

/// Reads how far the figures are behind.
///
/// # Errors
/// The database's.
pub fn lag(conn: &mut Conn) -> Result<Lag, StoreError> {
    let position = feed::position_of(conn, CONSUMER)?.unwrap_or_default();
    let (n, first_at) = feed::behind(conn, position, MOST_BEHIND)?;
    let events_behind = if n < MOST_BEHIND { n } else { (feed::end(conn)?.seq - position.seq).max(n) };
    let is_anew = n > 0 && position < Claim::read(conn)?.whole_until;
    Ok(Lag { events_behind, first_at, is_anew })
}

/// Which side of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CountedPart)]
pub enum Part {
    /// Everything that was counted.
    #[default]
    All,
    /// Above the line.
    Met,
    /// Below the line only.
    Missed,
    /// Left out, because the case was excluded.
    LeftOut,
}

impl Part {
    const fn mask(self) -> &'static str {
        match self {
            Self::All => "(met | missed)",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::LeftOut => "left_out",
        }
    }
}

/// Of which scope the cases are wanted.
#[derive(Clone, Debug)]
pub enum Whose {
    /// An area and everything below it.
    Area(AreaCode),
    /// A unit, by its key.
    Unit(String),
}

/// What a figure counts, as cases are looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The subject of the figure.
    pub subject: String,
    /// Its slot.
    pub slot: u8,
    /// Of which scope.
    pub whose: Whose,
    /// From a day to a day; [`Day::NOW`] for what stands so now.
    pub period: Period,
    /// Which side.
    pub part: Part,
}

/// One of what a figure counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The case.
    pub case: CaseId,
    /// The event that made it.
    pub n: i64,
    /// Where it counts.
    pub area: AreaCode,
    /// By which day.
    pub day: Day,
    /// The unit that had the case.
    pub unit: Option<String>,
    /// Whether it is above the line, below it only, or left out.
    pub part: Part,
    /// How long it took.
    pub value_ms: Option<i64>,
}

impl Line {
    /// What the next page begins after.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.{}.{}.{}", self.area, self.day.0, self.case, self.n)
    }
}

/// One page of what a figure counts: by area, the newest first in each; of a unit, the newest first.
///
/// # Errors
/// `Invalid` for a cursor that is none; the database's.
pub fn lines(conn: &mut Conn, wanted: &Wanted, cursor: &Cursor) -> Result<Vec<Line>, crate::http::Refused> {
    let mut values =
        params![wanted.subject, wanted.period.from.0, wanted.period.to.0, bit(wanted.slot), cursor.fetch()].to_vec();
    let (scope, order) = match &wanted.whose {
        Whose::Area(area) => {
            let (from, below) = code_range(area);
            values.extend(params![from, below]);
            ("area_code >= $6 AND area_code < $7", "area_code DESC, day DESC, case_id DESC, n DESC")
        }
        Whose::Unit(unit) => {
            values.push(key(unit));
            ("unit_key = $6", "day DESC, case_id DESC, n DESC")
        }
    };
    let mut after = "TRUE".to_owned();
    if let Some(text) = &cursor.after {
        let last = last_of(text).ok_or_else(|| Problem::field("cursor", "unknown"))?;
        let mut columns = "day, case_id, n";
        let mut own = params![last.1, last.2, last.3].to_vec();
        if matches!(wanted.whose, Whose::Area(_)) {
            columns = "area_code, day, case_id, n";
            own.insert(0, key(&last.0));
        }
        after = format!("({columns}) < ({})", placeholders(values.len() + 1, own.len()));
        values.extend(own);
    }
    let sql = format!(
        "SELECT case_id, n, area_code, day, unit_key, value_ms, (met & $4) <> 0 AS is_met, (left_out & $4) <> 0 AS is_left_out FROM indicator_fact \
         WHERE subject = $1 AND {scope} AND day >= $2 AND day <= $3 AND ({} & $4) <> 0 AND {after} ORDER BY {order} LIMIT $5",
        wanted.part.mask()
    );
    let lines = conn.all(&sql, &values, |row| {
        let (is_met, is_left_out): (bool, bool) = (row.get("is_met")?, row.get("is_left_out")?);
        Ok(Line {
            case: row.parse("case_id")?,
            n: row.get("n")?,
            area: row.parse("area_code")?,
            day: Day(row.get("day")?),
            unit: row.get("unit_key")?,
            part: if is_left_out {
                Part::LeftOut
            } else if is_met {
                Part::Met
            } else {
                Part::Missed
            },
            value_ms: row.get("value_ms")?,
        })
    });
    Ok(lines?)
}

fn last_of(text: &str) -> Option<(String, i64, String, i64)> {
    let mut parts = text.split('.');
    let mut next = || parts.next();
    let last = (next()?.to_owned(), next()?.parse().ok()?, next()?.to_owned(), next()?.parse().ok()?);
    parts.next().is_none().then_some(last)
}
