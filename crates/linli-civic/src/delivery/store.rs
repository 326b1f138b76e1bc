//! The outbox's tables. Deliveries are no facts about anybody: they follow from facts, and the log of them is kept beside.

use linli_db::{Bind, Conn, Row, StoreError, Tx, Val, params, placeholders};
use linli_kernel::{AccountId, CaseId, Cursor, DeliveryId, IdSource, Timestamp};

use super::model::{Delivery, DeliveryState, MOST_ATTEMPTS, NewDelivery, Outcome, pause_ms, target_pause_ms};

/// How long a sender may take; after that another takes the target over.
pub const LEASE_MS: i64 = 90_000;
/// Characters of a reason that are kept.
const MOST_REASON: usize = 500;

/// Puts something into the outbox; `None` when its dedup key is known.
///
/// # Errors
/// The database's.
pub fn enqueue(
    tx: &mut Tx<'_>,
    ids: &IdSource,
    new: NewDelivery,
    now: Timestamp,
) -> Result<Option<DeliveryId>, StoreError> {
    let id = DeliveryId::new(ids.uuid(now));
    let payload = serde_json::to_string(&new.payload)?;
    let next_at = new.not_before.map_or(now, |not_before| not_before.max(now));
    tx.bookkeep(|writer| {
        let n = writer.exec(
            "INSERT INTO delivery (id, channel, target, case_id, about, payload, dedup_key, state, n_attempts, next_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $9) ON CONFLICT (dedup_key) DO NOTHING",
            &params![id, new.channel, new.target, new.case, new.about, payload, new.dedup, next_at, now],
        )?;
        if n == 0 {
            return Ok(None);
        }
        writer.exec(
            "INSERT INTO delivery_target (target, busy_until, next_at, n_failures) VALUES ($1, 0, 0, 0) ON CONFLICT (target) DO NOTHING",
            &params![new.target],
        )?;
        Ok(Some(id))
    })
}

/// A delivery that this process has to send, and the lease that it holds on the target.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What to send.
    pub delivery: Delivery,
    /// Failures of the target in a row before this attempt.
    pub n_failures: i64,
    lease: Timestamp,
}

/// Due now, and not overtaking an earlier one of its case that is due or failed. `$1` is now.
const ELIGIBLE: &str = "d.state = 'waiting' AND d.next_at <= $1 AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.target = d.target \
     AND e.state = 'waiting' AND e.case_id = d.case_id AND e.n < d.n AND (e.n_attempts > 0 OR e.next_at <= $1))";
const COLUMNS: &str = "d.id, d.channel, d.target, d.case_id, d.about, d.payload, d.n_attempts, d.created_at";

