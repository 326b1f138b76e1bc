//! How orders and what is remembered of a partner are read and written. None of it is a fact of a case: what happened
//! to a case is in its history.

use std::collections::{BTreeMap, HashMap};

use linli_db::{Bind, Conn, Row, StoreError, Tx, params, placeholders};
use linli_kernel::{AccountId, CaseId, Timestamp};

use super::columns::{Column, Mapping};
use super::order::{FollowUp, Order};

/// 方向
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The hotline's order, which became a case of ours.
    In,
    /// A case of ours, which became the hotline's order.
    Out,
}

impl Direction {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// An order as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose.
    pub partner: String,
    /// 工单编号
    pub no: String,
    /// The case.
    pub case: CaseId,
    /// Which way it went.
    pub direction: Direction,
    /// Of everything that was sent.
    pub digest: String,
    /// Of the matter alone.
    pub matter_digest: String,
    /// `open`, `withdrawn`, `returned`, `finished`; for one that went out also `sent`, `refused`, `replied`.
    pub state: String,
    /// 来电时间
    pub said_at: Option<Timestamp>,
    /// 办理时限 as a moment.
    pub limit_at: Option<Timestamp>,
    /// 办理时限 as it was written.
    pub limit_said: Option<String>,
    /// 工单类型
    pub order_type: Option<String>,
    /// 问题分类
    pub category_said: Option<String>,
    /// 标题
    pub title: Option<String>,
    /// Where, as JSON of `Place`.
    pub place_said: Option<String>,
    /// 紧急程度
    pub urgency: Option<String>,
    /// 承办单位
    pub host_name: Option<String>,
    /// 工单性质
    pub host_role: Option<String>,
    /// 标签
    pub tags: Option<String>,
    /// 办理结果, as the hotline says it.
    pub outcome: Option<String>,
    /// 回复内容, as the hotline says it.
    pub reply: Option<String>,
    /// 办结时间, as the hotline says it.
    pub finished_at: Option<Timestamp>,
    /// What the caller told the hotline.
    pub follow_up: FollowUp,
    /// When it came here or went out.
    pub received_at: Timestamp,
    /// When anything of it changed last.
    pub changed_at: Timestamp,
}

const ORDER_COLUMNS: &str = "partner_id, order_no, case_id, direction, digest, matter_digest, state, said_at, limit_at, limit_said, order_type, category_said, \
    title, place_said, urgency, host_name, host_role, tags, outcome, reply, finished_at, reached, solved, satisfied, received_at, changed_at";

