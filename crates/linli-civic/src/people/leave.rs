//! 请假: that somebody is away, and who stands in. Never why.

use std::collections::{BTreeSet, HashMap};

use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Writer, params, placeholders};
use linli_kernel::{AccountId, Actor, Change, LeaveId, NewEvent, Problem, ProblemCode, Stream, StreamKind, Timestamp};
use serde_json::json;

/// Longest leave. Unit: ms.
const LONGEST_MS: i64 = 366 * 24 * 3_600_000;

/// 请假
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// Which.
    pub id: LeaveId,
    /// Who is away.
    pub account: AccountId,
    /// Who stands in, if somebody does.
    pub stand_in: Option<AccountId>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who noted it.
    pub noted_by: AccountId,
    /// How often it was changed; 0 before it is there.
    pub version: i64,
}

impl Leave {
    /// Notes it.
    ///
    /// # Errors
    /// `Invalid` for one that ends before it begins, lasts longer than a year, or names the one who is away as stand-in.
    pub fn note(mut self, actor: Actor, at: Timestamp) -> Result<Change<Self>, Problem> {
        if self.ends_at <= self.starts_at {
            return Err(Problem::field("to", "must_be_later"));
        }
        if self.ends_at.since(self.starts_at) > LONGEST_MS {
            return Err(Problem::field("to", "out_of_range"));
        }
        if self.stand_in == Some(self.account) {
            return Err(Problem::field("stand_in_id", "not_an_option"));
        }
        self.version = 1;
        let event = self.event("leave_noted", actor, at);
        Ok(Change::new(self, event))
    }

    /// Takes it back, or ends it before its time.
    ///
    /// # Errors
    /// `NotNow` when it is over.
    pub fn end(mut self, actor: Actor, at: Timestamp) -> Result<Change<Self>, Problem> {
        if self.ends_at <= at {
            return Err(ProblemCode::NotNow.into());
        }
        self.ends_at = at.max(self.starts_at);
        self.version += 1;
        let event = self.event("leave_ended", actor, at);
        Ok(Change::new(self, event))
    }

    fn event(&self, kind: &'static str, actor: Actor, at: Timestamp) -> NewEvent {
        NewEvent {
            stream: Stream::new(StreamKind::Leave, self.id.to_string()),
            kind,
            at,
            actor,
            payload: json!({ "account": self.account, "stand_in": self.stand_in, "from": self.starts_at, "to": self.ends_at }),
            text: None,
            area: None,
            unit: None,
        }
    }
}

const COLUMNS: &str = "id, account_id, stand_in_id, starts_at, ends_at, noted_by, version";

impl Store for Leave {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.version == 1 {
            return writer.exec_one(
                "INSERT INTO leave (id, account_id, stand_in_id, starts_at, ends_at, noted_by, version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
                &params![self.id, self.account, self.stand_in, self.starts_at, self.ends_at, self.noted_by],
            );
        }
        writer.exec_one(
            "UPDATE leave SET ends_at = $2, version = version + 1 WHERE id = $1 AND version = $3",
            &params![self.id, self.ends_at, self.version - 1],
        )
    }
}

fn from_row(row: &Row<'_>) -> Result<Leave, StoreError> {
    Ok(Leave {
        id: row.parse("id")?,
        account: row.parse("account_id")?,
        stand_in: row.parse_opt("stand_in_id")?,
        starts_at: row.at("starts_at")?,
        ends_at: row.at("ends_at")?,
        noted_by: row.parse("noted_by")?,
        version: row.get("version")?,
    })
}

/// One leave that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn load_for_change(conn: &mut Conn, id: LeaveId) -> Result<Option<Leave>, StoreError> {
    let lock = conn.dialect().for_update();
    conn.first(&format!("SELECT {COLUMNS} FROM leave WHERE id = $1{lock}"), &params![id], from_row)
}

/// The leaves of these accounts that touch a time, by when they begin. Whoever asks knows whose they may see.
///
/// # Errors
/// The database's.
pub fn of(
    conn: &mut Conn,
    accounts: &BTreeSet<AccountId>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Leave>, StoreError> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = params![from, to].to_vec();
    values.extend(accounts.iter().map(Bind::val));
    let sql = format!(
        "SELECT {COLUMNS} FROM leave WHERE ends_at > $1 AND starts_at < $2 AND starts_at < ends_at AND account_id IN ({}) ORDER BY starts_at, id LIMIT 1000",
        placeholders(3, accounts.len())
    );
    conn.all(&sql, &values, from_row)
}

/// For whom `account` stands in at `now`.
///
/// # Errors
/// The database's.
pub fn stood_in_by(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Vec<Leave>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM leave WHERE stand_in_id = $1 AND starts_at <= $2 AND ends_at > $2 ORDER BY starts_at, id LIMIT 50"
    );
    conn.all(&sql, &params![account, now], from_row)
}

/// Who is told in place of these people: whoever is away is left in peace, and whoever stands in is told. Where nobody would
/// be left, those who are away are told all the same.
///
/// # Errors
/// The database's.
pub fn present(
    conn: &mut Conn,
    accounts: BTreeSet<AccountId>,
    now: Timestamp,
) -> Result<BTreeSet<AccountId>, StoreError> {
    let away: HashMap<AccountId, Option<AccountId>> =
        of(conn, &accounts, (now, now.plus_ms(1)))?.into_iter().map(|leave| (leave.account, leave.stand_in)).collect();
    if away.is_empty() {
        return Ok(accounts);
    }
    let here = accounts.iter().copied().filter(|account| !away.contains_key(account));
    let stand_ins = away.values().copied().flatten();
    let told: BTreeSet<AccountId> = here.chain(stand_ins).collect();
    Ok(if told.is_empty() { accounts } else { told })
}

/// Forgets leaves that were over before `before`.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM leave WHERE ends_at < $1", &params![before]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(from: i64, to: i64) -> Leave {
        Leave {
            id: LeaveId::new(Default::default()),
            account: AccountId::new(Default::default()),
            stand_in: None,
            starts_at: Timestamp::from_ms(from),
            ends_at: Timestamp::from_ms(to),
            noted_by: AccountId::new(Default::default()),
            version: 0,
        }
    }

    #[test]
    fn nobody_stands_in_for_themselves_and_no_leave_ends_before_it_begins() {
        assert!(leave(5, 5).note(Actor::System, Timestamp::from_ms(0)).is_err());
        let mut own = leave(0, 5);
        own.stand_in = Some(own.account);
        assert!(own.note(Actor::System, Timestamp::from_ms(0)).is_err());
        assert!(leave(0, 5).note(Actor::System, Timestamp::from_ms(0)).is_ok());
    }

    #[test]
    fn a_leave_that_is_taken_back_before_it_begins_is_none() {
        let ended = leave(10, 20).end(Actor::System, Timestamp::from_ms(3)).unwrap().into_state();
        assert_eq!(ended.ends_at, ended.starts_at);
        assert!(leave(1, 2).end(Actor::System, Timestamp::from_ms(3)).is_err());
    }
}
