//! What a rehearsal reads. Nothing here writes.

use std::collections::HashMap;
use std::sync::Arc;

use linli_db::{Bind, Conn, StoreError, Val, feed, params};
use linli_kernel::{AreaCode, CaseId, Timestamp};
use linli_playbook::Playbook;
use serde_json::Value;

use super::past::{Head, Part, Past, text_in};
use crate::cases::entries::{self, Entry};
use crate::cases::routing::Amended;
use crate::people::Tenures;

/// Which cases are rehearsed.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Reported from then on.
    pub since: Option<Timestamp>,
    /// Reported before then.
    pub until: Option<Timestamp>,
    /// Of this area.
    pub area: Option<AreaCode>,
    /// So many of the newest at most.
    pub limit: u32,
}

/// What is read once for all cases.
pub(super) struct Kept {
    pub tenures: Tenures,
    pub entries: Vec<Entry>,
}

impl Kept {
    pub fn read(conn: &mut Conn) -> Result<Self, StoreError> {
        Ok(Self { tenures: Tenures::read(conn)?, entries: entries::all(conn)? })
    }

    /// The lines that rulings had added to the responsibility list by then, the newest first.
    pub fn amended(&self, at: Timestamp) -> Vec<Amended> {
        let counts = |entry: &&Entry| entry.since <= at && entry.until.is_none_or(|until| at < until);
        self.entries.iter().filter(counts).map(|entry| entry.line.clone()).collect()
    }
}

/// Every version on the shelf.
pub(super) fn books(conn: &mut Conn) -> Result<HashMap<(String, String), Arc<Playbook>>, StoreError> {
    let found = conn.all("SELECT id, version, body FROM playbook_version", &[], |row| {
        Ok(((row.get("id")?, row.get("version")?), Arc::new(row.json::<Playbook>("body")?)))
    })?;
    Ok(found.into_iter().collect())
}

/// The cases that were wished for, the oldest first. Not scoped: whoever asks has checked who may rehearse what.
///
/// # Errors
/// The database's.
pub fn select(conn: &mut Conn, wish: &Wish) -> Result<Vec<CaseId>, StoreError> {
    let mut values: Vec<Val> = params![i64::from(wish.limit)].to_vec();
    let mut conditions = String::new();
    let mut when = |sql: &str, value: Val| {
        values.push(value);
        conditions.push_str(&sql.replace('?', &format!("${}", values.len())));
    };
    if let Some(since) = wish.since {
        when(" AND c.reported_at >= ?", since.val());
    }
    if let Some(until) = wish.until {
        when(" AND c.reported_at < ?", until.val());
    }
    if let Some(area) = wish.area {
        when(" AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.scope_key = ?)", area.val());
    }
    let sql = format!("SELECT c.id FROM cases c WHERE 1 = 1{conditions} ORDER BY c.id DESC LIMIT $1");
    let mut ids: Vec<CaseId> = conn.all(&sql, &values, |row| row.parse("id"))?;
    ids.reverse();
    Ok(ids)
}

const HEAD: &str =
    "SELECT id, paper_no, kind, channel, area_code, playbook_id, playbook_version FROM cases WHERE id = $1";

/// The past of a case; `None` when its history does not begin as one begins.
pub(super) fn past(conn: &mut Conn, id: CaseId) -> Result<Option<Past>, StoreError> {
    let head = conn.first(HEAD, &params![id], |row| {
        Ok(Head {
            id: row.parse("id")?,
            paper_no: row.get("paper_no")?,
            kind: row.parse("kind")?,
            channel: row.parse("channel")?,
            area: row.parse("area_code")?,
            pinned: (row.get("playbook_id")?, row.get("playbook_version")?),
        })
    })?;
    let Some(head) = head else { return Ok(None) };
    let history = feed::history(conn, "case", &id.to_string())?;
    let Some(mut past) = Past::of(head, &history) else { return Ok(None) };
    past.parts = parts(conn, id)?;
    past.followed_at = followed_at(conn, id)?;
    Ok(Some(past))
}

/// The stages of the cases that were split off.
fn parts(conn: &mut Conn, parent: CaseId) -> Result<Vec<Part>, StoreError> {
    let sql = "SELECT id, kind, playbook_id, playbook_version FROM cases WHERE parent_id = $1";
    let children = conn.all(sql, &params![parent], |row| {
        let part = Part {
            pinned: (row.get("playbook_id")?, row.get("playbook_version")?),
            kind: row.parse("kind")?,
            stages: Vec::new(),
        };
        Ok((row.parse::<CaseId>("id")?, part))
    })?;
    let mut parts = Vec::new();
    for (id, mut part) in children {
        let events = feed::history(conn, "case", &id.to_string())?;
        let stage = |payload: &str| text_in(&serde_json::from_str::<Value>(payload).ok()?, "to");
        part.stages = events.iter().filter_map(|(event, _)| Some((event.at, stage(&event.payload)?))).collect();
        parts.push(part);
    }
    Ok(parts)
}

/// When others began to follow a case, as far as they follow it still.
fn followed_at(conn: &mut Conn, master: CaseId) -> Result<Vec<Timestamp>, StoreError> {
    let sql = "SELECT MAX(e.at) AS at FROM cases f JOIN event e ON e.stream_kind = 'case' AND e.stream_id = f.id AND e.kind = 'merged' \
               WHERE f.master_id = $1 GROUP BY f.id";
    conn.all(sql, &params![master], |row| row.at("at"))
}
