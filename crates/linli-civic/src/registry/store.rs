//! How records of the registry are read and written. One text of SQL serves every kind: the columns follow from its fields.

use std::collections::HashSet;

use linli_access::Vault;
use linli_db::{Bind, Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{AccountId, AreaCode, ProposalId, RecordId, Timestamp};

use super::code::{Coded, RecordCode};
use super::fields::{Field, Kind, Shape};
use super::merge::Values;
use super::model::{Left, PROPOSAL_SEAL, Proposal, Record, Secret, State, Written, index_name, seal_name};
use crate::areas::store::inside;
use crate::areas::tree::code_range;

const COMMON: &str = "id, area_code, label, sort_key, state, left_reason, left_at, is_complete, version, created_at, changed_at, confirmed_at";
const N_COMMON: usize = 12;

/// The columns of a kind's own fields, in order.
fn own_columns(kind: Kind) -> Vec<String> {
    let mut columns = Vec::new();
    for field in kind.fields() {
        if field.is_sealed() {
            columns.extend([format!("{}_sealed", field.key), format!("{}_index", field.key)]);
        } else {
            columns.push(field.key.to_owned());
        }
    }
    columns
}

/// Every column of a kind, for a `SELECT`.
#[must_use]
pub fn columns(kind: Kind) -> String {
    format!("{COMMON}, {}", own_columns(kind).join(", "))
}

impl Written {
    fn values(&self) -> Vec<Val> {
        let record = &self.record;
        let (state, reason, left_at) = match record.state {
            State::Active => ("active", None, None),
            State::Left { reason, at } => ("left", Some(reason.as_str()), Some(at)),
        };
        let mut values = params![
            record.id,
            record.area,
            record.label(),
            record.sort_key,
            state,
            reason,
            left_at,
            record.is_complete(),
            record.version,
            record.created_at,
            record.changed_at,
            record.confirmed_at
        ]
        .to_vec();
        for field in record.kind.fields() {
            let value = record.values.get(field.key);
            match field.shape {
                _ if field.is_sealed() => {
                    let seal = self.seals.get(field.key);
                    values.push(seal.map(|(bytes, _)| bytes.clone()).val());
                    values.push(seal.map(|(_, index)| index.clone()).val());
                }
                Shape::Number(_) => values.push(value.and_then(|value| value.parse::<i64>().ok()).val()),
                _ => values.push(value.val()),
            }
        }
        values
    }

    fn write_record(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let kind = self.record.kind;
        let (table, own) = (kind.as_str(), own_columns(kind));
        let mut values = self.values();
        if self.record.version == 1 {
            let n = N_COMMON + own.len();
            let sql = format!("INSERT INTO {table} ({}) VALUES ({})", columns(kind), placeholders(1, n));
            return writer.exec_one(&sql, &values);
        }
        let mut sets: Vec<String> = COMMON.split(", ").map(str::to_owned).chain(own).collect();
        for (column, n) in sets.iter_mut().zip(1..) {
            *column = format!("{column} = ${n}");
        }
        values.push((self.record.version - 1).val());
        let sql = format!("UPDATE {table} SET {} WHERE id = $1 AND version = ${}", sets.join(", "), values.len());
        writer.exec_one(&sql, &values)
    }

    fn erase(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let id = self.record.id;
        let sql = format!("DELETE FROM {} WHERE id = $1 AND version = $2", self.record.kind.as_str());
        writer.exec_one(&sql, &params![id, self.record.version - 1])?;
        writer.exec("DELETE FROM registry_proposal WHERE record_id = $1", &params![id])?;
        writer.exec("DELETE FROM event_text WHERE stream_kind = 'registry' AND stream_id = $1", &params![id])?;
        Ok(())
    }
}

impl Store for Written {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.is_erased {
            return self.erase(writer);
        }
        self.write_record(writer)?;
        for (proposal, sealed) in &self.proposals {
            let value = proposal.value.0.as_ref().map(|_| sealed.clone());
            writer.exec_one(
                "INSERT INTO registry_proposal (id, record_kind, record_id, area_code, field, base_version, value_sealed, account_id, at, state) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open')",
                &params![proposal.id, proposal.kind.as_str(), proposal.record, proposal.area, proposal.field, proposal.base_version, value, proposal.by, proposal.at],
            )?;
        }
        if let Some(ruling) = self.ruling {
            let state = if ruling.is_accepted { "accepted" } else { "rejected" };
            writer.exec_one(
                "UPDATE registry_proposal SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'open'",
                &params![ruling.proposal, state, ruling.by, self.record.changed_at],
            )?;
        }
        Ok(())
    }

    fn begins(&self) -> bool {
        self.record.version == 1 && !self.is_erased
    }
}