/// Claims up to `limit` targets that may be sent to now, each with its oldest delivery.
///
/// # Errors
/// The database's.
pub fn claim(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Claim>, StoreError> {
    let sql = format!(
        "SELECT t.target, t.n_failures FROM delivery_target t WHERE t.next_at <= $1 AND t.busy_until <= $1 \
         AND EXISTS (SELECT 1 FROM delivery d WHERE d.target = t.target AND {ELIGIBLE}) ORDER BY t.next_at, t.target LIMIT $2{}",
        tx.dialect().skip_locked()
    );
    let targets =
        tx.all(&sql, &params![now, limit], |row| Ok((row.get::<String>("target")?, row.get::<i64>("n_failures")?)))?;
    let lease = now.plus_ms(LEASE_MS);
    let mut claims = Vec::new();
    for (target, n_failures) in targets {
        let sql = format!("SELECT {COLUMNS} FROM delivery d WHERE d.target = $2 AND {ELIGIBLE} ORDER BY d.n LIMIT 1");
        let Some(mut delivery) = tx.first(&sql, &params![now, target], from_row)? else { continue };
        delivery.n_attempts += 1;
        tx.bookkeep(|writer| {
            writer.exec("UPDATE delivery_target SET busy_until = $2 WHERE target = $1", &params![target, lease])?;
            // Counted before it is tried: what crashes us each time must end as a dead letter too.
            writer.exec("UPDATE delivery SET n_attempts = $2 WHERE id = $1", &params![delivery.id, delivery.n_attempts])
        })?;
        claims.push(Claim { delivery, n_failures, lease });
    }
    Ok(claims)
}

/// Notes how the attempt ended and lets the target go; `interval_ms` is the target's pace.
///
/// # Errors
/// The database's.
pub fn finish(
    tx: &mut Tx<'_>,
    claim: &Claim,
    outcome: &Outcome,
    interval_ms: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Delivery { id, target, n_attempts, .. } = &claim.delivery;
    tx.bookkeep(|writer| match outcome {
        Outcome::Sent { receipt } => {
            writer.exec(
                "UPDATE delivery SET state = 'sent', sent_at = $2, receipt = $3, last_error = NULL WHERE id = $1 AND state = 'waiting'",
                &params![*id, now, receipt.as_deref().map(short)],
            )?;
            writer.exec(
                "UPDATE delivery_target SET busy_until = 0, next_at = $3, n_failures = 0, last_error = NULL, last_ok_at = $4 \
                 WHERE target = $1 AND busy_until = $2",
                &params![*target, claim.lease, now.plus_ms(interval_ms), now],
            )
        }
        // It answered: the fault is this delivery's, not the target's.
        Outcome::Refused { why } => {
            writer.exec(
                "UPDATE delivery SET state = 'dead', last_error = $2 WHERE id = $1 AND state = 'waiting'",
                &params![*id, short(why)],
            )?;
            writer.exec(
                "UPDATE delivery_target SET busy_until = 0, next_at = $3 WHERE target = $1 AND busy_until = $2",
                &params![*target, claim.lease, now.plus_ms(interval_ms)],
            )
        }
        Outcome::Retry { why, after_ms } => {
            let pause = after_ms.unwrap_or(0).max(pause_ms(*n_attempts, *id));
            let state = if *n_attempts >= MOST_ATTEMPTS { DeliveryState::Dead } else { DeliveryState::Waiting };
            writer.exec(
                "UPDATE delivery SET state = $2, next_at = $3, last_error = $4 WHERE id = $1 AND state = 'waiting'",
                &params![*id, state.as_str(), now.plus_ms(pause), short(why)],
            )?;
            let rest = after_ms.unwrap_or(0).max(target_pause_ms(claim.n_failures + 1, *id));
            writer.exec(
                "UPDATE delivery_target SET busy_until = 0, next_at = $3, n_failures = $4, last_error = $5 WHERE target = $1 AND busy_until = $2",
                &params![*target, claim.lease, now.plus_ms(rest), claim.n_failures + 1, short(why)],
            )
        }
    })?;
    Ok(())
}

/// Lets the target go without an attempt: its partner is switched off, or its channel is not here. Looked at again later.
///
/// # Errors
/// The database's.
pub fn hold(tx: &mut Tx<'_>, claim: &Claim, why: &str, until: Timestamp) -> Result<(), StoreError> {
    let delivery = &claim.delivery;
    tx.bookkeep(|writer| {
        writer.exec(
            "UPDATE delivery SET n_attempts = $2, last_error = $3 WHERE id = $1",
            &params![delivery.id, delivery.n_attempts - 1, short(why)],
        )?;
        writer.exec(
            "UPDATE delivery_target SET busy_until = 0, next_at = $3, last_error = $4 WHERE target = $1 AND busy_until = $2",
            &params![delivery.target, claim.lease, until, short(why)],
        )
    })?;
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(MOST_REASON).collect()
}

fn from_row(row: &Row<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.parse("id")?,
        channel: row.get("channel")?,
        target: row.get("target")?,
        case: row.parse_opt("case_id")?,
        about: row.get("about")?,
        payload: row.json("payload")?,
        n_attempts: row.get("n_attempts")?,
        created_at: row.at("created_at")?,
    })
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its number, the key of a page.
    pub n: i64,
    /// What was sent.
    pub delivery: Delivery,
    /// How it is.
    pub state: DeliveryState,
    /// When it is tried next, while it waits.
    pub next_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// What the receiver calls it.
    pub receipt: Option<String>,
    /// When it arrived.
    pub sent_at: Option<Timestamp>,
    /// The public code of its case.
    pub case_code: Option<String>,
    /// Who sent it again or gave it up.
    pub decided_by: Option<AccountId>,
}

/// Which lines of the log.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only to this target.
    pub target: Option<String>,
    /// Only about this case.
    pub case: Option<CaseId>,
    /// Only this one.
    pub id: Option<DeliveryId>,
    /// The keys by which cases are reached; what is about no case is always in.
    pub keys: Vec<String>,
}

/// The log, newest first.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, wanted: &Wanted, cursor: &Cursor) -> Result<Vec<Logged>, StoreError> {
    let after: i64 = cursor.after.as_deref().and_then(|text| text.parse().ok()).unwrap_or(i64::MAX);
    let mut values: Vec<Val> = params![after, cursor.fetch()].to_vec();
    let mut bind = |value: Val| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut sql = format!(
        "SELECT d.n, {COLUMNS}, d.state, d.next_at, d.last_error, d.receipt, d.sent_at, d.decided_by, c.code AS case_code \
         FROM delivery d LEFT JOIN cases c ON c.id = d.case_id WHERE d.n < $1"
    );
    if let Some(state) = wanted.state {
        sql.push_str(&format!(" AND d.state = {}", bind(state.as_str().val())));
    }
    if let Some(target) = &wanted.target {
        sql.push_str(&format!(" AND d.target = {}", bind(target.val())));
    }
    if let Some(case) = &wanted.case {
        sql.push_str(&format!(" AND d.case_id = {}", bind(case.val())));
    }
    if let Some(id) = &wanted.id {
        sql.push_str(&format!(" AND d.id = {}", bind(id.val())));
    }
    let first = values.len() + 1;
    values.extend(wanted.keys.iter().map(Bind::val));
    sql.push_str(&format!(
        " AND (d.case_id IS NULL OR EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = d.case_id AND s.scope_key IN ({}))) ORDER BY d.n DESC LIMIT $2",
        placeholders(first, wanted.keys.len())
    ));
    conn.all(&sql, &values, |row| {
        Ok(Logged {
            n: row.get("n")?,
            delivery: from_row(row)?,
            state: row.parse("state")?,
            next_at: row.at("next_at")?,
            last_error: row.get("last_error")?,
            receipt: row.get("receipt")?,
            sent_at: row.at_opt("sent_at")?,
            case_code: row.get("case_code")?,
            decided_by: row.parse_opt("decided_by")?,
        })
    })
}

