//! The one write path: events (hash-chained), state and jobs of a change in one transaction.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use linli_kernel::{Change, IdSource, JobId, NewEvent, NewJob, Stream, StreamKind};

use crate::conn::Conn;
use crate::error::StoreError;
use crate::params;
use crate::value::{Row, Val, value_rows};

/// State that a slice knows how to write.
pub trait Store {
    /// Writes this state in place of what stood before.
    ///
    /// # Errors
    /// `Retry` when the row is no longer at the version that this state was decided from.
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError>;

    /// Whether every history that the change tells of begins with it, so that no end of a chain need be looked up. A
    /// history that is there after all is found by its first number, and the change is decided again.
    fn begins(&self) -> bool {
        false
    }
}

/// What alone can write; handed out by the commit and for bookkeeping.
pub struct Writer<'a> {
    conn: &'a mut Conn,
    ids: &'a IdSource,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(conn: &'a mut Conn, ids: &'a IdSource) -> Self {
        Self { conn, ids }
    }

    /// Runs one statement; the rows that it changed.
    ///
    /// # Errors
    /// The database's.
    pub fn exec(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreError> {
        self.conn.exec(sql, params)
    }

    /// Runs one statement that must change exactly one row.
    ///
    /// # Errors
    /// `Retry` when it changed none: the row moved on since it was read.
    pub fn exec_one(&mut self, sql: &str, params: &[Val]) -> Result<(), StoreError> {
        match self.conn.exec(sql, params)? {
            1 => Ok(()),
            _ => Err(StoreError::Retry),
        }
    }

    /// Rows that a statement returns.
    ///
    /// # Errors
    /// The database's.
    pub fn returning<T>(
        &mut self,
        sql: &str,
        params: &[Val],
        make: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.conn.all(sql, params, make)
    }

    /// Which database this is.
    #[must_use]
    pub const fn dialect(&self) -> crate::Dialect {
        self.conn.dialect()
    }
}

pub(crate) fn commit<S: Store>(writer: &mut Writer<'_>, change: Change<S>) -> Result<S, StoreError> {
    append(writer, change.events(), change.state().begins())?;
    change.state().store(writer)?;
    for job in change.jobs() {
        enqueue(writer, job, change.events())?;
    }
    Ok(change.into_state())
}

/// The end of a chain: the number and hash of its last event.
fn head(writer: &mut Writer<'_>, stream: &Stream) -> Result<(i64, Vec<u8>), StoreError> {
    let found = writer.conn.first(
        "SELECT n, hash FROM event WHERE stream_kind = $1 AND stream_id = $2 ORDER BY n DESC LIMIT 1",
        &params![stream.kind, stream.id],
        |row| Ok((row.get::<i64>("n")?, row.get::<Vec<u8>>("hash")?)),
    )?;
    Ok(found.unwrap_or_else(none_before))
}

fn none_before() -> (i64, Vec<u8>) {
    (0, vec![0; 32])
}

/// Rows of one statement: few, so that there are few different statements to prepare.
const ROWS_AT_ONCE: usize = 8;
const EVENT_COLUMNS: usize = 13;
const TEXT_COLUMNS: usize = 4;

/// Appends events to their chains: one look at the end of each chain, then as few statements as there can be.
fn append(writer: &mut Writer<'_>, events: &[NewEvent], begins: bool) -> Result<(), StoreError> {
    let mut ends: HashMap<&Stream, (i64, Vec<u8>)> = HashMap::new();
    let (mut rows, mut texts) = (Vec::new(), Vec::new());
    for event in events {
        let (last, prev_hash) = match ends.remove(&event.stream) {
            Some(end) => end,
            None if begins => none_before(),
            None => head(writer, &event.stream)?,
        };
        let n = last + 1;
        let (values, hash) = row_of(event, n, prev_hash)?;
        rows.push(values);
        if let Some(text) = &event.text {
            texts.push(params![event.stream.kind.as_str(), event.stream.id, n, text].to_vec());
        }
        ends.insert(&event.stream, (n, hash));
    }
    let sql = "INSERT INTO event (stream_kind, stream_id, n, kind, at, actor_kind, actor_id, actor_role, area_code, unit_code, payload, prev_hash, hash) VALUES";
    match insert_rows(writer, sql, EVENT_COLUMNS, rows) {
        // Someone else appended the same number first: decide again on what they left.
        Err(error) if error.is_duplicate() => return Err(StoreError::Retry),
        other => other?,
    }
    for (stream, (n, _)) in &ends {
        // Cases count their events themselves.
        if stream.kind != StreamKind::Case {
            writer.conn.exec(
                "INSERT INTO chain_end (stream_kind, stream_id, n) VALUES ($1, $2, $3) ON CONFLICT (stream_kind, stream_id) DO UPDATE SET n = $3",
                &params![stream.kind, stream.id, n],
            )?;
        }
    }
    insert_rows(writer, "INSERT INTO event_text (stream_kind, stream_id, n, body) VALUES", TEXT_COLUMNS, texts)
}

