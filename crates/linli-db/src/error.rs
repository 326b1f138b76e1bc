//! What can go wrong at the door to the database.

/// A fault of the database or of the data in it. A refusal by a rule is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("sqlite failed")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL said no.
    #[error("postgresql failed")]
    Postgres(#[from] postgres::Error),
    /// A row contradicts itself or its neighbours.
    #[error("row {row} of {table} is inconsistent: {what}")]
    Inconsistent {
        /// The table or column.
        table: &'static str,
        /// Its key, where known.
        row: String,
        /// What is wrong with it.
        what: String,
    },
    /// Another transaction was first; run the job again from the start.
    #[error("another transaction was first")]
    Retry,
    /// Too many jobs are waiting; ask again later.
    #[error("too many jobs are waiting for the database")]
    Busy,
    /// The database threads have stopped.
    #[error("the database is closed")]
    Closed,
    /// The batch could not be committed; none of its jobs happened.
    #[error("the transaction could not be committed: {0}")]
    NotCommitted(String),
    /// The job panicked; nothing of it was kept.
    #[error("a database job panicked: {0}")]
    Panicked(String),
    /// The database cannot be opened as configured.
    #[error("cannot open the database: {0}")]
    Open(String),
    /// The database was written by a newer linli.
    #[error("the database is at migration {found}, this linli knows {known}: use a newer linli")]
    Newer {
        /// What the database says.
        found: i64,
        /// The last migration that we know.
        known: i64,
    },
    /// A value could not be written as JSON.
    #[error("a value cannot be written as json")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Whether a unique key was violated.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => matches!(
                error.extended_code,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ),
            Self::Postgres(error) => error.code() == Some(&postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }

    /// Whether running the same job again may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        use postgres::error::SqlState;
        match self {
            Self::Retry => true,
            Self::Postgres(error) => error.code().is_some_and(|code| {
                [
                    SqlState::T_R_DEADLOCK_DETECTED,
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::IN_FAILED_SQL_TRANSACTION,
                ]
                .contains(code)
            }),
            _ => false,
        }
    }

    /// Whether the connection is gone.
    pub(crate) fn is_lost_connection(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("57P")))
    }
}
