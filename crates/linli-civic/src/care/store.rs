//! How entries of care are read and written. What has ended is never read: every query says so.

use std::collections::HashMap;

use linli_access::{Act, Caller};
use linli_access::{Vault, scope};
use linli_db::{Bind, Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{AccountId, AreaCode, CareId, CareRequestId, RecordId, Timestamp};
use linli_playbook::CareLife;

use super::model::{Beside, Entry, Held, Written};
use super::words::{Mute, State};
use crate::areas::store::inside;
use crate::areas::tree::code_range;
use crate::visits;

const COLUMNS: &str = "id, area_code, resident_id, category_sealed, basis_sealed, plan_sealed, services_sealed, wish_sealed, muted_sealed, owner_sealed, \
     life_index, visit_days, state, since_at, tried_at, review_at, expires_at, version, created_at, changed_at";

/// The index by which whoever answers for entries finds them.
#[must_use]
pub fn owner_index(vault: &Vault, owner: &str) -> String {
    vault.index("care_entry.owner", owner)
}

/// The index by which old and young are counted.
#[must_use]
pub fn life_index(vault: &Vault, life: CareLife) -> String {
    vault.index("care_entry.life", life.as_str())
}

/// The index of a category with its person.
#[must_use]
pub fn category_index(vault: &Vault, category: &str) -> String {
    vault.index("care_entry.category", category)
}

/// The index of a code of the counter, or of the secret that it opened.
#[must_use]
pub fn code_index(vault: &Vault, code: &str) -> String {
    vault.index("care_code", code)
}

/// What the store needs to seal with.
#[derive(Clone, Debug)]
pub struct Sealed {
    written: Written,
    seals: Seals,
}

#[derive(Clone, Debug)]
struct Seals {
    category: Vec<u8>,
    category_index: String,
    basis: Vec<u8>,
    plan: Vec<u8>,
    services: Option<Vec<u8>>,
    wish: Option<Vec<u8>>,
    muted: Option<Vec<u8>>,
    owner: Vec<u8>,
    owner_index: String,
    life_index: Option<String>,
}

impl Sealed {
    /// The entry as it stands now.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.written.entry
    }

    /// Seals what is written.
    ///
    /// # Errors
    /// `Internal` when the system has no randomness.
    pub fn of(written: Written, vault: &Vault) -> Result<Self, linli_kernel::Problem> {
        let held = &written.entry.held;
        let seal = |field: &str, text: &str| super::model::seal(vault, field, text);
        let basis = serde_json::to_string(&held.basis).map_err(|_| linli_kernel::ProblemCode::Internal)?;
        let services = (!held.services.is_empty()).then(|| serde_json::to_string(&held.services)).transpose();
        let services = services.map_err(|_| linli_kernel::ProblemCode::Internal)?;
        let seals = Seals {
            category: seal("care_entry.category", &held.category)?,
            category_index: category_index(vault, &held.category),
            basis: seal("care_entry.basis", &basis)?,
            plan: seal("care_entry.plan", &held.plan)?,
            services: services.as_deref().map(|text| seal("care_entry.services", text)).transpose()?,
            wish: held.wish.as_deref().map(|wish| seal("care_entry.wish", wish)).transpose()?,
            muted: held.muted.map(|mute| seal("care_entry.muted", mute.as_str())).transpose()?,
            owner: seal("care_entry.owner", &held.owner)?,
            owner_index: owner_index(vault, &held.owner),
            life_index: written.entry.life.map(|life| life_index(vault, life)),
        };
        Ok(Self { written, seals })
    }

    fn values(&self) -> Vec<Val> {
        let (entry, seals) = (&self.written.entry, &self.seals);
        params![
            entry.id,
            seals.category,
            seals.category_index,
            seals.basis,
            seals.plan,
            seals.wish,
            seals.muted,
            seals.owner,
            seals.owner_index,
            seals.life_index,
            entry.visit_days.map(i64::from),
            entry.state.as_str(),
            entry.since,
            entry.tried_at,
            entry.review_at,
            entry.expires_at,
            entry.version,
            entry.changed_at,
            seals.services,
            entry.service_due_at(),
            entry.is_served()
        ]
        .to_vec()
    }

    fn write_entry(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let (entry, mut values) = (&self.written.entry, self.values());
        if entry.version == 1 {
            values.extend(params![entry.area, entry.resident, entry.created_at]);
            return writer.exec_one(
                "INSERT INTO care_entry (id, category_sealed, category_index, basis_sealed, plan_sealed, wish_sealed, muted_sealed, owner_sealed, \
                 owner_index, life_index, visit_days, state, since_at, tried_at, review_at, expires_at, version, changed_at, \
                 services_sealed, service_at, is_served, area_code, resident_id, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)",
                &values,
            );
        }
        values.push((entry.version - 1).val());
        writer.exec_one(
            "UPDATE care_entry SET category_sealed = $2, category_index = $3, basis_sealed = $4, plan_sealed = $5, wish_sealed = $6, muted_sealed = $7, \
             owner_sealed = $8, owner_index = $9, life_index = $10, visit_days = $11, state = $12, since_at = $13, tried_at = $14, review_at = $15, \
             expires_at = $16, version = $17, changed_at = $18, services_sealed = $19, service_at = $20, is_served = $21 WHERE id = $1 AND version = $22",
            &values,
        )
    }

    fn write_helpers(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let entry = &self.written.entry;
        writer.exec("DELETE FROM care_helper WHERE entry_id = $1", &params![entry.id])?;
        for helper in &entry.helpers {
            writer
                .exec("INSERT INTO care_helper (entry_id, account_id) VALUES ($1, $2)", &params![entry.id, *helper])?;
        }
        Ok(())
    }

    fn erase(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let entry = &self.written.entry;
        writer
            .exec_one("DELETE FROM care_entry WHERE id = $1 AND version = $2", &params![entry.id, entry.version - 1])?;
        for table in ["care_helper", "care_request", "care_code"] {
            writer.exec(&format!("DELETE FROM {table} WHERE entry_id = $1"), &params![entry.id])?;
        }
        writer.exec("DELETE FROM event_text WHERE stream_kind = 'care' AND stream_id = $1", &params![entry.id])?;
        Ok(())
    }

    fn write_beside(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let entry = &self.written.entry;
        match &self.written.beside {
            Beside::Nothing | Beside::Erased => Ok(()),
            Beside::Request(id, text) => writer.exec_one(
                "INSERT INTO care_request (id, entry_id, text_sealed, at) VALUES ($1, $2, $3, $4)",
                &params![*id, entry.id, text, entry.changed_at],
            ),
            Beside::Answer(id, text) => writer.exec_one(
                "UPDATE care_request SET answer_sealed = $3, answered_at = $4 WHERE id = $1 AND entry_id = $2 AND answered_at IS NULL",
                &params![*id, entry.id, text, entry.changed_at],
            ),
            Beside::Code(index, until) => {
                // Another code takes the place of the one before, used or not.
                writer.exec("DELETE FROM care_code WHERE entry_id = $1", &params![entry.id])?;
                writer.exec_one(
                    "INSERT INTO care_code (code_index, entry_id, expires_at) VALUES ($1, $2, $3)",
                    &params![index, entry.id, *until],
                )
            }
            Beside::Opened(code, session, until) => writer.exec_one(
                "UPDATE care_code SET session_index = $3, session_until = $4 WHERE code_index = $1 AND entry_id = $2 AND session_index IS NULL",
                &params![code, entry.id, session, *until],
            ),
        }
    }
}

