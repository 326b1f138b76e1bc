//! 每日签名: one root a day over every event of the feed, signed with the instance's key.
//!
//! A chain alone shows a change in its middle; whoever can write the database could still write a whole chain anew. The root of
//! a day holds the hash of every event up to that night in the order of the feed, and the root before it; without the key
//! nobody can sign another one. Whoever prints or posts the newest root binds everything before it.

use sha2::{Digest, Sha256};

use linli_kernel::Timestamp;

use crate::conn::{Conn, Tx};
use crate::error::StoreError;
use crate::feed::{self, Position};
use crate::params;

/// Beijing time is ahead of UTC by this much; the day ends there.
const ZONE_MS: i64 = 8 * 3_600_000;

/// Signs the bytes of a root.
pub type Sign<'a> = &'a (dyn Fn(&[u8]) -> [u8; 32] + Sync);

/// A root that stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyRoot {
    /// The day that it closes: 2026-11-23.
    pub day: String,
    /// Events that it adds to the root before it.
    pub n_events: i64,
    /// The root.
    pub root: Vec<u8>,
    position: Position,
    signature: Vec<u8>,
}

/// What a check of the roots found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Roots looked at.
    pub n_days: u64,
    /// The first day whose events are not what was signed, if any.
    pub broken: Option<(String, BrokenRoot)>,
}

/// How a root can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRoot {
    /// Events of that day were changed, added or taken away.
    Events,
    /// The root was not signed with this instance's key.
    Signature,
}

/// Closes the day before the one of `now`, unless it is closed or nothing happened since the last one; the day.
///
/// # Errors
/// The database's.
pub fn close_day(tx: &mut Tx<'_>, now: Timestamp, sign: Sign<'_>) -> Result<Option<String>, StoreError> {
    let day = day_of(now.plus_ms(-24 * 3_600_000));
    let last = last(tx)?;
    if last.as_ref().is_some_and(|last| last.day >= day) {
        return Ok(None);
    }
    let from = last.as_ref().map(|last| last.position).unwrap_or_default();
    let to = feed::end(tx)?;
    if to <= from {
        return Ok(None);
    }
    let before = last.map_or_else(|| vec![0; 32], |last| last.root);
    let (root, n_events) = root_of(tx, &before, from, to)?;
    let signature = sign(&signed(&day, to, n_events, &root)).to_vec();
    tx.bookkeep(|writer| {
        // Another node may close the same day at this moment: the first root stands.
        writer.exec(
            "INSERT INTO daily_root (day, tx_id, seq, n_events, root, mac, at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (day) DO NOTHING",
            &params![day, to.tx_id, to.seq, n_events, root, signature, now],
        )
    })?;
    Ok(Some(day))
}

/// Computes every root anew and compares.
///
/// # Errors
/// The database's.
pub fn check(conn: &mut Conn, sign: Sign<'_>) -> Result<Checked, StoreError> {
    let roots = conn.all(&format!("{SELECT} ORDER BY day"), &[], from_row)?;
    let mut out = Checked::default();
    let (mut before, mut from) = (vec![0; 32], Position::default());
    for stands in roots {
        out.n_days += 1;
        let signature = sign(&signed(&stands.day, stands.position, stands.n_events, &stands.root));
        let (root, n_events) = root_of(conn, &before, from, stands.position)?;
        let wrong = if signature.as_slice() != stands.signature {
            Some(BrokenRoot::Signature)
        } else if root != stands.root || n_events != stands.n_events {
            Some(BrokenRoot::Events)
        } else {
            None
        };
        if let Some(wrong) = wrong {
            out.broken = Some((stands.day, wrong));
            return Ok(out);
        }
        (before, from) = (stands.root, stands.position);
    }
    Ok(out)
}

const SELECT: &str = "SELECT day, tx_id, seq, n_events, root, mac FROM daily_root";

fn last(conn: &mut Conn) -> Result<Option<DailyRoot>, StoreError> {
    conn.first(&format!("{SELECT} ORDER BY day DESC LIMIT 1"), &[], from_row)
}

fn from_row(row: &crate::value::Row<'_>) -> Result<DailyRoot, StoreError> {
    Ok(DailyRoot {
        day: row.get("day")?,
        n_events: row.get("n_events")?,
        root: row.get("root")?,
        position: Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? },
        signature: row.get("mac")?,
    })
}

/// The root over the events after `from` up to and with `to`, continuing `before`; how many they are.
fn root_of(conn: &mut Conn, before: &[u8], from: Position, to: Position) -> Result<(Vec<u8>, i64), StoreError> {
    let mut digest = Sha256::new();
    digest.update(b"linli root 1");
    digest.update(before);
    let mut n_events = 0;
    let (after, order) = conn.dialect().feed_after();
    let sql = format!(
        "SELECT e.stream_kind, e.stream_id, e.n, e.hash FROM event e WHERE {after} AND (e.tx_id, e.seq) <= ($3, $4) ORDER BY {order}"
    );
    conn.each(&sql, &params![from.tx_id, from.seq, to.tx_id, to.seq], |row| {
        n_events += 1;
        for text in [row.get::<String>("stream_kind")?, row.get("stream_id")?, row.get::<i64>("n")?.to_string()] {
            digest.update(text.len().to_string().as_bytes());
            digest.update(b":");
            digest.update(text.as_bytes());
        }
        digest.update(row.get::<Vec<u8>>("hash")?);
        Ok(())
    })?;
    Ok((digest.finalize().to_vec(), n_events))
}

fn signed(day: &str, to: Position, n_events: i64, root: &[u8]) -> Vec<u8> {
    let mut bytes = format!("linli daily root 1 {day} {} {} {n_events} ", to.tx_id, to.seq).into_bytes();
    bytes.extend_from_slice(root);
    bytes
}

/// The day of a moment in Beijing.
fn day_of(at: Timestamp) -> String {
    at.plus_ms(ZONE_MS).to_string().chars().take(10).collect()
}
