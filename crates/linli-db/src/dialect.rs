//! The only file that knows which database it talks to.

/// Which database, and how it says what the common subset of SQL cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded SQLite.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

impl Dialect {
    /// Fills in the aliases of a migration.
    pub(crate) fn fill(self, sql: &str) -> String {
        let aliases: &[(&str, &str)] = match self {
            Self::Sqlite => &[
                ("{SERIAL}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                ("{BYTES}", "BLOB"),
                ("{CODE}", "TEXT"),
                ("{TX_ID}", "0"),
                ("{CLUSTERED}", "WITHOUT ROWID"),
            ],
            Self::Postgres => &[
                ("{SERIAL}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
                ("{BYTES}", "BYTEA"),
                ("{CODE}", "TEXT COLLATE \"C\""),
                ("{TX_ID}", "(pg_current_xact_id()::text::bigint)"),
                ("{CLUSTERED}", ""),
            ],
        };
        aliases.iter().fold(sql.to_owned(), |text, (alias, meaning)| text.replace(alias, meaning))
    }

    /// What each migration adds in this dialect alone.
    pub(crate) fn own_migration(self, name: &str) -> &'static str {
        match (self, name) {
            // Gone since 0009: both kept words in their own way, and only one of them was fast.
            (Self::Sqlite, "0001_house") => {
                "CREATE VIRTUAL TABLE case_words USING fts5(grams, content='', contentless_delete=1, tokenize='unicode61');"
            }
            (Self::Postgres, "0001_house") => {
                "CREATE TABLE case_words (row_no BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL); CREATE INDEX case_words_grams ON case_words USING GIN (grams);"
            }
            // A set of cases is read whole or not at all: beside the row it would be fetched a second time.
            (Self::Postgres, "0009_search") => "ALTER TABLE case_term ALTER COLUMN members SET STORAGE PLAIN;",
            _ => "",
        }
    }

    /// Two nodes that start at once migrate one after the other, however long it takes.
    pub(crate) const fn lock_for_migration(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7215614)",
        }
    }

    pub(crate) const fn begin_write(self) -> &'static str {
        match self {
            // IMMEDIATE: a read lock that must be upgraded later can fail half-way.
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Empties a table of what can be made again, at once however much is in it.
    #[must_use]
    pub fn empty_table(self, table: &str) -> String {
        match self {
            // Without a condition SQLite drops the pages and looks at no row.
            Self::Sqlite => format!("DELETE FROM {table}"),
            Self::Postgres => format!("TRUNCATE {table}"),
        }
    }

    /// Put after a SELECT whose row the same transaction will change.
    #[must_use]
    pub const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Put after a SELECT that claims rows which other nodes may be claiming too.
    #[must_use]
    pub const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// The first transaction that may still be writing: events of it and later are not read yet, so that a
    /// slow transaction's events are never skipped by a cursor that went past them.
    pub(crate) const fn feed_horizon(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT 1 AS horizon",
            Self::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon",
        }
    }

    /// Which events `e` stand after the position `($1, $2)`, and in which order. There is one writer on SQLite, so that `seq` alone is the
    /// order; by a pair its planner looks through every event there is, because it does not see that `seq` is the row's own number.
    pub(crate) const fn feed_after(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("e.seq > $2 AND +e.tx_id >= $1", "e.seq"),
            Self::Postgres => ("(e.tx_id, e.seq) > ($1, $2)", "e.tx_id, e.seq"),
        }
    }

    /// One statement that runs `insert` (an `INSERT … RETURNING`) and `then` (an `INSERT … SELECT`) on what it returned, where the
    /// database can do both at once: one way to the server less.
    #[must_use]
    pub fn insert_then(self, insert: &str, then: &str) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("WITH made AS ({insert}) {then} FROM made")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_found_on_sqlite_without_looking_through_the_past() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, tx_id BIGINT NOT NULL); CREATE INDEX event_feed ON event (tx_id, seq)")
            .unwrap();
        let (after, order) = Dialect::Sqlite.feed_after();
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT * FROM event e WHERE {after} AND e.tx_id < $3 ORDER BY {order} LIMIT 9");
        let mut statement = conn.prepare(&sql).unwrap();
        let plan: Vec<String> =
            statement.query_map((0, 0, 1), |row| row.get("detail")).unwrap().map(Result::unwrap).collect();
        assert_eq!(plan, ["SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"]);
    }
}