impl Store for Sealed {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if matches!(self.written.beside, Beside::Erased) {
            return self.erase(writer);
        }
        self.write_entry(writer)?;
        self.write_helpers(writer)?;
        self.write_beside(writer)
    }

    fn begins(&self) -> bool {
        self.written.entry.version == 1
    }
}

fn broken(id: &str, what: &str) -> StoreError {
    StoreError::Inconsistent { table: "care_entry", row: id.to_owned(), what: what.to_owned() }
}

fn from_row(vault: &Vault, row: &Row<'_>) -> Result<Entry, StoreError> {
    let id: CareId = row.parse("id")?;
    let name = id.to_string();
    let open = |column: &str, field: &str| -> Result<Option<String>, StoreError> {
        let sealed: Option<Vec<u8>> = row.get(column)?;
        let opened = sealed.map(|bytes| vault.open(field, &bytes)).transpose();
        opened.map_err(|_| broken(&name, "a sealed field does not open"))
    };
    let needed = |column: &str, field: &str| open(column, field)?.ok_or_else(|| broken(&name, "a field is missing"));
    let life: Option<String> = row.get("life_index")?;
    let lives = CareLife::ALL.iter().copied();
    let state: String = row.get("state")?;
    let days: Option<i64> = row.get("visit_days")?;
    Ok(Entry {
        id,
        area: row.parse("area_code")?,
        resident: row.parse("resident_id")?,
        held: Held {
            category: needed("category_sealed", "care_entry.category")?,
            basis: serde_json::from_str(&needed("basis_sealed", "care_entry.basis")?)?,
            plan: needed("plan_sealed", "care_entry.plan")?,
            services: match open("services_sealed", "care_entry.services")? {
                Some(text) => serde_json::from_str(&text)?,
                None => Vec::new(),
            },
            wish: open("wish_sealed", "care_entry.wish")?,
            muted: open("muted_sealed", "care_entry.muted")?.and_then(|word| Mute::parse(&word)),
            owner: needed("owner_sealed", "care_entry.owner")?,
        },
        life: life.and_then(|index| lives.into_iter().find(|life| life_index(vault, *life) == index)),
        visit_days: days.and_then(|days| u32::try_from(days).ok()),
        state: State::parse(&state).ok_or_else(|| broken(&name, "no such state"))?,
        since: row.at("since_at")?,
        tried_at: row.at_opt("tried_at")?,
        review_at: row.at("review_at")?,
        expires_at: row.at("expires_at")?,
        helpers: Vec::new(),
        version: row.get("version")?,
        created_at: row.at("created_at")?,
        changed_at: row.at("changed_at")?,
    })
}

