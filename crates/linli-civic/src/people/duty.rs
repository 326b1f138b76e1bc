//! Who answers where, as cases need to know it.

use std::collections::{HashMap, HashSet};

use linli_access::Vault;
use linli_access::scope::unit_key;
use linli_db::{Bind, Conn, StoreError, params, placeholders};
use linli_kernel::{AccountId, AreaCode, Phone, Role, Timestamp};

use super::leave;
use super::posts::Held;

/// The field that seals an account's phone.
pub const PHONE_FIELD: &str = "account.phone";

/// Someone as a history or a list names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As colleagues and residents know them.
    pub name: String,
    /// The work phone.
    pub phone: Option<Phone>,
}

/// Someone who answers at an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDuty {
    /// The account.
    pub account: AccountId,
    /// What they are there.
    pub role: Role,
    /// The unit that they work for.
    pub unit: Option<String>,
    /// Where.
    pub area: AreaCode,
    /// Who.
    pub person: Person,
    /// Whether they are on leave: they still answer there, but wherever people are named the others stand before them.
    pub is_away: bool,
}

/// The seats on the way up from a place at which somebody answers.
#[derive(Clone, Debug, Default)]
pub struct Staffed(HashSet<String>);

/// Roles that answer for cases.
pub const ANSWERING: &str = "('grid_worker', 'grid_head', 'community_clerk', 'street_dispatcher', 'department_clerk', 'hotline_clerk', 'county_leader')";
/// Roles that are posted at a compound beside those that answer for it.
const BESIDE: &str = "('compound_lead', 'link_person')";
const HELD: &str = "a.disabled_at IS NULL AND g.starts_at <= $1 AND (g.ends_at IS NULL OR g.ends_at > $1)";

impl Staffed {
    /// Of every area in the lineage of `place`, and the units there.
    ///
    /// # Errors
    /// The database's.
    pub fn above(conn: &mut Conn, place: &AreaCode, now: Timestamp) -> Result<Self, StoreError> {
        let lineage = place.lineage();
        let mut values = params![now].to_vec();
        values.extend(lineage.iter().map(Bind::val));
        let sql = format!(
            "SELECT DISTINCT g.area_code, g.unit_code FROM grant_role g JOIN account a ON a.id = g.account_id WHERE {HELD} AND g.role IN {ANSWERING} AND g.area_code IN ({})",
            placeholders(2, lineage.len())
        );
        let keys = conn.all(&sql, &values, |row| {
            let area: AreaCode = row.parse("area_code")?;
            let unit: Option<String> = row.get("unit_code")?;
            Ok(unit.map_or_else(|| area.to_string(), |unit| unit_key(&area, &unit)))
        })?;
        Ok(Self(keys.into_iter().collect()))
    }

