//! What the consumer reads and writes: what cases count for, and the sums of it. It follows from facts and is none.

use std::collections::{BTreeMap, HashMap};

use linli_db::feed::{self, Position};
use linli_db::{Bind, Conn, Row, StoreError, Tx, Val, Writer, padded, params, placeholders, value_rows};

use super::codec;
use super::count::{Changes, Counted, Place, Sums};
use super::day::{Day, Grain};
use super::tally::Tallies;

/// The consumer's name.
pub const CONSUMER: &str = "indicators";
/// The setting that says by which definitions was counted, and up to where a case was counted whole at its first event.
const SETTING: &str = "indicators";
/// Rows of one statement, the most first: few different statements to prepare.
const ROWS_AT_ONCE: [usize; 3] = [64, 8, 1];
/// Keys of one list.
const KEYS_AT_ONCE: usize = 64;

/// By which definitions was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The hash of the definitions; empty before the first.
    pub hash: String,
    /// Where the feed ended when counting began: the first event of a case before it stands for all of them.
    pub whole_until: Position,
}

impl Claim {
    /// Reads it.
    ///
    /// # Errors
    /// The database's.
    pub fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        let found = conn
            .first("SELECT value FROM setting WHERE name = $1", &params![SETTING], |row| row.get::<String>("value"))?;
        let mut words = found.as_deref().unwrap_or_default().split(' ');
        let hash = words.next().unwrap_or_default().to_owned();
        let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        Ok(Self { hash, whole_until: Position { tx_id: number(), seq: number() } })
    }

    /// Forgets everything that was counted and begins anew, by the definitions with this hash.
    ///
    /// # Errors
    /// The database's.
    pub fn begin_anew(tx: &mut Tx<'_>, hash: &str) -> Result<(), StoreError> {
        let end = feed::end(tx)?;
        let value = format!("{hash} {} {}", end.tx_id, end.seq);
        tx.bookkeep(|writer| {
            for table in ["indicator_fact", "indicator_rollup"] {
                writer.exec(&writer.dialect().empty_table(table), &[])?;
            }
            writer.exec(
                "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
                &params![SETTING, value],
            )
        })?;
        feed::remember(tx, CONSUMER, Position::default())
    }
}

/// What the consumer found out, to be written.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Where it began to read.
    pub from: Position,
    /// Where it ended.
    pub to: Position,
    /// What cases count for now, and no longer do: by the case's id.
    pub changes: Vec<(String, Changes)>,
    /// The new sums.
    pub sums: Vec<(Place, Vec<u8>)>,
    /// Grid workers by scope, where they were counted again.
    pub workers: Vec<(String, i64)>,
}

impl Work {
    /// Writes it; `false` when another node was first.
    ///
    /// # Errors
    /// The database's.
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let sql = format!("SELECT tx_id, seq FROM consumer WHERE name = $1{}", tx.dialect().for_update());
        let at =
            tx.first(&sql, &params![CONSUMER], |row| Ok(Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? }))?;
        if at != Some(self.from) {
            return Ok(false);
        }
        tx.bookkeep(|writer| {
            self.write_facts(writer)?;
            self.write_sums(writer)?;
            let workers = self.workers.iter().map(|(scope, n)| params![*scope, *n].to_vec()).collect();
            insert(
                writer,
                "INSERT INTO indicator_worker (scope_key, n) VALUES",
                "ON CONFLICT (scope_key) DO UPDATE SET n = excluded.n",
                workers,
            )
        })?;
        feed::remember(tx, CONSUMER, self.to)?;
        Ok(true)
    }

    fn write_facts(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for (case, changes) in &self.changes {
            for gone in &changes.gone {
                let sql = "DELETE FROM indicator_fact WHERE case_id = $1 AND subject = $2 AND n = $3";
                writer.exec(sql, &params![*case, gone.subject, gone.n])?;
            }
            rows.extend(changes.put.iter().map(|counted| row_of(case, counted)));
        }
        insert(
            writer,
            "INSERT INTO indicator_fact (case_id, subject, n, area_code, unit_key, day, met, missed, left_out, value_ms) VALUES",
            "ON CONFLICT (case_id, subject, n) DO UPDATE SET area_code = excluded.area_code, unit_key = excluded.unit_key, day = excluded.day, \
             met = excluded.met, missed = excluded.missed, left_out = excluded.left_out, value_ms = excluded.value_ms",
            rows,
        )
    }

    fn write_sums(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for ((scope, grain, day), bytes) in &self.sums {
            if bytes.is_empty() {
                let sql = "DELETE FROM indicator_rollup WHERE grain = $1 AND scope_key = $2 AND day = $3";
                writer.exec(sql, &params![grain.as_str(), *scope, day.0])?;
            } else {
                rows.push(params![grain.as_str(), *scope, day.0, *bytes].to_vec());
            }
        }
        insert(
            writer,
            "INSERT INTO indicator_rollup (grain, scope_key, day, tallies) VALUES",
            "ON CONFLICT (grain, scope_key, day) DO UPDATE SET tallies = excluded.tallies",
            rows,
        )
    }
}

/// Runs an `INSERT … VALUES` for rows of equal length, many rows to a statement.
fn insert(writer: &mut Writer<'_>, sql: &str, on_conflict: &str, rows: Vec<Vec<Val>>) -> Result<(), StoreError> {
    let n_columns = rows.first().map_or(0, Vec::len);
    let mut rest = rows.as_slice();
    for size in ROWS_AT_ONCE {
        let statement = format!("{sql} {} {on_conflict}", value_rows(n_columns, size));
        while let Some((chunk, after)) = rest.split_at_checked(size) {
            writer.exec(&statement, &chunk.concat())?;
            rest = after;
        }
    }
    Ok(())
}

