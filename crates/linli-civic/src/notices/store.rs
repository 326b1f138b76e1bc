//! The log of notices, which is also what the bell shows. They follow from facts and are none.

use std::collections::BTreeMap;

use linli_db::{Bind, Conn, Row, StoreError, Tx, Val, params, placeholders};
use linli_kernel::{AccountId, Cursor, Timestamp};

use super::model::{Notice, Recipient, WayOutcome, WayTaken};

/// Whether a notice with this key was made.
///
/// # Errors
/// The database's.
pub fn is_known(conn: &mut Conn, dedup: &str) -> Result<bool, StoreError> {
    Ok(conn.number("SELECT COUNT(*) AS n FROM notice WHERE dedup_key = $1", &params![dedup])? > 0)
}

/// Keeps a notice and how it went.
///
/// # Errors
/// The database's.
pub fn keep(
    tx: &mut Tx<'_>,
    id: &str,
    notice: &Notice,
    ways: &[WayTaken],
    digest_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let in_app = ways.iter().any(|way| way.outcome == WayOutcome::Shown);
    let (account, partner) = match &notice.to {
        Recipient::Staff(account) => (Some(*account), None),
        Recipient::Group(partner) => (None, Some(partner.clone())),
        Recipient::Reporter => (None, None),
    };
    let ways = serde_json::to_string(ways)?;
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO notice (id, dedup_key, rule, event_kind, case_id, to_kind, account_id, partner_id, title, said, ways, in_app, unread, digest_at, at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, $14) ON CONFLICT (dedup_key) DO NOTHING",
            &params![
                id, notice.dedup, notice.rule, notice.event, notice.case, notice.to.kind(), account, partner,
                notice.title, notice.said, ways, in_app, digest_at, now
            ],
        )
    })?;
    Ok(())
}

/// What a channel says.
#[derive(Clone, Debug)]
pub struct Said {
    /// The first line.
    pub title: String,
    /// What is said.
    pub said: String,
    /// The public code of the case.
    pub case_code: Option<String>,
}

/// What the notice says, for the channel that sends it.
///
/// # Errors
/// The database's.
pub fn said(conn: &mut Conn, id: &str) -> Result<Option<Said>, StoreError> {
    conn.first(
        "SELECT t.title, t.said, c.code AS case_code FROM notice t LEFT JOIN cases c ON c.id = t.case_id WHERE t.id = $1",
        &params![id],
        |row| Ok(Said { title: row.get("title")?, said: row.get("said")?, case_code: row.get("case_code")? }),
    )
}

/// A line of the bell or of the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its number, the key of a page.
    pub n: i64,
    /// Which.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// What happened.
    pub event: String,
    /// `staff`, `reporter`, `group`.
    pub to_kind: String,
    /// Who of the staff.
    pub account: Option<AccountId>,
    /// Which group.
    pub partner: Option<String>,
    /// The public code of its case.
    pub case_code: Option<String>,
    /// The first line.
    pub title: String,
    /// What was said.
    pub said: String,
    /// How it went.
    pub ways: Vec<WayTaken>,
    /// Whether it was not opened yet: for the reader alone.
    pub unread: bool,
    /// When.
    pub at: Timestamp,
}

const COLUMNS: &str = "t.n, t.id, t.rule, t.event_kind, t.to_kind, t.account_id, t.partner_id, c.code AS case_code, t.title, t.said, t.ways, t.unread, t.at";

fn from_row(row: &Row<'_>) -> Result<Logged, StoreError> {
    Ok(Logged {
        n: row.get("n")?,
        id: row.get("id")?,
        rule: row.get("rule")?,
        event: row.get("event_kind")?,
        to_kind: row.get("to_kind")?,
        account: row.parse_opt("account_id")?,
        partner: row.get("partner_id")?,
        case_code: row.get("case_code")?,
        title: row.get("title")?,
        said: row.get("said")?,
        ways: row.json("ways")?,
        unread: row.get("unread")?,
        at: row.at("at")?,
    })
}

fn after(cursor: &Cursor) -> i64 {
    cursor.after.as_deref().and_then(|text| text.parse().ok()).unwrap_or(i64::MAX)
}

