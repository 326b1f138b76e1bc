//! What was exchanged with servers that we call. Bookkeeping: the facts are events of the case.

use linli_db::{Conn, Row, StoreError, Tx, params};
use linli_kernel::{CaseId, Timestamp};

/// A case that was handed to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The case.
    pub case: CaseId,
    /// Their number of it.
    pub remote_id: Option<String>,
    /// Given in place of the number.
    pub token: Option<String>,
    /// The last status that they told, in the words of the extension.
    pub status: Option<String>,
    /// The time of the last update of theirs that we know.
    pub seen_at: Option<Timestamp>,
}

const SENT: &str = "case_id, remote_id, token, status, seen_at";

impl Sent {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            case: row.parse("case_id")?,
            remote_id: row.get("remote_id")?,
            token: row.get("token")?,
            status: row.get("status")?,
            seen_at: row.at_opt("seen_at")?,
        })
    }
}

/// What was handed to `partner` of a case.
///
/// # Errors
/// The database's.
pub fn sent(conn: &mut Conn, partner: &str, case: CaseId) -> Result<Option<Sent>, StoreError> {
    conn.first(
        &format!("SELECT {SENT} FROM open311_sent WHERE partner_id = $1 AND case_id = $2"),
        &params![partner, case],
        Sent::from_row,
    )
}

/// The case that `partner` knows under its number.
///
/// # Errors
/// The database's.
pub fn by_remote(conn: &mut Conn, partner: &str, remote_id: &str) -> Result<Option<Sent>, StoreError> {
    let sql = format!("SELECT {SENT} FROM open311_sent WHERE partner_id = $1 AND remote_id = $2");
    conn.first(&sql, &params![partner, remote_id], Sent::from_row)
}

/// Everything handed to `partner` whose number is still to come.
///
/// # Errors
/// The database's.
pub fn with_token(conn: &mut Conn, partner: &str) -> Result<Vec<Sent>, StoreError> {
    let sql = format!(
        "SELECT {SENT} FROM open311_sent WHERE partner_id = $1 AND remote_id IS NULL AND token IS NOT NULL ORDER BY at"
    );
    conn.all(&sql, &params![partner], Sent::from_row)
}

/// Their numbers of what is still open here.
///
/// # Errors
/// The database's.
pub fn open_ids(conn: &mut Conn, partner: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT s.remote_id FROM open311_sent s JOIN cases c ON c.id = s.case_id \
               WHERE s.partner_id = $1 AND s.remote_id IS NOT NULL AND c.phase <> 'closed' ORDER BY s.at";
    conn.all(sql, &params![partner], |row| row.get("remote_id"))
}

/// Notes that a case is on its way to `partner`; false when it was before.
///
/// # Errors
/// The database's.
pub fn begin(tx: &mut Tx<'_>, partner: &str, case: CaseId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO open311_sent (partner_id, case_id, sent_n, at) VALUES ($1, $2, 0, $3) ON CONFLICT (partner_id, case_id) DO NOTHING";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, case, now])).map(|n| n == 1)
}

/// Notes the number, or the token, that `partner` gave.
///
/// # Errors
/// The database's.
pub fn made(
    tx: &mut Tx<'_>,
    partner: &str,
    case: CaseId,
    remote_id: Option<&str>,
    token: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE open311_sent SET remote_id = COALESCE($3, remote_id), token = COALESCE($4, token) WHERE partner_id = $1 AND case_id = $2";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, case, remote_id, token])).map(drop)
}

/// Notes the status that `partner` told last.
///
/// # Errors
/// The database's.
pub fn stands(
    tx: &mut Tx<'_>,
    partner: &str,
    case: CaseId,
    status: &str,
    seen_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE open311_sent SET status = $3, seen_at = COALESCE($4, seen_at) WHERE partner_id = $1 AND case_id = $2";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, case, status, seen_at])).map(drop)
}

/// Notes an update of theirs; false when it was heard before.
///
/// # Errors
/// The database's.
pub fn heard(
    tx: &mut Tx<'_>,
    partner: &str,
    update_id: &str,
    case: CaseId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO open311_heard (partner_id, update_id, case_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT (partner_id, update_id) DO NOTHING";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, update_id, case, now])).map(|n| n == 1)
}

/// Keeps the words of an update that the case was not open to.
///
/// # Errors
/// The database's.
pub fn keep_words(tx: &mut Tx<'_>, partner: &str, update_id: &str, words: &str) -> Result<(), StoreError> {
    let sql = "UPDATE open311_heard SET body = $3 WHERE partner_id = $1 AND update_id = $2";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, update_id, words])).map(drop)
}

/// How the last exchange went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Until when we have asked.
    pub polled_until: Option<Timestamp>,
    /// When it last went well.
    pub last_ok_at: Option<Timestamp>,
    /// Why it did not.
    pub last_error: Option<String>,
    /// When it did not.
    pub last_error_at: Option<Timestamp>,
}

