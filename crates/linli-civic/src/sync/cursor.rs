//! How far a phone has read, in one opaque text. By the feed and never by a clock. What cannot be read is no cursor: the phone
//! begins anew. Pure.

use linli_db::feed::Position;
use linli_kernel::Timestamp;

use super::registry::At;

/// Where a pull goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Everything up to here is known, or will be once the first sync is through.
    pub position: Position,
    /// The scope that it was read in.
    pub scope: String,
    /// The playbook that was current then.
    pub book: String,
    /// The last pull that changed something, as the phone has seen it.
    pub seen: i64,
    /// What comes next.
    pub part: Part,
    /// When it was last told what is due.
    pub duties_at: Timestamp,
    /// Whether there is more than the phone holds.
    pub is_full: bool,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Open cases below this id; the beginning of a first sync without one.
    Cases(Option<String>, Sent),
    /// Own visits below this id.
    Visits(Option<String>, Sent),
    /// Records of the registry from here on.
    Records(At, Sent),
    /// What changed since the position.
    Changes,
}

/// What a first sync has sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Rows.
    pub n_rows: usize,
    /// Unit: bytes.
    pub size_bytes: usize,
}

const MARK: &str = "2";
const FULL: &str = "full";
const NONE: &str = "-";

impl Cursor {
    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let [mark, tx_id, seq, scope, book, seen, part, after, n_rows, size_bytes, duties_at, is_full] =
            parts.as_slice()
        else {
            return None;
        };
        let sent = Sent { n_rows: n_rows.parse().ok()?, size_bytes: size_bytes.parse().ok()? };
        let after = (*after != NONE).then(|| (*after).to_owned());
        let part = match *part {
            "cases" => Part::Cases(after, sent),
            "visits" => Part::Visits(after, sent),
            "records" => Part::Records(At::parse(&after?)?, sent),
            "changes" => Part::Changes,
            _ => return None,
        };
        let position = Position { tx_id: tx_id.parse().ok()?, seq: seq.parse().ok()? };
        let duties_at = Timestamp::from_ms(duties_at.parse().ok()?);
        let (scope, book) = ((*scope).to_owned(), (*book).to_owned());
        let (seen, is_full) = (seen.parse().unwrap_or(0), *is_full == FULL);
        (*mark == MARK).then_some(Self { position, scope, book, seen, part, duties_at, is_full })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (part, after, sent) = match &self.part {
            Part::Cases(after, sent) => ("cases", after.clone(), *sent),
            Part::Visits(after, sent) => ("visits", after.clone(), *sent),
            Part::Records(at, sent) => ("records", Some(at.to_string()), *sent),
            Part::Changes => ("changes", None, Sent::default()),
        };
        let Position { tx_id, seq } = self.position;
        let (scope, book, seen) = (&self.scope, &self.book, self.seen);
        let after = after.unwrap_or_else(|| NONE.to_owned());
        let full = if self.is_full { FULL } else { NONE };
        let (Sent { n_rows, size_bytes }, duties_at) = (sent, self.duties_at.ms());
        write!(f, "{MARK}.{tx_id}.{seq}.{scope}.{book}.{seen}.{part}.{after}.{n_rows}.{size_bytes}.{duties_at}.{full}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let sent = Sent { n_rows: 7, size_bytes: 9 };
        for part in [
            Part::Changes,
            Part::Cases(None, Sent::default()),
            Part::Cases(Some("019a".to_owned()), sent),
            Part::Visits(Some("019b".to_owned()), sent),
            Part::Records(At::BEGIN, sent),
        ] {
            for is_full in [true, false] {
                let (position, duties_at) = (Position { tx_id: 3, seq: 14 }, Timestamp::from_ms(5));
                let (scope, book, part) = ("ab12".to_owned(), "cd34".to_owned(), part.clone());
                let cursor = Cursor { position, scope, book, seen: 2, part, duties_at, is_full };
                assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_begins_anew() {
        for text in [
            "",
            "1",
            "1.1.1.a.0.changes.-.0.0",
            "2.1.1.a.0.changes.-.0.0.0.-",
            "2.x.1.a.b.0.changes.-.0.0.0.-",
            "2.1.1.a.b.0.other.-.0.0.0.-",
            "2.1.1.a.b.0.records.-.0.0.0.-",
            "2.1.1.a.b.0.changes.-.0.0.x.-",
        ] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
