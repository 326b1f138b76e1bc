//! How imports of ledgers, the reasons of their rows, and remembered columns are read and written.

use linli_db::{Conn, Row, StoreError, Tx, params, placeholders};
use linli_kernel::{AccountId, AreaCode, ImportId, RecordId, Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::reading::RowFault;
use crate::areas::store::inside;
use crate::registry::fields::Kind;
use crate::registry::ledger::{Layout, Mapping, Subject};

/// 导入状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistryImportState)]
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
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
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
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "running" => Self::Running,
            "cancelled" => Self::Cancelled,
            "done" => Self::Done,
            "failed" => Self::Failed,
            "undoing" => Self::Undoing,
            "undone" => Self::Undone,
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
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RegistryCounts)]
pub struct Counts {
    /// New records.
    pub n_new: i64,
    /// Known records with something new.
    pub n_changed: i64,
    /// Known records as they were.
    pub n_same: i64,
    /// Left out: explanations, and people who left and were not known.
    pub n_skipped: i64,
    /// Refused.
    pub n_bad: i64,
}

/// 每行结果
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistryRowOutcome)]
pub enum RowOutcome {
    /// A new record.
    New,
    /// A known record with something new.
    Changed,
    /// A known record as it was.
    Same,
    /// Left out.
    Skipped,
    /// Refused.
    Bad,
}

impl RowOutcome {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Skipped => "skipped",
            Self::Bad => "bad",
        }
    }
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.n_new + self.n_changed + self.n_same + self.n_skipped + self.n_bad
    }

    /// Counts one more.
    pub const fn add(&mut self, outcome: RowOutcome) {
        match outcome {
            RowOutcome::New => self.n_new += 1,
            RowOutcome::Changed => self.n_changed += 1,
            RowOutcome::Same => self.n_same += 1,
            RowOutcome::Skipped => self.n_skipped += 1,
            RowOutcome::Bad => self.n_bad += 1,
        }
    }

    /// Counts more.
    pub const fn add_all(&mut self, other: Self) {
        self.n_new += other.n_new;
        self.n_changed += other.n_changed;
        self.n_same += other.n_same;
        self.n_skipped += other.n_skipped;
        self.n_bad += other.n_bad;
    }
}

/// 台账导入
#[derive(Clone, Debug)]
pub struct Import {
    /// Which.
    pub id: ImportId,
    /// Of what.
    pub kind: Subject,
    /// Where its records may lie.
    pub area: AreaCode,
    /// Who brought it; nobody from the command line.
    pub account: Option<AccountId>,
    /// As what.
    pub role: Option<Role>,
    /// Who began to take it back, and as what.
    pub undoer: Option<(AccountId, Role)>,
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
    /// The refused columns that its bringer left out: their headers.
    pub left_out: Vec<String>,
    /// Rows that may hold a record.
    pub n_rows: i64,
    /// The last row that has its outcome: sheet and row.
    pub at: (u32, u32),
    /// What came of the rows so far.
    pub counts: Counts,
    /// Records that were taken back.
    pub n_undone: i64,
    /// Records that were changed since and stay.
    pub n_kept: i64,
    /// Why it failed: a code of `SheetFault`.
    pub fault: Option<String>,
    /// When it was brought.
    pub created_at: Timestamp,
    /// When it was begun.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, record_kind, area_code, account_id, role, file_name, file_sha256, size_bytes, state, layout, left_out, n_rows, at_sheet, at_row, \
    n_new, n_changed, n_same, n_skipped, n_bad, n_undone, n_kept, fault, created_at, started_at, finished_at, undone_by, undone_role";

impl Import {
    /// Who takes it back; its bringer where an older linli did not note it.
    #[must_use]
    pub fn undoer(&self) -> Option<(AccountId, Role)> {
        self.undoer.or(self.account.zip(self.role))
    }

    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (state, kind): (String, String) = (row.get("state")?, row.get("record_kind")?);
        let id: ImportId = row.parse("id")?;
        Ok(Self {
            id,
            kind: kind.parse().map_err(|()| StoreError::Inconsistent {
                table: "registry_import",
                row: id.to_string(),
                what: "no such kind".to_owned(),
            })?,
            area: row.parse("area_code")?,
            account: row.parse_opt("account_id")?,
            role: row.parse_opt("role")?,
            undoer: row.parse_opt("undone_by")?.zip(row.parse_opt("undone_role")?),
            file_name: row.get("file_name")?,
            sha256: row.get("file_sha256")?,
            size_bytes: row.get("size_bytes")?,
            state: ImportState::parse(&state),
            sheets: row.json("layout")?,
            left_out: row.json("left_out")?,
            n_rows: row.get("n_rows")?,
            at: (row.count("at_sheet")?, row.count("at_row")?),
            counts: Counts {
                n_new: row.get("n_new")?,
                n_changed: row.get("n_changed")?,
                n_same: row.get("n_same")?,
                n_skipped: row.get("n_skipped")?,
                n_bad: row.get("n_bad")?,
            },
            n_undone: row.get("n_undone")?,
            n_kept: row.get("n_kept")?,
            fault: row.get("fault")?,
            created_at: row.at("created_at")?,
            started_at: row.at_opt("started_at")?,
            finished_at: row.at_opt("finished_at")?,
        })
    }

