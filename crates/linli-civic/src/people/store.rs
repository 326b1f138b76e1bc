//! How accounts and grants are read and written.

use linli_access::{Grant, session};
use linli_db::{Bind, Conn, Row, Store, StoreError, Val, Writer, params, placeholders};
use linli_kernel::{AccountId, AreaCode, AreaLevel, Cursor, Page, Timestamp};

use super::model::{Account, Administrators, GrantEnded, Granted, Opened, Unlocked};
use crate::areas::tree::code_range;

const COLUMNS: &str =
    "a.id, a.name, a.display_name, a.phone_sealed, a.disabled_at, a.locked_until, a.last_login_at, a.version";

/// Reads an account that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn load_for_change(conn: &mut Conn, id: AccountId) -> Result<Option<Account>, StoreError> {
    let lock = conn.dialect().for_update();
    read(conn, id, lock)
}

/// Reads an account to look at.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: AccountId) -> Result<Option<Account>, StoreError> {
    read(conn, id, "")
}

fn read(conn: &mut Conn, id: AccountId, lock: &str) -> Result<Option<Account>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM account a WHERE a.id = $1{lock}");
    let Some(mut account) = conn.first(&sql, &params![id], from_row)? else { return Ok(None) };
    account.grants = session::grants_of(conn, id)?;
    Ok(Some(account))
}

/// Whether a sign-in name is taken.
///
/// # Errors
/// The database's.
pub fn is_taken(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    Ok(conn.number("SELECT COUNT(*) AS n FROM account WHERE name = $1", &params![name])? > 0)
}

/// Administrator grants without an end at any of `areas` or above, of accounts that can sign in. They are locked, so that
/// two administrators cannot end each other at the same moment.
///
/// # Errors
/// The database's.
pub fn administrators(conn: &mut Conn, areas: impl Iterator<Item = AreaCode>) -> Result<Administrators, StoreError> {
    let mut above: Vec<AreaCode> = areas.flat_map(|area| area.lineage()).collect();
    above.sort_unstable();
    above.dedup();
    if above.is_empty() {
        return Ok(Administrators::default());
    }
    let values: Vec<Val> = above.iter().map(Bind::val).collect();
    let sql = format!(
        "SELECT g.id, g.account_id, g.area_code FROM grant_role g JOIN account a ON a.id = g.account_id \
         WHERE g.area_code IN ({}) AND g.role = 'administrator' AND g.ends_at IS NULL AND a.disabled_at IS NULL ORDER BY g.id{}",
        placeholders(1, values.len()),
        conn.dialect().for_update()
    );
    let rows =
        conn.all(&sql, &values, |row| Ok((row.parse("id")?, row.parse("account_id")?, row.parse("area_code")?)))?;
    Ok(Administrators(rows))
}

/// Accounts that belong to one of `areas` (see [`Account::areas`]), in the order of their sign-in names. `words` is looked
/// for in the sign-in name and the display name.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    areas: &[AreaCode],
    words: Option<&str>,
    cursor: &Cursor,
    now: Timestamp,
) -> Result<Page<Account>, StoreError> {
    if areas.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let mut values = params![now, cursor.fetch()].to_vec();
    let mut bind = |value: Val| {
        values.push(value);
        format!("${}", values.len())
    };
    let within: Vec<String> = areas
        .iter()
        .map(|area| {
            let (from, below) = code_range(area);
            format!("(g.area_code >= {} AND g.area_code < {})", bind(from.val()), bind(below.val()))
        })
        .collect();
    let lasts = |grant: &str| format!("({grant}.ends_at IS NULL OR {grant}.ends_at > $1)");
    let belongs = format!(
        "({}) AND ({} OR NOT EXISTS (SELECT 1 FROM grant_role h WHERE h.account_id = g.account_id AND {}))",
        within.join(" OR "),
        lasts("g"),
        lasts("h")
    );
    // Of a wide area nearly everyone belongs: walk the names. Of a narrow one few do: begin with its grants.
    let is_wide = areas.iter().any(|area| area.level() <= AreaLevel::County);
    let mut conditions = vec![if is_wide {
        format!("EXISTS (SELECT 1 FROM grant_role g WHERE g.account_id = a.id AND {belongs})")
    } else {
        format!("a.id IN (SELECT g.account_id FROM grant_role g WHERE {belongs})")
    }];
    if let Some(words) = words.map(str::trim).filter(|words| !words.is_empty()) {
        let like = bind(like(words).val());
        conditions
            .push(format!("(LOWER(a.name) LIKE {like} ESCAPE '\\' OR LOWER(a.display_name) LIKE {like} ESCAPE '\\')"));
    }
    if let Some(after) = &cursor.after {
        let after = bind(after.val());
        conditions.push(format!("a.name > {after}"));
    }
    let sql = format!("SELECT {COLUMNS} FROM account a WHERE {} ORDER BY a.name LIMIT $2", conditions.join(" AND "));
    let accounts = conn.all(&sql, &values, from_row)?;
    let mut page = cursor.page(accounts, |account| account.name.clone());
    add_grants(conn, &mut page.items)?;
    Ok(page)
}