/// Sends again what waits or is dead, now and with all its attempts; whether there was such a one. The target is tried at once.
///
/// # Errors
/// The database's.
pub fn retry(tx: &mut Tx<'_>, id: DeliveryId, by: AccountId, now: Timestamp) -> Result<bool, StoreError> {
    tx.bookkeep(|writer| {
        let n = writer.exec(
            "UPDATE delivery SET state = 'waiting', n_attempts = 0, next_at = $2, decided_by = $3 WHERE id = $1 AND state IN ('waiting', 'dead')",
            &params![id, now, by],
        )?;
        writer.exec(
            "UPDATE delivery_target SET next_at = 0 WHERE target = (SELECT target FROM delivery WHERE id = $1)",
            &params![id],
        )?;
        Ok(n > 0)
    })
}

/// Sends again every dead letter of a target; how many there were.
///
/// # Errors
/// The database's.
pub fn retry_target(tx: &mut Tx<'_>, target: &str, by: AccountId, now: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec("UPDATE delivery_target SET next_at = 0 WHERE target = $1", &params![target])?;
        writer.exec(
            "UPDATE delivery SET state = 'waiting', n_attempts = 0, next_at = $2, decided_by = $3 WHERE target = $1 AND state = 'dead'",
            &params![target, now, by],
        )
    })
}

/// Gives up what waits or is dead; whether there was such a one.
///
/// # Errors
/// The database's.
pub fn give_up(tx: &mut Tx<'_>, id: DeliveryId, by: AccountId) -> Result<bool, StoreError> {
    let n = tx.bookkeep(|writer| {
        writer.exec(
            "UPDATE delivery SET state = 'withdrawn', decided_by = $2 WHERE id = $1 AND state IN ('waiting', 'dead')",
            &params![id, by],
        )
    })?;
    Ok(n > 0)
}

/// How a target is.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// Which.
    pub target: String,
    /// Failures in a row.
    pub n_failures: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When something last arrived.
    pub last_ok_at: Option<Timestamp>,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Deliveries that wait.
    pub n_waiting: i64,
    /// Dead letters.
    pub n_dead: i64,
    /// When the oldest that waits was put in.
    pub oldest_at: Option<Timestamp>,
}

/// Every target that was ever sent to.
///
/// # Errors
/// The database's.
pub fn targets(conn: &mut Conn) -> Result<Vec<TargetState>, StoreError> {
    conn.all(
        "SELECT t.target, t.n_failures, t.last_error, t.last_ok_at, t.next_at, \
         (SELECT COUNT(*) FROM delivery d WHERE d.target = t.target AND d.state = 'waiting') AS n_waiting, \
         (SELECT COUNT(*) FROM delivery d WHERE d.target = t.target AND d.state = 'dead') AS n_dead, \
         (SELECT MIN(d.created_at) FROM delivery d WHERE d.target = t.target AND d.state = 'waiting') AS oldest_at \
         FROM delivery_target t ORDER BY t.target",
        &[],
        |row| {
            Ok(TargetState {
                target: row.get("target")?,
                n_failures: row.get("n_failures")?,
                last_error: row.get("last_error")?,
                last_ok_at: row.at_opt("last_ok_at")?,
                next_at: row.at("next_at")?,
                n_waiting: row.get("n_waiting")?,
                n_dead: row.get("n_dead")?,
                oldest_at: row.at_opt("oldest_at")?,
            })
        },
    )
}

/// The outbox in three figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Deliveries that wait.
    pub n_waiting: i64,
    /// Dead letters.
    pub n_dead: i64,
    /// When the oldest that could have gone by now was put in.
    pub oldest_at: Option<Timestamp>,
}

/// Counts the outbox.
///
/// # Errors
/// The database's.
pub fn figures(conn: &mut Conn, now: Timestamp) -> Result<Figures, StoreError> {
    let found = conn.first(
        "SELECT (SELECT COUNT(*) FROM delivery WHERE state = 'waiting') AS n_waiting, \
         (SELECT COUNT(*) FROM delivery WHERE state = 'dead') AS n_dead, \
         (SELECT MIN(created_at) FROM delivery WHERE state = 'waiting' AND (n_attempts > 0 OR next_at <= $1)) AS oldest_at",
        &params![now],
        |row| {
            Ok(Figures {
                n_waiting: row.get("n_waiting")?,
                n_dead: row.get("n_dead")?,
                oldest_at: row.at_opt("oldest_at")?,
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Removes what ended before `before`: it arrived or was given up. Dead letters stay until somebody decides.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec("DELETE FROM delivery WHERE state IN ('sent', 'withdrawn') AND created_at < $1", &params![before])
    })
}