    /// Writes a new one.
    ///
    /// # Errors
    /// The database's.
    pub fn insert(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let (layout, left_out) = (serde_json::to_string(&self.sheets)?, serde_json::to_string(&self.left_out)?);
        let sql = format!("INSERT INTO registry_import ({COLUMNS}) VALUES ({})", placeholders(1, 27));
        let values = params![
            self.id,
            self.kind.as_str(),
            self.area,
            self.account,
            self.role,
            self.file_name,
            self.sha256,
            self.size_bytes,
            self.state.as_str(),
            layout,
            left_out,
            self.n_rows,
            self.at.0,
            self.at.1,
            self.counts.n_new,
            self.counts.n_changed,
            self.counts.n_same,
            self.counts.n_skipped,
            self.counts.n_bad,
            self.n_undone,
            self.n_kept,
            self.fault,
            self.created_at,
            self.started_at,
            self.finished_at,
            self.undoer.map(|(account, _)| account),
            self.undoer.map(|(_, role)| role)
        ];
        tx.bookkeep(|writer| writer.exec(&sql, &values)).map(drop)
    }
}

/// An import.
///
/// # Errors
/// The database's.
pub fn import(conn: &mut Conn, id: ImportId) -> Result<Option<Import>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM registry_import WHERE id = $1"), &params![id], Import::from_row)
}

/// The latest imports of areas, newest first.
///
/// # Errors
/// The database's.
pub fn imports(conn: &mut Conn, areas: &[AreaCode], limit: i64) -> Result<Vec<Import>, StoreError> {
    let mut values = params![limit].to_vec();
    let within = inside("area_code", areas, &mut values);
    let sql = format!("SELECT {COLUMNS} FROM registry_import WHERE {within} ORDER BY id DESC LIMIT $1");
    conn.all(&sql, &values, Import::from_row)
}

/// An import of the same bytes from the command line that did not come to its end.
///
/// # Errors
/// The database's.
pub fn unfinished(conn: &mut Conn, kind: Subject, area: &AreaCode, sha256: &str) -> Result<Option<Import>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM registry_import WHERE record_kind = $1 AND area_code = $2 AND file_sha256 = $3 AND state = 'running' AND account_id IS NULL \
         ORDER BY id DESC LIMIT 1"
    );
    conn.first(&sql, &params![kind.as_str(), *area, sha256], Import::from_row)
}

/// Imports at work, or being taken back, whose worker gave no sign of life since `before`.
///
/// # Errors
/// The database's.
pub fn left_alone(conn: &mut Conn, before: Timestamp) -> Result<Vec<Import>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM registry_import WHERE state IN ('running', 'undoing') AND (alive_at IS NULL OR alive_at < $1) ORDER BY COALESCE(alive_at, 0), id LIMIT 5"
    );
    conn.all(&sql, &params![before], Import::from_row)
}

/// Imports whose files nobody needs any more.
///
/// # Errors
/// The database's.
pub fn ended_before(conn: &mut Conn, before: Timestamp, unused_before: Timestamp) -> Result<Vec<ImportId>, StoreError> {
    conn.all(
        "SELECT id FROM registry_import WHERE (finished_at IS NOT NULL AND finished_at < $1) OR (state = 'uploaded' AND created_at < $2) ORDER BY id DESC LIMIT 500",
        &params![before, unused_before],
        |row| row.parse("id"),
    )
}

/// Puts other columns in place of those that were found; only before it begins.
///
/// # Errors
/// The database's.
pub fn relay(tx: &mut Tx<'_>, id: ImportId, sheets: &[SheetPlan]) -> Result<bool, StoreError> {
    let layout = serde_json::to_string(sheets)?;
    let sql = "UPDATE registry_import SET layout = $2 WHERE id = $1 AND state = 'uploaded'";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, layout]))? == 1)
}

