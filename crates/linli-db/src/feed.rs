//! The feed: every event once, in an order that no slow transaction can slip behind.

use linli_kernel::{NewEvent, Timestamp};

use crate::conn::{Conn, Tx};
use crate::error::StoreError;
use crate::params;
use crate::value::{Row, Val, padded, placeholders};

/// How far a consumer has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction that wrote the event; 0 on SQLite, where transactions follow one another.
    pub tx_id: i64,
    /// The number of the event.
    pub seq: i64,
}

/// An event as it was written.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it stands in the feed.
    pub position: Position,
    /// What it is about: `case`, `area`, `account`.
    pub stream_kind: String,
    /// Which one.
    pub stream_id: String,
    /// Its number in that history, from 1.
    pub n: i64,
    /// Past tense.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// `reporter`, `staff` or `system`.
    pub actor_kind: String,
    /// The account.
    pub actor_id: Option<String>,
    /// The role acted in.
    pub actor_role: Option<String>,
    /// Where.
    pub area_code: Option<String>,
    /// The unit that answers.
    pub unit_code: Option<String>,
    /// Ids, codes and numbers, as JSON text.
    pub payload: String,
}

pub(crate) const COLUMNS: &str = "e.tx_id, e.seq, e.stream_kind, e.stream_id, e.n, e.kind, e.at, e.actor_kind, e.actor_id, e.actor_role, e.area_code, e.unit_code, e.payload";

impl Event {
    /// An event that was appended just now as number `n` of its history; where it stands in the feed is not known yet.
    #[must_use]
    pub fn of(event: &NewEvent, n: i64) -> Self {
        Self {
            position: Position::default(),
            stream_kind: event.stream.kind.to_string(),
            stream_id: event.stream.id.clone(),
            n,
            kind: event.kind.to_owned(),
            at: event.at,
            actor_kind: event.actor.kind().to_owned(),
            actor_id: event.actor.id(),
            actor_role: event.actor.role().map(|role| role.to_string()),
            area_code: event.area.map(|area| area.to_string()),
            unit_code: event.unit.clone(),
            payload: event.payload.to_string(),
        }
    }

    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            position: Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? },
            stream_kind: row.get("stream_kind")?,
            stream_id: row.get("stream_id")?,
            n: row.get("n")?,
            kind: row.get("kind")?,
            at: row.at("at")?,
            actor_kind: row.get("actor_kind")?,
            actor_id: row.get("actor_id")?,
            actor_role: row.get("actor_role")?,
            area_code: row.get("area_code")?,
            unit_code: row.get("unit_code")?,
            payload: row.get("payload")?,
        })
    }
}

/// Up to `limit` events after `position`, oldest first, none of a transaction that may still be writing.
///
/// # Errors
/// The database's.
pub fn after(conn: &mut Conn, position: Position, limit: i64) -> Result<Vec<Event>, StoreError> {
    let horizon = horizon(conn)?;
    let (after, order) = conn.dialect().feed_after();
    let sql = format!("SELECT {COLUMNS} FROM event e WHERE {after} AND e.tx_id < $3 ORDER BY {order} LIMIT $4");
    conn.all(&sql, &params![position.tx_id, position.seq, horizon, limit], Event::from_row)
}

/// A stretch of the feed of which only some events are wanted.
#[derive(Clone, Debug)]
pub struct Window {
    /// Those that are wanted, oldest first.
    pub events: Vec<Event>,
    /// Up to where the feed was looked through.
    pub end: Position,
    /// Whether more stands behind it.
    pub has_more: bool,
}

/// Looks through at most `most` events after `position` for those of the condition `wanted` on `e`, whose values are numbered from
/// `$5` on: what concerns one of many readers, found where the events lie.
///
/// # Errors
/// The database's.
pub fn window(
    conn: &mut Conn,
    position: Position,
    most: i64,
    (wanted, values): (&str, &[Val]),
) -> Result<Window, StoreError> {
    let horizon = horizon(conn)?;
    let (after, order) = conn.dialect().feed_after();
    let stretch = |columns: &str| {
        format!("(SELECT {columns} FROM event e WHERE {after} AND e.tx_id < $3 ORDER BY {order} LIMIT $4) AS e")
    };
    let ours = params![position.tx_id, position.seq, horizon, most];
    let reached = conn.first(
        &format!(
            "SELECT e.tx_id, e.seq, COUNT(*) OVER () AS n FROM {} ORDER BY e.tx_id DESC, e.seq DESC LIMIT 1",
            stretch("e.tx_id, e.seq")
        ),
        &ours,
        |row| Ok((Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? }, row.get::<i64>("n")?)),
    )?;
    let Some((end, n)) = reached else { return Ok(Window { events: Vec::new(), end: position, has_more: false }) };
    let all: Vec<Val> = ours.iter().chain(values).cloned().collect();
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE {wanted} ORDER BY {order}", stretch("e.*"));
    Ok(Window { events: conn.all(&sql, &all, Event::from_row)?, end, has_more: n >= most })
}