fn row_of(case: &str, counted: &Counted) -> Vec<Val> {
    params![
        case,
        counted.subject,
        counted.n,
        counted.area,
        counted.unit,
        counted.day.0,
        counted.met,
        counted.missed,
        counted.left_out,
        counted.value_ms
    ]
    .to_vec()
}

fn counted_from(row: &Row<'_>) -> Result<Counted, StoreError> {
    Ok(Counted {
        subject: row.get("subject")?,
        n: row.get("n")?,
        area: row.parse("area_code")?,
        day: Day(row.get("day")?),
        unit: row.get("unit_key")?,
        met: row.get("met")?,
        missed: row.get("missed")?,
        left_out: row.get("left_out")?,
        value_ms: row.get("value_ms")?,
    })
}

const COLUMNS: &str = "case_id, subject, n, area_code, unit_key, day, met, missed, left_out, value_ms";

/// What some cases count for, by the case's id.
///
/// # Errors
/// The database's.
pub fn counted_of(conn: &mut Conn, cases: &[String]) -> Result<HashMap<String, Vec<Counted>>, StoreError> {
    let mut found: HashMap<String, Vec<Counted>> = HashMap::new();
    let list = placeholders(1, KEYS_AT_ONCE);
    let sql = format!("SELECT {COLUMNS} FROM indicator_fact WHERE case_id IN ({list})");
    for ids in cases.chunks(KEYS_AT_ONCE) {
        conn.each(&sql, &padded(ids, KEYS_AT_ONCE).collect::<Vec<_>>(), |row| {
            found.entry(row.get("case_id")?).or_default().push(counted_from(row)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// The sums that stand where `changed` has some, with those added: as bytes, empty where nothing is left.
///
/// # Errors
/// The database's; `Inconsistent` where more would be taken back than was added.
pub fn sums_with(conn: &mut Conn, changed: Sums) -> Result<Vec<(Place, Vec<u8>)>, StoreError> {
    let mut of_day: BTreeMap<(Grain, Day), Vec<String>> = BTreeMap::new();
    for (scope, grain, day) in changed.0.keys() {
        of_day.entry((*grain, *day)).or_default().push(scope.clone());
    }
    let mut known: HashMap<Place, Tallies> = HashMap::new();
    let list = placeholders(3, KEYS_AT_ONCE);
    let sql = format!(
        "SELECT scope_key, tallies FROM indicator_rollup WHERE grain = $1 AND day = $2 AND scope_key IN ({list})"
    );
    for ((grain, day), scopes) in &of_day {
        for keys in scopes.chunks(KEYS_AT_ONCE) {
            let mut values = params![grain.as_str(), day.0].to_vec();
            values.extend(padded(keys, KEYS_AT_ONCE));
            conn.each(&sql, &values, |row| {
                let scope: String = row.get("scope_key")?;
                let tallies = tallies_from(row)?;
                known.insert((scope, *grain, *day), tallies);
                Ok(())
            })?;
        }
    }
    let sum = |(place, change): (Place, Tallies)| {
        let mut tallies = known.remove(&place).unwrap_or_default();
        tallies.add(&change);
        let bytes = codec::write(&tallies).map_err(|error| broken(&place.0, error))?;
        Ok((place, bytes))
    };
    changed.0.into_iter().map(sum).collect()
}

/// The figures of a row.
///
/// # Errors
/// `Inconsistent` for bytes that are none.
pub fn tallies_from(row: &Row<'_>) -> Result<Tallies, StoreError> {
    let bytes: Vec<u8> = row.get("tallies")?;
    codec::read(&bytes).map_err(|error| broken("", error))
}

fn broken(row: &str, error: codec::BadTallies) -> StoreError {
    StoreError::Inconsistent { table: "indicator_rollup", row: row.to_owned(), what: error.to_string() }
}

/// Grid workers in post at `now`: their accounts and areas. Not scoped: it counts, and names no one.
///
/// # Errors
/// The database's.
pub fn workers_at(
    conn: &mut Conn,
    now: linli_kernel::Timestamp,
) -> Result<Vec<(String, linli_kernel::AreaCode)>, StoreError> {
    let sql = "SELECT g.account_id, g.area_code FROM grant_role g JOIN account a ON a.id = g.account_id \
               WHERE g.role = 'grid_worker' AND a.disabled_at IS NULL AND g.starts_at <= $1 AND (g.ends_at IS NULL OR g.ends_at > $1)";
    conn.all(sql, &params![now], |row| Ok((row.get("account_id")?, row.parse("area_code")?)))
}

/// How many grid workers were counted, by scope.
///
/// # Errors
/// The database's.
pub fn known_workers(conn: &mut Conn) -> Result<HashMap<String, i64>, StoreError> {
    let rows =
        conn.all("SELECT scope_key, n FROM indicator_worker", &[], |row| Ok((row.get("scope_key")?, row.get("n")?)))?;
    Ok(rows.into_iter().collect())
}

/// Every sum that is kept, to compare it with what it should be. Not scoped: it is compared, and shown to no one.
///
/// # Errors
/// The database's.
pub fn all_sums(conn: &mut Conn) -> Result<Sums, StoreError> {
    let mut sums = Sums::default();
    conn.each("SELECT grain, scope_key, day, tallies FROM indicator_rollup", &[], |row| {
        let word: String = row.get("grain")?;
        let grain = Grain::of_word(&word).ok_or_else(|| broken(&word, codec::BadTallies::Unreadable))?;
        sums.0.insert((row.get("scope_key")?, grain, Day(row.get("day")?)), tallies_from(row)?);
        Ok(())
    })?;
    Ok(sums)
}

/// A key as a parameter.
pub(super) fn key(text: &str) -> Val {
    text.val()
}
