//! Checks the hash chains: names the first event that is not what was written.

use sha2::{Digest, Sha256};

use crate::commit::Link;
use crate::conn::Conn;
use crate::error::StoreError;

/// The first event that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What it is about.
    pub stream_kind: String,
    /// Which one.
    pub stream_id: String,
    /// The number of the event.
    pub n: i64,
    /// What is wrong.
    pub what: BrokenHow,
}

/// How a chain can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenHow {
    /// The event's own hash does not fit its content.
    Content,
    /// It does not continue the event before it.
    Link,
    /// A number is missing before it.
    Gap,
    /// The text beside it is not the one that was written.
    Text,
    /// What counts its events says that more (or fewer) happened.
    End,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Histories looked at.
    pub n_streams: u64,
    /// Events looked at.
    pub n_events: u64,
    /// The first that is broken, if any.
    pub broken: Option<Broken>,
}

struct Chain {
    stream: (String, String),
    n: i64,
    hash: Vec<u8>,
}

/// Walks every chain in order.
///
/// # Errors
/// The database's.
pub fn verify(conn: &mut Conn) -> Result<Verified, StoreError> {
    let mut out = Verified::default();
    let mut chain: Option<Chain> = None;
    let sql = "SELECT e.stream_kind, e.stream_id, e.n, e.kind, e.at, e.actor_kind, e.actor_id, e.actor_role, e.area_code, e.unit_code, e.payload, e.prev_hash, e.hash, t.body \
               FROM event e LEFT JOIN event_text t ON t.stream_kind = e.stream_kind AND t.stream_id = e.stream_id AND t.n = e.n \
               ORDER BY e.stream_kind, e.stream_id, e.n";
    conn.each(sql, &[], |row| {
        if out.broken.is_some() {
            return Ok(());
        }
        out.n_events += 1;
        let stream: (String, String) = (row.get("stream_kind")?, row.get("stream_id")?);
        let n: i64 = row.get("n")?;
        let hash: Vec<u8> = row.get("hash")?;
        let prev_hash: Vec<u8> = row.get("prev_hash")?;
        let (last, expected) = match &chain {
            Some(chain) if chain.stream == stream => (chain.n, chain.hash.clone()),
            _ => {
                out.n_streams += 1;
                (0, vec![0; 32])
            }
        };
        let (kind, actor_kind, payload): (String, String, String) =
            (row.get("kind")?, row.get("actor_kind")?, row.get("payload")?);
        let actor_role: Option<String> = row.get("actor_role")?;
        let link = Link {
            stream_kind: &stream.0,
            stream_id: &stream.1,
            n,
            kind: &kind,
            at_ms: row.get("at")?,
            actor_kind: &actor_kind,
            actor_id: row.get("actor_id")?,
            actor_role: actor_role.as_deref(),
            area_code: row.get("area_code")?,
            unit_code: row.get("unit_code")?,
            payload: &payload,
        };
        let what = if n != last + 1 {
            Some(BrokenHow::Gap)
        } else if prev_hash != expected {
            Some(BrokenHow::Link)
        } else if link.hash(&prev_hash) != hash {
            Some(BrokenHow::Content)
        } else if !text_fits(&payload, row.get::<Option<String>>("body")?.as_deref()) {
            Some(BrokenHow::Text)
        } else {
            None
        };
        out.broken = what.map(|what| Broken { stream_kind: stream.0.clone(), stream_id: stream.1.clone(), n, what });
        chain = Some(Chain { stream, n, hash });
        Ok(())
    })?;
    if out.broken.is_none() {
        out.broken = cut_short(conn)?;
    }
    Ok(out)
}

/// An erased text is no fault; a text that was changed, or added where none was written, is.
fn text_fits(payload: &str, body: Option<&str>) -> bool {
    let Some(body) = body else { return true };
    let digest = serde_json::from_str::<serde_json::Value>(payload).ok();
    let digest = digest.as_ref().and_then(|value| value.get("text_sha256")).and_then(|value| value.as_str());
    digest == Some(hex::encode(Sha256::digest(body.as_bytes())).as_str())
}

/// A chain that lost its end still links, but no longer agrees with what counts it: the case itself, or `chain_end`.
fn cut_short(conn: &mut Conn) -> Result<Option<Broken>, StoreError> {
    let counted = "SELECT 'case' AS stream_kind, id AS stream_id, version AS n FROM cases UNION ALL SELECT stream_kind, stream_id, n FROM chain_end";
    let sql = format!(
        "SELECT e.stream_kind, e.stream_id, e.last FROM \
         (SELECT s.stream_kind, s.stream_id, s.n, COALESCE((SELECT MAX(e.n) FROM event e WHERE e.stream_kind = s.stream_kind AND e.stream_id = s.stream_id), 0) AS last \
         FROM ({counted}) s) e WHERE e.n <> e.last ORDER BY e.stream_kind, e.stream_id LIMIT 1"
    );
    let cut = conn.first(&sql, &[], |row| end_of(row, "last"))?;
    if cut.is_some() {
        return Ok(cut);
    }
    // A chain that nothing counts was slipped in, or what counted it was taken away.
    let sql = format!(
        "SELECT e.stream_kind, e.stream_id, MAX(e.n) AS last FROM event e LEFT JOIN ({counted}) s ON s.stream_kind = e.stream_kind AND s.stream_id = e.stream_id \
         WHERE s.n IS NULL GROUP BY e.stream_kind, e.stream_id ORDER BY e.stream_kind, e.stream_id LIMIT 1"
    );
    conn.first(&sql, &[], |row| end_of(row, "last"))
}

fn end_of(row: &crate::value::Row<'_>, last: &str) -> Result<Broken, StoreError> {
    let last: i64 = row.get(last)?;
    Ok(Broken {
        stream_kind: row.get("stream_kind")?,
        stream_id: row.get("stream_id")?,
        n: last + 1,
        what: BrokenHow::End,
    })
}