/// What the bell of somebody shows, newest first.
///
/// # Errors
/// The database's.
pub fn mine(conn: &mut Conn, account: AccountId, unread: bool, cursor: &Cursor) -> Result<Vec<Logged>, StoreError> {
    let only = if unread { "AND t.unread" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM notice t LEFT JOIN cases c ON c.id = t.case_id WHERE t.account_id = $1 AND t.in_app AND t.n < $2 {only} ORDER BY t.n DESC LIMIT $3"
    );
    conn.all(&sql, &params![account, after(cursor), cursor.fetch()], from_row)
}

/// How many of somebody's they did not open; at most 1000 are counted.
///
/// # Errors
/// The database's.
pub fn n_unread(conn: &mut Conn, account: AccountId) -> Result<i64, StoreError> {
    conn.number(
        "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM notice WHERE account_id = $1 AND in_app AND unread LIMIT 1000) AS few",
        &params![account],
    )
}

/// Marks somebody's own as read: these, or all up to the number `up_to`.
///
/// # Errors
/// The database's.
pub fn mark_read(tx: &mut Tx<'_>, account: AccountId, ids: Option<&[String]>) -> Result<(), StoreError> {
    tx.bookkeep(|writer| match ids {
        None => writer
            .exec("UPDATE notice SET unread = FALSE WHERE account_id = $1 AND in_app AND unread", &params![account]),
        Some(ids) => {
            let mut values = params![account].to_vec();
            values.extend(ids.iter().map(Bind::val));
            let sql = format!(
                "UPDATE notice SET unread = FALSE WHERE account_id = $1 AND id IN ({})",
                placeholders(2, ids.len())
            );
            writer.exec(&sql, &values)
        }
    })?;
    Ok(())
}

/// Which lines of the log.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only about the case with this code.
    pub case_code: Option<String>,
    /// The keys by which cases are reached.
    pub keys: Vec<String>,
}

/// The log of notices about cases that `keys` reach, newest first.
///
/// # Errors
/// The database's.
pub fn log(conn: &mut Conn, wanted: &Wanted, cursor: &Cursor) -> Result<Vec<Logged>, StoreError> {
    let mut values: Vec<Val> = params![after(cursor), cursor.fetch()].to_vec();
    let mut sql = format!("SELECT {COLUMNS} FROM notice t JOIN cases c ON c.id = t.case_id WHERE t.n < $1");
    for (column, value) in [("t.rule", &wanted.rule), ("c.code", &wanted.case_code)] {
        if let Some(value) = value {
            values.push(value.val());
            sql.push_str(&format!(" AND {column} = ${}", values.len()));
        }
    }
    let first = values.len() + 1;
    values.extend(wanted.keys.iter().map(Bind::val));
    sql.push_str(&format!(
        " AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = t.case_id AND s.scope_key IN ({})) ORDER BY t.n DESC LIMIT $2",
        placeholders(first, wanted.keys.len())
    ));
    conn.all(&sql, &values, from_row)
}

/// Collected news of one person.
#[derive(Clone, Debug)]
pub struct Collected {
    /// Whose.
    pub account: AccountId,
    /// The number of the first: what keeps two days apart.
    pub first_n: i64,
    /// Titles and texts, oldest first.
    pub lines: Vec<(String, String)>,
}

/// Takes the collected news that is due; it will not be given again.
///
/// # Errors
/// The database's.
pub fn take_collected(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Collected>, StoreError> {
    let rows = tx.bookkeep(|writer| {
        writer.returning(
            "UPDATE notice SET digest_at = NULL WHERE digest_at <= $1 AND account_id IS NOT NULL RETURNING n, account_id, title, said",
            &params![now],
            |row| Ok((row.get::<i64>("n")?, row.parse::<AccountId>("account_id")?, row.get("title")?, row.get("said")?)),
        )
    })?;
    let mut people: BTreeMap<AccountId, Vec<(i64, String, String)>> = BTreeMap::new();
    for (n, account, title, said) in rows {
        people.entry(account).or_default().push((n, title, said));
    }
    let collected = people.into_iter().map(|(account, mut lines)| {
        lines.sort();
        let first_n = lines.first().map_or(0, |(n, _, _)| *n);
        Collected { account, first_n, lines: lines.into_iter().map(|(_, title, said)| (title, said)).collect() }
    });
    Ok(collected.collect())
}

/// Removes what is older than `before`.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM notice WHERE at < $1", &params![before]))
}
