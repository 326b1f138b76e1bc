//! How public answers are read and written.

use linli_db::{Bind, Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{AreaCode, CaseId, Cursor, Page, Timestamp};

use super::model::{Adoption, Opinion};
use crate::areas::store::inside;

impl Store for Opinion {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.begins() {
            return writer.exec_one(
                "INSERT INTO opinion (case_id, area_code, category, summary, outcome, answer, account_id, published_at, withdrawn_at, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
                &params![
                    self.case,
                    self.area,
                    self.category,
                    self.summary,
                    self.adoption.as_str(),
                    self.answer,
                    self.by,
                    self.published_at,
                    self.withdrawn_at
                ],
            );
        }
        writer.exec_one(
            "UPDATE opinion SET summary = $2, outcome = $3, answer = $4, account_id = $5, withdrawn_at = $6, version = version + 1 WHERE case_id = $1 AND version = $7",
            &params![
                self.case,
                self.summary,
                self.adoption.as_str(),
                self.answer,
                self.by,
                self.withdrawn_at,
                self.version
            ],
        )
    }

    fn begins(&self) -> bool {
        self.version == 0
    }
}

const COLUMNS: &str = "o.case_id, o.area_code, o.category, o.summary, o.outcome, o.answer, o.account_id, o.published_at, o.withdrawn_at, o.version";

fn from_row(row: &Row<'_>) -> Result<Opinion, StoreError> {
    let case: CaseId = row.parse("case_id")?;
    let word: String = row.get("outcome")?;
    let adoption = Adoption::parse(&word).ok_or_else(|| StoreError::Inconsistent {
        table: "opinion.outcome",
        row: case.to_string(),
        what: format!("{word:?} is no outcome"),
    })?;
    Ok(Opinion {
        case,
        area: row.parse("area_code")?,
        category: row.get("category")?,
        summary: row.get("summary")?,
        adoption,
        answer: row.get("answer")?,
        by: row.parse("account_id")?,
        published_at: row.at("published_at")?,
        withdrawn_at: row.at_opt("withdrawn_at")?,
        version: row.get("version")?,
    })
}

/// The public answer of a case, those that were taken back too.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, case: CaseId) -> Result<Option<Opinion>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM opinion o WHERE o.case_id = $1"), &params![case], from_row)
}

/// ` AND …`, where it is narrowed to an area.
fn narrowed(area: Option<&AreaCode>, bound: &mut Vec<Val>) -> String {
    area.map(|area| format!(" AND {}", inside("o.area_code", &[*area], bound))).unwrap_or_default()
}

/// What is published, the newest first; of an area and everything below it.
///
/// # Errors
/// The database's.
pub fn published(conn: &mut Conn, area: Option<&AreaCode>, cursor: &Cursor) -> Result<Page<Opinion>, StoreError> {
    let mut bound = params![cursor.fetch()].to_vec();
    let within = narrowed(area, &mut bound);
    let mut before = String::new();
    if let Some((at, case)) = cursor.after.as_deref().and_then(|after| after.split_once('_'))
        && let Ok(at) = at.parse::<i64>()
    {
        bound.extend([at.val(), case.val()]);
        before = format!(" AND (o.published_at, o.case_id) < (${}, ${})", bound.len() - 1, bound.len());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM opinion o WHERE o.withdrawn_at IS NULL{within}{before} ORDER BY o.published_at DESC, o.case_id DESC LIMIT $1"
    );
    let rows = conn.all(&sql, &bound, from_row)?;
    Ok(cursor.page(rows, |opinion| format!("{}_{}", opinion.published_at.ms(), opinion.case)))
}

/// How many were published since a moment, by what came of them.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, area: Option<&AreaCode>, since: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
    let mut bound = params![since].to_vec();
    let within = narrowed(area, &mut bound);
    let sql = format!(
        "SELECT o.outcome, COUNT(*) AS n FROM opinion o WHERE o.withdrawn_at IS NULL AND o.published_at >= $1{within} GROUP BY o.outcome"
    );
    conn.all(&sql, &bound, |row| Ok((row.get("outcome")?, row.get("n")?)))
}

/// An answered opinion of which nothing is public.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Which case.
    pub case: CaseId,
    /// Its number for paper.
    pub paper_no: String,
    /// What was said.
    pub body: String,
    /// Its category.
    pub category: String,
    /// Where.
    pub area: AreaCode,
    /// When it was answered.
    pub settled_at: Option<Timestamp>,
}

/// Most that wait and are listed.
const MOST_WAITING: i64 = 100;

/// Answered opinions of which nothing was published, that are reached by one of `keys`, the newest first.
///
/// # Errors
/// The database's.
pub fn waiting(conn: &mut Conn, categories: &[&str], keys: &[String]) -> Result<Vec<Waiting>, StoreError> {
    if categories.is_empty() || keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut bound = params![MOST_WAITING].to_vec();
    bound.extend(categories.iter().map(Bind::val));
    bound.extend(keys.iter().map(Bind::val));
    let sql = format!(
        "SELECT c.id, c.paper_no, c.body, c.category, c.area_code, c.settled_at FROM cases c \
         WHERE c.category IN ({}) AND c.phase IN ('settled', 'closed') AND c.kind = 'request' AND NOT c.private AND c.outcome IS NULL AND c.master_id IS NULL \
         AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({}) LIMIT 1 OFFSET 0) \
         AND NOT EXISTS (SELECT 1 FROM opinion o WHERE o.case_id = c.id) ORDER BY c.id DESC LIMIT $1",
        placeholders(2, categories.len()),
        placeholders(2 + categories.len(), keys.len())
    );
    conn.all(&sql, &bound, |row| {
        Ok(Waiting {
            case: row.parse("id")?,
            paper_no: row.get("paper_no")?,
            body: row.get("body")?,
            category: row.get("category")?,
            area: row.parse("area_code")?,
            settled_at: row.at_opt("settled_at")?,
        })
    })
}
