//! How imports and the outcomes of their rows are read and written.

use std::collections::HashSet;

use linli_db::{Conn, Row, StoreError, Tx, params, placeholders};
use linli_kernel::{AccountId, AreaCode, CaseId, ImportId, Timestamp};
use serde::{Deserialize, Serialize};

use super::columns::Layout;
use super::order::RowFault;

/// 导入状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HotlineImportState)]
pub enum ImportState {
    /// Uploaded; its columns wait to be looked at.
    Uploaded,
    /// At work, or to be taken up again after an interruption.
    Running,
    /// Somebody stopped it; what was entered stays.
    Cancelled,
    /// Every row has its outcome.
    Done,
    /// The file could not be read to its end.
    Failed,
}

impl ImportState {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Running => "running",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "cancelled" => Self::Cancelled,
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => Self::Uploaded,
        }
    }
}

/// One sheet of a file and how it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetPlan {
    /// Which, from 0.
    pub sheet: u32,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub layout: Layout,
    /// Rows below the header that hold something.
    pub n_rows: u32,
    /// Whether it is imported.
    pub chosen: bool,
}

/// 工单导入
#[derive(Clone, Debug)]
pub struct Import {
    /// Which.
    pub id: ImportId,
    /// Whose orders.
    pub partner: String,
    /// Who brought it; nobody from the command line.
    pub account: Option<AccountId>,
    /// Where its orders may lie; empty for everywhere.
    pub areas: Vec<AreaCode>,
    /// As its sender called it.
    pub file_name: String,
    /// Of its bytes.
    pub sha256: String,
    /// Bytes.
    pub size_bytes: i64,
    /// How it stands.
    pub state: ImportState,
    /// Its sheets.
    pub sheets: Vec<SheetPlan>,
    /// Whether finished orders are entered too.
    pub with_history: bool,
    /// Rows that may hold an order.
    pub n_rows: i64,
    /// Who is at work on it.
    pub owner: Option<String>,
    /// The last sign of life of who is at work.
    pub alive_at: Option<Timestamp>,
    /// Why it failed: a code of `SheetFault`.
    pub fault: Option<String>,
    /// When it was brought.
    pub created_at: Timestamp,
    /// When it was begun.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

const IMPORT_COLUMNS: &str = "id, partner_id, account_id, area_codes, file_name, file_sha256, size_bytes, state, layout, with_history, n_rows, owner, alive_at, fault, \
    created_at, started_at, finished_at";

impl Import {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get("state")?;
        Ok(Self {
            id: row.parse("id")?,
            partner: row.get("partner_id")?,
            account: row.parse_opt("account_id")?,
            areas: row.json::<Vec<AreaCode>>("area_codes")?,
            file_name: row.get("file_name")?,
            sha256: row.get("file_sha256")?,
            size_bytes: row.get("size_bytes")?,
            state: ImportState::parse(&state),
            sheets: row.json("layout")?,
            with_history: row.get("with_history")?,
            n_rows: row.get("n_rows")?,
            owner: row.get("owner")?,
            alive_at: row.at_opt("alive_at")?,
            fault: row.get("fault")?,
            created_at: row.at("created_at")?,
            started_at: row.at_opt("started_at")?,
            finished_at: row.at_opt("finished_at")?,
        })
    }

    /// Writes it, new or in place of what stood there.
    ///
    /// # Errors
    /// The database's.
    pub fn save(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let areas = serde_json::to_string(&self.areas)?;
        let layout = serde_json::to_string(&self.sheets)?;
        let sql = format!(
            "INSERT INTO hotline_import ({IMPORT_COLUMNS}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET partner_id = $2, state = $8, layout = $9, with_history = $10, \
             n_rows = $11, owner = $12, alive_at = $13, fault = $14, started_at = $16, finished_at = $17",
            placeholders(1, 17)
        );
        let values = params![
            self.id,
            self.partner,
            self.account,
            areas,
            self.file_name,
            self.sha256,
            self.size_bytes,
            self.state.as_str(),
            layout,
            self.with_history,
            self.n_rows,
            self.owner,
            self.alive_at,
            self.fault,
            self.created_at,
            self.started_at,
            self.finished_at
        ];
        tx.bookkeep(|writer| writer.exec(&sql, &values)).map(drop)
    }
}