fn like(words: &str) -> String {
    let escaped = words.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn add_grants(conn: &mut Conn, accounts: &mut [Account]) -> Result<(), StoreError> {
    let ids: Vec<Val> = accounts.iter().map(|account| account.id.val()).collect();
    let sql = format!(
        "SELECT account_id, id, role, area_code, unit_code, starts_at, ends_at FROM grant_role WHERE account_id IN ({}) ORDER BY id",
        placeholders(1, ids.len())
    );
    conn.each(&sql, &ids, |row| {
        let holder: AccountId = row.parse("account_id")?;
        let grant = Grant {
            id: row.parse("id")?,
            role: row.parse("role")?,
            area: row.parse("area_code")?,
            unit: row.get("unit_code")?,
            starts_at: row.at("starts_at")?,
            ends_at: row.at_opt("ends_at")?,
        };
        if let Some(account) = accounts.iter_mut().find(|account| account.id == holder) {
            account.grants.push(grant);
        }
        Ok(())
    })
}

fn from_row(row: &Row<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.parse("id")?,
        name: row.get("name")?,
        display_name: row.get("display_name")?,
        phone_sealed: row.get("phone_sealed")?,
        disabled_at: row.at_opt("disabled_at")?,
        locked_until: row.at_opt("locked_until")?,
        last_login_at: row.at_opt("last_login_at")?,
        version: row.get("version")?,
        grants: Vec::new(),
    })
}

impl Store for Opened {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let account = &self.account;
        let inserted = writer.exec(
            "INSERT INTO account (id, name, display_name, phone_sealed, password_hash, must_change_password, version) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &params![account.id, account.name, account.display_name, account.phone_sealed, self.password_hash, self.must_change_password, account.version],
        );
        match inserted {
            // Someone took the name at this moment: decide again, and be told so.
            Err(error) if error.is_duplicate() => return Err(StoreError::Retry),
            other => other?,
        };
        account.grants.iter().try_for_each(|grant| insert_grant(writer, account.id, grant))
    }
}

impl Store for Account {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "UPDATE account SET display_name = $2, phone_sealed = $3, disabled_at = $4, version = version + 1 WHERE id = $1 AND version = $5",
            &params![self.id, self.display_name, self.phone_sealed, self.disabled_at, self.version],
        )
    }
}

impl Store for Granted {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        insert_grant(writer, self.0, &self.1)
    }
}

impl Store for GrantEnded {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "UPDATE grant_role SET ends_at = $2 WHERE id = $1 AND (ends_at IS NULL OR ends_at > $2)",
            &params![self.grant, self.at],
        )
    }
}

impl Store for Unlocked {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one("UPDATE account SET n_failures = 0, locked_until = NULL WHERE id = $1", &params![self.0])
    }
}

fn insert_grant(writer: &mut Writer<'_>, account: AccountId, grant: &Grant) -> Result<(), StoreError> {
    writer.exec(
        "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &params![grant.id, account, grant.role, grant.area, grant.unit, grant.starts_at, grant.ends_at],
    )?;
    Ok(())
}
