//! One connection, the same face for both databases.

use std::collections::HashMap;

use linli_kernel::{Change, IdSource};

use crate::commit::{self, Store, Writer};
use crate::db::Config;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::value::{Row, Val};

const STATEMENTS_KEPT: usize = 256;

/// A connection that reads.
pub struct Conn {
    raw: Raw,
}

enum Raw {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Postgres>),
}

struct Postgres {
    client: postgres::Client,
    statements: HashMap<String, postgres::Statement>,
}

impl Postgres {
    fn prepared(&mut self, sql: &str) -> Result<postgres::Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_KEPT {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Conn {
    pub(crate) fn open(config: &Config, reads_only: bool) -> Result<Self, StoreError> {
        let raw = match config {
            Config::Sqlite { path } => Raw::Sqlite(open_sqlite(path, reads_only)?),
            Config::Postgres { url } => {
                Raw::Postgres(Box::new(Postgres { client: open_postgres(url)?, statements: HashMap::new() }))
            }
        };
        Ok(Self { raw })
    }

    /// Which database this is.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self.raw {
            Raw::Sqlite(_) => Dialect::Sqlite,
            Raw::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Every row, made by `make`.
    ///
    /// # Errors
    /// The database's, or what `make` says.
    pub fn all<T>(
        &mut self,
        sql: &str,
        params: &[Val],
        mut make: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut out = Vec::new();
        self.each(sql, params, |row| {
            out.push(make(row)?);
            Ok(())
        })?;
        Ok(out)
    }

    /// The first row, or `None`.
    ///
    /// # Errors
    /// As [`Conn::all`].
    pub fn first<T>(
        &mut self,
        sql: &str,
        params: &[Val],
        make: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, params, make)?.into_iter().next())
    }

    /// A number: the column `n` of the only row.
    ///
    /// # Errors
    /// As [`Conn::all`]; `Inconsistent` when there is no row.
    pub fn number(&mut self, sql: &str, params: &[Val]) -> Result<i64, StoreError> {
        self.first(sql, params, |row| row.get("n"))?.ok_or_else(|| StoreError::Inconsistent {
            table: "query",
            row: String::new(),
            what: "no row where one is always returned".to_owned(),
        })
    }

