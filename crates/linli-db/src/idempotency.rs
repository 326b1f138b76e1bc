//! A command that is sent twice acts once: its outcome is stored with its effect and given again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use linli_kernel::Timestamp;

use crate::conn::{Conn, Tx};
use crate::error::StoreError;
use crate::params;

/// A command as its sender named it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Whose keys these are: an account, or the anonymous reporters.
    pub scope: String,
    /// The sender's `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of what was asked, in hex.
    pub request_hash: String,
}

impl Key {
    /// The key `key` of `scope` for the request whose parts are `request`.
    #[must_use]
    pub fn new(scope: &str, key: &str, request: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in request {
            digest.update(part.len().to_string().as_bytes());
            digest.update(b":");
            digest.update(part);
        }
        Self { scope: scope.to_owned(), key: key.to_owned(), request_hash: hex::encode(digest.finalize()) }
    }
}

/// What is known of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// It has not been seen.
    New,
    /// It acted before, with this outcome.
    Done(T),
    /// The key was used for another request.
    Reused,
}

/// Looks the command up.
///
/// # Errors
/// The database's.
pub fn look_up<T: DeserializeOwned>(conn: &mut Conn, key: &Key) -> Result<Known<T>, StoreError> {
    let found = conn.first(
        "SELECT request_hash, outcome FROM idempotency WHERE scope = $1 AND key = $2",
        &params![key.scope, key.key],
        |row| Ok((row.get::<String>("request_hash")?, row.json::<T>("outcome")?)),
    );
    match found? {
        None => Ok(Known::New),
        Some((request_hash, outcome)) if request_hash == key.request_hash => Ok(Known::Done(outcome)),
        Some(_) => Ok(Known::Reused),
    }
}

/// Stores the outcome, in the transaction of the effect.
///
/// # Errors
/// `Retry` when the same command is being done elsewhere at this moment.
pub fn remember<T: Serialize>(tx: &mut Tx<'_>, key: &Key, outcome: &T, at: Timestamp) -> Result<(), StoreError> {
    let outcome = serde_json::to_string(outcome)?;
    let stored = tx.bookkeep(|writer| {
        writer.exec(
            "INSERT INTO idempotency (scope, key, request_hash, outcome, at) VALUES ($1, $2, $3, $4, $5)",
            &params![key.scope, key.key, key.request_hash, outcome, at],
        )
    });
    match stored {
        Err(error) if error.is_duplicate() => Err(StoreError::Retry),
        other => other.map(|_| ()),
    }
}

/// Takes the command in the transaction of its effect, when it is known beforehand what its outcome will be: one statement
/// for the look and the note. `outcome` must belong to this attempt alone, such as a fresh id: by it an attempt knows its own note.
///
/// # Errors
/// The database's.
pub fn claim<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    key: &Key,
    outcome: &T,
    at: Timestamp,
) -> Result<Known<T>, StoreError> {
    let mine = serde_json::to_string(outcome)?;
    let stands = tx.bookkeep(|writer| {
        writer.returning(
            "INSERT INTO idempotency (scope, key, request_hash, outcome, at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (scope, key) DO UPDATE SET at = idempotency.at RETURNING request_hash, outcome",
            &params![key.scope, key.key, key.request_hash, mine, at],
            |row| Ok((row.get::<String>("request_hash")?, row.get::<String>("outcome")?)),
        )
    })?;
    match stands.into_iter().next() {
        Some((request_hash, _)) if request_hash != key.request_hash => Ok(Known::Reused),
        Some((_, outcome)) if outcome != mine => Ok(Known::Done(serde_json::from_str(&outcome)?)),
        _ => Ok(Known::New),
    }
}

/// Forgets outcomes older than `before`.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| writer.exec("DELETE FROM idempotency WHERE at < $1", &params![before]))
}