/// An import.
///
/// # Errors
/// The database's.
pub fn import(conn: &mut Conn, id: ImportId) -> Result<Option<Import>, StoreError> {
    conn.first(&format!("SELECT {IMPORT_COLUMNS} FROM hotline_import WHERE id = $1"), &params![id], Import::from_row)
}

/// The latest imports, newest first.
///
/// # Errors
/// The database's.
pub fn imports(conn: &mut Conn, limit: i64) -> Result<Vec<Import>, StoreError> {
    conn.all(
        &format!("SELECT {IMPORT_COLUMNS} FROM hotline_import ORDER BY id DESC LIMIT $1"),
        &params![limit],
        Import::from_row,
    )
}

/// An import of the same bytes for the same partner that did not come to its end.
///
/// # Errors
/// The database's.
pub fn unfinished(conn: &mut Conn, partner: &str, sha256: &str) -> Result<Option<Import>, StoreError> {
    let sql = format!(
        "SELECT {IMPORT_COLUMNS} FROM hotline_import WHERE partner_id = $1 AND file_sha256 = $2 AND state = 'running' AND account_id IS NULL ORDER BY id DESC LIMIT 1"
    );
    conn.first(&sql, &params![partner, sha256], Import::from_row)
}

/// Imports at work whose worker gave no sign of life since `before`.
///
/// # Errors
/// The database's.
pub fn left_alone(conn: &mut Conn, before: Timestamp) -> Result<Vec<Import>, StoreError> {
    let sql = format!(
        "SELECT {IMPORT_COLUMNS} FROM hotline_import WHERE state = 'running' AND (alive_at IS NULL OR alive_at < $1) ORDER BY id LIMIT 5"
    );
    conn.all(&sql, &params![before], Import::from_row)
}

/// Imports that ended before `before`, and those never begun that were brought before it: their files are removed.
///
/// # Errors
/// The database's.
pub fn ended_before(conn: &mut Conn, before: Timestamp, unused_before: Timestamp) -> Result<Vec<ImportId>, StoreError> {
    conn.all(
        "SELECT id FROM hotline_import WHERE (finished_at IS NOT NULL AND finished_at < $1) OR (state = 'uploaded' AND created_at < $2) ORDER BY id DESC LIMIT 500",
        &params![before, unused_before],
        |row| row.parse("id"),
    )
}

/// Takes the work on an import: whoever worked on it before stops at their next look.
///
/// # Errors
/// The database's.
pub fn take(tx: &mut Tx<'_>, id: ImportId, owner: &str, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE hotline_import SET owner = $2, alive_at = $3, started_at = COALESCE(started_at, $3) WHERE id = $1 AND state = 'running'";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, owner, at]))? == 1)
}

/// A sign of life; `false` when somebody else has taken the work, or it was stopped.
///
/// # Errors
/// The database's.
pub fn still_mine(tx: &mut Tx<'_>, id: ImportId, owner: &str, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE hotline_import SET alive_at = $3 WHERE id = $1 AND owner = $2 AND state = 'running'";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, owner, at]))? == 1)
}

/// Ends an import that is at work.
///
/// # Errors
/// The database's.
pub fn end(
    tx: &mut Tx<'_>,
    id: ImportId,
    state: ImportState,
    fault: Option<&str>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE hotline_import SET state = $2, fault = $3, finished_at = $4 WHERE id = $1 AND state IN ('running', 'uploaded')";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, state.as_str(), fault, at]))? == 1)
}

/// 每行结果
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HotlineRowOutcome)]
pub enum Outcome {
    /// A new case.
    New,
    /// A known order with something new.
    Updated,
    /// A known order as it was.
    Same,
    /// Left out: an explanation, or finished and not asked for.
    Skipped,
    /// Refused.
    Bad,
}

impl Outcome {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Same => "same",
            Self::Skipped => "skipped",
            Self::Bad => "bad",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "new" => Self::New,
            "updated" => Self::Updated,
            "same" => Self::Same,
            "skipped" => Self::Skipped,
            _ => Self::Bad,
        }
    }
}

