//! How devices, commands and what phones hold are read and written.

use std::collections::{BTreeSet, HashMap};

use linli_access::{Caller, Vault, session};
use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Val, Writer, params, placeholders, value_rows};
use linli_kernel::{AccountId, DeviceId, Timestamp};
use uuid::Uuid;

use super::model::{Device, SyncCommand};

/// The field that seals our half of a device's key.
pub const SHARE_FIELD: &str = "device.share";
/// The field that seals a command that is held.
const BODY_FIELD: &str = "sync_command.body";

impl Store for Device {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.version == 0 {
            return writer.exec_one(
                "INSERT INTO device (id, account_id, name, share_sealed, enrolled_at, next_seq, n_pulls, version) VALUES ($1, $2, $3, $4, $5, 1, 0, 1)",
                &params![self.id, self.account, self.name, self.share_sealed, self.enrolled_at],
            );
        }
        // Whoever revokes it takes our half away too, and with it all that lies on the phone.
        let share: &[u8] = if self.revoked_at.is_some() { &[] } else { &self.share_sealed };
        writer.exec_one(
            "UPDATE device SET revoked_at = $2, lease_until = $3, share_sealed = $4, version = version + 1 WHERE id = $1 AND version = $5",
            &params![self.id, self.revoked_at, self.lease_until, share, self.version],
        )?;
        if self.revoked_at.is_some() {
            writer.exec("DELETE FROM sync_row WHERE device_id = $1", &params![self.id])?;
        }
        Ok(())
    }
}

const DEVICE: &str = "id, account_id, name, share_sealed, enrolled_at, last_seen_at, lease_until, revoked_at, next_seq, n_pulls, version";

fn device_from_row(row: &Row<'_>) -> Result<Device, StoreError> {
    Ok(Device {
        id: row.parse("id")?,
        account: row.parse("account_id")?,
        name: row.get("name")?,
        share_sealed: row.get("share_sealed")?,
        enrolled_at: row.at("enrolled_at")?,
        last_seen_at: row.at_opt("last_seen_at")?,
        lease_until: row.at_opt("lease_until")?,
        revoked_at: row.at_opt("revoked_at")?,
        next_seq: row.get("next_seq")?,
        n_pulls: row.get("n_pulls")?,
        version: row.get("version")?,
    })
}

/// One device.
///
/// # Errors
/// The database's.
pub fn device(conn: &mut Conn, id: DeviceId) -> Result<Option<Device>, StoreError> {
    conn.first(&format!("SELECT {DEVICE} FROM device WHERE id = $1"), &params![id], device_from_row)
}

/// One device that the same transaction goes on with: the commands of a device are done one after the other.
///
/// # Errors
/// The database's.
pub fn device_for_change(conn: &mut Conn, id: DeviceId) -> Result<Option<Device>, StoreError> {
    let lock = conn.dialect().for_update();
    conn.first(&format!("SELECT {DEVICE} FROM device WHERE id = $1{lock}"), &params![id], device_from_row)
}

/// The devices of an account, the newest first; those that were revoked too.
///
/// # Errors
/// The database's.
pub fn devices_of(conn: &mut Conn, account: AccountId) -> Result<Vec<Device>, StoreError> {
    conn.all(
        &format!("SELECT {DEVICE} FROM device WHERE account_id = $1 ORDER BY id DESC LIMIT 200"),
        &params![account],
        device_from_row,
    )
}

/// Notes a sign of life.
///
/// # Errors
/// The database's.
pub fn seen(tx: &mut Tx<'_>, id: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("UPDATE device SET last_seen_at = $2 WHERE id = $1", &params![id, now]))?;
    Ok(())
}

/// Lends our half of the key until `until`.
///
/// # Errors
/// The database's.
pub fn lend(tx: &mut Tx<'_>, id: DeviceId, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "UPDATE device SET last_seen_at = $2, lease_until = $3 WHERE id = $1 AND revoked_at IS NULL",
            &params![id, now, until],
        )
    })?;
    Ok(())
}

/// Moves the turn on.
///
/// # Errors
/// The database's.
pub fn next_turn(tx: &mut Tx<'_>, id: DeviceId, next_seq: i64) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("UPDATE device SET next_seq = $2 WHERE id = $1", &params![id, next_seq]))?;
    Ok(())
}