/// The values of one event's row, and its hash.
fn row_of(event: &NewEvent, n: i64, prev_hash: Vec<u8>) -> Result<(Vec<Val>, Vec<u8>), StoreError> {
    let mut payload = event.payload.clone();
    if let (Some(text), Some(object)) = (&event.text, payload.as_object_mut()) {
        object.insert("text_sha256".to_owned(), hex::encode(Sha256::digest(text.as_bytes())).into());
    }
    let payload = serde_json::to_string(&payload)?;
    let link = Link {
        stream_kind: event.stream.kind.as_str(),
        stream_id: &event.stream.id,
        n,
        kind: event.kind,
        at_ms: event.at.ms(),
        actor_kind: event.actor.kind(),
        actor_id: event.actor.id(),
        actor_role: event.actor.role().map(|role| role.as_str()),
        area_code: event.area.map(|area| area.to_string()),
        unit_code: event.unit.clone(),
        payload: &payload,
    };
    let hash = link.hash(&prev_hash);
    let values = params![
        link.stream_kind,
        link.stream_id,
        n,
        link.kind,
        event.at,
        link.actor_kind,
        link.actor_id,
        link.actor_role,
        event.area,
        event.unit,
        payload,
        prev_hash,
        hash
    ];
    Ok((values.to_vec(), hash))
}

/// Runs `sql` (an `INSERT … VALUES`) for rows of `n_columns` values each, several rows to a statement.
fn insert_rows(writer: &mut Writer<'_>, sql: &str, n_columns: usize, rows: Vec<Vec<Val>>) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let list = value_rows(n_columns, chunk.len());
        writer.conn.exec(&format!("{sql} {list}"), &chunk.concat())?;
    }
    Ok(())
}

fn enqueue(writer: &mut Writer<'_>, job: &NewJob, events: &[NewEvent]) -> Result<(), StoreError> {
    let at = events.first().map_or(job.due_at, |event| event.at);
    let id = JobId::new(writer.ids.uuid(at));
    let payload = serde_json::to_string(&job.payload)?;
    writer.conn.exec(
        "INSERT INTO job (id, topic, payload, due_at) VALUES ($1, $2, $3, $4)",
        &params![id, job.topic, payload, job.due_at],
    )?;
    Ok(())
}

/// What the hash of an event covers.
pub(crate) struct Link<'a> {
    pub stream_kind: &'a str,
    pub stream_id: &'a str,
    pub n: i64,
    pub kind: &'a str,
    pub at_ms: i64,
    pub actor_kind: &'a str,
    pub actor_id: Option<String>,
    pub actor_role: Option<&'a str>,
    pub area_code: Option<String>,
    pub unit_code: Option<String>,
    pub payload: &'a str,
}

impl Link<'_> {
    /// SHA-256 over the hash before and every field, each with its length in front so that no two
    /// different events have the same bytes.
    pub(crate) fn hash(&self, prev_hash: &[u8]) -> Vec<u8> {
        let mut digest = Sha256::new();
        digest.update(b"linli event 1");
        digest.update(prev_hash);
        let n = self.n.to_string();
        let at = self.at_ms.to_string();
        let fields = [
            self.stream_kind,
            self.stream_id,
            &n,
            self.kind,
            &at,
            self.actor_kind,
            self.actor_id.as_deref().unwrap_or(""),
            self.actor_role.unwrap_or(""),
            self.area_code.as_deref().unwrap_or(""),
            self.unit_code.as_deref().unwrap_or(""),
            self.payload,
        ];
        for field in fields {
            digest.update(field.len().to_string().as_bytes());
            digest.update(b":");
            digest.update(field.as_bytes());
        }
        digest.finalize().to_vec()
    }
}