impl Store for RecordCode {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO {} (place_code, record_id) VALUES ($1, $2)", self.on.table());
        match writer.exec(&sql, &params![self.code, self.record]) {
            // Somebody else gave one at this moment: decide again, and find it.
            Err(error) if error.is_duplicate() => Err(StoreError::Retry),
            other => other.map(|_| ()),
        }
    }
}

/// The printed code of a record.
///
/// # Errors
/// The database's.
pub fn code_of(conn: &mut Conn, on: Coded, record: RecordId) -> Result<Option<String>, StoreError> {
    let sql = format!("SELECT place_code FROM {} WHERE record_id = $1", on.table());
    conn.first(&sql, &params![record], |row| row.get("place_code"))
}

/// The record that bears a printed code.
///
/// # Errors
/// The database's.
pub fn of_code(conn: &mut Conn, on: Coded, code: &str) -> Result<Option<RecordId>, StoreError> {
    let sql = format!("SELECT record_id FROM {} WHERE place_code = $1", on.table());
    conn.first(&sql, &params![code], |row| row.parse("record_id"))
}

/// A row that contradicts itself.
pub(super) fn broken(kind: Kind, id: &str, what: &str) -> StoreError {
    StoreError::Inconsistent { table: kind.as_str(), row: id.to_owned(), what: what.to_owned() }
}

/// A record from its row.
///
/// # Errors
/// `Inconsistent` for a row that does not open or read.
pub fn from_row(kind: Kind, vault: &Vault, row: &Row<'_>) -> Result<Record, StoreError> {
    let id: RecordId = row.parse("id")?;
    let mut values = Values::default();
    for field in kind.fields() {
        values.set(field.key, value_of(kind, field, vault, row, id)?);
    }
    let state: String = row.get("state")?;
    let reason: Option<String> = row.get("left_reason")?;
    let left_at = row.at_opt("left_at")?;
    Ok(Record {
        id,
        kind,
        area: row.parse("area_code")?,
        values,
        state: match (state.as_str(), left_at) {
            ("left", Some(at)) => State::Left { reason: Left::parse(reason.as_deref().unwrap_or_default()), at },
            _ => State::Active,
        },
        version: row.get("version")?,
        sort_key: row.get("sort_key")?,
        created_at: row.at("created_at")?,
        changed_at: row.at("changed_at")?,
        confirmed_at: row.at_opt("confirmed_at")?,
    })
}

fn value_of(
    kind: Kind,
    field: &Field,
    vault: &Vault,
    row: &Row<'_>,
    id: RecordId,
) -> Result<Option<String>, StoreError> {
    if field.is_sealed() {
        let sealed: Option<Vec<u8>> = row.get(&format!("{}_sealed", field.key))?;
        let open = |bytes: Vec<u8>| vault.open(&seal_name(kind, field), &bytes);
        return sealed.map(open).transpose().map_err(|_| broken(kind, &id.to_string(), "a sealed field does not open"));
    }
    if let Shape::Number(_) = field.shape {
        let number: Option<i64> = row.get(field.key)?;
        return Ok(number.map(|n| n.to_string()));
    }
    row.get(field.key)
}

/// A record as it stands.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, vault: &Vault, kind: Kind, id: RecordId) -> Result<Option<Record>, StoreError> {
    let sql = format!("SELECT {} FROM {} WHERE id = $1", columns(kind), kind.as_str());
    conn.first(&sql, &params![id], |row| from_row(kind, vault, row))
}

/// Records by their ids, asked for in blocks; those that are not there are left out.
///
/// # Errors
/// The database's.
pub fn load_many(conn: &mut Conn, vault: &Vault, kind: Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
    let mut found = Vec::new();
    for block in ids.chunks(500) {
        let values: Vec<Val> = block.iter().map(Bind::val).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE id IN ({}) ORDER BY id",
            columns(kind),
            kind.as_str(),
            placeholders(1, values.len())
        );
        found.extend(conn.all(&sql, &values, |row| from_row(kind, vault, row))?);
    }
    Ok(found)
}

/// A record that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn load_for_change(conn: &mut Conn, vault: &Vault, kind: Kind, id: RecordId) -> Result<Option<Record>, StoreError> {
    let lock = conn.dialect().for_update();
    let sql = format!("SELECT {} FROM {} WHERE id = $1{lock}", columns(kind), kind.as_str());
    conn.first(&sql, &params![id], |row| from_row(kind, vault, row))
}