/// One entry that has not ended.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, vault: &Vault, id: CareId, now: Timestamp) -> Result<Option<Entry>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM care_entry WHERE id = $1 AND expires_at > $2");
    let found = conn.all(&sql, &params![id, now], |row| from_row(vault, row))?;
    Ok(with_helpers(conn, found)?.into_iter().next())
}

/// One entry that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn load_for_change(
    conn: &mut Conn,
    vault: &Vault,
    id: CareId,
    now: Timestamp,
) -> Result<Option<Entry>, StoreError> {
    let lock = conn.dialect().for_update();
    let sql = format!("SELECT {COLUMNS} FROM care_entry WHERE id = $1 AND expires_at > $2{lock}");
    let found = conn.all(&sql, &params![id, now], |row| from_row(vault, row))?;
    Ok(with_helpers(conn, found)?.into_iter().next())
}

/// Whether somebody is entered in a category already.
///
/// # Errors
/// The database's.
pub fn is_entered(
    conn: &mut Conn,
    vault: &Vault,
    resident: RecordId,
    category: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM care_entry WHERE resident_id = $1 AND category_index = $2 AND expires_at > $3";
    Ok(conn.number(sql, &params![resident, category_index(vault, category), now])? > 0)
}

fn with_helpers(conn: &mut Conn, mut entries: Vec<Entry>) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<Val> = entries.iter().map(|entry| entry.id.val()).collect();
    let mut helpers: HashMap<String, Vec<AccountId>> = HashMap::new();
    let sql = format!(
        "SELECT entry_id, account_id FROM care_helper WHERE entry_id IN ({}) ORDER BY entry_id, account_id",
        placeholders(1, ids.len())
    );
    conn.each(&sql, &ids, |row| {
        helpers.entry(row.get("entry_id")?).or_default().push(row.parse("account_id")?);
        Ok(())
    })?;
    for entry in &mut entries {
        entry.helpers = helpers.remove(&entry.id.to_string()).unwrap_or_default();
    }
    Ok(entries)
}

/// Entries within a caller's reach, the oldest first: those of their areas, and those that their unit answers for. Who learns what of
/// them is not decided here.
///
/// # Errors
/// The database's.
pub fn within(
    conn: &mut Conn,
    vault: &Vault,
    caller: &Caller,
    (area, now): (Option<&AreaCode>, Timestamp),
    (after, limit): (Option<&str>, i64),
) -> Result<Vec<Entry>, StoreError> {
    let reach = scope(caller, Act::ViewCare);
    let keys: Vec<String> = area.map_or_else(|| reach.keys().map(str::to_owned).collect(), |area| reach.within(area));
    let mut bound = params![now, after.unwrap_or_default(), limit].to_vec();
    let mut inside = vec!["1 = 0".to_owned()];
    for key in keys {
        if let Ok(code) = key.parse::<AreaCode>() {
            let (from, to) = code_range(&code);
            bound.extend(params![from, to]);
            inside.push(format!("(area_code >= ${} AND area_code < ${})", bound.len() - 1, bound.len()));
        }
    }
    for owner in reach.keys().filter(|key| key.contains('/')) {
        bound.push(owner_index(vault, owner).val());
        let mut condition = format!("owner_index = ${}", bound.len());
        if let Some(area) = area {
            let (from, to) = code_range(area);
            bound.extend(params![from, to]);
            condition = format!("{condition} AND area_code >= ${} AND area_code < ${}", bound.len() - 1, bound.len());
        }
        inside.push(format!("({condition})"));
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM care_entry WHERE expires_at > $1 AND id > $2 AND ({}) ORDER BY id LIMIT $3",
        inside.join(" OR ")
    );
    let found = conn.all(&sql, &bound, |row| from_row(vault, row))?;
    with_helpers(conn, found)
}

