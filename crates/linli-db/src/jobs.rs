//! Jobs: rows written with the change that they follow from, done at least once.

use serde_json::Value;

use linli_kernel::{JobId, Timestamp};

use crate::conn::Tx;
use crate::error::StoreError;
use crate::params;

/// How long a claimed job is left alone before someone else may claim it.
pub const LEASE_MS: i64 = 60_000;

/// A job that was claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What to do.
    pub topic: String,
    /// Ids only.
    pub payload: Value,
    /// How often it was tried before.
    pub n_attempts: i64,
}

/// Claims up to `limit` jobs that are due: a claim is a later due time.
///
/// # Errors
/// The database's.
pub fn claim(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Job>, StoreError> {
    let sql = format!(
        "UPDATE job SET due_at = $1, n_attempts = n_attempts + 1 WHERE id IN \
         (SELECT id FROM job WHERE done_at IS NULL AND due_at <= $2 ORDER BY due_at LIMIT $3{}) RETURNING id, topic, payload, n_attempts",
        tx.dialect().skip_locked()
    );
    tx.bookkeep(|writer| {
        writer.returning(&sql, &params![now.plus_ms(LEASE_MS), now, limit], |row| {
            Ok(Job {
                id: row.parse("id")?,
                topic: row.get("topic")?,
                payload: row.json("payload")?,
                n_attempts: row.get("n_attempts")?,
            })
        })
    })
}

/// The job is done.
///
/// # Errors
/// The database's.
pub fn done(tx: &mut Tx<'_>, id: JobId, now: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("UPDATE job SET done_at = $2 WHERE id = $1", &params![id, now]))?;
    Ok(())
}

/// The job failed; it is tried again, later each time (1 min, 2, 4 … at most 6 h).
///
/// # Errors
/// The database's.
pub fn failed(tx: &mut Tx<'_>, job: &Job, now: Timestamp, why: &str) -> Result<(), StoreError> {
    let doublings = u32::try_from(job.n_attempts.clamp(1, 10) - 1).unwrap_or(9);
    let wait = (60_000_i64 << doublings).min(6 * 3_600_000);
    tx.bookkeep(|writer| {
        writer
            .exec("UPDATE job SET due_at = $2, last_error = $3 WHERE id = $1", &params![job.id, now.plus_ms(wait), why])
    })?;
    Ok(())
}