/// Moves an import from one of these states to another.
///
/// # Errors
/// The database's.
pub fn turn(
    tx: &mut Tx<'_>,
    id: ImportId,
    from: &[ImportState],
    to: ImportState,
    fault: Option<&str>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let (started, finished) = match to {
        ImportState::Running | ImportState::Undoing => (Some(at), None),
        _ => (None, Some(at)),
    };
    let mut values = params![id, to.as_str(), fault, started, finished].to_vec();
    values.extend(from.iter().map(|state| linli_db::Bind::val(&state.as_str())));
    let sql = format!(
        "UPDATE registry_import SET state = $2, fault = $3, alive_at = NULL, started_at = COALESCE(started_at, $4), finished_at = $5 WHERE id = $1 AND state IN ({})",
        placeholders(6, from.len())
    );
    Ok(tx.bookkeep(|writer| writer.exec(&sql, &values))? == 1)
}

/// Begins to take an ended import back: who does, and as what.
///
/// # Errors
/// The database's.
pub fn begin_undo(
    tx: &mut Tx<'_>,
    id: ImportId,
    from: &[ImportState],
    (account, role): (AccountId, Role),
    at: Timestamp,
) -> Result<bool, StoreError> {
    if !turn(tx, id, from, ImportState::Undoing, None, at)? {
        return Ok(false);
    }
    let sql = "UPDATE registry_import SET undone_by = $2, undone_role = $3 WHERE id = $1";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, account, role]))? == 1)
}

/// Takes the work on an import: whoever worked on it before stops at their next look.
///
/// # Errors
/// The database's.
pub fn take(tx: &mut Tx<'_>, id: ImportId, owner: &str, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE registry_import SET owner = $2, alive_at = $3 WHERE id = $1 AND state IN ('running', 'undoing')";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, owner, at]))? == 1)
}

/// Notes how far the work came, in the transaction of its effect; `false` when somebody else has taken it, or it was stopped.
///
/// # Errors
/// The database's.
pub fn progress(
    tx: &mut Tx<'_>,
    id: ImportId,
    owner: &str,
    (to, more): ((u32, u32), Counts),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE registry_import SET alive_at = $3, at_sheet = $4, at_row = $5, n_new = n_new + $6, n_changed = n_changed + $7, n_same = n_same + $8, \
               n_skipped = n_skipped + $9, n_bad = n_bad + $10 WHERE id = $1 AND owner = $2 AND state = 'running'";
    let values =
        params![id, owner, at, to.0, to.1, more.n_new, more.n_changed, more.n_same, more.n_skipped, more.n_bad];
    Ok(tx.bookkeep(|writer| writer.exec(sql, &values))? == 1)
}

/// Notes that records were taken back, or kept because they changed since.
///
/// # Errors
/// The database's.
pub fn undone(
    tx: &mut Tx<'_>,
    id: ImportId,
    owner: &str,
    (n_undone, n_kept): (i64, i64),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE registry_import SET alive_at = $3, n_undone = n_undone + $4, n_kept = n_kept + $5 WHERE id = $1 AND owner = $2 AND state = 'undoing'";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![id, owner, at, n_undone, n_kept]))? == 1)
}

/// A row that was not entered.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Which sheet, from 0.
    pub sheet: u32,
    /// Which row, from 1.
    pub n: u32,
    /// Refused or left out.
    pub outcome: String,
    /// Why.
    pub faults: Vec<RowFault>,
}

/// Records why a row was not entered.
///
/// # Errors
/// The database's.
pub fn explain(
    tx: &mut Tx<'_>,
    id: ImportId,
    (sheet, n): (u32, u32),
    outcome: RowOutcome,
    faults: &[RowFault],
) -> Result<(), StoreError> {
    let faults = serde_json::to_string(faults)?;
    let sql = "INSERT INTO registry_import_row (import_id, sheet, row_no, outcome, faults) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (import_id, sheet, row_no) DO NOTHING";
    tx.bookkeep(|writer| writer.exec(sql, &params![id, sheet, n, outcome.as_str(), faults])).map(drop)
}