/// How many events stand after `position`, counted up to `most`, and when the first of them happened: those too that cannot be
/// read yet, because a transaction before them may still be writing.
///
/// # Errors
/// The database's.
pub fn behind(conn: &mut Conn, position: Position, most: i64) -> Result<(i64, Option<Timestamp>), StoreError> {
    let (after, order) = conn.dialect().feed_after();
    let after = format!("FROM event e WHERE {after} ORDER BY {order} LIMIT");
    let first =
        conn.first(&format!("SELECT e.at {after} 1"), &params![position.tx_id, position.seq], |row| row.at("at"))?;
    let n = match first {
        None => 0,
        Some(_) => conn.number(
            &format!("SELECT COUNT(*) AS n FROM (SELECT e.seq {after} $3) AS waiting"),
            &params![position.tx_id, position.seq, most],
        )?,
    };
    Ok((n, first))
}

/// The end of the feed as it can be read now.
///
/// # Errors
/// The database's.
pub fn end(conn: &mut Conn) -> Result<Position, StoreError> {
    let horizon = horizon(conn)?;
    let found = conn.first(
        "SELECT tx_id, seq FROM event WHERE tx_id < $1 ORDER BY tx_id DESC, seq DESC LIMIT 1",
        &params![horizon],
        |row| Ok(Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? }),
    )?;
    Ok(found.unwrap_or_default())
}

const TOLD: &str =
    "FROM event e LEFT JOIN event_text t ON t.stream_kind = e.stream_kind AND t.stream_id = e.stream_id AND t.n = e.n";

/// The history of one stream with the texts that people wrote, oldest first.
///
/// # Errors
/// The database's.
pub fn history(
    conn: &mut Conn,
    stream_kind: &str,
    stream_id: &str,
) -> Result<Vec<(Event, Option<String>)>, StoreError> {
    let sql = format!("SELECT {COLUMNS}, t.body {TOLD} WHERE e.stream_kind = $1 AND e.stream_id = $2 ORDER BY e.n");
    conn.all(&sql, &params![stream_kind, stream_id], |row| Ok((Event::from_row(row)?, row.get("body")?)))
}

/// The histories of some streams without their texts, each oldest first, in the order of the streams' ids.
///
/// # Errors
/// The database's.
pub fn histories(conn: &mut Conn, stream_kind: &str, stream_ids: &[String]) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    for ids in stream_ids.chunks(STREAMS_AT_ONCE) {
        let sql = format!(
            "SELECT {COLUMNS} FROM event e WHERE e.stream_kind = $1 AND e.stream_id IN ({}) ORDER BY e.stream_id, e.n",
            placeholders(2, STREAMS_AT_ONCE)
        );
        let mut values = params![stream_kind].to_vec();
        values.extend(padded(ids, STREAMS_AT_ONCE));
        conn.each(&sql, &values, |row| {
            events.push(Event::from_row(row)?);
            Ok(())
        })?;
    }
    Ok(events)
}

/// The histories of some streams with the texts that people wrote, each oldest first.
///
/// # Errors
/// The database's.
pub fn told_histories(
    conn: &mut Conn,
    stream_kind: &str,
    stream_ids: &[String],
) -> Result<Vec<(Event, Option<String>)>, StoreError> {
    let mut told = Vec::new();
    for ids in stream_ids.chunks(STREAMS_AT_ONCE) {
        let sql = format!(
            "SELECT {COLUMNS}, t.body {TOLD} WHERE e.stream_kind = $1 AND e.stream_id IN ({}) ORDER BY e.stream_id, e.n",
            placeholders(2, STREAMS_AT_ONCE)
        );
        let mut values = params![stream_kind].to_vec();
        values.extend(padded(ids, STREAMS_AT_ONCE));
        told.extend(conn.all(&sql, &values, |row| Ok((Event::from_row(row)?, row.get("body")?)))?);
    }
    Ok(told)
}

/// So many at once: one statement to prepare, whatever the number.
const STREAMS_AT_ONCE: usize = 64;

/// How far the consumer `name` has read.
///
/// # Errors
/// The database's.
pub fn position_of(conn: &mut Conn, name: &str) -> Result<Option<Position>, StoreError> {
    conn.first("SELECT tx_id, seq FROM consumer WHERE name = $1", &params![name], |row| {
        Ok(Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? })
    })
}

/// Remembers how far the consumer `name` has read; in the transaction of what it did with the events.
///
/// # Errors
/// The database's.
pub fn remember(tx: &mut Tx<'_>, name: &str, position: Position) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO consumer (name, tx_id, seq) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET tx_id = $2, seq = $3",
            &params![name, position.tx_id, position.seq],
        )
    })?;
    Ok(())
}

fn horizon(conn: &mut Conn) -> Result<i64, StoreError> {
    let sql = conn.dialect().feed_horizon();
    let found = conn.first(sql, &[], |row| row.get::<i64>("horizon"))?;
    Ok(found.unwrap_or(1))
}
