//! Sessions: 32 random bytes in a cookie, their SHA-256 in a table.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{AccountId, DeviceId, Timestamp};

use crate::caller::{Caller, Grant};

/// The name of the cookie.
pub const COOKIE: &str = "linli_session";
/// A session ends when it was not used for so long.
pub const IDLE_MS: i64 = 2 * 3_600_000;
/// A session ends after so long, used or not.
pub const LIFE_MS: i64 = 12 * 3_600_000;
/// A session of an enrolled phone ends after so long, used or not: the PIN guards it meanwhile, and it ends with the phone.
pub const PHONE_LIFE_MS: i64 = 72 * 3_600_000;
/// Which sessions `s` hold: one of a phone, begun after `$2`, or another, used after `$3` and begun after `$4`.
const HOLDS: &str = "((s.device_id IS NOT NULL AND s.started_at > $2) OR (s.device_id IS NULL AND s.last_seen_at > $3 AND s.started_at > $4))";
/// The last sign of life is written at most so often, so that reading costs no write.
const TOUCH_MS: i64 = 60_000;

/// The secret of a session, as the cookie carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A fresh one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// From a request's `Cookie` header.
    #[must_use]
    pub fn from_cookies(header: &str) -> Option<Self> {
        let value =
            header.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE)?.1;
        (value.len() == 43).then(|| Self(value.to_owned()))
    }

    /// The `Set-Cookie` value that gives it to the browser for `life_ms`.
    #[must_use]
    pub fn cookie(&self, secure: bool, life_ms: i64) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", self.0, life_ms / 1_000)
    }

    /// The `Set-Cookie` value that takes it away.
    #[must_use]
    pub fn no_cookie(secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}")
    }

    fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// Opens a session.
///
/// # Errors
/// The database's.
pub fn start(tx: &mut Tx<'_>, token: &Token, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO session (token_hash, account_id, started_at, last_seen_at) VALUES ($1, $2, $3, $3)",
            &params![token.hash(), account, now],
        )
    })?;
    Ok(())
}

/// Who a session belongs to, and whether its sign of life is due to be written.
///
/// # Errors
/// The database's.
pub fn look_up(conn: &mut Conn, token: &Token, now: Timestamp) -> Result<Option<(Caller, bool)>, StoreError> {
    let sql = format!(
        "SELECT a.id, a.name, a.display_name, a.must_change_password, s.last_seen_at FROM session s JOIN account a ON a.id = s.account_id \
         WHERE s.token_hash = $1 AND {HOLDS} AND a.disabled_at IS NULL"
    );
    let since = [PHONE_LIFE_MS, IDLE_MS, LIFE_MS].map(|ms| now.plus_ms(-ms));
    let found = conn.first(&sql, &params![token.hash(), since[0], since[1], since[2]], |row| {
        Ok((
            row.parse::<AccountId>("id")?,
            row.get("name")?,
            row.get("display_name")?,
            row.get("must_change_password")?,
            row.at("last_seen_at")?,
        ))
    })?;
    let Some((account, name, display_name, must_change_password, last_seen_at)) = found else { return Ok(None) };
    let mut grants = grants_of(conn, account)?;
    grants.retain(|grant| grant.holds(now));
    let caller = Caller { account, name, display_name, must_change_password, grants };
    Ok(Some((caller, now.since(last_seen_at) > TOUCH_MS)))
}

/// Whether an account may still act.
///
/// # Errors
/// The database's.
pub fn is_enabled(conn: &mut Conn, account: AccountId) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM account WHERE id = $1 AND disabled_at IS NULL";
    Ok(conn.number(sql, &params![account])? > 0)
}

/// Writes the sign of life.
///
/// # Errors
/// The database's.
pub fn touch(tx: &mut Tx<'_>, token: &Token, now: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec("UPDATE session SET last_seen_at = $2 WHERE token_hash = $1", &params![token.hash(), now])
    })?;
    Ok(())
}

/// Makes a session that of a phone: it goes on for as long as the phone may be opened, and ends with it. How long it still lasts,
/// in ms; `None` when there is no such session.
///
/// # Errors
/// The database's.
pub fn belongs_to(tx: &mut Tx<'_>, token: &Token, device: DeviceId, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let sql = "UPDATE session SET device_id = $2, last_seen_at = $3 WHERE token_hash = $1 RETURNING started_at";
    let begun =
        tx.bookkeep(|writer| writer.returning(sql, &params![token.hash(), device, now], |row| row.at("started_at")))?;
    Ok(begun.first().map(|begun| (PHONE_LIFE_MS - now.since(*begun)).max(0)))
}

/// Ends one session.
///
/// # Errors
/// The database's.
pub fn end(tx: &mut Tx<'_>, token: &Token) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM session WHERE token_hash = $1", &params![token.hash()]))?;
    Ok(())
}

/// Ends every session of an account except `keep`: after a new password, and when it is disabled.
///
/// # Errors
/// The database's.
pub fn end_all(tx: &mut Tx<'_>, account: AccountId, keep: Option<&Token>) -> Result<(), StoreError> {
    let keep = keep.map(Token::hash).unwrap_or_default();
    tx.bookkeep(|writer| {
        writer.exec("DELETE FROM session WHERE account_id = $1 AND token_hash <> $2", &params![account, keep])
    })?;
    Ok(())
}

/// Removes sessions that have ended by themselves.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        let (idle, life, phone) = (now.plus_ms(-IDLE_MS), now.plus_ms(-LIFE_MS), now.plus_ms(-PHONE_LIFE_MS));
        writer.exec(
            "DELETE FROM session WHERE (device_id IS NULL AND (last_seen_at <= $1 OR started_at <= $2)) OR started_at <= $3",
            &params![idle, life, phone],
        )
    })
}

/// Every grant of an account, past and future ones too.
///
/// # Errors
/// The database's.
pub fn grants_of(conn: &mut Conn, account: AccountId) -> Result<Vec<Grant>, StoreError> {
    let sql =
        "SELECT id, role, area_code, unit_code, starts_at, ends_at FROM grant_role WHERE account_id = $1 ORDER BY id";
    conn.all(sql, &params![account], |row| {
        Ok(Grant {
            id: row.parse("id")?,
            role: row.parse("role")?,
            area: row.parse("area_code")?,
            unit: row.get("unit_code")?,
            starts_at: row.at("starts_at")?,
            ends_at: row.at_opt("ends_at")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_carries_the_token_there_and_back() {
        let token = Token::new().unwrap();
        let cookie = token.cookie(true, LIFE_MS);
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Secure"));
        let header = format!("theme=dark; {}", cookie.split(';').next().unwrap());
        assert_eq!(Token::from_cookies(&header), Some(token));
        assert_eq!(Token::from_cookies("linli_session=short"), None);
        assert_eq!(Token::from_cookies(""), None);
    }
}
