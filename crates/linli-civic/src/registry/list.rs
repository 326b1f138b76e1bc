//! Lists of records: always inside areas, in the order of addresses and names, page by page.

use std::collections::HashMap;

use linli_access::Vault;
use linli_db::{Bind, Conn, StoreError, params, placeholders};
use linli_kernel::{AreaCode, Cursor, Page, RecordId, Timestamp};

use super::fields::Kind;
use super::model::{Record, seal_name};
use super::store::{columns, from_row};
use crate::areas::store::inside;

/// What a list is narrowed to besides its areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Records in which something is missing.
    Incomplete,
    /// Records that nobody confirmed since then.
    UnconfirmedSince(Timestamp),
    /// Archived records.
    Left,
}

/// Which records are asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Of which kind.
    pub kind: Kind,
    /// In these areas, each of which the caller may see.
    pub areas: Vec<AreaCode>,
    /// Whose address or name begins with this.
    pub q: Option<String>,
    /// What lies in this dwelling, or belongs to this household.
    pub of: Option<RecordId>,
    /// What is missing in them.
    pub lack: Option<Lack>,
    /// Which page; `after` is the id of the last record of the one before.
    pub cursor: Cursor,
}

/// A page of records.
///
/// # Errors
/// The database's.
pub fn page(conn: &mut Conn, vault: &Vault, ask: &Ask) -> Result<Page<Record>, StoreError> {
    let table = ask.kind.as_str();
    let mut bound = params![ask.cursor.fetch()].to_vec();
    let mut conditions = vec![format!("({})", inside("area_code", &ask.areas, &mut bound))];
    let mut bind = |value: linli_db::Val| {
        bound.push(value);
        format!("${}", bound.len())
    };
    if let Some(q) = ask.q.as_deref().filter(|q| !q.is_empty()) {
        // Bytewise: everything that begins with the words, and nothing else.
        let (from, to) = (bind(q.val()), bind(format!("{q}\u{10FFFF}").val()));
        conditions.push(format!("label >= {from} AND label < {to}"));
    }
    if let (Some(of), Some(column)) = (ask.of, holder(ask.kind)) {
        conditions.push(format!("{column} = {}", bind(of.val())));
    }
    conditions.push(match ask.lack {
        None => "state = 'active'".to_owned(),
        Some(Lack::Incomplete) => "state = 'active' AND NOT is_complete".to_owned(),
        Some(Lack::UnconfirmedSince(at)) => {
            format!("state = 'active' AND (confirmed_at IS NULL OR confirmed_at < {})", bind(at.val()))
        }
        Some(Lack::Left) => "state = 'left'".to_owned(),
    });
    if let Some(after) = &ask.cursor.after {
        let sql = format!("SELECT area_code, sort_key FROM {table} WHERE id = $1");
        let last = conn.first(&sql, &params![after], |row| {
            Ok((row.get::<String>("area_code")?, row.get::<String>("sort_key")?))
        })?;
        if let Some((area, sort_key)) = last {
            let (area, sort_key, id) = (bind(area.val()), bind(sort_key.val()), bind(after.val()));
            conditions.push(format!("(area_code, sort_key, id) > ({area}, {sort_key}, {id})"));
        }
    }
    let sql = format!(
        "SELECT {} FROM {table} WHERE {} ORDER BY area_code, sort_key, id LIMIT $1",
        columns(ask.kind),
        conditions.join(" AND ")
    );
    let rows = conn.all(&sql, &bound, |row| from_row(ask.kind, vault, row))?;
    Ok(ask.cursor.page(rows, |record| record.id.to_string()))
}

/// The column by which a kind says what it lies in.
const fn holder(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Household => Some("dwelling_id"),
        Kind::Resident => Some("household_id"),
        Kind::Dwelling | Kind::Premises | Kind::Firm | Kind::Facility => None,
    }
}

/// What stands beside records of a page: where they are, and the masked name of a household's head.
#[derive(Debug, Default)]
pub struct Beside {
    /// The address of a dwelling, by the id of what refers to it.
    pub addresses: HashMap<String, String>,
    /// The masked name of the head, by household.
    pub heads: HashMap<String, String>,
}

/// Looks up what stands beside these records: one statement for each kind of thing.
///
/// # Errors
/// The database's.
pub fn beside(conn: &mut Conn, vault: &Vault, records: &[Record]) -> Result<Beside, StoreError> {
    let mut beside = Beside::default();
    let ids = |kind: Kind, key: &str| -> Vec<linli_db::Val> {
        let of_kind = records.iter().filter(|record| record.kind == kind);
        of_kind.filter_map(|record| record.values.get(key).map(|id| id.val())).collect()
    };
    let dwellings = ids(Kind::Household, "dwelling_id");
    let sql = format!("SELECT id, label FROM dwelling WHERE id IN ({})", placeholders(1, dwellings.len()));
    conn.each(&sql, &dwellings, |row| {
        beside.addresses.insert(row.get("id")?, row.get("label")?);
        Ok(())
    })?;
    let households = ids(Kind::Resident, "household_id");
    let sql = format!(
        "SELECT h.id, d.label FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE h.id IN ({})",
        placeholders(1, households.len())
    );
    conn.each(&sql, &households, |row| {
        beside.addresses.insert(row.get("id")?, row.get("label")?);
        Ok(())
    })?;
    let own: Vec<linli_db::Val> =
        records.iter().filter(|record| record.kind == Kind::Household).map(|record| record.id.val()).collect();
    let sql = format!(
        "SELECT household_id, name_sealed FROM resident WHERE household_id IN ({}) AND relation = 'head' AND state = 'active'",
        placeholders(1, own.len())
    );
    let seal = Kind::Resident.field("name").map(|field| seal_name(Kind::Resident, field)).unwrap_or_default();
    conn.each(&sql, &own, |row| {
        let sealed: Option<Vec<u8>> = row.get("name_sealed")?;
        if let Some(name) = sealed.and_then(|bytes| vault.open_name(&seal, &bytes).ok()) {
            beside.heads.insert(row.get("household_id")?, name.masked());
        }
        Ok(())
    })?;
    Ok(beside)
}
