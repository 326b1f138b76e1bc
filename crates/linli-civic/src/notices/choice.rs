//! What people chose: how they want to be told, and when not.

use linli_access::Vault;
use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{AccountId, CaseId, Timestamp};
use linli_playbook::{NoticeWay, Quiet};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The field to which a sealed address is bound.
const EMAIL: &str = "notice_choice.email";
const REPORTER_EMAIL: &str = "reporter_choice.email";
const ENDPOINT: &str = "push_subscription.endpoint";

/// What somebody of the staff chose; everything is on where they chose nothing.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Ways that they switched off.
    pub off: Vec<NoticeWay>,
    /// Their own quiet hours, in place of the playbook's.
    pub quiet: Option<Quiet>,
    /// Where to write them.
    pub email: Option<String>,
}

/// Reads what somebody chose.
///
/// # Errors
/// The database's.
pub fn of(conn: &mut Conn, vault: &Vault, account: AccountId) -> Result<Choice, StoreError> {
    let found = conn.first(
        "SELECT ways_off, quiet_from, quiet_to, email_sealed FROM notice_choice WHERE account_id = $1",
        &params![account],
        |row| {
            let (from, to): (Option<i64>, Option<i64>) = (row.get("quiet_from")?, row.get("quiet_to")?);
            let minute = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
            let sealed: Option<Vec<u8>> = row.get("email_sealed")?;
            Ok(Choice {
                off: row.json("ways_off")?,
                quiet: minute(from).zip(minute(to)).map(|(from_minute, to_minute)| Quiet { from_minute, to_minute }),
                email: sealed.and_then(|sealed| vault.open(EMAIL, &sealed).ok()),
            })
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// Keeps what somebody chose.
///
/// # Errors
/// The database's; `Inconsistent` when the address cannot be sealed.
pub fn keep(tx: &mut Tx<'_>, vault: &Vault, account: AccountId, choice: &Choice) -> Result<(), StoreError> {
    let email = seal(vault, EMAIL, choice.email.as_deref())?;
    let off = serde_json::to_string(&choice.off)?;
    let minute = |pick: fn(&Quiet) -> u32| choice.quiet.as_ref().map(|quiet| i64::from(pick(quiet)));
    let (from, to) = (minute(|quiet| quiet.from_minute), minute(|quiet| quiet.to_minute));
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO notice_choice (account_id, ways_off, quiet_from, quiet_to, email_sealed) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account_id) DO UPDATE SET ways_off = $2, quiet_from = $3, quiet_to = $4, email_sealed = $5",
            &params![account, off, from, to, email],
        )
    })?;
    Ok(())
}

/// How a resident wants to be told of their case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReporterWay {
    /// Not at all: they look themselves.
    #[default]
    None,
    /// By SMS to the number that they gave with the report.
    Sms,
    /// By e-mail.
    Email,
}

impl ReporterWay {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

/// What the resident of a case chose.
#[derive(Clone, Debug, Default)]
pub struct ReporterChoice {
    /// How.
    pub way: ReporterWay,
    /// Where to write them.
    pub email: Option<String>,
}

/// Reads what the resident of a case chose.
///
/// # Errors
/// The database's.
pub fn of_reporter(conn: &mut Conn, vault: &Vault, case: CaseId) -> Result<ReporterChoice, StoreError> {
    let found =
        conn.first("SELECT way, email_sealed FROM reporter_choice WHERE case_id = $1", &params![case], |row| {
            let way: String = row.get("way")?;
            let sealed: Option<Vec<u8>> = row.get("email_sealed")?;
            let way = match way.as_str() {
                "sms" => ReporterWay::Sms,
                "email" => ReporterWay::Email,
                _ => ReporterWay::None,
            };
            Ok(ReporterChoice { way, email: sealed.and_then(|sealed| vault.open(REPORTER_EMAIL, &sealed).ok()) })
        })?;
    Ok(found.unwrap_or_default())
}

/// Keeps what the resident of a case chose.
///
/// # Errors
/// As [`keep`].
pub fn keep_reporter(
    tx: &mut Tx<'_>,
    vault: &Vault,
    case: CaseId,
    choice: &ReporterChoice,
    now: Timestamp,
) -> Result<(), StoreError> {
    let email = seal(vault, REPORTER_EMAIL, choice.email.as_deref())?;
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO reporter_choice (case_id, way, email_sealed, at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (case_id) DO UPDATE SET way = $2, email_sealed = $3, at = $4",
            &params![case, choice.way.as_str(), email, now],
        )
    })?;
    Ok(())
}

fn seal(vault: &Vault, field: &str, plain: Option<&str>) -> Result<Option<Vec<u8>>, StoreError> {
    let sealed = plain.map(|plain| vault.seal(field, plain)).transpose();
    sealed.map_err(|error| StoreError::Inconsistent {
        table: "notice_choice",
        row: String::new(),
        what: error.to_string(),
    })
}

/// A browser that shows notices, as the browser describes it (Push API).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// Where to send to.
    pub endpoint: String,
    /// The browser's public key, base64url.
    pub p256dh: String,
    /// The shared secret, base64url.
    pub auth: String,
}

/// Somebody's browsers: id, host, subscription.
///
/// # Errors
/// The database's.
pub fn subscriptions(
    conn: &mut Conn,
    vault: &Vault,
    account: AccountId,
) -> Result<Vec<(String, String, Subscription)>, StoreError> {
    let rows = conn.all(
        "SELECT id, host, endpoint_sealed FROM push_subscription WHERE account_id = $1 ORDER BY created_at, id",
        &params![account],
        |row| Ok((row.get::<String>("id")?, row.get::<String>("host")?, row.get::<Vec<u8>>("endpoint_sealed")?)),
    )?;
    let open = |(id, host, sealed): (String, String, Vec<u8>)| {
        let text = vault.open(ENDPOINT, &sealed).ok()?;
        Some((id, host, serde_json::from_str(&text).ok()?))
    };
    Ok(rows.into_iter().filter_map(open).collect())
}

/// Keeps a browser; one that is known goes over to whoever is signed in there now.
///
/// # Errors
/// As [`keep`].
pub fn subscribe(
    tx: &mut Tx<'_>,
    vault: &Vault,
    id: Uuid,
    account: AccountId,
    host: &str,
    subscription: &Subscription,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sealed = seal(vault, ENDPOINT, Some(&serde_json::to_string(subscription)?))?;
    let index = vault.index(ENDPOINT, &subscription.endpoint);
    tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO push_subscription (id, account_id, endpoint_index, endpoint_sealed, host, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (endpoint_index) DO UPDATE SET account_id = $2, endpoint_sealed = $4",
            &params![id.to_string(), account, index, sealed, host, now],
        )
    })?;
    Ok(())
}

/// Forgets one of somebody's browsers.
///
/// # Errors
/// The database's.
pub fn unsubscribe(tx: &mut Tx<'_>, vault: &Vault, account: AccountId, endpoint: &str) -> Result<(), StoreError> {
    let index = vault.index(ENDPOINT, endpoint);
    tx.bookkeep(|writer| {
        writer.exec(
            "DELETE FROM push_subscription WHERE endpoint_index = $1 AND account_id = $2",
            &params![index, account],
        )
    })?;
    Ok(())
}

/// Forgets a browser that is gone (the push service says so).
///
/// # Errors
/// The database's.
pub fn forget(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM push_subscription WHERE id = $1", &params![id]))?;
    Ok(())
}