    /// Calls `each` for every row without keeping them.
    ///
    /// # Errors
    /// As [`Conn::all`].
    pub fn each(
        &mut self,
        sql: &str,
        params: &[Val],
        mut each: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &mut self.raw {
            Raw::Sqlite(sqlite) => {
                let mut statement = sqlite.prepare_cached(sql)?;
                bind(&mut statement, params)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    each(&Row::Sqlite(row))?;
                }
            }
            Raw::Postgres(postgres) => {
                use postgres::fallible_iterator::FallibleIterator;
                let statement = postgres.prepared(sql)?;
                let mut rows = postgres.client.query_raw(&statement, params.iter().map(Val::as_postgres))?;
                while let Some(row) = rows.next()? {
                    each(&Row::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn exec(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreError> {
        match &mut self.raw {
            Raw::Sqlite(sqlite) => {
                let mut statement = sqlite.prepare_cached(sql)?;
                bind(&mut statement, params)?;
                let n_rows = statement.raw_execute()?;
                Ok(u64::try_from(n_rows).unwrap_or(u64::MAX))
            }
            Raw::Postgres(postgres) => {
                let statement = postgres.prepared(sql)?;
                let params: Vec<_> = params.iter().map(Val::as_postgres).collect();
                Ok(postgres.client.execute(&statement, &params)?)
            }
        }
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match &mut self.raw {
            Raw::Sqlite(sqlite) => sqlite.execute_batch(sql)?,
            Raw::Postgres(postgres) => postgres.client.batch_execute(sql)?,
        }
        Ok(())
    }

    /// Whether the transaction that was begun is still there: SQLite drops it by itself on a full disk.
    pub(crate) fn in_transaction(&self) -> bool {
        match &self.raw {
            Raw::Sqlite(sqlite) => !sqlite.is_autocommit(),
            Raw::Postgres(_) => true,
        }
    }

    pub(crate) fn backup_to(&self, path: &std::path::Path) -> Result<(), StoreError> {
        match &self.raw {
            Raw::Sqlite(sqlite) => Ok(sqlite.backup("main", path, None)?),
            Raw::Postgres(_) => Err(StoreError::Open("back up PostgreSQL with its own tools".to_owned())),
        }
    }
}

/// SQLite numbers `$2` by first sight, not by its digit: bind by the digit.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Val]) -> Result<(), StoreError> {
    for i in 1..=statement.parameter_count() {
        let n =
            statement.parameter_name(i).and_then(|name| name.get(1..)).and_then(|digits| digits.parse::<usize>().ok());
        let value = n.and_then(|n| n.checked_sub(1)).and_then(|n| params.get(n));
        let Some(value) = value else {
            return Err(rusqlite::Error::InvalidParameterCount(params.len(), statement.parameter_count()).into());
        };
        statement.raw_bind_parameter(i, value)?;
    }
    Ok(())
}

fn open_sqlite(path: &std::path::Path, reads_only: bool) -> Result<rusqlite::Connection, StoreError> {
    let sqlite = rusqlite::Connection::open(path)?;
    sqlite.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // FULL: an acknowledged case survives a power cut, not only a crash of ours.
    sqlite.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
    )?;
    if reads_only {
        sqlite.execute_batch("PRAGMA query_only = ON;")?;
    }
    Ok(sqlite)
}

fn open_postgres(url: &str) -> Result<postgres::Client, StoreError> {
    let mut config: postgres::Config = url.parse()?;
    config.application_name("linli");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(10));
    }
    let is_local = config.get_hosts().iter().all(|host| matches!(host, postgres::config::Host::Unix(_)));
    let mode = config.get_ssl_mode();
    let mut client = if is_local || mode == postgres::config::SslMode::Disable {
        config.connect(postgres::NoTls)?
    } else {
        match tls() {
            Ok(tls) => config.connect(tls)?,
            // `prefer` (the default) takes TLS where it can be had; `require` insists.
            Err(_) if mode == postgres::config::SslMode::Prefer => config.connect(postgres::NoTls)?,
            Err(error) => return Err(error),
        }
    };
    client.batch_execute(
        "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC';",
    )?;
    Ok(client)
}

/// TLS that trusts what this machine trusts.
fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, StoreError> {
    // Installed once a process; a second time changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio_postgres_rustls::MakeRustlsConnect::with_native_certs()
        .map(|(tls, _)| tls)
        .map_err(|errors| StoreError::Open(format!("no certificates to trust: {errors:?}")))
}

/// A transaction that may commit changes.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    ids: &'a IdSource,
    wrote_events: bool,
}

impl<'a> Tx<'a> {
    pub(crate) const fn new(conn: &'a mut Conn, ids: &'a IdSource) -> Self {
        Self { conn, ids, wrote_events: false }
    }

    pub(crate) const fn wrote_events(&self) -> bool {
        self.wrote_events
    }

    /// The one write path: events, state and jobs together.
    ///
    /// # Errors
    /// `Retry` when another transaction extended the same history first (the job is run again).
    pub fn commit<S: Store>(&mut self, change: Change<S>) -> Result<S, StoreError> {
        self.wrote_events = true;
        commit::commit(&mut Writer::new(self.conn, self.ids), change)
    }

    /// Does `work` as a part of this transaction that may fail by itself: what it wrote is undone when it refuses, and the
    /// transaction goes on, so that the refusal can be noted where it was decided.
    ///
    /// # Errors
    /// What `work` says, or the database's.
    pub fn attempt<T, E: From<StoreError>>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let wrote_before = self.wrote_events;
        self.conn.batch("SAVEPOINT attempt")?;
        let out = work(self);
        if out.is_err() {
            self.wrote_events = wrote_before;
            self.conn.batch("ROLLBACK TO SAVEPOINT attempt")?;
        }
        self.conn.batch("RELEASE SAVEPOINT attempt")?;
        out
    }

    /// Writes that are no facts about anybody: sessions, stored outcomes, consumed jobs, logs of reads.
    ///
    /// # Errors
    /// What `write` says.
    pub fn bookkeep<T, E>(&mut self, write: impl FnOnce(&mut Writer<'_>) -> Result<T, E>) -> Result<T, E> {
        write(&mut Writer::new(self.conn, self.ids))
    }
}

impl std::ops::Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl std::ops::DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