/// How the last exchange with `partner` went.
///
/// # Errors
/// The database's.
pub fn exchange(conn: &mut Conn, partner: &str) -> Result<Exchange, StoreError> {
    let sql = "SELECT polled_until, last_ok_at, last_error, last_error_at FROM open311_exchange WHERE partner_id = $1";
    let found = conn.first(sql, &params![partner], |row| {
        Ok(Exchange {
            polled_until: row.at_opt("polled_until")?,
            last_ok_at: row.at_opt("last_ok_at")?,
            last_error: row.get("last_error")?,
            last_error_at: row.at_opt("last_error_at")?,
        })
    });
    Ok(found?.unwrap_or_default())
}

/// Notes that an exchange went well, and until when we have asked.
///
/// # Errors
/// The database's.
pub fn went_well(tx: &mut Tx<'_>, partner: &str, until: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO open311_exchange (partner_id, polled_until, last_ok_at) VALUES ($1, $2, $2) \
               ON CONFLICT (partner_id) DO UPDATE SET polled_until = $2, last_ok_at = $2, last_error = NULL";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, until])).map(drop)
}

/// Notes why an exchange failed; what was not heard is asked for again.
///
/// # Errors
/// The database's.
pub fn went_wrong(tx: &mut Tx<'_>, partner: &str, why: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO open311_exchange (partner_id, last_error, last_error_at) VALUES ($1, $2, $3) \
               ON CONFLICT (partner_id) DO UPDATE SET last_error = $2, last_error_at = $3";
    tx.bookkeep(|writer| writer.exec(sql, &params![partner, why, at])).map(drop)
}

/// How many cases a partner has, and how many updates could not be entered: what the desk shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases handed over.
    pub n_cases: i64,
    /// Of them without a number yet.
    pub n_without_number: i64,
    /// Words that could not be entered.
    pub n_kept: i64,
}

/// Counts for a server that we call.
///
/// # Errors
/// The database's.
pub fn server_counts(conn: &mut Conn, partner: &str) -> Result<Counts, StoreError> {
    let values = params![partner];
    Ok(Counts {
        n_cases: conn.number("SELECT COUNT(*) AS n FROM open311_sent WHERE partner_id = $1", &values)?,
        n_without_number: conn
            .number("SELECT COUNT(*) AS n FROM open311_sent WHERE partner_id = $1 AND remote_id IS NULL", &values)?,
        n_kept: conn
            .number("SELECT COUNT(*) AS n FROM open311_heard WHERE partner_id = $1 AND body IS NOT NULL", &values)?,
    })
}

/// Counts for a client that calls us.
///
/// # Errors
/// The database's.
pub fn client_counts(conn: &mut Conn, partner: &str) -> Result<Counts, StoreError> {
    let values = params![partner];
    Ok(Counts {
        n_cases: conn.number("SELECT COUNT(*) AS n FROM open311_request WHERE client_id = $1", &values)?,
        n_without_number: conn.number(
            "SELECT COUNT(*) AS n FROM open311_request WHERE client_id = $1 AND service_code IS NULL",
            &values,
        )?,
        n_kept: conn
            .number("SELECT COUNT(*) AS n FROM open311_inbound WHERE client_id = $1 AND outcome = 'kept'", &values)?,
    })
}

/// A service of theirs as we last took it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Its questions, as text.
    pub questions: String,
    /// Whether it asks any.
    pub has_questions: bool,
}

/// Their services as we last took them over.
///
/// # Errors
/// The database's.
pub fn catalogue(conn: &mut Conn, partner: &str) -> Result<Vec<Known>, StoreError> {
    let sql = "SELECT service_code, name, service_group, questions, has_questions FROM open311_catalogue \
               WHERE partner_id = $1 AND gone_at IS NULL ORDER BY service_code";
    conn.all(sql, &params![partner], |row| {
        Ok(Known {
            code: row.get("service_code")?,
            name: row.get("name")?,
            group: row.get("service_group")?,
            questions: row.get("questions")?,
            has_questions: row.get("has_questions")?,
        })
    })
}

/// Takes services over, and marks those that are gone.
///
/// # Errors
/// The database's.
pub fn take_over(
    tx: &mut Tx<'_>,
    partner: &str,
    services: &[Known],
    gone: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        for service in services {
            writer.exec(
                "INSERT INTO open311_catalogue (partner_id, service_code, name, service_group, has_questions, questions) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (partner_id, service_code) DO UPDATE SET name = $3, service_group = $4, has_questions = $5, questions = $6, gone_at = NULL",
                &params![partner, service.code, service.name, service.group, service.has_questions, service.questions],
            )?;
        }
        for code in gone {
            writer.exec(
                "UPDATE open311_catalogue SET gone_at = $3 WHERE partner_id = $1 AND service_code = $2",
                &params![partner, code.as_str(), now],
            )?;
        }
        Ok(())
    })
}