/// Entries to whose homes an account goes: those with which it is paired, and those of its grids where nobody is.
///
/// # Errors
/// The database's.
pub fn to_visit(
    conn: &mut Conn,
    vault: &Vault,
    account: AccountId,
    grids: &[AreaCode],
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let mut bound = params![now, account].to_vec();
    let inside = inside("c.area_code", grids, &mut bound);
    let columns = COLUMNS.split(", ").map(|column| format!("c.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns} FROM care_entry c WHERE c.expires_at > $1 AND c.state = 'active' AND (c.visit_days IS NOT NULL OR c.service_at IS NOT NULL) AND (\
         EXISTS (SELECT 1 FROM care_helper h WHERE h.entry_id = c.id AND h.account_id = $2) OR \
         (({inside}) AND NOT EXISTS (SELECT 1 FROM care_helper h WHERE h.entry_id = c.id))) ORDER BY c.id LIMIT 500"
    );
    let found = conn.all(&sql, &bound, |row| from_row(vault, row))?;
    with_helpers(conn, found)
}

/// Where people live, and when somebody last met them there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// Which dwelling.
    pub dwelling: Option<RecordId>,
    /// Its address.
    pub address: String,
    /// When somebody was last met there.
    pub last_met: Option<Timestamp>,
    /// Their name, to be masked or not by whoever shows it.
    pub name: Option<linli_kernel::RealName>,
    /// Their month of birth.
    pub birth_month: Option<String>,
    /// Whether the registry still has them there.
    pub is_present: bool,
}

/// The homes of residents of the registry, by the resident's id.
///
/// # Errors
/// The database's.
pub fn homes(conn: &mut Conn, vault: &Vault, residents: &[RecordId]) -> Result<HashMap<RecordId, Home>, StoreError> {
    let mut homes = HashMap::new();
    for residents in residents.chunks(200) {
        let ids: Vec<Val> = residents.iter().map(Bind::val).collect();
        // When it was, as far as the phone is believed: what waited days for a network makes the next visit no later.
        let met_at = format!(
            "CASE WHEN v.received_at >= v.captured_at AND v.received_at - v.captured_at <= {} THEN v.captured_at ELSE v.received_at END",
            visits::BELIEVED_MS
        );
        let sql = format!(
            "SELECT r.id, r.name_sealed, r.birth_month, r.state, d.id AS dwelling_id, d.label, \
             (SELECT MAX({met_at}) FROM visit v WHERE v.record_id = d.id AND v.kind = 'visit' AND v.met) AS met_at \
             FROM resident r LEFT JOIN household h ON h.id = r.household_id LEFT JOIN dwelling d ON d.id = h.dwelling_id WHERE r.id IN ({})",
            placeholders(1, ids.len())
        );
        conn.each(&sql, &ids, |row| {
            let name: Option<Vec<u8>> = row.get("name_sealed")?;
            let state: String = row.get("state")?;
            let home = Home {
                dwelling: row.parse_opt("dwelling_id")?,
                address: row.get::<Option<String>>("label")?.unwrap_or_default(),
                last_met: row.at_opt("met_at")?,
                name: name.and_then(|sealed| vault.open_name("resident.name", &sealed).ok()),
                birth_month: row.get("birth_month")?,
                is_present: state == "active",
            };
            homes.insert(row.parse("id")?, home);
            Ok(())
        })?;
    }
    Ok(homes)
}

/// What the person asked to be put right.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which.
    pub id: CareRequestId,
    /// Their words.
    pub text: String,
    /// The answer.
    pub answer: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// What was asked about an entry, the newest first.