/// A command as it is known here.
#[derive(Clone, Debug)]
pub struct Known {
    /// The device that sent it.
    pub device: DeviceId,
    /// What tells it from another with the same id.
    pub digest: String,
    /// Its outcome; `None` while it is held.
    pub outcome: Option<String>,
}

/// What is known of a command.
///
/// # Errors
/// The database's.
pub fn known(conn: &mut Conn, op_id: Uuid) -> Result<Option<Known>, StoreError> {
    conn.first(
        "SELECT device_id, digest, outcome FROM sync_command WHERE op_id = $1",
        &params![op_id.to_string()],
        |row| Ok(Known { device: row.parse("device_id")?, digest: row.get("digest")?, outcome: row.get("outcome")? }),
    )
}

/// Keeps a command until its turn comes.
///
/// # Errors
/// The database's, or when it cannot be sealed.
pub fn hold(tx: &mut Tx<'_>, vault: &Vault, command: &SyncCommand, now: Timestamp) -> Result<(), StoreError> {
    let body = serde_json::to_string(command)?;
    let sealed = vault.seal(BODY_FIELD, &body).map_err(|error| inconsistent(command.op_id, &error.to_string()))?;
    insert(tx, command, Some(sealed), None, None, now)
}

/// What is kept of a command that is done.
pub struct Ended<'a> {
    /// Its outcome.
    pub outcome: &'a str,
    /// Our id of what it made.
    pub made: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// Keeps an outcome, in the transaction of the effect. What was held is forgotten.
///
/// # Errors
/// The database's.
pub fn end(tx: &mut Tx<'_>, command: &SyncCommand, was_held: bool, ended: &Ended<'_>) -> Result<(), StoreError> {
    if !was_held {
        return insert(tx, command, None, Some(ended.outcome), ended.made, ended.at);
    }
    tx.bookkeep(|writer| {
        writer.exec_one(
            "UPDATE sync_command SET outcome = $2, made_id = $3, done_at = $4, body_sealed = NULL WHERE op_id = $1 AND outcome IS NULL",
            &params![command.op_id.to_string(), ended.outcome, ended.made, ended.at],
        )
    })
}

fn insert(
    tx: &mut Tx<'_>,
    command: &SyncCommand,
    sealed: Option<Vec<u8>>,
    outcome: Option<&str>,
    made: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done_at = outcome.map(|_| now);
    let stored = tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO sync_command (op_id, device_id, device_seq, type, entity_id, made_id, digest, body_sealed, outcome, captured_at, received_at, done_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &params![
                command.op_id.to_string(),
                command.device_id,
                i64::from(command.device_seq),
                command.kind,
                command.entity_id.map(|id| id.to_string()),
                made,
                command.digest(),
                sealed,
                outcome,
                command.captured_at,
                now,
                done_at
            ],
        )
    });
    match stored {
        // The same command is being done elsewhere at this moment.
        Err(error) if error.is_duplicate() => Err(StoreError::Retry),
        other => other.map(drop),
    }
}

/// The held command whose number is `seq`, the first that came if there are several.
///
/// # Errors
/// The database's; `Inconsistent` for a body that does not open.
pub fn held_at(conn: &mut Conn, vault: &Vault, device: DeviceId, seq: i64) -> Result<Option<SyncCommand>, StoreError> {
    let sql = "SELECT op_id, body_sealed FROM sync_command WHERE device_id = $1 AND device_seq = $2 AND outcome IS NULL ORDER BY received_at, op_id LIMIT 1";
    conn.first(sql, &params![device, seq], |row| opened(vault, row))
}

/// Commands that were held since before `before`, in the order in which they are to be done.
///
/// # Errors
/// As [`held_at`].
pub fn held_since(conn: &mut Conn, vault: &Vault, before: Timestamp) -> Result<Vec<SyncCommand>, StoreError> {
    let sql = "SELECT op_id, body_sealed FROM sync_command WHERE outcome IS NULL AND received_at < $1 ORDER BY device_id, device_seq, received_at LIMIT 200";
    let opened = |row: &Row<'_>| match opened(vault, row) {
        Err(error @ StoreError::Inconsistent { .. }) => {
            tracing::error!(%error, "a command that was held cannot be read; the others go on");
            Ok(None)
        }
        read => read.map(Some),
    };
    Ok(conn.all(sql, &params![before], opened)?.into_iter().flatten().collect())
}