    /// Of seats that are known to be held.
    pub(super) fn of(keys: impl Iterator<Item = String>) -> Self {
        Self(keys.collect())
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether somebody answers at the seat with this key.
    #[must_use]
    pub fn has(&self, seat_key: &str) -> bool {
        self.0.contains(seat_key)
    }
}

/// Who answers at any of `areas`, in the order of area, role and name; those who are on leave after those who are there.
///
/// # Errors
/// The database's; `Inconsistent` for a phone that does not open.
pub fn on_duty(conn: &mut Conn, vault: &Vault, areas: &[AreaCode], now: Timestamp) -> Result<Vec<OnDuty>, StoreError> {
    in_roles(conn, vault, ANSWERING, areas, now)
}

/// 包抓责任人、连心员 of any of `areas`: posted there by name and phone, and no case is dispatched to them.
///
/// # Errors
/// As [`on_duty`].
pub fn beside(conn: &mut Conn, vault: &Vault, areas: &[AreaCode], now: Timestamp) -> Result<Vec<OnDuty>, StoreError> {
    in_roles(conn, vault, BESIDE, areas, now)
}

fn in_roles(
    conn: &mut Conn,
    vault: &Vault,
    roles: &str,
    areas: &[AreaCode],
    now: Timestamp,
) -> Result<Vec<OnDuty>, StoreError> {
    let mut values = params![now].to_vec();
    values.extend(areas.iter().map(Bind::val));
    let sql = format!(
        "SELECT a.id, a.display_name, a.phone_sealed, g.role, g.area_code, g.unit_code, \
         (SELECT COUNT(*) FROM leave l WHERE l.account_id = a.id AND l.starts_at <= $1 AND l.ends_at > $1) AS n_leaves \
         FROM grant_role g JOIN account a ON a.id = g.account_id \
         WHERE {HELD} AND g.role IN {roles} AND g.area_code IN ({}) ORDER BY g.area_code, g.role, n_leaves, a.display_name LIMIT 500",
        placeholders(2, areas.len())
    );
    conn.all(&sql, &values, |row| {
        Ok(OnDuty {
            account: row.parse("id")?,
            role: row.parse("role")?,
            unit: row.get("unit_code")?,
            area: row.parse("area_code")?,
            person: Person { name: row.get("display_name")?, phone: open_phone(vault, row.get("phone_sealed")?) },
            is_away: row.get::<i64>("n_leaves")? > 0,
        })
    })
}

/// Everyone who answers, answered or will answer at any of `areas`, in the order of area, role and name.
///
/// # Errors
/// The database's.
pub(super) fn holders(conn: &mut Conn, vault: &Vault, areas: &[AreaCode]) -> Result<Vec<Held>, StoreError> {
    let values: Vec<_> = areas.iter().map(Bind::val).collect();
    let sql = format!(
        "SELECT a.id, a.display_name, a.phone_sealed, g.role, g.area_code, g.unit_code, g.starts_at, g.ends_at \
         FROM grant_role g JOIN account a ON a.id = g.account_id \
         WHERE a.disabled_at IS NULL AND g.role IN {ANSWERING} AND g.area_code IN ({}) ORDER BY g.area_code, g.role, a.display_name",
        placeholders(1, areas.len())
    );
    let mut found = conn.all(&sql, &values, |row| {
        let duty = OnDuty {
            account: row.parse("id")?,
            role: row.parse("role")?,
            unit: row.get("unit_code")?,
            area: row.parse("area_code")?,
            person: Person { name: row.get("display_name")?, phone: open_phone(vault, row.get("phone_sealed")?) },
            is_away: false,
        };
        Ok(Held { duty, starts_at: row.at("starts_at")?, ends_at: row.at_opt("ends_at")?, leaves: Vec::new() })
    })?;
    let accounts = found.iter().map(|held| held.duty.account).collect();
    let ever = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
    for leave in leave::of(conn, &accounts, ever)? {
        for held in found.iter_mut().filter(|held| held.duty.account == leave.account) {
            held.leaves.push((leave.starts_at, leave.ends_at));
        }
    }
    Ok(found)
}

/// The people behind accounts.
///
/// # Errors
/// The database's.
pub fn people(
    conn: &mut Conn,
    vault: &Vault,
    accounts: &HashSet<AccountId>,
) -> Result<HashMap<AccountId, Person>, StoreError> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let values: Vec<_> = accounts.iter().map(Bind::val).collect();
    let sql =
        format!("SELECT id, display_name, phone_sealed FROM account WHERE id IN ({})", placeholders(1, values.len()));
    let rows = conn.all(&sql, &values, |row| {
        let person = Person { name: row.get("display_name")?, phone: open_phone(vault, row.get("phone_sealed")?) };
        Ok((row.parse("id")?, person))
    })?;
    Ok(rows.into_iter().collect())
}

/// A phone that does not open with this key is shown as none: the page must not fail for it. `linli doctor` finds it.
pub fn open_phone(vault: &Vault, sealed: Option<Vec<u8>>) -> Option<Phone> {
    sealed.and_then(|sealed| vault.open_phone(PHONE_FIELD, &sealed).ok())
}