/// The outcome of one row.
#[derive(Clone, Debug)]
pub struct RowOutcome {
    /// Which sheet, from 0.
    pub sheet: u32,
    /// Which row, from 1.
    pub n: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// The order's number, where it had one.
    pub order_no: Option<String>,
    /// The case.
    pub case: Option<CaseId>,
    /// Why it was refused or left out.
    pub faults: Vec<RowFault>,
}

impl RowOutcome {
    /// Records it; a row that has an outcome keeps it.
    ///
    /// # Errors
    /// The database's.
    pub fn record(&self, tx: &mut Tx<'_>, import: ImportId) -> Result<(), StoreError> {
        let faults = if self.faults.is_empty() { None } else { Some(serde_json::to_string(&self.faults)?) };
        let sql = "INSERT INTO hotline_import_row (import_id, sheet, row_no, outcome, order_no, case_id, faults) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (import_id, sheet, row_no) DO NOTHING";
        let values = params![import, self.sheet, self.n, self.outcome.as_str(), self.order_no, self.case, faults];
        tx.bookkeep(|writer| writer.exec(sql, &values)).map(drop)
    }

    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let outcome: String = row.get("outcome")?;
        Ok(Self {
            sheet: row.count("sheet")?,
            n: row.count("row_no")?,
            outcome: Outcome::parse(&outcome),
            order_no: row.get("order_no")?,
            case: row.parse_opt("case_id")?,
            faults: row.json_opt("faults")?.unwrap_or_default(),
        })
    }
}

/// Whether a row has its outcome.
///
/// # Errors
/// The database's.
pub fn has_outcome(conn: &mut Conn, import: ImportId, sheet: u32, n: u32) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM hotline_import_row WHERE import_id = $1 AND sheet = $2 AND row_no = $3";
    Ok(conn.number(sql, &params![import, sheet, n])? > 0)
}

/// The rows that have an outcome.
///
/// # Errors
/// The database's.
pub fn rows_done(conn: &mut Conn, import: ImportId) -> Result<HashSet<(u32, u32)>, StoreError> {
    let mut done = HashSet::new();
    conn.each("SELECT sheet, row_no FROM hotline_import_row WHERE import_id = $1", &params![import], |row| {
        done.insert((row.count("sheet")?, row.count("row_no")?));
        Ok(())
    })?;
    Ok(done)
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HotlineCounts)]
pub struct Counts {
    /// New cases.
    pub n_new: i64,
    /// Known orders with something new.
    pub n_updated: i64,
    /// Known orders as they were.
    pub n_same: i64,
    /// Left out.
    pub n_skipped: i64,
    /// Refused.
    pub n_bad: i64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.n_new + self.n_updated + self.n_same + self.n_skipped + self.n_bad
    }

    /// Counts one more.
    pub const fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.n_new += 1,
            Outcome::Updated => self.n_updated += 1,
            Outcome::Same => self.n_same += 1,
            Outcome::Skipped => self.n_skipped += 1,
            Outcome::Bad => self.n_bad += 1,
        }
    }
}

/// Counts the outcomes of an import.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, import: ImportId) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    conn.each(
        "SELECT outcome, COUNT(*) AS n FROM hotline_import_row WHERE import_id = $1 GROUP BY outcome",
        &params![import],
        |row| {
            let (outcome, n): (String, i64) = (row.get("outcome")?, row.get("n")?);
            match Outcome::parse(&outcome) {
                Outcome::New => counts.n_new = n,
                Outcome::Updated => counts.n_updated = n,
                Outcome::Same => counts.n_same = n,
                Outcome::Skipped => counts.n_skipped = n,
                Outcome::Bad => counts.n_bad = n,
            }
            Ok(())
        },
    )?;
    Ok(counts)
}

/// Rows that were refused or left out with a reason, in order, after a row.
///
/// # Errors
/// The database's.
pub fn explained(
    conn: &mut Conn,
    import: ImportId,
    after: (u32, u32),
    limit: i64,
) -> Result<Vec<RowOutcome>, StoreError> {
    conn.all(
        "SELECT sheet, row_no, outcome, order_no, case_id, faults FROM hotline_import_row WHERE import_id = $1 AND outcome IN ('bad', 'skipped') AND faults IS NOT NULL \
         AND (sheet, row_no) > ($2, $3) ORDER BY sheet, row_no LIMIT $4",
        &params![import, after.0, after.1, limit],
        RowOutcome::from_row,
    )
}