/// Records of the present whose `field` has this value, within an area; the oldest first.
///
/// # Errors
/// The database's.
pub fn same_value(
    conn: &mut Conn,
    vault: &Vault,
    kind: Kind,
    field: &Field,
    (value, within): (&str, &AreaCode),
) -> Result<Vec<Record>, StoreError> {
    let (from, to) = code_range(within);
    let (column, value) = if field.is_sealed() {
        (format!("{}_index", field.key), vault.index(&index_name(kind, field), value))
    } else {
        (field.key.to_owned(), value.to_owned())
    };
    let sql = format!(
        "SELECT {} FROM {} WHERE {column} = $1 AND area_code >= $2 AND area_code < $3 AND state = 'active' ORDER BY id LIMIT 500",
        columns(kind),
        kind.as_str()
    );
    conn.all(&sql, &params![value, from, to], |row| from_row(kind, vault, row))
}

/// The residents' names of an area as their index knows them: enough to tell whether a word is one, and nothing is opened for it.
///
/// # Errors
/// The database's.
pub fn name_indexes(conn: &mut Conn, within: &AreaCode) -> Result<HashSet<String>, StoreError> {
    let (from, to) = code_range(within);
    let sql = "SELECT name_index FROM resident WHERE area_code >= $1 AND area_code < $2 AND name_index IS NOT NULL LIMIT 50000";
    Ok(conn.all(sql, &params![from, to], |row| row.get("name_index"))?.into_iter().collect())
}

/// What stands in the index for a resident's name.
#[must_use]
pub fn name_index(vault: &Vault, name: &str) -> String {
    Kind::Resident.field("name").map(|field| vault.index(&index_name(Kind::Resident, field), name)).unwrap_or_default()
}

/// Records of the present with these words, in one grid.
///
/// # Errors
/// The database's.
pub fn same_label(
    conn: &mut Conn,
    vault: &Vault,
    kind: Kind,
    area: &AreaCode,
    label: &str,
) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE area_code = $1 AND sort_key = $2 AND label = $3 AND state = 'active' ORDER BY id LIMIT 20",
        columns(kind),
        kind.as_str()
    );
    conn.all(&sql, &params![*area, super::model::natural(label), label], |row| from_row(kind, vault, row))
}

/// Whether two residents are in care in one category: put together, one person would be in it twice.
///
/// # Errors
/// The database's.
pub fn are_both_cared_for(conn: &mut Conn, one: RecordId, other: RecordId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM care_entry a JOIN care_entry b ON b.category_index = a.category_index \
               WHERE a.resident_id = $1 AND b.resident_id = $2 AND a.expires_at > $3 AND b.expires_at > $3";
    Ok(conn.number(sql, &params![one, other, now])? > 0)
}

/// What was noted of one record is noted of another from now on: they are the same. A printed code follows unless the other has its own.
///
/// # Errors
/// The database's.
pub fn repoint(tx: &mut linli_db::Tx<'_>, from: RecordId, into: RecordId) -> Result<(), StoreError> {
    const MOVES: [&str; 10] = [
        "UPDATE registry_proposal SET record_id = $2 WHERE record_id = $1 AND state = 'open'",
        "UPDATE visit SET record_id = $2 WHERE record_id = $1",
        "DELETE FROM visit_list WHERE record_id = $1 AND duty_id IN (SELECT duty_id FROM visit_list WHERE record_id = $2)",
        "UPDATE visit_list SET record_id = $2 WHERE record_id = $1",
        "UPDATE inspection SET record_id = $2 WHERE record_id = $1",
        "UPDATE inspection_hazard SET record_id = $2 WHERE record_id = $1",
        "UPDATE premises_code SET record_id = $2 WHERE record_id = $1 AND NOT EXISTS (SELECT 1 FROM premises_code WHERE record_id = $2)",
        "UPDATE facility_case SET record_id = $2 WHERE record_id = $1",
        "UPDATE facility_code SET record_id = $2 WHERE record_id = $1 AND NOT EXISTS (SELECT 1 FROM facility_code WHERE record_id = $2)",
        "UPDATE care_entry SET resident_id = $2 WHERE resident_id = $1",
    ];
    tx.bookkeep(|writer| {
        for sql in MOVES {
            writer.exec(sql, &params![from, into])?;
        }
        Ok(())
    })
}

