//! How ledgers and submissions are read and written.

use linli_db::{Conn, Row, Store, StoreError, Tx, Val, Writer, params};
use linli_kernel::{AreaCode, Timestamp};

use super::model::{Form, Ledger, Rhythm, Submission};
use crate::areas::store::inside;
use crate::registry::Kind;
use crate::registry::ledger::Subject;

impl Store for Ledger {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let form = serde_json::to_string(&self.form)?;
        if self.version == 0 {
            return writer.exec_one(
                "INSERT INTO ledger (id, area_code, name, asked_by, rhythm, kind, layout, file, created_at, ended_at, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
                &params![
                    self.id,
                    self.area,
                    self.name,
                    self.asked_by,
                    self.rhythm.as_str(),
                    self.kind.as_str(),
                    form,
                    self.file.clone().unwrap_or_default(),
                    self.created_at,
                    self.ended_at
                ],
            );
        }
        writer.exec_one(
            "UPDATE ledger SET layout = $2, ended_at = $3, version = version + 1 WHERE id = $1 AND version = $4",
            &params![self.id, form, self.ended_at, self.version],
        )
    }
}

impl Store for Submission {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.version == 0 {
            return writer.exec_one(
                "INSERT INTO submission (id, ledger_id, area_code, by_hand, is_sealed, purpose, account_id, at, is_refused, ends_at, n_rows, n_cells, from_at, to_at, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)",
                &params![
                    self.id,
                    self.ledger,
                    self.area,
                    self.by_hand,
                    self.is_sealed,
                    self.purpose,
                    self.account,
                    self.at,
                    self.is_refused,
                    self.ends_at,
                    self.n_rows,
                    self.n_cells,
                    self.period.map(|(from, _)| from),
                    self.period.map(|(_, to)| to)
                ],
            );
        }
        writer.exec_one(
            "UPDATE submission SET approver_id = $2, decided_at = $3, is_refused = $4, ends_at = $5, taken_at = $6, n_rows = $7, n_cells = $8, \
             version = version + 1 WHERE id = $1 AND version = $9",
            &params![
                self.id,
                self.approver,
                self.decided_at,
                self.is_refused,
                self.ends_at,
                self.taken_at,
                self.n_rows,
                self.n_cells,
                self.version
            ],
        )
    }
}

const LEDGER: &str = "id, area_code, name, asked_by, rhythm, kind, layout, created_at, ended_at, version";

fn ledger(row: &Row<'_>) -> Result<Ledger, StoreError> {
    let (rhythm, kind): (String, String) = (row.get("rhythm")?, row.get("kind")?);
    let form: Form = row.json("layout")?;
    Ok(Ledger {
        id: row.get("id")?,
        area: row.parse("area_code")?,
        name: row.get("name")?,
        asked_by: row.get("asked_by")?,
        rhythm: Rhythm::parse(&rhythm),
        kind: kind.parse().unwrap_or(Subject::Record(Kind::Dwelling)),
        form,
        file: None,
        created_at: row.at("created_at")?,
        ended_at: row.at_opt("ended_at")?,
        version: row.get("version")?,
    })
}

/// One ledger, with its workbook.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: &str) -> Result<Option<Ledger>, StoreError> {
    conn.first(&format!("SELECT {LEDGER}, file FROM ledger WHERE id = $1"), &params![id], |row| {
        Ok(Ledger { file: Some(row.get("file")?), ..ledger(row)? })
    })
}

/// The ledgers of some areas, those that are asked for first.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, areas: &[AreaCode]) -> Result<Vec<Ledger>, StoreError> {
    let mut bound: Vec<Val> = Vec::new();
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!("SELECT {LEDGER} FROM ledger WHERE ({inside}) ORDER BY ended_at IS NOT NULL, id DESC LIMIT 500");
    conn.all(&sql, &bound, ledger)
}

const SUBMISSION: &str = "id, ledger_id, area_code, by_hand, is_sealed, purpose, account_id, at, approver_id, decided_at, is_refused, ends_at, taken_at, n_rows, n_cells, from_at, to_at, version";

fn submission(row: &Row<'_>) -> Result<Submission, StoreError> {
    Ok(Submission {
        id: row.get("id")?,
        ledger: row.get("ledger_id")?,
        area: row.parse("area_code")?,
        period: row.at_opt("from_at")?.zip(row.at_opt("to_at")?),
        by_hand: row.get("by_hand")?,
        is_sealed: row.get("is_sealed")?,
        purpose: row.get("purpose")?,
        account: row.parse("account_id")?,
        at: row.at("at")?,
        approver: row.parse_opt("approver_id")?,
        decided_at: row.at_opt("decided_at")?,
        is_refused: row.get("is_refused")?,
        ends_at: row.at_opt("ends_at")?,
        taken_at: row.at_opt("taken_at")?,
        n_rows: row.count("n_rows")?,
        n_cells: row.count("n_cells")?,
        version: row.get("version")?,
    })
}

/// One submission.
///
/// # Errors
/// The database's.
pub fn submission_by_id(conn: &mut Conn, id: &str) -> Result<Option<Submission>, StoreError> {
    conn.first(&format!("SELECT {SUBMISSION} FROM submission WHERE id = $1"), &params![id], submission)
}

/// The submissions of some areas: those that wait for somebody first, then the latest.
///
/// # Errors
/// The database's.
pub fn submissions(conn: &mut Conn, areas: &[AreaCode]) -> Result<Vec<Submission>, StoreError> {
    let mut bound: Vec<Val> = Vec::new();
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!(
        "SELECT {SUBMISSION} FROM submission WHERE ({inside}) ORDER BY CASE WHEN by_hand OR is_refused OR ends_at IS NOT NULL THEN 1 ELSE 0 END, at DESC, id DESC LIMIT 100"
    );
    conn.all(&sql, &bound, submission)
}

/// Those handed in since then, without what was refused or never taken.
///
/// # Errors
/// The database's.
pub fn handed_in(conn: &mut Conn, areas: &[AreaCode], since: Timestamp) -> Result<Vec<Submission>, StoreError> {
    let mut bound: Vec<Val> = params![since].to_vec();
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!(
        "SELECT {SUBMISSION} FROM submission WHERE at >= $1 AND (by_hand OR taken_at IS NOT NULL) AND ({inside}) ORDER BY at, id LIMIT 50000"
    );
    conn.all(&sql, &bound, submission)
}

/// Forgets why things were taken out, for what was handed in before then.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "UPDATE submission SET purpose = NULL WHERE at < $1 AND purpose IS NOT NULL";
    tx.bookkeep(|writer| writer.exec(sql, &params![before]))
}