///
/// # Errors
/// The database's.
pub fn asked(conn: &mut Conn, vault: &Vault, id: CareId) -> Result<Vec<Asked>, StoreError> {
    let sql = "SELECT id, text_sealed, answer_sealed, at, answered_at FROM care_request WHERE entry_id = $1 ORDER BY id DESC LIMIT 50";
    conn.all(sql, &params![id], |row| {
        let (text, answer): (Vec<u8>, Option<Vec<u8>>) = (row.get("text_sealed")?, row.get("answer_sealed")?);
        let closed = |_| broken(&id.to_string(), "what was asked does not open");
        Ok(Asked {
            id: row.parse("id")?,
            text: vault.open("care_request.text", &text).map_err(closed)?,
            answer: answer.map(|sealed| vault.open("care_request.answer", &sealed)).transpose().map_err(closed)?,
            at: row.at("at")?,
            answered_at: row.at_opt("answered_at")?,
        })
    })
}

/// How many questions of the person wait, by entry.
///
/// # Errors
/// The database's.
pub fn n_asked(conn: &mut Conn, ids: &[CareId]) -> Result<HashMap<String, i64>, StoreError> {
    let values: Vec<Val> = ids.iter().map(Bind::val).collect();
    let sql = format!(
        "SELECT entry_id, COUNT(*) AS n FROM care_request WHERE answered_at IS NULL AND entry_id IN ({}) GROUP BY entry_id",
        placeholders(1, values.len())
    );
    Ok(conn.all(&sql, &values, |row| Ok((row.get("entry_id")?, row.get("n")?)))?.into_iter().collect())
}

/// The entry that a code opens, unused and in its time.
///
/// # Errors
/// The database's.
pub fn by_code(conn: &mut Conn, index: &str, now: Timestamp) -> Result<Option<CareId>, StoreError> {
    let sql = "SELECT entry_id FROM care_code WHERE code_index = $1 AND session_index IS NULL AND expires_at > $2";
    conn.first(sql, &params![index, now], |row| row.parse("entry_id"))
}

/// The entry that a secret opens, while it holds.
///
/// # Errors
/// The database's.
pub fn by_session(conn: &mut Conn, index: &str, now: Timestamp) -> Result<Option<CareId>, StoreError> {
    let sql = "SELECT entry_id FROM care_code WHERE session_index = $1 AND session_until > $2";
    conn.first(sql, &params![index, now], |row| row.parse("entry_id"))
}

/// Ends what a secret opens: whoever leaves the page closes it.
///
/// # Errors
/// The database's.
pub fn close(tx: &mut linli_db::Tx<'_>, index: &str) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM care_code WHERE session_index = $1", &params![index]))?;
    Ok(())
}

/// Codes and secrets whose time is over.
///
/// # Errors
/// The database's.
pub fn sweep_codes(tx: &mut linli_db::Tx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "DELETE FROM care_code WHERE expires_at <= $1 AND (session_until IS NULL OR session_until <= $1)",
            &params![now],
        )
    })
}

/// What was said in calls before then.
///
/// # Errors
/// The database's.
pub fn sweep_calls(tx: &mut linli_db::Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM event_text WHERE stream_kind = 'care' AND EXISTS (SELECT 1 FROM event e WHERE e.stream_kind = 'care' \
               AND e.stream_id = event_text.stream_id AND e.n = event_text.n AND e.kind = 'care_called' AND e.at < $1)";
    tx.bookkeep(|writer| writer.exec(sql, &params![before]))
}

/// Entries that have ended, or whose person is no longer in the registry.
///
/// # Errors
/// The database's.
pub fn over(conn: &mut Conn, vault: &Vault, now: Timestamp, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM care_entry WHERE expires_at <= $1 OR NOT EXISTS (SELECT 1 FROM resident r WHERE r.id = care_entry.resident_id) ORDER BY id LIMIT $2"
    );
    conn.all(&sql, &params![now, limit], |row| from_row(vault, row))
}

/// Entries of the present whose person has left the registry's present, with the reason there.
///
/// # Errors
/// The database's.
pub fn departed(conn: &mut Conn, vault: &Vault, limit: i64) -> Result<Vec<(Entry, String)>, StoreError> {
    let columns = COLUMNS.split(", ").map(|column| format!("c.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns}, r.left_reason FROM care_entry c JOIN resident r ON r.id = c.resident_id \
         WHERE r.state = 'left' AND c.muted_sealed IS NULL ORDER BY c.id LIMIT $1"
    );
    let found = conn.all(&sql, &params![limit], |row| {
        Ok((from_row(vault, row)?, row.get::<Option<String>>("left_reason")?.unwrap_or_default()))
    })?;
    let (entries, reasons): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    Ok(with_helpers(conn, entries)?.into_iter().zip(reasons).collect())
}