/// How many records of the present refer to this one.
///
/// # Errors
/// The database's.
pub fn n_inside(conn: &mut Conn, kind: Kind, id: RecordId) -> Result<i64, StoreError> {
    let sql = match kind {
        Kind::Dwelling => "SELECT COUNT(*) AS n FROM household WHERE dwelling_id = $1 AND state = 'active'",
        Kind::Household => "SELECT COUNT(*) AS n FROM resident WHERE household_id = $1 AND state = 'active'",
        Kind::Resident | Kind::Premises | Kind::Firm | Kind::Facility => return Ok(0),
    };
    conn.number(sql, &params![id])
}

const PROPOSAL: &str = "id, record_kind, record_id, area_code, field, base_version, value_sealed, account_id, at";

fn proposal(vault: &Vault, row: &Row<'_>) -> Result<Proposal, StoreError> {
    let (id, kind): (String, String) = (row.get("id")?, row.get("record_kind")?);
    let unknown =
        |what: &str| StoreError::Inconsistent { table: "registry_proposal", row: id.clone(), what: what.to_owned() };
    let kind: Kind = kind.parse().map_err(|()| unknown("no such kind"))?;
    let field: String = row.get("field")?;
    let field = kind.field(&field).ok_or_else(|| unknown("no such field"))?.key;
    let sealed: Option<Vec<u8>> = row.get("value_sealed")?;
    let value = sealed.map(|bytes| vault.open(PROPOSAL_SEAL, &bytes)).transpose();
    Ok(Proposal {
        id: row.parse("id")?,
        record: row.parse("record_id")?,
        kind,
        area: row.parse("area_code")?,
        field,
        base_version: row.get("base_version")?,
        value: Secret(value.map_err(|_| unknown("does not open"))?),
        by: row.parse_opt("account_id")?,
        at: row.at("at")?,
    })
}

/// An open proposal.
///
/// # Errors
/// The database's.
pub fn open_proposal(conn: &mut Conn, vault: &Vault, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let sql = format!("SELECT {PROPOSAL} FROM registry_proposal WHERE id = $1 AND state = 'open'");
    conn.first(&sql, &params![id], |row| proposal(vault, row))
}

/// The open proposals of one record, the oldest first.
///
/// # Errors
/// The database's.
pub fn proposals_of(conn: &mut Conn, vault: &Vault, record: RecordId) -> Result<Vec<Proposal>, StoreError> {
    let sql = format!("SELECT {PROPOSAL} FROM registry_proposal WHERE record_id = $1 AND state = 'open' ORDER BY id");
    conn.all(&sql, &params![record], |row| proposal(vault, row))
}

/// The open proposals of these areas, the oldest first.
///
/// # Errors
/// The database's.
pub fn proposals_within(
    conn: &mut Conn,
    vault: &Vault,
    areas: &[AreaCode],
    after: Option<ProposalId>,
    limit: i64,
) -> Result<Vec<Proposal>, StoreError> {
    let mut bound = params![after.map(|id| id.to_string()).unwrap_or_default(), limit].to_vec();
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!(
        "SELECT {PROPOSAL} FROM registry_proposal WHERE state = 'open' AND id > $1 AND ({inside}) ORDER BY id LIMIT $2"
    );
    conn.all(&sql, &bound, |row| proposal(vault, row))
}

/// The ids of the records of the present in these areas.
///
/// # Errors
/// The database's.
pub fn ids_within(conn: &mut Conn, kind: Kind, areas: &[AreaCode]) -> Result<Vec<String>, StoreError> {
    let mut bound = Vec::new();
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!("SELECT id FROM {} WHERE state = 'active' AND ({inside})", kind.as_str());
    conn.all(&sql, &bound, |row| row.get("id"))
}

/// Records that left before `before`: their time is over.
///
/// # Errors
/// The database's.
pub fn left_before(
    conn: &mut Conn,
    vault: &Vault,
    kind: Kind,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let sql = format!(
        "SELECT {} FROM {} WHERE state = 'left' AND left_at < $1 ORDER BY left_at LIMIT $2",
        columns(kind),
        kind.as_str()
    );
    conn.all(&sql, &params![before, limit], |row| from_row(kind, vault, row))
}

/// Who proposed what: for names beside proposals.
#[must_use]
pub fn authors(proposals: &[Proposal]) -> std::collections::HashSet<AccountId> {
    proposals.iter().filter_map(|proposal| proposal.by).collect()
}
