//! What a rehearsal reads. Nothing here writes.

use std::collections::HashMap;
use std::sync::Arc;

use linli_db::{Bind, Conn, StoreError, Val, feed, params, placeholders};
use linli_kernel::{CaseId, Timestamp};
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
    /// Of these areas; of all without any.
    pub areas: Vec<String>,
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
    let conditions = wish.conditions(&mut values);
    let sql = format!("SELECT c.id FROM cases c WHERE {conditions} ORDER BY c.id DESC LIMIT $1");
    let mut ids: Vec<CaseId> = conn.all(&sql, &values, |row| row.parse("id"))?;
    ids.reverse();
    Ok(ids)
}

/// So many of them after `after`, the oldest first. Scoped by the areas of the wish.
///
/// # Errors
/// The database's.
pub(super) fn page(conn: &mut Conn, wish: &Wish, after: Option<CaseId>) -> Result<Vec<CaseId>, StoreError> {
    let after = after.map_or_else(String::new, |after| after.to_string());
    let mut values: Vec<Val> = params![i64::from(wish.limit), after].to_vec();
    let conditions = wish.conditions(&mut values);
    let sql = format!("SELECT c.id FROM cases c WHERE c.id > $2 AND {conditions} ORDER BY c.id LIMIT $1");
    conn.all(&sql, &values, |row| row.parse("id"))
}

/// How many there are in all.
///
/// # Errors
/// The database's.
pub(super) fn count(conn: &mut Conn, wish: &Wish) -> Result<u32, StoreError> {
    let mut values = Vec::new();
    let conditions = wish.conditions(&mut values);
    let n = conn.number(&format!("SELECT COUNT(*) AS n FROM cases c WHERE {conditions}"), &values)?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

impl Wish {
    /// As a condition on `cases c`; its values are put behind those that are there.
    fn conditions(&self, values: &mut Vec<Val>) -> String {
        let mut conditions = vec!["1 = 1".to_owned()];
        for (sql, at) in [("c.reported_at >=", self.since), ("c.reported_at <", self.until)] {
            if let Some(at) = at {
                values.push(at.val());
                conditions.push(format!("{sql} ${}", values.len()));
            }
        }
        if !self.areas.is_empty() {
            let list = placeholders(values.len() + 1, self.areas.len());
            values.extend(self.areas.iter().map(Bind::val));
            let of_them = format!("SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.scope_key IN ({list})");
            conditions.push(format!("EXISTS ({of_them})"));
        }
        conditions.join(" AND ")
    }
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
