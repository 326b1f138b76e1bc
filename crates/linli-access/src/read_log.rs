//! Who looked at whose personal data, when and why.

use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{AccountId, Cursor, EventId, Role, Timestamp};

/// One look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which look; its time is in it.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who looked.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// What was looked at: `case`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: String,
    /// Which field.
    pub field: String,
    /// Why, as they said it.
    pub purpose: String,
}

/// Records a look, in the transaction that reads.
///
/// # Errors
/// The database's.
pub fn record(tx: &mut Tx<'_>, read: &Read) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO read_log (id, at, account_id, role, subject_kind, subject_id, field, purpose) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &params![read.id, read.at, read.account, read.role, read.subject_kind, read.subject_id, read.field, read.purpose],
        )
    })?;
    Ok(())
}

/// The looks at one subject, newest first.
///
/// # Errors
/// The database's.
pub fn of_subject(conn: &mut Conn, kind: &str, id: &str) -> Result<Vec<Read>, StoreError> {
    conn.all(
        "SELECT id, at, account_id, role, subject_kind, subject_id, field, purpose FROM read_log WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 200",
        &params![kind, id],
        from_row,
    )
}

/// Looks at cases reached by `keys`, and at records of the registry and entries of care (those that have ended too) in areas whose codes lie in `ranges` (half-open); newest first:
/// an auditor sees the log of their own area.
///
/// # Errors
/// The database's.
pub fn within(
    conn: &mut Conn,
    keys: &[String],
    ranges: &[(String, String)],
    cursor: &Cursor,
) -> Result<Vec<Read>, StoreError> {
    let after = cursor.after.clone().unwrap_or_else(|| "~".to_owned());
    let mut bound = params![after, cursor.fetch()].to_vec();
    bound.extend(keys.iter().map(linli_db::Bind::val));
    let mut inside = vec!["1 = 0".to_owned()];
    for (from, to) in ranges {
        bound.extend(params![from, to]);
        inside.push(format!("(p.area_code >= ${} AND p.area_code < ${})", bound.len() - 1, bound.len()));
    }
    let inside = inside.join(" OR ");
    let sql = format!(
        "SELECT r.id, r.at, r.account_id, r.role, r.subject_kind, r.subject_id, r.field, r.purpose FROM read_log r WHERE r.id < $1 AND (\
         EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = r.subject_id AND s.scope_key IN ({})) \
         OR EXISTS (SELECT 1 FROM resident p WHERE p.id = r.subject_id AND ({inside})) \
         OR EXISTS (SELECT 1 FROM premises p WHERE p.id = r.subject_id AND ({inside})) \
         OR (r.subject_kind = 'care' AND EXISTS (SELECT 1 FROM event p WHERE p.stream_kind = 'care' AND p.stream_id = r.subject_id AND p.n = 1 AND ({inside})))) \
         ORDER BY r.id DESC LIMIT $2",
        linli_db::placeholders(3, keys.len())
    );
    conn.all(&sql, &bound, from_row)
}

fn from_row(row: &linli_db::Row<'_>) -> Result<Read, StoreError> {
    Ok(Read {
        id: row.parse("id")?,
        at: row.at("at")?,
        account: row.parse("account_id")?,
        role: row.parse("role")?,
        subject_kind: row.get("subject_kind")?,
        subject_id: row.get("subject_id")?,
        field: row.get("field")?,
        purpose: row.get("purpose")?,
    })
}