impl Kept {
    /// An order that just came in and became `case`.
    #[must_use]
    pub fn of(order: &Order, partner: &str, case: CaseId, limit_at: Option<Timestamp>, at: Timestamp) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            partner: partner.to_owned(),
            no: order.no.clone(),
            case,
            direction: Direction::In,
            digest: order.digest(),
            matter_digest: order.matter_digest(),
            state: if order.is_finished() { "finished" } else { "open" }.to_owned(),
            said_at: order.said_at,
            limit_at,
            limit_said: some(&order.limit_text),
            order_type: some(&order.order_type),
            category_said: some(&order.category_path()),
            title: some(&order.title),
            place_said: serde_json::to_string(&order.place).ok(),
            urgency: some(&order.urgency),
            host_name: some(&order.host_unit),
            host_role: some(&order.host_role),
            tags: some(&order.tags),
            outcome: some(&order.outcome),
            reply: some(&order.reply),
            finished_at: order.finished_at,
            follow_up: order.follow_up.clone(),
            received_at: at,
            changed_at: at,
        }
    }

    /// Reads one from a row that holds its columns.
    ///
    /// # Errors
    /// The database's.
    pub fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let direction: String = row.get("direction")?;
        Ok(Self {
            partner: row.get("partner_id")?,
            no: row.get("order_no")?,
            case: row.parse("case_id")?,
            direction: if direction == "out" { Direction::Out } else { Direction::In },
            digest: row.get("digest")?,
            matter_digest: row.get("matter_digest")?,
            state: row.get("state")?,
            said_at: row.at_opt("said_at")?,
            limit_at: row.at_opt("limit_at")?,
            limit_said: row.get("limit_said")?,
            order_type: row.get("order_type")?,
            category_said: row.get("category_said")?,
            title: row.get("title")?,
            place_said: row.get("place_said")?,
            urgency: row.get("urgency")?,
            host_name: row.get("host_name")?,
            host_role: row.get("host_role")?,
            tags: row.get("tags")?,
            outcome: row.get("outcome")?,
            reply: row.get("reply")?,
            finished_at: row.at_opt("finished_at")?,
            follow_up: FollowUp {
                reached: row.get("reached")?,
                solved: row.get("solved")?,
                satisfied: row.get("satisfied")?,
            },
            received_at: row.at("received_at")?,
            changed_at: row.at("changed_at")?,
        })
    }

    /// Writes it; `false` when another transaction brought the same number first.
    ///
    /// # Errors
    /// The database's.
    pub fn insert(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let sql = format!(
            "INSERT INTO hotline_order ({ORDER_COLUMNS}) VALUES ({}) ON CONFLICT (partner_id, order_no) DO NOTHING",
            placeholders(1, 26)
        );
        let n = tx.bookkeep(|writer| writer.exec(&sql, &self.values()))?;
        Ok(n == 1)
    }

    /// Writes it in place of what stood there.
    ///
    /// # Errors
    /// `Retry` when it is gone.
    pub fn update(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "UPDATE hotline_order SET case_id = $3, direction = $4, digest = $5, matter_digest = $6, state = $7, said_at = $8, limit_at = $9, limit_said = $10, \
                   order_type = $11, category_said = $12, title = $13, place_said = $14, urgency = $15, host_name = $16, host_role = $17, tags = $18, outcome = $19, \
                   reply = $20, finished_at = $21, reached = $22, solved = $23, satisfied = $24, received_at = $25, changed_at = $26 \
                   WHERE partner_id = $1 AND order_no = $2";
        tx.bookkeep(|writer| writer.exec_one(sql, &self.values()))
    }

    fn values(&self) -> [linli_db::Val; 26] {
        params![
            self.partner,
            self.no,
            self.case,
            self.direction.as_str(),
            self.digest,
            self.matter_digest,
            self.state,
            self.said_at,
            self.limit_at,
            self.limit_said,
            self.order_type,
            self.category_said,
            self.title,
            self.place_said,
            self.urgency,
            self.host_name,
            self.host_role,
            self.tags,
            self.outcome,
            self.reply,
            self.finished_at,
            self.follow_up.reached,
            self.follow_up.solved,
            self.follow_up.satisfied,
            self.received_at,
            self.changed_at
        ]
    }
}

/// An order, locked for the transaction that changes it.
///
/// # Errors
/// The database's.
pub fn order_for_change(tx: &mut Tx<'_>, partner: &str, no: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!(
        "SELECT {ORDER_COLUMNS} FROM hotline_order WHERE partner_id = $1 AND order_no = $2{}",
        tx.dialect().for_update()
    );
    tx.first(&sql, &params![partner, no], Kept::from_row)
}

/// An order.
///
/// # Errors
/// The database's.
pub fn order(conn: &mut Conn, partner: &str, no: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!("SELECT {ORDER_COLUMNS} FROM hotline_order WHERE partner_id = $1 AND order_no = $2");
    conn.first(&sql, &params![partner, no], Kept::from_row)
}

/// The cases of an order of whichever partner, by its number as it is written or in capitals.
///
/// # Errors
/// The database's.
pub fn cases_of_order(conn: &mut Conn, no: &str) -> Result<Vec<CaseId>, StoreError> {
    let sql = "SELECT case_id FROM hotline_order WHERE order_no IN ($1, $2) ORDER BY case_id DESC LIMIT 10";
    conn.all(sql, &params![no, no.to_ascii_uppercase()], |row| row.parse("case_id"))
}

/// The orders of a case, oldest first.
///
/// # Errors
/// The database's.
pub fn orders_of(conn: &mut Conn, case: CaseId) -> Result<Vec<Kept>, StoreError> {
    let sql =
        format!("SELECT {ORDER_COLUMNS} FROM hotline_order WHERE case_id = $1 ORDER BY received_at, order_no LIMIT 20");
    conn.all(&sql, &params![case], Kept::from_row)
}