/// Rows that were not entered, in order, after a row.
///
/// # Errors
/// The database's.
pub fn explained(conn: &mut Conn, id: ImportId, after: (u32, u32), limit: i64) -> Result<Vec<Explained>, StoreError> {
    conn.all(
        "SELECT sheet, row_no, outcome, faults FROM registry_import_row WHERE import_id = $1 AND (sheet, row_no) > ($2, $3) ORDER BY sheet, row_no LIMIT $4",
        &params![id, after.0, after.1, limit],
        |row| {
            Ok(Explained {
                sheet: row.count("sheet")?,
                n: row.count("row_no")?,
                outcome: row.get("outcome")?,
                faults: row.json("faults")?,
            })
        },
    )
}

/// What an import entered or changed.
#[derive(Clone, Debug)]
pub struct Touched {
    /// Of what.
    pub kind: Subject,
    /// Which.
    pub id: RecordId,
    /// Its version before the first change; 0 when it was new.
    pub before: i64,
    /// Its version after the last.
    pub after: i64,
}

/// How deep a kind lies: what lies in something is taken back before it.
const fn depth(subject: Subject) -> i64 {
    match subject {
        Subject::Record(Kind::Household) => 1,
        Subject::Record(Kind::Dwelling) => 2,
        Subject::Record(_) | Subject::Visit | Subject::Hazard => 0,
    }
}

impl Touched {
    /// Notes it; the first version before and the last version after count.
    ///
    /// # Errors
    /// The database's.
    pub fn note(&self, tx: &mut Tx<'_>, import: ImportId) -> Result<(), StoreError> {
        let sql = "INSERT INTO registry_import_change (import_id, depth, record_kind, record_id, version_before, version_after) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (import_id, depth, record_id) DO UPDATE SET version_after = $6";
        let values = params![import, depth(self.kind), self.kind.as_str(), self.id, self.before, self.after];
        tx.bookkeep(|writer| writer.exec(sql, &values)).map(drop)
    }

    /// Notes what became of it when the import was taken back.
    ///
    /// # Errors
    /// The database's.
    pub fn settle(&self, tx: &mut Tx<'_>, import: ImportId, word: &str) -> Result<(), StoreError> {
        let sql =
            "UPDATE registry_import_change SET undone = $4 WHERE import_id = $1 AND depth = $2 AND record_id = $3";
        tx.bookkeep(|writer| writer.exec(sql, &params![import, depth(self.kind), self.id, word])).map(drop)
    }
}

/// Records that an import changed and that were not looked at yet while it is taken back.
///
/// # Errors
/// The database's.
pub fn touched(conn: &mut Conn, import: ImportId, limit: i64) -> Result<Vec<Touched>, StoreError> {
    let sql = "SELECT record_kind, record_id, version_before, version_after FROM registry_import_change WHERE import_id = $1 AND undone IS NULL ORDER BY depth, record_id LIMIT $2";
    conn.all(sql, &params![import, limit], |row| {
        let (kind, id): (String, String) = (row.get("record_kind")?, row.get("record_id")?);
        let unknown =
            |()| StoreError::Inconsistent { table: "registry_import_change", row: id.clone(), what: kind.clone() };
        Ok(Touched {
            kind: kind.parse().map_err(unknown)?,
            id: row.parse("record_id")?,
            before: row.get("version_before")?,
            after: row.get("version_after")?,
        })
    })
}

/// What an office said of headers like these.
///
/// # Errors
/// The database's.
pub fn remembered(
    conn: &mut Conn,
    area: &AreaCode,
    kind: Subject,
    fingerprint: &str,
) -> Result<Option<Mapping>, StoreError> {
    conn.first(
        "SELECT mapping FROM registry_word WHERE area_code = $1 AND record_kind = $2 AND header_digest = $3",
        &params![*area, kind.as_str(), fingerprint],
        |row| row.json("mapping"),
    )
}

/// Remembers what an office says of headers like these.
///
/// # Errors
/// The database's.
pub fn remember(
    tx: &mut Tx<'_>,
    import: &Import,
    fingerprint: &str,
    mapping: &Mapping,
    (account, at): (Option<AccountId>, Timestamp),
) -> Result<(), StoreError> {
    let mapping = serde_json::to_string(mapping)?;
    let sql = "INSERT INTO registry_word (area_code, record_kind, header_digest, mapping, account_id, at) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (area_code, record_kind, header_digest) DO UPDATE SET mapping = $4, account_id = $5, at = $6";
    let values = params![import.area, import.kind.as_str(), fingerprint, mapping, account, at];
    tx.bookkeep(|writer| writer.exec(sql, &values)).map(drop)
}
