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
            // Contentless: the words are kept once, in our own table; deletable, so that a text can be erased.
            (Self::Sqlite, "0001_house") => {
                "CREATE VIRTUAL TABLE case_words USING fts5(grams, content='', contentless_delete=1, tokenize='unicode61');"
            }
            (Self::Postgres, "0001_house") => {
                "CREATE TABLE case_words (row_no BIGINT PRIMARY KEY, grams TSVECTOR NOT NULL); CREATE INDEX case_words_grams ON case_words USING GIN (grams);"
            }
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

    /// Writes the searchable words of row `$1`; `$2` from [`Dialect::index_text`].
    #[must_use]
    pub const fn index_words(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT INTO case_words (rowid, grams) VALUES ($1, $2)",
            Self::Postgres => "INSERT INTO case_words (row_no, grams) VALUES ($1, CAST(CAST($2 AS TEXT) AS TSVECTOR))",
        }
    }

    /// One statement that runs `insert` (which returns `row_no`) and writes the new row's words, parameter `$n`, where the
    /// database can do both at once: one way to the server less.
    #[must_use]
    pub fn insert_with_words(self, insert: &str, n: usize) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!(
                "WITH made AS ({insert}) INSERT INTO case_words (row_no, grams) SELECT row_no, CAST(CAST(${n} AS TEXT) AS TSVECTOR) FROM made"
            )),
        }
    }

    /// The condition that `cases.row_no` has the words of parameter `$n`, from [`Dialect::query_text`].
    #[must_use]
    pub fn has_words(self, n: usize) -> String {
        match self {
            Self::Sqlite => format!("c.row_no IN (SELECT rowid FROM case_words WHERE case_words MATCH ${n})"),
            Self::Postgres => {
                format!(
                    "c.row_no IN (SELECT row_no FROM case_words WHERE grams @@ CAST(CAST(${n} AS TEXT) AS TSQUERY))"
                )
            }
        }
    }

    /// What is stored of a text for searching: its character bigrams in order.
    #[must_use]
    pub fn index_text(self, text: &str) -> String {
        let grams = bigrams(text);
        match self {
            Self::Sqlite => grams.join(" "),
            // Written as a tsvector by hand: PostgreSQL's own parser drops Chinese under a C locale.
            Self::Postgres => grams
                .iter()
                .take(16_000)
                .enumerate()
                .map(|(i, gram)| format!("'{gram}':{}", i + 1))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// The search for all words of `query` (parted by spaces), each as a phrase; `None` when nothing is left to search.
    #[must_use]
    pub fn query_text(self, query: &str) -> Option<String> {
        let phrases: Vec<String> = query.split_whitespace().filter_map(|word| self.phrase(word)).collect();
        let glue = match self {
            Self::Sqlite => " AND ",
            Self::Postgres => " & ",
        };
        let parts: Vec<String> = phrases.iter().map(|phrase| format!("({phrase})")).collect();
        (!parts.is_empty()).then(|| parts.join(glue))
    }

    fn phrase(self, word: &str) -> Option<String> {
        let grams = search_grams(word);
        match (self, grams.as_slice()) {
            (_, []) => None,
            // One character: every pair that begins with it, and itself at the end of a run.
            (Self::Sqlite, [only]) if only.chars().count() == 1 => Some(format!("{only}*")),
            (Self::Postgres, [only]) if only.chars().count() == 1 => Some(format!("'{only}':*")),
            (Self::Sqlite, grams) => Some(format!("\"{}\"", grams.join(" "))),
            (Self::Postgres, grams) => {
                Some(grams.iter().map(|gram| format!("'{gram}'")).collect::<Vec<_>>().join(" <-> "))
            }
        }
    }
}

/// The letters and digits of a text in order, each run cut into overlapping pairs and closed by its last
/// character alone, so that a search for one character finds it wherever it stands.
#[must_use]
pub fn bigrams(text: &str) -> Vec<String> {
    runs(text)
        .iter()
        .flat_map(|run| {
            let last = if run.len() > 1 { run.last().map(char::to_string) } else { None };
            pairs(run).into_iter().chain(last)
        })
        .collect()
}

fn search_grams(word: &str) -> Vec<String> {
    runs(word).iter().flat_map(|run| pairs(run)).collect()
}

fn pairs(run: &[char]) -> Vec<String> {
    match run {
        [] => Vec::new(),
        [only] => vec![only.to_string()],
        _ => run.windows(2).map(|pair| pair.iter().collect()).collect(),
    }
}

fn runs(text: &str) -> Vec<Vec<char>> {
    let mut runs = vec![Vec::new()];
    for c in text.chars() {
        if c.is_alphanumeric() {
            if let Some(run) = runs.last_mut() {
                run.extend(c.to_lowercase());
            }
        } else if runs.last().is_some_and(|run| !run.is_empty()) {
            runs.push(Vec::new());
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_its_pairs() {
        assert_eq!(bigrams("121路灯不亮!"), ["12", "21", "1路", "路灯", "灯不", "不亮", "亮"]);
        assert_eq!(bigrams("A 栋"), ["a", "栋"]);
        assert!(bigrams("！？ ").is_empty());
    }

    #[test]
    fn a_query_is_a_phrase_in_both_dialects_and_cannot_break_out() {
        assert_eq!(Dialect::Sqlite.query_text("路灯不亮").unwrap(), "(\"路灯 灯不 不亮\")");
        assert_eq!(Dialect::Postgres.query_text("路灯 井盖").unwrap(), "('路灯') & ('井盖')");
        assert_eq!(Dialect::Sqlite.query_text("\" OR \" *"), Some("(\"or\")".to_owned()));
        assert_eq!(Dialect::Postgres.query_text("'; --"), None);
        assert_eq!(Dialect::Sqlite.query_text("灯").unwrap(), "(灯*)");
    }
}
