//! What stood in a record before: read from what its events tell, and what a person reads of it.

use linli_access::Vault;
use linli_db::feed::{self, Event};
use linli_db::{Conn, StoreError};
use linli_kernel::AccountId;
use serde::Deserialize;

use super::fields::Kind;
use super::merge::Values;
use super::model::{Record, SEALED, Told, seal_name};
use super::store::broken;

/// What the payload of an event says besides its fields.
#[derive(Debug, Default, Deserialize)]
pub struct Payload {
    /// The record's version after it.
    #[serde(default)]
    pub version: i64,
    /// The fields that it changed.
    #[serde(default)]
    pub fields: Vec<String>,
    /// The fields of which another value was kept for a person.
    #[serde(default)]
    pub kept: Vec<String>,
    /// The field that was decided about.
    #[serde(default)]
    pub field: Option<String>,
    /// Why it was archived.
    #[serde(default)]
    pub reason: Option<String>,
    /// The import that did it.
    #[serde(default)]
    pub import: Option<String>,
}

/// One event of a record's history.
#[derive(Debug)]
pub struct Step {
    /// The event.
    pub event: Event,
    /// What it says.
    pub payload: Payload,
    /// Before and after of each field; nothing once it was erased.
    pub told: Told,
}

/// The history of a record, oldest first.
///
/// # Errors
/// The database's.
pub fn of(conn: &mut Conn, record: &Record) -> Result<Vec<Step>, StoreError> {
    let events = feed::history(conn, "registry", &record.id.to_string())?;
    events
        .into_iter()
        .map(|(event, text)| {
            let payload = serde_json::from_str(&event.payload)?;
            let told = text.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
            Ok(Step { event, payload, told })
        })
        .collect()
}

/// What stood in the record at an earlier version: what was changed since is taken back, the latest first.
///
/// # Errors
/// The database's; `Inconsistent` when what was sealed does not open.
pub fn values_at(conn: &mut Conn, vault: &Vault, record: &Record, version: i64) -> Result<Values, StoreError> {
    let mut values = record.values.clone();
    if version >= record.version {
        return Ok(values);
    }
    for step in of(conn, record)?.into_iter().rev().filter(|step| step.payload.version > version) {
        for (key, (before, _)) in step.told.fields {
            let Some(field) = record.kind.field(&key) else { continue };
            values.set(field.key, opened(record.kind, &key, before, vault)?);
        }
    }
    Ok(values)
}

/// The version that an account knows who saw `version`: what followed it at once by their own hand, they know too.
///
/// # Errors
/// The database's.
pub fn known_to(conn: &mut Conn, record: &Record, version: i64, account: AccountId) -> Result<i64, StoreError> {
    if version >= record.version {
        return Ok(version);
    }
    let own = account.to_string();
    let after = of(conn, record)?.into_iter().filter(|step| step.payload.version > version);
    let by_self = after.take_while(|step| step.event.actor_id.as_deref() == Some(own.as_str()));
    Ok(by_self.map(|step| step.payload.version).last().unwrap_or(version))
}

fn opened(kind: Kind, key: &str, value: Option<String>, vault: &Vault) -> Result<Option<String>, StoreError> {
    let Some(field) = kind.field(key).filter(|field| field.is_sealed()) else { return Ok(value) };
    let Some(sealed) = value.as_deref().and_then(|value| value.strip_prefix(SEALED)) else { return Ok(value) };
    let bytes = hex::decode(sealed).map_err(|_| broken(kind, key, "a sealed value in the history is no hex"))?;
    let plain = vault.open(&seal_name(kind, field), &bytes);
    plain.map(Some).map_err(|_| broken(kind, key, "a sealed value in the history does not open"))
}