/// The digests of those of `nos` that are known.
///
/// # Errors
/// The database's.
pub fn digests(conn: &mut Conn, partner: &str, nos: &[String]) -> Result<HashMap<String, String>, StoreError> {
    let mut found = HashMap::new();
    for some in nos.chunks(500) {
        let mut values = params![partner].to_vec();
        values.extend(some.iter().map(Bind::val));
        let sql = format!(
            "SELECT order_no, digest FROM hotline_order WHERE partner_id = $1 AND order_no IN ({})",
            placeholders(2, some.len())
        );
        found
            .extend(conn.all(&sql, &values, |row| Ok((row.get::<String>("order_no")?, row.get::<String>("digest")?)))?);
    }
    Ok(found)
}

/// What was decided about a partner's headers.
///
/// # Errors
/// The database's.
pub fn chosen_columns(conn: &mut Conn, partner: &str) -> Result<Mapping, StoreError> {
    let rows = words(conn, partner, "column")?;
    // A column that a later linli no longer knows is read by its name again.
    Ok(rows
        .into_iter()
        .filter_map(|(theirs, ours)| {
            ours.map_or(Some((theirs.clone(), None)), |word| {
                word.parse::<Column>().ok().map(|column| (theirs, Some(column)))
            })
        })
        .collect())
}

/// What was decided about a partner's categories.
///
/// # Errors
/// The database's.
pub fn chosen_categories(conn: &mut Conn, partner: &str) -> Result<BTreeMap<String, String>, StoreError> {
    Ok(words(conn, partner, "category")?.into_iter().filter_map(|(theirs, ours)| Some((theirs, ours?))).collect())
}

fn words(conn: &mut Conn, partner: &str, kind: &str) -> Result<Vec<(String, Option<String>)>, StoreError> {
    conn.all(
        "SELECT theirs, ours FROM hotline_word WHERE partner_id = $1 AND kind = $2 ORDER BY theirs",
        &params![partner, kind],
        |row| Ok((row.get("theirs")?, row.get("ours")?)),
    )
}

/// A decision about a word of the partner's.
#[derive(Clone, Debug)]
pub struct Decided<'a> {
    /// Whose word.
    pub partner: &'a str,
    /// `column` or `category`.
    pub kind: &'a str,
    /// The word, as it is compared.
    pub theirs: &'a str,
    /// What it is to us; nothing: not read.
    pub ours: Option<&'a str>,
    /// Who decided.
    pub account: Option<AccountId>,
    /// When.
    pub at: Timestamp,
}

impl Decided<'_> {
    /// Remembers it.
    ///
    /// # Errors
    /// The database's.
    pub fn remember(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO hotline_word (partner_id, kind, theirs, ours, account_id, at) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (partner_id, kind, theirs) DO UPDATE SET ours = $4, account_id = $5, at = $6";
        tx.bookkeep(|writer| {
            writer.exec(sql, &params![self.partner, self.kind, self.theirs, self.ours, self.account, self.at])
        })
        .map(drop)
    }
}

/// Uses a nonce; `false` when it was used before.
///
/// # Errors
/// The database's.
pub fn use_nonce(tx: &mut Tx<'_>, partner: &str, nonce: &str, expires_at: Timestamp) -> Result<bool, StoreError> {
    let sql = "INSERT INTO hotline_nonce (partner_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT (partner_id, nonce) DO NOTHING";
    Ok(tx.bookkeep(|writer| writer.exec(sql, &params![partner, nonce, expires_at]))? == 1)
}

/// Forgets nonces whose time stamp nobody would believe any more.
///
/// # Errors
/// The database's.
pub fn forget_nonces(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM hotline_nonce WHERE expires_at < $1", &params![now]))
}

/// Writes down what happened to an order; once.
///
/// # Errors
/// The database's.
pub fn note_change(tx: &mut Tx<'_>, order: &Kept, event_n: i64, kind: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO hotline_change (partner_id, order_no, case_id, event_n, kind, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner_id, order_no, event_n) DO NOTHING";
    tx.bookkeep(|writer| writer.exec(sql, &params![order.partner, order.no, order.case, event_n, kind, at])).map(drop)
}