fn opened(vault: &Vault, row: &Row<'_>) -> Result<SyncCommand, StoreError> {
    let op_id: String = row.get("op_id")?;
    let sealed: Vec<u8> = row.get("body_sealed")?;
    let unreadable =
        |what: String| StoreError::Inconsistent { table: "sync_command.body_sealed", row: op_id.clone(), what };
    let body = vault.open(BODY_FIELD, &sealed).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_str(&body).map_err(|error| unreadable(error.to_string()))
}

fn inconsistent(op_id: Uuid, what: &str) -> StoreError {
    StoreError::Inconsistent { table: "sync_command", row: op_id.to_string(), what: what.to_owned() }
}

/// Our id of what an earlier command of the same phone made under the phone's own id.
///
/// # Errors
/// The database's.
pub fn made(conn: &mut Conn, device: DeviceId, entity: Uuid) -> Result<Option<String>, StoreError> {
    conn.first(
        "SELECT made_id FROM sync_command WHERE device_id = $1 AND entity_id = $2 AND made_id IS NOT NULL ORDER BY device_seq LIMIT 1",
        &params![device, entity.to_string()],
        |row| row.get("made_id"),
    )
}

/// Forgets the outcomes of commands received before `before`; longer than any lease lasts.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec("DELETE FROM sync_command WHERE received_at < $1 AND outcome IS NOT NULL", &params![before])
    })
}

/// Someone as they are now, without a session; whoever may no longer sign in holds no grants. `None` for an account that is
/// not there.
///
/// # Errors
/// The database's.
pub fn caller(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Option<Caller>, StoreError> {
    let sql = "SELECT name, display_name, must_change_password, disabled_at FROM account WHERE id = $1";
    let found = conn.first(sql, &params![account], |row| {
        let is_disabled = row.at_opt("disabled_at")?.is_some();
        Ok((row.get("name")?, row.get("display_name")?, row.get("must_change_password")?, is_disabled))
    })?;
    let Some((name, display_name, must_change_password, is_disabled)) = found else { return Ok(None) };
    let mut grants = session::grants_of(conn, account)?;
    grants.retain(|grant| grant.holds(now) && !is_disabled);
    Ok(Some(Caller { account, name, display_name, must_change_password, grants }))
}

// ── what a phone may hold ────────────────────────────────────────────────────────────────────────────

/// Ids of a kind that a phone may hold and was not told to take off.
///
/// # Errors
/// The database's.
pub fn rows_held(conn: &mut Conn, device: DeviceId, kind: &str) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT row_id FROM sync_row WHERE device_id = $1 AND kind = $2 AND gone_n IS NULL";
    Ok(conn.all(sql, &params![device, kind], |row| row.get("row_id"))?.into_iter().collect())
}

/// When a row was sent, and in which pull.
#[derive(Clone, Copy, Debug)]
pub struct SentRow {
    /// When.
    pub at: Timestamp,
    /// In which pull.
    pub n: i64,
}

/// Rows of a kind that a phone may hold, with when they were sent.
///
/// # Errors
/// The database's.
pub fn rows_sent(conn: &mut Conn, device: DeviceId, kind: &str) -> Result<HashMap<String, SentRow>, StoreError> {
    let sql = "SELECT row_id, sent_at, sent_n FROM sync_row WHERE device_id = $1 AND kind = $2 AND gone_n IS NULL";
    let rows = conn.all(sql, &params![device, kind], |row| {
        let (at, n): (_, Option<i64>) = (row.at_opt("sent_at")?, row.get("sent_n")?);
        let sent = at.zip(n).map_or(SentRow::unknown(), |(at, n)| SentRow { at, n });
        Ok((row.get("row_id")?, sent))
    })?;
    Ok(rows.into_iter().collect())
}

/// The first `most` ids of a kind that a phone may hold, below `before`: of ids that say when, the oldest.
///
/// # Errors
/// The database's.
pub fn oldest_held(
    conn: &mut Conn,
    device: DeviceId,
    kind: &str,
    (before, most): (&str, i64),
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT row_id FROM sync_row WHERE device_id = $1 AND kind = $2 AND row_id < $3 AND gone_n IS NULL ORDER BY row_id LIMIT $4";
    conn.all(sql, &params![device, kind, before, most], |row| row.get("row_id"))
}

