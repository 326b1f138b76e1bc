//! A command that is sent twice acts once: what every slice does around its commit.

use serde::Serialize;
use serde::de::DeserializeOwned;

use linli_db::{Conn, Tx, idempotency};
use linli_kernel::{ProblemCode, Timestamp};

use crate::http::Answer;

/// The outcome of a command that acted before; `None` when it is new or its sender named no key.
///
/// # Errors
/// `KeyReused` when the key belongs to another request; the database's.
pub fn outcome<T: DeserializeOwned>(conn: &mut Conn, key: Option<&idempotency::Key>) -> Answer<Option<T>> {
    let Some(key) = key else { return Ok(None) };
    match idempotency::look_up(conn, key)? {
        idempotency::Known::New => Ok(None),
        idempotency::Known::Done(outcome) => Ok(Some(outcome)),
        idempotency::Known::Reused => Err(ProblemCode::KeyReused.into()),
    }
}

/// Keeps the outcome with its effect, in the same transaction.
///
/// # Errors
/// The database's.
pub fn keep<T: Serialize>(tx: &mut Tx<'_>, key: Option<&idempotency::Key>, outcome: &T, at: Timestamp) -> Answer<()> {
    if let Some(key) = key {
        idempotency::remember(tx, key, outcome, at)?;
    }
    Ok(())
}
