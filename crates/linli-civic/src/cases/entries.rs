//! 裁定入单: what rulings add to the responsibility list. A line is never changed, only ended, and its history is kept.

use linli_db::{Conn, Row, Store, StoreError, Writer, feed, params};
use linli_kernel::{
    AccountId, Actor, AreaCode, AreaLevel, CaseId, Change, EntryId, NewEvent, Problem, ProblemCode, Stream, StreamKind,
    Timestamp,
};
use serde_json::json;

use super::routing::Amended;
use crate::areas::tree::code_range;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: EntryId,
    /// What it says.
    pub line: Amended,
    /// The case whose ruling it comes from.
    pub case: Option<CaseId>,
    /// Since when it counts.
    pub since: Timestamp,
    /// Until when it counted.
    pub until: Option<Timestamp>,
    /// The number of its last event.
    pub version: u32,
}

impl Entry {
    /// A new line.
    pub fn add(id: EntryId, line: Amended, case: Option<CaseId>, at: Timestamp, actor: Actor) -> Change<Self> {
        let entry = Self { id, line, case, since: at, until: None, version: 1 };
        let event = entry.event("added", entry.line.basis.clone(), at, actor);
        Change::new(entry, event)
    }

    /// Ends it, and why.
    ///
    /// # Errors
    /// `NotNow` when it ended before.
    pub fn end(mut self, reason: String, at: Timestamp, actor: Actor) -> Result<Change<Self>, Problem> {
        if self.until.is_some() {
            return Err(ProblemCode::NotNow.into());
        }
        self.until = Some(at);
        self.version += 1;
        let event = self.event("ended", reason, at, actor);
        Ok(Change::new(self, event))
    }

    fn event(&self, kind: &'static str, text: String, at: Timestamp, actor: Actor) -> NewEvent {
        NewEvent {
            stream: Stream::new(StreamKind::ResponsibilityList, self.id.to_string()),
            kind,
            at,
            actor,
            payload: json!({
                "category": self.line.category, "level": self.line.level, "unit_code": self.line.unit, "case": self.case,
            }),
            text: Some(text),
            area: Some(self.line.area),
            unit: None,
        }
    }
}

impl Store for Entry {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO responsibility_entry (id, area_code, category, level, unit_code, basis, case_id, since, until, version) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET until = $9, version = $10";
        let Amended { area, category, level, unit, basis } = &self.line;
        writer.exec_one(
            sql,
            &params![self.id, area, category, level, unit, basis, self.case, self.since, self.until, self.version],
        )
    }
}

/// Shown in one go.
const MOST: i64 = 500;
const COLUMNS: &str = "id, area_code, category, level, unit_code, basis, case_id, since, until, version";

/// A line by its id.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: EntryId) -> Result<Option<Entry>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM responsibility_entry WHERE id = $1"), &params![id], from_row)
}

/// Every line that counts or counted, the newest first. Not scoped: past cases everywhere were routed by them.
///
/// # Errors
/// The database's.
pub fn all(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    conn.all(&format!("SELECT {COLUMNS} FROM responsibility_entry ORDER BY id DESC"), &[], from_row)
}

/// The lines that count now, the newest first. Not scoped: cases everywhere are routed by them.
///
/// # Errors
/// The database's.
pub fn current(conn: &mut Conn) -> Result<Vec<Amended>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM responsibility_entry WHERE until IS NULL ORDER BY id DESC");
    Ok(conn.all(&sql, &[], from_row)?.into_iter().map(|entry| entry.line).collect())
}

/// Every line that counts or counted where somebody at one of `places` works, the newest first: a line of the county binds its
/// streets and communities.
///
/// # Errors
/// The database's.
pub fn around(conn: &mut Conn, places: &[AreaCode]) -> Result<Vec<Entry>, StoreError> {
    let mut values = Vec::new();
    let mut areas = Vec::new();
    for place in places {
        let (low, high) = code_range(&place.at(AreaLevel::County.min(place.level())));
        values.extend(params![low, high].iter().cloned());
        areas.push(format!("(area_code >= ${} AND area_code < ${})", values.len() - 1, values.len()));
    }
    if areas.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM responsibility_entry WHERE {} ORDER BY id DESC LIMIT {MOST}",
        areas.join(" OR ")
    );
    conn.all(&sql, &values, from_row)
}

/// What happened to a line: who added or ended it, when, and in which words.
pub struct Step {
    /// `added` or `ended`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Option<AccountId>,
    /// Why.
    pub text: Option<String>,
}

/// The history of a line.
///
/// # Errors
/// The database's.
pub fn steps(conn: &mut Conn, id: EntryId) -> Result<Vec<Step>, StoreError> {
    let history = feed::history(conn, StreamKind::ResponsibilityList.as_str(), &id.to_string())?;
    let step = |(event, text): (feed::Event, Option<String>)| Step {
        by: event.actor_id.as_deref().and_then(|id| id.parse().ok()),
        kind: event.kind,
        at: event.at,
        text,
    };
    Ok(history.into_iter().map(step).collect())
}

fn from_row(row: &Row<'_>) -> Result<Entry, StoreError> {
    let (area, level): (AreaCode, AreaLevel) = (row.parse("area_code")?, row.parse("level")?);
    Ok(Entry {
        id: row.parse("id")?,
        line: Amended {
            area,
            category: row.get("category")?,
            level,
            unit: row.get("unit_code")?,
            basis: row.get("basis")?,
        },
        case: row.parse_opt("case_id")?,
        since: row.at("since")?,
        until: row.at_opt("until")?,
        version: row.count("version")?,
    })
}