/// How many cases, visits and records a phone may hold: what there can be too many of.
///
/// # Errors
/// The database's.
pub fn n_rows_held(conn: &mut Conn, device: DeviceId) -> Result<i64, StoreError> {
    conn.number("SELECT COUNT(*) AS n FROM sync_row WHERE device_id = $1 AND kind IN ('case', 'visit', 'record') AND gone_n IS NULL", &params![device])
}

/// Whether a phone may hold a row.
///
/// # Errors
/// The database's.
pub fn holds(conn: &mut Conn, device: DeviceId, kind: &str, id: &str) -> Result<bool, StoreError> {
    let sql =
        "SELECT COUNT(*) AS n FROM sync_row WHERE device_id = $1 AND kind = $2 AND row_id = $3 AND gone_n IS NULL";
    Ok(conn.number(sql, &params![device, kind, id])? > 0)
}

/// Rows that it was told to take off and has not said that it did, since pull `seen`.
///
/// # Errors
/// The database's.
pub fn rows_going(conn: &mut Conn, device: DeviceId, seen: i64) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT kind, row_id FROM sync_row WHERE device_id = $1 AND gone_n > $2 ORDER BY kind, row_id LIMIT 5000";
    conn.all(sql, &params![device, seen], |row| Ok((row.get("kind")?, row.get("row_id")?)))
}

/// What a pull changes of what a phone holds.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// Rows that are sent.
    pub sent: Vec<(&'static str, String)>,
    /// Rows that it is told to take off.
    pub gone: Vec<(String, String)>,
    /// The last pull that it has seen.
    pub seen: i64,
}

const ROWS_AT_ONCE: usize = 50;

/// Notes what a pull changes; the number of the pull.
///
/// # Errors
/// The database's.
pub fn moved(tx: &mut Tx<'_>, device: DeviceId, moves: &Moves, now: Timestamp) -> Result<i64, StoreError> {
    tx.bookkeep(|writer| {
        let n = writer.returning(
            "UPDATE device SET n_pulls = n_pulls + 1, last_seen_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING n_pulls",
            &params![device, now],
            |row| row.get::<i64>("n_pulls"),
        )?;
        let n = n.first().copied().ok_or(StoreError::Retry)?;
        let seen = params![device, moves.seen];
        writer.exec("DELETE FROM sync_row WHERE device_id = $1 AND gone_n <= $2", &seen)?;
        for rows in moves.sent.chunks(ROWS_AT_ONCE) {
            let row = |(kind, id): &(&'static str, String)| [device.val(), kind.val(), id.val(), now.val(), n.val()];
            let values: Vec<Val> = rows.iter().flat_map(row).collect();
            let sql = format!(
                "INSERT INTO sync_row (device_id, kind, row_id, sent_at, sent_n) VALUES {} ON CONFLICT (device_id, kind, row_id) \
                 DO UPDATE SET gone_n = NULL, sent_at = excluded.sent_at, sent_n = excluded.sent_n",
                value_rows(5, rows.len())
            );
            writer.exec(&sql, &values)?;
        }
        for (kind, id) in &moves.gone {
            writer.exec(
                "UPDATE sync_row SET gone_n = $4 WHERE device_id = $1 AND kind = $2 AND row_id = $3 AND gone_n IS NULL",
                &params![device, kind, id, n],
            )?;
        }
        Ok(n)
    })
}

/// Ids of open cases that are reached by one of `keys`, the newest first, below `after`.
///
/// # Errors
/// The database's.
pub fn open_cases(
    conn: &mut Conn,
    keys: &[String],
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Val> = keys.iter().map(Bind::val).collect();
    values.push(after.unwrap_or("~").val());
    values.push(limit.val());
    let sql = format!(
        "SELECT DISTINCT case_id FROM case_scope WHERE scope_key IN ({}) AND phase IN ('open', 'waiting') AND case_id < ${} ORDER BY case_id DESC LIMIT ${}",
        placeholders(1, keys.len()),
        keys.len() + 1,
        keys.len() + 2
    );
    conn.all(&sql, &values, |row| row.get("case_id"))
}
